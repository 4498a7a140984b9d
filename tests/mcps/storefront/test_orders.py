"""From a basket to a paid order and its parcel, against the sandbox shop as a real process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from mcps.museo.client import MuseoClient
from museod.wire.tools import ToolResult
from tests.fakes.storefront import (
    ALICE,
    BOB,
    PHONE,
    SHORT_PHONE,
    SOLD_OUT_PHONE,
    Storefront,
    codes,
    open_storefront,
    open_storefront_without_shop,
)

pytestmark = pytest.mark.real


async def ordered(front: Storefront, sku: str = PHONE) -> ToolResult:
    """An order of Alice's, made as a chat makes one: asked, confirmed as asked, done."""
    await front.call("add_to_basket", sku=sku)
    asked = await front.call("get_payment_link")
    return await front.call("get_payment_link", confirmed=True, **asked.structured_content["arguments"])


async def one_more(shop: MuseoClient) -> None:
    await shop.add_item("alice", PHONE, 1, idempotency_key="from-another-window")


async def test_nothing_is_ordered_before_a_yes_to_the_total() -> None:
    async with open_storefront() as front:
        await front.call("add_to_basket", sku=PHONE, quantity=2)
        asked = await front.call("get_payment_link", provider="museo-card")
        said = asked.structured_content
        assert asked.is_error
        assert (said["kind"], said["reason"]) == ("invalid_request", "confirmation_required")
        assert (said["amount"], said["itemCount"]) == ({"amount": 189_800, "currency": "EUR"}, 2)
        assert "1898.00 EUR for 2 items" in said["summary"]
        assert said["arguments"] == {"provider": "museo-card", "expectedTotal": said["amount"]}
        assert {"id", "name", "kind"} <= set(said["providers"][0])
        assert "checkout" not in front.shop.calls
        assert (await front.call("get_order_status")).structured_content["orders"] == []


async def test_a_yes_makes_an_order_and_a_link() -> None:
    async with open_storefront() as front:
        linked = await ordered(front)
        said = linked.structured_content
        assert said["url"].startswith(front.url)
        assert said["continue_url"] == said["url"]
        assert said["amount"] == {"amount": 94_900, "currency": "EUR"}
        assert datetime.fromisoformat(said["expiresAt"]).tzinfo is not None
        assert codes(linked) == ["payment_pending"]
        assert said["url"] in linked.text
        assert said["orderNumber"] in linked.text
        assert (await front.call("get_basket")).structured_content["basket"]["itemCount"] == 0


async def test_a_checkout_repeated_after_a_lost_answer_yields_one_order() -> None:
    async with open_storefront("POST /api/v1/orders/checkout:drop=1,first=2") as front:
        first = (await ordered(front)).structured_content
        again = (await front.call("get_payment_link", confirmed=True)).structured_content
        third = (await front.call("get_payment_link")).structured_content
        assert first["orderNumber"] == again["orderNumber"] == third["orderNumber"]
        orders = (await front.call("get_order_status", limit=10)).structured_content["orders"]
        assert len(orders) == 1


async def test_a_checkout_whose_answer_never_came_is_found_by_the_next_call() -> None:
    async with open_storefront("POST /api/v1/orders/checkout:drop=1") as front:
        lost = await ordered(front)
        assert lost.structured_content["kind"] == "api_error"
        found = await front.call("get_payment_link")
        assert found.structured_content["url"]
        orders = (await front.call("get_order_status")).structured_content["orders"]
        assert [order["number"] for order in orders] == [found.structured_content["orderNumber"]]


async def test_an_empty_basket_is_said_so() -> None:
    async with open_storefront() as front:
        for confirmed in (False, True):
            empty = await front.call("get_payment_link", confirmed=confirmed)
            assert empty.structured_content["apiCode"] == "basket_empty"
            assert "empty" in empty.text


async def test_another_total_than_expected_is_shown_and_asked_again() -> None:
    async with open_storefront() as front:
        await front.call("add_to_basket", sku=PHONE)
        other = {"amount": 100, "currency": "EUR"}
        changed = await front.call("get_payment_link", confirmed=True, expectedTotal=other)
        said = changed.structured_content
        assert (said["apiCode"], said["reason"]) == ("price_changed", "confirmation_required")
        assert "949.00 EUR" in changed.text
        assert "1.00 EUR" in changed.text
        assert said["arguments"]["expectedTotal"] == {"amount": 94_900, "currency": "EUR"}
        assert said["messages"][0]["severity"] == "requires_buyer_review"
        assert "checkout" not in front.shop.calls


async def test_a_basket_that_changes_during_the_checkout_is_not_ordered_unseen() -> None:
    async with open_storefront() as front:
        await front.call("add_to_basket", sku=PHONE)
        front.shop.before["checkout"] = [one_more]
        changed = await front.call("get_payment_link", confirmed=True)
        said = changed.structured_content
        assert said["apiCode"] == "basket_version_conflict"
        assert said["basket"]["itemCount"] == 2
        assert "Nothing was ordered" in changed.text
        assert (await front.call("get_order_status")).structured_content["orders"] == []


async def test_a_new_version_with_the_same_things_is_ordered_with_one_retry() -> None:
    async def touched(shop: MuseoClient) -> None:
        basket = await shop.basket("alice")
        await shop.update_item("alice", basket.lines[0].id, 1, version=basket.version)

    async with open_storefront() as front:
        await front.call("add_to_basket", sku=PHONE)
        front.shop.before["checkout"] = [touched]
        linked = await front.call("get_payment_link", confirmed=True)
        assert linked.structured_content["orderNumber"]
        assert front.shop.calls.count("checkout") == 2


async def test_stock_that_went_to_another_is_shown_and_asked_again() -> None:
    async def sold(shop: MuseoClient) -> None:
        await shop.add_item("bob", SHORT_PHONE, 2, idempotency_key="bobs-own-key")
        basket = await shop.basket("bob")
        await shop.checkout("bob", basket.id, basket.version, idempotency_key="bobs-own-order")

    async with open_storefront() as front:
        await front.call("add_to_basket", sku=SHORT_PHONE, quantity=3)
        front.shop.before["checkout"] = [sold]
        short = await front.call("get_payment_link", confirmed=True)
        said = short.structured_content
        assert said["apiCode"] in ("insufficient_stock", "basket_version_conflict")
        assert said["basket"]["notices"] == ["quantity_reduced"]
        assert said["basket"]["messages"][0]["path"] == "$.basket.lines[0]"
        assert said["amount"] == {"amount": 120_900, "currency": "EUR"}
        assert "Nothing was ordered" in short.text


async def test_a_provider_that_is_down_is_answered_with_the_others() -> None:
    async with open_storefront() as front:
        await front.call("add_to_basket", sku=PHONE)
        await front.control("PUT", "/sandbox/providers/museo-card", {"isDown": True})
        down = await front.call("get_payment_link", confirmed=True, provider="museo-card")
        said = down.structured_content
        assert said["apiCode"] == "provider_unavailable"
        assert "museo-card" not in [one["id"] for one in said["providers"]]
        assert "Museo Card does not answer" in down.text
        assert "museo-wallet" in down.text
        other = await front.call("get_payment_link", confirmed=True, provider="museo-wallet")
        assert other.structured_content["provider"] == "museo-wallet"


async def test_a_provider_that_does_not_take_this_is_answered_with_a_choice() -> None:
    async with open_storefront() as front:
        await front.call("add_to_basket", sku=PHONE, quantity=2)
        for provider in ("paypal", "pay-later"):  # unknown, and not for so much
            choice = await front.call("get_payment_link", confirmed=True, provider=provider)
            assert not choice.is_error
            values = choice.structured_content["needsChoice"]["values"]
            assert "museo-card" in values
            assert provider not in values
        assert (await front.call("get_order_status")).structured_content["orders"] == []


async def test_an_unpaid_order_gets_a_new_link_and_an_expired_one_says_what_became_of_it() -> None:
    async with open_storefront() as front:
        first = (await ordered(front)).structured_content
        number = first["orderNumber"]
        renewed = await front.call("get_payment_link", orderNumber=f"#{number}")
        assert renewed.structured_content["orderNumber"] == number
        assert renewed.structured_content["url"] != first["url"]
        foreign = await front.call("get_payment_link", BOB, orderNumber=number)
        assert foreign.structured_content["apiCode"] == "order_not_found"
        await front.control("PUT", f"/sandbox/orders/{number}/status", {"status": "expired"})
        expired = await front.call("get_payment_link", orderNumber=number)
        assert expired.structured_content["apiCode"] == "order_not_payable"
        assert expired.structured_content["orderStatus"] == "expired"
        assert "back in your basket" in expired.text
        again = await front.call("get_payment_link")
        assert again.structured_content["reason"] == "confirmation_required"


async def test_orders_are_told_with_their_parcels_and_to_their_owner_only() -> None:
    async with open_storefront() as front:
        number = (await ordered(front)).structured_content["orderNumber"]
        unpaid = await front.call("get_order_status", orderNumber=number)
        assert unpaid.structured_content["orders"][0]["status"] == "pending_payment"
        assert codes(unpaid) == ["payment_pending"]
        for status in ("paid", "processing", "shipped"):
            await front.control("PUT", f"/sandbox/orders/{number}/status", {"status": status})
        (shipped,) = (await front.call("get_order_status")).structured_content["orders"]
        assert (shipped["number"], shipped["status"]) == (number, "shipped")
        assert shipped["total"] == {"amount": 94_900, "currency": "EUR"}
        assert shipped["trackingUrl"].startswith(front.url)
        assert shipped["estimatedDelivery"]
        told = await front.call("get_order_status", orderNumber=number)
        assert shipped["trackingUrl"] in told.text
        for caller, name in ((BOB, number), (ALICE, "M-999999"), (ALICE, "../../x")):
            refused = await front.call("get_order_status", caller, orderNumber=name)
            assert refused.structured_content["apiCode"] == "order_not_found"
            assert f"no order {name} " in refused.text
        none = await front.call("get_order_status", BOB)
        assert none.structured_content["orders"] == []
        assert none.text == "You have no orders yet."


async def test_a_stock_alert_is_made_once_and_for_what_is_sold_out() -> None:
    async with open_storefront() as front:
        wanted: dict[str, Any] = {
            "sku": SOLD_OUT_PHONE,
            "channel": "email",
            "consent": True,
            "address": "a@example.com",
        }
        alert = await front.call("create_stock_alert", **wanted)
        assert alert.structured_content["alertId"]
        assert alert.structured_content["expiresAt"]
        again = await front.call("create_stock_alert", **wanted)
        assert again.structured_content == alert.structured_content
        caller = {**ALICE, "contacts": {"sms": "+49151234567"}}
        own = await front.call("create_stock_alert", caller, sku=SOLD_OUT_PHONE, channel="sms", consent=True)
        assert own.structured_content["alertId"] != alert.structured_content["alertId"]
        there = await front.call("create_stock_alert", **{**wanted, "sku": PHONE})
        assert there.structured_content["apiCode"] == "in_stock"
        assert "Good news" in there.text
        unknown = await front.call("create_stock_alert", **{**wanted, "sku": "NO-SUCH-1"})
        assert unknown.structured_content["apiCode"] in ("variant_not_found", "product_not_found")


async def test_a_handover_is_one_ticket_per_conversation() -> None:
    async with open_storefront_without_shop() as front:
        asked = await front.call("handover_to_human", reason="broken screen", channel="whatsapp")
        again = await front.call("handover_to_human")
        other = await front.call("handover_to_human", {**ALICE, "conversationId": "c2"})
        assert asked.structured_content["ticketId"] == again.structured_content["ticketId"]
        assert asked.structured_content["ticketId"] != other.structured_content["ticketId"]
        assert asked.structured_content["status"] == "queued"
        assert asked.structured_content["expectedReplyMinutes"] is None
        assert asked.structured_content["handover"]["reason"] == "broken screen"
        assert asked.structured_content["ticketId"] in asked.text
        alone = [await front.call("handover_to_human", None) for _ in range(2)]
        assert len({one.structured_content["ticketId"] for one in alone}) == 2


@pytest.mark.parametrize(
    ("tool", "arguments", "field"),
    [
        ("get_payment_link", {"email": 7}, "email"),
        ("get_payment_link", {"expectedTotal": {"amount": 1.5, "currency": "EUR"}}, "expectedTotal"),
        ("get_payment_link", {"expectedTotal": {"amount": 1, "currency": "euro"}}, "expectedTotal"),
        ("get_payment_link", {"confirm": True}, "confirm"),
        ("get_payment_link", {"idempotencyKey": "short"}, "idempotencyKey"),
        ("get_order_status", {"limit": 11}, "limit"),
        ("get_order_status", {"userId": "bob"}, "userId"),
        ("create_stock_alert", {"sku": "X", "channel": "email"}, "consent"),
        ("create_stock_alert", {"sku": "X", "channel": "email", "consent": False}, "consent"),
        ("create_stock_alert", {"sku": "X", "channel": "fax", "consent": True}, "channel"),
        ("create_stock_alert", {"sku": "X", "channel": "email", "consent": True}, "address"),
        (
            "create_stock_alert",
            {"sku": "X", "channel": "sms", "consent": True, "address": "a@b.de"},
            "address",
        ),
        ("handover_to_human", {"reason": "x" * 501}, "reason"),
        ("handover_to_human", {"channel": "fax"}, "channel"),
    ],
)
async def test_arguments_that_do_not_fit_are_refused_by_name(
    tool: str, arguments: dict[str, Any], field: str
) -> None:
    async with open_storefront_without_shop() as front:
        refused = await front.call(tool, ALICE, **arguments)
        assert refused.structured_content["kind"] == "invalid_params"
        assert field in refused.text


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_payment_link", {}),
        ("get_order_status", {}),
        ("create_stock_alert", {"sku": "X", "channel": "email", "consent": True, "address": "a@b.de"}),
    ],
)
async def test_nobody_has_no_orders(tool: str, arguments: dict[str, Any]) -> None:
    async with open_storefront_without_shop() as front:
        refused = await front.call(tool, None, **arguments)
        assert refused.structured_content["kind"] == "authentication_error"
        away = await front.call(tool, ALICE, **arguments)
        assert away.structured_content["kind"] == "api_error"
