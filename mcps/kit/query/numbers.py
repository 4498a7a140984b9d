"""Amounts of money and numbers as people write them."""

from __future__ import annotations

import re

from mcps.kit.query.lexicon import Lexicon

# ISO 4217 exponents that differ from 2, among the currencies that a shop of today quotes.
_EXPONENTS = {
    "JPY": 0,
    "KRW": 0,
    "CLP": 0,
    "VND": 0,
    "ISK": 0,
    "HUF": 2,
    "KWD": 3,
    "BHD": 3,
    "OMR": 3,
    "TND": 3,
}

_DIGITS = r"\d{1,3}(?:[ .,]\d{3})+(?:[.,]\d{1,2})?|\d{1,7}(?:[.,]\d{1,2})?"
# What makes a number something else than money: "at least 256 GB", "under 2 kg", "over 18 hours".
_MEASURES = (
    "gb|tb|mb|mp|megapixels?|in|inch(?:es)?|cm|mm|kg|g|mg|ml|l|litres?|liters?|mah|w|watts?|hz|fps|v|pieces?|pcs"
    "|items?|stars?|years?|months?|weeks?|days?|hours?|minutes?|people|units?|reviews?"
)
MAX_AMOUNT = 10**9  # in minor units: ten million euros; more is a slip of the pen


def exponent(currency: str) -> int:
    """How many digits of minor units a currency has; 2 unless known otherwise."""
    return _EXPONENTS.get(currency, 2)


def amount_pattern(lexicon: Lexicon, name: str) -> str:
    """A regular expression for an amount of money, its parts in groups that begin with `name`."""
    signs = "|".join(re.escape(word) for word in lexicon.currencies if not word.isalpha())
    words = "|".join(sorted((w for w in lexicon.currencies if w.isalpha()), key=len, reverse=True))
    measures = f"{_MEASURES}|{lexicon.measures}" if lexicon.measures else _MEASURES
    million = rf" ?(?:(?P<{name}_m>{lexicon.million})\b)?" if lexicon.million else ""
    return (
        rf"(?:(?P<{name}_sign>{signs}|\b(?:{words})\b) ?)?(?<![\w.,-])"
        rf"(?P<{name}_digits>{_DIGITS})(?!\d)(?! ?%| ?(?:{measures})\b)"
        rf" ?(?:(?P<{name}_k>{lexicon.thousand})\b)?{million} ?(?P<{name}_unit>{signs}|(?:{words})\b)?"
    )


def read_amount(match: re.Match[str], name: str, lexicon: Lexicon) -> tuple[int, str]:
    """Minor units and currency ("" when none is named) of an amount that `amount_pattern` matched."""
    word = match[f"{name}_sign"] or match[f"{name}_unit"] or ""
    currency = lexicon.currencies.get(word, "")
    whole, fraction = _split(match[f"{name}_digits"])
    times = 1000 if match[f"{name}_k"] else 1
    if lexicon.million and match[f"{name}_m"]:
        times *= 1_000_000
    minor = int(whole + fraction) * times * 10 ** exponent(currency) // 10 ** len(fraction)
    return min(minor, MAX_AMOUNT), currency


def _split(digits: str) -> tuple[str, str]:
    """Whole and fraction: the last separator counts as decimal unless three digits follow it."""
    cut = max(digits.rfind("."), digits.rfind(","))
    if cut < 0 or len(digits) - cut - 1 == 3:
        return re.sub(r"[ .,]", "", digits), ""
    return re.sub(r"[ .,]", "", digits[:cut]), digits[cut + 1 :]


def written(amount: int, currency: str) -> str:
    """An amount of minor units in plain figures, as in "799.00 EUR"."""
    digits = exponent(currency)
    if not digits:
        return f"{amount} {currency}"
    sign, whole = ("-" if amount < 0 else ""), str(abs(amount)).rjust(digits + 1, "0")
    return f"{sign}{whole[:-digits]}.{whole[-digits:]} {currency}"
