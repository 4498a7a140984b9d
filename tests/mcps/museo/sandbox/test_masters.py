from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.museo.sandbox.masters import merged
from tests.mcps.museo.calling import Answer, Caller, make_caller

MASTERS = "/api/v1/admin/products/masters"
SKU = "IPHONE-15-128-BLACK"


def product(sku: str = "LAMP-1", **more: Any) -> dict[str, Any]:
    price = {"amount": 2_500, "currency": "EUR"}
    return {
        "title": {"en": "Paper Moon Lamp"},
        "variants": [{"sku": sku, "prices": [price], "stock": 3}],
        **more,
    }


async def create(caller: Caller, content: object | None = None, **headers: str) -> Answer:
    return await caller("POST", MASTERS, content or product(status="active"), headers=headers)


async def patch(caller: Caller, master: dict[str, Any], content: object, query: str = "") -> Answer:
    headers = {"If-Match": f'"{master["version"]}"', "Content-Type": "application/merge-patch+json"}
    return await caller("PUT", f"{MASTERS}/{master['id']}{query}", content, headers=headers)


async def find(caller: Caller, query: str) -> list[str]:
    found = await caller("GET", f"/api/v1/search?q={query}")
    return [item["id"] for item in found.json["items"]]


async def test_a_new_product_is_found_at_once_and_known_by_who_made_it() -> None:
    caller = make_caller()

    answer = await create(caller, **{"X-Museo-Actor": "ada"})

    master = answer.json
    assert (answer.status, master["version"], master["slug"]) == (201, 1, "paper-moon-lamp")
    assert (answer.header("ETag"), answer.header("Location")) == ('"1"', f"{MASTERS}/{master['id']}")
    assert await find(caller, "paper+moon") == [master["id"]]
    rows = caller.app.shop.state.db.execute("SELECT actor, action, master_id FROM audit").fetchall()
    assert rows == [("ada", "create", master["id"])]


async def test_a_draft_is_seen_by_nobody_but_the_administration() -> None:
    caller = make_caller()
    master = (await create(caller, product())).json

    assert master["status"] == "draft"
    assert (await caller("GET", "/api/v1/catalog/products/LAMP-1")).code == "product_not_found"
    assert await find(caller, "paper+moon") == []
    assert (await caller("GET", f"{MASTERS}/{master['id']}")).status == 200


async def test_a_dry_run_tells_and_does_nothing() -> None:
    caller = make_caller()

    told = await caller("POST", f"{MASTERS}?dryRun=true", product())
    twice = await caller("POST", f"{MASTERS}?dryRun=true", product())

    assert (told.status, twice.status, told.json["title"]) == (200, 200, {"en": "Paper Moon Lamp"})
    assert (await caller("GET", f"{MASTERS}/{told.json['id']}")).status == 404


async def test_a_dry_run_is_another_request_than_the_real_one_with_its_key() -> None:
    caller = make_caller()
    key = {"Idempotency-Key": "key-00001"}

    await caller("POST", f"{MASTERS}?dryRun=true", product(), headers=key)
    real = await caller("POST", MASTERS, product(), headers=key)

    assert (real.status, real.code) == (422, "idempotency_key_reuse")


def _variants(**changes: Any) -> dict[str, Any]:
    return product(variants=[{**product()["variants"][0], **changes}])


@pytest.mark.parametrize(
    ("content", "status", "code", "pointer"),
    [
        (product(SKU), 409, "sku_taken", "/variants/0/sku"),
        (product(slug="iphone-15"), 409, "slug_taken", "/slug"),
        (product(slug="Not A Slug"), 422, "validation_failed", "/slug"),
        (product(title={}), 422, "validation_failed", "/title"),
        (product(title={"en": " "}), 422, "validation_failed", "/title"),
        (product(variants=[]), 422, "validation_failed", "/variants"),
        (product(colour="red"), 422, "validation_failed", ""),
        (product(categories=["No Slug"]), 422, "validation_failed", "/categories/0"),
        (product(images=[{"url": "javascript:1"}]), 422, "validation_failed", "/images/0/url"),
        (_variants(prices=[]), 422, "validation_failed", "/variants/0/prices"),
        (_variants(stock=-1), 422, "validation_failed", "/variants/0/stock"),
        (_variants(sku="A B"), 422, "validation_failed", "/variants/0/sku"),
        (_variants(options={"color": "red"}), 422, "validation_failed", "/variants/0/options"),
        (
            _variants(prices=[{"amount": 1, "currency": "JPY"}]),
            422,
            "validation_failed",
            "/variants/0/prices/0/currency",
        ),
        (
            _variants(prices=[{"amount": 1.5, "currency": "EUR"}]),
            422,
            "validation_failed",
            "/variants/0/prices/0/amount",
        ),
        (
            product(variants=product()["variants"] * 2),
            422,
            "validation_failed",
            "/variants/1/sku",
        ),
    ],
)
async def test_content_that_breaks_a_rule_is_refused_with_the_place(
    content: object, status: int, code: str, pointer: str
) -> None:
    answer = await create(make_caller(), content)

    assert (answer.status, answer.code) == (status, code)
    assert answer.json["errors"][0]["pointer"] == pointer


async def test_a_patch_changes_what_it_names_and_keeps_the_rest() -> None:
    caller = make_caller()
    master = (await create(caller, product(brand="Luna", status="active", tags=["lamp"]))).json

    patched = (await patch(caller, master, {"title": {"de": "Papiermond"}, "brand": None})).json

    assert patched["title"] == {"en": "Paper Moon Lamp", "de": "Papiermond"}
    assert (patched["brand"], patched["tags"], patched["version"]) == (None, ["lamp"], 2)
    assert patched["variants"][0]["id"] == master["variants"][0]["id"]


async def test_a_change_without_a_version_or_with_a_stale_one_is_refused() -> None:
    caller = make_caller()
    master = (await create(caller)).json
    await patch(caller, master, {"brand": "Luna"})

    unsaid = await caller("PUT", f"{MASTERS}/{master['id']}", product())
    stale = await patch(caller, master, {"brand": "Sol"})
    missing = await patch(caller, {"id": "pm_none", "version": 1}, {})

    assert (unsaid.status, unsaid.code) == (428, "precondition_required")
    assert (stale.status, stale.code, stale.json["currentVersion"]) == (412, "version_conflict", 2)
    assert (missing.status, missing.code) == (404, "product_not_found")


async def test_full_content_replaces_and_matches_variants_by_sku() -> None:
    caller = make_caller()
    master = (await create(caller, product(brand="Luna", status="active"))).json
    second = {"sku": "LAMP-2", "prices": [{"amount": 3_000, "currency": "EUR"}], "options": {"size": "L"}}
    first = {**product()["variants"][0], "options": {"size": "S"}}
    content = product(variants=[second, first], optionAxes=["size"], status="active")

    replaced = await caller(
        "PUT", f"{MASTERS}/{master['id']}", content, headers={"If-Match": f'"{master["version"]}"'}
    )

    ids = {variant["sku"]: variant["id"] for variant in replaced.json["variants"]}
    assert ids["LAMP-1"] == master["variants"][0]["id"]
    assert (replaced.json["brand"], replaced.json["slug"]) == (None, master["slug"])
    assert [v["sku"] for v in replaced.json["variants"]] == ["LAMP-2", "LAMP-1"]


async def test_a_change_that_changes_nothing_makes_no_version_and_a_dry_run_none_either() -> None:
    caller = make_caller()
    master = (await create(caller)).json

    same = await patch(caller, master, {"title": {"en": "Paper Moon Lamp"}})
    dry = await patch(caller, master, {"brand": "Luna"}, "?dryRun=true")
    read = await caller("GET", f"{MASTERS}/{master['id']}")

    assert same.json == master == read.json
    assert (dry.json["brand"], dry.json["version"]) == ("Luna", 2)


async def test_what_is_held_for_open_payments_stays_held() -> None:
    caller = make_caller()
    master = (await create(caller)).json
    caller.app.shop.shelf.move_stock("LAMP-1", available=-2, reserved=2)

    changed = (await patch(caller, master, {"brand": "Luna"})).json

    stock = changed["variants"][0]["stock"]
    assert (stock["available"], stock["reserved"]) == (1, 2)


async def test_an_archived_product_is_gone_for_shoppers_and_can_come_back() -> None:
    caller = make_caller()
    master = (await create(caller)).json
    where = f"{MASTERS}/{master['id']}"
    await caller("POST", "/api/v1/basket/items", {"sku": "LAMP-1", "quantity": 1})

    unsaid = await caller("DELETE", where)
    archived = await caller("DELETE", where, headers={"If-Match": '"1"'})
    again = await caller("DELETE", where, headers={"If-Match": '"1"'})
    shown = await caller("GET", "/api/v1/catalog/products/LAMP-1")
    [line] = (await caller("GET", "/api/v1/basket")).json["lines"]
    hidden = await find(caller, "paper+moon")
    restored = await patch(caller, archived.json, {"status": "active"})

    assert unsaid.status == 428
    assert (archived.status, archived.json["status"]) == (200, "archived")
    assert archived.json["archivedAt"]
    assert (again.status, again.json) == (200, archived.json)
    assert (shown.status, shown.code) == (410, "product_gone")
    assert (line["availability"], hidden) == ("unavailable", [])
    assert (restored.json["status"], restored.json["archivedAt"]) == ("active", None)
    assert await find(caller, "paper+moon") == [master["id"]]


async def test_what_fails_in_the_end_has_not_happened_in_memory_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caller = make_caller()
    shop = caller.app.shop

    def fail(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(caller.app._idempotency, "remember", fail)
    failed = await create(caller, **{"Idempotency-Key": "key-00001"})

    assert failed.status == 500
    assert shop.shelf.get("LAMP-1") is None
    assert await find(caller, "paper+moon") == []


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)


@given(PLAIN, st.dictionaries(st.sampled_from("abc"), PLAIN, max_size=3))
def test_a_patch_applied_twice_is_a_patch_applied_once(content: object, change: dict[str, object]) -> None:
    once = merged(content, change)

    assert merged(once, change) == once
    assert isinstance(once, dict)
    assert all(once.get(name) is None for name, value in change.items() if value is None)


@pytest.mark.parametrize(
    ("content", "change", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": ["b"]}, {"a": ["c", "d"]}, {"a": ["c", "d"]}),
        ({"a": "foo"}, {"b": {"c": {"d": None}}}, {"a": "foo", "b": {"c": {}}}),
    ],
)
def test_patches_mean_what_rfc_7396_says(content: object, change: object, result: object) -> None:
    assert merged(content, change) == result
