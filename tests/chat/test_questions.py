"""What tools cannot do without, how answers fill it, and what is no answer."""

from __future__ import annotations

from typing import Any

import pytest

from museod.chat.conversation import OpenQuestion
from museod.chat.phrases import LANGUAGES, phrases_for
from museod.chat.questions import SLOTS, answer_open_question, completed, filled, missing, read_slot
from museod.chat.reference import corrected, is_firm_yes, is_no, number
from museod.chat.situation import AskSlot, Calls, Slot, ToolCall


@pytest.mark.parametrize(
    ("tool", "arguments", "asks"),
    [
        ("update_basket_item", {"line": "l"}, "quantity"),
        ("update_basket_item", {"line": "l", "quantity": 0}, None),
        ("create_product", {}, "title"),
        ("create_product", {"title": "Sofa"}, "price"),
        ("create_product", {"title": "Sofa", "price": {"amount": 1, "currency": "EUR"}}, None),
        ("update_product", {"changes": {"stock": 1}}, "product"),
        ("update_product", {"product": "p"}, "changes.price"),
        ("update_product", {"product": "p", "changes": {"stock": 1}}, None),
        ("delete_product", {}, "product"),
        ("create_stock_alert", {"sku": "s"}, "address"),
        ("create_stock_alert", {"sku": "s", "address": "a@b.c"}, "consent"),
        ("send_email", {"to": []}, "to"),
        ("send_email", {"to": ["a@b.c"], "subject": "x"}, "body"),
        ("send_sms", {"to": "+491234567", "body": "x"}, None),
        ("search_products", {}, None),
    ],
)
def test_the_first_missing_thing_is_asked_for(tool: str, arguments: dict[str, Any], asks: str | None) -> None:
    call = ToolCall(tool, arguments)
    slot = missing(call)
    assert (slot.name if slot else None) == asks
    made = completed("x", call)
    assert made == (Calls([call]) if slot is None else AskSlot("x", call, slot))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slot_has_its_question_in_every_language(language: str) -> None:
    phrases = phrases_for(language)
    assert all(phrases(slot.phrase).endswith(("?", ".")) for slots in SLOTS.values() for slot in slots)


@pytest.mark.parametrize(
    ("kind", "message", "value"),
    [
        ("number", "3", 3),
        ("number", "three please", 3),
        ("number", "drei", 3),
        ("number", "ba cái", 3),
        ("number", "2 or 3", None),
        ("number", "100", None),
        ("number", "list products with stock below 5", None),
        ("money", "49.90", {"amount": 4990, "currency": "EUR"}),
        ("money", "49,90 €", {"amount": 4990, "currency": "EUR"}),
        ("money", "$5", {"amount": 500, "currency": "USD"}),
        ("money", "1.299", {"amount": 129900, "currency": "EUR"}),
        ("money", "it should cost 20 euros", {"amount": 2000, "currency": "EUR"}),
        ("money", "1500 JPY", {"amount": 1500, "currency": "JPY"}),
        ("money", "10 or 20", None),
        ("money", "cheap", None),
        ("money", "list products with stock below 5", None),
        ("email", "it is bob@example.com.", "bob@example.com"),
        ("email", "a@b.cd and c@d.ef", None),
        ("phone", "+49 151 234-567", "+49151234567"),
        ("phone", "12", None),
        ("address", "bob@example.com", ("email", "bob@example.com")),
        ("address", "+49 151 2345678", ("sms", "+491512345678")),
        ("address", "my house", None),
        ("yes", "yes", True),
        ("yes", "maybe", None),
        ("text", "  “Red Sofa” ", "Red Sofa"),
        ("text", "what is in my basket?", None),
        ("text", "x" * 301, None),
    ],
)
def test_an_answer_is_read_by_the_kind_of_its_slot(kind: Any, message: str, value: Any) -> None:
    assert read_slot(Slot("x", kind, "slot-title"), message, "EUR") == value


def asking(tool: str, axis: str, **arguments: Any) -> OpenQuestion:
    return OpenQuestion("slot", "x", tool, arguments, axis, extra={"title": "Sofa"})


@pytest.mark.parametrize(
    ("pending", "message", "arguments"),
    [
        (asking("update_basket_item", "quantity", line="l"), "two", {"line": "l", "quantity": 2}),
        (
            asking("update_product", "changes.price", product="p"),
            "12",
            {"product": "p", "changes": {"price": {"amount": 1200, "currency": "EUR"}}},
        ),
        (
            asking("create_stock_alert", "address", sku="s", channel="email"),
            "+49 1512345678",
            {"sku": "s", "channel": "sms", "address": "+491512345678"},
        ),
        (
            asking("create_stock_alert", "address", sku="s", channel="whatsapp"),
            "+49 1512345678",
            {"sku": "s", "channel": "whatsapp", "address": "+491512345678"},
        ),
        (asking("send_email", "to", subject="x"), "a@b.cd", {"subject": "x", "to": ["a@b.cd"]}),
    ],
)
def test_an_answer_fills_its_slot_and_keeps_the_rest(
    pending: OpenQuestion, message: str, arguments: dict[str, Any]
) -> None:
    call = answer_open_question(pending, message, locale="en")
    assert call == ToolCall(pending.tool, arguments, {"title": "Sofa"})
    slot = next(one for one in SLOTS[pending.tool] if one.name == pending.axis)
    assert filled(pending, slot, "…?", "EUR") is None


def test_no_answer_completes_what_waits_for_a_confirmation() -> None:
    waiting = OpenQuestion("confirm", "x", "delete_product", {"product": "p"}, ticket="t")
    assert answer_open_question(waiting, "yes", locale="en") is None


# ---- yes and no


@pytest.mark.parametrize(
    "text",
    ["yes", "Yes!", "yes please", "ok, do it", "go ahead, yes", "sí", "sí, por favor", "claro", "oui",
     "Oui, s'il vous plaît",
     "ja", "ja bitte", "sim", "sim, por favor", "sì", "va bene", "evet", "evet lütfen", "có",
     "vâng", "đồng ý", "d'accord"],
)  # fmt: skip
def test_a_firm_yes_is_nothing_but_a_yes(text: str) -> None:
    assert is_firm_yes(text)
    assert not is_no(text)


@pytest.mark.parametrize(
    "text",
    ["", "yes?", "yes but not now", "ok add it to the basket", "yes and delete the other one too", "no",
     "nein", "si no", "please", "do it", "yesterday", "what", "yes, the second", "ok wait", "oui mais non",
     "evet değil",
     "yes yes yes yes yes yes yes yes yes"],
)  # fmt: skip
def test_anything_more_is_no_firm_yes(text: str) -> None:
    assert not is_firm_yes(text)


@pytest.mark.parametrize(
    "text",
    ["no", "No.", "no thanks", "nein", "nein danke", "non", "non merci", "não", "no grazie", "hayır", "không",
     "cancel", "stop", "never mind", "abbrechen", "annuler"],
)  # fmt: skip
def test_a_no_is_a_no(text: str) -> None:
    assert is_no(text)
    assert not is_firm_yes(text)


@pytest.mark.parametrize("text", ["no, the blue one", "not that one", "notebook", "November", "no idea what"])
def test_more_than_a_no_is_something_else(text: str) -> None:
    assert not is_no(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_we_tell_people_to_answer_is_understood(language: str) -> None:
    phrases = phrases_for(language)
    assert is_firm_yes(phrases("yes"))
    assert is_no(phrases("no"))
    quoted = phrases("confirm-how").replace("„", "“").replace("«", "“").split("“")[1:]
    said = [word.replace("»", "”").replace("“", "”").split("”")[0].strip(" \u00a0") for word in quoted]
    words = [word for word in said if len(word) <= 6]
    assert is_firm_yes(words[0])
    assert is_no(words[-1])


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("no, the blue one", "the blue one"),
        ("Nein, die blaue", "die blaue"),
        ("no, mejor el azul", "mejor el azul"),
        ("hayır, mavi olan", "mavi olan"),
        ("không, cái màu xanh", "cái màu xanh"),
        ("actually, make it two", "make it two"),
        ("no", ""),
        ("show me phones, please", ""),
        ("nothing else", ""),
    ],
)
def test_a_correction_is_what_follows_its_no(text: str, rest: str) -> None:
    assert corrected(text) == rest


@pytest.mark.parametrize(
    ("text", "value"),
    [("make it three", 3), ("12", 12), ("1 or 2", None), ("mach drei draus", 3), ("none", None)],
)
def test_the_one_number_of_a_message(text: str, value: int | None) -> None:
    assert number(text) == value
