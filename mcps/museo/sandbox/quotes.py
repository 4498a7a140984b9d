"""What a basket line can be had for now, and what a basket costs. Pure."""

from __future__ import annotations

from mcps.museo.models import Availability, Money, Notice, Totals, Variant
from mcps.museo.sandbox import texts

LOW_STOCK = 5
TAX_PERCENT = 20  # contained in all prices
SHIPPING = 499
FREE_SHIPPING_FROM = 5_000


def availability(quantity: int, variant: Variant | None) -> Availability:
    """Whether so many can be had."""
    if variant is None:
        return "unavailable"
    if variant.stock.backorderable:
        return "in_stock"
    if variant.stock.available < quantity:
        return "insufficient"
    return "low_stock" if variant.stock.available <= LOW_STOCK else "in_stock"


def notices(
    line_id: str,
    variant: Variant | None,
    title: str,
    quantities: tuple[int, int | None],
    prices: tuple[Money | None, Money],
    locale: str,
) -> list[Notice]:
    """
    What changed about a line since it was put in.

    Args:
        quantities: of now, and what was wanted if that was more.
        prices: when it was put in, and now.
    """
    (left, wanted), (quoted, unit) = quantities, prices
    if variant is None:
        text = texts.notice("line_unavailable", locale, title=title)
        return [Notice("line_unavailable", line_id, text)]
    found: list[Notice] = []
    if quoted is not None and quoted.amount != unit.amount:
        text = texts.notice("price_changed", locale, title=title, old=plain(quoted), new=plain(unit))
        found.append(Notice("price_changed", line_id, text))
    if wanted is not None:
        text = texts.notice("quantity_reduced", locale, title=title, left=left, wanted=wanted)
        found.append(Notice("quantity_reduced", line_id, text))
    return found


def plain(money: Money) -> str:
    """`949.00 EUR`; every currency of the sandbox has two digits."""
    return f"{money.amount // 100}.{money.amount % 100:02d} {money.currency}"


def totals(subtotal: int, currency: str) -> Totals:
    """What goods for `subtotal` cost in the end."""
    shipping = SHIPPING if 0 < subtotal < FREE_SHIPPING_FROM else 0
    total = subtotal + shipping
    # The tax contained in a gross amount, rounded half up.
    tax = (2 * total * TAX_PERCENT + 100 + TAX_PERCENT) // (2 * (100 + TAX_PERCENT))
    return Totals(
        subtotal=Money(subtotal, currency),
        discount=Money(0, currency),
        shipping=Money(shipping, currency),
        tax=Money(tax, currency),
        total=Money(total, currency),
        tax_included=True,
    )
