"""
The entities of a message in a language that has no grammar of its own.

What every query shares (colours, sizes, prices, numbers, ordinals) comes from the language's lexicon; what is
left, without words of asking and doing, is the product's name.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from mcps.intent.intents import Intent
from mcps.intent.utterance import Utterance
from mcps.kit.query.lexicon import Lexicon, typed_words
from mcps.kit.query.numbers import amount_pattern, read_amount
from mcps.kit.query.terms import read_terms

COUNTING = frozenset({Intent.BASKET_ADD, Intent.BASKET_REMOVE, Intent.BASKET_UPDATE})
PRICING = frozenset({Intent.ADMIN_CREATE, Intent.ADMIN_UPDATE})
SEARCHING = frozenset({Intent.PRODUCT_SEARCH, Intent.ADMIN_LIST})
NAMING = frozenset({Intent.PRODUCT_INFO, Intent.PRODUCT_QUESTION, Intent.ADMIN_DELETE, *COUNTING, *PRICING})
MAX_NAME_WORDS = 12  # more is a sentence, not a name
MAX_QUANTITY = 99
_COMMANDS = Path(__file__).with_name("grammars") / "commands.toml"
# "2 x iPhone 15", "iPhone 15 x2": a number beside a sign is how many, any other may be part of a name.
_TIMES = re.compile(r"(?<![\w.,])(?:(\d{1,2}) ?[x×](?!\w)|[x×] ?(\d{1,2})(?![\w.,]))")
_STORAGE = re.compile(r"\b\d+ ?[gt]b\b")
_MARKED = re.compile(r"§\w+|order §number")


@cache
def _commands() -> dict[str, tuple[frozenset[str], re.Pattern[str]]]:
    rows = tomllib.loads(_COMMANDS.read_text(encoding="utf-8"))
    return {
        language: (typed_words(row["orders"]), re.compile(rf"(?<!\w)(?:{row['pronouns']})(?!\w)"))
        for language, row in rows.items()
    }


def is_spoken(language: str) -> bool:
    """Whether this module knows the words of `language`."""
    return language in _commands()


def read_spoken(utterance: Utterance, intent: Intent, lexicon: Lexicon) -> dict[str, Any]:
    """The entities of `utterance`, named as `entities.read_entities` names them."""
    orders, pronouns = _commands()[lexicon.language]
    found: dict[str, Any] = {}
    for name, value in (
        ("email", next(iter(utterance.emails), "")),
        ("phone", next(iter(utterance.phones), "")),
        ("orderNumber", utterance.order_number),
        ("sku", utterance.sku),
    ):
        if value:
            found[name] = value
    text = _MARKED.sub(" ", utterance.text)
    if intent in COUNTING and (quantity := _quantity(text, lexicon)):
        found["quantity"] = quantity
    text = _TIMES.sub(" ", text)
    if intent in PRICING:
        text = _take_price(found, text, lexicon)
    terms = read_terms(text, lexicon)
    found.update(terms.attributes)
    name = _name(terms.names, " ".join(terms.attributes.values()).lower(), orders, lexicon)
    if intent in SEARCHING:
        if len(terms.brands) == 1:
            found["brand"] = terms.brands[0]
        for key, limit in (("priceMin", terms.price_min), ("priceMax", terms.price_max)):
            if limit is not None:
                found[key] = limit
        if terms.currency:
            found["currency"] = terms.currency
        if terms.sort:
            found["sort"] = terms.sort
        kept = " ".join(word for word in terms.names.split() if word not in orders)
        if query := kept or name:
            found["query"] = query
        return found
    if intent in NAMING and name and len(name.split()) <= MAX_NAME_WORDS:
        found["product"] = name
    _read_reference(found, text, pronouns, lexicon)
    return found


def _quantity(text: str, lexicon: Lexicon) -> int | None:
    if match := _TIMES.search(text):
        value = int(match[1] or match[2])
        return value if 0 < value <= MAX_QUANTITY else None
    for word in text.split():
        value = lexicon.numbers.get(word, 0)
        if 0 < value <= MAX_QUANTITY:
            return value
    return None


def _take_price(found: dict[str, Any], text: str, lexicon: Lexicon) -> str:
    """Note the last amount with a currency; what is left of the text."""
    for match in re.finditer(amount_pattern(lexicon, "price"), text):
        amount, currency = read_amount(match, "price", lexicon)
        if currency:
            found["price"] = {"amount": amount, "currency": currency}
            text = text.replace(match[0], " ")
    return text


def _name(names: str, attributes: str, orders: frozenset[str], lexicon: Lexicon) -> str:
    spare = orders | lexicon.fillers | lexicon.generic | frozenset(attributes.split())
    words = [
        word
        for word in _STORAGE.sub(" ", names).split()
        if word not in spare
        and word not in lexicon.numbers
        and word not in lexicon.ordinals
        and word not in lexicon.colors
    ]
    return " ".join(words)


def _read_reference(found: dict[str, Any], text: str, pronouns: re.Pattern[str], lexicon: Lexicon) -> None:
    for word in text.split():
        if place := lexicon.ordinals.get(word):
            found.update(reference=word, ordinal=place)
            return
    if "product" not in found and (match := pronouns.search(text)):
        found["reference"] = match[0]
