"""
The typed client of the shop's API, as the storefront and the administration use it.

One client per child, opened once: it owns the pool, the token and the breaker. Each method is one call of
the contract and raises the errors of `mcps.museo.errors`. Shopper calls name the shopper; what a shopper may
do is judged before, from the caller's verified identity.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import trio

from mcps.museo.auth import ServiceAccount, TokenSource
from mcps.museo.errors import ApiRejected, ApiUnauthorized, ApiUnavailable
from mcps.museo.exchange import ApiRequest, Exchange, ExchangeLimits, OnRequest, open_exchange
from mcps.museo.masters import MasterCalls
from mcps.museo.models import (
    AlertChannel,
    Basket,
    Categories,
    Category,
    Product,
    ProductPage,
    Recommended,
    SearchPage,
    StockAlert,
    TokenReply,
)
from mcps.museo.orders import OrderCalls
from mcps.museo.requests import get, parameters, segment, shopper, version_tag, write

if TYPE_CHECKING:
    import httpx

__all__ = ["MuseoClient", "ProductFilters", "ServiceAccount", "open_museo"]

# Scopes of the contract, as the children ask for them.
STOREFRONT_SCOPES = (
    "catalog:read",
    "basket:read",
    "basket:write",
    "orders:read",
    "orders:write",
    "payment:read",
    "alerts:write",
)
ADMIN_SCOPES = ("admin:products:read", "admin:products:write", "admin:products:delete")


@dataclass(frozen=True, slots=True)
class ProductFilters:
    """What a list of products is narrowed to; amounts are minor units."""

    category: str | None = None
    brands: Sequence[str] = ()
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    def parameters(self) -> list[tuple[str, str]]:
        """The filters as query parameters."""
        found = parameters(
            category=self.category,
            brand=",".join(self.brands) or None,
            priceMin=self.price_min,
            priceMax=self.price_max,
            inStock=self.in_stock,
        )
        return found + [(f"attr[{key}]", value) for key, value in self.attributes.items()]


_NO_FILTERS = ProductFilters()


class MuseoClient(OrderCalls, MasterCalls):
    """The shop's API. Made by `open_museo`."""

    @property
    def is_up(self) -> bool:
        """Whether the shop is taken to be up, from how the last calls went."""
        return self._exchange.breaker_state.value == "closed"

    async def search(
        self,
        query: str,
        *,
        locale: str = "en",
        currency: str | None = None,
        filters: ProductFilters = _NO_FILTERS,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        facets: bool = False,
    ) -> SearchPage:
        """Products that fit a query, best first; none is an empty page with suggestions."""
        pairs = parameters(
            q=query, currency=currency, sort=sort, limit=limit, cursor=cursor, facets=facets or None
        )
        request = get("/api/v1/search", "search", pairs + filters.parameters(), locale)
        return await self._send(request, SearchPage)

    async def products(
        self,
        *,
        ids: Sequence[str] = (),
        locale: str = "en",
        currency: str | None = None,
        filters: ProductFilters = _NO_FILTERS,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> ProductPage:
        """Active products by filters, or those with these ids (at most 50)."""
        pairs = parameters(
            ids=",".join(ids) or None, currency=currency, sort=sort, limit=limit, cursor=cursor
        )
        request = get("/api/v1/catalog/products", "listProducts", pairs + filters.parameters(), locale)
        return await self._send(request, ProductPage)

    async def product(self, key: str, *, locale: str = "en", currency: str | None = None) -> Product:
        """
        One active product by id, slug or SKU.

        Raises:
            ApiRejected: `product_not_found`, or `product_gone` when it is no longer sold.
        """
        pairs = parameters(currency=currency)
        return await self._send(get(_product_path(key), "getProduct", pairs, locale), Product)

    async def recommendations(
        self,
        product: str,
        kind: Recommended = "similar",
        *,
        limit: int | None = None,
        locale: str = "en",
        currency: str | None = None,
    ) -> ProductPage:
        """
        What goes with a product (by id, slug or SKU), or could stand for it, best first.

        Raises:
            ApiRejected: `product_not_found`.
        """
        pairs = parameters(kind=kind, limit=limit, currency=currency)
        path = _product_path(product) + "/recommendations"
        return await self._send(get(path, "getRecommendations", pairs, locale), ProductPage)

    async def categories(self, *, locale: str = "en") -> list[Category]:
        """All categories, flat."""
        request = get("/api/v1/catalog/categories", "listCategories", [], locale)
        return (await self._send(request, Categories)).items

    async def stock_alert(
        self,
        user: str,
        sku: str,
        channel: AlertChannel,
        address: str,
        *,
        consent: bool,
        locale: str = "en",
        idempotency_key: str,
    ) -> StockAlert:
        """
        Have the shopper told when a variant is back in stock.

        Args:
            consent: that the shopper agreed to be written to; the shop refuses without.

        Raises:
            ApiRejected: `variant_not_found`, `product_gone`, `validation_failed`, or 409 when it is in stock.
        """
        content = {"sku": sku, "channel": channel, "address": address, "consent": consent, "locale": locale}
        request = write(
            "POST",
            "/api/v1/stock-alerts",
            "createStockAlert",
            content,
            headers={**shopper(user), "Idempotency-Key": idempotency_key},
            locale=locale,
            may_repeat=True,
        )
        return await self._send(request, StockAlert)

    async def basket(self, user: str, *, locale: str = "en", currency: str | None = None) -> Basket:
        """The shopper's open basket, re-quoted now; never missing. `currency` becomes the basket's own."""
        request = get("/api/v1/basket", "getBasket", parameters(currency=currency), locale, shopper(user))
        return await self._send(request, Basket)

    async def add_item(
        self, user: str, sku: str, quantity: int, *, idempotency_key: str, locale: str = "en"
    ) -> Basket:
        """
        Add a variant to the basket; the same key adds once, however often it is sent.

        Raises:
            ApiRejected: `variant_not_found`, `product_gone`, `insufficient_stock` (with `available`),
                `quantity_limit`.
        """
        request = write(
            "POST",
            "/api/v1/basket/items",
            "addBasketItem",
            {"sku": sku, "quantity": quantity},
            headers={**shopper(user), "Idempotency-Key": idempotency_key},
            locale=locale,
            may_repeat=True,
        )
        return await self._send(request, Basket)

    async def update_item(
        self, user: str, line_id: str, quantity: int, *, version: int, locale: str = "en"
    ) -> Basket:
        """
        Change the quantity of a line; 0 removes it.

        Args:
            version: that of the basket the shopper saw.

        Raises:
            ApiRejected: `basket_line_not_found`, `insufficient_stock`, `quantity_limit`, or
                `basket_version_conflict` when the basket has changed: read it and try again.
        """
        request = write(
            "PATCH",
            f"/api/v1/basket/items/{segment(line_id, 'basket_line_not_found')}",
            "updateBasketItem",
            {"quantity": quantity},
            headers={**shopper(user), **version_tag(version)},
            locale=locale,
        )
        return await self._send(request, Basket)

    async def remove_item(self, user: str, line_id: str, *, version: int, locale: str = "en") -> Basket:
        """
        Take a line out of the basket.

        Raises:
            ApiRejected: as for `update_item`.
        """
        request = write(
            "DELETE",
            f"/api/v1/basket/items/{segment(line_id, 'basket_line_not_found')}",
            "removeBasketItem",
            headers={**shopper(user), **version_tag(version)},
            locale=locale,
        )
        return await self._send(request, Basket)

    async def clear_basket(self, user: str, *, version: int, locale: str = "en") -> Basket:
        """
        Take everything out of the basket.

        Raises:
            ApiRejected: `basket_version_conflict`.
        """
        request = write(
            "DELETE",
            "/api/v1/basket",
            "clearBasket",
            headers={**shopper(user), **version_tag(version)},
            locale=locale,
        )
        return await self._send(request, Basket)

    async def check(self) -> None:
        """
        See that the shop answers and accepts our account.

        Raises:
            ApiError: it does not.
        """
        await self._exchange.send(get("/health", "health"), dict)
        await self._tokens.get()


@asynccontextmanager
async def open_museo(
    base_url: str,
    account: ServiceAccount,
    *,
    limits: ExchangeLimits | None = None,
    on_request: OnRequest | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[MuseoClient]:
    """
    A client of the shop at `base_url`; nothing is sent before the first call.

    The client has a nursery: what the block raises comes out in an exception group.

    Args:
        on_request: told of each attempt, for metrics: endpoint, status, seconds.
        transport: stands for the network in tests.

    Raises:
        ConfigError: the address cannot be used.
    """
    async with (
        open_exchange(base_url, limits=limits, on_request=on_request, transport=transport) as exchange,
        trio.open_nursery() as nursery,
    ):
        fetch = partial(_fetch_token, exchange, account)
        yield MuseoClient(exchange, TokenSource(fetch, nursery, account.scopes))
        nursery.cancel_scope.cancel()


async def _fetch_token(exchange: Exchange, account: ServiceAccount) -> TokenReply:
    """
    A new access token (RFC 6749, 4.4), with our own scopes only.

    Raises:
        ApiUnauthorized: key or secret is wrong, or a scope is not granted.
        ApiUnavailable: the endpoint does not answer.
    """
    form = {"grant_type": "client_credentials"}
    if account.scopes:
        form["scope"] = " ".join(account.scopes)
    request = ApiRequest(
        "POST",
        "/api/v1/auth/token",
        "issueToken",
        headers={"Authorization": account.basic, "Content-Type": "application/x-www-form-urlencoded"},
        content=urlencode(form).encode("ascii"),
        may_repeat=True,
    )
    try:
        return await exchange.send(request, TokenReply)
    except ApiUnauthorized:
        text = "The shop does not accept our service account; check MCP_API_KEY and MCP_API_SECRET."
        raise ApiUnauthorized(text) from None
    except ApiRejected as rejected:
        raise ApiUnauthorized(f"The shop gives us no access: {rejected.message}") from None
    except ApiUnavailable as unavailable:
        unavailable.maybe_done = False  # a token is no change
        raise


def _product_path(key: str) -> str:
    return f"/api/v1/catalog/products/{segment(key, 'product_not_found')}"
