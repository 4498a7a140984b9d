"""The shopper's own orders, and how far they are."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mcps.kit.context import Context
from mcps.kit.tool import Reply
from mcps.museo.errors import ApiRejected
from mcps.museo.models import Order
from mcps.storefront import cards
from mcps.storefront.messages import message
from mcps.storefront.refusals import Refusal, refusal
from mcps.storefront.shop import Shop

_STATUS_TEXTS = {
    "pending_payment": "waiting for its payment",
    "paid": "paid",
    "processing": "being packed",
    "shipped": "on its way",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "expired": "expired, because it was not paid in time",
    "refunded": "refunded",
}


class StatusArguments(Struct, rename="camel"):
    """What get_order_status takes."""

    order_number: str = ""
    limit: int = 3
    locale: str = ""


async def status(shop: Shop, arguments: StatusArguments, context: Context) -> Reply:
    """
    One order by its number, or the latest ones.

    Raises:
        Unauthenticated: nobody's orders can be shown.
        Refusal: the caller has no such order; somebody else's is told of in the same words.
    """
    user, locale = context.caller.require_user("order"), context.locale(arguments.locale)
    number = arguments.order_number.strip().lstrip("#").strip()
    if number:
        try:
            found = [await shop.order(user, number, locale=locale)]
        except ApiRejected as error:
            if error.code != "order_not_found":
                raise
            raise no_order(number) from None
    else:
        found = (await shop.orders(user, limit=arguments.limit, locale=locale)).items
    structured: dict[str, Any] = {"orders": [_card(order) for order in found]}
    unpaid = [
        message(
            "payment_pending",
            f"Order {order.number} is not paid yet; ask for its payment link.",
            path=f"$.orders[{place}]",
        )
        for place, order in enumerate(found)
        if order.status == "pending_payment"
    ]
    if unpaid:
        structured["messages"] = unpaid
    text = "\n".join(_text(order) for order in found) or "You have no orders yet."
    return Reply(structured, "\n".join([text, *(said["content"] for said in unpaid)]))


def no_order(number: str) -> Refusal:
    """The caller has no order of this number."""
    text = f"I find no order {number[:60]} on your account. Check the number, or ask for your latest orders."
    return refusal(text, "order_not_found", 404)


def _card(order: Order) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "number": order.number,
        "status": order.status,
        "placedAt": order.created_at,
        "total": cards.money(order.totals.total),
        "estimatedDelivery": None,
        "itemCount": sum(line.quantity for line in order.lines),
        "lines": [cards.basket_line(line) for line in order.lines],
    }
    if order.shipments:
        parcel = order.shipments[-1]
        shown["estimatedDelivery"] = parcel.estimated_delivery
        for name, value in (
            ("trackingUrl", parcel.tracking_url),
            ("trackingNumber", parcel.tracking_number),
            ("carrier", parcel.carrier),
        ):
            if value:
                shown[name] = value
    return shown


def _text(order: Order) -> str:
    held = ", ".join(f"{line.quantity} x {cards.named(line)}" for line in order.lines)
    text = (
        f"Order {order.number} of {order.created_at[:10]}, {cards.plain(order.totals.total)}: "
        f"{_STATUS_TEXTS.get(order.status, order.status)}. {held}."
    )
    for parcel in order.shipments:
        said = [part for part in (parcel.carrier, parcel.tracking_number, parcel.tracking_url) if part]
        if parcel.estimated_delivery:
            said.append(f"expected {parcel.estimated_delivery}")
        text += f" Parcel: {', '.join(said)}." if said else ""
    return text
