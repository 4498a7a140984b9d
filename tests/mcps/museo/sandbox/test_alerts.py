from __future__ import annotations

from typing import Any

import pytest

from tests.mcps.museo.calling import Answer, Caller, make_caller

ALERTS = "/api/v1/stock-alerts"
SOLD_OUT = "IPHONE-15-512-BLACK"
IN_STOCK = "IPHONE-15-128-BLACK"


async def ask(caller: Caller, sku: str = SOLD_OUT, **more: Any) -> Answer:
    wanted = {"sku": sku, "channel": "email", "address": "a@example.org", "consent": True, **more}
    return await caller("POST", ALERTS, wanted)


async def fired(caller: Caller) -> list[str]:
    items = (await caller("GET", "/sandbox/alerts")).json["items"]
    return [item["id"] for item in items if item["firedAt"]]


async def restock(caller: Caller, sku: str, count: int) -> None:
    caller.app.shop.shelf.move_stock(sku, available=count, reserved=0)


async def test_an_alert_fires_once_when_the_stock_is_back() -> None:
    caller = make_caller()
    alert = (await ask(caller, locale="de")).json

    await restock(caller, SOLD_OUT, 2)
    assert await fired(caller) == [alert["id"]]
    await restock(caller, SOLD_OUT, -2)
    await restock(caller, SOLD_OUT, 2)

    items = (await caller("GET", "/sandbox/alerts")).json["items"]
    assert [item["id"] for item in items] == [alert["id"]]
    assert (items[0]["locale"], "address" in items[0]) == ("de", False)


async def test_a_change_of_the_administration_fires_too() -> None:
    caller = make_caller()
    alert = (await ask(caller)).json
    master = caller.app.shop.shelf.get(SOLD_OUT).master  # type: ignore[union-attr]
    content = (await caller("GET", f"/api/v1/admin/products/masters/{master.id}")).json
    variants = [
        {"sku": v["sku"], "prices": v["prices"], "options": v["options"], "stock": 1}
        for v in content["variants"]
    ]

    answer = await caller(
        "PUT",
        f"/api/v1/admin/products/masters/{master.id}",
        {"variants": variants},
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )

    assert answer.status == 200
    assert await fired(caller) == [alert["id"]]


async def test_the_same_alert_again_is_the_same_one() -> None:
    caller = make_caller()

    first, second = await ask(caller), await ask(caller)
    third = await ask(caller, channel="sms", address="+4915112345678")

    assert first.json == second.json
    assert third.json["id"] != first.json["id"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"sku": IN_STOCK}, 409, "invalid_request"),
        ({"sku": "NO-SUCH"}, 404, "variant_not_found"),
        ({"sku": "iphone-15"}, 404, "variant_not_found"),
        ({"consent": False}, 422, "validation_failed"),
        ({"address": "not an address"}, 422, "validation_failed"),
        ({"channel": "sms"}, 422, "validation_failed"),
        ({"channel": "pigeon"}, 422, "validation_failed"),
    ],
)
async def test_an_alert_that_makes_no_sense_is_refused(
    changes: dict[str, Any], status: int, code: str
) -> None:
    answer = await ask(make_caller(), **changes)

    assert (answer.status, answer.code) == (status, code)


async def test_an_alert_is_not_kept_for_ever() -> None:
    caller = make_caller()
    await ask(caller)
    caller.clock.advance(days=91)
    caller.token = caller.with_scopes("admin:products:write", "catalog:read").token
    await caller("GET", "/api/v1/catalog/products?limit=1")

    await restock(caller, SOLD_OUT, 2)

    assert await fired(caller) == []
