"""The operations on a shopper's basket."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mcps.museo.models import Basket
from mcps.museo.sandbox.calls import Call, Route, check_version, json_reply, read_json
from mcps.museo.sandbox.shelf import check_currency
from mcps.museo.sandbox.shop import Shop
from museod.transports.http1 import HttpResponse


class _AddItem(Struct, forbid_unknown_fields=True):
    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    quantity: Annotated[int, Meta(ge=1, le=99)]
    note: Annotated[str, Meta(max_length=200)] = ""


class _Quantity(Struct, forbid_unknown_fields=True):
    quantity: Annotated[int, Meta(ge=0, le=99)]


def get_basket(shop: Shop, call: Call) -> HttpResponse:
    """The open basket, re-quoted now."""
    named = call.query.text("currency")
    currency = check_currency(named) if named is not None else None
    return _reply(call, 200, shop.baskets.read(call.user, call.now, call.locale, currency))


def clear_basket(shop: Shop, call: Call) -> HttpResponse:
    """The basket, emptied."""
    check_version(call, shop.baskets.version(call.user, call.now), "basket_version_conflict")
    return _reply(call, 200, shop.baskets.clear(call.user, call.now, call.locale))


def list_items(shop: Shop, call: Call) -> HttpResponse:
    """The lines alone."""
    basket = shop.baskets.read(call.user, call.now, call.locale)
    return json_reply(call, 200, {"items": basket.lines}, version=basket.version)


def add_item(shop: Shop, call: Call) -> HttpResponse:
    """The basket with a variant added; If-Match counts only if it is sent, since adding commutes."""
    item = read_json(call, _AddItem)
    if call.headers.get("If-Match") is not None:
        check_version(call, shop.baskets.version(call.user, call.now), "basket_version_conflict")
    basket = shop.baskets.add(call.user, item.sku, item.quantity, item.note, call.now, call.locale)
    return _reply(call, 201, basket)


def update_item(shop: Shop, call: Call) -> HttpResponse:
    """The basket with another quantity of one line."""
    line_id = call.parameters["lineId"]
    content = read_json(call, _Quantity)
    _check_line(shop, call, line_id)
    basket = shop.baskets.set_quantity(call.user, line_id, content.quantity, call.now, call.locale)
    return _reply(call, 200, basket)


def remove_item(shop: Shop, call: Call) -> HttpResponse:
    """The basket without the line."""
    line_id = call.parameters["lineId"]
    _check_line(shop, call, line_id)
    return _reply(call, 200, shop.baskets.remove(call.user, line_id, call.now, call.locale))


def _check_line(shop: Shop, call: Call, line_id: str) -> None:
    shop.baskets.check_line(call.user, line_id, call.now)
    check_version(call, shop.baskets.version(call.user, call.now), "basket_version_conflict")


def _reply(call: Call, status: int, basket: Basket) -> HttpResponse:
    return json_reply(call, status, basket, version=basket.version)


_BASKET = "/api/v1/basket"
_ITEMS = "/api/v1/basket/items"
_ITEM = "/api/v1/basket/items/{lineId}"

ROUTES = (
    Route(
        "GET",
        _BASKET,
        "getBasket",
        get_basket,
        scope="basket:read",
        query=("currency",),
        for_user=True,
        writes=True,  # it is made on first use
    ),
    Route("DELETE", _BASKET, "clearBasket", clear_basket, scope="basket:write", for_user=True, writes=True),
    Route("GET", _ITEMS, "listBasketItems", list_items, scope="basket:read", for_user=True, writes=True),
    Route("POST", _ITEMS, "addBasketItem", add_item, scope="basket:write", for_user=True, writes=True),
    Route("PATCH", _ITEM, "updateBasketItem", update_item, scope="basket:write", for_user=True, writes=True),
    Route("DELETE", _ITEM, "removeBasketItem", remove_item, scope="basket:write", for_user=True, writes=True),
)
