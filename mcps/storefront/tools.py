"""The tools of the storefront server."""

from __future__ import annotations

from pathlib import Path

from mcps.kit.context import Context
from mcps.kit.tool import Reply, Tool, read_definitions, tool
from mcps.storefront import (
    alerts,
    basket,
    changes,
    checkout,
    comparison,
    handover,
    orders,
    products,
    questions,
    search,
)
from mcps.storefront.alerts import AlertArguments
from mcps.storefront.basket import AddArguments, BasketArguments
from mcps.storefront.changes import RemoveArguments, UpdateArguments
from mcps.storefront.checkout import PaymentArguments
from mcps.storefront.comparison import CompareArguments, RecommendArguments
from mcps.storefront.handover import HandoverArguments
from mcps.storefront.orders import StatusArguments
from mcps.storefront.products import InfoArguments
from mcps.storefront.questions import QuestionArguments
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

    @tool(DEFINITIONS["get_payment_link"])
    async def get_payment_link(arguments: PaymentArguments, context: Context) -> Reply:
        return await checkout.pay(shop, arguments, context)

    @tool(DEFINITIONS["get_order_status"])
    async def get_order_status(arguments: StatusArguments, context: Context) -> Reply:
        return await orders.status(shop, arguments, context)

    @tool(DEFINITIONS["compare_products"])
    async def compare_products(arguments: CompareArguments, context: Context) -> Reply:
        return await comparison.compare(shop, arguments, context.locale(arguments.locale))

    @tool(DEFINITIONS["recommend_products"])
    async def recommend_products(arguments: RecommendArguments, context: Context) -> Reply:
        return await comparison.recommend(shop, arguments, context.locale(arguments.locale))

    @tool(DEFINITIONS["answer_question"])
    async def answer_question(arguments: QuestionArguments, context: Context) -> Reply:
        return await questions.answer(shop, arguments, context.locale(arguments.locale))

    @tool(DEFINITIONS["create_stock_alert"])
    async def create_stock_alert(arguments: AlertArguments, context: Context) -> Reply:
        return await alerts.create(shop, arguments, context)

    @tool(DEFINITIONS["handover_to_human"])
    async def handover_to_human(arguments: HandoverArguments, context: Context) -> Reply:
        return await handover.request(arguments, context)

    return [
        search_products,
        get_product_info,
        compare_products,
        recommend_products,
        answer_question,
        add_to_basket,
        get_basket,
        update_basket_item,
        remove_from_basket,
        get_payment_link,
        get_order_status,
        create_stock_alert,
        handover_to_human,
    ]
