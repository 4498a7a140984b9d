"""
The typed client of the shop's API, as the storefront and the administration use it.

One client per child, opened once: it owns the pool, the token and the breaker. Each method is one call of
the contract and raises the errors of `mcps.museo.errors`. Shopper calls name the shopper; what a shopper may
do is judged before, from the caller's verified identity.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode

import msgspec
import trio

from mcps.museo.auth import ServiceAccount, TokenSource
from mcps.museo.errors import ApiRejected, ApiUnauthorized, ApiUnavailable
from mcps.museo.exchange import ApiRequest, Exchange, ExchangeLimits, OnRequest, open_exchange
from mcps.museo.models import (
    Basket,
    Categories,
    Category,
    MasterPage,
    Problem,
    Product,
    ProductMaster,
    ProductPage,
    SearchPage,
    TokenReply,
)
from museod.errors import Unauthenticated

if TYPE_CHECKING:
    import httpx

__all__ = ["MuseoClient", "ProductFilters", "ServiceAccount", "open_museo"]

Content = TypeVar("Content")

# Scopes of the contract, as the children ask for them.
STOREFRONT_SCOPES = ("catalog:read", "basket:read", "basket:write")
ADMIN_SCOPES = ("admin:products:read", "admin:products:write", "admin:products:delete")

_USER = re.compile(r"[A-Za-z0-9._:@+-]{1,128}")


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
        found = _parameters(
            category=self.category,
            brand=",".join(self.brands) or None,
            priceMin=self.price_min,
            priceMax=self.price_max,
            inStock=self.in_stock,
        )
        return found + [(f"attr[{key}]", value) for key, value in self.attributes.items()]


_NO_FILTERS = ProductFilters()


class MuseoClient:
    """The shop's API. Made by `open_museo`."""

    def __init__(self, exchange: Exchange, tokens: TokenSource) -> None:
        self._exchange = exchange
        self._tokens = tokens

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
        parameters = _parameters(
            q=query, currency=currency, sort=sort, limit=limit, cursor=cursor, facets=facets or None
        )
        request = _get("/api/v1/search", "search", parameters + filters.parameters(), locale)
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
        parameters = _parameters(
            ids=",".join(ids) or None, currency=currency, sort=sort, limit=limit, cursor=cursor
        )
        request = _get("/api/v1/catalog/products", "listProducts", parameters + filters.parameters(), locale)
        return await self._send(request, ProductPage)

    async def product(self, key: str, *, locale: str = "en", currency: str | None = None) -> Product:
        """
        One active product by id, slug or SKU.

        Raises:
            ApiRejected: `product_not_found`, or `product_gone` when it is no longer sold.
        """
        path = f"/api/v1/catalog/products/{_segment(key, 'product_not_found')}"
        return await self._send(_get(path, "getProduct", _parameters(currency=currency), locale), Product)

    async def categories(self, *, locale: str = "en") -> list[Category]:
        """All categories, flat."""
        request = _get("/api/v1/catalog/categories", "listCategories", [], locale)
        return (await self._send(request, Categories)).items

    async def basket(self, user: str, *, locale: str = "en", currency: str | None = None) -> Basket:
        """The shopper's open basket, re-quoted now; never missing. `currency` becomes the basket's own."""
        request = _get("/api/v1/basket", "getBasket", _parameters(currency=currency), locale, _shopper(user))
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
        request = ApiRequest(
            "POST",
            "/api/v1/basket/items",
            "addBasketItem",
            headers={**_json_headers(user, locale), "Idempotency-Key": idempotency_key},
            content=msgspec.json.encode({"sku": sku, "quantity": quantity}),
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
        request = ApiRequest(
            "PATCH",
            f"/api/v1/basket/items/{_segment(line_id, 'basket_line_not_found')}",
            "updateBasketItem",
            headers={**_json_headers(user, locale), "If-Match": f'"{version}"'},
            content=msgspec.json.encode({"quantity": quantity}),
        )
        return await self._send(request, Basket)

    async def remove_item(self, user: str, line_id: str, *, version: int, locale: str = "en") -> Basket:
        """
        Take a line out of the basket.

        Raises:
            ApiRejected: as for `update_item`.
        """
        request = ApiRequest(
            "DELETE",
            f"/api/v1/basket/items/{_segment(line_id, 'basket_line_not_found')}",
            "removeBasketItem",
            headers={**_shopper(user), "Accept-Language": locale, "If-Match": f'"{version}"'},
        )
        return await self._send(request, Basket)

    async def clear_basket(self, user: str, *, version: int, locale: str = "en") -> Basket:
        """
        Take everything out of the basket.

        Raises:
            ApiRejected: `basket_version_conflict`.
        """
        request = ApiRequest(
            "DELETE",
            "/api/v1/basket",
            "clearBasket",
            headers={**_shopper(user), "Accept-Language": locale, "If-Match": f'"{version}"'},
        )
        return await self._send(request, Basket)

    async def admin_list(
        self,
        *,
        query: str | None = None,
        statuses: Sequence[str] = (),
        category: str | None = None,
        brands: Sequence[str] = (),
        stock_below: int | None = None,
        price_min: int | None = None,
        price_max: int | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        locale: str = "en",
    ) -> MasterPage:
        """Product masters; drafts and active ones unless `statuses` says otherwise."""
        parameters = _parameters(
            q=query,
            status=",".join(statuses) or None,
            category=category,
            brand=",".join(brands) or None,
            stockBelow=stock_below,
            priceMin=price_min,
            priceMax=price_max,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )
        request = _get("/api/v1/admin/products/masters", "adminListProducts", parameters, locale)
        return await self._send(request, MasterPage)

    async def admin_get(self, id: str) -> ProductMaster:
        """
        One product master by its id.

        Raises:
            ApiRejected: `product_not_found`.
        """
        path = f"/api/v1/admin/products/masters/{_segment(id, 'product_not_found')}"
        return await self._send(_get(path, "adminGetProduct", [], "en"), ProductMaster)

    async def check(self) -> None:
        """
        See that the shop answers and accepts our account.

        Raises:
            ApiError: it does not.
        """
        await self._exchange.send(_get("/health", "health", [], "en"), dict)
        await self._tokens.get()

    async def _send(self, request: ApiRequest, shape: type[Content]) -> Content:
        return await self._exchange.send(
            request, shape, authorize=self._tokens.get, reject=self._tokens.reject
        )


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


def _get(
    path: str,
    endpoint: str,
    parameters: Sequence[tuple[str, str]],
    locale: str,
    headers: Mapping[str, str] | None = None,
) -> ApiRequest:
    return ApiRequest(
        "GET", path, endpoint, parameters, {**(headers or {}), "Accept-Language": locale}, may_repeat=True
    )


def _json_headers(user: str, locale: str) -> dict[str, str]:
    return {**_shopper(user), "Accept-Language": locale, "Content-Type": "application/json"}


def _shopper(user: str) -> dict[str, str]:
    """
    The header that names the shopper.

    Raises:
        Unauthenticated: nobody is named, or nobody that the shop could know.
    """
    if not _USER.fullmatch(user):
        raise Unauthenticated("A basket needs to know whose it is; please sign in first.")
    return {"X-Museo-User": user}


def _segment(text: str, missing: str) -> str:
    """
    A path segment of whatever a caller named, quoted.

    Raises:
        ApiRejected: nothing can have this name, so the shop need not be asked.
    """
    if not text or text in (".", "..") or len(text) > 200:  # no id is longer
        problem = Problem(
            type="about:blank", title="Not found", status=404, code=missing, detail="There is no such thing."
        )
        raise ApiRejected(404, problem)
    return quote(text, safe="")


def _parameters(**values: str | int | bool | None) -> list[tuple[str, str]]:
    """Query parameters without those that are not given."""
    return [
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in values.items()
        if value is not None
    ]
