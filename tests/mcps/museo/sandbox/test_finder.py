"""What shoppers type, and what they must find first."""

import pytest

from mcps.museo.sandbox.finder import Found
from mcps.museo.sandbox.shop import Shop
from tests.mcps.museo.calling import make_shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop()


def _titles(shop: Shop, found: Found) -> list[str]:
    items = [shop.shelf.get(id) for _, id in found.hits]
    return [item.title("en") for item in items if item is not None]


@pytest.mark.parametrize(
    ("locale", "query", "first"),
    [
        ("en", "iPhone 15", "iPhone 15"),
        ("en", "Do you have iPhone 15?", "iPhone 15"),
        ("en", "iphone15", "iPhone 15"),
        ("en", "i phone 15", "iPhone 15"),
        ("en", "iphone 15 pro max", "iPhone 15 Pro Max"),
        ("en", "red lipstick", "Red Lipstick"),
        ("en", "iPhone charger", "Apple iPhone Charger"),
        ("en", "sunglasses", "Sunglasses"),
        ("en", "mac book", "Apple MacBook Pro 14 Inch Space Grey"),
        ("en", "t-shirt", "Gigabyte Aorus Men Tshirt"),
        ("en", "samsung galaxy s8", "Samsung Galaxy S8"),
        ("en", "headphones", "Apple AirPods Max Silver"),
        ("fr", "rouge à lèvres", "Red Lipstick"),
        ("fr", "rouge a levres", "Red Lipstick"),
        ("de", "Lippenstift", "Red Lipstick"),
        ("es", "pintalabios", "Red Lipstick"),
        ("it", "rossetto", "Red Lipstick"),
        ("pt", "batom", "Red Lipstick"),
        ("tr", "ruj", "Red Lipstick"),
        ("vi", "son môi", "Red Lipstick"),
    ],
)
def test_the_thing_that_was_meant_comes_first(shop: Shop, locale: str, query: str, first: str) -> None:
    assert _titles(shop, shop.shelf.finder.find(query, locale))[:1] == [first]


def test_the_exact_title_comes_before_its_siblings_and_accessories_after_all(shop: Shop) -> None:
    titles = _titles(shop, shop.shelf.finder.find("iphone", "en"))

    phones = [n for n, title in enumerate(titles) if title.startswith("iPhone") and "Case" not in title]
    others = [n for n, title in enumerate(titles) if n not in phones]
    assert titles[0] == "iPhone 15"
    assert "Apple iPhone Charger" in titles
    assert max(phones) < min(others)


@pytest.mark.parametrize(
    ("locale", "query"),
    [
        ("en", "phone"),
        ("de", "Handy"),
        ("es", "teléfono"),
        ("fr", "téléphones"),
        ("it", "cellulare"),
        ("pt", "telemóvel"),
        ("tr", "telefon"),
        ("vi", "điện thoại"),
    ],
)
def test_a_word_for_phones_finds_phones_before_what_goes_with_them(
    shop: Shop, locale: str, query: str
) -> None:
    found = shop.shelf.finder.find(query, locale)
    phones = {item.master.id for item in shop.shelf.active() if item.master.categories == ["smartphones"]}

    assert {id for _, id in found.hits[: len(phones)]} == phones


@pytest.mark.parametrize(
    ("query", "corrected", "first"),
    [
        ("iphnoe 15", "iphone 15", "iPhone 15"),
        ("samsng galaxy s8", "samsung galaxy s8", "Samsung Galaxy S8"),
        ("lptop", "laptop", "New DELL XPS 13 9300 Laptop"),
        ("iphone 99", "iphone", "iPhone 15"),
        ("dress under 100", "dress", "Dress Pea"),
        ("iphone 15 case", "iphone case", "iPhone 12 Silicone Case with MagSafe Plum"),
    ],
)
def test_a_repaired_query_is_told(shop: Shop, query: str, corrected: str, first: str) -> None:
    found = shop.shelf.finder.find(query, "en")

    assert found.corrected == corrected
    assert first in _titles(shop, found)[:2]


@pytest.mark.parametrize(
    ("locale", "said", "known"),
    [("en", "notebook", "laptop"), ("de", "Mobiltelefon", "Handy"), ("fr", "fragrance", "parfum")],
)
def test_another_word_for_it_finds_it_too(shop: Shop, locale: str, said: str, known: str) -> None:
    found = {id for _, id in shop.shelf.finder.find(said, locale).hits}
    usual = {id for _, id in shop.shelf.finder.find(known, locale).hits}

    assert usual
    assert usual <= found


@pytest.mark.parametrize(
    "query", ["quantum flux capacitor", "toys", "???", "zzzz", "samsung lipstick", "ß" * 200]
)
def test_nothing_is_invented_for_what_the_shop_does_not_have(shop: Shop, query: str) -> None:
    found = shop.shelf.finder.find(query, "en")

    assert found.hits == []
    assert found.corrected is None
    assert 1 <= len(found.suggestions) <= 5


def test_words_that_are_known_but_not_together_are_suggested_one_by_one(shop: Shop) -> None:
    assert shop.shelf.finder.find("samsung lipstick", "en").suggestions[:2] == ["samsung", "lipstick"]


@pytest.mark.parametrize(
    "query", ['"', "*", "AND OR NOT", "title:iphone", "(iphone", 'a"b', "NEAR(a b)", "-iphone", "\x00", "^x"]
)
def test_operators_of_the_index_are_plain_text(shop: Shop, query: str) -> None:
    shop.shelf.finder.find(query, "en")  # must not raise


def test_drafts_and_archived_products_are_not_found(shop: Shop) -> None:
    assert "iPhone 14" not in _titles(shop, shop.shelf.finder.find("iphone 14", "en"))
    assert "Museo Tote Bag" not in _titles(shop, shop.shelf.finder.find("museo tote bag", "en"))
