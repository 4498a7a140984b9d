"""Rows to products, each in the form in which the shop's API takes them, or with the reason why not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mcps.admin.intake.amounts import currency_of, decimal_mark, read_count, read_price
from mcps.admin.intake.columns import fold
from mcps.admin.intake.table import MAX_CELL_CHARS, Fault, Row, Table, Unusable, shown
from mcps.admin.intake.vocabulary import VOCABULARY
from mcps.museo.writes import ProductMasterWrite

SKU = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_TITLE_CHARS = 300
# Controls except tab and newline, and the marks that reorder what a reader sees.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LIST = re.compile(r"[|;,\n]")
_URLS = re.compile(r"[\s|]+|[,;](?=\s*https?://)")
_STATUS_OF = {word: status for status, words in VOCABULARY.statuses.items() for word in words}


class Refused(Exception):
    """A row is no product."""

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Ground:
    """What holds where a file says nothing: the shop's currency, and the language of its texts."""

    currency: str = "EUR"
    locale: str = "en"


def build(
    table: Table, mapping: Mapping[str, str], ground: Ground
) -> tuple[list[tuple[int, bytes]], list[Fault]]:
    """The products as (line, JSON), and the rows that are none."""
    places = [
        (place, column, mapping[column]) for place, column in enumerate(table.columns) if column in mapping
    ]
    marks = {
        column: decimal_mark(row.values[place] for row in table.rows)
        for place, column, field in places
        if field.partition(".")[0] in ("price", "compareAtPrice")
    }
    products: list[tuple[int, bytes]] = []
    faults: list[Fault] = []
    lines: dict[str, int] = {}
    for row in table.rows:
        if row.fault is not None:
            faults.append(row.fault)
            continue
        try:
            product = _product(row, places, marks, ground)
            for variant in product["variants"]:
                sku = variant["sku"]
                if sku in lines:
                    raise Refused(
                        _column(mapping, "sku"), f"{sku} is in line {lines[sku]} already; keep one of them"
                    )
        except Refused as refused:
            faults.append(Fault(row.line, refused.column, refused.detail))
            continue
        lines.update((variant["sku"], row.line) for variant in product["variants"])
        products.append((row.line, msgspec.json.encode(product)))
    return products, faults


def _product(
    row: Row, places: Sequence[tuple[int, str, str]], marks: Mapping[str, str], ground: Ground
) -> dict[str, Any]:
    cells: dict[str, list[tuple[str, Any]]] = {}
    for place, column, field in places:
        value = _clean(column, row.values[place])
        if value not in (None, "", [], {}):
            cells.setdefault(field, []).append((column, value))
    columns = {field: column for _, column, field in places}
    product: dict[str, Any] = {}
    for name, longest in (("title", MAX_TITLE_CHARS), ("description", MAX_CELL_CHARS)):
        texts = _localized(cells, name, ground.locale, longest)
        if texts:
            product[name] = texts
    if "title" not in product:
        raise Refused(columns.get("title", "title"), "is empty; every product has a title")
    for field in ("brand", "slug", "externalRef"):
        if field in cells:
            product[field] = _text(*cells[field][0])
    if "status" in cells:
        product["status"] = _status(*cells["status"][0])
    if "categories" in cells:  # the shop knows them by their slugs
        named = [item for column, value in cells["categories"] for item in _items(column, value)]
        product["categories"] = [slug for item in named if (slug := fold(item).replace(" ", "-"))]
    if "tags" in cells:
        product["tags"] = [item for column, value in cells["tags"] for item in _items(column, value)]
    images = [image for column, value in cells.get("imageUrls", []) for image in _images(column, value)]
    if images:
        product["images"] = [{"position": place, **image} for place, image in enumerate(images)]
    if "optionAxes" in cells:
        product["optionAxes"] = cells["optionAxes"][0][1]
    attributes = _attributes(cells)
    if attributes:
        product["attributes"] = attributes
    if "variants" in cells:
        product["variants"] = cells["variants"][0][1]
    else:
        variant = _variant(cells, columns, marks, ground)
        product["variants"] = [variant]
        if "options" in variant:
            product["optionAxes"] = list(variant["options"])
    _judge(product, columns)
    return product


def _variant(
    cells: Mapping[str, list[tuple[str, Any]]],
    columns: Mapping[str, str],
    marks: Mapping[str, str],
    ground: Ground,
) -> dict[str, Any]:
    if "sku" not in cells:
        raise Refused(columns.get("sku", "sku"), "is empty; the SKU says which product a row is about")
    column, value = cells["sku"][0]
    sku = _text(column, value)
    if not SKU.fullmatch(sku):
        raise Refused(column, f"{shown(sku)!r} is no SKU; it has 1 to 64 letters, digits, points, _ and -")
    variant: dict[str, Any] = {"sku": sku}
    currency = ground.currency
    if "currency" in cells:
        column, value = cells["currency"][0]
        currency = _currency(column, value)
    for name, member in (("price", "prices"), ("compareAtPrice", "compareAtPrices")):
        found = _prices(cells, name, currency, marks)
        if found:
            variant[member] = found
    if "prices" in cells:
        variant["prices"] = cells["prices"][0][1]
    if "prices" not in variant:
        raise Refused(columns.get("price", "price"), "is empty; every product has a price")
    for field in ("stock", "weightGrams"):
        if field in cells:
            column, value = cells[field][0]
            try:
                variant[field] = read_count(value)
            except ValueError as error:
                raise Refused(column, f"{shown(value)!r} {error}") from None
    if "barcode" in cells:
        variant["barcode"] = _text(*cells["barcode"][0])
    options = {
        field.partition(".")[2]: _text(*found[0])
        for field, found in cells.items()
        if field.startswith("options.")
    }
    if "options" in cells and isinstance(cells["options"][0][1], dict):
        options |= {str(axis): str(choice) for axis, choice in cells["options"][0][1].items()}
    if options:
        variant["options"] = options
    return variant


def _prices(
    cells: Mapping[str, list[tuple[str, Any]]], name: str, currency: str, marks: Mapping[str, str]
) -> list[dict[str, Any]]:
    found: dict[str, int] = {}
    for field, values in cells.items():
        if field.partition(".")[0] != name:
            continue
        for column, value in values:
            if isinstance(value, dict):  # the API's own form, in minor units
                return [value]
            try:
                amount, named = read_price(
                    value, currency=field.partition(".")[2] or currency, mark=marks.get(column, "")
                )
            except ValueError as error:
                raise Refused(column, f"{shown(value)!r} {error}") from None
            found[named] = amount
    return [{"amount": amount, "currency": named} for named, amount in found.items()]


def _localized(
    cells: Mapping[str, list[tuple[str, Any]]], name: str, locale: str, longest: int
) -> dict[str, str]:
    texts: dict[str, str] = {}
    for field, values in cells.items():
        if field.partition(".")[0] != name:
            continue
        column, value = values[0]
        found = value if isinstance(value, dict) else {field.partition(".")[2] or locale: value}
        for tag, text in found.items():
            texts[tag] = _text(column, text)
            if len(texts[tag]) > longest:
                raise Refused(column, f"has {len(texts[tag])} characters; at most {longest}")
    return texts


def _attributes(cells: Mapping[str, list[tuple[str, Any]]]) -> list[Any]:
    found: list[Any] = []
    if "attributes" in cells:
        column, value = cells["attributes"][0]
        if isinstance(value, list):
            found += value
        elif isinstance(value, dict):
            found += [{"key": key, "value": item} for key, item in value.items()]
        else:
            raise Refused(column, "is no object of attributes; give each a column, such as attributes.color")
    for field, values in cells.items():
        if field.startswith("attributes."):
            value = values[0][1]
            is_plain = isinstance(value, str | int | float | bool)
            found.append({"key": field.partition(".")[2], "value": value if is_plain else str(value)})
    return found


def _clean(column: str, value: Any) -> Any:
    if isinstance(value, Unusable):
        raise Refused(column, value.detail)
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFC", value.strip()).replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROLS.search(text):
        raise Refused(column, "holds control characters; type it anew")
    if len(text) > MAX_CELL_CHARS:
        raise Refused(column, f"has {len(text)} characters; at most {MAX_CELL_CHARS}")
    return text


def _text(column: str, value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a spreadsheet's numbers all are floats
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Refused(column, "is no text")
    text = str(_clean(column, str(value)))
    if not text:
        raise Refused(column, "is empty")
    return text


def _currency(column: str, value: Any) -> str:
    currency = currency_of(_text(column, value))
    if not currency:
        raise Refused(column, f"{shown(value)!r} is no currency; write a code such as EUR")
    return currency


def _status(column: str, value: Any) -> str:
    status = _STATUS_OF.get(fold(str(value)))
    if status is None:
        raise Refused(column, f"{shown(value)!r} is no status of an import; write draft or active")
    return status


def _items(column: str, value: Any) -> list[str]:
    if isinstance(value, list):
        return [_text(column, item) for item in value]
    return [item.strip() for item in _LIST.split(_text(column, value)) if item.strip()]


def _images(column: str, value: Any) -> list[dict[str, Any]]:
    given = value if isinstance(value, list) else [url for url in _URLS.split(_text(column, value)) if url]
    images = [image if isinstance(image, dict) else {"url": image} for image in given]
    for image in images:
        if not is_picture_address(image.get("url")):
            raise Refused(
                column, f"{shown(image.get('url'))!r} is no address of a picture; it begins with https://"
            )
    return images


def is_picture_address(url: Any) -> bool:
    """Whether the shop may show what lies at `url`: on the web, and without anybody's password in it."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        return False
    return (
        parts is not None
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and parts.username is None
    )


def _judge(product: dict[str, Any], columns: Mapping[str, str]) -> None:
    """Raise `Refused` where the contract's own form does not take the product."""
    try:
        msgspec.convert(product, ProductMasterWrite)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        member = re.split(r"[.\[\]`]+", path.strip("`."))[0] if path else ""
        column = columns.get(member) or next(
            (column for field, column in columns.items() if field.partition(".")[0] == member), member
        )
        raise Refused(column, f"does not fit the shop's products: {shown(reason)}") from None


def _column(mapping: Mapping[str, str], field: str) -> str:
    return next((column for column, named in mapping.items() if named == field), field)
