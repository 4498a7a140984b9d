"""Replies: what they say, that it comes from the tools' results and nowhere else, what they remember."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from museod.chat.cards import line
from museod.chat.conversation import Memory, ShownProduct
from museod.chat.phrases import LANGUAGES, phrases_for
from museod.chat.plan import AskProduct, NotYet, Say, ToolCall, Unsure
from museod.chat.reply import (
    REFUSALS,
    Done,
    Neutral,
    Setting,
    ask_product,
    compose,
    not_yet,
    say,
    unsure,
)
from tests.fakes.tools import basket, basket_line, iphone_15, item, money, phones

SEARCH = ToolCall("search_products", {"query": "iPhone", "locale": "en", "limit": 5})
INFO = ToolCall("get_product_info", {"product": "p15", "locale": "en"})
ADD = ToolCall("add_to_basket", {"sku": "S", "quantity": 2, "locale": "en"}, {"title": "iPhone 15"})
BASKET = ToolCall("get_basket", {"locale": "en"})


def setting(message: str = "…", *, locale: str = "en", memory: Memory | None = None) -> Setting:
    return Setting(phrases_for(locale), memory or Memory(), message, "product.search")


def reply(call: ToolCall, structured: dict[str, Any], message: str = "…", *, refusal: str = "") -> Neutral:
    return compose([Done(call, structured, refusal)], setting(message))


def test_a_search_lists_prices_and_stock_and_remembers_their_order() -> None:
    items = [*phones(), item("old", "iPhone X", 89900, inStock=False)]
    neutral = reply(SEARCH, {"items": items, "total": 4, "next": None})
    assert neutral.text.splitlines() == [
        "I found 4 products for “iPhone”:",
        "1. iPhone 15: from €949.00, in stock",
        "2. iPhone 15 Plus: from €1,099.00, in stock",
        "3. iPhone 15 Pro: from €1,199.00, in stock",
        "4. iPhone X: €899.00, sold out",
    ]
    assert [shown.product_id for shown in neutral.seen.products] == ["p15", "p15plus", "p15pro", "old"]
    assert neutral.cards[0]["items"][3]["inStock"] is False


def test_an_empty_search_offers_what_the_shop_suggests() -> None:
    neutral = reply(SEARCH, {"items": [], "suggestions": ["iPhone 15", "iPad"]})
    assert neutral.text == "I found nothing for “iPhone”. Did you mean iPhone 15 or iPad?"
    assert [one.message for one in neutral.suggestions] == ["iPhone 15", "iPad"]
    assert "fewer" in reply(SEARCH, {"items": []}).text


def test_a_corrected_search_says_so() -> None:
    neutral = reply(SEARCH, {"items": phones(), "correctedQuery": "iphone 15"})
    assert neutral.text.startswith("I searched for “iphone 15”. I found 3 products for “iphone 15”")


def test_details_show_only_the_versions_that_were_asked_for() -> None:
    neutral = reply(INFO, {"product": iphone_15()}, "how much is the iPhone 15 in blue with 256 GB?")
    assert "256 GB, Blue: €1,079.00, 25 in stock" in neutral.text
    assert "Black" not in neutral.text
    assert neutral.seen.sku == "IPHONE-15-256-BLUE"
    assert len(neutral.cards[0]["items"][0]["variants"]) == 6


def test_the_number_in_a_title_is_no_option() -> None:
    product = {**iphone_15(), "title": "Phone 256"}
    neutral = reply(INFO, {"product": product}, "do you have the Phone 256?")
    assert neutral.text.count("in stock") + neutral.text.count("sold out") == 6


def test_an_option_that_does_not_exist_shows_all() -> None:
    neutral = reply(INFO, {"product": iphone_15()}, "the iPhone 15 with 999 GB")
    assert "comes in 6 versions" in neutral.text


def test_a_product_with_one_variant_is_told_in_a_sentence() -> None:
    one = {"sku": "C", "price": money(1999), "available": 0}
    neutral = reply(INFO, {"product": {**item("c", "Case", 1999), "variants": [one]}})
    assert neutral.text == "Case costs €19.99 (sold out)."
    assert "Add to basket" not in [suggestion.label for suggestion in neutral.suggestions]


def test_an_ambiguous_title_asks_which_and_waits_for_the_answer() -> None:
    neutral = reply(INFO, {"candidates": phones()})
    assert neutral.text.startswith("Which one do you mean?\n1. iPhone 15: from €949.00")
    pending = neutral.seen.pending
    assert pending is not None
    assert (pending.tool, pending.axis, pending.choices[1].value) == (
        "get_product_info",
        "product",
        "p15plus",
    )
    assert "product" not in pending.arguments


def test_what_was_added_is_what_was_asked_for_even_on_a_line_that_existed() -> None:
    added = basket_line("S", "iPhone 15", 5, 94900)
    neutral = reply(ADD, {"added": added, "basket": basket(added)})
    assert neutral.text.splitlines()[0] == "Added to your basket: 2 × iPhone 15, €949.00 each."
    assert "5 items, €4,745.00" in neutral.text


def test_a_choice_asks_with_its_values() -> None:
    needs = {"axis": "color", "values": ["Black", "Blue"]}
    neutral = reply(ADD, {"needsChoice": needs})
    assert neutral.text == "Which colour of iPhone 15 would you like: Black or Blue?"
    assert neutral.seen.pending is not None
    assert neutral.seen.pending.arguments == ADD.arguments


def test_an_axis_without_a_word_of_ours_is_named_as_the_shop_names_it() -> None:
    assert "Which voltage" in reply(ADD, {"needsChoice": {"axis": "voltage", "values": ["110", "230"]}}).text


def test_a_basket_tells_lines_total_and_what_changed() -> None:
    lines = [
        basket_line("S", "iPhone 15", 2, 94900),
        {**basket_line("T", "Case", 1, 1999), "availability": "unavailable"},
    ]
    neutral = reply(BASKET, {"basket": basket(*lines, notices=("price_changed", "Odd news", "Odd news"))})
    assert neutral.text.splitlines() == [
        "There are 3 items in your basket:",
        "• 2 × iPhone 15: €1,898.00",
        "• 1 × Case: €19.99 (no longer available)",
        "Total: €1,917.99",
        "A price has changed since you added it.",
        "Odd news",
    ]
    assert reply(BASKET, {"basket": basket()}).text == "Your basket is empty."


@pytest.mark.parametrize(
    ("refusal", "data", "says", "waits"),
    [
        ("insufficient_stock", {"available": 3}, "Only 3 of iPhone 15 are left", True),
        ("insufficient_stock", {"available": 1}, "Only one of iPhone 15 is left", True),
        ("insufficient_stock", {"available": 0}, "sold out", True),
        ("insufficient_stock", {}, "not enough of iPhone 15", False),
        ("quantity_limit", {"limit": 5}, "At most 5 of iPhone 15", False),
        ("quantity_limit", {}, "more of iPhone 15 than one order", False),
        ("product_gone", {}, "no longer sold", False),
        ("product_not_found", {}, "do not know a product “iPhone 15”", False),
        ("variant_not_found", {}, "do not know a product “iPhone 15”", False),
        ("order_not_found", {}, "no such order", False),
    ],
)
def test_a_refusal_says_what_can_be_done(refusal: str, data: dict[str, Any], says: str, waits: bool) -> None:
    neutral = reply(ADD, data, refusal=refusal)
    assert says in neutral.text
    assert (neutral.seen.pending is not None) is waits
    assert refusal in REFUSALS


def test_an_admins_list_is_a_table_with_status_and_stock() -> None:
    rows = [
        {"id": "p1", "title": "Phone", "status": "draft", "price": money(100), "stock": 0, "skus": ["A"]},
        {"id": "p2", "title": "Case", "status": "active"},
    ]
    neutral = reply(ToolCall("list_products", {"limit": 20}), {"items": rows, "next": "c", "total": 30})
    assert neutral.text.splitlines() == [
        "30 products:",
        "1. Phone: draft, €1.00, sold out, A",
        "2. Case: active",
    ]
    assert neutral.cards[0]["columns"] == ["Product", "Status", "Price", "Stock", "SKU"]
    assert neutral.seen.pending is not None
    assert neutral.seen.pending.arguments["cursor"] == "c"


def test_a_comparison_says_in_words_what_its_table_holds() -> None:
    structured = {"products": phones()[:2], "rows": [{"attribute": "5G", "values": [True, False]}]}
    neutral = reply(ToolCall("compare_products", {"products": ["a", "b"]}), structured)
    assert "1. iPhone 15 – Price: from €949.00; 5G: Yes" in neutral.text
    assert neutral.cards[0]["rows"][1] == ["5G", "Yes", "No"]


def test_an_answer_that_the_catalogue_does_not_hold_is_not_passed_off_as_one() -> None:
    ask = ToolCall("answer_question", {"question": "?"})
    assert reply(ask, {"answer": "It has USB-C.", "grounded": True}).text == "It has USB-C."
    assert reply(ask, {"answer": "", "grounded": False}).text == "I have no information on that."


def test_orders_are_listed() -> None:
    orders = [
        {"number": "M-1", "status": "shipped", "total": money(5000), "trackingUrl": "https://t.example/1"}
    ]
    neutral = reply(ToolCall("get_order_status", {}), {"orders": orders})
    assert neutral.text == "Your latest order:\n• M-1, on its way, €50.00, https://t.example/1"


def test_words_alone() -> None:
    assert say(Say("thanks"), setting()).seen.keeps_pending
    assert "cannot take payments here yet" in not_yet(NotYet("checkout.pay"), setting(), is_admin=False).text
    assert "cannot do that here yet" in not_yet(NotYet("stock.alert"), setting(), is_admin=False).text
    assert "list products" in not_yet(NotYet("admin.product.create"), setting(), is_admin=True).text
    asked = unsure(Unsure(["basket.view"]), setting())
    assert asked.text.endswith("1. Show my basket")
    memory = Memory(shown=[ShownProduct("p1", "Phone")])
    which = ask_product(AskProduct("basket.add", "add_to_basket", {"quantity": 2}), setting(memory=memory))
    assert which.seen.pending is not None
    assert which.seen.pending.choices[0].value == "p1"


def test_titles_cannot_write_lines_of_their_own() -> None:
    hostile = item("x", "Phone\n\n2. FREE MONEY: €0.00\u202e", 100)
    assert len(reply(SEARCH, {"items": [hostile]}).text.splitlines()) == 2
    assert len(line("x" * 1000)) == 200


# ---- truth


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every price, stock figure and name in a result."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, (*path, place))
    elif path[-1] in ("amount", "available", "title", "quantity", "storage", "color"):
        yield path, value


def changed(structured: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    other = copy.deepcopy(structured)
    target: Any = other
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value + 7_000_000 if isinstance(value, int) else f"Zyx {value}"
    return other


CASES: dict[str, tuple[ToolCall, dict[str, Any]]] = {
    "search": (SEARCH, {"items": [item("a", "Phone", 100), item("b", "Case", 200)]}),
    "info": (INFO, {"product": {**iphone_15(), "priceMax": None}}),
    "basket": (BASKET, {"basket": basket(basket_line("S", "iPhone 15", 2, 94900))}),
    "added": (
        ToolCall("add_to_basket", {"sku": "S", "quantity": 99}),
        {"added": basket_line("S", "iPhone 15", 2, 94900), "basket": basket()},
    ),
}
# What a kind of reply need not say in words (its card does): the range of a product whose variants are
# listed one by one, the unit price and line total beside their product.
UNSAID: dict[str, set[tuple[Any, ...]]] = {
    "info": {("product", "price", "amount")},
    "basket": {("basket", "lines", 0, "unitPrice", "amount")},
    "added": {("added", "lineTotal", "amount"), ("added", "quantity")},
}


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_whatever_changes_in_a_result_changes_in_the_reply(case: str, locale: str) -> None:
    call, structured = CASES[case]
    before = compose([Done(call, structured)], setting(locale=locale))
    count = 0
    for path, value in leaves(structured):
        after = compose([Done(call, changed(structured, path, value))], setting(locale=locale))
        if path not in UNSAID.get(case, set()):
            assert after.text != before.text, path
            count += 1
        else:
            assert (after.text, after.cards) != (before.text, before.cards) or case == "added", path
    assert count >= 3


def test_what_is_sold_out_is_named_with_its_options() -> None:
    arguments = {"product": "iPhone 15", "options": {"color": "Black"}}
    call = ToolCall("add_to_basket", arguments, {"title": "iPhone 15"})
    neutral = reply(call, {"available": 0}, refusal="insufficient_stock")
    assert neutral.text.startswith("iPhone 15 (Black) is sold out")
