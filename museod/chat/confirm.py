"""
What waits for a yes, in the person's own words: from a child's preview to a question with its amounts. Pure.

The child decides what needs a yes and says what would happen; this file words it per language, from the
preview's facts where it knows the tool and from the child's own sentence where it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from museod.chat.cards import basket_card, line, objects, string
from museod.chat.conversation import OpenQuestion, Seen
from museod.chat.messages import clean_text
from museod.chat.neutral import Done, Neutral, Setting, title_of, with_yes
from museod.chat.phrases import Phrases
from museod.chat.replies.staff import change_line

REASON = "confirmation_required"
MAX_SUMMARY_CHARS = 1000
MAX_RECIPIENTS = 5
_PREFACES = {"price_changed": "pay-changed", "insufficient_stock": "pay-changed"}


def needs_yes(structured: Mapping[str, Any]) -> bool:
    """
    Whether an error result asks for a yes.

    A refusal may ask too: what was shown has changed, and the child says what the yes would be for now.
    """
    if structured.get("reason") == REASON:
        return True
    return structured.get("needsConfirmation") is True and isinstance(structured.get("arguments"), Mapping)


def ask(last: Done, setting: Setting) -> Neutral:
    """The question; its yes is for the child's own, more exact arguments where it gives some."""
    phrases, structured = setting.phrases, last.structured
    exact = structured.get("arguments")
    arguments = dict(exact) if isinstance(exact, Mapping) and exact else dict(last.call.arguments)
    summary = _summary(last, phrases)
    preface = _PREFACES.get(string(structured.get("apiCode")))
    text = "\n".join([*([phrases(preface)] if preface else []), summary, phrases("confirm-how")])
    basket = structured.get("basket")
    cards = [basket_card(basket, phrases)] if isinstance(basket, Mapping) and "total" in basket else []
    question = OpenQuestion(
        "confirm",
        setting.intent,
        last.call.tool,
        arguments,
        extra=dict(last.call.extra),
        summary=summary[:MAX_SUMMARY_CHARS],
    )
    return with_yes(text, phrases, Seen(pending=question), cards)


def _summary(last: Done, phrases: Phrases) -> str:
    structured, arguments = last.structured, last.call.arguments
    product = structured.get("product")
    title = line(product.get("title")) if isinstance(product, Mapping) else ""
    match last.call.tool:
        case "get_payment_link" if isinstance(structured.get("amount"), Mapping):
            amount = phrases.money(structured["amount"])
            return phrases("confirm-pay", amount=amount, count=_count(structured))
        case "remove_from_basket":
            return phrases("confirm-empty-basket", count=_count(structured))
        case "delete_product":
            text = phrases("confirm-delete", title=title or title_of(last, phrases))
            baskets = structured.get("openBaskets")
            if isinstance(baskets, int) and baskets > 0:
                text += f" {phrases('confirm-delete-baskets', count=baskets)}"
            return text
        case "update_product" if changes := objects(structured.get("changed")):
            lead = phrases("confirm-update", title=title or title_of(last, phrases))
            return "\n".join([lead, *(f"• {change_line(change, phrases)}" for change in changes)])
        case "send_email" | "send_sms" | "send_whatsapp":
            to = arguments.get("to")
            named = [to] if isinstance(to, str) else to if isinstance(to, list) else []
            shown = ", ".join(line(one) for one in named[:MAX_RECIPIENTS])
            if len(named) > MAX_RECIPIENTS:
                shown += " …"
            said = [line(arguments.get("subject")), clean_text(string(arguments.get("body")))]
            return "\n".join([phrases("confirm-send", to=shown), *(f"“{text}”" for text in said if text)])
        case _:
            return clean_text(string(structured.get("summary")))[:MAX_SUMMARY_CHARS] or phrases("confirm-any")


def _count(structured: Mapping[str, Any]) -> int:
    basket = structured.get("basket")
    for value in (
        structured.get("itemCount"),
        basket.get("itemCount") if isinstance(basket, Mapping) else None,
    ):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return 0
