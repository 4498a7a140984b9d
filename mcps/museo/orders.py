"""The client's calls about orders and their payment."""

from __future__ import annotations

import msgspec

from mcps.museo.models import (
    Address,
    Checkout,
    CheckoutRequest,
    Money,
    Order,
    OrderPage,
    OrderStatus,
    PaymentLink,
    PaymentProvider,
    PaymentProviders,
)
from mcps.museo.requests import Calls, get, parameters, segment, shopper, write


class OrderCalls(Calls):
    """Checkout, orders, payment links and providers."""

    async def checkout(
        self,
        user: str,
        basket_id: str,
        basket_version: int,
        *,
        idempotency_key: str,
        provider: str | None = None,
        email: str | None = None,
        expected_total: Money | None = None,
        shipping_address: Address | None = None,
        return_url: str | None = None,
        locale: str = "en",
    ) -> Checkout:
        """
        Turn the basket into an order that waits for its payment; nothing is charged.

        Args:
            basket_version: that of the basket the shopper saw.
            expected_total: what the shopper was told it costs; the shop refuses if it is more or less.
            idempotency_key: the same key makes one order, however often it is sent.

        Raises:
            ApiRejected: `basket_empty`, `basket_version_conflict` (with `current_version`), `price_changed`,
                `insufficient_stock` (with `available`), `provider_unavailable`.
        """
        content = CheckoutRequest(
            basket_id=basket_id,
            basket_version=basket_version,
            provider=msgspec.UNSET if provider is None else provider,
            email=msgspec.UNSET if email is None else email,
            expected_total=msgspec.UNSET if expected_total is None else expected_total,
            shipping_address=msgspec.UNSET if shipping_address is None else shipping_address,
            return_url=msgspec.UNSET if return_url is None else return_url,
        )
        request = write(
            "POST",
            "/api/v1/orders/checkout",
            "checkout",
            content,
            headers={**shopper(user), "Idempotency-Key": idempotency_key},
            locale=locale,
            may_repeat=True,
        )
        return await self._send(request, Checkout)

    async def orders(
        self,
        user: str,
        *,
        status: OrderStatus | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        locale: str = "en",
    ) -> OrderPage:
        """The shopper's orders, newest first."""
        pairs = parameters(status=status, limit=limit, cursor=cursor)
        return await self._send(get("/api/v1/orders", "listOrders", pairs, locale, shopper(user)), OrderPage)

    async def order(self, user: str, id_or_number: str, *, locale: str = "en") -> Order:
        """
        One order of the shopper by its id or its number (`M-100042`).

        Raises:
            ApiRejected: `order_not_found`, also for an order of somebody else.
        """
        path = f"/api/v1/orders/{segment(id_or_number, 'order_not_found')}"
        return await self._send(get(path, "getOrder", [], locale, shopper(user)), Order)

    async def renew_payment_link(self, user: str, order: str, *, idempotency_key: str) -> PaymentLink:
        """
        A new link for an order that waits for its payment; the former one stops working.

        Raises:
            ApiRejected: `order_not_found`, or `order_not_payable` when it is paid, expired or cancelled.
        """
        request = write(
            "POST",
            f"/api/v1/orders/{segment(order, 'order_not_found')}/payment-link",
            "renewPaymentLink",
            headers={**shopper(user), "Idempotency-Key": idempotency_key},
            may_repeat=True,
        )
        return await self._send(request, PaymentLink)

    async def payment_providers(
        self, currency: str | None = None, country: str | None = None
    ) -> list[PaymentProvider]:
        """Who can take the payment, in a currency and a country (ISO 3166 alpha-2)."""
        pairs = parameters(currency=currency, country=country)
        request = get("/api/v1/payment/providers", "listPaymentProviders", pairs)
        return (await self._send(request, PaymentProviders)).items
