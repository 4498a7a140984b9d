"""The tools of the administration server."""

from __future__ import annotations

from pathlib import Path

from mcps.admin import listing
from mcps.admin.listing import ListArguments
from mcps.admin.shop import Shop
from mcps.kit.context import Context
from mcps.kit.tool import Reply, Tool, read_definitions, tool

DEFINITIONS = read_definitions(Path(__file__).with_name("tools.json"))


def admin_tools(shop: Shop) -> list[Tool]:
    """The tools, working on `shop`."""

    @tool(DEFINITIONS["list_products"])
    async def list_products(arguments: ListArguments, context: Context) -> Reply:
        return await listing.show(shop, arguments, context)

    return [list_products]
