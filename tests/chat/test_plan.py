"""From intents to tool calls, as a table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.access.principal import Role
from museod.chat.conversation import Choice, Memory, OpenQuestion, ShownProduct, ShownVariant
from museod.chat.plan import (
    AdminOnly,
    Alternative,
    Analysis,
    AskProduct,
    Calls,
    Plan,
    Say,
    Situation,
    ToolCall,
    Unsure,
    answer_open_question,
    follow_up,
    make_plan,
    read_analysis,
)

VARIANTS = [
    ShownVariant("P-128", {"storage": "128 GB", "color": "Black"}),
    ShownVariant("P-256", {"storage": "256 GB", "color": "Black"}),
]
PHONE = ShownProduct("p1", "Phone", variants=VARIANTS)
CASE = ShownProduct("p2", "Case", sku="CASE")
OPENED = Memory(shown=[PHONE, CASE], listing="variants", focus="p1")
INTENTS = [
    "product.search", "product.info", "product.question", "basket.add", "basket.view", "basket.remove",
    "basket.update", "checkout.pay", "order.status", "admin.product.create", "admin.product.import",
    "admin.product.list", "admin.product.update", "admin.product.delete", "notify.send", "greeting", "help",
    "thanks", "goodbye", "human.handover", "other",
]  # fmt: skip


def plan(
    intent: str,
    entities: dict[str, Any] | None = None,
    *,
    message: str = "…",
    memory: Memory = OPENED,
    role: Role = Role.CUSTOMER,
    **analysis: Any,
) -> Plan:
    analysis.setdefault("confidence", 0.9)
    found = Analysis(intent=intent, entities=entities or {}, **analysis)
    return make_plan(Situation(found, memory, message, "en", role))


def only_call(made: Plan) -> ToolCall:
    assert isinstance(made, Calls)
    (call,) = made.calls
    return call


@pytest.mark.parametrize(
    ("intent", "entities", "message", "tool", "arguments"),
    [
        ("product.search", {"query": "phones"}, "", "search_products", {"query": "phones", "limit": 5}),
        (
            "product.search",
            {"priceMax": 2000},
            "something under 20",
            "search_products",
            {"query": "something under 20", "limit": 5, "filters": {"priceMax": 2000}},
        ),
        (
            "product.search",
            {"query": "phones", "brand": "Acme", "priceMax": 50000, "currency": "USD", "color": "blue"},
            "",
            "search_products",
            {
                "query": "phones",
                "limit": 5,
                "filters": {"brand": ["Acme"], "priceMax": 50000, "attributes": {"color": "blue"}},
                "currency": "USD",
            },
        ),
        (
            "product.search",
            {"query": "x" * 300, "sort": "price_asc", "priceMin": {"amount": 100}, "inStock": True},
            "",
            "search_products",
            {
                "query": "x" * 200,
                "limit": 5,
                "filters": {"priceMin": 100, "inStock": True},
                "sort": "price_asc",
            },
        ),
        ("product.info", {"product": "Case"}, "", "get_product_info", {"product": "p2"}),
        ("product.info", {"product": "Toaster"}, "", "get_product_info", {"product": "Toaster"}),
        ("product.info", {"reference": "it"}, "tell me more", "get_product_info", {"product": "p1"}),
        (
            "product.question",
            {"reference": "it"},
            "is it loud?",
            "answer_question",
            {"question": "is it loud?", "product": "p1"},
        ),
        ("basket.add", {"quantity": 2}, "2 of the 128", "add_to_basket", {"sku": "P-128", "quantity": 2}),
        ("basket.add", {"ordinal": 2}, "that one", "add_to_basket", {"sku": "P-256", "quantity": 1}),
        (
            "basket.add",
            {"reference": "it"},
            "add it",
            "add_to_basket",
            {"product": "p1", "quantity": 1},
        ),
        (
            "basket.add",
            {"product": "Toaster", "color": "red"},
            "a red Toaster",
            "add_to_basket",
            {"product": "Toaster", "quantity": 1, "options": {"color": "red"}},
        ),
        ("basket.view", {}, "", "get_basket", {}),
        ("order.status", {"orderNumber": "M-1000"}, "", "get_order_status", {"orderNumber": "M-1000"}),
    ],
)
def test_a_shoppers_intent_becomes_a_call(
    intent: str, entities: dict[str, Any], message: str, tool: str, arguments: dict[str, Any]
) -> None:
    call = only_call(plan(intent, entities, message=message))
    assert call.tool == tool
    assert call.arguments == {**arguments, "locale": "en"}


def test_an_admins_list_takes_its_filters() -> None:
    entities = {"status": "draft", "stockBelow": 5, "query": "phone", "sort": "newest", "limit": 9999}
    call = only_call(plan("admin.product.list", entities, role=Role.ADMIN))
    assert call.arguments == {
        "limit": 20,
        "query": "phone",
        "status": ["draft"],
        "sort": "created_desc",
        "stockBelow": 5,
    }


@pytest.mark.parametrize("intent", [intent for intent in INTENTS if intent.startswith("admin.")])
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_an_admins_intent_is_for_admins(intent: str, role: Role) -> None:
    assert plan(intent, role=role) == AdminOnly()


def test_what_a_shoppers_client_cannot_mean_is_told_as_that() -> None:
    assert plan("other", reason="not_allowed_for_client") == AdminOnly()


@pytest.mark.parametrize("quantity", [100, 5000])
def test_a_quantity_that_cannot_be_is_not_made_one_that_can(quantity: int) -> None:
    made = plan("basket.add", {"quantity": quantity, "reference": "it"})
    assert isinstance(made, Say)
    assert made.key == "quantity-range"


@pytest.mark.parametrize(
    ("message", "is_quantity"),
    [("500 of it", True), ("add 1000 please", True), ("the 256", False), ("a Toaster-500", False)],
)
def test_a_large_number_that_nobody_understood_is_not_taken_for_one(message: str, is_quantity: bool) -> None:
    made = plan("basket.add", {"reference": "it"}, message=message)
    assert isinstance(made, Say) is is_quantity


def test_a_search_for_nothing_asks_what_for() -> None:
    assert plan("product.search", {}, message="search products") == Say("search-what")


def test_nothing_to_add_is_asked_for() -> None:
    made = plan("basket.add", {"quantity": 3}, memory=Memory())
    assert made == AskProduct("basket.add", "add_to_basket", {"quantity": 3, "locale": "en"})


def test_being_unsure_asks_and_offers_no_admins_business_to_others() -> None:
    others = [Alternative("admin.product.delete", 0.3), Alternative("basket.view", 0.2)]
    assert plan("product.search", confidence=0.4, alternatives=others) == Unsure(
        ["product.search", "basket.view"]
    )
    assert plan("thanks", confidence=0.4) == Say("thanks", ())


def test_comparing_takes_named_products_or_the_last_list() -> None:
    named = plan("product.info", {"products": ["A", "B"]}, tool="compare_products")
    assert only_call(named).arguments["products"] == ["A", "B"]
    listed = plan("product.info", {}, tool="compare_products")
    assert only_call(listed).arguments["products"] == ["p1", "p2"]


def test_recommending_starts_from_what_is_meant() -> None:
    made = plan("product.search", {"kind": "accessories", "reference": "it"}, tool="recommend_products")
    assert only_call(made).arguments == {
        "locale": "en",
        "limit": 5,
        "product": "p1",
        "kind": "accessories",
    }


ENTITY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.lists(st.text())


@given(
    st.sampled_from(INTENTS) | st.text(max_size=8),
    st.dictionaries(
        st.sampled_from(
            ["query", "product", "products", "sku", "quantity", "options", "color", "brand", "priceMax",
             "ordinal", "reference", "status", "sort", "currency", "kind", "orderNumber"]
        ),
        ENTITY | st.dictionaries(st.text(max_size=4), ENTITY, max_size=2),
        max_size=6,
    ),
    st.text(min_size=1, max_size=30),
    st.sampled_from([None, "compare_products", "recommend_products", "delete_product", "rm -rf"]),
    st.sampled_from([Role.GUEST, Role.CUSTOMER]),
)  # fmt: skip
def test_no_analysis_makes_a_shopper_call_an_admins_tool(
    intent: str, entities: dict[str, Any], message: str, tool: str | None, role: Role
) -> None:
    made = plan(intent, entities, message=message, tool=tool, role=role)
    if isinstance(made, Calls):
        assert {call.tool for call in made.calls} <= {
            "search_products", "get_product_info", "answer_question", "add_to_basket", "get_basket",
            "get_order_status", "compare_products", "recommend_products", "update_basket_item",
            "remove_from_basket", "get_payment_link", "create_stock_alert", "send_email", "send_sms",
            "send_whatsapp", "handover_to_human",
        }  # fmt: skip


SEARCH = ToolCall("search_products", {"query": "the iPhone 15", "locale": "en", "limit": 5})


@pytest.mark.parametrize(
    ("titles", "follows"),
    [
        (["iPhone 15", "iPhone 15 Pro"], "id0"),
        (["iPhone 15 Pro"], None),
        (["iPhone 15", "iPhone 15"], None),
        ([], None),
    ],
)
def test_exactly_one_title_that_was_asked_for_is_looked_up(titles: list[str], follows: str | None) -> None:
    items = [{"productId": f"id{place}", "title": title} for place, title in enumerate(titles)]
    call = follow_up(SEARCH, {"items": items})
    assert (call.arguments["product"] if call else None) == follows


def test_a_next_page_is_not_looked_into() -> None:
    call = ToolCall("search_products", {**SEARCH.arguments, "cursor": "c"})
    assert follow_up(call, {"items": [{"productId": "x", "title": "iPhone 15"}]}) is None


def test_a_search_that_its_attributes_made_empty_is_widened_once() -> None:
    filters = {"attributes": {"color": "blue"}, "brand": ["Acme"]}
    wider = follow_up(ToolCall("search_products", {**SEARCH.arguments, "filters": filters}), {"items": []})
    assert wider is not None
    assert wider.arguments == {**SEARCH.arguments, "filters": {"brand": ["Acme"]}}
    assert follow_up(wider, {"items": []}) is None


def test_a_follow_up_only_ever_reads() -> None:
    for tool in ("add_to_basket", "get_basket", "delete_product", "answer_question"):
        hostile = {"items": [{"productId": "x", "title": "iPhone 15"}], "tool": "delete_product"}
        assert follow_up(ToolCall(tool, {"query": "iPhone 15"}), hostile) is None


def test_an_answer_completes_the_call_that_asked() -> None:
    choices = [Choice("128 GB", "128 GB"), Choice("256 GB", "256 GB")]
    question = OpenQuestion(
        "option",
        "basket.add",
        "add_to_basket",
        {"product": "p1", "options": {"a": "b"}, "locale": "en"},
        "storage",
        choices,
    )
    call = answer_open_question(question, "256", locale="de", title="Phone")
    assert call == ToolCall(
        "add_to_basket",
        {"product": "p1", "options": {"a": "b", "storage": "256 GB"}, "locale": "de"},
        {"title": "Phone"},
    )
    assert answer_open_question(question, "what is in my basket?", locale="de") is None


def test_a_next_page_is_asked_for_with_the_same_arguments() -> None:
    more = OpenQuestion("more", "admin.product.list", "list_products", {"limit": 20, "cursor": "c"})
    assert answer_open_question(more, "show more", locale="en") == ToolCall(
        "list_products", {"limit": 20, "cursor": "c"}, {"title": ""}
    )


def test_an_offer_takes_a_yes_and_nothing_else() -> None:
    offer = OpenQuestion("offer", "basket.add", "add_to_basket", {"sku": "s", "quantity": 3})
    assert answer_open_question(offer, "yes", locale="en") is not None
    assert answer_open_question(offer, "no", locale="en") is None
    assert answer_open_question(offer, "yesterday", locale="en") is None


def test_an_analysis_with_more_members_than_we_know_is_read() -> None:
    found = read_analysis(
        {"intent": "greeting", "confidence": 1, "entities": {}, "arguments": {}, "missing": [], "tool": None}
    )
    assert (found.intent, found.confidence) == ("greeting", 1.0)
