"""JSON and JSON Lines."""

from __future__ import annotations

import pytest

from mcps.admin.intake.records import read_json, read_jsonl
from mcps.admin.intake.table import Unreadable


def test_each_item_of_an_array_knows_its_line() -> None:
    table = read_json('[\n {"sku": "A"},\n\n {"sku": "B",\n  "title": "b"}, {"sku": "C"}\n]')
    assert [(row.line, row.values) for row in table.rows] == [
        (2, ["A", None]),
        (4, ["B", "b"]),
        (5, ["C", None]),
    ]


def test_the_list_in_an_outer_object_is_found_with_its_lines() -> None:
    table = read_json('{"at": 1,\n"products": [\n{"sku": "A"}]}')
    assert [(row.line, row.values) for row in table.rows] == [(3, ["A"])]


def test_one_object_is_one_product() -> None:
    assert read_json('\n{"sku": "A"}').rows[0].values == ["A"]


def test_a_line_that_is_no_object_is_told_and_the_others_are_read() -> None:
    table = read_jsonl('{"sku": "A"}\n\nnonsense\n[1]\n{"sku": "B"}\r\n')
    assert [(row.line, row.fault is None) for row in table.rows] == [
        (1, True),
        (3, False),
        (4, False),
        (5, True),
    ]


def test_a_product_that_nests_too_deeply_is_told() -> None:
    deep = '{"a":' + "[" * 100 + "]" * 100 + "}"
    assert "deeply" in str(read_json(f'[{{"sku": "A"}}, {deep}]').rows[1].fault)


@pytest.mark.parametrize(
    "text", ["[", "[1, 2]", "5", '"x"', "[]", '{"a": NaN}', "[" * 100_000, "[" + "{}," * 10_001 + "{}]"]
)
def test_what_is_no_list_of_products_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_json(text)
    with pytest.raises(Unreadable):
        read_jsonl("\n".join([text] * 1))
