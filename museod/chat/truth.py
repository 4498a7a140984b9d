"""
The gate between a reply and its reader: what no tool result of the turn says is left out. Pure.

Amounts, stock figures, order numbers and links are checked in the text, the cards and the suggestions. A line
or card that fails is dropped as a whole, since half a sentence can lie too. Templates fill themselves from
results and should never fail; a model's wording goes through `checked` before any of it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from museod.chat.amounts import NUMBER, PRICE_FIELD, money_in, readings
from museod.chat.cards import Card, line
from museod.chat.messages import clean_text
from museod.chat.neutral import Done, Neutral
from museod.chat.phrases import Phrases

MAX_DEPTH = 12  # of a result; the wire allows more, but nobody quotes from there
LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"“”]+", re.IGNORECASE)
ORDER_NUMBER = re.compile(r"(?<![\w-])[A-Z]{1,5}-?\d{3,}[\w-]*(?!\w)")
_PLACE = re.compile(r"^\s*(?:[•*-]\s*)?\d{1,2}[.)]\s+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?")
_TRAILING = ".,;:!?)]}'»"
_STOCK = frozenset({"available", "stock", "quantity", "itemCount"})


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What the results of one turn say.

    `amounts` are values in whole units, `numbers` all numbers that stand anywhere, `texts` everything written
    there; `quotes` and `asked` are the words and numbers that the person asked with and a reply may repeat;
    `longest` bounds what can be counted.
    """

    amounts: frozenset[Decimal] = frozenset()
    numbers: frozenset[Decimal] = frozenset()
    links: frozenset[str] = frozenset()
    texts: str = ""
    quotes: tuple[str, ...] = ()
    asked: frozenset[Decimal] = frozenset()
    longest: int = 0


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that no result says: `kind` is amount, number, order or link."""

    kind: str
    where: str


def facts_of(done: Sequence[Done]) -> Facts:
    """The facts in the results of finished calls."""
    amounts: set[Decimal] = set()
    numbers: set[Decimal] = set()
    links: set[str] = set()
    texts: list[str] = []
    longest = 0
    for value, depth in _walk([one.structured for one in done]):
        if isinstance(value, Mapping) and (amount := _amount(value)) is not None:
            amounts.add(amount)
            numbers.add(amount)
        elif isinstance(value, Mapping) and isinstance(value.get("field"), str):
            amounts |= _changed_amounts(value)
        elif isinstance(value, list):
            # The outermost list is ours: how many calls there were is no fact.
            length = len(value) if depth else 0
            longest = max(longest, length)
            numbers.add(Decimal(length))
        elif isinstance(value, str):
            texts.append(value)
            links.update(_links(value))
            for _, _, written in money_in(value):
                amounts |= readings(written)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            numbers.add(Decimal(str(value)))
    written = "\n".join(texts)
    numbers |= _clock_numbers(written)
    for number in re.findall(r"\d+", written):
        numbers.add(Decimal(number))
    for number in NUMBER.findall(written):
        numbers |= readings(number)
    return Facts(
        frozenset(amounts),
        frozenset(numbers),
        frozenset(links),
        written.casefold(),
        _quotes(done),
        _asked(done),
        longest,
    )


def _clock_numbers(written: str) -> set[Decimal]:
    """The numbers with which a locale may write the days and times in `written`, in UTC as replies do."""
    found: set[int] = set()
    for moment in _MOMENT.findall(written):
        try:
            when = datetime.fromisoformat(moment)
        except ValueError:
            continue
        if when.tzinfo is not None:
            when = when.astimezone(UTC)
        found |= {when.year, when.year % 100, when.month, when.day, when.hour, when.hour % 12 or 12}
        found.add(when.minute)
    return {Decimal(number) for number in found}


def _walk(root: Any) -> Iterable[tuple[Any, int]]:
    waiting = [(root, 0)]
    while waiting:
        value, depth = waiting.pop()
        yield value, depth
        if depth < MAX_DEPTH:
            inner: Iterable[Any] = ()
            if isinstance(value, Mapping):
                inner = value.values()
            elif isinstance(value, list):
                inner = value
            waiting += [(one, depth + 1) for one in inner]


def _amount(value: Mapping[str, Any]) -> Decimal | None:
    amount, currency = value.get("amount"), value.get("currency")
    if not isinstance(amount, int) or not isinstance(currency, str):
        return None
    return Decimal(amount).scaleb(-get_currency_precision(currency))


def _changed_amounts(change: Mapping[str, Any]) -> set[Decimal]:
    """The prices in one change of a product."""
    priced = PRICE_FIELD.fullmatch(str(change["field"]))
    if priced is None:
        return set()
    pair = [{"amount": change.get(name), "currency": priced[1]} for name in ("from", "to")]
    return {amount for one in pair if (amount := _amount(one)) is not None}


def _quotes(done: Sequence[Done]) -> tuple[str, ...]:
    """What was asked with, as replies write it; the longest first, so that no part of one stays behind."""
    said = {
        text
        for one in done
        for value, _ in _walk([dict(one.call.arguments), dict(one.call.extra)])
        if isinstance(value, str)
        for text in (value, line(value), clean_text(value))
    }
    return tuple(sorted((text for text in said if text), key=len, reverse=True))


def _asked(done: Sequence[Done]) -> frozenset[Decimal]:
    """The numbers with which was asked: a quantity, a limit."""
    return frozenset(
        Decimal(str(value))
        for one in done
        for value, _ in _walk(dict(one.call.arguments))
        if isinstance(value, int | float) and not isinstance(value, bool)
    )


def checked(text: str, facts: Facts) -> tuple[str, list[Violation]]:
    """
    `text` without the lines that say what no result says: for wording that a model wrote.

    Nothing that the person said counts as true here, and nothing may be counted.
    """
    return _checked(text, replace(facts, quotes=(), asked=frozenset(), longest=0), check_numbers=True)


def gate(reply: Neutral, done: Sequence[Done], phrases: Phrases) -> tuple[Neutral, list[Violation]]:
    """`reply`, and what had to be left out of it."""
    facts = facts_of(done)
    text, found = _checked(reply.text, facts, check_numbers=bool(done))
    cards = []
    for card in reply.cards:
        wrong = list(_wrong_in_card(card, facts)) if done else []
        found += wrong
        if not wrong:
            cards.append(card)
    suggestions = []
    for one in reply.suggestions:
        _, wrong = _checked(f"{one.label}\n{one.message}", facts, check_numbers=False)
        found += wrong
        if not wrong:
            suggestions.append(one)
    if not found:
        return reply, []
    text = "\n".join(part for part in (text, phrases("withheld")) if part)
    return replace(reply, text=text, cards=cards, suggestions=suggestions), found


def _checked(text: str, facts: Facts, *, check_numbers: bool) -> tuple[str, list[Violation]]:
    kept, found = [], []
    for one in text.split("\n"):
        wrong = _wrong_in_line(one, facts, check_numbers=check_numbers)
        found += wrong
        if not wrong:
            kept.append(one)
    return "\n".join(kept), found


def _wrong_in_line(text: str, facts: Facts, *, check_numbers: bool) -> list[Violation]:
    plain = _PLACE.sub("", text)
    for quote in facts.quotes:
        if quote in plain and quote.casefold() not in facts.texts:
            plain = plain.replace(quote, " ")
    found = [Violation("link", text) for link in _links(plain) if link not in facts.links]
    plain = LINK.sub(" ", plain)
    spans = money_in(plain)
    found += [Violation("amount", text) for _, _, one in spans if not readings(one) & facts.amounts]
    for start, end, _ in reversed(spans):
        plain = f"{plain[:start]} {plain[end:]}"
    found += [
        Violation("order", text)
        for number in ORDER_NUMBER.findall(plain)
        if number.casefold() not in facts.texts
    ]
    if check_numbers:
        numbers = [one for one in NUMBER.findall(ORDER_NUMBER.sub(" ", plain)) if not _is_known(one, facts)]
        found += [Violation("number", text) for _ in numbers]
    return found


def _is_known(written: str, facts: Facts) -> bool:
    possible = readings(written)
    if possible & (facts.numbers | facts.asked) or any(
        value == value.to_integral_value() and 0 <= value <= facts.longest for value in possible
    ):
        return True
    parts = written.split(".")
    is_date = len(parts) == 3 and all(part.isdigit() and len(part) != 3 for part in parts)
    return is_date and all(Decimal(part) in facts.numbers for part in parts)


def _links(text: str) -> list[str]:
    return [link.rstrip(_TRAILING) for link in LINK.findall(text)]


def _wrong_in_card(card: Card, facts: Facts) -> Iterable[Violation]:
    name = str(card.get("type", ""))
    for value, _ in _walk(card):
        if isinstance(value, str):
            for link in _links(value):
                if link not in facts.links:
                    yield Violation("link", name)
        elif isinstance(value, Mapping):
            amount = _amount(value)
            if amount is not None and amount not in facts.amounts:
                yield Violation("amount", name)
            for key in _STOCK & value.keys():
                number = value[key]
                if isinstance(number, int) and number and Decimal(number) not in facts.numbers:
                    yield Violation("number", name)
