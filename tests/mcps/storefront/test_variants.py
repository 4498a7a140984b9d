"""Which variant is meant, as a table."""

from __future__ import annotations

import pytest

from mcps.museo.models import Money, PriceRange, Product, ProductVariant
from mcps.storefront.variants import Chosen, Open, choose


def product(*variants: tuple[str, dict[str, str], int], title: str = "iPhone 15 Pro") -> Product:
    price = Money(100, "EUR")
    return Product(
        id="pm_1",
        slug="x",
        title=title,
        locale="en",
        url="https://shop.example/x",
        price=PriceRange(price, price),
        in_stock=True,
        variants=[ProductVariant(sku, price, stock, options=options) for sku, options, stock in variants],
        option_axes=["storage", "color"],
    )


PHONE = product(
    ("128B", {"storage": "128 GB", "color": "Blue Titanium"}, 5),
    ("128N", {"storage": "128 GB", "color": "Natural Titanium"}, 0),
    ("1TB", {"storage": "1024 GB", "color": "Blue Titanium"}, 1),
)


@pytest.mark.parametrize(
    ("wanted", "said", "sku"),
    [
        ({"storage": "128gb", "color": "blue titanium"}, "", "128B"),
        ({"storage": "128 GB", "color": "BLUE"}, "", "128B"),
        ({"Storage": "128", "colour": "natural"}, "", "128N"),
        ({"storage": "1tb"}, "", "1TB"),
        ({"storage": "1 TB", "size": "M"}, "", "1TB"),
        ({"capacity": "1024GB"}, "", "1TB"),
        ({}, "iphone 15 pro 128 natural", "128N"),
        ({"color": "blue"}, "iphone 15 pro 128", "128B"),
    ],
)
def test_a_variant_is_found_however_its_options_are_written(
    wanted: dict[str, str], said: str, sku: str
) -> None:
    chosen = choose(PHONE, wanted, said)
    assert isinstance(chosen, Chosen)
    assert chosen.variant.sku == sku


@pytest.mark.parametrize(
    ("wanted", "axis", "values", "unknown"),
    [
        ({}, "storage", ["128 GB", "1024 GB"], ""),
        ({"color": "blue"}, "storage", ["128 GB", "1024 GB"], ""),
        ({"storage": "128gb"}, "color", ["Blue Titanium"], ""),
        ({"storage": "2tb"}, "storage", ["128 GB", "1024 GB"], "2tb"),
        ({"storage": "1tb", "color": "natural titanium"}, "color", ["Blue Titanium"], "natural titanium"),
    ],
)
def test_what_is_open_or_does_not_exist_is_asked_for(
    wanted: dict[str, str], axis: str, values: list[str], unknown: str
) -> None:
    choice = choose(PHONE, wanted)
    assert choice == Open(axis, values, unknown)


def test_a_product_of_one_variant_needs_no_options_and_ignores_them() -> None:
    polish = product(("RED", {}, 3), title="Red Nail Polish")
    chosen = choose(polish, {"color": "Red"}, "red nail polish")
    assert isinstance(chosen, Chosen)


def test_the_title_is_no_option() -> None:
    mug = product(("A", {"size": "15 cm"}, 1), ("B", {"size": "20 cm"}, 1), title="Mug 15")
    assert isinstance(choose(mug, {}, "mug 15"), Open)
