"""From intents to tool calls, and what keeps them from it."""

from __future__ import annotations

from typing import Any

import pytest

from mcps.intent.intents import SHOPPER_CLIENTS, Intent
from mcps.intent.mapping import map_intent

WEB = "web-storefront"


@pytest.mark.parametrize(
    ("intent", "entities", "tool", "arguments"),
    [
        ("product.search", {"query": "phone", "brand": "Apple", "priceMax": 50000, "color": "Black"},
         "search_products",
         {"query": "phone", "filters": {"brand": ["Apple"], "priceMax": 50000,
                                          "attributes": {"color": "Black"}}}),
        ("product.info", {"product": "iphone 15"}, "get_product_info", {"product": "iphone 15"}),
        ("product.question", {"question": "why?"}, "answer_question", {"question": "why?"}),
        ("basket.add", {"product": "iphone", "quantity": 2, "storage": "128 GB"}, "add_to_basket",
         {"product": "iphone", "quantity": 2, "options": {"storage": "128 GB"}}),
        ("basket.view", {}, "get_basket", {}),
        ("basket.remove", {"all": True}, "remove_from_basket", {"all": True}),
        ("basket.update", {"product": "milk", "quantity": 3}, "update_basket_item",
         {"line": "milk", "quantity": 3}),
        ("checkout.pay", {}, "get_payment_link", {}),
        ("order.status", {"orderNumber": "M-1"}, "get_order_status", {"orderNumber": "M-1"}),
        ("human.handover", {}, "handover_to_human", {}),
        ("notify.send", {"email": "a@b.de", "subject": "x"}, "send_email",
         {"to": ["a@b.de"], "subject": "x"}),
        ("notify.send", {"channel": "sms", "phone": "+4917012345"}, "send_sms", {"to": "+4917012345"}),
    ],
)  # fmt: skip
def test_a_complete_intent_becomes_a_call(
    intent: str, entities: dict[str, Any], tool: str, arguments: dict[str, Any]
) -> None:
    mapped = map_intent(Intent(intent), entities, WEB)
    assert (mapped.reason, mapped.tool, mapped.arguments) == ("ok", tool, arguments)


@pytest.mark.parametrize(
    ("intent", "missing"),
    [
        ("product.search", ("query",)),
        ("product.info", ("product",)),
        ("basket.add", ("product",)),
        ("basket.update", ("product", "quantity")),
        ("basket.remove", ("product",)),
        ("notify.send", ("email", "subject")),
        ("product.question", ("question",)),
    ],
)
def test_what_is_missing_is_named(intent: str, missing: tuple[str, ...]) -> None:
    mapped = map_intent(Intent(intent), {}, WEB)
    assert (mapped.reason, mapped.missing) == ("missing_entities", missing)


@pytest.mark.parametrize("client_type", sorted(SHOPPER_CLIENTS))
@pytest.mark.parametrize("intent", [intent for intent in Intent if intent.is_admin])
def test_administration_is_not_for_shoppers_clients(intent: Intent, client_type: str) -> None:
    mapped = map_intent(intent, {"product": "x", "title": "x", "source": "x", "price": 1}, client_type)
    assert (mapped.reason, mapped.tool) == ("not_allowed_for_client", None)


@pytest.mark.parametrize("intent", [intent for intent in Intent if intent.is_admin])
def test_administration_is_open_to_its_own_clients(intent: Intent) -> None:
    entities = {"product": "x", "title": "x", "source": "x", "price": {"amount": 1}}
    assert map_intent(intent, entities, "web-admin").reason == "ok"


@pytest.mark.parametrize("intent", ["greeting", "thanks", "goodbye", "help", "other"])
def test_courtesies_need_no_tool(intent: str) -> None:
    assert map_intent(Intent(intent), {}, WEB).reason == "no_tool"
