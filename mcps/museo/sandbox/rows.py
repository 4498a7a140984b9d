"""
Files of products, read into rows: CSV, JSON, JSON Lines, XLSX.

`python -m mcps.museo.sandbox.rows KIND` reads a file from stdin and writes what it found to stdout, as a
process of its own with limits on memory and time: a file may be anything. A table names one variant in each
row; its columns are `sku`, `title` or `title.de`, `description`, `price` (major units, `12.50`) or
`price.usd`, `amount` (minor units), `currency`, `stock`, `brand`, `category`, `tags` (separated by `|`),
`status`, `slug`, `barcode`, `option.color` and `attribute.material`. JSON holds whole products as the
contract writes them, or flat rows with the names of the columns.
"""

from __future__ import annotations

import csv
import io
import re
import resource
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from mcps.museo.writes import ImportFault

MAX_ROWS = 10_000
MAX_COLUMNS = 200
MAX_CELL_CHARS = 20_000  # the longest description
MAX_UNPACKED = 64 * 1024 * 1024  # of a workbook; 10,000 rows are a few MiB
MEMORY_BYTES = 768 * 1024 * 1024  # ten times what 10 MiB of JSON becomes
CPU_SECONDS = 60

CSV, JSON, LINES, XLSX = "csv", "json", "jsonl", "xlsx"

_DECIMAL = re.compile(r"-?[0-9]+(?:[.,][0-9]{1,2})?")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:([., ])[0-9]{3})(?:\1[0-9]{3})*(?:[.,][0-9]{1,2})")
_PLAIN_TEXTS = {"brand", "status", "slug"}
_COLUMNS = (
    "sku, title, description, price, amount, currency, stock, brand, category, tags, status, slug, barcode"
)


class Row(Struct, array_like=True):
    """
    One row of a file: a product or what is known of a variant, or why it is none.

    `is_whole` says that `content` is a product as the contract writes it; else it has the master's members
    and one variant's under `variant`.
    """

    number: int
    content: dict[str, Any] | None = None
    is_whole: bool = False
    fault: ImportFault | None = None


class FileFault(Exception):
    """The file as a whole cannot be read; `code` is one of the contract's."""

    def __init__(self, detail: str, *, code: str = "import_unreadable", row: int = 0) -> None:
        super().__init__(detail)
        self.fault = ImportFault(row=row, code=code, detail=detail)


class _RowFault(Exception):
    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column, self.detail = column, detail


def read(kind: str, data: bytes) -> list[Row]:
    """
    The rows of a file.

    Raises:
        FileFault: it is not of this kind, has no usable header, or has too many rows.
    """
    rows: list[Row] = []
    for row in _READERS[kind](data):
        if len(rows) >= MAX_ROWS:
            detail = f"The file has more than {MAX_ROWS} rows; send it in parts."
            raise FileFault(detail, code="payload_too_large", row=row.number)
        rows.append(row)
    if not rows:
        raise FileFault("The file has no rows.")
    return rows


def _read_csv(data: bytes) -> Iterator[Row]:
    text = _decode(data)
    head = text.partition("\n")[0]
    separator = max(",;\t|", key=head.count)  # in a header of names, the commonest one separates
    csv.field_size_limit(MAX_CELL_CHARS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = _header(next(reader, []))
        before = reader.line_num
        for cells in reader:
            # A quoted cell may span lines: the row begins after the one before it.
            number, before = before + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                yield _table_row(number, header, cells)
    except csv.Error as error:
        raise FileFault(f"Line {reader.line_num}: {error}.", row=reader.line_num) from None


def _read_json(data: bytes) -> Iterator[Row]:
    try:
        content = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileFault(f"This is not valid JSON: {error}.") from None
    if not isinstance(content, list):
        raise FileFault("The JSON must be a list of products.")
    for number, product in enumerate(content, 1):
        yield _json_row(number, product)


def _read_lines(data: bytes) -> Iterator[Row]:
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            product = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield Row(number, fault=ImportFault(number, "", "import_unreadable", f"No valid JSON: {error}."))
        else:
            yield _json_row(number, product)


def _read_workbook(data: bytes) -> Iterator[Row]:
    from mcps.museo.sandbox.workbook import read_cells  # its parsers load only where they are needed

    cells = read_cells(data, max_unpacked=MAX_UNPACKED)
    number, first = next(cells, (0, []))
    header = _header([str(cell) for cell in first])
    for number, values in cells:
        if any(str(value).strip() for value in values):
            yield _table_row(number, header, [str(value) for value in values])


def _decode(data: bytes) -> str:
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    # Windows-1252 is what spreadsheets write in the west when nobody tells them.
    for encoding in ["utf-16"] if is_wide else ["utf-8-sig", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FileFault("The text is neither UTF-8, UTF-16 nor Windows-1252; save it as UTF-8.")


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip().lower().replace("_", ".", 1) for cell in cells]
    if "sku" not in names:
        raise FileFault(
            f"The first row must name the columns and have one called sku; known are {_COLUMNS}.", row=1
        )
    if len(names) > MAX_COLUMNS:
        raise FileFault(f"The table has more than {MAX_COLUMNS} columns.", row=1)
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        raise FileFault(f"The column {twice} is there twice.", row=1)
    if unknown := next((name for name in names if name and not _is_known(name)), None):
        raise FileFault(f"There is no column {unknown[:60]}; known are {_COLUMNS}.", row=1)
    return names


def _is_known(name: str) -> bool:
    base, dot, rest = name.partition(".")
    if dot:
        return bool(rest) and base in ("title", "description", "price", "option", "attribute")
    return base in _COLUMNS.split(", ")


def _table_row(number: int, header: list[str], cells: Iterable[str]) -> Row:
    values = [cell.strip() for cell in cells]
    if len(values) > len(header) and any(values[len(header) :]):
        detail = f"The row has {len(values)} cells, the header has {len(header)}."
        return Row(number, fault=ImportFault(number, "", "validation_failed", detail))
    return _flat_row(
        number, {name: value for name, value in zip(header, values, strict=False) if name and value}
    )


def _json_row(number: int, product: object) -> Row:
    if not isinstance(product, dict):
        return Row(number, fault=ImportFault(number, "", "validation_failed", "A product must be an object."))
    if "variants" in product or "sku" not in product:
        return Row(number, product, is_whole=True)
    names = {str(name).lower(): "" if value is None else str(value) for name, value in product.items()}
    if unknown := next((name for name in names if not _is_known(name)), None):
        fault = ImportFault(number, unknown[:60], "validation_failed", "There is no such member.")
        return Row(number, fault=fault)
    return _flat_row(number, {name: value for name, value in names.items() if value})


def _flat_row(number: int, values: Mapping[str, str]) -> Row:
    try:
        return Row(number, _content(values))
    except _RowFault as fault:
        return Row(number, fault=ImportFault(number, fault.column, "validation_failed", fault.detail))


def _content(values: Mapping[str, str]) -> dict[str, Any]:
    """The members that a flat row names; what it does not name stays as it is in the shop."""
    content: dict[str, Any] = {}
    variant: dict[str, Any] = {}
    prices: dict[str, int] = {}
    currency = values.get("currency", "EUR").upper()
    if not values.get("sku"):
        raise _RowFault("sku", "The SKU is missing.")
    for name, value in values.items():
        base, _, rest = name.partition(".")
        if base in ("title", "description"):
            content.setdefault(base, {})[rest or "en"] = value
        elif base == "price":
            prices[rest.upper() or currency] = _minor(name, value)
        elif base == "amount":
            prices[currency] = _whole(name, value)
        elif base == "option":
            variant.setdefault("options", {})[rest] = value
        elif base == "attribute":
            content.setdefault("attributes", []).append({"key": rest, "value": value})
        elif base == "category":
            content["categories"] = [part.strip() for part in value.split("|") if part.strip()]
        elif base == "tags":
            content["tags"] = [part.strip() for part in value.split("|") if part.strip()]
        elif base == "stock":
            variant["stock"] = _whole(name, value)
        elif base in ("sku", "barcode"):
            variant[base] = value
        elif base in _PLAIN_TEXTS:
            content[base] = value
    if prices:
        variant["prices"] = [{"amount": amount, "currency": code} for code, amount in prices.items()]
    return {**content, "variant": variant}


def _minor(column: str, text: str) -> int:
    """`12.50`, `12,5`, `1.234,50` and `1,234.50` in minor units; `1,234` could be either and is refused."""
    plain = text.strip().strip("€$").strip()
    if _GROUPED.fullmatch(plain):
        whole, cents = re.split(r"[.,](?=[0-9]{1,2}$)", plain)
        plain = re.sub(r"[., ]", "", whole) + "." + cents
    if not _DECIMAL.fullmatch(plain):
        raise _RowFault(column, f"{text[:40]!r} is no price; write it like 1234.50.")
    whole, _, cents = plain.replace(",", ".").partition(".")
    if whole.startswith("-") or len(whole) > 10:
        raise _RowFault(column, "A price is from 0 to ten digits.")
    return int(whole) * 100 + int(cents.ljust(2, "0") if cents else 0)


def _whole(column: str, text: str) -> int:
    plain = text.strip().removesuffix(".0")  # spreadsheets write whole numbers so
    if not plain.isascii() or not plain.isdecimal() or len(plain) > 12:
        raise _RowFault(column, f"{text[:40]!r} is no whole number.")
    return int(plain)


_READERS = {CSV: _read_csv, JSON: _read_json, LINES: _read_lines, XLSX: _read_workbook}


def main(kind: str) -> None:
    """Read stdin, write either the rows or the file's fault."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    rows: list[Row] = []
    fault: ImportFault | None = None
    try:
        rows = read(kind, sys.stdin.buffer.read())
    except FileFault as error:
        fault = error.fault
    except (MemoryError, RecursionError):
        fault = ImportFault(code="import_unreadable", detail="The file unpacks to more than can be read.")
    sys.stdout.buffer.write(msgspec.msgpack.encode((rows, fault)))


if __name__ == "__main__":
    main(sys.argv[1])
