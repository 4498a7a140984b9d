"""Which column is which field."""

from __future__ import annotations

import pytest

from mcps.admin.intake.columns import chosen, guess, is_field
from mcps.admin.intake.table import Unreadable
from mcps.admin.intake.vocabulary import VOCABULARY


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("SKU|Title|Price|Stock", "sku|title|price|stock"),
        ("Artikelnummer|Bezeichnung|Preis (€)|Lagerbestand|Marke", "sku|title|price.EUR|stock|brand"),
        ("Referencia|Título|Precio|Existencias", "sku|title|price|stock"),
        ("Référence|Désignation|Prix (EUR)|Quantité", "sku||price.EUR|stock"),
        ("Código|Nome do produto|Preço|Estoque", "sku|title|price|stock"),
        ("Codice|Nome prodotto|Prezzo|Giacenza", "sku|title|price|stock"),
        ("Stok kodu|Ürün adı|Fiyat|Adet", "sku|title|price|stock"),
        ("Mã sản phẩm|Tên sản phẩm|Giá|Số lượng", "sku|title|price|stock"),
        ("Handle|Variant SKU|Title|Variant Price|Image Src", "slug|sku|title|price|imageUrls"),
        ("title_en|Title (DE)|description-fr", "title.en|title.de|description.fr"),
        ("Price in USD|Price EUR|compareAtPrice", "price.USD|price.EUR|compareAtPrice"),
        (
            "Farbe|colour|attributes.weight|Attribute: Zoom level",
            "attributes.color||attributes.weight|attributes.zoom_level",
        ),
        ("option size|options.Color|image|photo", "options.size|options.Color|imageUrls|imageUrls"),
        ("Margin|Notes|1", "||"),
    ],
)
def test_a_header_is_understood_in_its_language(header: str, fields: str) -> None:
    columns = header.split("|")
    found = guess(columns)
    assert [found.get(column, "") for column in columns] == fields.split("|")


def test_every_word_of_the_vocabulary_is_found_as_it_is_written() -> None:
    for field, names in VOCABULARY.fields.items():
        for name in names:
            assert guess([name])[name] == field


def test_no_word_stands_for_two_fields() -> None:
    words = [
        name for names in (*VOCABULARY.fields.values(), *VOCABULARY.attributes.values()) for name in names
    ]
    assert {word for word in words if words.count(word) > 1} == set()


def test_what_the_caller_states_wins_over_the_guess() -> None:
    columns = ["Code", "Label", "Title", "Price"]
    mapping = chosen(columns, {"Label": "title", "Title": "ignore"})
    assert mapping == {"Code": "sku", "Label": "title", "Price": "price"}


def test_a_guess_gives_way_to_a_field_that_was_stated() -> None:
    assert chosen(["Name", "Label"], {"Label": "title"}) == {"Label": "title"}


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ({"Nowhere": "sku"}, "does not have"),
        ({"A": "colour"}, "not known"),
        ({"A": "price.XXQ"}, "not known"),
        ({"A": "attributes.A B"}, "not known"),
        ({"A": "sku", "B": "sku"}, "two columns"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(mapping: dict[str, str], why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        chosen(["A", "B"], mapping)


@pytest.mark.parametrize(
    ("field", "is_known"),
    [
        *(
            (name, True)
            for name in ("sku", "title.de", "title.pt-BR", "price.USD", "attributes.a_1", "options.Size")
        ),
        *((name, False) for name in ("", "x", "sku.de", "price.usd", "title.", "options.a.b", "brand.en")),
    ],
)
def test_a_field_is_a_word_or_a_word_with_a_part(field: str, is_known: bool) -> None:
    assert is_field(field) is is_known
