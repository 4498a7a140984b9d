"""The administration's tools against the sandbox shop."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from mcps.admin.tools import admin_tools
from mcps.kit.harness import open_harness
from mcps.museo.auth import ServiceAccount
from mcps.museo.client import ADMIN_SCOPES, open_museo
from mcps.museo.models import MasterPage
from tests.fakes.mcp_child import open_child
from tests.fakes.museo_sandbox import open_sandbox

ROOT = {"sub": "root", "role": "admin"}


class FakeShop:
    """A shop that must not be asked."""

    async def admin_list(self, **filters: Any) -> MasterPage:
        raise AssertionError(filters)


@pytest.mark.parametrize("role", ["guest", "customer", "operator", "service"])
async def test_whoever_is_no_administrator_reaches_no_shop(role: str) -> None:
    async with open_harness(admin_tools(FakeShop())) as harness:
        refused = await harness.call(
            "list_products", caller={"sub": "x", "role": role, "clientType": "web-admin"}
        )
    assert refused.structured_content["kind"] == "authentication_error"
    assert refused.structured_content["requiredRole"] == "admin"


async def test_an_anonymous_caller_reaches_no_shop() -> None:
    async with open_harness(admin_tools(FakeShop())) as harness:
        refused = await harness.call("list_products")
    assert refused.structured_content["kind"] == "authentication_error"


@pytest.mark.real
async def test_an_administrator_sees_products_by_filter_and_page() -> None:
    account = ServiceAccount("mcp_dev_key", "mcp_dev_secret", ADMIN_SCOPES)
    with trio.fail_after(20):
        async with (
            open_sandbox() as sandbox,
            open_museo(sandbox.url, account) as shop,
            open_harness(admin_tools(shop)) as harness,
        ):
            page = await harness.call(
                "list_products", {"query": "iphone", "limit": 2, "sort": "title"}, caller=ROOT
            )
            assert len(page.structured_content["items"]) == 2
            assert all(item["status"] in ("active", "draft") for item in page.structured_content["items"])
            rest = await harness.call(
                "list_products",
                {"query": "iphone", "limit": 2, "sort": "title", "cursor": page.structured_content["next"]},
                caller=ROOT,
            )
            ids = {item["id"] for one in (page, rest) for item in one.structured_content["items"]}
            assert len(ids) == 4
            low = await harness.call("list_products", {"stockBelow": 3, "limit": 100}, caller=ROOT)
            assert low.structured_content["items"]
            nothing = await harness.call("list_products", {"query": "zzqx", "brand": "Apple"}, caller=ROOT)
            assert nothing.text == 'No products match ("zzqx", brand Apple).'
            stale = await harness.call("list_products", {"cursor": "stale"}, caller=ROOT)
            assert stale.structured_content["kind"] == "invalid_params"
            assert "cursor" in stale.text


@pytest.mark.real
async def test_the_server_as_a_process_asks_for_the_role_itself() -> None:
    async with open_sandbox() as sandbox:
        env = {
            "MCP_MUSEO_API_URL": sandbox.url,
            "MCP_API_KEY": "mcp_dev_key",
            "MCP_API_SECRET": "mcp_dev_secret",
        }
        async with open_child("mcps.admin", **env) as child:
            refused = await child.call("list_products", {}, caller={"sub": "eve", "role": "customer"})
            assert refused["structuredContent"]["kind"] == "authentication_error"
            shown = await child.call("list_products", {"limit": 1}, caller=ROOT)
            assert len(shown["structuredContent"]["items"]) == 1
            assert await child.finish() == 0
