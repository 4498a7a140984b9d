"""The catalogue that a new sandbox starts with: `catalogue.json` turned into product masters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import resources

import msgspec
from msgspec import Struct

from mcps.museo.models import Attribute, Image, Money, ProductMaster, Status, Stock, Variant
from mcps.museo.sandbox import ids, texts
from mcps.museo.sandbox.shelf import Shelf
from mcps.museo.sandbox.state import State

# The first in the file is the newest and the most popular; the others follow an hour apart.
_NEWEST = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


class _SeedVariant(Struct, forbid_unknown_fields=True):
    sku: str
    prices: dict[str, int]
    stock: int
    options: dict[str, str] = {}


class _SeedProduct(Struct, rename="camel", forbid_unknown_fields=True):
    title: str
    slug: str
    brand: str
    category: str
    tags: list[str]
    attributes: dict[str, str]
    variants: list[_SeedVariant]
    option_axes: list[str] = []
    status: Status = "active"


def sow(shelf: Shelf, state: State) -> int:
    """Fill an empty shelf, all or nothing; how many products there are then."""
    source = resources.files(__package__).joinpath("catalogue.json").read_bytes()
    products = msgspec.json.decode(source, type=list[_SeedProduct])
    with state.transaction():
        for position, product in enumerate(products):
            shelf.save(_master(product, position), position)
    return len(products)


def _master(product: _SeedProduct, position: int) -> ProductMaster:
    made_at = ids.timestamp(_NEWEST - timedelta(hours=position))
    return ProductMaster(
        id=ids.stable_id("pm", product.slug),
        version=1,
        status=product.status,
        title=dict.fromkeys(texts.locales(), product.title),
        slug=product.slug,
        brand=product.brand,
        categories=[product.category],
        tags=product.tags,
        option_axes=product.option_axes,
        attributes=[
            Attribute(key=key, value=value, label=texts.label(key))
            for key, value in product.attributes.items()
        ],
        images=_images(product),
        variants=[_variant(variant) for variant in product.variants],
        external_ref=f"museo-{position + 1:04d}",
        created_at=made_at,
        updated_at=made_at,
        archived_at=made_at if product.status == "archived" else None,
    )


def _variant(variant: _SeedVariant) -> Variant:
    return Variant(
        id=ids.stable_id("var", variant.sku),
        sku=variant.sku,
        options=variant.options,
        prices=[Money(amount, currency) for currency, amount in variant.prices.items()],
        stock=Stock(available=variant.stock),
    )


def _images(product: _SeedProduct) -> list[Image]:
    """One picture, or one for each colour; `pictures` draws them from the path alone."""
    alt = {texts.DEFAULT_LOCALE: product.title}
    colours = list({v.options["color"]: None for v in product.variants if "color" in v.options})
    if not colours:
        return [Image(url=f"/images/{product.slug}.svg", alt=alt)]
    return [
        Image(
            url=f"/images/{product.slug}--{colour.lower().replace(' ', '-')}.svg",
            alt={texts.DEFAULT_LOCALE: f"{product.title}, {colour}"},
            position=position,
            variant_skus=[v.sku for v in product.variants if v.options.get("color") == colour],
        )
        for position, colour in enumerate(colours)
    ]
