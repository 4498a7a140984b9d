"""The shopper's own basket."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from mcps.kit.context import Context
from mcps.kit.tool import Reply
from mcps.museo.errors import ApiRejected
from mcps.museo.models import Basket, BasketLine
from mcps.storefront import cards
from mcps.storefront.products import Several, resolve, which
from mcps.storefront.refusals import explained, out_of_stock
from mcps.storefront.shop import Shop
from mcps.storefront.variants import Open, choose
from museod.errors import LocalProtocolError


class AddArguments(Struct, rename="camel"):
    """What add_to_basket takes."""

    product: str = ""
    sku: str = ""
    options: dict[str, str] = field(default_factory=dict)
    quantity: int = 1
    locale: str = ""
    idempotency_key: str = ""


class BasketArguments(Struct):
    """What get_basket takes."""

    locale: str = ""
    currency: str = ""


async def show(shop: Shop, arguments: BasketArguments, context: Context) -> Reply:
    """
    The caller's basket.

    Raises:
        Unauthenticated: nobody's basket can be shown.
    """
    user = context.caller.require_user("basket")
    basket = await shop.basket(
        user, locale=context.locale(arguments.locale), currency=arguments.currency or None
    )
    return Reply({"basket": cards.basket(basket)}, cards.basket_text(basket))


async def add(shop: Shop, arguments: AddArguments, context: Context) -> Reply:
    """
    Put a variant into the caller's basket, or say what is still to be chosen.

    Raises:
        Unauthenticated: there is no basket of an anonymous caller.
        Refusal: the shop will not; the text says why and what would do.
    """
    user = context.caller.require_user("basket")
    locale = context.locale(arguments.locale)
    title, sku = arguments.sku, arguments.sku
    if not sku:
        found = await resolve(shop, arguments.product, locale=locale)
        if isinstance(found, Several):
            return _choose_product(found)
        product, title = found.product, found.product.title
        chosen = choose(product, {**found.attributes, **arguments.options}, arguments.product)
        if isinstance(chosen, Open):
            return _choose_option(chosen, title)
        sku = chosen.variant.sku
        if options := ", ".join(chosen.variant.options.values()):
            title = f"{title} ({options})"
        if chosen.variant.available < arguments.quantity and not chosen.variant.backorderable:
            raise out_of_stock(title, chosen.variant.available)
    key = context.idempotency_key(f"add_to_basket:{sku}:{arguments.quantity}", arguments.idempotency_key)
    try:
        basket = await shop.add_item(user, sku, arguments.quantity, idempotency_key=key, locale=locale)
    except ApiRejected as error:
        raise explained(error, title) from None
    line = _line(basket, sku)
    text = f"Added {arguments.quantity} x {cards.named(line)}. {_total(basket)}"
    return Reply({"added": cards.basket_line(line), "basket": cards.basket(basket)}, text)


def _line(basket: Basket, sku: str) -> BasketLine:
    for line in basket.lines:
        if line.sku.casefold() == sku.casefold():
            return line
    raise LocalProtocolError(f"the shop's basket lacks {sku} right after it was added")


def _total(basket: Basket) -> str:
    return (
        f"Your basket holds {cards.counted(basket.item_count)}, {cards.plain(basket.totals.total)} in total."
    )


def _choose_product(several: Several) -> Reply:
    titles = [product.title for product in several.products]
    structured: dict[str, Any] = {
        "needsChoice": {"axis": "product", "values": titles},
        "candidates": [cards.card(product) for product in several.products],
    }
    return Reply(structured, which(several))


def _choose_option(choice: Open, title: str) -> Reply:
    values = " or ".join(", ".join(choice.values).rsplit(", ", 1))
    text = f"Which {choice.axis} of {title} do you want: {values}?"
    if choice.unknown:
        text = f"There is no {title} in {choice.unknown[:60]}. {text}"
    return Reply({"needsChoice": {"axis": choice.axis, "values": list(choice.values)}}, text)
