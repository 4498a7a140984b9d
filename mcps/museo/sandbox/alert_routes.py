"""The operation that makes a stock alert."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mcps.museo.models import AlertChannel
from mcps.museo.sandbox import texts
from mcps.museo.sandbox.calls import Call, Route, json_reply, read_json
from mcps.museo.sandbox.items import can_be_sold
from mcps.museo.sandbox.problems import ProblemError, bad_request, invalid
from mcps.museo.sandbox.shop import Shop
from museod.transports.http1 import HttpResponse


class _Wanted(Struct, forbid_unknown_fields=True):
    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    channel: AlertChannel
    address: Annotated[str, Meta(min_length=3, max_length=254)]
    consent: bool
    locale: Annotated[str, Meta(max_length=35)] = ""


def create_alert(shop: Shop, call: Call) -> HttpResponse:
    """An alert for a SKU that cannot be ordered now."""
    wanted = read_json(call, _Wanted)
    if not wanted.consent:
        raise invalid("/consent", "The shopper has to agree to be written to; ask first.")
    _check_address(wanted.channel, wanted.address)
    item = shop.shelf.get(wanted.sku)
    variant = item.variant(wanted.sku) if item else None
    if item is None or variant is None or item.master.status == "draft":
        raise ProblemError("variant_not_found", "There is no such SKU; take one from the product.")
    if item.master.status == "archived":
        raise ProblemError("product_gone", f"{item.title(texts.DEFAULT_LOCALE)} is no longer sold.")
    if can_be_sold(variant):
        raise bad_request("It is in stock; it can be ordered now.", pointer="/sku", status=409)
    locale = texts.negotiate(wanted.locale) if wanted.locale else call.locale
    alert = shop.alerts.create(call.user, wanted.sku, wanted.channel, wanted.address, locale, call.now)
    return json_reply(call, 201, alert)


def _check_address(channel: AlertChannel, address: str) -> None:
    local, at, domain = address.rpartition("@")
    is_mail = bool(local and at and "." in domain.strip(".")) and not any(map(str.isspace, address))
    digits = address.removeprefix("+")
    is_number = address.startswith("+") and digits.isascii() and digits.isdecimal() and 7 <= len(digits) <= 15
    if channel == "email" and not is_mail:
        raise invalid("/address", "This is no e-mail address, such as ada@example.org.")
    if channel != "email" and not is_number:
        raise invalid(
            "/address", "This is no telephone number in the international form, such as +4915112345678."
        )


ROUTES = (
    Route(
        "POST",
        "/api/v1/stock-alerts",
        "createStockAlert",
        create_alert,
        scope="alerts:write",
        for_user=True,
        writes=True,
    ),
)
