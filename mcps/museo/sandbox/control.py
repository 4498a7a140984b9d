"""
What only a stand-in can do: fail on demand, move its clock, break a provider, show who was alerted.

These paths are no part of the contract. They need the scope of the administration, and no fault hits them,
so that what was broken can be mended.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from mcps.museo.models import OrderStatus
from mcps.museo.sandbox import ids
from mcps.museo.sandbox.calls import Call, Route, json_reply, read_json
from mcps.museo.sandbox.faults import FaultSpecError, parse_faults
from mcps.museo.sandbox.problems import ProblemError, invalid
from mcps.museo.sandbox.providers import PROVIDERS
from mcps.museo.sandbox.shop import Shop
from museod.transports.http1 import HttpResponse

PREFIX = "/sandbox/"
MAX_SKIP_SECONDS = 366 * 24 * 3600.0


class _Spec(Struct, forbid_unknown_fields=True):
    spec: Annotated[str, Meta(max_length=4_000)]


class _Skip(Struct, rename="camel", forbid_unknown_fields=True):
    # Forwards only: what was due has happened.
    advance_seconds: Annotated[float, Meta(ge=0, le=MAX_SKIP_SECONDS)]


class _Health(Struct, rename="camel", forbid_unknown_fields=True):
    is_down: bool


class _Move(Struct, forbid_unknown_fields=True):
    status: OrderStatus


def get_faults(shop: Shop, call: Call) -> HttpResponse:
    """The faults that are drawn now."""
    return json_reply(call, 200, {"spec": shop.faults.spec})


def set_faults(shop: Shop, call: Call) -> HttpResponse:
    """Other faults from now on, in the grammar of --fail; an empty text means none."""
    asked = read_json(call, _Spec)
    try:
        rules = parse_faults(asked.spec) if asked.spec.strip() else []
    except FaultSpecError as error:
        raise invalid("/spec", str(error)) from None
    shop.faults.replace(rules, asked.spec)
    return get_faults(shop, call)


def clear_faults(shop: Shop, call: Call) -> HttpResponse:
    """No faults any more."""
    shop.faults.replace([], "")
    return get_faults(shop, call)


def get_clock(shop: Shop, call: Call) -> HttpResponse:
    """What time it is here."""
    return _time(shop, call, call.now)


def move_clock(shop: Shop, call: Call) -> HttpResponse:
    """A later time; what is due by then has happened when this answers."""
    skip = read_json(call, _Skip).advance_seconds
    shop.state.set("clock_ahead", shop.state.setting("clock_ahead") + skip)
    now = call.now + timedelta(seconds=skip)
    shop.settle(now)
    return _time(shop, call, now)


def expire_tokens(shop: Shop, call: Call) -> HttpResponse:
    """All access tokens of before are refused from now on, as if they had expired."""
    shop.issuer.expire_all()
    return json_reply(call, 200, {"expired": True})


def set_provider(shop: Shop, call: Call) -> HttpResponse:
    """A payment provider that is down, or up again."""
    id = call.parameters["id"]
    if id not in {provider.id for provider in PROVIDERS}:
        choices = ", ".join(provider.id for provider in PROVIDERS)
        raise ProblemError("invalid_request", f"There is no such provider; use one of {choices}.", status=404)
    is_down = read_json(call, _Health).is_down
    (shop.providers_down.add if is_down else shop.providers_down.discard)(id)
    return json_reply(call, 200, {"id": id, "isDown": is_down})


def move_order(shop: Shop, call: Call) -> HttpResponse:
    """Another status for an order, as the shop's staff would give it."""
    status = read_json(call, _Move).status
    placed = shop.orders.any(call.parameters["idOrNumber"])
    return json_reply(call, 200, shop.orders.move(placed, status, call.now))


def list_alerts(shop: Shop, call: Call) -> HttpResponse:
    """The stock alerts that fired, latest first, and those that wait; without addresses."""
    return json_reply(call, 200, {"items": shop.alerts.latest()})


def _time(shop: Shop, call: Call, now: datetime) -> HttpResponse:
    ahead = shop.state.setting("clock_ahead")
    return json_reply(call, 200, {"now": ids.timestamp(now), "aheadSeconds": ahead})


_SCOPE = "admin:products:write"

ROUTES = (
    Route("GET", "/sandbox/faults", "getFaults", get_faults, scope=_SCOPE),
    Route("PUT", "/sandbox/faults", "setFaults", set_faults, scope=_SCOPE),
    Route("DELETE", "/sandbox/faults", "clearFaults", clear_faults, scope=_SCOPE),
    Route("GET", "/sandbox/clock", "getClock", get_clock, scope=_SCOPE),
    Route("POST", "/sandbox/clock", "moveClock", move_clock, scope=_SCOPE, writes=True),
    Route("POST", "/sandbox/tokens/expire", "expireTokens", expire_tokens, scope=_SCOPE),
    Route("PUT", "/sandbox/providers/{id}", "setProvider", set_provider, scope=_SCOPE),
    Route("PUT", "/sandbox/orders/{idOrNumber}/status", "moveOrder", move_order, scope=_SCOPE, writes=True),
    Route("GET", "/sandbox/alerts", "listAlerts", list_alerts, scope=_SCOPE),
)
