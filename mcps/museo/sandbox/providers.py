"""Who can take a payment: a table, and which of them are down because a test wants it."""

from __future__ import annotations

import re

import msgspec

from mcps.museo.models import Money, PaymentProvider, PaymentProviders
from mcps.museo.sandbox.calls import Call, Route, json_reply
from mcps.museo.sandbox.problems import ProblemError, bad_request, invalid
from mcps.museo.sandbox.shelf import check_currency
from mcps.museo.sandbox.shop import Shop
from museod.transports.http1 import HttpResponse

_COUNTRY = re.compile(r"[A-Z]{2}")
_CENTS = 100

# The first that fits is taken when the shopper names none. No countries: everywhere.
PROVIDERS = (
    PaymentProvider("museo-card", "Museo Card", "card", ["EUR", "USD"]),
    PaymentProvider("museo-wallet", "Museo Wallet", "wallet", ["EUR", "USD"], []),
    PaymentProvider(
        "bank-transfer", "Bank transfer", "bank_transfer", ["EUR"], ["AT", "BE", "DE", "ES", "FR"]
    ),
    PaymentProvider(
        "pay-later",
        "Pay later",
        "bnpl",
        ["EUR"],
        ["AT", "DE"],
        min_amount=Money(20 * _CENTS, "EUR"),  # below, its fee would eat the margin
        max_amount=Money(1_500 * _CENTS, "EUR"),  # above, it wants a credit check
    ),
)


def choose(shop: Shop, named: str | None, total: Money, country: str | None) -> PaymentProvider:
    """
    The provider for a payment: the named one, else the first that fits.

    Raises:
        ProblemError: validation_failed when the named one does not fit, provider_unavailable when it is down.
    """
    fitting = [provider for provider in PROVIDERS if _fits(provider, total, country)]
    if named is None:
        up = [provider for provider in fitting if provider.id not in shop.providers_down]
        if not up:
            raise _down("No payment provider")
        return up[0]
    provider = next((provider for provider in fitting if provider.id == named), None)
    if provider is None:
        choices = ", ".join(provider.id for provider in fitting)
        raise invalid("/provider", f"This provider does not take this payment; use one of {choices}.")
    if provider.id in shop.providers_down:
        raise _down(provider.name)
    return provider


def list_providers(_shop: Shop, call: Call) -> HttpResponse:
    """Those for a currency and a country; the one for an amount is judged at checkout."""
    currency = check_currency(call.query.text("currency")) if "currency" in call.query.values else None
    country = call.query.text("country")
    if country is not None and not _COUNTRY.fullmatch(country):
        raise bad_request("country must be two capital letters, such as DE.", pointer="/country")
    items = [
        provider
        for provider in PROVIDERS
        if (currency is None or currency in provider.currencies) and _serves(provider, country)
    ]
    return json_reply(call, 200, msgspec.json.encode(PaymentProviders(items)))


def _fits(provider: PaymentProvider, total: Money, country: str | None) -> bool:
    if total.currency not in provider.currencies or not _serves(provider, country):
        return False
    low, high = provider.min_amount, provider.max_amount
    return not (isinstance(low, Money) and total.amount < low.amount) and not (
        isinstance(high, Money) and total.amount > high.amount
    )


def _serves(provider: PaymentProvider, country: str | None) -> bool:
    return country is None or not provider.countries or country in provider.countries


def _down(name: str) -> ProblemError:
    detail = f"{name} does not answer; choose another one or try again later."
    return ProblemError("provider_unavailable", detail, headers=[("Retry-After", "30")])


ROUTES = (
    Route(
        "GET",
        "/api/v1/payment/providers",
        "listPaymentProviders",
        list_providers,
        scope="payment:read",
        query=("currency", "country"),
    ),
)
