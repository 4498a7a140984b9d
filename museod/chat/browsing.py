"""Plans for looking around in the shop: search, details, questions, comparing, recommending."""

from __future__ import annotations

from typing import Any

from museod.chat.entities import currency_of, filters_of, text_of
from museod.chat.purchase import stock_alert
from museod.chat.situation import (
    MAX_QUERY_CHARS,
    PAGE,
    AskProduct,
    Calls,
    Plan,
    Say,
    Situation,
    ToolCall,
    meant_by,
)


def search(situation: Situation) -> Plan:
    entities = situation.analysis.entities
    by_tool = _other_tool(situation)
    if by_tool is not None:
        return by_tool
    named = text_of(entities, "query", "product", "productName", "title") or text_of(
        entities, "brand", "category"
    )
    filters = filters_of(entities)
    if not named and not filters:
        return Say("search-what")
    query = (named or situation.message)[:MAX_QUERY_CHARS].strip()
    arguments: dict[str, Any] = {"query": query, "locale": situation.locale, "limit": PAGE}
    if filters:
        arguments["filters"] = filters
    if (sort := entities.get("sort")) in ("relevance", "price_asc", "price_desc", "newest"):
        arguments["sort"] = sort
    if currency := currency_of(entities):
        arguments["currency"] = currency
    return Calls([ToolCall("search_products", arguments)])


def _other_tool(situation: Situation) -> Plan | None:
    """Some tools share the intents of searching and asking; the analysis names them."""
    tool, memory = situation.analysis.tool, situation.memory
    if tool == "create_stock_alert":
        return stock_alert(situation)
    if tool == "recommend_products":
        meant = meant_by(situation)
        arguments: dict[str, Any] = {"locale": situation.locale, "limit": PAGE}
        if meant.key:
            arguments["product"] = meant.key
        if (kind := situation.analysis.entities.get("kind")) in ("similar", "accessories", "bought_together"):
            arguments["kind"] = kind
        return Calls([ToolCall(tool, arguments)])
    if tool == "compare_products":
        named = situation.analysis.entities.get("products")
        products = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
        if len(products) < 2:
            products = [product.product_id for product in memory.shown]
        if len(products) < 2:
            return AskProduct(situation.analysis.intent, "get_product_info", {"locale": situation.locale})
        return Calls([ToolCall(tool, {"products": products[:4], "locale": situation.locale})])
    return None


def info(situation: Situation) -> Plan:
    by_tool = _other_tool(situation)
    if by_tool is not None:
        return by_tool
    meant = meant_by(situation)
    arguments: dict[str, Any] = {"locale": situation.locale}
    if not meant.key:
        return AskProduct(situation.analysis.intent, "get_product_info", arguments)
    return Calls([ToolCall("get_product_info", {"product": meant.key, **arguments}, {"name": meant.name})])


def question(situation: Situation) -> Plan:
    by_tool = _other_tool(situation)
    if by_tool is not None:
        return by_tool
    meant = meant_by(situation)
    arguments: dict[str, Any] = {"question": situation.message, "locale": situation.locale}
    if meant.key:
        arguments["product"] = meant.key
    return Calls([ToolCall("answer_question", arguments)])
