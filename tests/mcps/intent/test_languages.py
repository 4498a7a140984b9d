"""What is understood of messages in the languages that have no grammar of their own."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from mcps.intent.analysis import Turn, analyze
from mcps.intent.intents import SHOPPER_CLIENTS
from mcps.intent.model import WEIGHTS, model


@pytest.mark.parametrize(
    ("locale", "said", "intent", "entities"),
    [
        ("de", "Leg zwei schwarze iPhone 15 in den Warenkorb", "basket.add",
         {"quantity": 2, "color": "Black", "product": "iphone 15"}),
        ("de", "Was ist in meinem Warenkorb?", "basket.view", {}),
        ("de", "Wo ist meine Bestellung?", "order.status", {}),
        ("de", "Ich möchte bezahlen", "checkout.pay", {}),
        ("es", "quiero añadir dos iphone 15 negros a mi cesta", "basket.add",
         {"quantity": 2, "color": "Black", "product": "iphone 15"}),
        ("fr", "ajoute le deuxième au panier", "basket.add", {"ordinal": 2}),
        ("it", "vorrei una maglietta rossa sotto i 30 euro", "product.search",
         {"query": "maglietta rossa", "priceMax": 3000, "currency": "EUR"}),
        ("pt", "coloca o segundo no carrinho", "basket.add", {"ordinal": 2}),
        ("tr", "sepetime iki tane iphone 15 ekle", "basket.add", {"quantity": 2, "product": "iphone 15"}),
        ("vi", "cho tôi xem giỏ hàng", "basket.view", {}),
    ],
)  # fmt: skip
def test_a_shoppers_sentence_names(locale: str, said: str, intent: str, entities: dict[str, Any]) -> None:
    found = analyze(said, locale=locale, client_type="web-storefront")
    assert (found.intent.value, found.language) == (intent, locale)
    assert {name: found.entities.get(name) for name in entities} == entities


def test_the_message_tells_its_language_where_the_locale_is_wrong() -> None:
    assert analyze("Wo ist meine Bestellung?", locale="en", client_type="whatsapp").language == "de"


def test_words_that_all_languages_share_are_of_the_callers_language() -> None:
    assert [analyze("iPhone 15", locale=locale).language for locale in ("en", "de", "tr")] == [
        "en",
        "de",
        "tr",
    ]


def test_a_short_answer_is_understood_from_the_turn_before_in_any_language() -> None:
    before = [Turn("user", "Leg das iPhone 15 in den Warenkorb", "basket.add")]
    found = analyze("128 GB", locale="de", client_type="web-storefront", context=before)
    assert (found.intent.value, found.entities["storage"]) == ("basket.add", "128 GB")


@pytest.mark.parametrize("client_type", sorted(SHOPPER_CLIENTS))
@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("de", "Lösche das Produkt iPhone 15"),
        ("es", "elimina el producto iPhone 15 de la tienda"),
        ("fr", "supprime le produit iPhone 15 du catalogue"),
        ("it", "elimina il prodotto iPhone 15"),
        ("pt", "apaga o produto iPhone 15 da loja"),
        ("tr", "iPhone 15 ürününü sil"),
        ("vi", "xóa sản phẩm iPhone 15 khỏi cửa hàng"),
    ],
)
def test_a_shopper_client_never_means_administration(locale: str, said: str, client_type: str) -> None:
    found = analyze(said, locale=locale, client_type=client_type)
    assert not found.intent.is_admin
    assert not any(intent.is_admin for intent, _ in found.alternatives)


def test_the_weights_were_trained_on_the_phrases_that_are_here() -> None:
    found = hashlib.sha256()
    for path in sorted(WEIGHTS.with_name("phrases").glob("*.toml")):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    assert model().phrases == found.hexdigest(), "run scripts/train-intent"
