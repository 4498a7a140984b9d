import pytest

from tests.mcps.museo.calling import Caller, make_caller

PRODUCTS = "/api/v1/catalog/products"
MASTERS = "/api/v1/admin/products/masters"


async def _all(caller: Caller, path: str) -> list[dict[str, object]]:
    """Every item of a list, over all its pages."""
    items: list[dict[str, object]] = []
    cursor = ""
    for _ in range(50):
        answer = await caller("GET", f"{path}{cursor}")
        assert answer.status == 200, answer.json
        items += answer.json["items"]
        if answer.json["page"]["next"] is None:
            return items
        cursor = f"&cursor={answer.json['page']['next']}"
    raise AssertionError("the list does not end")


@pytest.mark.parametrize("sort", ["popularity", "newest", "price_asc", "price_desc", "title"])
async def test_every_sort_pages_through_every_active_product_once(sort: str) -> None:
    items = await _all(make_caller(), f"{PRODUCTS}?limit=37&sort={sort}")

    assert len({item["id"] for item in items}) == len(items) == 198


async def test_prices_are_sorted_in_the_currency_asked_for() -> None:
    for currency in ("EUR", "USD"):
        items = await _all(make_caller(), f"{PRODUCTS}?limit=100&sort=price_desc&currency={currency}")
        amounts = [item["price"]["min"]["amount"] for item in items]  # type: ignore[index]
        assert amounts == sorted(amounts, reverse=True)
        assert {item["price"]["min"]["currency"] for item in items} == {currency}  # type: ignore[index]


async def test_a_category_includes_what_is_below_it() -> None:
    items = await _all(make_caller(), f"{PRODUCTS}?limit=100&category=electronics")
    slugs = {category["slug"] for item in items for category in item["categories"]}  # type: ignore[attr-defined]

    assert slugs == {"smartphones", "tablets", "laptops", "mobile-accessories"}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("attr[storage]=512GB&attr[color]=pink", {"iPhone 15"}),
        ("attr[storage]=512%20gb&attr[color]=black&inStock=true", set()),
        ("brand=rolex,IWC&priceMax=500000", {"IWC Ingenieur Automatic Steel"}),
        ("category=laptops&priceMin=150000&priceMax=180000", {"Asus Zenbook Pro Dual Screen Laptop"}),
        ("category=motorcycle&inStock=false", {"Sportbike Motorcycle"}),
        ("attr[connector]=usb-c&brand=Samsung", set()),
        ("category=no-such", set()),
    ],
)
async def test_filters_hold_for_one_variant_at_a_time(query: str, titles: set[str]) -> None:
    items = await _all(make_caller(), f"{PRODUCTS}?{query}")

    assert {item["title"] for item in items} == titles


async def test_products_by_id_are_those_and_no_others() -> None:
    caller = make_caller()
    wanted = [
        (await caller("GET", f"{PRODUCTS}/{slug}")).json["id"] for slug in ("iphone-15", "red-lipstick")
    ]

    items = await _all(caller, f"{PRODUCTS}?ids={','.join(wanted)},pm_unknown")

    assert {item["id"] for item in items} == set(wanted)


@pytest.mark.parametrize("key", ["iphone-15", "IPHONE-15-256-PINK"])
async def test_a_product_is_found_by_slug_and_by_sku_and_by_id(key: str) -> None:
    caller = make_caller()

    by_key = (await caller("GET", f"{PRODUCTS}/{key}")).json
    by_id = (await caller("GET", f"{PRODUCTS}/{by_key['id']}")).json

    assert by_key == by_id
    assert by_key["price"] == {
        "min": {"amount": 94900, "currency": "EUR"},
        "max": {"amount": 120900, "currency": "EUR"},
    }
    assert by_key["optionAxes"] == ["storage", "color"]
    assert len(by_key["variants"]) == 9


async def test_drafts_do_not_exist_and_archived_products_are_gone() -> None:
    caller = make_caller()

    draft = await caller("GET", f"{PRODUCTS}/museo-tote-bag")
    archived = await caller("GET", f"{PRODUCTS}/iphone-14")
    unknown = await caller("GET", f"{PRODUCTS}/no-such")

    assert (draft.status, draft.code) == (404, "product_not_found")
    assert (archived.status, archived.code) == (410, "product_gone")
    assert (unknown.status, unknown.code) == (404, "product_not_found")


async def test_a_french_shopper_reads_french() -> None:
    answer = await make_caller()("GET", f"{PRODUCTS}/red-lipstick", headers={"Accept-Language": "fr-CA"})

    assert answer.json["locale"] == "fr"
    assert "rouge à lèvres" in answer.json["description"]
    assert answer.json["categories"][0]["name"] == "Maquillage"
    assert {"Garantie 3 ans", "Retour sous 7 jours"} <= {a["value"] for a in answer.json["attributes"]}
    assert answer.header("Content-Language") == "fr"
    assert answer.header("Vary") == "Accept-Language"


async def test_what_is_known_already_is_not_sent_again() -> None:
    caller = make_caller()
    first = await caller("GET", f"{PRODUCTS}/iphone-15")
    tag = first.header("ETag") or ""

    same = await caller("GET", f"{PRODUCTS}/iphone-15", headers={"If-None-Match": f'"x", W/{tag}'})
    other_language = await caller(
        "GET", f"{PRODUCTS}/iphone-15", headers={"If-None-Match": tag, "Accept-Language": "de"}
    )

    assert (same.status, same.response.body, same.header("ETag")) == (304, b"", tag)
    assert other_language.status == 200
    assert "max-age" in (first.header("Cache-Control") or "")


async def test_search_pages_filters_and_counts() -> None:
    caller = make_caller()

    page = (await caller("GET", "/api/v1/search?q=iphone&facets=true&limit=3&brand=apple")).json
    items = await _all(caller, "/api/v1/search?q=iphone&limit=3&brand=apple")

    assert page["items"][0]["title"] == "iPhone 15"
    assert page["page"]["total"] == len(items) == 10
    assert page["facets"]["brand"] == [{"value": "Apple", "count": 10}]
    assert {"value": "smartphones", "count": 8} in page["facets"]["category"]
    assert {value["value"] for value in page["facets"]["storage"]} >= {"128 GB", "1024 GB"}


async def test_search_by_sku_finds_that_product_alone() -> None:
    page = (await make_caller()("GET", "/api/v1/search?q=BEA-CHI-LIP-004")).json

    assert [item["title"] for item in page["items"]] == ["Red Lipstick"]
    assert page["correctedQuery"] is None


async def test_search_needs_something_to_look_for() -> None:
    caller = make_caller()

    for query in ("", "?q=", "?q=%20%20", f"?q={'x' * 201}"):
        answer = await caller("GET", f"/api/v1/search{query}")
        assert (answer.status, answer.code) == (400, "invalid_request"), query


async def test_a_cursor_of_another_search_is_refused() -> None:
    caller = make_caller()
    cursor = (await caller("GET", "/api/v1/search?q=iphone&limit=1")).json["page"]["next"]

    answer = await caller("GET", f"/api/v1/search?q=laptop&limit=1&cursor={cursor}")

    assert (answer.status, answer.code) == (400, "invalid_request")


async def test_categories_are_a_tree_in_the_language_asked_for() -> None:
    answer = await make_caller()("GET", "/api/v1/catalog/categories", headers={"Accept-Language": "vi"})
    by_id = {category["id"]: category for category in answer.json["items"]}

    assert {c["slug"] for c in by_id.values() if c["parentId"] is None} >= {"electronics", "groceries"}
    assert all(c["parentId"] is None or c["parentId"] in by_id for c in by_id.values())
    assert "Điện tử" in {c["name"] for c in by_id.values()}


async def test_the_administration_sees_drafts_and_archived_ones_when_it_asks() -> None:
    caller = make_caller()

    usual = await _all(caller, f"{MASTERS}?limit=100")
    drafts = await _all(caller, f"{MASTERS}?status=draft")
    archived = await _all(caller, f"{MASTERS}?status=archived,draft&sort=title")

    assert len(usual) == 199
    assert [item["slug"] for item in drafts] == ["museo-tote-bag"]
    assert [item["slug"] for item in archived] == ["iphone-14", "museo-tote-bag"]


@pytest.mark.parametrize(
    "sort", ["updated_desc", "created_desc", "title", "price_asc", "price_desc", "stock_asc"]
)
async def test_every_admin_sort_pages_through_all_masters_once(sort: str) -> None:
    items = await _all(make_caller(), f"{MASTERS}?limit=41&sort={sort}")

    assert len({item["id"] for item in items}) == len(items) == 199


async def test_low_stock_is_counted_over_all_variants() -> None:
    items = await _all(make_caller(), f"{MASTERS}?stockBelow=2&sort=stock_asc&status=active")
    stock = [sum(v["stock"]["available"] for v in item["variants"]) for item in items]  # type: ignore[attr-defined]

    assert stock == sorted(stock)
    assert set(stock) == {0, 1}


@pytest.mark.parametrize("query", ["iph 15 pro", "IPHONE-15-PRO-MAX", "museo-0003"])
async def test_the_administration_finds_by_name_sku_and_reference(query: str) -> None:
    items = await _all(make_caller(), f"{MASTERS}?q={query.replace(' ', '+')}")

    assert "iphone-15-pro-max" in [item["slug"] for item in items]


async def test_a_master_has_a_version_and_its_etag() -> None:
    caller = make_caller()
    [item] = await _all(caller, f"{MASTERS}?status=draft")

    answer = await caller("GET", f"{MASTERS}/{item['id']}")

    assert answer.header("ETag") == '"1"'
    assert answer.json == item
    assert (await caller("GET", f"{MASTERS}/museo-tote-bag")).code == "product_not_found"
    assert (await caller("GET", f"{MASTERS}?status=sold")).code == "invalid_request"
