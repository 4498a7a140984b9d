"""
The grammar of a language: read from a table in `grammars/`, compiled once.

A further language is a further table, and its name in `_LANGUAGES`; `english.toml` says what each part means.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mcps.intent.intents import Intent
from mcps.kit.query.lexicon import Lexicon, lexicon_for
from mcps.kit.query.numbers import amount_pattern

_LANGUAGES = {"en": "english"}
_DEFAULT = "en"
_TABLES = Path(__file__).with_name("grammars")

_MACRO = re.compile(r"<([a-z_]+)>")
_LINE_BREAK = re.compile(r"\n *")


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One way of saying an intent.

    Args:
        search: the compiled pattern.
        confidence: how often a message that matches means this, as far as one can tell.
        tool: where the intent alone does not say it.
        is_for_staff: counts only when the message comes from the administration's own client.
        after: counts only when the last message had one of these intents; empty: always.
    """

    intent: Intent
    confidence: float
    search: re.Pattern[str]
    tool: str | None
    is_for_staff: bool
    after: frozenset[Intent]


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a message names its product: what stands before it, and what after."""

    before: re.Pattern[str]
    after: re.Pattern[str]


class Grammar:
    """One language's grammar, with everything compiled when it is first needed."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table
        self.language: str = table["language"]
        self.typo_words = self._words("typo_words")
        self.known_words = self._words("known_words")
        self.nouns = self._words("nouns")
        self.sentence_words = self._words("sentence_words")
        self.not_products = self._words("not_products")
        self.search_words = self._words("search_words")

    @property
    def lexicon(self) -> Lexicon:
        """The words of the same language that every query shares."""
        return lexicon_for(self.language)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order of the intents."""
        found = []
        for name, said in self._table["rules"].items():
            for confidence, pattern, *more in said["said"]:
                options = more[0] if more else {}
                after = frozenset(Intent(intent) for intent in options.get("after", ()))
                is_for_staff = options.get("staff", False)
                search = self._compiled(pattern)
                found.append(Rule(Intent(name), confidence, search, options.get("tool"), is_for_staff, after))
        return tuple(found)

    @cached_property
    def courtesy_before(self) -> re.Pattern[str]:
        """What may stand politely before a message."""
        return self._compiled(rf"^(?:(?:{_joined(self._table['courtesy_before'])})(?: |$))+")

    @cached_property
    def courtesy_after(self) -> re.Pattern[str]:
        """What may stand politely after one."""
        return self._compiled(rf"(?:(?: |^)(?:{_joined(self._table['courtesy_after'])}))+$")

    @cached_property
    def cuts(self) -> Mapping[Intent, Cut]:
        """Where messages of these intents name their product."""
        return {
            Intent(intent): Cut(self._compiled(row["before"]), self._compiled(row["after"]))
            for row in self._table["cuts"]
            for intent in row["intents"]
        }

    @cached_property
    def quantities(self) -> tuple[re.Pattern[str], ...]:
        """How many; the first group is the number, in figures or words."""
        return tuple(self._compiled(pattern) for pattern in self._table["quantities"])

    @cached_property
    def names(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Further entities; the first group that matched is the value."""
        return tuple((name, self._compiled(pattern)) for name, pattern in self._table["names"].items())

    @cached_property
    def flags(self) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
        """Entities with few values: name, value, pattern."""
        return tuple(
            (name, value, self._compiled(pattern))
            for name, values in self._table["flags"].items()
            for value, pattern in values.items()
        )

    @cached_property
    def place(self) -> re.Pattern[str]:
        """A place in a list, as in "the second one"."""
        return self._compiled(r"(?<!\w)(?:<place>)(?!\w)")

    @cached_property
    def pronouns(self) -> re.Pattern[str]:
        """Words that point at something that was shown."""
        return self._compiled(self._table["pronouns"])

    @cached_property
    def compared(self) -> re.Pattern[str]:
        """Things that are compared with each other; the first group that matched holds them all."""
        return self._compiled(self._table["compared"])

    @cached_property
    def separators(self) -> re.Pattern[str]:
        """What stands between compared things."""
        return self._compiled(self._table["separators"])

    @cached_property
    def announces_price(self) -> re.Pattern[str]:
        """Words after which a number is a price."""
        return self._compiled(self._table["announces_price"])

    @cached_property
    def amount(self) -> re.Pattern[str]:
        """An amount of money, in the groups that begin with `price`."""
        return re.compile(amount_pattern(self.lexicon, "price"))

    def warm_up(self) -> None:
        """Compile what every message needs; some tenths of a second."""
        _ = self.rules, self.courtesy_before, self.courtesy_after, self.cuts

    def _words(self, name: str) -> frozenset[str]:
        return frozenset(self._table[name].split())

    def _compiled(self, pattern: str) -> re.Pattern[str]:
        pattern = _joined(pattern)
        macros = self._table["macros"]
        while _MACRO.search(pattern):
            pattern = _MACRO.sub(lambda match: f"(?:{_joined(macros[match[1]])})", pattern)
        return re.compile(pattern)


def _joined(pattern: str) -> str:
    """A pattern that runs over several lines as one."""
    return _LINE_BREAK.sub("", pattern).lstrip(" ")


_GRAMMARS: dict[str, Grammar] = {}  # by language, of which there are as many as tables


def grammar_for(locale: str) -> Grammar:
    """The grammar for a BCP 47 tag; English serves the languages that have none."""
    language = locale.split("-")[0].lower()
    language = language if language in _LANGUAGES else _DEFAULT
    if language not in _GRAMMARS:
        with open(_TABLES / f"{_LANGUAGES[language]}.toml", "rb") as file:
            _GRAMMARS[language] = Grammar(tomllib.load(file))
    return _GRAMMARS[language]
