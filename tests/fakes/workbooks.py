"""Workbooks of tests: plain ones, and those that somebody made to hurt whoever opens them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl

HEADER = ("sku", "title", "price", "stock")


def workbook(rows: Sequence[Sequence[Any]], header: Sequence[Any] = HEADER) -> bytes:
    """A workbook as a spreadsheet program saves it."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (header, *rows):
        sheet.append(list(row))
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def changed(parts: Mapping[str, bytes | None], of: bytes | None = None) -> bytes:
    """A good workbook with some of its parts put in another's place, added, or (None) left out."""
    target = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(of or workbook([("A", "Lamp", 5, 1)])))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            if name not in parts:
                archive.writestr(name, source.read(name))
        for name, content in parts.items():
            if content is not None:
                archive.writestr(name, content)
    return target.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(inside: str, before: str = '<?xml version="1.0"?>') -> bytes:
    """A sheet's XML around its rows."""
    return f'{before}<worksheet xmlns="{_MAIN}"><sheetData>{inside}</sheetData></worksheet>'.encode()


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def header_row() -> str:
    cells = "".join(cell(f"{letter}1", name) for letter, name in zip("ABCD", HEADER, strict=True))
    return f'<row r="1">{cells}</row>'


def bomb(mebibytes: int = 80) -> bytes:
    """A few hundred kilobytes that unpack to `mebibytes`."""
    return changed({SHEET: sheet(header_row() + " " * (mebibytes * 2**20))})


def far_cell() -> bytes:
    """One cell at the far corner of what a sheet can have."""
    return changed({SHEET: sheet(f'{header_row()}<row r="1048576">{cell("XFD1048576", "x")}</row>')})


def laughs() -> bytes:
    """Entities that double ten times thirty."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 31))
    doctype = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>'
    return changed({SHEET: sheet(f'<row r="1">{cell("A1", "&e30;")}</row>', doctype)})


def outside_entity() -> bytes:
    """An entity that stands for a file of the machine."""
    doctype = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    return changed({SHEET: sheet(f'<row r="1">{cell("A1", "&e;")}</row>', doctype)})


def disguised_entity() -> bytes:
    """The same in UTF-16, where a search for its bytes would not see it."""
    text = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY e "x">]><worksheet/>'
    return changed({SHEET: text.encode("utf-16")})


def link_to(kind: str, target: str) -> bytes:
    """A sheet related to something outside."""
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" TargetMode="External" Target="{target}" '
        f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/></Relationships>'
    )
    return changed({"xl/worksheets/_rels/sheet1.xml.rels": rels.encode()})


def encrypted() -> bytes:
    """The flag of an encrypted part on every part."""
    data = bytearray(workbook([]))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(signature, place + 4)
    return bytes(data)


HOSTILE: Mapping[str, tuple[bytes, str]] = {
    "bomb": (bomb(), "unpacks to more than 64 MiB"),
    "far cell": (far_cell(), "cell at row 1048576"),
    "wide": (changed({SHEET: sheet(f'<row r="1">{cell("XFD1", "x")}</row>')}), "cell at XFD1"),
    "billion laughs": (laughs(), "entities"),
    "outside entity": (outside_entity(), "entities"),
    "disguised entity": (disguised_entity(), "unusual encoding"),
    "macros": (changed({"xl/vbaProject.bin": b"\xd0\xcf"}), "macros"),
    "macro type": (
        changed({"[Content_Types].xml": b'<Types><Override ContentType="a.sheet.macroEnabled.b"/></Types>'}),
        "macros",
    ),
    "link to a file": (changed({"xl/externalLinks/externalLink1.xml": b"<a/>"}), "links to other files"),
    "link of another kind": (link_to("oleObject", "file:///etc/passwd"), "links to other files"),
    "connection": (changed({"xl/connections.xml": b"<a/>"}), "outside data"),
    "embedded": (changed({"xl/embeddings/oleObject1.bin": b"x"}), "embedded"),
    "encrypted": (encrypted(), "encrypted"),
    "no workbook": (changed({"xl/workbook.xml": None}), "damaged"),
    "cut": (workbook([("A", "Lamp", 5, 1)])[:-200], "damaged"),
    "no zip": (b"PK\x03\x04" + b"x" * 100, "damaged"),
    "no xml": (changed({SHEET: b"<worksheet><unclosed>"}), "damaged|empty"),
    "many parts": (changed({f"xl/media/{n}.png": b"x" for n in range(300)}), "too many parts"),
    "deep": (changed({SHEET: sheet("<a>" * 100_000)}), "damaged|memory"),
    "many cells": (
        changed({SHEET: sheet(header_row() + "<row>" + "<c><v>1</v></c>" * 2_000_000 + "</row>")}),
        "more than 1,000,000 cells",
    ),
    "open document": (
        changed({"mimetype": b"application/vnd.oasis", "xl/workbook.xml": None}),
        "another kind",
    ),
}
