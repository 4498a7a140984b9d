"""Workbooks: what is read of good ones, and what no hostile one can do."""

from __future__ import annotations

import datetime
import io
from typing import Any

import openpyxl
import pytest

from mcps.admin.intake.guard import check_workbook, is_workbook
from mcps.admin.intake.sheet import read_sheet
from mcps.admin.intake.table import Unreadable
from tests.fakes.intake import read
from tests.fakes.workbooks import (
    HEADER,
    HOSTILE,
    SHEET,
    cell,
    changed,
    header_row,
    link_to,
    saved,
    sheet,
    workbook,
)


def values(data: bytes) -> list[Any]:
    file = io.BytesIO(data)
    check_workbook(file)
    return [(row.line, list(row.values)) for row in read_sheet(file).rows]


def test_a_workbook_becomes_products() -> None:
    report, products = read(workbook([(1234.0, "Lamp", 19.99, 5.0), (), ("B", "Table", "1.299,00 €", None)]))
    assert report.details == {"format": "xlsx", "sheet": "Sheet"}
    assert report.lines == [2, 4]
    assert [product["variants"][0] for product in products] == [
        {"sku": "1234", "prices": [{"amount": 1999, "currency": "EUR"}], "stock": 5},
        {"sku": "B", "prices": [{"amount": 129900, "currency": "EUR"}]},
    ]


def test_a_formula_refuses_its_row_and_names_its_cell() -> None:
    report, products = read(
        workbook([("A", "Lamp", "=1+1", 1), ("B", '=HYPERLINK("http://x","y")', 5, 1), ("C", "c", 1, 1)])
    )
    assert [(fault.line, fault.column, fault.detail) for fault in report.faults] == [
        (2, "price", "C2 holds a formula; write its value there"),
        (3, "title", "B3 holds a formula; write its value there"),
    ]
    assert len(products) == 1


def test_a_formula_in_a_column_that_is_not_read_does_no_harm() -> None:
    report, products = read(workbook([("A", "Lamp", 5, 1, "=C2*2")], header=(*HEADER, "margin")))
    assert (report.failed, len(products)) == (0, 1)


def test_a_formula_in_the_header_is_refused() -> None:
    with pytest.raises(Unreadable, match="A1 holds a formula"):
        read(workbook([("A", "Lamp", 5, 1)], header=('="sku"', *HEADER[1:])))


def test_text_that_looks_like_a_formula_is_text() -> None:
    row = f'<row r="2">{cell("A2", "A")}{cell("B2", "=1+1")}{cell("C2", "5")}</row>'
    _, products = read(changed({SHEET: sheet(header_row() + row)}))
    assert products[0]["title"] == {"en": "=1+1"}


def test_dates_and_truths_are_read_and_hidden_sheets_are_not() -> None:
    book = openpyxl.Workbook()
    book.active.sheet_state = "hidden"
    shown = book.create_sheet("Shown")
    shown.append(["a", "b"])
    shown.append([datetime.date(2026, 11, 22), True])
    assert values(saved(book)) == [(2, ["2026-11-22T00:00:00", True])]


def test_a_link_in_a_cell_is_text_and_does_no_harm() -> None:
    assert values(link_to("hyperlink", "https://shop.example/a"))


def test_what_begins_like_a_zip_is_taken_for_a_workbook() -> None:
    assert is_workbook(b"PK\x03\x04....")
    assert not is_workbook(b"sku;titl")


@pytest.mark.parametrize(
    "name",
    [name for name in HOSTILE if name != "deep"],  # that one needs the process with limits
)
def test_a_hostile_workbook_is_refused_with_its_reason(name: str) -> None:
    data, why = HOSTILE[name]
    with pytest.raises(Unreadable, match=why):
        read(data)
