"""What the storefront needs of the shop: the client's methods, and nothing else of it."""

from __future__ import annotations

from typing import Protocol

from mcps.museo.client import ProductFilters
from mcps.museo.models import (
    AlertChannel,
    Basket,
    Checkout,
    Money,
    Order,
    OrderPage,
    OrderStatus,
    PaymentLink,
    PaymentProvider,
    Product,
    ProductPage,
    Recommended,
    SearchPage,
    StockAlert,
)


class Shop(Protocol):
    """The shopper's side of `mcps.museo.client.MuseoClient`; every method raises `ApiError`."""

    async def search(
        self,
        query: str,
        *,
        locale: str = ...,
        currency: str | None = ...,
        filters: ProductFilters = ...,
        sort: str | None = ...,
        limit: int | None = ...,
        cursor: str | None = ...,
    ) -> SearchPage:
        """Full-text search with filters."""

    async def products(
        self,
        *,
        locale: str = ...,
        currency: str | None = ...,
        filters: ProductFilters = ...,
        sort: str | None = ...,
        limit: int | None = ...,
        cursor: str | None = ...,
    ) -> ProductPage:
        """The catalogue, filtered."""

    async def product(self, key: str, *, locale: str = ..., currency: str | None = ...) -> Product:
        """One product by id, slug or SKU."""

    async def basket(self, user: str, *, locale: str = ..., currency: str | None = ...) -> Basket:
        """The user's basket."""

    async def add_item(
        self, user: str, sku: str, quantity: int, *, idempotency_key: str, locale: str = ...
    ) -> Basket:
        """Add a variant; the whole basket comes back."""

    async def update_item(
        self, user: str, line_id: str, quantity: int, *, version: int, locale: str = ...
    ) -> Basket:
        """Another quantity of a line, if the basket has this version."""

    async def remove_item(self, user: str, line_id: str, *, version: int, locale: str = ...) -> Basket:
        """A line taken out, if the basket has this version."""

    async def clear_basket(self, user: str, *, version: int, locale: str = ...) -> Basket:
        """Everything taken out, if the basket has this version."""

    async def recommendations(
        self, product: str, kind: Recommended = ..., *, limit: int | None = ..., locale: str = ...
    ) -> ProductPage:
        """What is similar to a product, or goes with it."""

    async def checkout(
        self,
        user: str,
        basket_id: str,
        basket_version: int,
        *,
        idempotency_key: str,
        provider: str | None = ...,
        email: str | None = ...,
        expected_total: Money | None = ...,
        locale: str = ...,
    ) -> Checkout:
        """The basket turned into an order that waits for its payment."""

    async def orders(
        self, user: str, *, status: OrderStatus | None = ..., limit: int | None = ..., locale: str = ...
    ) -> OrderPage:
        """The user's orders, newest first."""

    async def order(self, user: str, id_or_number: str, *, locale: str = ...) -> Order:
        """One order of the user."""

    async def renew_payment_link(self, user: str, order: str, *, idempotency_key: str) -> PaymentLink:
        """A new link for an order that is not paid yet."""

    async def payment_providers(self, currency: str | None = ...) -> list[PaymentProvider]:
        """Who can take a payment in a currency."""

    async def stock_alert(
        self,
        user: str,
        sku: str,
        channel: AlertChannel,
        address: str,
        *,
        consent: bool,
        locale: str = ...,
        idempotency_key: str,
    ) -> StockAlert:
        """Have the user told when a variant is back."""
