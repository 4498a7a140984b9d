"""What the client sends for orders, alerts and the administration."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
import trio

from mcps.museo.client import MuseoClient, ServiceAccount, open_museo
from mcps.museo.errors import ApiRejected
from mcps.museo.models import Money

ACCOUNT = ServiceAccount("key", "secret")
TOKEN = {"access_token": "t1", "token_type": "Bearer", "expires_in": 900, "scope": ""}
MONEY = {"amount": 100, "currency": "EUR"}
TIME = "2026-10-01T12:00:00Z"
ORDER = {
    "id": "ord_1",
    "number": "M-100042",
    "status": "shipped",
    "lines": [],
    "totals": dict.fromkeys(("subtotal", "discount", "shipping", "tax", "total"), MONEY),
    "shipments": [{"carrier": "Museo Post", "status": "in_transit", "estimatedDelivery": "2026-10-03"}],
    "history": [{"status": "paid", "at": TIME}],
    "createdAt": TIME,
    "updatedAt": TIME,
}
LINK = {
    "id": "pay_1",
    "url": "https://pay.example/pay_1",
    "provider": "museo-card",
    "amount": MONEY,
    "status": "open",
    "expiresAt": TIME,
}
MASTER = {
    "id": "pm_1",
    "version": 2,
    "status": "draft",
    "title": {"en": "A"},
    "slug": "a",
    "variants": [],
    "createdAt": TIME,
    "updatedAt": TIME,
}
JOB = {
    "id": "imp_1",
    "status": "queued",
    "dryRun": True,
    "counts": {"rows": 0, "created": 0, "updated": 0, "skipped": 0, "failed": 0},
}
REPLIES: dict[str, tuple[int, Any]] = {
    "/api/v1/orders/checkout": (201, {"order": ORDER, "paymentLink": LINK}),
    "/api/v1/orders": (200, {"items": [ORDER], "page": {"limit": 3, "next": None}}),
    "/api/v1/orders/M-100042": (200, ORDER),
    "/api/v1/orders/M-100042/payment-link": (201, LINK),
    "/api/v1/payment/providers": (
        200,
        {"items": [{"id": "p", "name": "P", "kind": "card", "currencies": ["EUR"]}]},
    ),
    "/api/v1/catalog/products/a/recommendations": (200, {"items": [], "page": {"limit": 5, "next": None}}),
    "/api/v1/stock-alerts": (201, {"id": "alr_1", "expiresAt": TIME}),
    "/api/v1/admin/products/masters": (201, MASTER),
    "/api/v1/admin/products/masters/pm_1": (200, MASTER),
    "/api/v1/admin/products/imports": (202, JOB),
    "/api/v1/admin/products/imports/imp_1": (
        200,
        {**JOB, "status": "partially_succeeded", "errors": [{"row": 3, "code": "validation_failed"}]},
    ),
}


class FakeShop(httpx.AsyncBaseTransport):
    """Answers each path with what the contract would, or with one refusal; keeps what it was asked."""

    def __init__(self, refusal: tuple[int, dict[str, Any]] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self._refusal = refusal

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        if request.url.path == "/api/v1/auth/token":
            return httpx.Response(200, json=TOKEN)
        self.requests.append(request)
        status, body = self._refusal or REPLIES[request.url.path]
        return httpx.Response(status, json=body)

    @property
    def last(self) -> httpx.Request:
        return self.requests[-1]


async def test_checkout_says_what_the_shopper_agreed_to_and_nothing_that_was_not_said() -> None:
    shop = FakeShop()
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        made = await museo.checkout(
            "alice",
            "bas_1",
            7,
            provider="museo-card",
            email="a@example.org",
            expected_total=Money(100, "EUR"),
            idempotency_key="turn-1-pay",
        )
        full = shop.last
        await museo.checkout("alice", "bas_1", 7, idempotency_key="turn-2-pay")

    assert (full.headers["X-Museo-User"], full.headers["Idempotency-Key"]) == ("alice", "turn-1-pay")
    assert msgspec.json.decode(full.content) == {
        "basketId": "bas_1",
        "basketVersion": 7,
        "provider": "museo-card",
        "email": "a@example.org",
        "expectedTotal": MONEY,
    }
    assert msgspec.json.decode(shop.last.content) == {"basketId": "bas_1", "basketVersion": 7}
    assert (made.order.number, made.payment_link.status) == ("M-100042", "open")


async def test_orders_are_read_with_their_parcels_and_history() -> None:
    shop = FakeShop()
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        page = await museo.orders("alice", status="shipped", limit=3)
        listed = shop.last
        order = await museo.order("alice", "M-100042")
        link = await museo.renew_payment_link("alice", "M-100042", idempotency_key="turn-3-pay")
        renewed = shop.last
        providers = await museo.payment_providers("EUR", "DE")

    assert dict(listed.url.params) == {"status": "shipped", "limit": "3"}
    assert page.items == [order]
    assert (order.shipments[0].estimated_delivery, order.history[0].status) == ("2026-10-03", "paid")
    assert (renewed.method, renewed.headers["Idempotency-Key"], link.id) == ("POST", "turn-3-pay", "pay_1")
    assert dict(shop.last.url.params) == {"currency": "EUR", "country": "DE"}
    assert providers[0].kind == "card"


async def test_recommendations_and_alerts_name_the_product() -> None:
    shop = FakeShop()
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        await museo.recommendations("a", "accessories", limit=5, locale="de")
        asked = shop.last
        alert = await museo.stock_alert(
            "alice",
            "SKU-1",
            "email",
            "a@example.org",
            consent=True,
            locale="de",
            idempotency_key="turn-4-alert",
        )

    assert dict(asked.url.params) == {"kind": "accessories", "limit": "5"}
    assert asked.headers["Accept-Language"] == "de"
    assert msgspec.json.decode(shop.last.content) == {
        "sku": "SKU-1",
        "channel": "email",
        "address": "a@example.org",
        "consent": True,
        "locale": "de",
    }
    assert alert.id == "alr_1"


async def test_changes_of_masters_name_the_version_and_who_makes_them() -> None:
    shop = FakeShop()
    new = {"title": {"en": "A"}, "variants": [{"sku": "A", "prices": [MONEY]}]}
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        await museo.admin_create(new, actor="ada", dry_run=True, idempotency_key="turn-5-create")
        created = shop.last
        await museo.admin_update("pm_1", {"brand": None}, version=2, actor="ada")
        patched = shop.last
        await museo.admin_replace("pm_1", new, version=2, dry_run=True)
        replaced = shop.last
        await museo.admin_delete("pm_1", version=2, actor="no header\r\nInjected: 1")
        deleted = shop.last

    assert (dict(created.url.params), created.headers["X-Museo-Actor"]) == ({"dryRun": "true"}, "ada")
    assert (patched.method, patched.headers["Content-Type"]) == ("PUT", "application/merge-patch+json")
    assert (patched.headers["If-Match"], patched.content) == ('"2"', b'{"brand":null}')
    assert (replaced.method, replaced.headers["Content-Type"]) == ("PUT", "application/json")
    assert (deleted.method, deleted.headers["If-Match"]) == ("DELETE", '"2"')
    assert "X-Museo-Actor" not in deleted.headers


async def test_an_import_is_sent_as_it_is_and_asked_about() -> None:
    shop = FakeShop()
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        job = await museo.start_import(b"sku;title\n", "text/csv", actor="ada", idempotency_key="turn-6-file")
        sent = shop.last
        later = await museo.import_job(job.id)

    assert (sent.content, sent.headers["Content-Type"]) == (b"sku;title\n", "text/csv")
    assert dict(sent.url.params) == {"dryRun": "true"}
    assert (job.is_over, later.is_over, later.errors[0].row) == (False, True, 3)


async def _create(museo: MuseoClient) -> object:
    return await museo.admin_create({}, idempotency_key="turn-7-create")


async def _checkout(museo: MuseoClient) -> object:
    return await museo.checkout("alice", "bas_1", 1, idempotency_key="turn-8-pay")


@pytest.mark.parametrize(
    ("call", "status", "members"),
    [
        (_checkout, 409, {"code": "insufficient_stock", "available": 2}),
        (_checkout, 412, {"code": "basket_version_conflict", "currentVersion": 9}),
        (_create, 422, {"code": "validation_failed", "errors": [{"pointer": "/title", "detail": "missing"}]}),
    ],
)
async def test_refusals_keep_what_a_tool_can_act_on(call: Any, status: int, members: dict[str, Any]) -> None:
    problem = {"type": "about:blank", "title": "No", "status": status, **members}
    shop = FakeShop((status, problem))
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        with pytest.raises(ApiRejected) as refused:
            await call(museo)

    read = refused.value.problem
    assert refused.value.code == members["code"]
    assert read.available == members.get("available")
    assert read.current_version == members.get("currentVersion")
    assert [fault.pointer for fault in read.errors] == [f["pointer"] for f in members.get("errors", [])]
