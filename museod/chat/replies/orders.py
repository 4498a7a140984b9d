"""Replies about what comes after the basket: payment links, orders, stock alerts, messages, a colleague."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from museod.chat.cards import line, money_card, objects, string
from museod.chat.conversation import Choice, OpenQuestion, Seen
from museod.chat.neutral import MAX_CHOICES, Done, Neutral, Setting, choosing, title_of, topics
from museod.chat.phrases import Phrases


def orders(done: Sequence[Done], setting: Setting) -> Neutral:
    """The caller's orders and how far they are."""
    phrases, found = setting.phrases, objects(done[-1].structured.get("orders"))
    if not found:
        return Neutral(phrases("orders-empty"), suggestions=topics(("product.search",), phrases))
    lines, rows = [phrases("orders-lead", count=len(found))], []
    for order in found:
        total = phrases.money(order["total"]) if isinstance(order.get("total"), Mapping) else ""
        status = _status(order, phrases)
        facts = [line(order.get("number")), status, total, line(order.get("trackingUrl"))]
        rows.append(facts)
        delivery = phrases.date(string(order.get("estimatedDelivery")))
        said = [*facts, phrases("order-delivery", date=delivery) if delivery else ""]
        lines.append("• " + ", ".join(fact for fact in said if fact))
    columns = [phrases(key) for key in ("label-order", "label-status", "label-total")] + ["URL"]
    unpaid = any(order.get("status") == "pending_payment" for order in found)
    suggestions = topics(("checkout.pay",), phrases) if unpaid else []
    return Neutral("\n".join(lines), [{"type": "table", "columns": columns, "rows": rows}], suggestions)


def _status(order: Mapping[str, Any], phrases: Phrases) -> str:
    status = string(order.get("status"))
    key = f"order-status-{status}"
    return phrases(key) if phrases.has(key) else line(status)


def payment(done: Sequence[Done], setting: Setting) -> Neutral:
    """The link to pay at, or the question how."""
    phrases, last = setting.phrases, done[-1]
    url, number = string(last.structured.get("url")), line(last.structured.get("orderNumber"))
    if not url:
        return _which_way(last, setting)
    amount = last.structured.get("amount")
    card: dict[str, Any] = {"type": "link", "url": url, "orderNumber": number}
    if isinstance(amount, Mapping):
        text = phrases("pay-link", number=number, amount=phrases.money(amount), url=url)
        card["amount"] = money_card(amount, phrases)
    else:
        text = phrases("pay-link-plain", number=number, url=url)
    if until := phrases.moment(string(last.structured.get("expiresAt"))):
        text += f"\n{phrases('pay-until', until=until)}"
        card["expiresAt"] = string(last.structured.get("expiresAt"))
    return Neutral(text, [card], topics(("order.status",), phrases))


def _which_way(last: Done, setting: Setting) -> Neutral:
    phrases = setting.phrases
    found = objects(last.structured.get("providers"))[:MAX_CHOICES]
    choices = [Choice(line(one.get("name")), string(one.get("id"))) for one in found]
    if not choices:
        return Neutral(phrases("pay-empty"), suggestions=topics(("product.search",), phrases))
    arguments = {name: value for name, value in last.call.arguments.items() if name != "provider"}
    question = OpenQuestion("product", setting.intent, last.call.tool, arguments, "provider", choices)
    return choosing(phrases("pay-provider"), choices, Seen(pending=question))


def alert(done: Sequence[Done], setting: Setting) -> Neutral:
    """The promise to write once."""
    phrases, last = setting.phrases, done[-1]
    return Neutral(phrases("alert-made", title=title_of(last, phrases)))


def sent(done: Sequence[Done], setting: Setting) -> Neutral:
    """Whether a message has left, waits, or must not be sent."""
    status = string(done[-1].structured.get("status"))
    key = {"queued": "sent-later", "suppressed": "sent-suppressed"}.get(status, "sent")
    return Neutral(setting.phrases(key))


def handed_over(done: Sequence[Done], setting: Setting) -> Neutral:
    """A colleague was asked for; until one comes the assistant goes on."""
    phrases, last = setting.phrases, done[-1]
    text = phrases("handover-queued", ticket=line(last.structured.get("ticketId")))
    minutes = last.structured.get("expectedReplyMinutes")
    if isinstance(minutes, int) and minutes > 0:
        text += f" {phrases('handover-minutes', minutes=minutes)}"
    return Neutral(text)
