"""
The products, in memory and in the state file, and what a shopper sees of them.

Every change goes through `save`, which writes the file, the search index and the memory together. Views for
one locale and currency are encoded once and kept until something changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeGuard

import msgspec
from msgspec import Raw

from mcps.museo.models import (
    Attribute,
    Category,
    Image,
    Money,
    PriceRange,
    Product,
    ProductMaster,
    ProductVariant,
    Variant,
)
from mcps.museo.sandbox import ids, texts
from mcps.museo.sandbox.finder import Finder
from mcps.museo.sandbox.items import Item, can_be_sold, price_in
from mcps.museo.sandbox.problems import ProblemError, bad_request
from mcps.museo.sandbox.state import State

CURRENCIES = ("EUR", "USD")  # what the seed catalogue is priced in; the first is the default
MAX_VIEWED = 512  # products kept encoded, of about 2 KiB for each locale and currency; the seed has 200


class Shelf:
    """
    All products of one sandbox.

    Args:
        base_url: where the sandbox can be reached, for links and pictures.
    """

    def __init__(self, state: State, base_url: str) -> None:
        self._state = state
        self.base_url = base_url
        self.finder = Finder(state)
        self._items: dict[str, Item] = {}
        self._last_position = -1
        self._keys: dict[str, str] = {}  # slug or SKU -> id
        self._views: dict[str, dict[tuple[str, str], Raw]] = {}  # by id, then locale and currency
        self.on_restock: Callable[[list[str]], None] = lambda _skus: (
            None
        )  # told of SKUs that can be had again
        rows = state.db.execute("SELECT position, doc FROM masters ORDER BY position")
        for position, doc in rows:
            self._place(Item(msgspec.json.decode(doc, type=ProductMaster), position))

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def active(self) -> Iterator[Item]:
        """What shoppers may see."""
        return (item for item in self if item.master.status == "active")

    def get(self, key: str) -> Item | None:
        """A product by its id, slug or a SKU, whatever its status."""
        return self._items.get(key) or self._items.get(self._keys.get(key, ""))

    def for_sale(self, key: str) -> Item:
        """
        An active product by its id, slug or a SKU.

        Raises:
            ProblemError: product_gone when it is archived, product_not_found when there is none.
        """
        item = self.get(key)
        if item is None or item.master.status == "draft":
            raise ProblemError("product_not_found", "There is no such product; search for it by name.")
        if item.master.status == "archived":
            raise ProblemError("product_gone", f"{item.title('en')} is no longer sold.")
        return item

    def save(self, master: ProductMaster, position: int) -> Item:
        """Put a product on the shelf, or a changed one in its place."""
        item = Item(master, position)
        db = self._state.db
        with self._state.transaction():
            db.execute(
                "INSERT INTO masters (id, slug, position, doc) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
                " SET slug = excluded.slug, position = excluded.position, doc = excluded.doc",
                (master.id, master.slug, position, msgspec.json.encode(master)),
            )
            db.execute("DELETE FROM skus WHERE master_id = ?", (master.id,))
            db.executemany(
                "INSERT INTO skus VALUES (?, ?)", [(variant.sku, master.id) for variant in master.variants]
            )
            number = db.execute("SELECT number FROM masters WHERE id = ?", (master.id,)).fetchone()[0]
            self.finder.index(number, item)
            self._exchange(item)
        return item

    def next_position(self) -> int:
        """The place of a new product: behind all others."""
        return self._last_position + 1

    def move_stock(self, sku: str, *, available: int, reserved: int) -> None:
        """
        Add to what can be sold and to what is held of a SKU; negative numbers take away.

        It is no change of the product: its version stays. A SKU that has gone meanwhile is none to move.
        """
        item = self.get(sku)
        variant = item.variant(sku) if item else None
        if item is None or variant is None:
            return
        stock = msgspec.structs.replace(
            variant.stock,
            available=max(0, variant.stock.available + available),
            reserved=max(0, variant.stock.reserved + reserved),
        )
        changed = msgspec.structs.replace(variant, stock=stock)
        variants = [changed if v.sku == sku else v for v in item.master.variants]
        master = msgspec.structs.replace(item.master, variants=variants)
        with self._state.transaction():
            self._state.db.execute(
                "UPDATE masters SET doc = ? WHERE id = ?", (msgspec.json.encode(master), master.id)
            )
            self._exchange(Item(master, item.position))

    def _exchange(self, item: Item) -> None:
        """Put a written product in its place in memory, until the transaction fails."""
        former = self._items.get(item.master.id)
        self._take_away(former)
        self._place(item)

        def undo() -> None:
            self._take_away(item)
            if former is not None:
                self._place(former)

        self._state.undo_with(undo)
        back = _back_in_stock(former, item)
        if back:
            self.on_restock(back)

    def _take_away(self, item: Item | None) -> None:
        if item is None:
            return
        self._views.pop(item.master.id, None)
        self._items.pop(item.master.id, None)
        for key in (item.master.slug, *(variant.sku for variant in item.master.variants)):
            if self._keys.get(key) == item.master.id:
                del self._keys[key]

    def view(self, item: Item, locale: str, currency: str) -> Raw:
        """The product as a shopper of this locale and currency sees it, encoded."""
        views = self._views.get(item.master.id)
        if views is None:
            if len(self._views) >= MAX_VIEWED:
                self._views.clear()
            views = self._views[item.master.id] = {}
        known = views.get((locale, currency))
        if known is None:
            known = views[locale, currency] = Raw(msgspec.json.encode(self.product(item, locale, currency)))
        return known

    def product(self, item: Item, locale: str, currency: str) -> Product:
        """The product as a shopper of this locale and currency sees it; it must have a price in it."""
        master = item.master
        variants = [shown for v in master.variants if (shown := _shown(v, currency)) is not None]
        prices = [variant.price.amount for variant in variants]
        return Product(
            id=master.id,
            slug=master.slug,
            title=item.title(locale),
            locale=locale,
            description=item.describe(locale),
            brand=master.brand,
            url=f"{self.base_url}/p/{master.slug}",
            categories=[category(slug, locale) for slug in master.categories],
            attributes=[_in_locale(attribute, locale) for attribute in master.attributes],
            images=[self.absolute(image) for image in master.images],
            price=PriceRange(Money(min(prices), currency), Money(max(prices), currency)),
            in_stock=any(v.available > 0 or v.backorderable for v in variants),
            option_axes=master.option_axes,
            variants=variants,
            updated_at=master.updated_at,
        )

    def absolute(self, image: Image) -> Image:
        """The picture with its full address; our own are kept without host and port."""
        if not image.url.startswith("/"):
            return image
        return msgspec.structs.replace(image, url=self.base_url + image.url)

    def _place(self, item: Item) -> None:
        self._items[item.master.id] = item
        self._last_position = max(self._last_position, item.position)
        self._keys[item.master.slug] = item.master.id
        for variant in item.master.variants:
            self._keys[variant.sku] = item.master.id


def _back_in_stock(former: Item | None, item: Item) -> list[str]:
    """The SKUs that can be ordered now and could not before."""
    before = {v.sku for v in former.master.variants if can_be_sold(v)} if _is_active(former) else set()
    now = item.master.variants if _is_active(item) else []
    return [variant.sku for variant in now if can_be_sold(variant) and variant.sku not in before]


def _is_active(item: Item | None) -> TypeGuard[Item]:
    return item is not None and item.master.status == "active"


def category(slug: str, locale: str) -> Category:
    """A category as shoppers of a locale see it."""
    parent = texts.parent_of(slug)
    return Category(
        id=ids.stable_id("cat", slug),
        slug=slug,
        name=texts.category_name(slug, locale),
        parent_id=ids.stable_id("cat", parent) if parent else None,
    )


def check_currency(currency: str | None) -> str:
    """
    The currency that was asked for, or the shop's own.

    Raises:
        ProblemError: the shop has no prices in it.
    """
    if currency is None:
        return CURRENCIES[0]
    if currency not in CURRENCIES:
        detail = f"The shop has no prices in {currency[:10]}; use one of {', '.join(CURRENCIES)}."
        raise bad_request(detail, pointer="/currency")
    return currency


def _shown(variant: Variant, currency: str) -> ProductVariant | None:
    price = price_in(variant, currency)
    if price is None:
        return None
    former = [money for money in variant.compare_at_prices if money.currency == currency]
    return ProductVariant(
        sku=variant.sku,
        title=", ".join(variant.options.values()),
        options=variant.options,
        price=price,
        compare_at=former[0] if former else None,
        available=variant.stock.available,
        backorderable=variant.stock.backorderable,
    )


def _in_locale(attribute: Attribute, locale: str) -> Attribute:
    value = attribute.value
    if isinstance(value, str):
        value = texts.value(value, locale)
    return msgspec.structs.replace(
        attribute, value=value, label=attribute.label or texts.label(attribute.key)
    )
