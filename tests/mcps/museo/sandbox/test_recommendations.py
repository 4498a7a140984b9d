from __future__ import annotations

from typing import Any

import pytest

from tests.mcps.museo.calling import Caller, make_caller


async def recommended(caller: Caller, product: str, kind: str, limit: int = 5) -> list[dict[str, Any]]:
    path = f"/api/v1/catalog/products/{product}/recommendations?kind={kind}&limit={limit}"
    items: list[dict[str, Any]] = (await caller("GET", path)).json["items"]
    return items


def shelves(items: list[dict[str, Any]]) -> set[str]:
    return {category["slug"] for item in items for category in item["categories"]}


async def test_similar_products_are_of_the_same_shelf_and_never_the_product_itself() -> None:
    items = await recommended(make_caller(), "iphone-15", "similar")

    assert shelves(items) == {"smartphones"}
    assert {item["brand"] for item in items[:2]} == {"Apple"}
    assert "iphone-15" not in {item["slug"] for item in items}


async def test_accessories_are_things_that_are_used_with_it() -> None:
    items = await recommended(make_caller(), "IPHONE-15-128-BLACK", "accessories")

    assert shelves(items) == {"mobile-accessories"}


async def test_what_was_bought_together_comes_first() -> None:
    caller = make_caller()
    before = await recommended(caller, "iphone-15", "bought_together")
    listed = (await caller("GET", "/api/v1/catalog/products?category=groceries&inStock=true&limit=1")).json
    [apple] = listed["items"]
    for sku in ("IPHONE-15-128-BLACK", apple["variants"][0]["sku"]):
        basket = (await caller("POST", "/api/v1/basket/items", {"sku": sku, "quantity": 1})).json
    await caller(
        "POST",
        "/api/v1/orders/checkout",
        {"basketId": basket["id"], "basketVersion": basket["version"]},
        headers={"Idempotency-Key": "key-00001"},
    )

    after = await recommended(caller, "iphone-15", "bought_together")

    assert apple["id"] not in {item["id"] for item in before}
    assert after[0]["id"] == apple["id"]


@pytest.mark.parametrize("kind", ["similar", "accessories", "bought_together"])
async def test_recommendations_are_the_same_each_time_and_end_at_the_limit(kind: str) -> None:
    first = await recommended(make_caller(), "iphone-15", kind, 3)
    second = await recommended(make_caller(), "iphone-15", kind, 3)

    assert first == second
    assert 0 < len(first) <= 3


async def test_there_are_none_for_what_is_not_sold() -> None:
    caller = make_caller()

    missing = await caller("GET", "/api/v1/catalog/products/no-such/recommendations")
    unknown = await caller("GET", "/api/v1/catalog/products/iphone-15/recommendations?kind=lucky")

    assert (missing.status, missing.code) == (404, "product_not_found")
    assert (unknown.status, unknown.code) == (400, "invalid_request")
