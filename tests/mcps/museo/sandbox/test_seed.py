"""The seed catalogue itself: what a shopper of any language will meet."""

import re

import pytest

from mcps.museo.sandbox import pictures, texts
from mcps.museo.sandbox.shelf import CURRENCIES
from mcps.museo.sandbox.shop import Shop, open_shop
from mcps.museo.sandbox.state import IN_MEMORY, State
from tests.mcps.museo.calling import ACCOUNT, make_shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop()


def test_there_are_about_two_hundred_products_in_known_categories(shop: Shop) -> None:
    items = list(shop.shelf)

    assert 190 <= len(items) <= 210
    assert {slug for item in items for slug in item.master.categories} <= set(texts.category_slugs())


def test_every_product_is_priced_in_every_currency_in_whole_minor_units(shop: Shop) -> None:
    for item in shop.shelf:
        for variant in item.master.variants:
            assert {price.currency for price in variant.prices} == set(CURRENCIES)
            assert all(type(price.amount) is int and price.amount > 0 for price in variant.prices)


def test_every_description_is_in_its_own_language_and_names_the_product(shop: Shop) -> None:
    for item in shop.shelf:
        said = {locale: item.describe(locale) for locale in texts.locales()}
        assert len(set(said.values())) == len(said), item.master.slug
        assert all(item.title("en") in text and "{" not in text for text in said.values())


def test_every_picture_is_drawn_and_every_picture_address_is_ours(shop: Shop) -> None:
    for item in shop.shelf:
        for image in item.master.images:
            assert re.fullmatch(r"/images/[a-z0-9-]+\.svg", image.url)
        assert "<svg" in pictures.draw(item)
        assert "{" not in pictures.draw(item)


def test_variants_of_a_product_differ_in_exactly_its_axes(shop: Shop) -> None:
    for item in shop.shelf:
        options = [variant.options for variant in item.master.variants]
        assert all(list(chosen) == item.master.option_axes for chosen in options), item.master.slug
        assert len({tuple(chosen.values()) for chosen in options}) == len(options)


def test_a_seed_product_has_the_same_id_in_every_sandbox(shop: Shop) -> None:
    other = open_shop(State(IN_MEMORY), ACCOUNT, "http://127.0.0.1:1")

    assert [item.master.id for item in shop.shelf] == [item.master.id for item in other.shelf]
