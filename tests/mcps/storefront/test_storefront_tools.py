"""The storefront's tools against the sandbox shop, as a real process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from mcps.kit.harness import Harness, open_harness
from mcps.museo.auth import ServiceAccount
from mcps.museo.client import STOREFRONT_SCOPES, open_museo
from mcps.storefront.tools import storefront_tools
from tests.fakes.mcp_child import open_child
from tests.fakes.museo_sandbox import open_sandbox

pytestmark = pytest.mark.real

ALICE = {"sub": "alice", "role": "customer"}
BOB = {"sub": "guest:bob", "role": "guest"}


@asynccontextmanager
async def open_storefront(*faults: str) -> AsyncIterator[Harness]:
    """The tools on a sandbox of their own."""
    account = ServiceAccount("mcp_dev_key", "mcp_dev_secret", STOREFRONT_SCOPES)
    with trio.fail_after(20):
        async with (
            open_sandbox(*faults) as sandbox,
            open_museo(sandbox.url, account) as shop,
            open_harness(storefront_tools(shop)) as harness,
        ):
            yield harness


async def test_search_understands_filters_order_and_pages() -> None:
    async with open_storefront() as shop:
        cheap = await shop.call(
            "search_products", {"query": "cheapest apple products under 100 euros", "limit": 2}
        )
        amounts = [item["price"]["amount"] for item in cheap.structured_content["items"]]
        assert amounts == sorted(amounts)
        assert max(amounts) <= 10_000
        assert all(item["brand"] == "Apple" for item in cheap.structured_content["items"])
        first = await shop.call("search_products", {"query": "kitchen", "limit": 3})
        cursor = first.structured_content["next"]
        second = await shop.call("search_products", {"query": "kitchen", "limit": 3, "cursor": cursor})
        seen = [item["productId"] for page in (first, second) for item in page.structured_content["items"]]
        assert len(seen) == len(set(seen)) == 6
        assert "There are more" in first.text


async def test_a_filter_that_fits_nothing_gives_way_to_the_words() -> None:
    async with open_storefront() as shop:
        found = await shop.call("search_products", {"query": "red nail polish"})
        assert found.structured_content["items"][0]["title"] == "Red Nail Polish"


async def test_nothing_found_is_an_empty_list_with_a_way_on() -> None:
    async with open_storefront() as shop:
        found = await shop.call("search_products", {"query": "zzqx"})
        assert found.structured_content["items"] == []
        assert "I found nothing" in found.text


@pytest.mark.parametrize("cursor", ["7.abc", "abc", "0.", ".x"])
async def test_a_foreign_cursor_is_refused_before_the_shop_is_asked(cursor: str) -> None:
    account = ServiceAccount("k", "s", STOREFRONT_SCOPES)
    async with (
        open_museo("http://127.0.0.1:9", account) as shop,
        open_harness(storefront_tools(shop)) as harness,
    ):
        refused = await harness.call("search_products", {"query": "lamp", "cursor": cursor})
    assert refused.structured_content["kind"] == "invalid_params"
    assert "cursor" in refused.text


async def test_a_product_is_known_by_title_slug_and_sku() -> None:
    async with open_storefront() as shop:
        for name in ("iPhone 15", "iphone-15", "IPHONE-15-128-BLACK"):
            product = (await shop.call("get_product_info", {"product": name})).structured_content["product"]
            assert product["title"] == "iPhone 15"
        assert {"sku", "options", "price", "available"} <= set(product["variants"][0])
        unclear = await shop.call("get_product_info", {"product": "iphone"})
        assert len(unclear.structured_content["candidates"]) > 1
        assert "Which one" in unclear.text
        unknown = await shop.call("get_product_info", {"product": "flux capacitor"})
        assert unknown.structured_content["apiCode"] == "product_not_found"


async def test_a_basket_is_filled_by_words_and_belongs_to_its_caller() -> None:
    async with open_storefront() as shop:
        choice = await shop.call(
            "add_to_basket", {"product": "iPhone 15", "options": {"storage": "128gb"}}, caller=ALICE
        )
        assert choice.structured_content["needsChoice"] == {
            "axis": "color",
            "values": ["Black", "Blue", "Pink"],
        }
        added = await shop.call(
            "add_to_basket", {"product": "iPhone 15 128gb black", "quantity": 2}, caller=ALICE
        )
        assert added.structured_content["added"]["sku"] == "IPHONE-15-128-BLACK"
        assert added.structured_content["basket"]["itemCount"] == 2
        basket = await shop.call("get_basket", {}, caller=ALICE)
        assert basket.structured_content["basket"]["lines"] == added.structured_content["basket"]["lines"]
        assert (await shop.call("get_basket", {}, caller=BOB)).text == "Your basket is empty."


async def test_a_repeated_turn_adds_once_and_another_turn_again() -> None:
    async with open_storefront() as shop:
        wanted = {"sku": "IPHONE-15-128-BLACK"}
        for turn in ("t1", "t1", "t2"):
            last = await shop.call("add_to_basket", wanted, caller={**ALICE, "turnId": turn})
        assert last.structured_content["basket"]["itemCount"] == 2
        for _ in range(2):
            keyed = await shop.call("add_to_basket", {**wanted, "idempotencyKey": "my-key-123"}, caller=ALICE)
        assert keyed.structured_content["basket"]["itemCount"] == 3


async def test_refusals_say_what_would_do() -> None:
    async with open_storefront() as shop:
        short = await shop.call(
            "add_to_basket", {"product": "iPhone 15 128gb black", "quantity": 60}, caller=ALICE
        )
        assert short.structured_content["apiCode"] == "insufficient_stock"
        assert short.structured_content["available"] == 25
        assert "25" in short.text
        sold_out = await shop.call(
            "add_to_basket", {"product": "iphone 15 pro 512gb natural titanium"}, caller=ALICE
        )
        assert sold_out.structured_content["available"] == 0
        assert "sold out" in sold_out.text
        unclear = await shop.call("add_to_basket", {"product": "iphone"}, caller=ALICE)
        assert unclear.structured_content["needsChoice"]["axis"] == "product"
        unknown = await shop.call("add_to_basket", {"sku": "NO-SUCH-1"}, caller=ALICE)
        assert unknown.structured_content["apiCode"] == "product_not_found"


async def test_nobodys_basket_is_refused_with_the_remedy() -> None:
    async with open_storefront() as shop:
        for tool, arguments in (("get_basket", {}), ("add_to_basket", {"sku": "X-1"})):
            refused = await shop.call(tool, arguments)
            assert refused.structured_content["kind"] == "authentication_error"
            assert "Sign in" in refused.text


async def test_a_shop_that_is_away_is_said_so_and_may_be_asked_again() -> None:
    account = ServiceAccount("k", "s", STOREFRONT_SCOPES)
    with trio.fail_after(20):
        async with (
            open_museo("http://127.0.0.1:9", account) as shop,
            open_harness(storefront_tools(shop)) as harness,
        ):
            away = await harness.call("search_products", {"query": "lamp"})
    assert away.structured_content["kind"] == "api_error"
    assert "try again" in away.text


async def test_the_server_as_a_process_serves_a_shopper() -> None:
    async with open_sandbox() as sandbox:
        env = {
            "MCP_MUSEO_API_URL": sandbox.url,
            "MCP_API_KEY": "mcp_dev_key",
            "MCP_API_SECRET": "mcp_dev_secret",
        }
        async with open_child("mcps.storefront", **env) as child:
            found = await child.call("search_products", {"query": "iPhone 15"})
            assert found["structuredContent"]["items"][0]["title"] == "iPhone 15"
            refused = await child.call("get_basket", {})
            assert refused["structuredContent"]["kind"] == "authentication_error"
            shown = await child.call("get_basket", {}, caller=ALICE)
            assert shown["structuredContent"]["basket"]["itemCount"] == 0
            assert await child.finish() == 0
