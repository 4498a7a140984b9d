from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from mcps.museo.sandbox.order_states import MOVES, STEPS, UNPAID_ENDS
from tests.mcps.museo.calling import ACCOUNT, Answer, Caller, make_caller

ITEMS = "/api/v1/basket/items"
CHECKOUT = "/api/v1/orders/checkout"
SKU = "IPHONE-15-128-BLACK"  # 25 in stock
SCARCE = "IPHONE-15-512-BLUE"  # 3 in stock


async def fill(caller: Caller, sku: str = SKU, quantity: int = 2) -> dict[str, Any]:
    basket: dict[str, Any] = (await caller("POST", ITEMS, {"sku": sku, "quantity": quantity})).json
    return basket


async def check_out(caller: Caller, basket: dict[str, Any], key: str = "key-00001", **more: Any) -> Answer:
    content = {"basketId": basket["id"], "basketVersion": basket["version"], **more}
    return await caller("POST", CHECKOUT, content, headers={"Idempotency-Key": key})


async def stock_of(caller: Caller, sku: str = SKU) -> tuple[int, int]:
    variant = caller.app.shop.shelf.get(sku).variant(sku)  # type: ignore[union-attr]
    assert variant is not None
    return variant.stock.available, variant.stock.reserved


def pass_time(caller: Caller, seconds: float) -> None:
    """Let time pass, and get a token that still holds then."""
    caller.clock.advance(seconds=seconds)
    caller.token = caller.with_scopes(*ACCOUNT.scopes).token


async def send_form(
    caller: Caller, url: str, choice: str, *, token: str | None = None, **headers: str
) -> Answer:
    path = url.removeprefix("http://127.0.0.1:8000")
    if token is None:
        shown = await caller("GET", path)
        found = re.search(r'name="token" value="([0-9a-f]+)"', shown.response.body.decode())
        token = found[1] if found else ""
    content = urlencode({"token": token, "choice": choice}).encode()
    sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return await caller("POST", path, content, headers=sent)


async def test_checkout_makes_an_order_holds_its_stock_and_empties_the_basket() -> None:
    caller = make_caller()
    basket = await fill(caller)

    answer = await check_out(caller, basket)

    order, link = answer.json["order"], answer.json["paymentLink"]
    assert (answer.status, order["number"], order["status"]) == (201, "M-100001", "pending_payment")
    assert answer.header("Location") == f"/api/v1/orders/{order['id']}"
    assert (link["status"], link["amount"]) == ("open", basket["totals"]["total"])
    assert await stock_of(caller) == (23, 2)
    left = (await caller("GET", "/api/v1/basket")).json
    assert (left["lines"], left["version"]) == ([], basket["version"] + 1)


async def test_the_same_key_makes_one_order() -> None:
    caller = make_caller()
    basket = await fill(caller)

    first = await check_out(caller, basket)
    second = await check_out(caller, basket)

    assert first.json == second.json
    assert second.header("Idempotency-Replayed") == "true"
    assert len((await caller("GET", "/api/v1/orders")).json["items"]) == 1
    assert await stock_of(caller) == (23, 2)


async def test_checkout_without_a_key_is_refused() -> None:
    caller = make_caller()
    basket = await fill(caller)

    answer = await caller("POST", CHECKOUT, {"basketId": basket["id"], "basketVersion": basket["version"]})

    assert (answer.status, answer.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"basketVersion": 99}, 409, "basket_version_conflict"),
        ({"basketId": "bas_other"}, 422, "validation_failed"),
        ({"expectedTotal": {"amount": 1, "currency": "EUR"}}, 409, "price_changed"),
        ({"expectedTotal": {"amount": 189800, "currency": "USD"}}, 409, "price_changed"),
        ({"provider": "barter"}, 422, "validation_failed"),
        ({"provider": "pay-later"}, 422, "validation_failed"),  # too much for it
        ({"email": "nobody"}, 422, "validation_failed"),
        ({"returnUrl": "javascript:alert(1)"}, 422, "validation_failed"),
        ({"card": "4111"}, 422, "validation_failed"),
    ],
)
async def test_what_the_shopper_did_not_agree_to_is_refused_and_changes_nothing(
    changes: dict[str, Any], status: int, code: str
) -> None:
    caller = make_caller()
    basket = await fill(caller)

    answer = await check_out(caller, basket, **changes)

    assert (answer.status, answer.code) == (status, code)
    assert (await caller("GET", "/api/v1/basket")).json["lines"] == basket["lines"]
    assert await stock_of(caller) == (25, 0)
    if code == "basket_version_conflict":
        assert answer.json["currentVersion"] == basket["version"]


async def test_the_expected_total_that_is_right_is_accepted() -> None:
    caller = make_caller()
    basket = await fill(caller)

    answer = await check_out(caller, basket, expectedTotal=basket["totals"]["total"], provider="museo-wallet")

    assert answer.json["paymentLink"]["provider"] == "museo-wallet"


async def test_an_empty_basket_cannot_be_ordered() -> None:
    caller = make_caller()
    basket = (await caller("GET", "/api/v1/basket")).json

    assert (await check_out(caller, basket)).code == "basket_empty"


async def test_who_comes_second_for_the_last_ones_hears_what_is_left() -> None:
    alice = make_caller()
    bob = Caller(alice.app, alice.clock, alice.token, "bob")
    hers, his = await fill(alice, SCARCE, 2), await fill(bob, SCARCE, 2)

    assert (await check_out(alice, hers)).status == 201
    refused = await check_out(bob, his)

    assert (refused.status, refused.code, refused.json["available"]) == (409, "insufficient_stock", 1)
    assert await stock_of(alice, SCARCE) == (1, 2)


async def test_a_provider_that_is_down_is_named_and_nothing_happens() -> None:
    caller = make_caller()
    basket = await fill(caller)
    caller.app.shop.providers_down.add("museo-card")

    refused = await check_out(caller, basket, provider="museo-card")
    other = await check_out(caller, basket, "key-00002")

    assert (refused.status, refused.code) == (503, "provider_unavailable")
    assert refused.header("Retry-After")
    assert other.json["paymentLink"]["provider"] == "museo-wallet"


async def test_an_unpaid_order_expires_and_gives_everything_back() -> None:
    caller = make_caller()
    basket = await fill(caller)
    order = (await check_out(caller, basket)).json["order"]
    await fill(caller, SKU, 1)

    pass_time(caller, 1_799)
    assert (await caller("GET", f"/api/v1/orders/{order['id']}")).json["status"] == "pending_payment"
    pass_time(caller, 1)
    expired = (await caller("GET", f"/api/v1/orders/{order['number']}")).json

    assert [event["status"] for event in expired["history"]] == ["pending_payment", "expired"]
    assert await stock_of(caller) == (25, 0)
    [line] = (await caller("GET", "/api/v1/basket")).json["lines"]
    assert (line["sku"], line["quantity"]) == (SKU, 3)


async def test_a_paid_order_moves_on_by_the_clock_at_the_times_that_are_due() -> None:
    caller = make_caller()
    made = (await check_out(caller, await fill(caller))).json
    paid = await send_form(caller, made["paymentLink"]["url"], "pay")
    seen = []
    began = 0.0
    for step in STEPS:
        pass_time(caller, step.seconds - began)
        began = step.seconds
        order = (await caller("GET", f"/api/v1/orders/{made['order']['id']}")).json
        seen.append((order["status"], order["shipments"][0]["status"]))

    assert paid.status == 303
    assert seen == [(step.status, step.shipment) for step in STEPS]
    assert await stock_of(caller) == (23, 0)
    assert [event["status"] for event in order["history"]] == [
        "pending_payment",
        "paid",
        "processing",
        "shipped",
        "delivered",
    ]
    tracked = await caller("GET", order["shipments"][0]["trackingUrl"].removeprefix("http://127.0.0.1:8000"))
    assert b"delivered" in tracked.response.body


async def test_what_happens_does_not_depend_on_who_watches() -> None:
    watched, unwatched = make_caller(), make_caller()
    histories = []
    for caller in (watched, unwatched):
        made = (await check_out(caller, await fill(caller))).json
        await send_form(caller, made["paymentLink"]["url"], "pay")
        for _ in range(40):
            pass_time(caller, 3_600)
            if caller is watched:
                await caller("GET", "/api/v1/orders")
        histories.append((await caller("GET", "/api/v1/orders")).json["items"][0]["history"])

    assert histories[0] == histories[1]


async def test_declining_cancels_and_gives_everything_back() -> None:
    caller = make_caller()
    made = (await check_out(caller, await fill(caller))).json
    await send_form(caller, made["paymentLink"]["url"], "decline")

    order = (await caller("GET", f"/api/v1/orders/{made['order']['id']}")).json
    assert order["status"] == "cancelled"
    assert await stock_of(caller) == (25, 0)
    assert (await caller("GET", "/api/v1/basket")).json["itemCount"] == 2


async def test_a_payment_form_is_good_once_and_only_from_its_own_page() -> None:
    caller = make_caller()
    made = (await check_out(caller, await fill(caller))).json
    url = made["paymentLink"]["url"]
    shown = await caller("GET", url.removeprefix("http://127.0.0.1:8000"))
    match = re.search(r'name="token" value="([0-9a-f]+)"', shown.response.body.decode())
    assert match is not None
    token = match[1]

    foreign = await send_form(caller, url, "pay", token=token, Origin="https://evil.example")
    crossing = await send_form(caller, url, "pay", token=token, **{"Sec-Fetch-Site": "cross-site"})
    guessed = await send_form(caller, url, "pay", token="0" * 64)
    unclear = await send_form(caller, url, "haggle", token=token)
    paid = await send_form(caller, url, "pay", token=token, Origin="http://127.0.0.1:8000")
    again = await send_form(caller, url, "pay", token=token)

    assert [answer.status for answer in (foreign, crossing, guessed, unclear)] == [403, 403, 403, 400]
    assert (paid.status, again.status) == (303, 403)
    page = await caller("GET", paid.header("Location") or "")
    assert b"Paid" in page.response.body
    assert b"<form" not in page.response.body
    assert "frame-ancestors 'none'" in (page.header("Content-Security-Policy") or "")


async def test_a_new_link_closes_the_former_one_and_holds_the_stock_longer() -> None:
    caller = make_caller()
    made = (await check_out(caller, await fill(caller))).json
    pass_time(caller, 1_000)
    path = f"/api/v1/orders/{made['order']['number']}/payment-link"
    renewed = await caller("POST", path, headers={"Idempotency-Key": "key-renew"})
    pass_time(caller, 1_000)

    former = await send_form(caller, made["paymentLink"]["url"], "pay", token="0")
    order = await caller("GET", f"/api/v1/orders/{made['order']['id']}")
    await send_form(caller, renewed.json["url"], "pay")
    too_late = await caller("POST", path, headers={"Idempotency-Key": "key-again"})

    assert (renewed.status, former.status, order.json["status"]) == (201, 403, "pending_payment")
    assert (too_late.status, too_late.code) == (409, "order_not_payable")


async def test_orders_of_others_do_not_exist() -> None:
    caller = make_caller()
    made = (await check_out(caller, await fill(caller))).json["order"]
    mallory = Caller(caller.app, caller.clock, caller.token, "mallory")

    for key in (made["id"], made["number"], "M-999999", "M-", "M-99999999999999999999"):
        assert (await mallory("GET", f"/api/v1/orders/{key}")).code == "order_not_found"
    assert (await mallory("GET", "/api/v1/orders")).json["items"] == []


async def test_orders_page_newest_first_and_by_status() -> None:
    caller = make_caller()
    for number in range(3):
        await check_out(caller, await fill(caller, SKU, 1), f"key-0000{number}")

    first = (await caller("GET", "/api/v1/orders?limit=2")).json
    rest = (await caller("GET", f"/api/v1/orders?limit=2&cursor={first['page']['next']}")).json
    none = (await caller("GET", "/api/v1/orders?status=paid")).json

    numbers = [order["number"] for order in first["items"] + rest["items"]]
    assert numbers == ["M-100003", "M-100002", "M-100001"]
    assert (none["items"], rest["page"]["next"]) == ([], None)
    assert (await caller("GET", "/api/v1/orders?status=lost")).status == 400


def test_every_way_through_the_table_ends_and_what_was_held_is_sold_or_given_back() -> None:
    for status, following in MOVES.items():
        assert status not in following
    assert {status for status, following in MOVES.items() if not following} == {
        "cancelled",
        "expired",
        "refunded",
    }
    assert set(MOVES["pending_payment"]) > UNPAID_ENDS
    assert [step.seconds for step in STEPS] == sorted(step.seconds for step in STEPS)
