"""Reads a shopper's words into search terms; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mcps.kit.query.brands import BRANDS
from mcps.kit.query.lexicon import Lexicon
from mcps.kit.query.numbers import amount_pattern, read_amount

# Between the amounts of "about 300": a fifth either way is what people mean by it.
ABOUT_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What a text says. Prices are minor units, of `currency` when one is named.

    `words` is the text without what was understood; `names` also keeps brand, colour, size and storage, for
    searches in which those are better left to full text.
    """

    words: str = ""
    names: str = ""
    price_min: int | None = None
    price_max: int | None = None
    currency: str = ""
    brands: tuple[str, ...] = ()
    color: str = ""
    size: str = ""
    storage: str = ""
    sort: str = ""
    in_stock: bool = False

    @property
    def attributes(self) -> dict[str, str]:
        """Colour, size and storage by their catalogue keys, those that were named."""
        named = {"color": self.color, "size": self.size, "storage": self.storage}
        return {key: value for key, value in named.items() if value}


@dataclass(slots=True)
class _Reading:
    text: str
    terms: Terms = field(default_factory=Terms)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The first match, cut out of the text."""
        match = pattern.search(self.text)
        if match:
            self.text = f"{self.text[: match.start()]} {self.text[match.end() :]}"
        return match


def flatten(text: str, lexicon: Lexicon) -> str:
    """`text` in lower case, its compatibility forms, quotes, contractions and white space made plain."""
    # "İ" in lower case is an i with a dot above it, which nobody types.
    text = unicodedata.normalize("NFKC", text).lower().replace("i\u0307", "i")
    text = text.replace("’", "'").replace("`", "'")
    text = " ".join(text.split())
    for pattern, meaning in _tables(lexicon).contractions:
        text = pattern.sub(meaning, text)
    return text


def read_terms(text: str, lexicon: Lexicon) -> Terms:
    """Everything that `text` says, price phrases first, since their numbers look like others."""
    reading = _Reading(f" {flatten(text, lexicon)} ")
    tables = _tables(lexicon)
    _read_prices(reading, tables, lexicon)
    for pattern, sort in tables.sorts:
        if reading.take(pattern):
            reading.terms = replace(reading.terms, sort=sort)
            break
    if reading.take(tables.in_stock):
        reading.terms = replace(reading.terms, in_stock=True)
    names = _tidy(reading.text, lexicon)
    _read_attributes(reading, tables, lexicon)
    return replace(reading.terms, words=_tidy(reading.text, lexicon), names=names)


def normal_storage(text: str) -> str:
    """ "128gb" as "128 GB", "1tb" as "1 TB"; any other text as it is."""
    match = re.fullmatch(r"\s*(\d{1,4})\s*([gt])\.?b?\.?\s*", text.lower())
    return f"{match[1]} {match[2].upper()}B" if match else text.strip()


def _read_prices(reading: _Reading, tables: _Tables, lexicon: Lexicon) -> None:
    if match := reading.take(tables.between):
        low, currency = _amount(match, "low", lexicon)
        high, other = _amount(match, "high", lexicon)
        low, high = min(low, high), max(low, high)
        reading.terms = replace(reading.terms, price_min=low, price_max=high, currency=currency or other)
        return
    if match := reading.take(tables.about):
        amount, currency = _amount(match, "low", lexicon)
        reading.terms = replace(
            reading.terms,
            price_min=round(amount * (1 - ABOUT_SHARE)),
            price_max=round(amount * (1 + ABOUT_SHARE)),
            currency=currency,
        )
        return
    if match := reading.take(tables.under):
        amount, currency = _amount(match, "low", lexicon)
        reading.terms = replace(reading.terms, price_max=amount, currency=currency)
    if match := reading.take(tables.over):
        amount, currency = _amount(match, "low", lexicon)
        reading.terms = replace(reading.terms, price_min=amount, currency=reading.terms.currency or currency)


def _read_attributes(reading: _Reading, tables: _Tables, lexicon: Lexicon) -> None:
    terms = reading.terms
    if match := reading.take(tables.storage):
        terms = replace(terms, storage=normal_storage(match[1]))
    if match := reading.take(tables.color):
        terms = replace(terms, color=lexicon.colors[match[1]])
    if match := reading.take(tables.size_number):
        terms = replace(terms, size=match[1].upper())
    elif match := reading.take(tables.size_word):
        terms = replace(terms, size=lexicon.sizes[match[1] or match[2]])
    brands = []
    while match := reading.take(tables.brand):
        brands.append(BRANDS[match[1]])
    reading.terms = replace(terms, brands=tuple(dict.fromkeys(brands)))


def _amount(match: re.Match[str], end: str, lexicon: Lexicon) -> tuple[int, str]:
    """The amount at one end, from whichever alternative of the pattern matched."""
    for name in match.re.groupindex:
        if name.startswith(end) and name.endswith("_digits") and match[name] is not None:
            return read_amount(match, name.removesuffix("_digits"), lexicon)
    raise LookupError(end)  # every alternative of a price pattern holds an amount


def _tidy(text: str, lexicon: Lexicon) -> str:
    """What a full-text search should see of `text`: no punctuation at word ends, no filler words."""
    words = [word.strip("?!.,;:()\"'") for word in text.split()]
    kept = [word for word in words if word and word not in lexicon.fillers]
    return " ".join(word for word in kept if word != "-")


@dataclass(frozen=True)
class _Tables:
    contractions: tuple[tuple[re.Pattern[str], str], ...]
    under: re.Pattern[str]
    over: re.Pattern[str]
    about: re.Pattern[str]
    between: re.Pattern[str]
    sorts: tuple[tuple[re.Pattern[str], str], ...]
    in_stock: re.Pattern[str]
    storage: re.Pattern[str]
    color: re.Pattern[str]
    size_number: re.Pattern[str]
    size_word: re.Pattern[str]
    brand: re.Pattern[str]


_TABLES: dict[str, _Tables] = {}  # by language, of which there are as many as lexicons


def _tables(lexicon: Lexicon) -> _Tables:
    found = _TABLES.get(lexicon.language)
    if found is None:
        found = _TABLES[lexicon.language] = _compile(lexicon)
    return found


def _compile(lexicon: Lexicon) -> _Tables:
    # "XL" stands for itself; "large" is a size only where something says so.
    codes = _choice(word for word, size in lexicon.sizes.items() if word == size.lower())
    spelled = _choice(word for word, size in lexicon.sizes.items() if word != size.lower())
    announced = f"(?:{lexicon.size_intro}|{lexicon.size_link})" if lexicon.size_link else lexicon.size_intro
    return _Tables(
        contractions=tuple((re.compile(pattern), meaning) for pattern, meaning in lexicon.contractions),
        under=_prices(lexicon.under, lexicon),
        over=_prices(lexicon.over, lexicon),
        about=_prices(lexicon.about, lexicon),
        between=_prices(lexicon.between, lexicon),
        sorts=tuple((re.compile(rf"\b{pattern}\b"), sort) for pattern, sort in lexicon.sorts),
        in_stock=re.compile(rf"\b(?:{'|'.join(lexicon.in_stock)})\b"),
        storage=re.compile(r"(?<![\w.])(\d{1,4} ?[gt]b)\b"),
        color=re.compile(rf"(?<![\w-])({_choice(lexicon.colors)})(?![\w-])"),
        size_number=re.compile(rf"\b{lexicon.size_intro} (\d{{1,2}}(?:[.,]5)?|[sml]|{codes})\b"),
        size_word=re.compile(rf"(?:\b{announced} )?\b({codes})\b|\b{announced} ({spelled})\b"),
        brand=re.compile(rf"(?<![\w-])({_choice(BRANDS)})(?:'s)?(?![\w-])"),
    )


def _choice(words: Iterable[str]) -> str:
    """One of `words`, the longest that fits."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _prices(patterns: tuple[str, ...], lexicon: Lexicon) -> re.Pattern[str]:
    """One pattern of all alternatives; the amounts are the groups low0, low1, … and high0, high1, …"""
    alternatives = []
    for number, pattern in enumerate(patterns):
        first, *rest = pattern.split("{amount}")
        text = first + amount_pattern(lexicon, f"low{number}") + rest[0]
        if len(rest) > 1:
            text += amount_pattern(lexicon, f"high{number}") + rest[1]
        alternatives.append(text)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(alternatives)})(?![\w-])")
