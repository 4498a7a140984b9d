from __future__ import annotations

import pytest

from tests.mcps.museo.calling import ACCOUNT, make_caller

SKU = "IPHONE-15-128-BLACK"


async def test_faults_begin_and_end_on_demand_and_never_hit_the_control_itself() -> None:
    caller = make_caller()

    told = await caller("PUT", "/sandbox/faults", {"spec": "status=503,retry-after=7"})
    failed = await caller("GET", "/api/v1/catalog/products")
    seen = await caller("GET", "/sandbox/faults")
    await caller("DELETE", "/sandbox/faults")
    mended = await caller("GET", "/api/v1/catalog/products")

    assert told.json == seen.json == {"spec": "status=503,retry-after=7"}
    assert (failed.status, failed.header("Retry-After"), mended.status) == (503, "7", 200)


async def test_a_specification_that_cannot_be_read_changes_nothing() -> None:
    caller = make_caller(fail="status=500")

    answer = await caller("PUT", "/sandbox/faults", {"spec": "speed=3"})

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert (await caller("GET", "/api/v1/catalog/products")).status == 500


async def test_the_clock_moves_on_and_with_it_all_that_is_due() -> None:
    caller = make_caller()
    basket = (await caller("POST", "/api/v1/basket/items", {"sku": SKU, "quantity": 1})).json
    content = {"basketId": basket["id"], "basketVersion": basket["version"]}
    order = (
        await caller("POST", "/api/v1/orders/checkout", content, headers={"Idempotency-Key": "key-00001"})
    ).json["order"]

    moved = await caller("POST", "/sandbox/clock", {"advanceSeconds": 1_800})
    caller.clock.advance(seconds=1_800)  # so that the next token is of that time
    caller.token = caller.with_scopes(*ACCOUNT.scopes).token
    caller.clock.advance(seconds=-1_800)
    seen = await caller("GET", f"/api/v1/orders/{order['id']}")
    back = await caller("POST", "/sandbox/clock", {"advanceSeconds": -1})

    assert moved.json["aheadSeconds"] == 1_800
    assert seen.json["status"] == "expired"
    assert back.status == 422


async def test_expired_tokens_are_refused_and_new_ones_accepted() -> None:
    caller = make_caller()

    await caller("POST", "/sandbox/tokens/expire")
    refused = await caller("GET", "/api/v1/catalog/products")
    caller.token = caller.with_scopes(*ACCOUNT.scopes).token
    accepted = await caller("GET", "/api/v1/catalog/products")

    assert (refused.status, refused.code, accepted.status) == (401, "invalid_token", 200)


async def test_staff_can_cancel_an_order_but_not_undo_one() -> None:
    caller = make_caller()
    basket = (await caller("POST", "/api/v1/basket/items", {"sku": SKU, "quantity": 1})).json
    content = {"basketId": basket["id"], "basketVersion": basket["version"]}
    order = (
        await caller("POST", "/api/v1/orders/checkout", content, headers={"Idempotency-Key": "key-00001"})
    ).json["order"]
    where = f"/sandbox/orders/{order['number']}/status"

    paid = await caller("PUT", where, {"status": "paid"})
    shipped = await caller("PUT", where, {"status": "processing"})
    back = await caller("PUT", where, {"status": "pending_payment"})
    missing = await caller("PUT", "/sandbox/orders/M-1/status", {"status": "paid"})

    assert [answer.json["status"] for answer in (paid, shipped)] == ["paid", "processing"]
    assert (back.status, back.code) == (409, "order_not_payable")
    assert missing.code == "order_not_found"


async def test_a_provider_breaks_and_mends() -> None:
    caller = make_caller()

    await caller("PUT", "/sandbox/providers/museo-card", {"isDown": True})
    assert caller.app.shop.providers_down == {"museo-card"}
    await caller("PUT", "/sandbox/providers/museo-card", {"isDown": False})
    unknown = await caller("PUT", "/sandbox/providers/barter", {"isDown": True})

    assert caller.app.shop.providers_down == set()
    assert unknown.status == 404


@pytest.mark.parametrize("path", ["/sandbox/faults", "/sandbox/clock", "/sandbox/alerts"])
async def test_only_the_administration_may(path: str) -> None:
    caller = make_caller().with_scopes("catalog:read", "basket:write", "admin:products:read")

    assert (await caller("GET", path)).code == "insufficient_scope"
