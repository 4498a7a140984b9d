"""
From an intent to what is done about it: tool calls, a question back, or words alone. A table, and pure.

Tool results never choose a tool that writes: `follow_up` only ever adds reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct

from museod.access.principal import Role
from museod.chat import reference
from museod.chat.conversation import Memory, OpenQuestion
from museod.chat.entities import currency_of, filters_of, options_of, place_of, text_of, texts, whole
from museod.chat.reference import Meant

SURE = 0.5  # below it the contract of analyze_intent has us ask
MAX_QUERY_CHARS = 200  # search_products takes no more
MAX_QUANTITY = 99  # add_to_basket takes no more
PAGE = 5  # products per reply; what a phone shows without scrolling
ADMIN_PAGE = 20


class Alternative(Struct, frozen=True):
    """Another intent that was considered."""

    intent: str
    confidence: float


class Analysis(Struct, frozen=True):
    """What analyze_intent answers; members that we do not use are left alone."""

    intent: str
    confidence: float
    entities: dict[str, Any]
    alternatives: list[Alternative] = []
    method: str = "pattern"
    tool: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call to make; `extra` is what the reply needs besides its answer."""

    tool: str
    arguments: Mapping[str, Any]
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Calls:
    """Tool calls that do not depend on each other."""

    calls: Sequence[ToolCall]


@dataclass(frozen=True, slots=True)
class Say:
    """Words alone. `key` is a phrase, filled with `values`; `topics` are intents to suggest."""

    key: str
    topics: Sequence[str] = ()
    values: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotYet:
    """Nothing here serves the intent today: say so, and what can be done instead."""

    intent: str


@dataclass(frozen=True, slots=True)
class AskProduct:
    """Which product? Continues `tool` with the answer as its `product`."""

    intent: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unsure:
    """The intent is not clear: ask, with the alternatives as suggestions."""

    intents: Sequence[str]


@dataclass(frozen=True, slots=True)
class AdminOnly:
    """An administrator's business, asked for by somebody else."""


Plan = Calls | Say | NotYet | AskProduct | Unsure | AdminOnly


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a plan may depend on."""

    analysis: Analysis
    memory: Memory
    message: str
    locale: str
    role: Role = Role.CUSTOMER


def make_plan(situation: Situation) -> Plan:
    """What to do about one message."""
    analysis = situation.analysis
    if analysis.confidence < SURE and analysis.intent not in _SMALL_TALK:
        asked = [alternative.intent for alternative in analysis.alternatives]
        candidates = dict.fromkeys([analysis.intent, *asked])
        return Unsure([one for one in candidates if one in _OFFERED and _is_open(one, situation.role)][:3])
    if not _is_open(analysis.intent, situation.role) or analysis.reason == "not_allowed_for_client":
        return AdminOnly()
    return _TABLE.get(analysis.intent, _TABLE["other"])(situation)


def _is_open(intent: str, role: Role) -> bool:
    return role is Role.ADMIN or not intent.startswith("admin.")


def _search(situation: Situation) -> Plan:
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
        return NotYet("stock.alert")
    if tool == "recommend_products":
        meant = _meant(situation)
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


def _info(situation: Situation) -> Plan:
    by_tool = _other_tool(situation)
    if by_tool is not None:
        return by_tool
    meant = _meant(situation)
    arguments: dict[str, Any] = {"locale": situation.locale}
    if not meant.key:
        return AskProduct(situation.analysis.intent, "get_product_info", arguments)
    return Calls([ToolCall("get_product_info", {"product": meant.key, **arguments}, {"name": meant.name})])


def _question(situation: Situation) -> Plan:
    by_tool = _other_tool(situation)
    if by_tool is not None:
        return by_tool
    meant = _meant(situation)
    arguments: dict[str, Any] = {"question": situation.message, "locale": situation.locale}
    if meant.key:
        arguments["product"] = meant.key
    return Calls([ToolCall("answer_question", arguments)])


def _add(situation: Situation) -> Plan:
    meant, quantity = _meant(situation), _quantity(situation)
    if not (1 <= quantity <= MAX_QUANTITY if quantity is not None else _counts_nothing(situation, meant)):
        return Say("quantity-range", values={"minimum": 1, "maximum": MAX_QUANTITY})
    arguments: dict[str, Any] = {"quantity": quantity or 1, "locale": situation.locale}
    if meant.sku:
        return Calls([ToolCall("add_to_basket", {"sku": meant.sku, **arguments}, _naming(meant))])
    if meant.options:
        arguments["options"] = dict(meant.options)
    if not meant.key:
        return AskProduct(situation.analysis.intent, "add_to_basket", arguments)
    return Calls([ToolCall("add_to_basket", {"product": meant.key, **arguments}, _naming(meant))])


def _naming(meant: Meant) -> dict[str, Any]:
    if meant.product is None:
        return {"title": meant.name, "options": dict(meant.options)}
    options = meant.variants[0].options if len(meant.variants) == 1 else meant.options
    return {"title": meant.product.title, "productId": meant.product.product_id, "options": dict(options)}


_LARGE_NUMBER = re.compile(r"(?<![\w.,-])\d{3,}(?![\w.,-])")


def _counts_nothing(situation: Situation, meant: Meant) -> bool:
    """
    Whether no large number in the message can be a quantity that was not understood.

    "500 of it" must not become one; "the iPhone 15 with 512" counts nothing.
    """
    names = [value for value in situation.analysis.entities.values() if isinstance(value, str)]
    known = {word for name in names for word in reference.words(name)}
    if meant.product is not None:
        known.update(reference.words(meant.product.title), reference.option_words(meant.product.variants))
    return all(number in known for number in _LARGE_NUMBER.findall(situation.message))


def _basket(situation: Situation) -> Plan:
    arguments = {"locale": situation.locale}
    if currency := currency_of(situation.analysis.entities):
        arguments["currency"] = currency
    return Calls([ToolCall("get_basket", arguments)])


def _orders(situation: Situation) -> Plan:
    arguments: dict[str, Any] = {"locale": situation.locale}
    if number := text_of(situation.analysis.entities, "orderNumber", "order_number", "order"):
        arguments["orderNumber"] = number
    return Calls([ToolCall("get_order_status", arguments)])


def _list(situation: Situation) -> Plan:
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


_ADMIN_SORTS = {"price_asc": "price_asc", "price_desc": "price_desc", "newest": "created_desc"}


def _say(key: str, *topics: str) -> Callable[[Situation], Plan]:
    return lambda _situation: Say(key, topics)


def _not_yet(situation: Situation) -> Plan:
    return NotYet(situation.analysis.intent)


_SMALL_TALK = frozenset({"greeting", "help", "thanks", "goodbye", "other"})

_TABLE: Mapping[str, Callable[[Situation], Plan]] = {
    "product.search": _search,
    "product.info": _info,
    "product.question": _question,
    "basket.add": _add,
    "basket.view": _basket,
    "basket.remove": _not_yet,
    "basket.update": _not_yet,
    "checkout.pay": _not_yet,
    "order.status": _orders,
    "admin.product.create": _not_yet,
    "admin.product.import": _not_yet,
    "admin.product.list": _list,
    "admin.product.update": _not_yet,
    "admin.product.delete": _not_yet,
    "notify.send": _not_yet,
    "greeting": _say("greeting", "product.search", "basket.view", "help"),
    "help": _say("help", "product.search", "basket.view"),
    "thanks": _say("thanks"),
    "goodbye": _say("goodbye"),
    "human.handover": _not_yet,
    "other": _say("other", "product.search", "basket.view", "help"),
}

# Without these the conversation does not work at all: their absence is their child's failure, not a lack.
CORE_TOOLS: Mapping[str, str] = {
    "search_products": "storefront",
    "get_product_info": "storefront",
    "add_to_basket": "storefront",
    "get_basket": "storefront",
    "list_products": "admin",
}


def substitute(call: ToolCall, intent: str) -> Plan | None:
    """What serves nearly as well where nobody offers the tool of `call`: facts in place of an answer."""
    if call.tool != "answer_question":
        return None
    arguments = {"locale": call.arguments["locale"]}
    if product := call.arguments.get("product"):
        return Calls([ToolCall("get_product_info", {"product": product, **arguments}, {"instead": True})])
    return AskProduct(intent, "get_product_info", arguments)


def follow_up(call: ToolCall, structured: Mapping[str, Any], *, failure: str = "") -> ToolCall | None:
    """
    The one further read that makes an answer complete, if any.

    A search whose query is exactly one product's title is followed by that product's variants, one that
    finds nothing with some attributes is made again without them; a product that is not known by its name
    is searched for.
    """
    if call.tool == "search_products" and not call.arguments.get("cursor") and not failure:
        items = [item for item in structured.get("items", []) if isinstance(item, Mapping)]
        filters = dict(call.arguments.get("filters", {}))
        if not items and filters.pop("attributes", None):
            wider = {name: value for name, value in call.arguments.items() if name != "filters"}
            return ToolCall("search_products", {**wider, "filters": filters} if filters else wider)
        query = str(call.arguments["query"])
        called = [item for item in items if reference.is_called(query, str(item.get("title", "")))]
        if len(called) == 1:
            product = called[0].get("productId")
            return ToolCall("get_product_info", {"product": product, "locale": call.arguments["locale"]})
    if call.tool == "get_product_info" and failure == "product_not_found" and call.extra.get("name"):
        return ToolCall(
            "search_products",
            {
                "query": str(call.extra["name"])[:MAX_QUERY_CHARS],
                "locale": call.arguments["locale"],
                "limit": PAGE,
            },
        )
    return None


def answer_open_question(
    pending: OpenQuestion, message: str, *, locale: str, title: str = ""
) -> ToolCall | None:
    """The call that `message` completes as an answer to the question, or None: it says something else."""
    if pending.kind == "intent":
        return None
    arguments = dict(pending.arguments)
    if "locale" in arguments:  # not every tool takes one; the answer may come in another language
        arguments["locale"] = locale
    extra = {"title": title}
    if pending.kind == "offer":
        return ToolCall(pending.tool, arguments, extra) if reference.is_yes(message) else None
    if pending.kind == "more":
        return ToolCall(pending.tool, arguments, extra) if reference.wants_more(message) else None
    choice = reference.chosen(message, pending.choices)
    if choice is None:
        return None
    if pending.kind == "product":
        return ToolCall(pending.tool, {**arguments, pending.axis: choice.value}, {"title": choice.label})
    options = {**arguments.get("options", {}), pending.axis: choice.value}
    return ToolCall(pending.tool, {**arguments, "options": options}, extra)


INTENTS: tuple[str, ...] = tuple(_TABLE)
_OFFERED = frozenset(INTENTS) - {"other"}


def chosen_intent(pending: OpenQuestion, message: str) -> str:
    """The intent that `message` chooses of those that were offered, or nothing."""
    choice = reference.chosen(message, pending.choices) if pending.kind == "intent" else None
    return choice.value if choice is not None else ""


def _meant(situation: Situation) -> Meant:
    entities = situation.analysis.entities
    name = text_of(entities, "product", "productName", "title", "reference")
    if not name and situation.analysis.intent in ("product.info", "product.search"):
        name = text_of(entities, "query")
    return reference.resolve(
        situation.memory,
        situation.message,
        name=name,
        sku=text_of(entities, "sku"),
        options=options_of(entities),
        quantity=_quantity(situation),
        place=place_of(entities.get("ordinal")),
    )


def _quantity(situation: Situation) -> int | None:
    return whole(situation.analysis.entities.get("quantity"))


def read_analysis(structured: Any) -> Analysis:
    """
    The analysis in the answer of analyze_intent.

    Raises:
        msgspec.ValidationError: it is none.
    """
    return msgspec.convert(structured, Analysis)
