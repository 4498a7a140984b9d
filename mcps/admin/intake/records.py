"""JSON and JSON Lines: an object per product, its members are the columns."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from mcps.admin.intake.table import MAX_COLUMNS, MAX_ROWS, Fault, Row, Table, Unreadable, too_many_rows
from museod.wire import codec

MAX_DEPTH = 12  # a product nests four levels
_LISTS = ("products", "items", "rows", "data")  # what exports call the list inside their outer object


def read_json(text: str) -> Table:
    """
    The products of a JSON array, or of the list in an object such as {"products": [...]}.

    Raises:
        Unreadable: it is no JSON, or no list of objects.
    """
    data = text.encode()
    items, place = _items(data)
    if len(items) > MAX_ROWS:
        raise too_many_rows()
    found: list[tuple[int, Any]] = []
    line = 1 + data.count(b"\n", 0, place)
    for item in items:  # they are slices of `data` in their order, so each is found behind the last
        raw = bytes(item)
        start = data.index(raw, place)
        line += data.count(b"\n", place, start)
        line_after = line + raw.count(b"\n")
        found.append((line, _member(raw)))
        place, line = start + len(raw), line_after
    return _table(found, "json")


def read_jsonl(text: str) -> Table:
    """
    One object per line; empty lines are skipped, and a line that is no object is told by its number.

    Raises:
        Unreadable: there are too many lines, or no object at all.
    """
    found: list[tuple[int, Any]] = []
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        if len(found) == MAX_ROWS:
            raise too_many_rows()
        found.append((line, _member(content.strip().encode())))
    return _table(found, "jsonl")


def _items(data: bytes) -> tuple[list[Raw], int]:
    """The list's items, and where the list begins."""
    try:
        if data.lstrip()[:1] == b"{":
            outer = msgspec.json.decode(data, type=dict[str, Raw])
            name = next((name for name in _LISTS if name in outer), None)
            if name is None:
                return [Raw(data.strip())], 0
            inner = bytes(outer[name])
            return msgspec.json.decode(inner, type=list[Raw]), data.index(inner)
        return msgspec.json.decode(data, type=list[Raw]), 0
    except msgspec.DecodeError as error:
        raise Unreadable(f"The file is no JSON list of products: {error}.") from None
    except RecursionError:
        raise Unreadable("The file nests too deeply for a list of products.") from None


def _member(raw: bytes) -> Any:
    """One product's object, or a text that says what is wrong with it."""
    if codec.is_too_deep(raw, MAX_DEPTH):
        return "nests too deeply for a product"
    try:
        value = codec.decode(raw)
    except msgspec.DecodeError as error:
        return f"is no JSON ({error})"
    return value if isinstance(value, dict) else 'is no object; write one such as {"sku": ..., "title": ...}'


def _table(found: list[tuple[int, Any]], kind: str) -> Table:
    columns: dict[str, None] = {}
    for _, value in found:
        if isinstance(value, dict):
            columns.update(dict.fromkeys(value))
            if len(columns) > MAX_COLUMNS:
                raise Unreadable(f"The objects have more than {MAX_COLUMNS} different members. Drop some.")
    if not columns:
        raise Unreadable("There is no product in this file. Write an object per product.")
    rows = [
        Row(line, [value.get(name) for name in columns])
        if isinstance(value, dict)
        else Row(line, [None] * len(columns), Fault(line, "", value))
        for line, value in found
    ]
    return Table(list(columns), rows, {"format": kind})
