"""
The contract, held against the sandbox as a real process, and against a real API when there is one.

MUSEO_CONTRACT_URL names the API; MUSEO_CONTRACT_KEY and MUSEO_CONTRACT_SECRET are a service account with all
scopes. Everything here is true of any shop with a few products; what is left behind is an empty basket, an
order that nobody pays, and an archived product.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import trio

from mcps.museo import models
from mcps.museo.client import ADMIN_SCOPES, STOREFRONT_SCOPES, ProductFilters, ServiceAccount, open_museo
from mcps.museo.errors import ApiRejected
from mcps.museo.sandbox.__main__ import DEV_KEY, DEV_SECRET
from mcps.museo.sandbox.app import ROUTES
from mcps.museo.sandbox.problems import CODES
from tests.mcps.museo import contract

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Target:
    """The API under test."""

    url: str
    key: str
    secret: str


TARGETS = ["sandbox", "real"] if os.environ.get("MUSEO_CONTRACT_URL") else ["sandbox"]


@pytest.fixture(scope="module", params=TARGETS)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    if request.param == "real":
        names = ("MUSEO_CONTRACT_URL", "MUSEO_CONTRACT_KEY", "MUSEO_CONTRACT_SECRET")
        yield Target(*(os.environ[name] for name in names))
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "mcps.museo.sandbox", "--port", "0", "--log-level", "warn"],
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd()},
    )
    with process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("listening on "), line
        yield Target(line.split()[-1], DEV_KEY, DEV_SECRET)
        process.terminate()


class Api:
    """Raw HTTP with a token; every reply is judged by the contract."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http = http
        self._token = token
        self.user = f"contract-{secrets.token_hex(6)}"

    async def send(
        self,
        operation: str,
        *,
        path: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        json: object = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        described = contract.operations()[operation]
        sent = {"Authorization": f"Bearer {self._token}", "X-Museo-User": self.user, **(headers or {})}
        response = await self._http.request(
            described["method"].upper(),
            described["path"].format(**(path or {})),
            params=query,
            headers=sent,
            json=json,
            content=content,
        )
        contract.check(operation, response)
        return response

    async def json(self, operation: str, **parts: Any) -> Any:
        response = await self.send(operation, **parts)
        assert response.status_code < 300, response.text
        return response.json()

    async def refusal(self, operation: str, **parts: Any) -> tuple[int, str]:
        response = await self.send(operation, **parts)
        return response.status_code, response.json()["code"]

    async def a_sku(self) -> str:
        """Something that can be bought twice."""
        page = await self.json("listProducts", query={"inStock": "true", "limit": "50"})
        return next(
            str(variant["sku"])
            for product in page["items"]
            for variant in product["variants"]
            if variant["available"] >= 5
        )


@asynccontextmanager
async def open_api(target: Target) -> AsyncIterator[Api]:
    with trio.fail_after(30):
        async with httpx.AsyncClient(base_url=target.url) as http:
            response = await http.post(
                "/api/v1/auth/token",
                data={"grant_type": "client_credentials"},
                auth=(target.key, target.secret),
            )
            reply = contract.check("issueToken", response)
            yield Api(http, reply["access_token"])


def test_every_operation_is_built() -> None:
    built = {
        route.operation
        for methods in [*ROUTES._fixed.values(), *ROUTES._open.values()]
        for route in methods.values()
    }

    assert set(contract.operations()) <= built


def test_the_problem_codes_are_those_of_the_contract() -> None:
    listed = contract.document()["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]

    assert set(CODES) == set(listed)


def test_the_judge_sees_what_is_wrong() -> None:
    money = {"amount": 1, "currency": "EUR"}
    contract.check_schema(money, "/components/schemas/Money")

    for wrong in ({**money, "amount": 1.5}, {**money, "currency": "eur"}, {**money, "x": 1}, {"amount": 1}):
        with pytest.raises(AssertionError):
            contract.check_schema(wrong, "/components/schemas/Money")
    with pytest.raises(AssertionError, match="Cache-Control"):
        contract.check(
            "issueToken",
            httpx.Response(
                200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 1, "scope": ""}
            ),
        )
    with pytest.raises(AssertionError, match="may not answer 201"):
        contract.check("getBasket", httpx.Response(201, json={}))


async def test_health_and_keys_need_no_token(target: Target) -> None:
    async with httpx.AsyncClient(base_url=target.url) as http:
        health = await http.get("/health")
        keys = await http.get("/.well-known/jwks.json")

    assert contract.check("health", health)["status"] == "ok"
    assert contract.check("getJwks", keys)["keys"]


async def test_tokens_are_for_those_who_know_the_secret(target: Target) -> None:
    async with httpx.AsyncClient(base_url=target.url) as http:
        form = {"grant_type": "client_credentials", "client_id": target.key, "client_secret": "wrong"}
        refused = await http.post("/api/v1/auth/token", data=form)
        nothing = await http.post("/api/v1/auth/token", data={"grant_type": "password"})
        search = await http.get("/api/v1/search", params={"q": "a"})

    assert contract.check("issueToken", refused)["code"] == "invalid_client"
    assert contract.check("issueToken", nothing)["status"] == 400
    assert contract.check("search", search)["code"] == "invalid_token"
    assert "Bearer" in search.headers["WWW-Authenticate"]


@pytest.mark.parametrize("sort", ["newest", "price_asc", "price_desc", "title", "popularity"])
async def test_lists_page_without_losing_or_repeating(target: Target, sort: str) -> None:
    async with open_api(target) as api:
        seen: list[str] = []
        query = {"sort": sort, "limit": "3"}
        for _ in range(4):
            page = await api.json("listProducts", query=query)
            seen += [product["id"] for product in page["items"]]
            if page["page"]["next"] is None:
                break
            query["cursor"] = page["page"]["next"]
        refused = await api.refusal("listProducts", query={"cursor": "no-such-cursor"})

    assert len(seen) == len(set(seen)) > 0
    assert refused == (400, "invalid_request")


@pytest.mark.parametrize("locale", ["en", "de", "es", "fr", "it", "pt", "tr", "vi", "xx"])
async def test_a_product_comes_in_one_language_by_id_slug_and_sku(target: Target, locale: str) -> None:
    async with open_api(target) as api:
        headers = {"Accept-Language": locale}
        [first, *_] = (await api.json("listProducts", query={"limit": "1"}))["items"]
        keys = (first["id"], first["slug"], first["variants"][0]["sku"])
        products = [await api.json("getProduct", path={"idOrSlug": key}, headers=headers) for key in keys]
        missing = await api.refusal("getProduct", path={"idOrSlug": "no-such-product"})

    assert products[0] == products[1] == products[2]
    assert products[0]["locale"] == (locale if locale != "xx" else "en")
    assert missing == (404, "product_not_found")


async def test_what_has_not_changed_is_304(target: Target) -> None:
    async with open_api(target) as api:
        response = await api.send("listProducts", query={"limit": "2"})
        known = {"If-None-Match": response.headers["ETag"]}
        again = await api.send("listProducts", query={"limit": "2"}, headers=known)

    assert response.headers["Cache-Control"]
    assert again.status_code == 304


async def test_search_finds_a_product_by_its_title_and_says_when_there_is_none(target: Target) -> None:
    async with open_api(target) as api:
        [product, *_] = (await api.json("listProducts", query={"limit": "1"}))["items"]
        found = await api.json("search", query={"q": product["title"], "facets": "true"})
        none = await api.json("search", query={"q": "qqxzvw kkjxqz"})
        bad = await api.refusal("search", query={"q": ""})

    assert product["id"] in [item["id"] for item in found["items"]]
    assert none["items"] == []
    assert bad == (400, "invalid_request")


async def test_categories_are_a_tree(target: Target) -> None:
    async with open_api(target) as api:
        items = (await api.json("listCategories"))["items"]

    known = {item["id"] for item in items}
    assert all(item.get("parentId") is None or item["parentId"] in known for item in items)


async def test_the_life_of_a_basket(target: Target) -> None:
    async with open_api(target) as api:
        sku = await api.a_sku()
        empty = await api.json("getBasket")
        added = await api.json("addBasketItem", json={"sku": sku, "quantity": 1})
        merged = await api.send("addBasketItem", json={"sku": sku, "quantity": 1})
        line, tag = merged.json()["lines"][0], merged.headers["ETag"]
        items = await api.json("listBasketItems")
        where = {"lineId": line["id"]}
        unsaid = await api.refusal("updateBasketItem", path=where, json={"quantity": 3})
        stale = await api.refusal(
            "updateBasketItem", path=where, json={"quantity": 3}, headers={"If-Match": '"0"'}
        )
        changed = await api.send(
            "updateBasketItem", path=where, json={"quantity": 3}, headers={"If-Match": tag}
        )
        removed = await api.send(
            "removeBasketItem", path=where, headers={"If-Match": changed.headers["ETag"]}
        )
        cleared = await api.send("clearBasket", headers={"If-Match": removed.headers["ETag"]})

    assert (empty["version"], empty["lines"]) == (0, [])
    assert added["lines"][0]["quantity"] == 1
    assert line["quantity"] == 2
    assert [item["id"] for item in items["items"]] == [line["id"]]
    assert unsaid == (428, "precondition_required")
    assert stale == (412, "basket_version_conflict")
    assert changed.json()["lines"][0]["quantity"] == 3
    assert removed.json()["lines"] == cleared.json()["lines"] == []


async def test_money_adds_up(target: Target) -> None:
    async with open_api(target) as api:
        basket = await api.json("addBasketItem", json={"sku": await api.a_sku(), "quantity": 2})
        await api.send("clearBasket", headers={"If-Match": f'"{basket["version"]}"'})

    totals = {name: basket["totals"][name]["amount"] for name in ("subtotal", "discount", "shipping", "tax")}
    [line] = basket["lines"]
    extra = 0 if basket["totals"].get("taxIncluded") else totals["tax"]
    assert line["lineTotal"]["amount"] == 2 * line["unitPrice"]["amount"] == totals["subtotal"]
    assert (
        basket["totals"]["total"]["amount"]
        == totals["subtotal"] - totals["discount"] + totals["shipping"] + extra
    )


async def test_the_same_key_adds_once(target: Target) -> None:
    async with open_api(target) as api:
        sku = await api.a_sku()
        key = {"Idempotency-Key": f"contract-{secrets.token_hex(8)}"}
        first = await api.json("addBasketItem", json={"sku": sku, "quantity": 1}, headers=key)
        second = await api.json("addBasketItem", json={"sku": sku, "quantity": 1}, headers=key)
        reused = await api.refusal("addBasketItem", json={"sku": sku, "quantity": 2}, headers=key)
        await api.send("clearBasket", headers={"If-Match": f'"{first["version"]}"'})

    assert first == second
    assert reused == (422, "idempotency_key_reuse")


@pytest.mark.parametrize(
    "content",
    [
        {"sku": "A"},
        {"sku": "A", "quantity": 0},
        {"sku": "A", "quantity": 1, "x": 1},
        {"sku": 5, "quantity": 1},
    ],
)
async def test_content_that_breaks_a_rule_is_422_with_a_pointer(target: Target, content: object) -> None:
    async with open_api(target) as api:
        response = await api.send("addBasketItem", json=content)

    assert (response.status_code, response.json()["code"]) == (422, "validation_failed")
    assert "pointer" in response.json()["errors"][0]


async def test_baskets_of_others_do_not_exist(target: Target) -> None:
    async with open_api(target) as api:
        basket = await api.json("addBasketItem", json={"sku": await api.a_sku(), "quantity": 1})
        other = {"X-Museo-User": f"{api.user}-other", "If-Match": f'"{basket["version"]}"'}
        refused = await api.refusal(
            "removeBasketItem", path={"lineId": basket["lines"][0]["id"]}, headers=other
        )
        theirs = await api.json("getBasket", headers=other)
        await api.send("clearBasket", headers={"If-Match": f'"{basket["version"]}"'})

    assert refused == (404, "basket_line_not_found")
    assert theirs["lines"] == []


async def test_the_life_of_an_order_that_nobody_pays(target: Target) -> None:
    async with open_api(target) as api:
        basket = await api.json("addBasketItem", json={"sku": await api.a_sku(), "quantity": 1})
        agreed = {"basketId": basket["id"], "basketVersion": basket["version"]}
        key = {"Idempotency-Key": f"contract-{secrets.token_hex(8)}"}
        keyless = await api.refusal("checkout", json=agreed)
        stale = await api.refusal("checkout", json={**agreed, "basketVersion": 0}, headers=key)
        dearer = {**agreed, "expectedTotal": {"amount": 1, "currency": basket["currency"]}}
        changed = await api.refusal("checkout", json=dearer, headers=key)
        made = await api.json("checkout", json=agreed, headers=key)
        again = await api.json("checkout", json=agreed, headers=key)
        left = await api.json("getBasket")
        empty = {"basketId": left["id"], "basketVersion": left["version"]}
        nothing = await api.refusal("checkout", json=empty, headers={"Idempotency-Key": secrets.token_hex(8)})
        listed = await api.json("listOrders", query={"status": "pending_payment"})
        where = {"idOrNumber": made["order"]["number"]}
        order = await api.json("getOrder", path=where)
        link = await api.json(
            "renewPaymentLink", path=where, headers={"Idempotency-Key": secrets.token_hex(8)}
        )
        foreign = await api.refusal("getOrder", path=where, headers={"X-Museo-User": f"{api.user}-other"})

    assert keyless == (400, "invalid_request")
    assert stale == (409, "basket_version_conflict")
    assert changed == (409, "price_changed")
    assert again == made
    assert made["paymentLink"]["amount"] == basket["totals"]["total"] == order["totals"]["total"]
    assert (left["lines"], nothing) == ([], (409, "basket_empty"))
    assert [item["id"] for item in listed["items"]] == [order["id"]] == [made["order"]["id"]]
    assert (link["status"], link["url"] != made["paymentLink"]["url"]) == ("open", True)
    assert foreign == (404, "order_not_found")


async def test_payment_providers_are_those_for_the_currency_and_the_country(target: Target) -> None:
    async with open_api(target) as api:
        all_of_them = (await api.json("listPaymentProviders"))["items"]
        fitting = (await api.json("listPaymentProviders", query={"currency": "EUR", "country": "DE"}))[
            "items"
        ]
        bad = await api.refusal("listPaymentProviders", query={"country": "Germany"})

    assert all(
        "EUR" in provider["currencies"] and "DE" in (provider.get("countries") or ["DE"])
        for provider in fitting
    )
    assert len(fitting) <= len(all_of_them)
    assert bad == (400, "invalid_request")


@pytest.mark.parametrize("kind", ["similar", "accessories", "bought_together"])
async def test_recommendations_are_other_products(target: Target, kind: str) -> None:
    async with open_api(target) as api:
        [product, *_] = (await api.json("listProducts", query={"limit": "1"}))["items"]
        where = {"idOrSlug": product["slug"]}
        page = await api.json("getRecommendations", path=where, query={"kind": kind, "limit": "4"})
        missing = await api.refusal("getRecommendations", path={"idOrSlug": "no-such-product"})

    assert len(page["items"]) <= 4
    assert product["id"] not in [item["id"] for item in page["items"]]
    assert missing == (404, "product_not_found")


async def test_stock_alerts_are_for_what_is_sold_out_and_with_consent(target: Target) -> None:
    async with open_api(target) as api:
        page = await api.json("listProducts", query={"limit": "100"})
        sold_out = [
            variant["sku"]
            for product in page["items"]
            for variant in product["variants"]
            if not variant["available"] and not variant.get("backorderable")
        ]
        wanted = {"channel": "email", "address": "contract@example.org", "consent": True}
        in_stock = await api.refusal("createStockAlert", json={**wanted, "sku": await api.a_sku()})
        for sku in sold_out[:1]:
            made = await api.json("createStockAlert", json={**wanted, "sku": sku})
            unasked = await api.refusal("createStockAlert", json={**wanted, "sku": sku, "consent": False})
            assert made["id"]
            assert unasked == (422, "validation_failed")

    assert in_stock[0] == 409


async def test_the_administration_lists_and_reads_masters(target: Target) -> None:
    async with open_api(target) as api:
        page = await api.json("adminListProducts", query={"limit": "5", "sort": "stock_asc"})
        master = await api.send("adminGetProduct", path={"id": page["items"][0]["id"]})
        missing = await api.refusal("adminGetProduct", path={"id": "pm_none"})

    assert master.headers["ETag"] == f'"{page["items"][0]["version"]}"'
    assert missing == (404, "product_not_found")


async def test_the_life_of_a_product_master(target: Target) -> None:
    sku = f"CONTRACT-{secrets.token_hex(6)}"
    content = {
        "title": {"en": "Contract test", "de": "Vertragsprobe"},
        "status": "draft",
        "variants": [{"sku": sku, "prices": [{"amount": 100, "currency": "EUR"}], "stock": 1}],
    }
    async with open_api(target) as api:
        key = {"Idempotency-Key": secrets.token_hex(8)}
        dry = await api.send("adminCreateProduct", json=content, query={"dryRun": "true"})
        made = await api.send("adminCreateProduct", json=content, headers=key)
        again = await api.json("adminCreateProduct", json=content, headers=key)
        taken = await api.refusal("adminCreateProduct", json=content)
        bad = await api.refusal("adminCreateProduct", json={**content, "variants": []})
        where = {"id": made.json()["id"]}
        unsaid = await api.refusal("adminUpdateProduct", path=where, json=content)
        stale = await api.refusal(
            "adminUpdateProduct", path=where, json=content, headers={"If-Match": '"999"'}
        )
        patched = await api.send(
            "adminUpdateProduct",
            path=where,
            json={"brand": "Museo"},
            headers={"If-Match": made.headers["ETag"], "Content-Type": "application/merge-patch+json"},
        )
        replaced = await api.send(
            "adminUpdateProduct", path=where, json=content, headers={"If-Match": patched.headers["ETag"]}
        )
        tag = {"If-Match": replaced.headers["ETag"]}
        archived = await api.json("adminDeleteProduct", path=where, headers=tag)
        repeated = await api.json("adminDeleteProduct", path=where, headers=tag)

    assert (dry.status_code, made.status_code, again) == (200, 201, made.json())
    assert (taken, bad) == ((409, "sku_taken"), (422, "validation_failed"))
    assert (unsaid, stale) == ((428, "precondition_required"), (412, "version_conflict"))
    assert (patched.json()["brand"], replaced.json()["brand"]) == ("Museo", None)
    assert patched.json()["variants"][0]["id"] == made.json()["variants"][0]["id"]
    assert (archived["status"], repeated) == ("archived", archived)


async def test_an_import_runs_dry_and_tells_which_rows_are_wrong(target: Target) -> None:
    sku = f"CONTRACT-{secrets.token_hex(6)}"
    table = f"sku,title,price,stock\n{sku},Contract test,1.00,1\n{sku}-2,Contract test,free,1\n".encode()
    csv = {"Content-Type": "text/csv", "Idempotency-Key": secrets.token_hex(8)}
    async with open_api(target) as api:
        job = await api.json("adminStartImport", content=table, headers=csv)
        where = {"id": job["id"]}
        while not job.get("finishedAt"):  # `open_api` ends this
            job = await api.json("adminGetImport", path=where)
        keyless = await api.refusal("adminStartImport", content=table, headers={"Content-Type": "text/csv"})
        strange = await api.refusal(
            "adminStartImport",
            content=b"x",
            headers={"Content-Type": "a/b", "Idempotency-Key": secrets.token_hex(8)},
        )
        left = await api.json("adminListProducts", query={"q": sku})

    assert (job["dryRun"], job["status"]) == (True, "partially_succeeded")
    assert job["counts"] == {"rows": 2, "created": 1, "updated": 0, "skipped": 0, "failed": 1}
    assert [error["row"] for error in job["errors"]] == [3]
    assert (keyless[0], strange) == (400, (415, "unsupported_media_type"))
    assert left["items"] == []


async def test_the_typed_client_reads_all_that_it_offers(target: Target) -> None:
    account = ServiceAccount(target.key, target.secret, STOREFRONT_SCOPES + ADMIN_SCOPES)
    user = f"contract-{secrets.token_hex(6)}"
    with trio.fail_after(30):
        async with open_museo(target.url, account) as museo:
            await museo.check()
            page = await museo.products(limit=2, filters=ProductFilters(in_stock=True))
            product = await museo.product(page.items[0].slug, locale="de")
            found = await museo.search(product.title, facets=True)
            same = await museo.products(ids=[product.id])
            sku = next(variant.sku for variant in product.variants if variant.available)
            basket = await museo.add_item(user, sku, 1, idempotency_key=secrets.token_hex(8))
            basket = await museo.update_item(user, basket.lines[0].id, 1, version=basket.version)
            with pytest.raises(ApiRejected) as conflict:
                await museo.remove_item(user, basket.lines[0].id, version=0)
            basket = await museo.remove_item(user, basket.lines[0].id, version=basket.version)
            cleared = await museo.clear_basket(user, version=basket.version)
            read = await museo.basket(user)
            categories = await museo.categories()
            masters = await museo.admin_list(limit=1)
            master = await museo.admin_get(masters.items[0].id)

    assert [item.id for item in same.items] == [product.id]
    assert product.id in [item.id for item in found.items]
    assert conflict.value.code == "basket_version_conflict"
    assert conflict.value.problem.current_version is not None
    assert cleared.lines == read.lines == []
    assert isinstance(categories[0], models.Category)
    assert master == masters.items[0]


async def test_the_typed_client_with_fewer_scopes_may_do_less(target: Target) -> None:
    account = ServiceAccount(target.key, target.secret, ("catalog:read",))
    async with open_museo(target.url, account) as museo:
        await museo.products(limit=1)
        with pytest.raises(Exception, match="basket:read"):
            await museo.basket("alice")
