"""CSV in its many dialects; what a formula would be in a spreadsheet is plain text here and stays it."""

from __future__ import annotations

import csv
import io
import itertools
import re

from mcps.admin.intake.table import (
    MAX_CELL_CHARS,
    MAX_COLUMNS,
    MAX_ROWS,
    Fault,
    Row,
    Table,
    Unreadable,
    named_columns,
    too_many_rows,
)

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE_ROWS = 20  # of the first rows, to see which separator cuts them alike
_DECLARED = re.compile(r"sep=([,;\t|])\r?\n")  # the line that Excel writes and reads


def read_delimited(text: str) -> Table:
    """
    The table of a CSV text.

    Raises:
        Unreadable: a quote is not closed, there are too many rows, or there is no header.
    """
    skipped = 0
    declared = _DECLARED.match(text)
    if declared:
        separator, text, skipped = declared[1], text[declared.end() :], 1
    else:
        separator = _guess(text)
    csv.field_size_limit(MAX_CELL_CHARS * 5)  # a cell above the contract is told by row, a lost quote here
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[str] = []
    rows: list[Row] = []
    started = 0
    try:
        for cells in reader:
            line, started = started + 1 + skipped, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = named_columns(cells)
                continue
            if len(rows) == MAX_ROWS:
                raise too_many_rows()
            rows.append(_row(line, cells, len(columns)))
    except csv.Error as error:
        raise Unreadable(
            f"Line {started + 1 + skipped} cannot be read ({error}). Check its quotes: inside a quoted cell "
            'a quote is written twice ("").'
        ) from None
    if not columns:
        raise Unreadable("The file is empty. Its first line names the columns, such as sku;title;price.")
    return Table(columns, rows, {"format": "csv", "separator": SEPARATORS[separator]})


def _row(line: int, cells: list[str], width: int) -> Row:
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        detail = f"has {len(cells)} cells, the header {width}; put cells that hold the separator in quotes"
        return Row(line, cells[:width], Fault(line, "", detail))
    return Row(line, cells[:width] + [""] * (width - len(cells)))


def _guess(text: str) -> str:
    """The separator that cuts the first rows into the most cells, and alike."""

    def fitness(separator: str) -> tuple[int, int]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        widths: list[int] = []
        try:
            for cells in itertools.islice(reader, _SAMPLE_ROWS):
                if cells:
                    widths.append(min(len(cells), MAX_COLUMNS))
        except csv.Error:
            pass  # said with its line when the file is read
        if not widths or widths[0] < 2:
            return (0, 0)
        return (sum(width == widths[0] for width in widths), widths[0])

    return max(SEPARATORS, key=fitness)  # the comma comes first: it wins where nothing separates
