"""Entities: only what fits is there."""

from __future__ import annotations

import math
from typing import Any

import pytest

from museod.chat.entities import currency_of, filters_of, options_of, place_of, text_of, texts, whole


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), (3.0, 3), (0, 0), (2.5, None), (-1, None), (True, None), ("3", None), (None, None),
     (math.inf, None), (math.nan, None)],
)  # fmt: skip
def test_a_whole_number_is_one(value: Any, number: int | None) -> None:
    assert whole(value) == number


@pytest.mark.parametrize(("value", "place"), [(2, 2), (-1, -1), (0, None), (True, None), ("2", None)])
def test_a_place_counts_from_one_or_is_the_last(value: Any, place: int | None) -> None:
    assert place_of(value) == place


def test_texts_are_one_or_many() -> None:
    assert texts("a") == ["a"]
    assert texts(["a", 7, "", "b"]) == ["a", "b"]
    assert texts({"a": 1}) == []
    assert text_of({"query": "  ", "product": " phone "}, "query", "product") == "phone"


def test_options_come_flat_or_by_axis() -> None:
    entities = {"options": {"storage": "128 GB", "size": 4}, "color": "blue", "storage": "256 GB"}
    assert options_of(entities) == {"storage": "128 GB", "color": "blue"}


def test_filters_hold_what_was_said() -> None:
    said = {"brand": "Acme", "priceMax": {"amount": 500}, "priceMin": "cheap", "inStock": True, "size": "M"}
    assert filters_of(said) == {
        "brand": ["Acme"],
        "attributes": {"size": "M"},
        "priceMax": 500,
        "inStock": True,
    }
    assert filters_of({"inStock": "yes"}) == {}


def test_a_currency_is_its_code() -> None:
    assert currency_of({"currency": "USD"}) == "USD"
    assert currency_of({"currency": "dollars"}) == ""
