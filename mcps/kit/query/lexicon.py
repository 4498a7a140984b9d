"""The shape of one language's tables, and which language serves a locale."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TypeVar

Value = TypeVar("Value")


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
    size_link: str = ""  # what may stand before a size besides its intro, as in "a dress in medium"
    million: str = ""  # what multiplies by a million, where prices are that high
    measures: str = ""  # units of this language that make a number something else than money


def words(text: str) -> frozenset[str]:
    """The words of `text`, for tables that read better as a paragraph."""
    return frozenset(text.split())


def plain(text: str) -> str:
    """`text` without its accents, as people type it in a hurry."""
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("ı", "i").replace("ß", "ss"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def typed_words(text: str) -> frozenset[str]:
    """The words of `text`, with their accents and without."""
    return words(text) | words(plain(text))


def typed(table: Mapping[str, Value], *, but: Collection[str] = ()) -> dict[str, Value]:
    """`table` with its words also without accents; `but` are those that would then mean something else."""
    bare = {plain(word): meaning for word, meaning in table.items() if plain(word) not in but}
    return {**bare, **table}


def typed_patterns(*patterns: str) -> tuple[str, ...]:
    """Patterns, each also without accents."""
    return tuple(dict.fromkeys(form for pattern in patterns for form in (pattern, plain(pattern))))


def typed_sorts(*sorts: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Patterns of orders, each also without accents, in the order in which they are tried."""
    return tuple(dict.fromkeys((form, sort) for pattern, sort in sorts for form in (pattern, plain(pattern))))


# Signs and words of money that shoppers write in every language.
CURRENCY_SIGNS = {"€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "usd": "USD"}
CURRENCY_SIGNS |= {"£": "GBP", "gbp": "GBP", "chf": "CHF", "¥": "JPY", "jpy": "JPY", "yen": "JPY"}
SIZE_CODES = {size.lower(): size for size in ("XS", "XL", "XXS", "XXL", "XXXL", "2XL", "3XL", "4XL")}
# "100-200" as two amounts, and the apostrophes of elided articles as ends of words.
RANGES = (r"(?<=\d) ?[-–] ?(?=\d)", " - ")

# Colours that catalogues write in English, and shoppers of other languages with them.
ENGLISH_COLORS = {word: word.capitalize() for word in ["black", "white", "blue", "green", "pink", "silver"]}
ENGLISH_COLORS |= {
    f"{tone} titanium": f"{tone.capitalize()} Titanium"
    for tone in ["natural", "blue", "black", "white", "desert"]
}

_LANGUAGES = {
    "en": "english",
    "de": "german",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "pt": "portuguese",
    "tr": "turkish",
    "vi": "vietnamese",
}


def lexicon_for(locale: str) -> Lexicon:
    """The tables for a BCP 47 tag; English serves the languages that have none."""
    language = locale.split("-")[0].lower()
    return _lexicon(_LANGUAGES.get(language, "english"))


@cache
def _lexicon(name: str) -> Lexicon:
    found = getattr(import_module(f"mcps.kit.query.{name}"), name.upper())
    assert isinstance(found, Lexicon)  # noqa: S101 - each of our own modules holds one
    return found
