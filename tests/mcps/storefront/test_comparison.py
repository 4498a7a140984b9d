"""Products side by side and products that go with one, against the sandbox shop as a real process."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.storefront import ALICE, codes, open_storefront, open_storefront_without_shop

pytestmark = pytest.mark.real


def row(structured: dict[str, Any], key: str) -> list[Any]:
    place = structured["attributeKeys"].index(key)
    return structured["rows"][place]["values"]  # type: ignore[no-any-return]


async def test_products_are_compared_attribute_by_attribute() -> None:
    async with open_storefront() as front:
        compared = await front.call("compare_products", products=["iphone-15", "iPhone 15 Pro"])
        said = compared.structured_content
        assert [card["title"] for card in said["products"]] == ["iPhone 15", "iPhone 15 Pro"]
        assert row(said, "brand") == ["Apple", "Apple"]
        assert row(said, "color")[0] == "Black, Blue, Pink"
        assert "iPhone 15 Pro" in compared.text
        assert "Connector: USB-C" in compared.text
        assert "messages" not in said


async def test_asked_attributes_are_shown_in_their_order_and_unknown_ones_as_unknown() -> None:
    async with open_storefront() as front:
        compared = await front.call(
            "compare_products",
            products=["iphone-15", "table-lamp"],
            attributes=["Garantie", "connector", "weight"],
            locale="de",
        )
        said = compared.structured_content
        assert said["attributeKeys"] == ["warranty", "connector", "weight"]
        assert [one["attribute"] for one in said["rows"]] == ["Garantie", "Anschluss", "weight"]
        assert row(said, "connector") == ["USB-C", None]
        assert row(said, "weight") == [None, None]
        assert "not known" in compared.text


async def test_one_unknown_product_is_named_and_the_others_compared() -> None:
    async with open_storefront() as front:
        compared = await front.call(
            "compare_products", products=["iphone-15", "flux capacitor", "iphone-15-plus"]
        )
        said = compared.structured_content
        assert [card["slug"] for card in said["products"]] == ["iphone-15", "iphone-15-plus"]
        assert said["unresolved"] == [{"said": "flux capacitor"}]
        assert codes(compared) == ["product_not_found"]
        assert 'I could not find "flux capacitor"; comparing the others.' in compared.text


async def test_an_unclear_product_is_answered_with_a_choice() -> None:
    async with open_storefront() as front:
        compared = await front.call(
            "compare_products", products=["iphone-15", "lipstick lamp kitchen", "iphone"]
        )
        unclear = compared.structured_content["unresolved"][-1]
        assert unclear["said"] == "iphone"
        assert len(unclear["candidates"]) > 1
        assert "choice_needed" in codes(compared)


async def test_nothing_known_is_refused() -> None:
    async with open_storefront() as front:
        refused = await front.call("compare_products", products=["flux capacitor", "zzqx"])
        assert refused.is_error
        assert refused.structured_content["apiCode"] == "product_not_found"


async def test_a_shop_that_is_away_is_said_so_once() -> None:
    async with open_storefront_without_shop() as front:
        away = await front.call("compare_products", products=["iphone-15", "iphone-15-pro"])
        assert away.structured_content["kind"] == "api_error"


@pytest.mark.parametrize(
    ("tool", "arguments", "field"),
    [
        ("compare_products", {}, "products"),
        ("compare_products", {"products": ["one"]}, "products"),
        ("compare_products", {"products": list("abcde")}, "products"),
        ("compare_products", {"products": ["a", 1]}, "products"),
        ("compare_products", {"products": ["a", "b"], "locale": "?"}, "locale"),
        ("recommend_products", {"kind": "cheap"}, "kind"),
        ("recommend_products", {"limit": 11}, "limit"),
        ("recommend_products", {"product": ["x"]}, "product"),
    ],
)
async def test_arguments_outside_the_schema_are_refused_by_name(
    tool: str, arguments: dict[str, Any], field: str
) -> None:
    async with open_storefront_without_shop() as front:
        refused = await front.call(tool, ALICE, **arguments)
        assert refused.structured_content["kind"] == "invalid_params"
        assert field in refused.text


async def test_without_a_product_what_is_popular_is_recommended() -> None:
    async with open_storefront() as front:
        popular = await front.call("recommend_products", limit=3)
        assert len(popular.structured_content["items"]) == 3
        assert all(item["inStock"] for item in popular.structured_content["items"])
        assert popular.structured_content["basis"] == "popularity"
        assert popular.text.startswith("Popular right now:")


async def test_an_unclear_or_unknown_anchor_is_said_so() -> None:
    async with open_storefront() as front:
        unclear = await front.call("recommend_products", product="iphone")
        assert unclear.structured_content["items"] == []
        assert len(unclear.structured_content["candidates"]) > 1
        unknown = await front.call("recommend_products", product="flux capacitor")
        assert unknown.structured_content["apiCode"] == "product_not_found"


async def test_what_goes_with_a_product_is_recommended() -> None:
    async with open_storefront() as front:
        for kind, lead in (("similar", "Similar to iPhone 15"), ("accessories", "What goes with iPhone 15")):
            found = await front.call("recommend_products", product="iphone-15", kind=kind, limit=3)
            items = found.structured_content["items"]
            assert 0 < len(items) <= 3
            assert "iphone-15" not in [item["slug"] for item in items]
            assert found.structured_content["basis"] == kind
            assert found.text.startswith(lead)
