"""One file of any format to products: which format it is, is told by its first bytes, not by its name."""

from __future__ import annotations

from typing import IO

import msgspec

from mcps.admin.intake.columns import chosen
from mcps.admin.intake.delimited import read_delimited
from mcps.admin.intake.guard import check_workbook, is_workbook
from mcps.admin.intake.products import Ground, build
from mcps.admin.intake.records import read_json, read_jsonl
from mcps.admin.intake.report import Options, Report
from mcps.admin.intake.table import Table, Unreadable, shown
from mcps.admin.intake.text import decode

MAX_FILE_BYTES = 10 * 1024 * 1024  # the import's contract
SHOWN_FAULTS = 100  # the contract's own ceiling
SHOWN_PRODUCTS = 3


def read_file(file: IO[bytes], options: Options) -> tuple[Report, list[bytes]]:
    """
    How the file was read, and its products as JSON.

    Raises:
        Unreadable: it is refused as a whole.
    """
    table = _table(file, options)
    mapping = chosen(table.columns, options.mapping)
    _check_complete(table, mapping)
    products, faults = build(table, mapping, Ground(options.currency, options.locale))
    report = Report(
        columns=table.columns,
        mapping=mapping,
        details=table.details,
        rows=len(table.rows),
        failed=len(faults),
        lines=[line for line, _ in products],
        faults=faults[:SHOWN_FAULTS],
        samples=[msgspec.json.decode(product) for _, product in products[:SHOWN_PRODUCTS]],
    )
    return report, [product for _, product in products]


def _table(file: IO[bytes], options: Options) -> Table:
    data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise Unreadable("The file is over 10 MiB. Split it.", "payload_too_large")
    if is_workbook(data[:8]):
        # Heavy, and of no use to the other formats.
        from mcps.admin.intake.sheet import read_sheet

        del data
        file.seek(0)
        check_workbook(file)
        file.seek(0)
        return read_sheet(file)
    text, encoding = decode(data, options.charset)
    del data
    table = _read_text(text, options.format)
    table.details["encoding"] = encoding
    if not table.rows:
        raise Unreadable("The file has a header and no rows. Add a row for each product.")
    return table


def _read_text(text: str, format: str) -> Table:
    start = text.lstrip()[:1]
    if format == "json" or (not format and start == "["):
        return read_json(text)
    if format == "jsonl":
        return read_jsonl(text)
    if not format and start == "{":
        first_line = text.lstrip().partition("\n")[0].strip()
        return read_jsonl(text) if _is_object(first_line) else read_json(text)
    return read_delimited(text)


def _is_object(line: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict) and not line.startswith('{"products"')
    except (msgspec.DecodeError, RecursionError):
        return False


def _check_complete(table: Table, mapping: dict[str, str]) -> None:
    """
    Raises:
        Unreadable: no column is the SKU, the title or the price.
    """
    fields = {field.partition(".")[0] for field in mapping.values()}
    needed = ["title"] if "variants" in fields else ["sku", "title", "price"]
    missing = [name for name in needed if name not in fields and not (name == "price" and "prices" in fields)]
    if missing:
        columns = ", ".join(map(shown, table.columns))
        raise Unreadable(
            f"No column is known to be {' or '.join(missing)}. The columns are: {columns}. Say which is "
            f'which in mapping, such as {{"{shown(table.columns[0])}": "{missing[0]}"}}.'
        )
