"""The shape of one language's tables, and which language serves a locale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Lexicon:
    """
    One language's words, all in lower case.

    The price and sort patterns are regular expressions; `{amount}` in them stands for an amount of money and
    must occur once in `under`, `over` and `about`, twice in `between`.
    """

    language: str
    contractions: tuple[tuple[str, str], ...]  # pattern -> what it stands for, applied first and in order
    numbers: Mapping[str, int]
    ordinals: Mapping[str, int]  # "last" is -1
    colors: Mapping[str, str]  # every spelling -> the name that catalogues use
    sizes: Mapping[str, str]
    size_intro: str  # what announces a size that is a number, as in "size 42"
    currencies: Mapping[str, str]  # word or sign -> ISO 4217
    thousand: str  # what multiplies by a thousand, as in "2k"
    under: tuple[str, ...]
    over: tuple[str, ...]
    about: tuple[str, ...]
    between: tuple[str, ...]
    sorts: tuple[tuple[str, str], ...]  # pattern -> sort of the API
    in_stock: tuple[str, ...]
    generic: frozenset[str]  # words that stand for "any product"
    fillers: frozenset[str]  # words that carry nothing for a full-text search


def words(text: str) -> frozenset[str]:
    """The words of `text`, for tables that read better as a paragraph."""
    return frozenset(text.split())


def lexicon_for(locale: str) -> Lexicon:
    """The tables for a BCP 47 tag; English serves the languages that have none."""
    from mcps.kit.query.english import ENGLISH

    return {"en": ENGLISH}.get(locale.split("-")[0].lower(), ENGLISH)
