"""Searching in the shop's languages, against the sandbox shop as a real process."""

from __future__ import annotations

import pytest

from tests.fakes.storefront import codes, open_storefront

pytestmark = pytest.mark.real


async def test_a_shopper_of_each_language_finds_the_phone_within_the_limit() -> None:
    queries = {
        "en": "apple smartphones under 1000 euros, most expensive first",
        "de": "Apple Smartphones unter 1000 Euro, teuerste zuerst",
        "es": "smartphones apple por menos de 1000 euros, más caros primero",
        "fr": "smartphones apple à moins de 1000 euros, les plus chers",
        "it": "smartphone apple sotto i 1000 euro, più cari",
        "pt": "smartphones apple até 1000 euros, mais caros",
        "tr": "1000 euro altı apple akıllı telefonlar, en pahalı",
        "vi": "điện thoại thông minh apple dưới 1000 euro, đắt nhất",
    }
    async with open_storefront() as front:
        for locale, query in queries.items():
            found = await front.call("search_products", query=query, locale=locale, limit=10)
            items = found.structured_content["items"]
            amounts = [item["price"]["amount"] for item in items]
            assert items, locale
            assert all(item["brand"] == "Apple" for item in items), locale
            assert max(amounts) <= 100_000, locale
            assert amounts == sorted(amounts, reverse=True), locale
            assert "iPhone 15" in [item["title"] for item in items], locale


async def test_a_limit_in_money_that_is_not_taken_here_is_left_out_and_said_so() -> None:
    async with open_storefront() as front:
        found = await front.call("search_products", query="iphone 15 dưới 20 triệu đồng", locale="vi")
        assert not found.is_error, found
        assert found.structured_content["items"][0]["title"] == "iPhone 15"
        assert codes(found) == ["currency_not_sold"]
        assert "no prices in VND" in found.text
        stated = await front.call("search_products", query="iphone 15", currency="VND")
        assert stated.is_error
        dollars = await front.call("search_products", query="iphone 15 under 1000 dollars")
        assert not dollars.is_error, dollars
        assert dollars.structured_content["items"][0]["price"]["currency"] == "USD"
        assert "up to 1000.00 USD" in dollars.text
