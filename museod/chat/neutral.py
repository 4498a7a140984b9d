"""A reply before it is fitted to a channel, what it is made from, and the pieces that all replies share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from museod.chat.cards import Card, choices_card, line, line_title
from museod.chat.conversation import Choice, Memory, Seen
from museod.chat.messages import Suggestion
from museod.chat.phrases import Phrases
from museod.chat.situation import ToolCall

MAX_ANSWER_CHARS = 4000
MAX_CHOICES = 12


@dataclass(frozen=True, slots=True)
class Done:
    """
    One tool call and its answer: `structured` as the child gave it.

    `refusal` is the shop's word for why it did not do it (`insufficient_stock`), empty when it did.
    """

    call: ToolCall
    structured: Mapping[str, Any]
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Neutral:
    """
    A reply before it is fitted to a channel.

    `text` says everything that the cards hold. `is_numbered`: it contains a numbered list already.
    """

    text: str
    cards: Sequence[Card] = ()
    suggestions: Sequence[Suggestion] = ()
    seen: Seen = field(default_factory=Seen)
    is_numbered: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """What a reply depends on besides the results."""

    phrases: Phrases
    memory: Memory
    message: str
    intent: str


def topics(intents: Sequence[str], phrases: Phrases) -> list[Suggestion]:
    """Intents as next steps."""
    return [
        Suggestion(phrases(f"topic-{slug(intent)}"), phrases(f"topic-{slug(intent)}-message"))
        for intent in intents
    ]


def slug(intent: str) -> str:
    """An intent as part of a phrase's key."""
    return intent.replace(".", "-")


def unknown_product(name: str, phrases: Phrases) -> Neutral:
    text = f"{phrases('product-unknown', name=name)} {phrases('product-unknown-remedy')}"
    suggestions = [Suggestion(name, name)] if name else []
    return Neutral(text, suggestions=suggestions or topics(("product.search",), phrases))


def title_of(last: Done, phrases: Phrases) -> str:
    title = line(last.call.extra.get("title"))
    if not title:
        return phrases("the-product")
    named = last.call.extra.get("options") or last.call.arguments.get("options")
    return line_title({"title": title, "options": named})


def cell(value: Any, phrases: Phrases) -> str:
    if isinstance(value, bool):
        return phrases("yes" if value else "no")
    return line(str(value)) if isinstance(value, str | int | float) else ""


def choosing(lead: str, choices: Sequence[Choice], seen: Seen) -> Neutral:
    lines = [f"{number}. {choice.label}" for number, choice in enumerate(choices, 1)]
    suggestions = [Suggestion(choice.label, choice.label) for choice in choices]
    return Neutral("\n".join([lead, *lines]), [choices_card(choices)], suggestions, seen, is_numbered=True)


def with_yes(text: str, phrases: Phrases, seen: Seen, cards: Sequence[Card] = ()) -> Neutral:
    """A question that a yes or a no answers."""
    answers = [Suggestion(phrases(word), phrases(word)) for word in ("yes", "no")]
    return Neutral(text, cards, answers, seen)
