"""One message to the shopper when a variant is back in stock."""

from __future__ import annotations

import re

from msgspec import Struct

from mcps.kit.context import Context
from mcps.kit.tool import Reply
from mcps.museo.errors import ApiRejected
from mcps.museo.models import AlertChannel
from mcps.storefront.messages import message
from mcps.storefront.refusals import explained, refusal
from mcps.storefront.shop import Shop
from museod.errors import InvalidArguments

# Enough to catch a slip of the pen; whether anybody reads there shows when the message is sent.
_ADDRESSES = {
    "email": (re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]+\.[^@\s<>,;\".]{2,}"), "name@example.com"),
    "sms": (re.compile(r"\+[1-9]\d{6,14}"), "+49151234567 (with the country's number)"),
    "whatsapp": (re.compile(r"\+[1-9]\d{6,14}"), "+49151234567 (with the country's number)"),
}


class AlertArguments(Struct):
    """What create_stock_alert takes; that consent is true is for the schema to see."""

    sku: str
    channel: AlertChannel
    consent: bool
    address: str = ""


async def create(shop: Shop, arguments: AlertArguments, context: Context) -> Reply:
    """
    Have the shopper told once when the variant is back.

    Raises:
        Unauthenticated: nobody could be told.
        InvalidArguments: there is no address, or it is none.
        Refusal: there is no such variant.
    """
    user = context.caller.require_user("stock alert")
    channel = arguments.channel
    address = _address(arguments, context)
    key = context.idempotency_key(f"create_stock_alert:{arguments.sku}:{channel}:{address}")
    try:
        alert = await shop.stock_alert(
            user,
            arguments.sku,
            channel,
            address,
            consent=arguments.consent,
            locale=context.locale(),
            idempotency_key=key,
        )
    except ApiRejected as error:
        if error.status == 409 and await _is_in_stock(shop, arguments.sku):
            text = f"Good news: {arguments.sku} is in stock. Shall I put it into your basket?"
            raise refusal(text, "in_stock", 409) from None
        if error.status == 409:
            raise refusal(f"That is not possible: {error.message}", error.code, 409) from None
        if error.code in ("validation_failed", "invalid_request"):
            faults = [f"{field.pointer.lstrip('/')}: {field.detail}" for field in error.problem.errors]
            said = "; ".join(faults) or error.message
            raise InvalidArguments(f"The shop can't use this: {said}.", data={"faults": faults}) from None
        raise explained(error, arguments.sku) from None
    text = f"I will tell you once by {channel} when {arguments.sku} is back."
    structured = {"alertId": alert.id} | ({"expiresAt": alert.expires_at} if alert.expires_at else {})
    return Reply(
        structured, text + (f" The alert ends on {alert.expires_at[:10]}." if alert.expires_at else "")
    )


async def _is_in_stock(shop: Shop, sku: str) -> bool:
    """Whether the variant can be had now; a 409 has no code of its own for it."""
    product = await shop.product(sku)
    return any(one.sku == sku and (one.available > 0 or one.backorderable) for one in product.variants)


def _address(arguments: AlertArguments, context: Context) -> str:
    """
    The address that is given, else the shopper's own for that channel.

    Raises:
        InvalidArguments: there is none, or it is none.
    """
    channel = arguments.channel
    address = arguments.address.strip() or context.caller.contacts.get(channel, "")
    if channel != "email":
        address = re.sub(r"[ ()/.-]", "", address)
    pattern, example = _ADDRESSES[channel]
    if pattern.fullmatch(address):
        return address
    text = f"address: where shall I write to by {channel}? Give an address such as {example}."
    data = {
        "reason": "address_needed",
        "faults": ["address: it is missing or does not fit the channel"],
        "messages": [message("address_needed", text, type="error", path="$.address")],
    }
    raise InvalidArguments(text, data=data)
