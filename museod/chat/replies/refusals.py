"""Replies to the shop's refusals that have an answer of their own; every other failure is an error."""

from __future__ import annotations

from collections.abc import Mapping

from museod.chat.cards import line, objects, string
from museod.chat.conversation import OpenQuestion, Seen
from museod.chat.messages import Suggestion
from museod.chat.neutral import Done, Neutral, Setting, title_of, topics, unknown_product, with_yes
from museod.chat.replies import staff
from museod.chat.replies.basket import which_line
from museod.chat.situation import MAX_QUANTITY


def short_stock(last: Done, setting: Setting) -> Neutral:
    phrases, title = setting.phrases, title_of(last, setting.phrases)
    available = last.structured.get("available")
    if not isinstance(available, int) or isinstance(available, bool):
        return Neutral(phrases("short-stock-unknown", title=title))
    if available <= 0:
        return _sold_out(last, title, setting)
    offer = {**last.call.arguments, "quantity": min(available, MAX_QUANTITY)}
    question = OpenQuestion("offer", setting.intent, last.call.tool, offer)
    text = phrases("short-stock", available=available, title=title)
    return Neutral(
        text, suggestions=[Suggestion(phrases("yes"), phrases("yes"))], seen=Seen(pending=question)
    )


def quantity_limit(last: Done, setting: Setting) -> Neutral:
    limit = last.structured.get("limit")
    known = limit if isinstance(limit, int) and limit > 0 else 0
    return Neutral(setting.phrases("quantity-limit", limit=known, title=title_of(last, setting.phrases)))


def gone(last: Done, setting: Setting) -> Neutral:
    phrases = setting.phrases
    text = phrases("product-gone", title=title_of(last, phrases))
    return Neutral(text, suggestions=topics(("product.search",), phrases))


def not_found(last: Done, setting: Setting) -> Neutral:
    name = (
        last.call.extra.get("title") or last.call.arguments.get("product") or last.call.arguments.get("sku")
    )
    return unknown_product(line(name), setting.phrases)


def order_not_found(_last: Done, setting: Setting) -> Neutral:
    return Neutral(setting.phrases("order-unknown"))


def _sold_out(last: Done, title: str, setting: Setting) -> Neutral:
    """Sold out; where the variant is known, a message when it is back is offered."""
    phrases = setting.phrases
    text, sku = phrases("sold-out-title", title=title), string(last.call.arguments.get("sku"))
    if not sku or last.call.tool != "add_to_basket":
        return Neutral(text, suggestions=topics(("product.search",), phrases))
    question = OpenQuestion(
        "offer",
        setting.intent,
        "create_stock_alert",
        {"sku": sku, "channel": "email"},
        extra={"title": title},
    )
    return with_yes(f"{text} {phrases('alert-offer')}", phrases, Seen(pending=question))


def line_not_found(_last: Done, setting: Setting) -> Neutral:
    return Neutral(setting.phrases("line-not-found"), suggestions=topics(("basket.view",), setting.phrases))


def basket_empty(_last: Done, setting: Setting) -> Neutral:
    return Neutral(setting.phrases("pay-empty"), suggestions=topics(("product.search",), setting.phrases))


def provider_down(last: Done, setting: Setting) -> Neutral:
    phrases, text = setting.phrases, setting.phrases("pay-down")
    names = [line(one.get("name")) for one in objects(last.structured.get("providers"))]
    if names:
        text += f" {phrases('pay-others', values=phrases.either(names))}"
    return Neutral(text, suggestions=[Suggestion(name, name) for name in names])


def not_payable(last: Done, setting: Setting) -> Neutral:
    number = line(last.structured.get("orderNumber"))
    return Neutral(setting.phrases("pay-not-payable", number=number))


def in_stock(last: Done, setting: Setting) -> Neutral:
    phrases = setting.phrases
    text = phrases("alert-in-stock", title=title_of(last, phrases))
    return Neutral(text, suggestions=topics(("basket.add",), phrases))


def sku_taken(_last: Done, setting: Setting) -> Neutral:
    return Neutral(setting.phrases("sku-taken"))


def changed_meanwhile(_last: Done, setting: Setting) -> Neutral:
    return Neutral(setting.phrases("changed-meanwhile"))


def unreadable(_last: Done, setting: Setting) -> Neutral:
    return Neutral(setting.phrases("import-unreadable"))


def too_large(_last: Done, setting: Setting) -> Neutral:
    return Neutral(setting.phrases("import-too-large"))


def ambiguous(last: Done, setting: Setting) -> Neutral:
    if isinstance(last.structured.get("basket"), Mapping):
        return which_line(last, setting)
    return staff.which_of(last, setting)
