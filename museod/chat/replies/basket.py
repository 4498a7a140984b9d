"""Replies about the basket: what went in, what is in it, what has changed, which line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from museod.chat.cards import basket_card, choices_card, line, line_title, objects, string, strings
from museod.chat.conversation import Choice, OpenQuestion, Seen, ShownLine
from museod.chat.messages import Suggestion
from museod.chat.neutral import (
    MAX_CHOICES,
    Done,
    Neutral,
    Setting,
    choosing,
    title_of,
    topics,
    unknown_product,
)
from museod.chat.phrases import Phrases
from museod.chat.replies.products import which_of

_NEXT = ("checkout.pay", "product.search")
_AVAILABILITY_NOTES = {"insufficient": "line-insufficient", "unavailable": "line-unavailable"}


def added(done: Sequence[Done], setting: Setting) -> Neutral:
    phrases, last = setting.phrases, done[-1]
    added, choice = last.structured.get("added"), last.structured.get("needsChoice")
    if not isinstance(added, Mapping):
        candidates = objects(last.structured.get("candidates"))
        if candidates:
            return which_of(candidates, last, setting)
        if isinstance(choice, Mapping):
            return _which_option(choice, last, setting)
        return unknown_product(title_of(last, phrases), phrases)
    # A line that was there before counts all its pieces; what was added is what was asked for.
    quantity = min(added["quantity"], last.call.arguments.get("quantity", 1))
    price = phrases.money(added["unitPrice"])
    lines = [phrases("added", quantity=quantity, title=line_title(added), price=price)]
    cards = []
    basket = last.structured.get("basket")
    if isinstance(basket, Mapping):
        count, total = basket["itemCount"], phrases.money(basket["total"])
        lines.append(phrases("basket-sum", count=count, total=total))
        lines += notices(basket, phrases)
        cards.append(basket_card(basket, phrases))
        seen_lines = shown_lines(basket)
    else:
        seen_lines = None
    seen = Seen(
        sku=string(added.get("sku")), lines=seen_lines, added=shown_line(added), added_pieces=quantity
    )
    return Neutral("\n".join(lines), cards, topics(("basket.view", "checkout.pay"), phrases), seen)


def _which_option(choice: Mapping[str, Any], last: Done, setting: Setting) -> Neutral:
    phrases = setting.phrases
    axis = line(choice.get("axis"))
    values = [line(value) for value in strings(choice.get("values"))][:MAX_CHOICES]
    choices = [Choice(value, value) for value in values]
    name = phrases(f"axis-{axis}") if phrases.has(f"axis-{axis}") else axis
    title = line(last.call.extra.get("title"))
    joined = phrases.either(values)
    text = (
        phrases("choose-option", axis=name, title=title, values=joined)
        if title
        else phrases("choose-option-plain", axis=name, values=joined)
    )
    question = OpenQuestion(
        "option",
        setting.intent,
        last.call.tool,
        dict(last.call.arguments),
        axis,
        choices,
        extra=dict(last.call.extra) if title else {},
    )
    focus = string(last.call.extra.get("productId")) or None
    suggestions = [Suggestion(value, value) for value in values]
    seen = Seen(pending=question, focus=focus)
    return Neutral(text, [choices_card(choices)], suggestions, seen)


def view(done: Sequence[Done], setting: Setting) -> Neutral:
    phrases, basket = setting.phrases, done[-1].structured.get("basket")
    if not isinstance(basket, Mapping) or not objects(basket.get("lines")):
        text = phrases("basket-empty")
        cards = [basket_card(basket, phrases)] if isinstance(basket, Mapping) else []
        return Neutral(text, cards, topics(("product.search",), phrases), Seen(lines=[]))
    lines = [phrases("basket-lead", count=basket["itemCount"])]
    for one in objects(basket.get("lines")):
        total = phrases.money(one["lineTotal"])
        said = phrases("basket-line", quantity=one["quantity"], title=line_title(one), total=total)
        note = _AVAILABILITY_NOTES.get(string(one.get("availability")))
        lines.append(f"• {said} ({phrases(note)})" if note else f"• {said}")
    lines.append(phrases("basket-total", total=phrases.money(basket["total"])))
    lines += notices(basket, phrases)
    seen = Seen(lines=shown_lines(basket))
    return Neutral("\n".join(lines), [basket_card(basket, phrases)], topics(_NEXT, phrases), seen)


def notices(basket: Mapping[str, Any], phrases: Phrases) -> list[str]:
    said = [
        phrases(f"notice-{notice}") if phrases.has(f"notice-{notice}") else line(notice)
        for notice in strings(basket.get("notices"))
    ]
    return list(dict.fromkeys(said))


def shown_line(one: Mapping[str, Any]) -> ShownLine:
    """A basket line as the conversation remembers it."""
    quantity = one.get("quantity")
    return ShownLine(
        string(one.get("lineId")),
        line_title(one),
        string(one.get("sku")),
        quantity if isinstance(quantity, int) else 0,
    )


def shown_lines(basket: Mapping[str, Any]) -> list[ShownLine]:
    """All lines of a basket as the conversation remembers them."""
    return [shown_line(one) for one in objects(basket.get("lines"))]


def changed(done: Sequence[Done], setting: Setting) -> Neutral:
    """Another quantity of a line, or the line out; with what the basket is worth now."""
    phrases, last = setting.phrases, done[-1]
    found = last.structured.get("basket")
    if objects(last.structured.get("candidates")):
        return which_line(last, setting)
    if not isinstance(found, Mapping):
        return view(done, setting)
    removed = [line_title(one) for one in objects(last.structured.get("removed"))]
    key = string(last.call.arguments.get("line"))
    now = next(
        (one for one in objects(found.get("lines")) if key in (one.get("lineId"), one.get("sku"))), None
    )
    if last.call.arguments.get("all") is True:
        lines = [phrases("basket-emptied")]
    elif removed:
        lines = [phrases("basket-removed", title=", ".join(removed))]
    elif now is not None:
        lines = [phrases("basket-changed", quantity=now["quantity"], title=line_title(now))]
    elif last.call.arguments.get("quantity") == 0:
        lines = [phrases("basket-removed", title=title_of(last, phrases))]
    else:
        return view(done, setting)
    if objects(found.get("lines")):
        lines.append(phrases("basket-sum", count=found["itemCount"], total=phrases.money(found["total"])))
    lines += notices(found, phrases)
    seen = Seen(lines=shown_lines(found), added=None if now is None else shown_line(now), added_pieces=0)
    return Neutral("\n".join(lines), [basket_card(found, phrases)], topics(_NEXT, phrases), seen)


def swapped(done: Sequence[Done], setting: Setting) -> Neutral:
    """ "No, the blue one": one line in, another one out, one basket."""
    put_in, taken_out = done[-2], done[-1]
    first, second = added([put_in], setting), changed([taken_out], setting)
    lead = first.text.split("\n", 1)[0]
    return Neutral(
        f"{lead}\n{second.text}",
        second.cards,
        second.suggestions,
        Seen(
            sku=first.seen.sku,
            lines=second.seen.lines,
            added=first.seen.added,
            added_pieces=first.seen.added_pieces,
        ),
    )


def which_line(
    last: Done, setting: Setting, *, tool: str = "", arguments: Mapping[str, Any] | None = None
) -> Neutral:
    """
    Which line of the basket? The answer continues the call, or the one that is given.
    """
    phrases = setting.phrases
    basket = last.structured.get("basket")
    every = objects(basket.get("lines")) if isinstance(basket, Mapping) else []
    candidates = objects(last.structured.get("candidates")) or every
    if not candidates:
        return Neutral(phrases("basket-empty"), suggestions=topics(("product.search",), phrases))
    choices = [Choice(line_title(one), string(one.get("lineId"))) for one in candidates[:MAX_CHOICES]]
    given = last.call.arguments if arguments is None else arguments
    kept = {name: value for name, value in given.items() if name != "line"}
    question = OpenQuestion("product", setting.intent, tool or last.call.tool, kept, "line", choices)
    shown = shown_lines(basket) if isinstance(basket, Mapping) else None
    return choosing(phrases("which-line"), choices, Seen(pending=question, lines=shown))
