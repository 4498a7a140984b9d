"""The administration's list of products."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from mcps.admin.shop import Shop
from mcps.kit.context import Context
from mcps.kit.query.numbers import written
from mcps.kit.tool import Reply
from mcps.museo.errors import ApiRejected
from mcps.museo.models import MasterPage, Money, ProductMaster
from museod.errors import InvalidArguments

DEFAULT_CURRENCY = "EUR"  # the price shown when a product has several


class ListArguments(Struct, rename="camel"):
    """What list_products takes."""

    query: str = ""
    status: list[str] = field(default_factory=list)
    category: str = ""
    brand: str = ""
    stock_below: int | None = None
    price_min: int | None = None
    price_max: int | None = None
    sort: str = ""
    limit: int = 20
    cursor: str = ""


async def show(shop: Shop, arguments: ListArguments, context: Context) -> Reply:
    """
    One page of products, drafts and archived ones too when they are asked for.

    Raises:
        Unauthenticated, Forbidden: the caller is no administrator.
        InvalidArguments: the cursor is stale.
    """
    context.caller.require_admin("see and change the shop's products")
    try:
        page = await shop.admin_list(limit=arguments.limit, **_filters(arguments))
    except ApiRejected as error:
        if error.code == "invalid_request" and arguments.cursor:
            raise InvalidArguments(
                "cursor: that list has expired. Leave the cursor out for the first page again."
            ) from None
        raise
    structured = {
        "items": [row(master, context.locale()) for master in page.items],
        "next": page.page.next,
        "total": page.page.total,
    }
    return Reply(structured, _text(page, arguments, context.locale()))


def _filters(arguments: ListArguments) -> dict[str, Any]:
    stated: dict[str, Any] = {
        "query": arguments.query,
        "statuses": arguments.status,
        "category": arguments.category,
        "brands": [arguments.brand] if arguments.brand else [],
        "stock_below": arguments.stock_below,
        "price_min": arguments.price_min,
        "price_max": arguments.price_max,
        "sort": arguments.sort,
        "cursor": arguments.cursor,
    }
    return {name: value for name, value in stated.items() if value not in (None, "", [])}


def row(master: ProductMaster, locale: str) -> dict[str, Any]:
    """A product as every tool of the administration shows it."""
    shown: dict[str, Any] = {
        "id": master.id,
        "version": master.version,
        "status": master.status,
        "title": title(master, locale),
        "skus": [variant.sku for variant in master.variants],
        "stock": stock(master),
        "slug": master.slug,
    }
    if master.brand:
        shown["brand"] = master.brand
    if price := cheapest(master):
        shown["price"] = {"amount": price.amount, "currency": price.currency}
    return shown


def title(master: ProductMaster, locale: str) -> str:
    """The title in `locale`, its language, English, or whatever there is."""
    for tag in (locale, locale.split("-")[0], "en"):
        if tag in master.title:
            return master.title[tag]
    return next(iter(master.title.values()), master.slug)


def stock(master: ProductMaster) -> int:
    """What can be sold of all variants together."""
    return sum(variant.stock.available for variant in master.variants)


def cheapest(master: ProductMaster) -> Money | None:
    """The lowest price, in the shop's own currency if there is one in it."""
    prices = [price for variant in master.variants for price in variant.prices]
    home = [price for price in prices if price.currency == DEFAULT_CURRENCY]
    return min(home or prices[:1], key=lambda price: price.amount, default=None)


def _text(page: MasterPage, arguments: ListArguments, locale: str) -> str:
    used = ", ".join(_said(arguments))
    if not page.items:
        return f"No products match{f' ({used})' if used else ''}."
    total = page.page.total if page.page.total is not None else "many"
    lines = [f"{len(page.items)} of {total} products{f' ({used})' if used else ''}:"]
    for place, master in enumerate(page.items, start=1):
        price = cheapest(master)
        figures = [master.status, f"stock {stock(master)}"]
        figures += [written(price.amount, price.currency)] if price else []
        lines.append(f"{place}. {title(master, locale)} ({master.id}): {', '.join(figures)}")
    if page.page.next:
        lines.append("There are more: ask again with the cursor.")
    return "\n".join(lines)


def _said(arguments: ListArguments) -> list[str]:
    """The filters in words."""
    said = [f'"{arguments.query}"'] if arguments.query else []
    said += [" or ".join(arguments.status)] if arguments.status else []
    said += [f"category {arguments.category}"] if arguments.category else []
    said += [f"brand {arguments.brand}"] if arguments.brand else []
    said += [f"stock below {arguments.stock_below}"] if arguments.stock_below is not None else []
    if arguments.price_min is not None:
        said.append(f"from {written(arguments.price_min, DEFAULT_CURRENCY)}")
    if arguments.price_max is not None:
        said.append(f"up to {written(arguments.price_max, DEFAULT_CURRENCY)}")
    return said
