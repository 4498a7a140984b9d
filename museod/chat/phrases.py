"""Every text that a person reads, in the person's language: Fluent for words and plurals, Babel for money."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

from babel import localedata
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_currency, get_currency_precision
from fluent.runtime import FluentBundle, FluentResource

LANGUAGES = ("en", "es", "fr", "de", "pt", "it", "tr", "vi")
FALLBACK = "en"

_REGION = re.compile(r"[A-Za-z]{2}|\d{3}")
_RTL = frozenset({"R", "AL", "AN"})
_ISOLATE, _POP = "\u2068", "\u2069"


def language_of(tag: str) -> str:
    """The language of ours that serves a BCP 47 tag best; English for those we do not speak."""
    language = tag.replace("_", "-").split("-", 1)[0].lower()
    return language if language in LANGUAGES else FALLBACK


@lru_cache(maxsize=256)  # a few regions of eight languages; tags are a client's, so the table needs an end
def phrases_for(tag: str) -> Phrases:
    """The phrases for a BCP 47 tag: the language's words, the region's way to write money."""
    language = language_of(tag)
    babel_locale = language
    parts = tag.replace("_", "-").split("-")
    if parts[0].lower() == language:
        for part in parts[1:]:
            candidate = f"{language}_{part.upper()}"
            if _REGION.fullmatch(part) and localedata.exists(candidate):
                babel_locale = candidate
                break
    return Phrases(language, babel_locale)


@lru_cache(maxsize=len(LANGUAGES))
def _bundle(language: str) -> FluentBundle:
    # Isolation marks would stand around every value of eight left-to-right languages; `_isolated` sets
    # them where a value really runs the other way.
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource(read_source(language)))
    return bundle


def read_source(language: str) -> str:
    """The Fluent source of one language."""
    return (files("museod.chat") / "locales" / f"{language}.ftl").read_text("utf-8")


class Phrases:
    """The texts of one language; a call with a key and its values gives one of them."""

    def __init__(self, language: str, babel_locale: str) -> None:
        self.language = language
        self._babel = babel_locale

    def __call__(self, key: str, **values: str | int) -> str:
        """
        The phrase `key` filled with `values`; in English where this language lacks it.

        Raises:
            KeyError: no language has it: a bug.
        """
        bundle = _bundle(self.language)
        if not bundle.has_message(key):
            bundle = _bundle(FALLBACK)
        pattern = bundle.get_message(key).value
        if pattern is None:
            raise KeyError(key)
        filled = {name: _isolated(value) for name, value in values.items()}
        text, errors = bundle.format_pattern(pattern, filled)
        if errors:
            raise KeyError(f"{key}: {errors[0]}")
        return str(text)

    def has(self, key: str) -> bool:
        """Whether any language has the phrase."""
        return _bundle(FALLBACK).has_message(key)

    def money(self, money: Mapping[str, Any]) -> str:
        """An amount in minor units with its currency, as people of this locale write it."""
        currency = str(money["currency"])
        amount = Decimal(int(money["amount"])).scaleb(-get_currency_precision(currency))
        return str(format_currency(amount, currency, locale=self._babel))

    def date(self, written: str) -> str:
        """A date or moment of ISO 8601 as people of this locale write a day; nothing for anything else."""
        try:
            return str(format_date(datetime.fromisoformat(written), "medium", locale=self._babel))
        except ValueError:
            return ""

    def moment(self, written: str) -> str:
        """A moment of ISO 8601 with its day and time, in UTC; nothing for anything else."""
        try:
            when = datetime.fromisoformat(written)
        except ValueError:
            return ""
        return f"{format_datetime(when, 'short', tzinfo=UTC, locale=self._babel)} UTC"

    def either(self, items: Sequence[str]) -> str:
        """`a, b or c`."""
        return str(format_list(list(items), style="or", locale=self._babel))


def _isolated(value: str | int) -> str | int:
    """`value`, with marks around it where it is written right to left, lest it turn its neighbours."""
    if isinstance(value, str) and any(unicodedata.bidirectional(char) in _RTL for char in value):
        return f"{_ISOLATE}{value}{_POP}"
    return value
