"""From intents to tool calls, as a table."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.access.principal import Role
from museod.chat.conversation import Choice, Memory, OpenQuestion, ShownLine, ShownProduct, ShownVariant
from museod.chat.plan import (
    AdminOnly,
    Alternative,
    Analysis,
    AskLine,
    AskProduct,
    AskSlot,
    AskVariant,
    Calls,
    Plan,
    Say,
    Situation,
    ToolCall,
    Unsure,
    answer_open_question,
    follow_up,
    make_plan,
    next_step,
    read_analysis,
)
from museod.chat.trolley import replaced

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


# ---- the basket, orders, messages, the administration

BASKET = Memory(
    shown=[PHONE, CASE],
    focus="p1",
    lines=[ShownLine("l1", "Phone", "P-128", 1), ShownLine("l2", "Case", "CASE", 3)],
    added=ShownLine("l2", "Case", "CASE", 3),
    added_pieces=3,
    has_just_added=True,
)


@pytest.mark.parametrize(
    ("intent", "entities", "message", "tool", "arguments"),
    [
        ("basket.update", {"quantity": 3}, "make it 3", "update_basket_item", {"line": "l2", "quantity": 3}),
        ("basket.update", {}, "make it three", "update_basket_item", {"line": "l2", "quantity": 3}),
        (
            "basket.update",
            {"quantity": 2, "product": "Phone"},
            "2 phones",
            "update_basket_item",
            {"line": "l1", "quantity": 2},
        ),
        (
            "basket.update",
            {"quantity": 2, "reference": "the first one", "ordinal": 1},
            "",
            "update_basket_item",
            {"line": "l1", "quantity": 2},
        ),
        (
            "basket.remove",
            {"ordinal": 2, "reference": "the second one"},
            "",
            "remove_from_basket",
            {"line": "l2"},
        ),
        ("basket.remove", {"reference": "it"}, "remove it", "remove_from_basket", {"line": "l2"}),
        ("basket.remove", {"product": "Toaster"}, "", "remove_from_basket", {"line": "Toaster"}),
        ("basket.remove", {"sku": "P-128"}, "", "remove_from_basket", {"line": "P-128"}),
        ("basket.remove", {"all": True}, "empty it", "remove_from_basket", {"all": True}),
        (
            "basket.remove",
            {"quantity": 1, "product": "Case"},
            "",
            "update_basket_item",
            {"line": "l2", "quantity": 2},
        ),
        ("basket.remove", {"quantity": 3, "product": "Case"}, "", "remove_from_basket", {"line": "l2"}),
        ("checkout.pay", {}, "pay", "get_payment_link", {"locale": "en"}),
        (
            "checkout.pay",
            {"email": "a@b.cd", "orderNumber": "M-1"},
            "",
            "get_payment_link",
            {"locale": "en", "email": "a@b.cd", "orderNumber": "M-1"},
        ),
        ("human.handover", {}, "help me", "handover_to_human", {"reason": "help me"}),
    ],
)
def test_the_basket_and_what_follows_it_become_calls(
    intent: str, entities: dict[str, Any], message: str, tool: str, arguments: dict[str, Any]
) -> None:
    call = only_call(plan(intent, entities, message=message, memory=BASKET))
    assert (call.tool, call.arguments) == (tool, arguments)


@pytest.mark.parametrize("intent", ["basket.update", "basket.remove"])
@pytest.mark.parametrize("entities", [{}, {"reference": "the ninth", "ordinal": 9}])
def test_a_line_that_nobody_named_is_asked_for(intent: str, entities: dict[str, Any]) -> None:
    memory = msgspec.structs.replace(BASKET, added=None)
    assert isinstance(plan(intent, entities, message="change that", memory=memory), AskLine)


def test_a_quantity_that_was_not_said_is_asked_for() -> None:
    made = plan("basket.update", {"product": "Case"}, message="change the case", memory=BASKET)
    assert isinstance(made, AskSlot)
    assert made.slot.name == "quantity"


def corrected(message: str, memory: Memory) -> Plan | None:
    return replaced(Situation(Analysis("basket.add", 1.0, {}), memory, message, "en"))


RED = ShownVariant("P-128-RED", {"storage": "128 GB", "color": "Red"})
COLOURED = ShownProduct("p1", "Phone", variants=[*VARIANTS, RED])
ADDED = Memory(
    shown=[COLOURED],
    focus="p1",
    added=ShownLine("l1", "Phone (128 GB, Black)", "P-128", 5),
    added_pieces=2,
    has_just_added=True,
)


def test_no_the_red_one_puts_it_in_and_takes_the_other_pieces_out_again() -> None:
    made = corrected("the red one", ADDED)
    assert isinstance(made, Calls)
    assert made.in_order
    put_in, take_out = made.calls
    assert put_in.arguments == {"quantity": 2, "locale": "en", "sku": "P-128-RED"}
    assert (take_out.tool, take_out.arguments) == ("update_basket_item", {"line": "l1", "quantity": 3})


@pytest.mark.parametrize("message", ["the black one", "the toaster", "that is fine"])
def test_a_correction_to_the_same_or_the_unknown_is_none(message: str) -> None:
    assert corrected(message, ADDED) is None


def test_a_correction_counts_right_after_the_adding_only() -> None:
    assert corrected("the red one", msgspec.structs.replace(ADDED, has_just_added=False)) is None


def test_an_alert_takes_the_variant_then_the_address_then_the_consent() -> None:
    tool = "create_stock_alert"
    known = plan("product.info", {"reference": "it"}, message="the 256 one", tool=tool)
    assert isinstance(known, AskSlot)
    assert known.call.arguments == {"sku": "P-256", "channel": "email"}
    assert known.slot.name == "address"
    unclear = plan("product.info", {"reference": "it"}, message="tell me when it is back", tool=tool)
    assert isinstance(unclear, AskVariant)
    addressed = plan("notify.send", {"sku": "P-256", "phone": "+491"}, tool=tool)
    assert isinstance(addressed, AskSlot)
    assert addressed.slot.name == "consent"
    assert addressed.call.arguments == {"sku": "P-256", "channel": "sms", "address": "+491"}


@pytest.mark.parametrize(
    ("entities", "tool", "missing"),
    [
        ({"email": "a@b.cd"}, "send_email", "subject"),
        ({"phone": "+491234567"}, "send_sms", "body"),
        ({"channel": "whatsapp"}, "send_whatsapp", "to"),
        ({}, "send_email", "to"),
    ],
)
def test_a_message_needs_a_recipient_and_words(entities: dict[str, Any], tool: str, missing: str) -> None:
    made = plan("notify.send", entities)
    assert isinstance(made, AskSlot)
    assert (made.call.tool, made.slot.name) == (tool, missing)


@pytest.mark.parametrize(
    ("intent", "entities", "message", "tool", "arguments"),
    [
        (
            "admin.product.create",
            {"title": "Sofa", "price": {"amount": 49990}, "stock": 3, "status": "active"},
            "",
            "create_product",
            {
                "locale": "en",
                "title": "Sofa",
                "price": {"amount": 49990, "currency": "EUR"},
                "stock": 3,
                "status": "active",
            },
        ),
        (
            "admin.product.update",
            {"product": "Case", "price": {"amount": 500, "currency": "USD"}},
            "",
            "update_product",
            {"product": "p2", "changes": {"price": {"amount": 500, "currency": "USD"}}},
        ),
        ("admin.product.update", {"sku": "X-1", "stock": 0}, "", "update_product",
         {"product": "X-1", "changes": {"stock": 0}}),
        ("admin.product.update", {"product": "Sofa", "percent": 50}, "raise by 50 %", "list_products",
         {"query": "Sofa", "limit": 20}),
        ("admin.product.delete", {"product": "Sofa"}, "", "delete_product", {"product": "Sofa"}),
        ("admin.product.delete", {"reference": "it"}, "delete it", "delete_product", {"product": "p1"}),
        ("admin.product.import", {}, "import\ntitle,price\nA,1", "create_from_file",
         {"source": {"text": "title,price\nA,1", "format": "csv"}, "dryRun": True}),
        ("admin.product.import", {}, 'import\n[{"title":"A"}]', "create_from_file",
         {"source": {"text": '[{"title":"A"}]', "format": "json"}, "dryRun": True}),
    ],
)  # fmt: skip
def test_an_administrators_sentence_becomes_a_call(
    intent: str, entities: dict[str, Any], message: str, tool: str, arguments: dict[str, Any]
) -> None:
    call = only_call(plan(intent, entities, message=message, role=Role.ADMIN))
    assert (call.tool, call.arguments) == (tool, arguments)


@pytest.mark.parametrize(
    ("message", "entities"),
    [("delete all products", {"product": "ll"}), ("remove every product", {"product": "every"}),
     ("archive everything", {"all": True}), ("lösche alle Produkte", {})],
)  # fmt: skip
def test_nobody_deletes_everything_and_it_means_no_single_product(
    message: str, entities: dict[str, Any]
) -> None:
    assert plan("admin.product.delete", entities, message=message, role=Role.ADMIN) == Say(
        "delete-one-by-one"
    )


@pytest.mark.parametrize("intent", ["admin.product.delete", "admin.product.update"])
def test_a_product_that_was_only_looked_at_is_not_changed_unnamed(intent: str) -> None:
    made = plan(intent, {}, message="delete a product", role=Role.ADMIN)
    assert isinstance(made, AskSlot)
    assert made.slot.name == "product"


@pytest.mark.parametrize(
    ("message", "percent"), [("raise it by 50 %", 50), ("lower it by 50 %", -50), ("senke um 50 %", -50)]
)
def test_a_percentage_is_applied_to_the_price_that_is_found(message: str, percent: int) -> None:
    call = only_call(
        plan("admin.product.update", {"product": "Sofa", "percent": 50}, message=message, role=Role.ADMIN)
    )
    assert call.extra["percent"] == percent
    found = {"items": [{"id": "p9", "title": "Sofa", "price": {"amount": 1001, "currency": "EUR"}}]}
    step = next_step(call, found)
    assert step is not None
    price = {"amount": round(1001 * (100 + percent) / 100), "currency": "EUR"}
    assert step.arguments == {"product": "p9", "changes": {"price": price}}
    two = {"items": [{**found["items"][0], "id": "x"}, *found["items"]]}
    assert next_step(call, two) is None, "two that are called so"
    assert next_step(call, {"items": []}) is None
