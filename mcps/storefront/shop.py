"""What the storefront needs of the shop: the client's methods, and nothing else of it."""

from __future__ import annotations

from typing import Protocol

from mcps.museo.client import ProductFilters
from mcps.museo.models import Basket, Product, ProductPage, SearchPage


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
