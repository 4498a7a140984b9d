"""Plans for the shop's administration; the table of plans lets administrators in and nobody else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from museod.chat import reference
from museod.chat.amounts import price_of
from museod.chat.entities import place_of, text_of, texts, whole
from museod.chat.questions import completed
from museod.chat.situation import (
    MAX_QUERY_CHARS,
    Calls,
    Plan,
    Say,
    Situation,
    ToolCall,
    meant_by,
)
from museod.chat.words import ALL, FILLERS, LOWERING

ADMIN_PAGE = 20
MAX_PERCENT = 1000
_ADMIN_SORTS = {"price_asc": "price_asc", "price_desc": "price_desc", "newest": "created_desc"}
_CSV_LINE = re.compile(r"[^\n]*[;,\t][^\n]*\n[^\n]*[;,\t]")


def list_products(situation: Situation) -> Plan:
    entities = situation.analysis.entities
    arguments: dict[str, Any] = {"limit": ADMIN_PAGE}
    for name in ("query", "category", "brand"):
        if text := text_of(entities, name):
            arguments[name] = text[:MAX_QUERY_CHARS]
    if known := [one for one in texts(entities.get("status")) if one in ("draft", "active", "archived")]:
        arguments["status"] = known
    if (sort := _ADMIN_SORTS.get(text_of(entities, "sort"))) is not None:
        arguments["sort"] = sort
    for name in ("stockBelow", "priceMin", "priceMax"):
        if (number := whole(entities.get(name))) is not None:
            arguments[name] = number
    return Calls([ToolCall("list_products", arguments)])


def create(situation: Situation) -> Plan:
    """A new product, a draft until told otherwise; title and price are asked for."""
    entities = situation.analysis.entities
    arguments: dict[str, Any] = {"locale": situation.locale}
    if title := text_of(entities, "title", "product"):
        arguments["title"] = title
    arguments |= _fields(situation)
    return completed(situation.analysis.intent, ToolCall("create_product", arguments))


def update(situation: Situation) -> Plan:
    """Other values for one product; the tool asks for a yes where the price changes much."""
    entities, intent = situation.analysis.entities, situation.analysis.intent
    product, title = _product_meant(situation)
    changes = _fields(situation)
    if title_said := text_of(entities, "title"):
        changes["title"] = title_said
    percent = entities.get("percent")
    if "price" not in changes and isinstance(percent, int) and 0 < percent <= MAX_PERCENT and product:
        sign = -1 if LOWERING.intersection(reference.words(situation.message)) else 1
        look = {"query": title[:MAX_QUERY_CHARS], "limit": ADMIN_PAGE}
        return Calls([ToolCall("list_products", look, {"percent": sign * percent, "product": product})])
    arguments: dict[str, Any] = {"product": product} if product else {}
    if changes:
        arguments["changes"] = changes
    return completed(intent, ToolCall("update_product", arguments, {"title": title}))


def delete(situation: Situation) -> Plan:
    """One product into the archive; the tool asks for the yes."""
    is_all = ALL.intersection(reference.words(situation.message))
    if situation.analysis.entities.get("all") is True or (is_all and not _is_named(situation)):
        return Say("delete-one-by-one")
    product, title = _product_meant(situation)
    arguments = {"product": product} if product else {}
    return completed(situation.analysis.intent, ToolCall("delete_product", arguments, {"title": title}))


def import_file(situation: Situation) -> Plan:
    """A dry run of a file that was uploaded or pasted; what it would do is told, and a yes does it."""
    source: dict[str, str] = {}
    if situation.attachments:
        source = {"uploadId": situation.attachments[0]}
    elif pasted := _pasted(situation.message):
        source = {"text": pasted, "format": _format_of(pasted)}
    if not source:
        return Say("import-how")
    return Calls([ToolCall("create_from_file", {"source": source, "dryRun": True})])


def new_price(call: ToolCall, structured: Mapping[str, Any]) -> ToolCall | None:
    """
    The change that a percentage means, once the price is known: the second half of `update`.

    None where the list does not hold exactly one product that can be meant.
    """
    percent = call.extra.get("percent")
    found = structured.get("items")
    items = [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
    name = str(call.extra.get("product", ""))
    named = [item for item in items if _is_meant(item, name)]
    one = named if len(named) == 1 else items if len(items) == 1 else []
    if not isinstance(percent, int) or not one or not isinstance(price := one[0].get("price"), Mapping):
        return None
    amount = whole(price.get("amount"))
    if amount is None:
        return None
    changed = max(0, round(amount * (100 + percent) / 100))
    changes = {"price": {"amount": changed, "currency": price.get("currency")}}
    arguments = {"product": one[0].get("id"), "changes": changes}
    return ToolCall("update_product", arguments, {"title": one[0].get("title")})


def _is_meant(item: Mapping[str, Any], name: str) -> bool:
    skus = item.get("skus")
    is_sku = isinstance(skus, list) and name in skus
    return is_sku or item.get("id") == name or reference.is_called(name, str(item.get("title", "")))


def _is_named(situation: Situation) -> bool:
    """Whether the message names a product or points at one; else "a product" would be the last one shown."""
    entities = situation.analysis.entities
    said = reference.words(text_of(entities, "product", "productName"))
    is_name = any(word not in ALL and word not in FILLERS for word in said)
    is_pointing = text_of(entities, "sku", "reference") or place_of(entities.get("ordinal")) is not None
    return is_name or bool(is_pointing)


def _product_meant(situation: Situation) -> tuple[str, str]:
    meant = meant_by(situation)
    if sku := text_of(situation.analysis.entities, "sku"):
        return sku, sku
    if meant.product is not None and _is_named(situation):
        return meant.product.product_id, meant.product.title
    if meant.name:
        return meant.name, meant.name
    waiting = situation.memory.pending
    if waiting is not None and waiting.tool in ("update_product", "delete_product"):
        named = text_of(waiting.arguments, "product")
        return named, named
    return "", ""


def _fields(situation: Situation) -> dict[str, Any]:
    entities = situation.analysis.entities
    fields: dict[str, Any] = {}
    if (price := price_of(entities.get("price"), situation.currency)) is not None:
        fields["price"] = price
    if (stock := whole(entities.get("stock"))) is not None:
        fields["stock"] = stock
    if brand := text_of(entities, "brand"):
        fields["brand"] = brand
    if (status := text_of(entities, "status")) in ("draft", "active"):
        fields["status"] = status
    return fields


def _pasted(message: str) -> str:
    """The table below the sentence, if one was pasted: CSV lines, or JSON."""
    start = message.find("\n")
    rest = message[start + 1 :].strip() if start >= 0 else ""
    if rest.startswith(("{", "[")) or _CSV_LINE.match(rest):
        return rest
    return message.strip() if _CSV_LINE.match(message) else ""


def _format_of(text: str) -> str:
    if text.startswith("["):
        return "json"
    return "jsonl" if text.startswith("{") else "csv"
