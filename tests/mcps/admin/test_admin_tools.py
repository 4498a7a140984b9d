"""The administration's tools against the sandbox shop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import trio

from mcps.admin.tools import admin_tools
from mcps.kit.harness import Harness, open_harness
from mcps.museo.auth import ServiceAccount
from mcps.museo.client import ADMIN_SCOPES, MuseoClient, open_museo
from museod.wire.envelope import CONFIRMED
from museod.wire.tools import ToolResult
from tests.fakes.admin_shop import UnaskedShop
from tests.fakes.mcp_child import open_child
from tests.fakes.museo_sandbox import open_sandbox

ROOT = {"sub": "root", "role": "admin"}
PRICE = {"amount": 1000, "currency": "EUR"}
CALLS: dict[str, dict[str, Any]] = {
    "list_products": {},
    "create_product": {"title": "Lamp", "price": PRICE},
    "create_from_file": {"source": {"text": "sku;title;price\nA;a;1\n", "format": "csv"}},
    "update_product": {"product": "pm_1", "changes": {"brand": "Lux"}},
    "delete_product": {"product": "pm_1"},
}


@pytest.mark.parametrize("tool", CALLS)
@pytest.mark.parametrize("role", ["guest", "customer", "operator", "service"])
async def test_whoever_is_no_administrator_reaches_no_shop(role: str, tool: str) -> None:
    async with open_harness(admin_tools(UnaskedShop())) as harness:
        refused = await harness.call(
            tool,
            CALLS[tool],
            caller={"sub": "x", "role": role, "scopes": ["admin"], "clientType": "web-admin"},
            meta={CONFIRMED: {"sub": "x"}},
        )
    assert refused.structured_content["kind"] == "authentication_error"
    assert refused.structured_content["requiredRole"] == "admin"


@pytest.mark.parametrize("tool", CALLS)
async def test_an_anonymous_caller_reaches_no_shop(tool: str) -> None:
    async with open_harness(admin_tools(UnaskedShop())) as harness:
        for caller in (None, {"role": "admin"}):
            refused = await harness.call(tool, CALLS[tool], caller=caller)
            assert refused.structured_content["kind"] == "authentication_error"


@pytest.mark.parametrize(
    "named", ["all", "ALL", " everything ", "*", "%", "todos", "alle Produkte", "tüm ürünler", "tất cả"]
)
async def test_all_products_at_once_are_never_meant(named: str) -> None:
    async with open_harness(admin_tools(UnaskedShop())) as harness:
        for tool, more in (("delete_product", {}), ("update_product", {"changes": {"brand": "x"}})):
            refused = await harness.call(
                tool, {"product": named, **more}, caller=ROOT, meta={CONFIRMED: {"sub": "root"}}
            )
            assert refused.structured_content["reason"] == "one_at_a_time"


@dataclass
class Admin:
    """An administrator at the tools of a real sandbox."""

    harness: Harness
    shop: MuseoClient

    async def call(self, tool: str, *, yes: bool = False, **arguments: Any) -> ToolResult:
        meta = {CONFIRMED: {"sub": "root"}} if yes else {}
        return await self.harness.call(tool, arguments, caller=ROOT, meta=meta)

    async def make(self, title: str, **more: Any) -> dict[str, Any]:
        made = await self.call("create_product", title=title, **({"price": PRICE} | more))
        assert not made.is_error, made.text
        product: dict[str, Any] = made.structured_content["product"]
        return product


@asynccontextmanager
async def open_admin() -> AsyncIterator[Admin]:
    account = ServiceAccount("mcp_dev_key", "mcp_dev_secret", ADMIN_SCOPES)
    with trio.fail_after(40):
        async with (
            open_sandbox() as sandbox,
            open_museo(sandbox.url, account) as shop,
            open_harness(admin_tools(shop)) as harness,
        ):
            yield Admin(harness, shop)


@pytest.mark.real
async def test_an_administrator_sees_products_by_filter_and_page() -> None:
    async with open_admin() as admin:
        page = await admin.call("list_products", query="iphone", limit=2, sort="title")
        assert len(page.structured_content["items"]) == 2
        assert all(item["status"] in ("active", "draft") for item in page.structured_content["items"])
        rest = await admin.call(
            "list_products", query="iphone", limit=2, sort="title", cursor=page.structured_content["next"]
        )
        ids = {item["id"] for one in (page, rest) for item in one.structured_content["items"]}
        assert len(ids) == 4
        low = await admin.call("list_products", stockBelow=3, limit=100)
        assert low.structured_content["items"]
        nothing = await admin.call("list_products", query="zzqx", brand="Apple")
        assert nothing.text == 'No products match ("zzqx", brand Apple).'
        stale = await admin.call("list_products", cursor="stale")
        assert stale.structured_content["kind"] == "invalid_params"
        assert "cursor" in stale.text


@pytest.mark.real
async def test_a_product_is_made_as_a_draft_and_a_taken_sku_is_told_with_its_owner() -> None:
    async with open_admin() as admin:
        rehearsed = await admin.call("create_product", title="Desk lamp", price=PRICE, sku="L-1", dryRun=True)
        assert rehearsed.structured_content["dryRun"] is True
        assert not (await admin.call("list_products", query="desk lamp")).structured_content["items"]
        made = await admin.make("Desk lamp", sku="L-1", stock=3, attributes={"color": "red"})
        assert (made["status"], made["skus"], made["stock"], made["price"]) == ("draft", ["L-1"], 3, PRICE)
        taken = await admin.call("create_product", title="Other lamp", price=PRICE, sku="L-1")
        assert taken.structured_content["apiCode"] == "sku_taken"
        assert taken.text == "SKU L-1 already belongs to Desk lamp. Update that product instead?"
        assert taken.structured_content["product"]["id"] == made["id"]


@pytest.mark.real
async def test_what_a_product_lacks_or_gets_wrong_is_named() -> None:
    async with open_admin() as admin:
        unpriced = await admin.call("create_product", title="Lamp", stock=1)
        assert unpriced.text.startswith("What should Lamp cost?")
        assert unpriced.structured_content["field"] == "price"
        both = await admin.call(
            "create_product", title="Lamp", price=PRICE, variants=[{"sku": "a", "prices": [PRICE]}]
        )
        assert "price and variants" in both.text
        for change, named in (
            ({"price": {"amount": 1, "currency": "XXX"}}, "variants.0.prices.0.currency"),
            ({"categories": ["Not A Slug"]}, "categories.0"),
            ({"sku": "a b"}, "sku"),
            ({"imageUrls": ["javascript:alert(1)"]}, "imageUrls"),
            ({"attributes": {"Big Key": 1}}, "attributes"),
            ({"stock": -1}, "stock"),
            ({"role": "admin"}, "role"),
        ):
            refused = await admin.call("create_product", **({"title": "Lamp", "price": PRICE} | change))
            assert refused.structured_content["kind"] == "invalid_params", refused.text
            assert named in refused.text


@pytest.mark.real
async def test_variants_and_languages_are_made_together_and_a_repeated_key_makes_one_product() -> None:
    async with open_admin() as admin:
        variants = [
            {"sku": f"S-{size}", "options": {"Size": size}, "prices": [PRICE], "stock": 2}
            for size in ("M", "L")
        ]
        call = {"title": {"en": "Shirt", "de": "Hemd"}, "variants": variants, "idempotencyKey": "once-only"}
        first, second = [await admin.call("create_product", **call) for _ in range(2)]
        assert first.structured_content["product"] == second.structured_content["product"]
        master = await admin.shop.admin_get(first.structured_content["product"]["id"])
        assert (master.title["de"], master.option_axes) == ("Hemd", ["Size"])
        assert [variant.options for variant in master.variants] == [{"Size": "M"}, {"Size": "L"}]


@pytest.mark.real
async def test_a_change_is_previewed_made_and_told() -> None:
    async with open_admin() as admin:
        made = await admin.make("Desk lamp", sku="L-1", stock=3, attributes={"color": "red", "watt": 5})
        changes = {
            "price": {"amount": 1200, "currency": "EUR"},
            "brand": "Lux",
            "attributes": {"color": "blue"},
        }
        preview = await admin.call("update_product", product="L-1", changes=changes, dryRun=True)
        assert (await admin.shop.admin_get(made["id"])).version == 1
        done = await admin.call("update_product", product=made["id"], changes=changes)
        assert preview.structured_content["changed"] == done.structured_content["changed"]
        changed = {one["field"]: (one["from"], one["to"]) for one in done.structured_content["changed"]}
        assert changed["L-1.price.EUR"] == (1000, 1200)
        assert changed["brand"] == (None, "Lux")
        assert "10.00 EUR → 12.00 EUR" in done.text
        master = await admin.shop.admin_get(made["id"])
        assert (master.version, master.brand, master.variants[0].stock.available) == (2, "Lux", 3)
        assert {one.key: one.value for one in master.attributes} == {"color": "blue", "watt": 5}
        again = await admin.call("update_product", product="Desk lamp", changes={"brand": "Lux"})
        assert again.structured_content["changed"] == []


@pytest.mark.real
@pytest.mark.parametrize(
    ("amount", "needs_yes"), [(1300, False), (1301, True), (700, False), (699, True), (0, True)]
)
async def test_a_price_that_moves_by_more_than_30_percent_needs_a_yes(amount: int, needs_yes: bool) -> None:
    async with open_admin() as admin:
        made = await admin.make("Desk lamp", sku="L-1")
        changes = {"price": {"amount": amount, "currency": "EUR"}}
        answer = await admin.call("update_product", product="Desk lamp", changes=changes)
        assert answer.is_error is needs_yes
        if not needs_yes:
            return
        content = answer.structured_content
        assert (content["kind"], content["reason"]) == ("invalid_request", "confirmation_required")
        assert f"goes from 10.00 EUR to {amount / 100:.2f} EUR" in content["summary"]
        assert (await admin.shop.admin_get(made["id"])).version == 1, "something was done without a yes"
        assert content["arguments"]["expectedVersion"] == 1
        done = await admin.call("update_product", yes=True, **content["arguments"])
        assert done.structured_content["product"]["price"]["amount"] == amount


@pytest.mark.real
async def test_a_variant_that_would_go_needs_a_yes_and_one_of_several_is_changed_by_its_sku() -> None:
    async with open_admin() as admin:
        variants = [
            {"sku": f"S-{s}", "options": {"Size": s}, "prices": [PRICE], "stock": 2} for s in ("M", "L")
        ]
        made = (await admin.call("create_product", title="Shirt", variants=variants)).structured_content[
            "product"
        ]
        which = await admin.call("update_product", product=made["id"], changes={"stock": 9})
        assert which.structured_content["reason"] == "ambiguous"
        assert "S-M, S-L" in which.text
        await admin.call("update_product", product="s-l", changes={"stock": 9, "sku": "S-XL"})
        master = await admin.shop.admin_get(made["id"])
        assert {one.sku: one.stock.available for one in master.variants} == {"S-M": 2, "S-XL": 9}
        asked = await admin.call("update_product", product=made["id"], changes={"variants": variants[:1]})
        assert "S-XL is taken out of the shop" in asked.structured_content["summary"]
        assert len((await admin.shop.admin_get(made["id"])).variants) == 2


@pytest.mark.real
async def test_a_product_that_somebody_else_changed_is_shown_as_it_is_now() -> None:
    async with open_admin() as admin:
        made = await admin.make("Desk lamp", sku="L-1")
        await admin.call("update_product", product="L-1", changes={"brand": "Lux"})
        for tool, more in (("update_product", {"changes": {"brand": "Nox"}}), ("delete_product", {})):
            late = await admin.call(tool, yes=True, product=made["id"], expectedVersion=1, **more)
            assert late.structured_content["apiCode"] == "version_conflict"
            assert late.structured_content["product"]["version"] == 2
        assert (await admin.shop.admin_get(made["id"])).brand == "Lux"


@pytest.mark.real
async def test_several_matches_are_a_choice_and_none_is_said() -> None:
    async with open_admin() as admin:
        for sku in ("L-1", "L-2"):
            await admin.make("Desk lamp", sku=sku)
        for tool, more in (("update_product", {"changes": {"brand": "x"}}), ("delete_product", {})):
            several = await admin.call(tool, yes=True, product="desk LAMP", **more)
            assert several.structured_content["reason"] == "ambiguous"
            assert {one["sku"] for one in several.structured_content["choices"]} == {"L-1", "L-2"}
            for unknown in ("zzqx nothing", "pm_nothing"):
                none = await admin.call(tool, yes=True, product=unknown, **more)
                assert none.structured_content["apiCode"] == "product_not_found"
                assert "I found no product called" in none.text


@pytest.mark.real
async def test_one_product_is_archived_after_a_yes_and_can_be_brought_back() -> None:
    async with open_admin() as admin:
        made = await admin.make("Desk lamp", sku="L-1", status="active")
        asked = await admin.call("delete_product", product="Desk lamp")
        content = asked.structured_content
        assert content["reason"] == "confirmation_required"
        assert content["summary"] == "Archive Desk lamp (L-1)? It disappears from the shop; orders stay."
        assert (await admin.shop.admin_get(made["id"])).status == "active"
        done = await admin.call("delete_product", yes=True, **content["arguments"])
        assert done.structured_content["product"]["status"] == "archived"
        again = await admin.call("delete_product", product=made["id"])
        assert not again.is_error
        assert again.text == "Desk lamp is already archived."
        back = await admin.call("update_product", product="L-1", changes={"status": "active"})
        assert back.structured_content["product"]["status"] == "active"


@pytest.mark.real
async def test_the_server_as_a_process_asks_for_the_role_itself() -> None:
    async with open_sandbox() as sandbox:
        env = {
            "MCP_MUSEO_API_URL": sandbox.url,
            "MCP_API_KEY": "mcp_dev_key",
            "MCP_API_SECRET": "mcp_dev_secret",
        }
        async with open_child("mcps.admin", **env) as child:
            for tool, arguments in CALLS.items():
                refused = await child.call(tool, arguments, caller={"sub": "eve", "role": "customer"})
                assert refused["structuredContent"]["kind"] == "authentication_error"
            shown = await child.call("list_products", {"limit": 1}, caller=ROOT)
            assert len(shown["structuredContent"]["items"]) == 1
            assert await child.finish() == 0
