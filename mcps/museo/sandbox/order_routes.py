"""The operations on a shopper's orders."""

from __future__ import annotations

from typing import Annotated, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from mcps.museo.models import Checkout, Money, OrderPage, OrderStatus
from mcps.museo.sandbox import providers
from mcps.museo.sandbox.calls import Call, Route, json_reply, read_json
from mcps.museo.sandbox.cursors import Key
from mcps.museo.sandbox.orders import Placed
from mcps.museo.sandbox.problems import ProblemError, bad_request
from mcps.museo.sandbox.shop import Shop
from museod.transports.http1 import HttpResponse

STATUSES: tuple[str, ...] = get_args(OrderStatus)
_Line = Annotated[str, Meta(min_length=1, max_length=200)]


class _Address(Struct, rename="camel", forbid_unknown_fields=True):
    name: _Line
    line1: _Line
    city: _Line
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
    line2: Annotated[str, Meta(max_length=200)] = ""
    postal_code: Annotated[str, Meta(max_length=20)] = ""
    region: Annotated[str, Meta(max_length=200)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""


class _Money(Struct, forbid_unknown_fields=True):
    amount: int
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class _Checkout(Struct, rename="camel", forbid_unknown_fields=True):
    basket_id: Annotated[str, Meta(min_length=1, max_length=64)]
    basket_version: Annotated[int, Meta(ge=0)]
    provider: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    # RFC 5321 allows 254; whether the mailbox exists nobody can tell from its address.
    email: Annotated[str, Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")] | UnsetType = UNSET
    shipping_address: _Address | UnsetType = UNSET
    return_url: Annotated[str, Meta(max_length=2_000, pattern=r"^https?://[^\s]+$")] | UnsetType = UNSET
    expected_total: _Money | UnsetType = UNSET


def checkout(shop: Shop, call: Call) -> HttpResponse:
    """The basket as an order that waits for its payment, and where to pay it."""
    _need_key(call)
    asked = read_json(call, _Checkout)
    basket, held = shop.baskets.take(call.user, asked.basket_id, asked.basket_version, call.now, call.locale)
    total = basket.totals.total
    expected = asked.expected_total
    if isinstance(expected, _Money) and Money(expected.amount, expected.currency) != total:
        detail = (
            f"The total is {_plain(total)} now, not {_plain(Money(expected.amount, expected.currency))}; "
            "show it and ask again."
        )
        raise ProblemError("price_changed", detail)
    named = asked.provider if isinstance(asked.provider, str) else None
    country = asked.shipping_address.country if isinstance(asked.shipping_address, _Address) else None
    provider = providers.choose(shop, named, total, country)
    order, link = shop.orders.place(
        call.user,
        (basket.lines, basket.totals, held),
        provider.id,
        asked.return_url if isinstance(asked.return_url, str) else "",
        call.now,
    )
    response = json_reply(call, 201, Checkout(order, link))
    response.headers.append(("Location", f"/api/v1/orders/{order.id}"))
    return response


def list_orders(shop: Shop, call: Call) -> HttpResponse:
    """The shopper's orders, newest first, a page at a time."""
    status = call.query.choice("status", STATUSES, "paid") if "status" in call.query.values else None
    keyed: list[tuple[Key, Placed]] = [
        ((-placed.number,), placed) for placed in shop.orders.of(call.user, status)
    ]
    chosen, page = shop.cursors.page(
        keyed,
        limit=call.query.limit,
        cursor=call.query.text("cursor", max_chars=512),
        listing=call.query.listing("orders", call.user),
    )
    return json_reply(call, 200, OrderPage([shop.orders.shown(placed) for placed in chosen], page))


def get_order(shop: Shop, call: Call) -> HttpResponse:
    """One order by its id or number."""
    placed = shop.orders.find(call.user, call.parameters["idOrNumber"])
    return json_reply(call, 200, shop.orders.shown(placed))


def renew_link(shop: Shop, call: Call) -> HttpResponse:
    """A new payment link; the former one is closed."""
    _need_key(call)
    placed = shop.orders.find(call.user, call.parameters["idOrNumber"])
    return json_reply(call, 201, shop.orders.renew_link(placed, call.now))


def _need_key(call: Call) -> None:
    if call.idempotency_key is None:
        detail = "Send an Idempotency-Key, so that a repetition after a lost answer makes no second order."
        raise bad_request(detail, pointer="/Idempotency-Key")


def _plain(money: Money) -> str:
    return f"{money.amount // 100}.{money.amount % 100:02d} {money.currency}"


_ORDERS = "/api/v1/orders"

ROUTES = (
    Route(
        "POST",
        _ORDERS + "/checkout",
        "checkout",
        checkout,
        scope="orders:write",
        for_user=True,
        writes=True,
    ),
    Route(
        "GET",
        _ORDERS,
        "listOrders",
        list_orders,
        scope="orders:read",
        query=("limit", "cursor", "status"),
        for_user=True,
    ),
    Route("GET", _ORDERS + "/{idOrNumber}", "getOrder", get_order, scope="orders:read", for_user=True),
    Route(
        "POST",
        _ORDERS + "/{idOrNumber}/payment-link",
        "renewPaymentLink",
        renew_link,
        scope="orders:write",
        for_user=True,
        writes=True,
    ),
)
