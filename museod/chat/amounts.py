"""Amounts of money and numbers as people and templates write them, in all locales. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

# Groups are parted by a point, comma, apostrophe or some kind of space; which of them is the decimal mark is
# a locale's business, so a number may have two readings.
NUMBER = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*")
# How a change of a price is named: in minor units of the currency at its end.
PRICE_FIELD = re.compile(r"(?:.*\.)?prices?\.([A-Z]{3})")
_SYMBOLS: Mapping[str, str] = {
    "€": "EUR", "$": "USD", "US$": "USD", "£": "GBP", "¥": "JPY", "₺": "TRY", "₫": "VND", "R$": "BRL",
    "euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD", "dolar": "USD", "pound": "GBP",
    "pounds": "GBP", "lira": "TRY", "tl": "TRY", "dong": "VND", "real": "BRL", "reais": "BRL",
}  # fmt: skip
_CURRENCY = re.compile(
    r"(?:US\$|R\$|[€$£¥₺₫]|(?<![^\W\d_])(?:EUR|USD|GBP|CHF|JPY|TRY|VND|BRL|PLN|SEK|NOK|DKK|CZK|CAD|AUD|MXN"
    r"|CNY|KWD|INR|euros?|dollars?|dolar|pounds?|lira|tl|dong|reais|real)(?![^\W\d_]))",
    re.IGNORECASE,
)


def readings(written: str) -> set[Decimal]:
    """The values that a written number can have: "1.209" is 1209 to some and 1.209 to others."""
    marks = [char for char in written if not char.isdigit()]
    digits = re.split(r"\D", written)
    whole = Decimal("".join(digits))
    if not marks:
        return {whole}
    found = {Decimal("".join(digits[:-1]) + "." + digits[-1])}
    if all(len(group) == 3 for group in digits[1:]):
        found.add(whole)
    return found


def in_minor_units(value: Decimal, currency: str) -> int | None:
    """`value` in the smallest unit of its currency, or None where it has finer digits than that."""
    minor = value.scaleb(get_currency_precision(currency))
    return int(minor) if minor == minor.to_integral_value() else None


def price_of(value: Any, currency: str) -> dict[str, Any] | None:
    """An amount entity, in minor units, with `currency` where it names none."""
    if not isinstance(value, Mapping):
        return None
    amount, named = value.get("amount"), value.get("currency")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 0:
        return None
    is_code = isinstance(named, str) and re.fullmatch("[A-Z]{3}", named)
    return {"amount": amount, "currency": named if is_code else currency}


def read_money(text: str, currency: str) -> dict[str, Any] | None:
    """
    The one amount in `text`, with `currency` where it names none; None if there is not exactly one.

    Of two readings the one with the currency's own number of decimals wins: "49,90" is 49.90, "1.299" 1299.
    """
    plain = unicodedata.normalize("NFC", text)
    numbers = NUMBER.findall(plain)
    if len(numbers) != 1:
        return None
    named = _CURRENCY.search(plain)
    if named is not None:
        code = named[0].upper()
        currency = _SYMBOLS.get(named[0]) or _SYMBOLS.get(named[0].lower()) or code
    last = re.split(r"\D", numbers[0])[-1]
    possible = readings(numbers[0])
    value = max(possible) if len(last) == 3 else min(possible)
    minor = in_minor_units(value, currency)
    return None if minor is None else {"amount": minor, "currency": currency}


def money_in(text: str) -> list[tuple[int, int, str]]:
    """Where `text` speaks of money: (start, end, the number as it is written)."""
    found = []
    for number in NUMBER.finditer(text):
        before, after = text[: number.start()].rstrip(" \u00a0\u202f-"), text[number.end() :]
        symbol = re.search(rf"{_CURRENCY.pattern}$", before[-8:], re.IGNORECASE)
        behind = re.match(rf"[ \u00a0\u202f]?{_CURRENCY.pattern}", after[:10], re.IGNORECASE)
        if symbol or behind:
            start = number.start() - (len(symbol[0]) if symbol else 0)
            found.append((start, number.end() + (behind.end() if behind else 0), number[0]))
    return found
