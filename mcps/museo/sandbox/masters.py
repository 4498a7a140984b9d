"""
Writing product masters: what is sent becomes what is on the shelf, if it breaks no rule.

Variants are known by their SKU: one that stays keeps its id and what is held for open payments. `stock` as
it is written is what can be sold from now on. A write that changes nothing makes no new version.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UnsetType

from mcps.museo.models import Attribute, Image, Localized, Money, ProductMaster, Stock, Variant
from mcps.museo.sandbox import ids, texts
from mcps.museo.sandbox.problems import ProblemError, invalid
from mcps.museo.sandbox.shelf import CURRENCIES, Shelf
from mcps.museo.sandbox.state import State
from mcps.museo.sandbox.words import words
from mcps.museo.writes import AttributeWrite, ImageWrite, MoneyWrite, ProductMasterWrite, VariantWrite

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_SLUG_CHARS = 80


class Masters:
    """Makes, changes and archives products, and writes down who did it."""

    def __init__(self, state: State, shelf: Shelf) -> None:
        self._state = state
        self._shelf = shelf

    def made(self, content: ProductMasterWrite, now: datetime) -> ProductMaster:
        """
        The product that `content` would be; nothing is written.

        Raises:
            ProblemError: validation_failed, sku_taken, slug_taken.
        """
        self._check(content, None)
        at = ids.timestamp(now)
        master = ProductMaster(
            id=ids.new_id("pm"),
            version=1,
            status="draft",
            title={},
            slug=self._free_slug(content.title),
            variants=[],
            created_at=at,
            updated_at=at,
        )
        return self._filled(master, content, now)

    def changed(self, former: ProductMaster, content: ProductMasterWrite, now: datetime) -> ProductMaster:
        """
        What `former` would be with new content, whole; itself if nothing changes. Nothing is written.

        Raises:
            ProblemError: validation_failed, sku_taken, slug_taken.
        """
        self._check(content, former)
        filled = self._filled(former, content, now)
        if filled == former:
            return former
        return msgspec.structs.replace(filled, version=former.version + 1, updated_at=ids.timestamp(now))

    def archived(self, former: ProductMaster, now: datetime) -> ProductMaster:
        """What `former` would be when it is no longer sold; itself if it is not."""
        if former.status == "archived":
            return former
        at = ids.timestamp(now)
        return msgspec.structs.replace(
            former, status="archived", archived_at=at, updated_at=at, version=former.version + 1
        )

    def save(self, master: ProductMaster, action: str, actor: str, now: datetime) -> None:
        """Put a product on the shelf; the caller has seen to its version."""
        item = self._shelf.get(master.id)
        if item is not None and item.master == master:
            return
        with self._state.transaction():
            self._shelf.save(master, item.position if item else self._shelf.next_position())
            self._state.db.execute(
                "INSERT INTO audit VALUES (?, ?, ?, ?)", (now.timestamp(), actor, action, master.id)
            )

    def _filled(self, master: ProductMaster, content: ProductMasterWrite, now: datetime) -> ProductMaster:
        status = master.status if isinstance(content.status, UnsetType) else content.status
        known = {variant.sku: variant for variant in master.variants}
        return msgspec.structs.replace(
            master,
            status=status,
            archived_at=None if status != "archived" else master.archived_at or ids.timestamp(now),
            title=content.title,
            description={} if isinstance(content.description, UnsetType) else content.description,
            slug=master.slug if isinstance(content.slug, UnsetType) else content.slug,
            brand=None if isinstance(content.brand, UnsetType) else content.brand,
            categories=content.categories,
            tags=content.tags,
            option_axes=content.option_axes,
            attributes=[_attribute(attribute) for attribute in content.attributes],
            images=[self._image(image) for image in content.images],
            variants=[_variant(variant, known.get(variant.sku)) for variant in content.variants],
            external_ref=None if isinstance(content.external_ref, UnsetType) else content.external_ref,
        )

    def _check(self, content: ProductMasterWrite, former: ProductMaster | None) -> None:
        if not any(text.strip() for text in content.title.values()):
            raise invalid("/title", "A product needs a title that is not empty.")
        for number, category in enumerate(content.categories):
            if not _SLUG.fullmatch(category):
                raise invalid(f"/categories/{number}", "A category is named by its slug, such as mens-shoes.")
        for number, image in enumerate(content.images):
            if not image.url.startswith(("https://", "http://", "/images/")):
                raise invalid(f"/images/{number}/url", "A picture's address begins with https:// or http://.")
        _check_variants(content)
        self._check_skus(content.variants, former)
        if not isinstance(content.slug, UnsetType):
            self._check_slug(content.slug, former)

    def _check_skus(self, variants: Sequence[VariantWrite], former: ProductMaster | None) -> None:
        for number, variant in enumerate(variants):
            item = self._shelf.get(variant.sku)
            if item is None or (former is not None and item.master.id == former.id):
                continue
            title = item.title(texts.DEFAULT_LOCALE)
            if item.variant(variant.sku) is not None:
                detail = f"SKU {variant.sku} already belongs to {title}."
            else:
                detail = f"{variant.sku} is already the address of {title}."
            raise ProblemError("sku_taken", detail, pointers=[(f"/variants/{number}/sku", detail)])

    def _check_slug(self, slug: str, former: ProductMaster | None) -> None:
        item = self._shelf.get(slug)
        if item is not None and (former is None or item.master.id != former.id):
            detail = f"The slug {slug} already belongs to {item.title(texts.DEFAULT_LOCALE)}."
            raise ProblemError("slug_taken", detail, pointers=[("/slug", detail)])

    def _free_slug(self, title: Localized) -> str:
        name = title.get(texts.DEFAULT_LOCALE) or next(iter(title.values()))
        plain = "-".join(re.findall("[a-z0-9]+", " ".join(words(name))))[:MAX_SLUG_CHARS].strip("-")
        slug = plain or "product"
        if self._shelf.get(slug) is None:
            return slug
        return f"{slug}-{ids.new_id('x')[2:10]}"  # counting up would ask once for each namesake

    def _image(self, image: ImageWrite) -> Image:
        return Image(
            # Our own pictures are kept without host and port, which the next start may change.
            url=image.url.removeprefix(self._shelf.base_url),
            alt={} if isinstance(image.alt, UnsetType) else image.alt,
            position=image.position,
            variant_skus=image.variant_skus,
        )


def writable(master: ProductMaster) -> dict[str, Any]:
    """The members of a product that can be written, as they are now."""
    content: dict[str, Any] = {
        "title": master.title,
        "description": master.description or None,
        "slug": master.slug,
        "brand": master.brand,
        "status": master.status,
        "categories": master.categories,
        "tags": master.tags,
        "optionAxes": master.option_axes,
        "attributes": msgspec.to_builtins(master.attributes),
        "images": msgspec.to_builtins(master.images),
        "variants": [writable_variant(variant) for variant in master.variants],
        "externalRef": master.external_ref,
    }
    return {name: value for name, value in content.items() if value is not None}


def writable_variant(variant: Variant) -> dict[str, Any]:
    """The members of a variant that can be written."""
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
    return {name: value for name, value in content.items() if value is not None}


def merged(content: Any, patch: Any) -> Any:
    """`content` with a merge patch applied (RFC 7396)."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(content) if isinstance(content, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _check_variants(content: ProductMasterWrite) -> None:
    axes = content.option_axes
    if len(set(axes)) != len(axes):
        raise invalid("/optionAxes", "An option axis is given twice; name each once.")
    seen_skus: set[str] = set()
    seen_options: set[tuple[str, ...]] = set()
    for number, variant in enumerate(content.variants):
        where = f"/variants/{number}"
        if variant.sku in seen_skus:
            raise invalid(f"{where}/sku", f"SKU {variant.sku} is given twice in this product.")
        seen_skus.add(variant.sku)
        if set(variant.options) != set(axes):
            wanted = ", ".join(axes) or "none"
            raise invalid(f"{where}/options", f"The options must be those of optionAxes: {wanted}.")
        chosen = tuple(variant.options[axis] for axis in axes)
        if len(content.variants) > 1 and chosen in seen_options:
            raise invalid(f"{where}/options", "Two variants have the same options; nobody could choose.")
        seen_options.add(chosen)
        for name, moneys in (("prices", variant.prices), ("compareAtPrices", variant.compare_at_prices)):
            _check_prices(moneys, f"{where}/{name}")


def _check_prices(moneys: Sequence[MoneyWrite], where: str) -> None:
    counts = Counter(money.currency for money in moneys)
    for number, money in enumerate(moneys):
        if money.currency not in CURRENCIES:
            detail = f"The shop sells in {', '.join(CURRENCIES)} only."
            raise invalid(f"{where}/{number}/currency", detail)
        if counts[money.currency] > 1:
            raise invalid(f"{where}/{number}/currency", f"There are two prices in {money.currency}.")


def _variant(variant: VariantWrite, former: Variant | None) -> Variant:
    return Variant(
        id=former.id if former else ids.new_id("var"),
        sku=variant.sku,
        options=variant.options,
        prices=[Money(money.amount, money.currency) for money in variant.prices],
        compare_at_prices=[Money(money.amount, money.currency) for money in variant.compare_at_prices],
        stock=Stock(
            available=variant.stock,
            reserved=former.stock.reserved if former else 0,
            backorderable=variant.backorderable,
            restock_at=former.stock.restock_at if former else None,
        ),
        barcode=None if isinstance(variant.barcode, UnsetType) else variant.barcode,
        attributes=[_attribute(attribute) for attribute in variant.attributes],
    )


def _attribute(attribute: AttributeWrite) -> Attribute:
    label = {} if isinstance(attribute.label, UnsetType) else attribute.label
    return Attribute(attribute.key, attribute.value, attribute.unit, label)
