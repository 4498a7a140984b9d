"""Which products a list shows: the filters that browsing, searching and administration share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mcps.museo.models import Variant
from mcps.museo.sandbox import texts
from mcps.museo.sandbox.items import Item, can_be_sold, price_in
from mcps.museo.sandbox.query import Query
from mcps.museo.sandbox.words import fold

PARAMETERS = ("category", "brand", "priceMin", "priceMax", "inStock", "attr")


@dataclass(frozen=True, slots=True)
class Filters:
    """What must be true of a product: of one variant of it, where price, stock or options are concerned."""

    currency: str
    category: str | None = None
    brands: frozenset[str] = frozenset()
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    needs_price: bool = True  # the administration also sees what has no price in the currency

    def allow(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items that pass."""
        return (item for item in items if self._allows(item))

    def _allows(self, item: Item) -> bool:
        master = item.master
        if self.category and not any(self.category in texts.lineage(slug) for slug in master.categories):
            return False
        if self.brands and fold(master.brand or "") not in self.brands:
            return False
        if self.in_stock is False and any(can_be_sold(variant) for variant in master.variants):
            return False
        return any(self._allows_variant(item, variant) for variant in master.variants)

    def _allows_variant(self, item: Item, variant: Variant) -> bool:
        price = price_in(variant, self.currency)
        if price is None:
            if self.needs_price or self.price_min is not None or self.price_max is not None:
                return False
        elif not _within(price.amount, self.price_min, self.price_max):
            return False
        if self.in_stock and not can_be_sold(variant):
            return False
        return all(_has(item, variant, key, value) for key, value in self.attributes.items())


def read_filters(query: Query, currency: str, *, needs_price: bool = True) -> Filters:
    """
    The filters of a request.

    Raises:
        ProblemError: one cannot be read.
    """
    return Filters(
        currency=currency,
        category=query.text("category"),
        brands=frozenset(fold(brand) for brand in query.texts("brand")),
        price_min=query.integer("priceMin"),
        price_max=query.integer("priceMax"),
        in_stock=query.boolean("inStock"),
        attributes={key: _plain(value) for key, value in query.attributes.items()},
        needs_price=needs_price,
    )


def cheapest(item: Item, currency: str) -> int:
    """The lowest price in a currency; what has none comes last."""
    prices = [price.amount for variant in item.master.variants if (price := price_in(variant, currency))]
    return min(prices, default=10**15)


def _within(amount: int, low: int | None, high: int | None) -> bool:
    return (low is None or amount >= low) and (high is None or amount <= high)


def _has(item: Item, variant: Variant, key: str, value: str) -> bool:
    if key in variant.options:
        return _plain(variant.options[key]) == value
    attributes = [*variant.attributes, *item.master.attributes]
    return any(a.key == key and _plain(str(a.value)) == value for a in attributes)


def _plain(text: str) -> str:
    """`128GB`, `128 gb` and `128 GB` are the same value."""
    return fold(text).replace(" ", "")
