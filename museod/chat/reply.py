"""
From tool results to one neutral reply: a complete text, the same as cards, next steps. Pure.

Every price, stock figure and name comes from a result that is handed in; there is no other source here.
`compose` also says what the reply showed and asked, for the conversation to remember.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from museod.chat import confirm
from museod.chat.cards import variant_label
from museod.chat.conversation import Choice, OpenQuestion, Seen, ShownVariant
from museod.chat.messages import Suggestion
from museod.chat.neutral import (
    MAX_CHOICES,
    Done,
    Neutral,
    Setting,
    choosing,
    slug,
    topics,
)
from museod.chat.phrases import Phrases
from museod.chat.plan import INTENTS
from museod.chat.replies import basket, orders, products, refusals, staff
from museod.chat.situation import AskProduct, AskSlot, AskVariant, NotYet, Say, Unsure

__all__ = [
    "REFUSALS",
    "Done",
    "Neutral",
    "Setting",
    "ask_product",
    "ask_slot",
    "ask_variant",
    "compose",
    "joined",
    "not_yet",
    "pressed",
    "say",
    "topics",
    "unsure",
]


def compose(done: Sequence[Done], setting: Setting) -> Neutral:
    """The reply to one or more finished calls; the last one is what was asked for in the end."""
    last = done[-1]
    if confirm.needs_yes(last.structured) and last.refusal:
        return confirm.ask(last, setting)
    if last.refusal:
        return REFUSALS[last.refusal](last, setting)
    if [one.call.tool for one in done[-2:]] == ["add_to_basket", "update_basket_item"]:
        return basket.swapped(done, setting)
    return _COMPOSERS[last.call.tool](done, setting)


def joined(replies: Sequence[Neutral]) -> Neutral:
    """Several replies as one; the last one's questions and numbers are those that count."""
    if len(replies) == 1:
        return replies[0]
    suggestions = {one.message: one for reply in replies for one in reply.suggestions}
    return Neutral(
        "\n\n".join(reply.text for reply in replies),
        [card for reply in replies for card in reply.cards],
        list(suggestions.values()),
        replies[-1].seen,
        any(reply.is_numbered for reply in replies),
    )


# ---- words alone

_SMALL_TALK = frozenset({"greeting", "help", "thanks", "goodbye", "other"})


def say(plan: Say, setting: Setting) -> Neutral:
    """Words alone; an open question stays open beside small talk."""
    phrases = setting.phrases
    text = phrases(plan.key, **plan.values)
    keeps = plan.key in _SMALL_TALK
    return Neutral(text, suggestions=topics(plan.topics, phrases), seen=Seen(keeps_pending=keeps))


def not_yet(plan: NotYet, setting: Setting, *, is_admin: bool) -> Neutral:
    """An honest no, and what can be done instead."""
    phrases = setting.phrases
    key = f"not-yet-{slug(plan.intent)}"
    what = phrases("what-i-can-admin" if is_admin else "what-i-can")
    text = f"{phrases(key if phrases.has(key) else 'not-yet-other')} {what}"
    offered = ("admin.product.list",) if is_admin else ("product.search", "basket.view")
    return Neutral(text, suggestions=topics(offered, phrases))


def unsure(plan: Unsure, setting: Setting) -> Neutral:
    """A question back, with what it may have been."""
    phrases = setting.phrases
    offered = plan.intents or ("product.search", "basket.view", "help")
    suggestions = topics(offered, phrases)
    lines = [f"{number}. {one.label}" for number, one in enumerate(suggestions, 1)]
    choices = [Choice(one.label, intent) for one, intent in zip(suggestions, offered, strict=True)]
    seen = Seen(pending=OpenQuestion("intent", setting.intent, "", {}, choices=choices))
    text = "\n".join([phrases("unsure"), *lines])
    return Neutral(text, suggestions=suggestions, seen=seen, is_numbered=True)


def ask_product(plan: AskProduct, setting: Setting) -> Neutral:
    """Which product? With those that were shown, if any were."""
    phrases = setting.phrases
    choices = [Choice(product.title, product.product_id) for product in setting.memory.shown[:MAX_CHOICES]]
    if not choices:
        text = f"{phrases('which-product')} {phrases('which-product-remedy')}"
        return Neutral(text, suggestions=topics(("product.search",), phrases))
    question = OpenQuestion("product", plan.intent, plan.tool, dict(plan.arguments), "product", choices)
    return choosing(phrases("which-product"), choices, Seen(pending=question))


def ask_slot(plan: AskSlot, setting: Setting) -> Neutral:
    """The question for one thing that is missing."""
    call, phrases = plan.call, setting.phrases
    question = OpenQuestion(
        "slot", plan.intent, call.tool, dict(call.arguments), plan.slot.name, extra=dict(call.extra)
    )
    text = phrases(plan.slot.phrase)
    if plan.slot.kind == "yes":
        yes_no = [Suggestion(phrases(word), phrases(word)) for word in ("yes", "no")]
        return Neutral(text, suggestions=yes_no, seen=Seen(pending=question))
    return Neutral(text, seen=Seen(pending=question))


def ask_variant(plan: AskVariant, setting: Setting) -> Neutral:
    """Which variant of a product that was shown?"""
    variants = plan.product.variants[:MAX_CHOICES]
    choices = [Choice(variant_label(_plain(one)), one.sku) for one in variants]
    extra = {"title": plan.product.title}
    question = OpenQuestion(
        "product", plan.intent, plan.tool, dict(plan.arguments), "sku", choices, extra=extra
    )
    return choosing(setting.phrases("which-of-these"), choices, Seen(pending=question))


def _plain(variant: ShownVariant) -> Mapping[str, object]:
    return {"sku": variant.sku, "options": variant.options}


def pressed(message: str, phrases: Phrases) -> str:
    """The intent whose suggestion sends `message`, or is labelled so; what we offer we understand."""
    for intent in INTENTS:
        key = f"topic-{slug(intent)}"
        if intent != "other" and message in (phrases(key), phrases(f"{key}-message")):
            return intent
    return ""


_COMPOSERS: Mapping[str, Callable[[Sequence[Done], Setting], Neutral]] = {
    "search_products": products.search,
    "recommend_products": products.recommendations,
    "get_product_info": products.info,
    "compare_products": products.comparison,
    "answer_question": products.answer,
    "add_to_basket": basket.added,
    "get_basket": basket.view,
    "update_basket_item": basket.changed,
    "remove_from_basket": basket.changed,
    "get_payment_link": orders.payment,
    "get_order_status": orders.orders,
    "create_stock_alert": orders.alert,
    "send_email": orders.sent,
    "send_sms": orders.sent,
    "send_whatsapp": orders.sent,
    "handover_to_human": orders.handed_over,
    "list_products": staff.products,
    "create_product": staff.created,
    "update_product": staff.updated,
    "delete_product": staff.archived,
    "create_from_file": staff.imported,
}

REFUSALS: Mapping[str, Callable[[Done, Setting], Neutral]] = {
    "insufficient_stock": refusals.short_stock,
    "quantity_limit": refusals.quantity_limit,
    "product_gone": refusals.gone,
    "product_not_found": refusals.not_found,
    "variant_not_found": refusals.not_found,
    "order_not_found": refusals.order_not_found,
    "basket_line_not_found": refusals.line_not_found,
    "basket_empty": refusals.basket_empty,
    "provider_unavailable": refusals.provider_down,
    "order_not_payable": refusals.not_payable,
    "in_stock": refusals.in_stock,
    "sku_taken": refusals.sku_taken,
    "version_conflict": refusals.changed_meanwhile,
    "basket_version_conflict": refusals.changed_meanwhile,
    "import_unreadable": refusals.unreadable,
    "payload_too_large": refusals.too_large,
    "ambiguous": refusals.ambiguous,
    confirm.REASON: confirm.ask,
}
"""The shop's refusals that have an answer of their own; every other failure is an error."""
