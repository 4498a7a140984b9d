import httpx
import msgspec
import pytest
import trio

from mcps.museo.client import ProductFilters, ServiceAccount, open_museo
from mcps.museo.errors import ApiRejected, ApiUnauthorized
from museod.errors import Unauthenticated

ACCOUNT = ServiceAccount("key", "s:ecret %", ("catalog:read", "basket:read"))
TOKEN = {"access_token": "t1", "token_type": "Bearer", "expires_in": 900, "scope": "catalog:read basket:read"}
MONEY = {"amount": 1, "currency": "EUR"}
PAGE = {"items": [], "page": {"limit": 20, "next": None, "total": 0}, "query": "x", "future": {"field": 1}}
BASKET = {
    "id": "bas_1",
    "version": 3,
    "owner": "alice",
    "currency": "EUR",
    "lines": [],
    "totals": dict.fromkeys(("subtotal", "discount", "shipping", "tax", "total"), MONEY),
    "itemCount": 0,
    "updatedAt": "2026-10-01T12:00:00Z",
}


class FakeShop(httpx.AsyncBaseTransport):
    """Gives tokens, empty pages and an empty basket, and keeps what it was asked."""

    def __init__(self, *, token: httpx.Response | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.tokens: list[httpx.Request] = []
        self._token = token

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        if request.url.path == "/api/v1/auth/token":
            self.tokens.append(request)
            return self._token or httpx.Response(200, json=TOKEN)
        self.requests.append(request)
        return httpx.Response(200, json=BASKET if "basket" in request.url.path else PAGE)

    @property
    def last(self) -> httpx.Request:
        return self.requests[-1]


async def test_search_sends_what_it_was_told_and_nothing_else() -> None:
    shop = FakeShop()
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        page = await museo.search(
            "café & crème",
            locale="fr",
            currency="EUR",
            filters=ProductFilters(
                category="beauty",
                brands=["A", "B"],
                price_min=0,
                price_max=5_000,
                in_stock=True,
                attributes={"color": "dark red"},
            ),
            sort="price_asc",
            limit=5,
            facets=True,
        )
        await museo.search("x")

    full, bare = shop.requests
    assert dict(full.url.params) == {
        "q": "café & crème",
        "currency": "EUR",
        "sort": "price_asc",
        "limit": "5",
        "facets": "true",
        "category": "beauty",
        "brand": "A,B",
        "priceMin": "0",
        "priceMax": "5000",
        "inStock": "true",
        "attr[color]": "dark red",
    }
    assert full.headers["Accept-Language"] == "fr"
    assert full.headers["Authorization"] == "Bearer t1"
    assert dict(bare.url.params) == {"q": "x"}
    assert page.page.total == 0


async def test_one_token_with_our_own_scopes_serves_many_calls_at_once() -> None:
    shop = FakeShop()
    async with (
        open_museo("http://shop.test", ACCOUNT, transport=shop) as museo,
        trio.open_nursery() as nursery,
    ):
        for _ in range(20):
            nursery.start_soon(museo.basket, "alice")

    [request] = shop.tokens
    assert len(shop.requests) == 20
    assert b"scope=catalog%3Aread+basket%3Aread" in request.content
    assert request.headers["Authorization"] == ACCOUNT.basic
    assert "X-Museo-User" not in request.headers


async def test_basket_calls_name_the_shopper_the_version_and_the_key() -> None:
    shop = FakeShop()
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        await museo.add_item("guest:1", "SKU-1", 2, idempotency_key="turn-1-step-1")
        added = shop.last
        await museo.update_item("guest:1", "bli_1", 0, version=7)
        updated = shop.last
        await museo.remove_item("guest:1", "bli_1", version=8)
        removed = shop.last
        await museo.clear_basket("guest:1", version=9)

    assert (added.method, added.headers["Idempotency-Key"]) == ("POST", "turn-1-step-1")
    assert msgspec.json.decode(added.content) == {"sku": "SKU-1", "quantity": 2}
    assert "If-Match" not in added.headers
    assert (updated.method, updated.url.path) == ("PATCH", "/api/v1/basket/items/bli_1")
    assert (updated.headers["If-Match"], msgspec.json.decode(updated.content)) == ('"7"', {"quantity": 0})
    assert (removed.method, removed.headers["If-Match"]) == ("DELETE", '"8"')
    assert (shop.last.url.path, shop.last.headers["If-Match"]) == ("/api/v1/basket", '"9"')
    assert {request.headers["X-Museo-User"] for request in shop.requests} == {"guest:1"}


@pytest.mark.parametrize("user", ["", "a b", "a\r\nX-Admin: 1", "ä", "x" * 129])
async def test_a_shopper_that_nobody_vouches_for_is_not_asked_about(user: str) -> None:
    shop = FakeShop()
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        with pytest.raises(Unauthenticated, match="sign in"):
            await museo.basket(user)
    assert shop.requests == []


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("iphone-15", b"/api/v1/catalog/products/iphone-15"),
        ("a/../../admin", b"/api/v1/catalog/products/a%2F..%2F..%2Fadmin"),
        ("x?y#z", b"/api/v1/catalog/products/x%3Fy%23z"),
        ("crème", b"/api/v1/catalog/products/cr%C3%A8me"),
    ],
)
async def test_whatever_a_caller_names_stays_one_path_segment(key: str, path: bytes) -> None:
    shop = FakeShop()
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        with pytest.raises(Exception, match="does not answer"):  # the fake's page is no product
            await museo.product(key)
    assert shop.requests[0].url.raw_path == path


@pytest.mark.parametrize("key", ["", ".", "..", "x" * 201])
async def test_a_name_that_nothing_can_have_is_not_found_without_asking(key: str) -> None:
    shop = FakeShop()
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        with pytest.raises(ApiRejected) as caught:
            await museo.product(key)
    assert (caught.value.status, caught.value.code) == (404, "product_not_found")
    assert shop.requests == []


async def test_wrong_credentials_name_the_variables_and_not_their_values() -> None:
    refusal = httpx.Response(401, json={"type": "t", "title": "no", "status": 401, "code": "invalid_client"})
    async with open_museo("http://shop.test", ACCOUNT, transport=FakeShop(token=refusal)) as museo:
        with pytest.raises(ApiUnauthorized, match="MCP_API_KEY") as caught:
            await museo.search("x")
    assert ACCOUNT.secret not in str(caught.value)


async def test_admin_lists_say_which_masters() -> None:
    shop = FakeShop()
    async with open_museo("http://shop.test", ACCOUNT, transport=shop) as museo:
        await museo.admin_list(query="phone", statuses=["draft", "archived"], stock_below=0, sort="stock_asc")

    assert dict(shop.last.url.params) == {
        "q": "phone",
        "status": "draft,archived",
        "stockBelow": "0",
        "sort": "stock_asc",
    }
