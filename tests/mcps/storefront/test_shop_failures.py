"""A shop that changes or fails under the shopper: what is said about it."""

from __future__ import annotations

import pytest

from mcps.museo.client import ADMIN_SCOPES, ServiceAccount, open_museo
from tests.fakes.storefront import PHONE, Storefront, open_storefront

pytestmark = pytest.mark.real


async def archive_phone(front: Storefront) -> None:
    """An administrator takes the iPhone 15 out of the shop."""
    account = ServiceAccount("mcp_dev_key", "mcp_dev_secret", ADMIN_SCOPES)
    async with open_museo(front.url, account) as admin:
        id = (await front.shop.product("iphone-15")).id
        await admin.admin_delete(id, version=(await admin.admin_get(id)).version)


async def test_a_product_that_is_no_longer_sold_is_said_so_everywhere() -> None:
    async with open_storefront() as front:
        await front.call("add_to_basket", sku=PHONE)
        await archive_phone(front)
        for tool, arguments in (
            ("get_product_info", {"product": "iphone-15"}),
            ("add_to_basket", {"product": "iphone-15"}),
            ("answer_question", {"product": "iphone-15", "question": "price?"}),
        ):
            gone = await front.harness.call(tool, arguments, caller={"sub": "alice", "role": "customer"})
            assert gone.structured_content["apiCode"] == "product_gone", tool
            assert gone.structured_content["messages"][0]["severity"] == "unrecoverable"
            assert "no longer sold" in gone.text
        instead = await front.call("recommend_products", product="iphone-15")
        assert instead.structured_content["basis"] == "popularity"
        assert "no longer sold" in instead.text
        compared = await front.call("compare_products", products=["iphone-15", "iphone-15-pro"])
        assert len(compared.structured_content["products"]) == 1
        assert "no longer sold" in compared.text
        basket = (await front.call("get_basket")).structured_content["basket"]
        assert basket["notices"] == ["line_unavailable"]
        assert basket["messages"][0]["code"] == "line_unavailable"
        assert basket["messages"][0]["severity"] == "requires_buyer_input"


async def test_a_shop_that_asks_to_slow_down_is_said_so_with_the_time() -> None:
    async with open_storefront("/api/v1/search:status=429,retry-after=30") as front:
        limited = await front.call("search_products", query="lamp")
        assert limited.structured_content["kind"] == "rate_limit_error"
        assert limited.structured_content["retryAfterMs"] == 30_000


async def test_a_basket_out_of_reach_is_an_api_error_that_may_be_tried_again() -> None:
    async with open_storefront("/api/v1/basket:status=503") as front:
        away = await front.call("get_basket")
        assert away.structured_content["kind"] == "api_error"
        assert "try again" in away.text
