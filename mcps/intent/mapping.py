"""From an intent with its entities to a tool call: which tool, with what, and what is still missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mcps.intent.intents import Intent, may_mean

Entities = Mapping[str, Any]
Reason = Literal["ok", "unknown_intent", "not_allowed_for_client", "missing_entities", "no_tool"]


@dataclass(frozen=True, slots=True)
class ToolMapping:
    """What an intent maps to."""

    reason: Reason
    tool: str | None = None
    arguments: Mapping[str, Any] | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    """One tool: how its arguments are made, and what it cannot do without (any one entity of each group)."""

    tool: str
    build: Callable[[Entities], dict[str, Any]]
    needs: tuple[tuple[str, ...], ...] = ()


def map_intent(
    intent: Intent, entities: Entities, client_type: str, *, tool: str | None = None, message: str = ""
) -> ToolMapping:
    """
    Args:
        tool: the tool that the analysis chose, where an intent has several.
        message: the message itself, for tools that take a question.
    """
    if not may_mean(intent, client_type):
        return ToolMapping("not_allowed_for_client")
    row = _row(intent, entities, tool)
    if row is None:
        return ToolMapping("no_tool")
    known = {**entities, "message": message} if message else dict(entities)
    missing = tuple(group[0] for group in row.needs if not any(known.get(name) for name in group))
    arguments = {name: value for name, value in row.build(known).items() if value not in (None, "", [], {})}
    return ToolMapping("missing_entities" if missing else "ok", row.tool, arguments, missing)


def _row(intent: Intent, entities: Entities, tool: str | None) -> _Row | None:
    if tool in _SHARED:
        return _SHARED[tool]
    if intent is Intent.NOTIFY_SEND:
        return _MESSAGES.get(str(entities.get("channel", "email")), _MESSAGES["email"])
    return _ROWS.get(intent)


def _options(entities: Entities) -> dict[str, str]:
    return {axis: str(entities[axis]) for axis in ("storage", "color", "size") if entities.get(axis)}


def _brands(entities: Entities) -> list[str]:
    brand = entities.get("brand")
    return [brand] if isinstance(brand, str) else list(brand or [])


def _filters(entities: Entities) -> dict[str, Any]:
    filters = {
        "brand": _brands(entities),
        "category": entities.get("category"),
        "priceMin": entities.get("priceMin"),
        "priceMax": entities.get("priceMax"),
        "inStock": entities.get("inStock"),
        "attributes": _options(entities),
    }
    return {name: value for name, value in filters.items() if value not in (None, "", [], {})}


def _search(entities: Entities) -> dict[str, Any]:
    query = entities.get("query") or entities.get("product") or " ".join(_brands(entities))
    return {
        "query": query or entities.get("category") or entities.get("message"),
        "filters": _filters(entities),
        "sort": entities.get("sort"),
        "currency": entities.get("currency"),
    }


def _listing(entities: Entities) -> dict[str, Any]:
    status = entities.get("status")
    sorts = {"price_asc": "price_asc", "price_desc": "price_desc", "newest": "created_desc"}
    return {
        "query": entities.get("query"),
        "status": [status] if isinstance(status, str) else status,
        "category": entities.get("category"),
        "brand": next(iter(_brands(entities)), None),
        "stockBelow": entities.get("stockBelow"),
        "priceMin": entities.get("priceMin"),
        "priceMax": entities.get("priceMax"),
        "sort": sorts.get(str(entities.get("sort"))),
    }


def _change(entities: Entities) -> dict[str, Any]:
    changes = {name: entities.get(name) for name in ("title", "price", "stock", "status", "brand")}
    return {
        "product": _named(entities),
        "changes": {name: value for name, value in changes.items() if value not in (None, "")},
    }


def _create(entities: Entities) -> dict[str, Any]:
    names = ("price", "stock", "brand", "sku", "status")
    return {"title": entities.get("title") or entities.get("product")} | {
        name: entities.get(name) for name in names
    }


def _named(entities: Entities) -> Any:
    return entities.get("sku") or entities.get("product") or entities.get("reference")


def _email(entities: Entities) -> dict[str, Any]:
    address = entities.get("email")
    return {
        "to": [address] if address else None,
        "subject": entities.get("subject"),
        "body": entities.get("body"),
    }


def _text_message(entities: Entities) -> dict[str, Any]:
    return {"to": entities.get("phone"), "body": entities.get("body")}


_PRODUCT = ("product", "sku", "reference", "ordinal")
_MESSAGES = {
    "email": _Row("send_email", _email, (("email",), ("subject",))),
    "sms": _Row("send_sms", _text_message, (("phone",),)),
    "whatsapp": _Row("send_whatsapp", _text_message, (("phone",),)),
}
# Tools that share an intent with another: the analysis names them.
_SHARED: Mapping[str | None, _Row] = {
    "compare_products": _Row(
        "compare_products", lambda entities: {"products": entities.get("products")}, (("products",),)
    ),
    "recommend_products": _Row(
        "recommend_products",
        lambda entities: {"product": _named(entities) or entities.get("query"), "kind": entities.get("kind")},
    ),
    "create_stock_alert": _Row(
        "create_stock_alert",
        lambda entities: {
            "sku": entities.get("sku"),
            "channel": entities.get("channel", "email"),
            "address": entities.get("email") or entities.get("phone"),
        },
        (("sku",), ("consent",)),
    ),
}
_ROWS: Mapping[Intent, _Row] = {
    Intent.PRODUCT_SEARCH: _Row(
        "search_products", _search, (("query", "product", "brand", "category", "priceMax", "message"),)
    ),
    Intent.PRODUCT_INFO: _Row(
        "get_product_info", lambda entities: {"product": _named(entities)}, (_PRODUCT,)
    ),
    Intent.PRODUCT_QUESTION: _Row(
        "answer_question",
        lambda entities: {
            "question": entities.get("question") or entities.get("message"),
            "product": entities.get("sku") or entities.get("product"),
        },
        (("question", "message"),),
    ),
    Intent.BASKET_ADD: _Row(
        "add_to_basket",
        lambda entities: {
            "sku": entities.get("sku"),
            "product": entities.get("product") or entities.get("reference"),
            "options": _options(entities),
            "quantity": entities.get("quantity"),
        },
        (_PRODUCT,),
    ),
    Intent.BASKET_VIEW: _Row("get_basket", lambda entities: {"currency": entities.get("currency")}),
    Intent.BASKET_REMOVE: _Row(
        "remove_from_basket",
        lambda entities: {"all": True} if entities.get("all") else {"line": _named(entities)},
        (("product", "all", "sku", "reference"),),
    ),
    Intent.BASKET_UPDATE: _Row(
        "update_basket_item",
        lambda entities: {"line": _named(entities), "quantity": entities.get("quantity")},
        (_PRODUCT, ("quantity",)),
    ),
    Intent.CHECKOUT_PAY: _Row(
        "get_payment_link",
        lambda entities: {"email": entities.get("email"), "orderNumber": entities.get("orderNumber")},
    ),
    Intent.ORDER_STATUS: _Row(
        "get_order_status", lambda entities: {"orderNumber": entities.get("orderNumber")}
    ),
    Intent.ADMIN_CREATE: _Row("create_product", _create, (("title", "product"),)),
    Intent.ADMIN_IMPORT: _Row(
        "create_from_file", lambda entities: {"source": entities.get("source")}, (("source",),)
    ),
    Intent.ADMIN_LIST: _Row("list_products", _listing),
    Intent.ADMIN_UPDATE: _Row(
        "update_product",
        _change,
        (_PRODUCT, ("changes", "title", "price", "stock", "status", "percent", "brand")),
    ),
    Intent.ADMIN_DELETE: _Row("delete_product", lambda entities: {"product": _named(entities)}, (_PRODUCT,)),
    Intent.HUMAN_HANDOVER: _Row("handover_to_human", lambda entities: {"reason": entities.get("reason")}),
}
