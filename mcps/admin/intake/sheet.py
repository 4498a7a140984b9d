"""The first visible sheet of a workbook that `guard` let pass; formulas are neither computed nor believed."""

from __future__ import annotations

import datetime
import warnings
import zipfile
from typing import IO, Any
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml import DefusedXmlException
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from mcps.admin.intake.guard import MAX_SHEET_ROW
from mcps.admin.intake.table import (
    MAX_COLUMNS,
    MAX_ROWS,
    Row,
    Table,
    Unreadable,
    Unusable,
    named_columns,
    shown,
    too_many_rows,
)


def read_sheet(file: IO[bytes]) -> Table:
    """
    The table of a workbook.

    Raises:
        Unreadable: it has no sheet with a header, too many rows, or is damaged.
    """
    # Without it openpyxl would read XML by a parser that resolves entities.
    assert openpyxl.DEFUSEDXML, "defusedxml is a dependency"  # noqa: S101
    warnings.simplefilter("ignore")  # about styles and other things that are not read
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
        sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), None)
        if sheet is None:
            raise Unreadable("The workbook has no visible sheet.")
        return _table(sheet)
    except (
        DefusedXmlException,
        InvalidFileException,
        ParseError,
        zipfile.BadZipFile,
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
        TypeError,
        ValueError,
    ):
        raise Unreadable("The workbook is damaged. Open it in a spreadsheet and save it anew.") from None


def _table(sheet: Any) -> Table:
    columns: list[str] = []
    rows: list[Row] = []
    # Given bounds, not the sheet's own: those are claims.
    cells_of_rows = sheet.iter_rows(min_row=1, max_row=MAX_SHEET_ROW, min_col=1, max_col=MAX_COLUMNS + 1)
    for line, cells in enumerate(cells_of_rows, start=1):
        values = [_value(cell, line, place) for place, cell in enumerate(cells, start=1)]
        if all(value is None or value == "" for value in values):
            continue
        if not columns:
            columns = _header(values)
            continue
        if len(rows) == MAX_ROWS:
            raise too_many_rows()
        rows.append(Row(line, values[: len(columns)]))
    if not columns:
        raise Unreadable(f"The sheet {shown(sheet.title)!r} is empty.")
    return Table(columns, rows, {"format": "xlsx", "sheet": shown(sheet.title)})


def _header(values: list[Any]) -> list[str]:
    for value in values:
        if isinstance(value, Unusable):
            raise Unreadable(f"In the header, {value.detail}.")
    return named_columns(values)


def _value(cell: Any, line: int, column: int) -> Any:
    if cell.data_type == "f":
        return Unusable(f"{get_column_letter(column)}{line} holds a formula; write its value there")
    if cell.data_type == "e":
        return Unusable(
            f"{get_column_letter(column)}{line} holds the error {shown(cell.value)}; write a value"
        )
    value = cell.value
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value)
    return value
