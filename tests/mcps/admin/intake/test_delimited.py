"""CSV in its dialects."""

from __future__ import annotations

import pytest

from mcps.admin.intake.delimited import read_delimited
from mcps.admin.intake.table import MAX_ROWS, Unreadable


@pytest.mark.parametrize(
    ("separator", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separator_and_newlines_are_found_out(separator: str, name: str, newline: str) -> None:
    rows = [["sku", "title", "price"], ["A", "One", "1"], ["B", "Two", "2"]]
    table = read_delimited(newline.join(separator.join(row) for row in rows) + newline)
    assert table.columns == rows[0]
    assert [(row.line, row.values) for row in table.rows] == [(2, rows[1]), (3, rows[2])]
    assert table.details["separator"] == name


def test_decimal_commas_do_not_make_the_comma_a_separator() -> None:
    table = read_delimited("sku;price\nA;1,50\nB;2,50\n")
    assert (table.columns, table.rows[0].values) == (["sku", "price"], ["A", "1,50"])


def test_the_line_that_a_spreadsheet_writes_names_the_separator() -> None:
    table = read_delimited("sep=|\r\nsku|a,b,c,d\r\nA|1\r\n")
    assert table.columns == ["sku", "a,b,c,d"]
    assert table.rows[0].line == 3


def test_quotes_hold_separators_newlines_and_quotes_and_lines_are_counted_on() -> None:
    table = read_delimited('sku,title\nA,"one, ""two""\nthree"\n\nB,four\n')
    assert [(row.line, row.values) for row in table.rows] == [
        (2, ["A", 'one, "two"\nthree']),
        (5, ["B", "four"]),
    ]


@pytest.mark.parametrize("cell", ["=1+1", "+49", "-5", "@SUM(A1)", "=HYPERLINK(0)", "\t=1"])
def test_what_a_spreadsheet_would_run_stays_text(cell: str) -> None:
    assert read_delimited(f"sku,title\nA,{cell}\n").rows[0].values == ["A", cell]


def test_a_row_with_too_many_cells_is_told_and_the_others_are_read() -> None:
    table = read_delimited("sku;title\nA;b;c\nD;e\nF\n")
    assert table.rows[0].fault is not None
    assert "3 cells" in table.rows[0].fault.detail
    assert [row.values for row in table.rows[1:]] == [["D", "e"], ["F", ""]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ('sku,title\nA,"never closed\n', "Line 2 cannot be read"),
        ('sku,title\nA,"b"c\n', "Line 2 cannot be read"),
        ("sku,title\nA," + "x" * 200_000 + "\n", "Line 2 cannot be read"),
        (",".join(f"c{n}" for n in range(101)) + "\n1\n", "101 columns"),
        ("sku\n" + "A\n" * (MAX_ROWS + 1), "10,000 rows"),
    ],
)
def test_an_unreadable_file_is_refused_with_its_place(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_delimited(text)


def test_columns_of_one_name_are_told_apart() -> None:
    assert read_delimited("a,a,,b,\n1,2,3,4\n").columns == ["a", "a (2)", "column 3", "b"]
