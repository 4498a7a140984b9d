"""Whole files to products, and rows to the reason why they are none."""

from __future__ import annotations

import msgspec
import pytest

from mcps.admin.intake.table import Unreadable
from tests.fakes.intake import read


def test_a_german_spreadsheets_export_becomes_products() -> None:
    report, products = read(
        "Artikelnummer;Titel;Preis;Bestand;Marke;Farbe;Kategorie;Notiz\r\n"
        'A-1;"Schöne ""Lampe""";1.299,00 €;5;Lux;weiß;licht|haus;x\r\n'
        "A-2;Tisch;49,9;0;;;;\r\n".encode("cp1252"),
        locale="de",
    )
    assert report.mapping["Preis"] == "price"
    assert "Notiz" not in report.mapping
    assert report.details == {"format": "csv", "separator": "semicolon", "encoding": "cp1252"}
    assert report.lines == [2, 3]
    assert products[0] == {
        "title": {"de": 'Schöne "Lampe"'},
        "brand": "Lux",
        "categories": ["licht", "haus"],
        "attributes": [{"key": "color", "value": "weiß"}],
        "variants": [{"sku": "A-1", "prices": [{"amount": 129900, "currency": "EUR"}], "stock": 5}],
    }
    assert products[1]["variants"][0]["stock"] == 0, "a stated zero is sent"


def test_several_languages_currencies_pictures_and_options_have_columns_of_their_own() -> None:
    _, products = read(
        "sku,title.en,title.de,price.EUR,price.USD,options.Size,image\n"
        'A,Lamp,Lampe,10.00,12.00,L,"https://a.example/1.jpg https://a.example/2.jpg"\n'
    )
    assert products == [
        {
            "title": {"en": "Lamp", "de": "Lampe"},
            "images": [
                {"url": "https://a.example/1.jpg", "position": 0},
                {"url": "https://a.example/2.jpg", "position": 1},
            ],
            "variants": [
                {
                    "sku": "A",
                    "prices": [{"amount": 1000, "currency": "EUR"}, {"amount": 1200, "currency": "USD"}],
                    "options": {"Size": "L"},
                }
            ],
            "optionAxes": ["Size"],
        }
    ]


def test_json_may_be_flat_or_in_the_apis_own_form() -> None:
    _, products = read(
        '[{"sku": "A", "title": "One", "price": 19.99, "attributes": {"color": "red"}},'
        '{"title": {"en": "Two"}, "variants": [{"sku": "B", "prices": [{"amount": 5, "currency": "USD"}]}]},'
        '{"sku": "C", "title": "Three", "price": {"amount": 1999, "currency": "EUR"}}]'
    )
    prices = [product["variants"][0]["prices"][0]["amount"] for product in products]
    assert prices == [1999, 5, 1999]


def test_json_lines_are_recognised_without_being_declared() -> None:
    report, products = read(
        '{"sku": "A", "title": "a", "price": 1}\n{"sku": "B", "title": "b", "price": 2}\n'
    )
    assert (report.details["format"], len(products)) == ("jsonl", 2)


GOOD = {"sku": "A", "title": "Lamp", "price": "10.00"}


@pytest.mark.parametrize(
    ("change", "column", "why"),
    [
        ({"sku": ""}, "sku", "is empty"),
        ({"sku": "a b"}, "sku", "no SKU"),
        ({"sku": "x" * 65}, "sku", "no SKU"),
        ({"title": ""}, "title", "is empty"),
        ({"title": "x" * 301}, "title", "301 characters"),
        ({"title": "a\x1b[31m"}, "title", "control characters"),
        ({"title": "a\u202eb"}, "title", "control characters"),
        ({"price": ""}, "price", "is empty"),
        ({"price": "cheap"}, "price", "'cheap' is no price"),
        ({"price": "1.299"}, "price", "more than 2 decimals"),
        ({"currency": "XXQ"}, "currency", "no currency"),
        ({"stock": "-1"}, "stock", "negative"),
        ({"stock": "1.5"}, "stock", "whole number"),
        ({"status": "archived"}, "status", "draft or active"),
        ({"image": "javascript:alert(1)"}, "image", "address of a picture"),
        ({"image": "file:///etc/passwd"}, "image", "address of a picture"),
        ({"image": "https://u:p@x.example/"}, "image", "address of a picture"),
        ({"slug": "Not A Slug"}, "slug", "does not fit"),
        ({"brand": "x" * 121}, "brand", "does not fit"),
        ({"description": "x" * 20_001}, "description", "20001 characters"),
    ],
)
def test_a_bad_row_is_told_by_line_and_column_and_the_others_are_read(
    change: dict[str, str], column: str, why: str
) -> None:
    rows = [GOOD | {"sku": "first"}, GOOD | change, GOOD | {"sku": "last"}]
    report, products = read("\n".join(msgspec.json.encode(row).decode() for row in rows), format="jsonl")
    assert len(products) == 2
    assert [(fault.line, fault.column) for fault in report.faults] == [(2, column)]
    assert why in report.faults[0].detail
    assert report.lines == [1, 3]


def test_a_sku_counts_once_in_a_file() -> None:
    report, products = read("sku,title,price\nA,a,1\nB,b,2\nA,c,3\n")
    assert len(products) == 2
    assert report.faults[0] == (4, "sku", "A is in line 2 already; keep one of them")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name,cost\nLamp,5\n", "No column is known to be sku or price. The columns are: name, cost"),
        ("sku,title,price\n", "no rows"),
        ("<html><body>hello</body></html>", "No column|no rows"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "xls"),
        (b"x" * (10 * 1024 * 1024 + 1), "10 MiB"),
    ],
)
def test_a_file_that_is_no_list_of_products_is_refused_as_a_whole(text: str | bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(text)
