"""What a query says of price, brand, colour, size and storage, as a table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.kit.query.lexicon import lexicon_for
from mcps.kit.query.numbers import written
from mcps.kit.query.terms import normal_storage, read_terms

ENGLISH = lexicon_for("en")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("phones under 500", {"words": "phones", "price_max": 50_000}),
        ("Samsung under €1,200.50", {"price_max": 120_050, "currency": "EUR", "brands": ("Samsung",)}),
        ("less than 15.000 yen", {"price_max": 15_000, "currency": "JPY", "words": ""}),
        ("up to 2k dollars", {"price_max": 200_000, "currency": "USD"}),
        ("laptops over 1000 euros", {"price_min": 100_000, "currency": "EUR", "words": "laptops"}),
        ("shoes between $50 and $120", {"price_min": 5_000, "price_max": 12_000, "currency": "USD"}),
        ("from 20 to 10 euros", {"price_min": 1_000, "price_max": 2_000}),
        ("a watch for about 100 pounds", {"price_min": 8_000, "price_max": 12_000, "currency": "GBP"}),
        ("my budget is 300 for a watch", {"price_max": 30_000, "words": "watch"}),
        ("50 euros or less", {"price_max": 5_000, "currency": "EUR"}),
        (
            "iPhone 15 Pro Max 256gb natural titanium",
            {
                "words": "iphone 15 pro max",
                "storage": "256 GB",
                "color": "Natural Titanium",
                "price_max": None,
            },
        ),
        ("at least 256 GB", {"storage": "256 GB", "price_min": None}),
        ("pan under 2 kg", {"price_max": None}),
        ("tell me about 3 phones", {"price_min": None, "price_max": None}),
        ("dark gray shirt in size XL", {"color": "Dark Gray", "size": "XL", "words": "shirt"}),
        ("sneakers size 42.5", {"size": "42.5", "words": "sneakers"}),
        ("a dress in medium", {"size": "M"}),
        ("medium heat pan", {"size": ""}),
        ("grey sofa", {"color": "Gray"}),
        ("apple or samsung tablets", {"brands": ("Apple", "Samsung")}),
        ("levi's jeans", {"brands": ("Levi's",), "words": "jeans"}),
        ("nothing phone", {"brands": ()}),
        ("cheapest headphones", {"sort": "price_asc", "words": "headphones"}),
        ("most expensive watch", {"sort": "price_desc", "words": "watch"}),
        ("newest laptops in stock", {"sort": "newest", "in_stock": True, "words": "laptops"}),
        ("Do you have any black phones, please?", {"color": "Black", "words": "phones"}),
        ("what's the price", {"words": "price"}),
        ("", {"words": "", "names": ""}),
    ],
)
def test_a_query_says(text: str, expected: dict[str, Any]) -> None:
    terms = read_terms(text, ENGLISH)
    assert {name: getattr(terms, name) for name in expected} == expected


def test_names_keep_what_words_give_up() -> None:
    assert read_terms("black apple phone 128gb under 900", ENGLISH).names == "black apple phone 128gb"


@pytest.mark.parametrize(
    ("said", "meant"),
    [("128gb", "128 GB"), ("1 TB", "1 TB"), ("64 g", "64 GB"), ("Black", "Black"), ("", "")],
)
def test_storage_is_written_one_way(said: str, meant: str) -> None:
    assert normal_storage(said) == meant


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (79_900, "EUR", "799.00 EUR"),
        (5, "EUR", "0.05 EUR"),
        (500, "JPY", "500 JPY"),
        (1, "KWD", "0.001 KWD"),
        (-150, "USD", "-1.50 USD"),
    ],
)
def test_amounts_are_written_by_their_currencys_digits(amount: int, currency: str, text: str) -> None:
    assert written(amount, currency) == text


@given(st.text(max_size=300))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    terms = read_terms(text, ENGLISH)
    assert terms.price_max is None or terms.price_max >= 0


@given(
    st.integers(1, 99_999), st.sampled_from(["under {} euros", "below €{}", "max {} eur", "{} euros or less"])
)
def test_every_way_to_say_a_limit_gives_the_same_limit(amount: int, way: str) -> None:
    assert read_terms(way.format(amount), ENGLISH).price_max == amount * 100


@pytest.mark.parametrize(
    "text", ["1 " * 2000, "a" * 4000, "under " * 600, "1," * 2000, "between 1 and " * 280]
)
def test_hostile_text_is_read_in_linear_time(text: str) -> None:
    read_terms(text, ENGLISH)  # the suite's timeout is the judge
