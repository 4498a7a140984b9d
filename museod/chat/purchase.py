"""Plans for what comes after the basket: paying, orders, stock alerts, messages, a human."""

from __future__ import annotations

from typing import Any

from museod.chat.entities import text_of
from museod.chat.questions import completed
from museod.chat.situation import (
    AskProduct,
    AskVariant,
    Calls,
    Plan,
    Situation,
    ToolCall,
    meant_by,
)

MAX_REASON_CHARS = 500  # handover_to_human takes no more
MAX_SUMMARY_CHARS = 2000
_SENDERS = {"email": "send_email", "sms": "send_sms", "whatsapp": "send_whatsapp"}


def pay(situation: Situation) -> Plan:
    """A payment link; the tool asks for the yes."""
    arguments: dict[str, Any] = {"locale": situation.locale}
    for name in ("email", "orderNumber", "provider"):
        if text := text_of(situation.analysis.entities, name):
            arguments[name] = text
    return Calls([ToolCall("get_payment_link", arguments)])


def orders(situation: Situation) -> Plan:
    """The order that was named, else the latest ones."""
    arguments: dict[str, Any] = {"locale": situation.locale}
    if number := text_of(situation.analysis.entities, "orderNumber", "order_number", "order"):
        arguments["orderNumber"] = number
    return Calls([ToolCall("get_order_status", arguments)])


def stock_alert(situation: Situation) -> Plan:
    """One message when a variant is back; address and consent are asked for."""
    entities, intent = situation.analysis.entities, situation.analysis.intent
    channel = text_of(entities, "channel")
    email, phone = text_of(entities, "email"), text_of(entities, "phone")
    if channel not in _SENDERS:
        channel = "sms" if phone and not email else "email"
    arguments: dict[str, Any] = {"channel": channel}
    if address := email if channel == "email" else phone:
        arguments["address"] = address
    meant = meant_by(situation)
    if meant.sku:
        call = ToolCall("create_stock_alert", {"sku": meant.sku, **arguments}, {"title": meant.name})
        return completed(intent, call)
    if meant.product is not None and meant.product.variants:
        return AskVariant(intent, "create_stock_alert", arguments, meant.product)
    if meant.key:
        look = ToolCall(
            "get_product_info", {"product": meant.key, "locale": situation.locale}, {"name": meant.name}
        )
        return Calls([look])
    return AskProduct(intent, "get_product_info", {"locale": situation.locale})


def send(situation: Situation) -> Plan:
    """A message to somebody; the tool asks for the yes where it is not the caller."""
    if situation.analysis.tool == "create_stock_alert":
        return stock_alert(situation)
    entities, intent = situation.analysis.entities, situation.analysis.intent
    channel = text_of(entities, "channel")
    email, phone = text_of(entities, "email"), text_of(entities, "phone")
    if channel not in _SENDERS:
        channel = "sms" if phone and not email else "email"
    arguments: dict[str, Any] = {"locale": situation.locale, "idempotencyKey": f"{situation.turn_id}:send"}
    if channel == "email":
        if email:
            arguments["to"] = [email]
        if subject := text_of(entities, "subject"):
            arguments["subject"] = subject
    elif phone:
        arguments["to"] = phone
    if body := text_of(entities, "body"):
        arguments["body"] = body
    return completed(intent, ToolCall(_SENDERS[channel], arguments))


def hand_over(situation: Situation) -> Plan:
    """A colleague, who is told what was said and shown."""
    arguments = {"reason": situation.message[:MAX_REASON_CHARS]}
    if situation.summary:
        arguments["summary"] = situation.summary[:MAX_SUMMARY_CHARS]
    if situation.client_type:
        arguments["channel"] = situation.client_type
    return Calls([ToolCall("handover_to_human", arguments)])
