"""What tools take of a product, in the form in which the shop's API takes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from mcps.admin.intake.products import is_picture_address
from mcps.museo.models import ProductMaster, Variant
from museod.errors import InvalidArguments

_KEY = re.compile(r"[a-z0-9_]{1,40}")


class Fields(Struct, rename="camel"):
    """What create_product and update_product have in common; the schema has judged shapes already."""

    title: str | dict[str, str] | UnsetType = UNSET
    description: str | dict[str, str] | UnsetType = UNSET
    brand: str | UnsetType = UNSET
    categories: list[str] | UnsetType = UNSET
    status: str | UnsetType = UNSET
    price: dict[str, Any] | UnsetType = UNSET
    stock: int | UnsetType = UNSET
    sku: str | UnsetType = UNSET
    variants: list[dict[str, Any]] | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    image_urls: list[str] | UnsetType = UNSET


def members(fields: Fields, language: str, former: ProductMaster | None = None) -> dict[str, Any]:
    """
    The members of a product that `fields` name, without its variants.

    Args:
        language: of texts that come without one.
        former: whose attributes stay beside those that are named.

    Raises:
        InvalidArguments: a picture's address or an attribute's name cannot be.
    """
    found: dict[str, Any] = {}
    for name, texts in (("title", fields.title), ("description", fields.description)):
        if not isinstance(texts, UnsetType):
            found[name] = {language: texts} if isinstance(texts, str) else texts
    for name, value in (
        ("brand", fields.brand),
        ("categories", fields.categories),
        ("status", fields.status),
    ):
        if not isinstance(value, UnsetType):
            found[name] = value
    if not isinstance(fields.attributes, UnsetType):
        found["attributes"] = _attributes(fields.attributes, former)
    if not isinstance(fields.image_urls, UnsetType):
        for url in fields.image_urls:
            if not is_picture_address(url):
                raise InvalidArguments(f"imageUrls: {url[:100]} is no address; it begins with https://")
        found["images"] = [{"url": url, "position": place} for place, url in enumerate(fields.image_urls)]
    return found


def _attributes(named: Mapping[str, Any], former: ProductMaster | None) -> list[dict[str, Any]]:
    for key in named:
        if not _KEY.fullmatch(key):
            raise InvalidArguments(
                f"attributes: {key[:60]!r} is no name; it has up to 40 small letters, digits and _"
            )
    kept = [] if former is None else [one for one in former.attributes if one.key not in named]
    return [*msgspec.to_builtins(kept), *({"key": key, "value": value} for key, value in named.items())]


def axes_of(variants: list[dict[str, Any]]) -> list[str]:
    """The option axes that variants use, in their order."""
    return list(dict.fromkeys(axis for variant in variants for axis in variant.get("options", {})))


def rewritten(variant: Variant) -> dict[str, Any]:
    """A variant that is to stay as it is, in the form in which it is written: lists are replaced whole."""
    content = {
        "sku": variant.sku,
        "options": variant.options,
        "prices": msgspec.to_builtins(variant.prices),
        "compareAtPrices": msgspec.to_builtins(variant.compare_at_prices),
        "stock": variant.stock.available,
        "backorderable": variant.stock.backorderable,
        "barcode": variant.barcode,
        "attributes": msgspec.to_builtins(variant.attributes),
    }
    return {name: value for name, value in content.items() if value not in (None, [], {})}
