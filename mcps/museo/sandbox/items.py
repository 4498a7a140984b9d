"""One product of the shop, with its place in the shop window."""

from __future__ import annotations

from dataclasses import dataclass

from mcps.museo.models import Money, ProductMaster, Variant
from mcps.museo.sandbox import texts


@dataclass(frozen=True, slots=True)
class Item:
    """A product and its place in the shop window; a lower position is more popular."""

    master: ProductMaster
    position: int

    def variant(self, sku: str) -> Variant | None:
        """The variant with this SKU."""
        return next((variant for variant in self.master.variants if variant.sku == sku), None)

    @property
    def available(self) -> int:
        """What can be sold now, over all variants."""
        return sum(variant.stock.available for variant in self.master.variants)

    def describe(self, locale: str) -> str:
        """The description in a locale: the shop's own words, else those made of the facts."""
        master = self.master
        if locale in master.description:
            return master.description[locale]
        return texts.describe(
            locale,
            title=self.title(locale),
            brand=master.brand or "Museo",
            category=master.categories[0] if master.categories else "",
            tags=master.tags,
            attributes={a.key: str(a.value) for a in master.attributes},
            options={axis: list(self.choices(axis)) for axis in master.option_axes},
        )

    def title(self, locale: str) -> str:
        """The title in a locale, else in the shop's default one, else in any."""
        titles = self.master.title
        return titles.get(locale) or titles.get(texts.DEFAULT_LOCALE) or next(iter(titles.values()))

    def choices(self, axis: str) -> dict[str, None]:
        """The values of an option axis in their order, each once."""
        return {v.options[axis]: None for v in self.master.variants if axis in v.options}


def price_in(variant: Variant, currency: str) -> Money | None:
    """The variant's price in a currency, None if it is not sold in it."""
    return next((price for price in variant.prices if price.currency == currency), None)


def is_sold_in(item: Item, currency: str) -> bool:
    """Whether any variant has a price in the currency."""
    return any(price_in(variant, currency) for variant in item.master.variants)


def can_be_sold(variant: Variant) -> bool:
    """Whether one of it can be ordered now."""
    return variant.stock.available > 0 or variant.stock.backorderable
