"""What a message names: the product, how many, of which kind, for how much, which order, whom to write to."""

from __future__ import annotations

import re
from typing import Any

from mcps.intent.grammar import Grammar
from mcps.intent.intents import Intent
from mcps.intent.utterance import Utterance
from mcps.kit.query.numbers import read_amount
from mcps.kit.query.terms import Terms, read_terms

_SEARCHING = frozenset({Intent.PRODUCT_SEARCH, Intent.ADMIN_LIST})
_PRICING = frozenset({Intent.ADMIN_CREATE, Intent.ADMIN_UPDATE})
_COUNTING = frozenset({Intent.BASKET_ADD, Intent.BASKET_REMOVE, Intent.BASKET_UPDATE})
_NAMING = frozenset(
    {Intent.PRODUCT_INFO, Intent.PRODUCT_QUESTION, *_COUNTING, *_PRICING, Intent.ADMIN_DELETE}
)
_WHOLE = frozenset({"stockBelow", "stock", "percent"})
# Which further entities make sense where; a "topic" in a basket is a word of a product.
_SCOPES: dict[str, frozenset[Intent]] = {
    "category": _SEARCHING | _PRICING,
    "title": _PRICING,
    "subject": frozenset({Intent.NOTIFY_SEND}),
    "topic": frozenset({Intent.PRODUCT_QUESTION}),
    "stockBelow": frozenset({Intent.ADMIN_LIST}),
    "stock": _PRICING,
    "percent": _PRICING,
    "status": frozenset({Intent.ADMIN_LIST, *_PRICING}),
    "all": frozenset({Intent.BASKET_REMOVE}),
    "kind": frozenset({Intent.PRODUCT_SEARCH, Intent.PRODUCT_INFO}),
    "channel": frozenset({Intent.NOTIFY_SEND}),
    "answer": frozenset({Intent.OTHER}),
}
MAX_PRODUCT_WORDS = 12  # more is a sentence, not a name
MAX_QUANTITY = 99


def read_entities(utterance: Utterance, intent: Intent, grammar: Grammar) -> dict[str, Any]:
    """
    The entities of `utterance`, given what it wants.

    Names follow the tools' arguments: query, product, products, brand, color, size, storage, quantity, sku,
    priceMin and priceMax (minor units), currency, sort, inStock, orderNumber, email, phone, reference with
    its ordinal (-1 is the last), and for the administration title, price, stock, stockBelow, percent, status.
    """
    found: dict[str, Any] = {}
    if utterance.emails:
        found["email"] = utterance.emails[0]
    if utterance.phones:
        found["phone"] = utterance.phones[0]
    if utterance.order_number:
        found["orderNumber"] = utterance.order_number
    if utterance.sku:
        found["sku"] = utterance.sku
    _read_names(found, utterance, intent, grammar)
    _read_reference(found, utterance, grammar)
    if intent in _COUNTING and (quantity := _quantity(utterance.core or utterance.text, grammar)):
        found["quantity"] = quantity
    _read_terms(found, utterance, intent, grammar)
    if intent in _NAMING and (name := _product(utterance.core, intent, grammar)):
        # A new product's name is shown to everybody as it was typed.
        found["product"] = _as_written(name, utterance.original) if intent is Intent.ADMIN_CREATE else name
    if intent in (Intent.PRODUCT_INFO, Intent.PRODUCT_QUESTION):
        _read_compared(found, utterance, grammar)
    if intent in _PRICING and (price := _price(utterance.core, grammar)):
        found["price"] = price
    return found


def _read_names(found: dict[str, Any], utterance: Utterance, intent: Intent, grammar: Grammar) -> None:
    for name, pattern in grammar.names:
        if intent in _SCOPES[name] and (match := pattern.search(utterance.core)):
            value = next(group for group in match.groups() if group).strip()
            found[name] = int(value) if name in _WHOLE else _as_written(value, utterance.original)
    for name, value, pattern in grammar.flags:
        if intent in _SCOPES[name] and name not in found and pattern.search(utterance.text):
            found[name] = True if value == "true" else value


def _read_reference(found: dict[str, Any], utterance: Utterance, grammar: Grammar) -> None:
    if match := grammar.place.search(utterance.core):
        found["reference"] = match[0]
        for word in match[0].split():
            place = grammar.lexicon.ordinals.get(word) or grammar.lexicon.numbers.get(word)
            if place is None and word.isdigit():
                place = int(word)
            if place and word != "one":
                found["ordinal"] = place
    elif match := grammar.pronouns.search(utterance.core):
        found["reference"] = match[0]


def _read_terms(found: dict[str, Any], utterance: Utterance, intent: Intent, grammar: Grammar) -> None:
    terms = read_terms(_without_identifiers(utterance.core), grammar.lexicon)
    if len(terms.brands) == 1 and terms.words:
        found["brand"] = terms.brands[0]
    elif len(terms.brands) > 1:
        found["brand"] = list(terms.brands)
    found.update(terms.attributes)
    if intent not in _SEARCHING:
        return
    if "stockBelow" not in found:
        _read_limits(found, terms)
    if terms.sort:
        found["sort"] = terms.sort
    if terms.in_stock and intent is Intent.PRODUCT_SEARCH:
        found["inStock"] = True
    generic = grammar.lexicon.generic if intent is Intent.ADMIN_LIST else frozenset()
    query = _kept(terms.names, grammar.search_words | generic)
    if query:
        found["query"] = query


def _read_limits(found: dict[str, Any], terms: Terms) -> None:
    if terms.price_min is not None:
        found["priceMin"] = terms.price_min
    if terms.price_max is not None:
        found["priceMax"] = terms.price_max
    if terms.currency:
        found["currency"] = terms.currency


def _product(core: str, intent: Intent, grammar: Grammar) -> str:
    cut = grammar.cuts[intent]
    text = cut.after.sub(" ", cut.before.sub(" ", core, count=1))
    for pattern in grammar.quantities:
        if match := pattern.search(core):
            text = re.sub(
                rf"(?<!\w){re.escape(match[1])}(?!\w)(?:(?: ?x| pieces| units| pcs| of| more)\b)*",
                " ",
                text,
                count=1,
            )
            break
    terms = read_terms(_without_identifiers(text), grammar.lexicon)
    spare = set(" ".join(terms.attributes.values()).lower().split())
    words = [word for word in terms.names.split() if word not in spare]
    name = _kept(" ".join(words), grammar.not_products)
    name = re.sub(r"\b\d+ ?[gt]b\b", "", name).strip()
    return "" if len(name.split()) > MAX_PRODUCT_WORDS else " ".join(name.split())


def _read_compared(found: dict[str, Any], utterance: Utterance, grammar: Grammar) -> None:
    match = grammar.compared.search(utterance.core)
    if not match:
        return
    parts = grammar.separators.split(next(group for group in match.groups() if group))
    names = [_kept(read_terms(part, grammar.lexicon).names, grammar.not_products) for part in parts]
    names = [name for name in names if name]
    if len(names) >= 2:
        found["products"] = names[:4]
        found.pop("product", None)


def _quantity(text: str, grammar: Grammar) -> int | None:
    for pattern in grammar.quantities:
        if match := pattern.search(text):
            word = match[1].removeprefix("a ")
            value = int(word) if word.isdigit() else grammar.lexicon.numbers.get(word, 0)
            if 0 < value <= MAX_QUANTITY:
                return value
    return None


def _price(core: str, grammar: Grammar) -> dict[str, Any] | None:
    """The last amount that is money: one with a currency, or one after a word that announces a price."""
    best = None
    for match in grammar.amount.finditer(_without_identifiers(core)):
        amount, currency = read_amount(match, "price", grammar.lexicon)
        before = match.string[: match.start()].rstrip()
        if currency or grammar.announces_price.search(before):
            best = {"amount": amount, "currency": currency} if currency else {"amount": amount}
    if best is not None and re.search(r"\b(?:stock|inventory|quantity)\b", core) and "currency" not in best:
        return None if not re.search(r"\b(?:price|cost)", core) else best
    return best


def _kept(text: str, dropped: frozenset[str]) -> str:
    return " ".join(word for word in text.split() if word not in dropped and not word.startswith("§"))


def _without_identifiers(text: str) -> str:
    return re.sub(r"order §number|§\w+", " ", text)


def _as_written(value: str, original: str) -> str:
    """`value` with the capitals that it had in the message."""
    start = original.lower().find(value)
    return original[start : start + len(value)] if start >= 0 else value
