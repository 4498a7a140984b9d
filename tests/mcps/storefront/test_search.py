"""How a query in everyday words is asked of the shop."""

from __future__ import annotations

from typing import Any

import pytest

from mcps.kit.query.lexicon import lexicon_for
from mcps.kit.query.terms import read_terms
from mcps.museo.client import ProductFilters
from mcps.storefront.search import Attempt, Filters, SearchArguments, plan


def planned(query: str, **more: Any) -> list[Attempt]:
    return plan(SearchArguments(query=query, **more), read_terms(query, lexicon_for("en")), "en")


def test_plain_words_are_searched_as_they_are() -> None:
    assert planned("red lipstick case") != []
    assert planned("lipstick") == [Attempt("lipstick", ProductFilters(attributes={}), "")]


def test_what_is_inferred_is_a_filter_first_and_plain_text_then() -> None:
    first, second = planned("black apple phone under 500 euros")
    assert first.q == "phone"
    assert first.filters == ProductFilters(brands=("Apple",), price_max=50_000, attributes={"color": "Black"})
    assert second.q == "black apple phone"
    assert second.filters == ProductFilters(price_max=50_000, attributes={})


def test_stated_filters_win_over_what_the_query_says() -> None:
    stated = Filters(brand=["Samsung"], price_max=100, attributes={"color": "White"})
    (only,) = planned("black apple phone under 500", filters=stated, sort="newest")
    assert only.filters.brands == ("Samsung",)
    assert only.filters.price_max == 100
    assert only.filters.attributes == {"color": "White"}
    assert only.sort == "newest"


@pytest.mark.parametrize("query", ["products under 50 euros", "everything under 50 euros", "under 50 euros"])
def test_a_query_of_filters_alone_lists_the_catalogue(query: str) -> None:
    (only,) = planned(query)
    assert (only.q, only.filters.price_max) == ("", 5_000)


def test_words_that_mean_nothing_are_searched_all_the_same() -> None:
    (only,) = planned("something")
    assert only.q == "something"


@pytest.mark.parametrize(
    ("currency", "limit"), [("", 50_000), ("EUR", 50_000), ("JPY", 500), ("KWD", 500_000)]
)
def test_a_limit_is_counted_in_the_currency_that_is_searched_in(currency: str, limit: int) -> None:
    assert planned("lamp under 500", currency=currency)[0].filters.price_max == limit


def test_the_order_is_understood() -> None:
    assert planned("cheapest lamp")[0] == Attempt("lamp", ProductFilters(attributes={}), "price_asc")
