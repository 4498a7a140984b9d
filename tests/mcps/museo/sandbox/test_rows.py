from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.museo.sandbox import rows
from mcps.museo.sandbox.rows import FileFault, read

HEADER = "sku,title,price,stock\n"
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(sheet: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return packed.getvalue()


def test_a_table_says_what_a_variant_is() -> None:
    text = "SKU;title;title_de;price;price.usd;stock;category;tags;option.size;attribute.weight;status\n"
    text += "A-1;Lamp;Lampe;12,50;13.99;5;furniture;lamp|paper;L;2 kg;active\n"

    [row] = read(rows.CSV, text.encode())

    assert row.number == 2
    assert row.content == {
        "title": {"en": "Lamp", "de": "Lampe"},
        "categories": ["furniture"],
        "tags": ["lamp", "paper"],
        "attributes": [{"key": "weight", "value": "2 kg"}],
        "status": "active",
        "variant": {
            "sku": "A-1",
            "stock": 5,
            "options": {"size": "L"},
            "prices": [{"amount": 1_250, "currency": "EUR"}, {"amount": 1_399, "currency": "USD"}],
        },
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_tables_come_in_any_common_form(encoding: str, separator: str) -> None:
    text = f"sku{separator}title\r\nA{separator}Größe\r\n"

    [row] = read(rows.CSV, text.encode(encoding))

    assert row.content == {"title": {"en": "Größe"}, "variant": {"sku": "A"}}


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.50", 1_250),
        ("12,5", 1_250),
        ("12", 1_200),
        ("1.234,50", 123_450),
        ("1,234.50", 123_450),
        ("1 234 567,89", 123_456_789),
        ("€ 9.99", 999),
        ("1,234", None),
        ("-1", None),
        ("free", None),
        ("1e5", None),
        ("", None),
    ],
)
def test_a_price_is_understood_or_refused_but_never_guessed(text: str, amount: int | None) -> None:
    [row] = read(rows.CSV, f'sku,price\nA,"{text}"\n'.encode())

    if amount is not None:
        assert row.content == {"variant": {"sku": "A", "prices": [{"amount": amount, "currency": "EUR"}]}}
    elif text:
        assert row.fault is not None
        assert (row.fault.row, row.fault.column) == (2, "price")


@given(st.integers(0, 10**9))
def test_what_is_written_as_a_price_is_read_as_it(amount: int) -> None:
    [row] = read(rows.CSV, f"sku,price\nA,{amount // 100}.{amount % 100:02d}\n".encode())

    assert row.content is not None
    assert row.content["variant"]["prices"][0]["amount"] == amount


def test_rows_keep_their_line_numbers_over_quoted_lines_and_empty_ones() -> None:
    text = HEADER + 'A,"two\nlines",1,1\n\n,,,\nB,x,y,1\n'

    found = read(rows.CSV, text.encode())

    assert [(row.number, row.fault is None) for row in found] == [(2, True), (6, False)]


def test_lines_of_json_are_products_or_flat_rows_and_each_fails_alone() -> None:
    data = b'{"sku":"A","price":"1.50"}\n{broken\n\n{"title":{"en":"B"},"variants":[]}\n[]\n'

    found = read(rows.LINES, data)

    assert [(row.number, row.is_whole, row.fault is None) for row in found] == [
        (1, False, True),
        (2, False, False),
        (4, True, True),
        (5, False, False),
    ]


def test_a_workbook_is_read_as_a_table() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (
        ["sku", "title", "", "stock"],
        ["A", "Größe", None, 5],
        [None, None, None, None],
        ["B", "x"],
    ):
        sheet.append(line)
    packed = io.BytesIO()
    book.save(packed)

    found = read(rows.XLSX, packed.getvalue())

    assert [row.number for row in found] == [2, 4]
    assert found[0].content == {"title": {"en": "Größe"}, "variant": {"sku": "A", "stock": 5}}


ENTITY = '<!DOCTYPE x [<!ENTITY a "b">]>'
FORMULA = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>sku</t></is></c></row>'
    '<row r="2"><c r="A2"><f>1+1</f></c></row>'
)


@pytest.mark.parametrize(
    ("kind", "data", "remedy"),
    [
        (rows.CSV, b"", "first row"),
        (rows.CSV, b"title,price\nA,1\n", "called sku"),
        (rows.CSV, b"sku,colour\nA,1\n", "no column colour"),
        (rows.CSV, b"sku,sku\nA,1\n", "twice"),
        (rows.CSV, b"sku\n", "no rows"),
        (rows.CSV, b'sku\n"A\n', "Line"),
        (rows.CSV, b"sku\0", "neither UTF-8"),
        (rows.CSV, b"sku,title\nA," + b"x" * 30_000, "Line"),
        (rows.JSON, b"{}", "list of products"),
        (rows.JSON, b"[" * 100_000, "not valid JSON"),
        (rows.XLSX, b"PK\x03\x04 nonsense", "no readable workbook"),
        (rows.XLSX, workbook("<broken"), "broken or hostile"),
        (rows.XLSX, workbook(f'{ENTITY}<worksheet xmlns="{SPACE}"/>'), "hostile"),
        (rows.XLSX, workbook(f'<worksheet xmlns="{SPACE}">{FORMULA}</worksheet>'), "formula"),
        (rows.XLSX, workbook(" " * (rows.MAX_UNPACKED + 1)), "unpacks to more"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(kind: str, data: bytes, remedy: str) -> None:
    with pytest.raises(FileFault, match=remedy) as refused:
        read(kind, data)

    assert refused.value.fault.code == "import_unreadable"


def test_a_file_with_too_many_rows_is_refused() -> None:
    with pytest.raises(FileFault, match="in parts") as refused:
        read(rows.CSV, b"sku\n" + b"A\n" * (rows.MAX_ROWS + 1))

    assert refused.value.fault.code == "payload_too_large"


@given(st.binary(max_size=300), st.sampled_from([rows.CSV, rows.JSON, rows.LINES, rows.XLSX]))
def test_whatever_comes_is_rows_or_a_fault(data: bytes, kind: str) -> None:
    try:
        found = read(kind, data)
    except FileFault:
        return
    assert all((row.content is None) != (row.fault is None) for row in found)
