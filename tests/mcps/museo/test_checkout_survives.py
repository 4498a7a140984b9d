"""A checkout whose answer is lost, and one in whose middle the shop is killed: one order, or none."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import httpx
import pytest
import trio

from mcps.museo.client import ADMIN_SCOPES, STOREFRONT_SCOPES, MuseoClient, ServiceAccount, open_museo
from mcps.museo.errors import ApiError, ApiUnavailable
from mcps.museo.sandbox.__main__ import DEV_KEY, DEV_SECRET
from tests.fakes.museo_sandbox import Sandbox, open_sandbox

pytestmark = pytest.mark.real

SKU = "IPHONE-15-128-BLACK"
IN_STOCK = 25
ACCOUNT = ServiceAccount(DEV_KEY, DEV_SECRET, STOREFRONT_SCOPES + ADMIN_SCOPES)


async def in_stock(museo: MuseoClient) -> int:
    product = await museo.product(SKU)
    return next(variant.available for variant in product.variants if variant.sku == SKU)


async def test_a_checkout_whose_answer_is_lost_and_repeated_makes_one_order() -> None:
    fail = "POST /api/v1/orders/checkout:drop=1,first=1"
    async with open_sandbox("--fail", fail) as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        basket = await museo.add_item("alice", SKU, 2, idempotency_key="turn-1-step-1")
        made = await museo.checkout("alice", basket.id, basket.version, idempotency_key="turn-2-pay")
        orders = await museo.orders("alice")
        left = await in_stock(museo)

    assert [order.id for order in orders.items] == [made.order.id]
    assert left == IN_STOCK - 2


async def test_a_caller_that_gave_up_and_asks_again_with_its_key_gets_its_order() -> None:
    fail = "POST /api/v1/orders/checkout:drop=1,first=3"  # all attempts of the first call
    async with open_sandbox("--fail", fail) as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        basket = await museo.add_item("alice", SKU, 1, idempotency_key="turn-1-step-1")
        with pytest.raises(ApiUnavailable) as lost:
            await museo.checkout("alice", basket.id, basket.version, idempotency_key="turn-2-pay")
        made = await museo.checkout("alice", basket.id, basket.version, idempotency_key="turn-2-pay")
        orders = await museo.orders("alice")

    assert lost.value.maybe_done
    assert [order.id for order in orders.items] == [made.order.id]


async def test_a_kill_in_the_middle_of_checkouts_leaves_each_of_them_whole_or_undone(tmp_path: Path) -> None:
    state = str(tmp_path / "shop.db")
    users = [f"user{number}" for number in range(20)]
    answered: dict[str, str] = {}
    some = trio.Event()

    async def check_out(museo: MuseoClient, user: str, version: int, basket_id: str) -> None:
        try:
            made = await museo.checkout(user, basket_id, version, idempotency_key=f"{user}-pay")
        except ApiError:
            return  # the kill
        answered[user] = made.order.id
        if len(answered) >= 5:
            some.set()

    async def kill_when_busy(sandbox: Sandbox) -> None:
        await some.wait()
        sandbox.kill()

    async with open_sandbox("--state", state) as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        with trio.fail_after(30):
            baskets = [await museo.add_item(user, SKU, 1, idempotency_key=f"{user}-add") for user in users]
            async with trio.open_nursery() as nursery:
                nursery.start_soon(kill_when_busy, sandbox)
                for user, basket in zip(users, baskets, strict=True):
                    nursery.start_soon(check_out, museo, user, basket.version, basket.id)

    with sqlite3.connect(state) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    async with open_sandbox("--state", state) as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        with trio.fail_after(30):
            sold = 0
            for user, basket in zip(users, baskets, strict=True):
                orders = (await museo.orders(user)).items
                lines = (await museo.basket(user)).lines
                assert (len(orders), len(lines)) in ((1, 0), (0, 1))  # whole or undone, never both
                assert user not in answered or [order.id for order in orders] == [answered[user]]
                sold += len(orders)
                again = await museo.checkout(user, basket.id, basket.version, idempotency_key=f"{user}-pay")
                assert not orders or again.order.id == orders[0].id
            left = await in_stock(museo)

    assert len(answered) <= sold
    assert left == IN_STOCK - len(users)


async def test_an_unpaid_order_of_a_killed_shop_expires_and_its_stock_is_free_again(tmp_path: Path) -> None:
    state = str(tmp_path / "shop.db")
    async with open_sandbox("--state", state) as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        basket = await museo.add_item("alice", SKU, 3, idempotency_key="turn-1-step-1")
        made = await museo.checkout("alice", basket.id, basket.version, idempotency_key="turn-2-pay")
        sandbox.kill()

    async with open_sandbox("--state", state) as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        held = await in_stock(museo)
        await _control(sandbox, "POST", "/sandbox/clock", {"advanceSeconds": 1_801})
        order = await museo.order("alice", made.order.number)
        free = await in_stock(museo)
        restored = await museo.basket("alice")

    assert (held, free, order.status) == (IN_STOCK - 3, IN_STOCK, "expired")
    assert [(line.sku, line.quantity) for line in restored.lines] == [(SKU, 3)]


async def test_a_shopper_pays_in_the_browser_and_the_parcel_goes_out() -> None:
    async with open_sandbox() as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        basket = await museo.add_item("alice", SKU, 1, idempotency_key="turn-1-step-1")
        made = await museo.checkout("alice", basket.id, basket.version, idempotency_key="turn-2-pay")
        async with httpx.AsyncClient(follow_redirects=True) as browser:
            page = await browser.get(made.payment_link.url)
            found = re.search(r'name="token" value="([0-9a-f]+)"', page.text)
            assert found is not None
            paid = await browser.post(
                made.payment_link.url,
                data={"token": found[1], "choice": "pay"},
                headers={"Origin": sandbox.url},
            )
        order = await museo.order("alice", made.order.id)
        await _control(sandbox, "POST", "/sandbox/clock", {"advanceSeconds": 7_200})
        later = await museo.order("alice", made.order.id)

    assert paid.status_code == 200
    assert "Paid, thank you" in paid.text
    assert (order.status, later.status) == ("paid", "shipped")
    assert later.shipments[0].status == "in_transit"


async def test_the_client_gets_a_new_token_when_the_shop_expires_its_own() -> None:
    async with open_sandbox() as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        await museo.orders("alice")
        await _control(sandbox, "POST", "/sandbox/tokens/expire", None)

        assert (await museo.orders("alice")).items == []


async def _control(sandbox: Sandbox, method: str, path: str, content: object) -> None:
    """What only a stand-in can do, asked for as the administration."""
    async with httpx.AsyncClient(base_url=sandbox.url) as http:
        form = {"grant_type": "client_credentials"}
        reply = await http.post("/api/v1/auth/token", data=form, auth=(DEV_KEY, DEV_SECRET))
        token = reply.json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        response = await http.request(method, path, json=content, headers=headers)
    assert response.status_code == 200, response.text
