"""The gate: what no result says is not sent, and what results say passes in every language."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.chat.conversation import Memory
from museod.chat.messages import Suggestion
from museod.chat.neutral import Done, Neutral, Setting
from museod.chat.phrases import LANGUAGES, phrases_for
from museod.chat.reply import compose
from museod.chat.situation import ToolCall
from museod.chat.truth import checked, facts_of, gate
from tests.fakes.tools import basket, basket_line, iphone_15, money, phones

EN = phrases_for("en")
CALL = ToolCall("get_payment_link", {"locale": "en"})
PAID = Done(
    CALL,
    {
        "orderNumber": "M-100001",
        "url": "https://pay.example/p/1?x=2",
        "expiresAt": "2026-11-22T15:09:37Z",
        "amount": money(284700),
        "stock": 25,
    },
)


def said(text: str, *done: Done, cards: list[dict[str, Any]] | None = None) -> tuple[str, list[str]]:
    shown, found = gate(Neutral(text, cards or []), done, EN)
    return shown.text, [one.kind for one in found]


@pytest.mark.parametrize(
    "text",
    [
        "Order M-100001: pay €2,847.00 here: https://pay.example/p/1?x=2",
        "2.847,00 € (https://pay.example/p/1?x=2).",
        "2847 EUR",
        "2\u202f847,00 €",
        "There are 25 in stock.",
        "until 11/22/26, 3:09 PM UTC",
        "1. something\n2. something else",
    ],
)
def test_what_a_result_says_passes(text: str) -> None:
    assert said(text, PAID) == (text, [])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("It costs €2,846.00.", "amount"),
        ("Only 2.999,99 €!", "amount"),
        ("$2847.01", "amount"),
        ("It costs 25 euros.", "amount"),
        ("Order M-100002 is on its way.", "order"),
        ("Look at https://evil.example/p/1", "link"),
        ("Look at https://pay.example/p/1?x=3", "link"),
        ("Look at www.pay.example", "link"),
        ("There are 27 in stock.", "number"),
    ],
)
def test_what_no_result_says_is_left_out(text: str, kind: str) -> None:
    shown, kinds = said(f"Hello.\n{text}", PAID)
    assert kinds == [kind]
    assert shown == f"Hello.\n{EN('withheld')}"


def test_without_any_result_there_are_no_amounts_orders_or_links() -> None:
    for text in ("It costs €5.00.", "Order M-100001.", "See https://x.example"):
        assert said(text)[1] != []
    assert said("Do you have the iPhone 15?") == ("Do you have the iPhone 15?", [])


def test_a_card_with_a_foreign_amount_link_or_stock_is_dropped() -> None:
    good = {"type": "link", "url": "https://pay.example/p/1?x=2", "amount": {**money(284700), "text": "…"}}
    for bad in (
        {**good, "amount": money(1)},
        {**good, "url": "https://evil.example"},
        {"type": "products", "items": [{"available": 7}]},
    ):
        shown, found = gate(Neutral("ok", [good, bad]), [PAID], EN)
        assert list(shown.cards) == [good]
        assert len(found) == 1


def test_a_suggestion_cannot_smuggle_a_link_or_an_amount() -> None:
    offered = [
        Suggestion("Pay", "Pay"),
        Suggestion("Cheap!", "https://evil.example"),
        Suggestion("€1.00", "x"),
    ]
    shown, found = gate(Neutral("ok", suggestions=offered), [PAID], EN)
    assert list(shown.suggestions) == offered[:1]
    assert [one.kind for one in found] == ["link", "amount"]


def test_what_the_person_asked_for_may_be_repeated_by_a_template_but_not_claimed_by_a_model() -> None:
    asked = Done(ToolCall("search_products", {"query": "phones under €500"}), {"items": []})
    text = "I found nothing for “phones under €500”."
    assert said(text, asked) == (text, [])
    assert checked("Phones under €500 are here.", facts_of([asked]))[0] == ""


def test_a_models_text_keeps_its_true_lines_only() -> None:
    facts = facts_of([Done(CALL, {"product": iphone_15()})])
    text = "The iPhone 15 costs €949.00 with 128 GB.\nToday only €849.00!\n3 are left with 512 GB in blue."
    kept, found = checked(text, facts)
    assert kept == "The iPhone 15 costs €949.00 with 128 GB.\n3 are left with 512 GB in blue."
    assert [one.kind for one in found] == ["amount"]
    assert checked("There are 4 left.", facts)[1], "what can be counted is no fact to a model"


RESULTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("search_products", {"query": "iPhone under 2000"}, {"items": phones(), "total": 1234, "next": "c"}),
    ("get_product_info", {"product": "p15"}, {"product": iphone_15()}),
    (
        "add_to_basket",
        {"sku": "S", "quantity": 2},
        {"added": basket_line("S", "Case", 5, 1999), "basket": basket(basket_line("S", "Case", 5, 1999))},
    ),
    (
        "get_basket",
        {},
        {"basket": basket(basket_line("S", "Case 3", 12, 123456), basket_line("T", "X", 1, 5))},
    ),
    ("get_payment_link", {}, dict(PAID.structured)),
    (
        "get_order_status",
        {},
        {
            "orders": [
                {
                    "number": "M-1",
                    "status": "shipped",
                    "total": money(123456789),
                    "trackingUrl": "https://t.example/9",
                    "estimatedDelivery": "2026-12-31",
                }
            ]
        },
    ),
    (
        "update_product",
        {"product": "p", "changes": {}},
        {
            "product": {"id": "p", "version": 2, "status": "active", "title": "X", "price": money(1500)},
            "changed": [{"field": "price", "from": money(1000), "to": money(1500)}],
        },
    ),
    (
        "create_from_file",
        {"source": {"text": "a,b"}, "dryRun": True},
        {
            "importId": "i",
            "status": "succeeded",
            "dryRun": True,
            "counts": {"rows": 1200, "created": 1000, "updated": 150, "skipped": 30, "failed": 20},
            "errors": [{"row": 17, "column": "price", "detail": "no number: 12,5x"}],
        },
    ),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("tool", "arguments", "structured"), RESULTS, ids=[row[0] for row in RESULTS])
def test_our_own_replies_pass_whole_in_every_language(
    language: str, tool: str, arguments: dict[str, Any], structured: dict[str, Any]
) -> None:
    phrases = phrases_for(language)
    done = [Done(ToolCall(tool, {**arguments, "locale": language}), structured)]
    reply = compose(done, Setting(phrases, Memory(), "…", "product.search"))
    shown, found = gate(reply, done, phrases)
    assert found == []
    assert shown is reply


@given(st.integers(0, 10**9), st.sampled_from(["EUR", "USD", "JPY", "KWD"]), st.sampled_from(LANGUAGES))
def test_an_amount_passes_in_its_own_writing_and_no_other_does(
    amount: int, currency: str, language: str
) -> None:
    phrases = phrases_for(language)
    done = [Done(CALL, {"total": {"amount": amount, "currency": currency}})]
    text = phrases.money({"amount": amount, "currency": currency})
    assert said(f"x {text} x", *done)[1] == []
    other = phrases.money({"amount": amount + 1_000_001, "currency": currency})
    assert said(f"x {other} x", *done)[1] == ["amount"]


@given(st.text(max_size=80))
def test_any_text_is_judged_without_failing(text: str) -> None:
    checked(text, facts_of([PAID]))
