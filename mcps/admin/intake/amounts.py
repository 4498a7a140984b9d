"""Prices and numbers as people write them into tables; what reads in two ways is refused, not guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from mcps.admin.intake.vocabulary import VOCABULARY
from mcps.kit.query.numbers import exponent

_PARTS = re.compile(r"(?P<before>[^\d.,+-]*)(?P<sign>[+-]?)(?P<digits>\d[\d.,' ]*)(?P<after>[^\d]*)")
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")


def currency_of(word: str) -> str:
    """The currency that a sign or a code names; "" for none."""
    word = word.strip().upper()
    return word if word in VOCABULARY.currencies else VOCABULARY.signs.get(word, "")


def read_price(value: Any, *, currency: str, mark: str = "") -> tuple[int, str]:
    """
    Minor units and currency of a price in whole units, such as "1.299,00 €".

    Args:
        currency: of a price that names none.
        mark: the column's decimal mark, where other cells have shown it (`decimal_mark`).

    Raises:
        ValueError: it is none, or can be read in two ways; the text says what to write.
    """
    if isinstance(value, bool):
        raise ValueError("is no price; write one such as 12.50")
    if isinstance(value, int | float):
        return _minor(_plain(value), exponent(currency)), currency
    found = _PARTS.fullmatch(_spaced(str(value)))
    if found is None:
        raise ValueError("is no price; write one such as 12.50")
    if found["sign"] == "-":
        raise ValueError("is negative; a price is 0 or more")
    named = [word for word in (found["before"].strip(), found["after"].strip()) if word]
    if len(named) > 1 or (named and not currency_of(named[0])):
        raise ValueError("names a currency that is not known; write a code such as EUR")
    currency = currency_of(named[0]) if named else currency
    digits = exponent(currency)
    return _minor(_number(found["digits"].strip(), mark, digits), digits), currency


def read_count(value: Any) -> int:
    """
    A whole number of things, 0 or more.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool):
        raise ValueError("is no number; write digits such as 12")
    if isinstance(value, int | float):
        number = _plain(value)
    else:
        text = _spaced(str(value))
        if text.startswith("-"):
            raise ValueError("is negative; write 0 or more")
        if not re.fullmatch(r"\d[\d.,' ]*", text):
            raise ValueError("is no number; write digits such as 12")
        number = _number(text, "", 3)
    if number != int(number) or number < 0:
        raise ValueError("is no whole number of 0 or more")
    return int(number)


def decimal_mark(values: Iterable[Any]) -> str:
    """
    The decimal mark that the cells of one column agree on, as far as some show it beyond doubt; else "".

    `1.299` alone is 1299 or 1.299; beside `12,50` it is 1299.
    """
    marks: set[str] = set()
    for value in values:
        found = _PARTS.fullmatch(_spaced(value)) if isinstance(value, str) else None
        if found is None:
            continue
        digits = found["digits"].strip()
        last = max(digits.rfind("."), digits.rfind(","))
        if last < 0:
            continue
        other = "," if digits[last] == "." else "."
        is_grouping = digits.count(digits[last]) > 1
        if is_grouping and other not in digits:
            marks.add(other)
        elif not is_grouping and (other in digits or len(digits) - last - 1 != 3):
            marks.add(digits[last])
    return marks.pop() if len(marks) == 1 else ""


def _spaced(text: str) -> str:
    return _SPACES.sub(" ", text.replace("’", "'")).strip()


def _plain(value: float) -> Decimal:
    number = Decimal(repr(value))  # as it is written, not as it is stored
    if not number.is_finite():
        raise ValueError("is no number")
    return number


def _number(text: str, mark: str, digits: int) -> Decimal:
    last = max(text.rfind("."), text.rfind(","))
    whole, fraction = text, ""
    if last >= 0:
        separator, tail = text[last], text[last + 1 :]
        other = "," if separator == "." else "."
        if text.count(separator) > 1:
            if other in text:
                raise ValueError("mixes points and commas; write it as 1299.00")
        elif other in text or len(tail) != 3 or text[:last] in ("", "0") or mark == separator:
            whole, fraction = text[:last], tail
        elif not mark and digits:
            raise ValueError("can be read in two ways; write all decimals, as in 1299.00")
    if fraction and not fraction.isdigit():
        raise ValueError("is no number; write it as 1299.00")
    groups = re.split(r"[.,' ]", whole)
    is_grouped = len(groups) > 1
    if is_grouped and not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
        raise ValueError("has its digits grouped oddly; write it as 1299.00")
    return Decimal("".join(groups) + "." + (fraction or "0"))


def _minor(number: Decimal, digits: int) -> int:
    if number < 0:
        raise ValueError("is negative; a price is 0 or more")
    scaled = number.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise ValueError(
            f"has more than {digits} decimals" if digits else "has decimals; this currency has none"
        )
    if scaled > 10**12:
        raise ValueError("is too high for a price")
    return int(scaled)
