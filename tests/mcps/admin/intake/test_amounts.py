"""Prices and counts as people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.admin.intake.amounts import currency_of, decimal_mark, read_count, read_price


@pytest.mark.parametrize(
    ("written", "amount", "currency"),
    [
        ("799", 79900, "EUR"),
        ("799.00", 79900, "EUR"),
        ("799,00", 79900, "EUR"),
        ("12,5", 1250, "EUR"),
        ("1.299,00 €", 129900, "EUR"),
        ("€ 1.299,00", 129900, "EUR"),
        ("$1,299.00", 129900, "USD"),
        ("US$ 5", 500, "USD"),
        ("1 299,00 EUR", 129900, "EUR"),
        ("1\u202f299,00\u00a0€", 129900, "EUR"),
        ("CHF 1'299.50", 129950, "CHF"),
        ("1’299.50 Fr.", 129950, "CHF"),
        ("R$ 49,90", 4990, "BRL"),
        ("1.250.000 ₫", 1250000, "VND"),
        ("¥1,299", 1299, "JPY"),
        ("12.500 KWD", 12500, "KWD"),
        ("0.125 KWD", 125, "KWD"),
        ("1,234,567.89", 123456789, "EUR"),
        ("0", 0, "EUR"),
        (12.5, 1250, "EUR"),
        (19.99, 1999, "EUR"),
        (1299, 129900, "EUR"),
    ],
)
def test_a_price_is_read_to_the_minor_unit(written: object, amount: int, currency: str) -> None:
    mark = "." if "KWD" in str(written) else ""
    assert read_price(written, currency="EUR", mark=mark) == (amount, currency)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("1.299", "two ways"),
        ("1,299", "two ways"),
        ("-5", "negative"),
        (-5, "negative"),
        ("free", "no price"),
        ("", "no price"),
        ("=1+1", "no price"),
        ("12.505", "two ways"),
        ("12.5055", "more than 2 decimals"),
        (12.505, "more than 2 decimals"),
        ("12.50 XXQ", "currency"),
        ("EUR 12 USD", "currency"),
        ("1.2.3", "grouped"),
        ("1,23,456.00", "grouped"),
        ("1,299.00,5", "points and commas"),
        ("1e5", "no price"),
        ("99999999999999", "too high"),
        ("12 JPY.5", "no price|currency"),
        (float("inf"), "no number"),
        (True, "no price"),
    ],
)
def test_what_is_no_price_or_reads_in_two_ways_is_refused(written: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_price(written, currency="EUR")


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["12,50", "1.299"], ","),
        (["12.50", "1,299"], "."),
        (["1.299.000"], ","),
        (["1,299.00", "5"], "."),
        (["1.299"], ""),
        (["12,50", "12.50"], ""),
        ([None, 5, "x"], ""),
    ],
)
def test_a_column_shows_its_decimal_mark_where_a_cell_leaves_no_doubt(cells: list[object], mark: str) -> None:
    assert decimal_mark(cells) == mark


def test_a_doubtful_price_is_read_as_its_column_writes_them() -> None:
    assert read_price("1.299", currency="EUR", mark=",") == (129900, "EUR")
    assert read_price("1,299", currency="EUR", mark=".") == (129900, "EUR")


@given(st.integers(0, 10**9), st.sampled_from([("", "."), (",", "."), (".", ","), (" ", ","), ("'", ".")]))
def test_whatever_a_locale_writes_with_two_decimals_comes_back(amount: int, style: tuple[str, str]) -> None:
    group, mark = style
    whole = f"{amount // 100:,}".replace(",", group)
    assert read_price(f"{whole}{mark}{amount % 100:02}", currency="EUR") == (amount, "EUR")


@given(st.text(max_size=20))
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    for read in (lambda: read_price(text, currency="EUR")[0], lambda: read_count(text)):
        with suppress(ValueError):
            assert read() >= 0


@pytest.mark.parametrize(
    ("written", "count"), [("12", 12), (12, 12), (12.0, 12), ("5,0", 5), ("1 000", 1000)]
)
def test_a_count_is_a_whole_number(written: object, count: int) -> None:
    assert read_count(written) == count


@pytest.mark.parametrize("written", ["1.000", "1,5", "-1", -1, "many", 1.5, True, "", "٣٫٥"])
def test_what_is_no_count_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"number|ways|negative"):
        read_count(written)


def test_a_word_of_three_letters_is_not_yet_a_currency() -> None:
    assert (currency_of("eur"), currency_of("₺"), currency_of("PCS"), currency_of("")) == (
        "EUR",
        "TRY",
        "",
        "",
    )
