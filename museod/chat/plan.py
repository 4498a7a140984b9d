"""
From an intent to what is done about it: tool calls, a question back, or words alone. A table, and pure.

Tool results never choose a tool that writes: `follow_up` only ever adds reads, and `next_step` only what the
message asked for, once a number that it needs is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from museod.access.principal import Role
from museod.chat import browsing, purchase, reference, staff, trolley
from museod.chat.conversation import OpenQuestion
from museod.chat.questions import answer_open_question, completed
from museod.chat.situation import (
    MAX_QUANTITY,
    MAX_QUERY_CHARS,
    PAGE,
    SURE,
    AdminOnly,
    Alternative,
    Analysis,
    AskLine,
    AskProduct,
    AskSlot,
    AskVariant,
    Calls,
    NotYet,
    Plan,
    Say,
    Situation,
    Slot,
    ToolCall,
    Unsure,
    read_analysis,
)

__all__ = [
    "MAX_QUANTITY",
    "AdminOnly",
    "Alternative",
    "Analysis",
    "AskLine",
    "AskProduct",
    "AskSlot",
    "AskVariant",
    "Calls",
    "NotYet",
    "Plan",
    "Say",
    "Situation",
    "Slot",
    "ToolCall",
    "Unsure",
    "answer_open_question",
    "completed",
    "read_analysis",
]


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


def _say(key: str, *topics: str) -> Callable[[Situation], Plan]:
    return lambda _situation: Say(key, topics)


_SMALL_TALK = frozenset({"greeting", "help", "thanks", "goodbye", "other"})

_TABLE: Mapping[str, Callable[[Situation], Plan]] = {
    "product.search": browsing.search,
    "product.info": browsing.info,
    "product.question": browsing.question,
    "basket.add": trolley.add,
    "basket.view": trolley.view,
    "basket.remove": trolley.remove,
    "basket.update": trolley.update,
    "checkout.pay": purchase.pay,
    "order.status": purchase.orders,
    "admin.product.create": staff.create,
    "admin.product.import": staff.import_file,
    "admin.product.list": staff.list_products,
    "admin.product.update": staff.update,
    "admin.product.delete": staff.delete,
    "notify.send": purchase.send,
    "greeting": _say("greeting", "product.search", "basket.view", "help"),
    "help": _say("help", "product.search", "basket.view"),
    "thanks": _say("thanks"),
    "goodbye": _say("goodbye"),
    "human.handover": purchase.hand_over,
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


def next_step(call: ToolCall, structured: Mapping[str, Any]) -> ToolCall | None:
    """The call that a message asked for and that had to wait for what `call` found out, if there is one."""
    return staff.new_price(call, structured) if "percent" in call.extra else None


INTENTS: tuple[str, ...] = tuple(_TABLE)
_OFFERED = frozenset(INTENTS) - {"other"}


def chosen_intent(pending: OpenQuestion, message: str) -> str:
    """The intent that `message` chooses of those that were offered, or nothing."""
    choice = reference.chosen(message, pending.choices) if pending.kind == "intent" else None
    return choice.value if choice is not None else ""
