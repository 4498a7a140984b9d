"""The tools of the storefront server."""

from __future__ import annotations

from pathlib import Path

from mcps.kit.context import Context
from mcps.kit.tool import Reply, Tool, read_definitions, tool
from mcps.storefront import basket, changes, products, search
from mcps.storefront.basket import AddArguments, BasketArguments
from mcps.storefront.changes import RemoveArguments, UpdateArguments
from mcps.storefront.products import InfoArguments
from mcps.storefront.search import SearchArguments
from mcps.storefront.shop import Shop

DEFINITIONS = read_definitions(Path(__file__).with_name("tools.json"))


def storefront_tools(shop: Shop) -> list[Tool]:
    """The tools, working on `shop`."""

    @tool(DEFINITIONS["search_products"])
    async def search_products(arguments: SearchArguments, context: Context) -> Reply:
        return await search.find(shop, arguments, context.locale(arguments.locale))

    @tool(DEFINITIONS["get_product_info"])
    async def get_product_info(arguments: InfoArguments, context: Context) -> Reply:
        return await products.info(shop, arguments, context.locale(arguments.locale))

    @tool(DEFINITIONS["add_to_basket"])
    async def add_to_basket(arguments: AddArguments, context: Context) -> Reply:
        return await basket.add(shop, arguments, context)

    @tool(DEFINITIONS["get_basket"])
    async def get_basket(arguments: BasketArguments, context: Context) -> Reply:
        return await basket.show(shop, arguments, context)

    @tool(DEFINITIONS["update_basket_item"])
    async def update_basket_item(arguments: UpdateArguments, context: Context) -> Reply:
        return await changes.update(shop, arguments, context)

    @tool(DEFINITIONS["remove_from_basket"])
    async def remove_from_basket(arguments: RemoveArguments, context: Context) -> Reply:
        return await changes.remove(shop, arguments, context)

    return [
        search_products,
        get_product_info,
        add_to_basket,
        get_basket,
        update_basket_item,
        remove_from_basket,
    ]
