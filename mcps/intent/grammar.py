"""The shape of one language's grammar, and its compiled form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from mcps.intent.intents import Intent
from mcps.kit.query.lexicon import Lexicon, lexicon_for


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One way of saying an intent.

    Args:
        pattern: searched for in the plain text (see `utterance.read`); `<name>` stands for a macro.
        confidence: how often a message that matches means this, as far as one can tell.
        tool: where the intent alone does not say it.
        admin_only: counts only when the message comes from the administration's own client.
        context: counts only after a turn with one of these intents.
    """

    intent: Intent
    confidence: float
    pattern: str
    tool: str | None = None
    admin_only: bool = False
    context: frozenset[Intent] = frozenset()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule with its pattern compiled."""

    rule: Rule
    search: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Cut:
    """How to find the product that a message names: what stands before it, and what after it."""

    before: str
    after: str


@dataclass(frozen=True)
class Grammar:
    """
    One language: rules, the courtesies around a message, and where its products stand.

    `typo_words` are the words that decide, and are recognised with one slip of the finger; `pronouns` the
    words that point at something; `nouns` say that a message speaks of goods at all.
    """

    language: str
    macros: Mapping[str, str]
    rules: tuple[Rule, ...]
    courtesy_before: str
    courtesy_after: str
    typo_words: frozenset[str]
    known_words: frozenset[str]
    cuts: Mapping[Intent, Cut]
    not_products: frozenset[str]
    pronouns: str
    nouns: frozenset[str]
    sentence_words: frozenset[str]
    quantities: tuple[str, ...]
    names: Mapping[str, str]  # further entities: name -> pattern whose first group is the value
    flags: Mapping[str, str]  # pattern -> "entity=value"

    @property
    def lexicon(self) -> Lexicon:
        """The words of the same language that every query shares."""
        return lexicon_for(self.language)

    def expand(self, pattern: str) -> str:
        """`pattern` with its macros, and the macros of those, put in."""
        while True:
            expanded = re.sub(r"<([a-z_]+)>", lambda match: f"(?:{self.macros[match[1]]})", pattern)
            if expanded == pattern:
                return expanded
            pattern = expanded

    def compile(self, pattern: str) -> re.Pattern[str]:
        """`pattern` compiled, for text that is lower case already."""
        return re.compile(self.expand(pattern))

    @cached_property
    def compiled(self) -> tuple[Compiled, ...]:
        """All rules, compiled once."""
        return tuple(Compiled(rule, self.compile(rule.pattern)) for rule in self.rules)

    @cached_property
    def before(self) -> re.Pattern[str]:
        """What may stand politely before a message."""
        return self.compile(rf"^(?:(?:{self.courtesy_before})(?: |$))+")

    @cached_property
    def after(self) -> re.Pattern[str]:
        """What may stand politely after one."""
        return self.compile(rf"(?:(?: |^)(?:{self.courtesy_after}))+$")


def grammar_for(locale: str) -> Grammar:
    """The grammar for a BCP 47 tag; English serves the languages that have none yet."""
    from mcps.intent.grammars.english import ENGLISH

    return {"en": ENGLISH}.get(locale.split("-")[0].lower(), ENGLISH)
