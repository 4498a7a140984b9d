"""
The first sheet of an XLSX file, cell by cell, by the few parts of the format that a table needs.

What a table does not need is refused and not tried: formulas, entities, archives that unpack to more than
they should. A number is given as it is written in the file, so that no float comes between.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from mcps.museo.sandbox.rows import FileFault

MAX_ENTRIES = 1_000  # parts of an archive; a workbook of one table has a dozen
MAX_STRINGS = 1_000_000
MAX_COLUMN = 200

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SHEET = "xl/worksheets/sheet1.xml"
_STRINGS = "xl/sharedStrings.xml"
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def read_cells(data: bytes, *, max_unpacked: int) -> Iterator[tuple[int, list[str]]]:
    """
    The rows of the first sheet with their numbers; cells that are not there are empty.

    Raises:
        FileFault: it is no workbook, or one that does what a table does not.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
        # What the archive says may be a lie: what is read is counted as well.
        if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > max_unpacked:
            raise FileFault("The workbook unpacks to more than a table of 10,000 rows needs.")
        names = {entry.filename for entry in entries}
        if _SHEET not in names:
            raise FileFault("The workbook has no first sheet; save the table as an .xlsx workbook.")
        strings = _strings(archive, max_unpacked) if _STRINGS in names else []
        with archive.open(_SHEET) as part:
            yield from _rows(_Counted(part, max_unpacked), strings)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise FileFault(f"This is no readable workbook ({error}).") from None
    except (ParseError, DefusedXmlException) as error:
        raise FileFault(f"The workbook's XML is broken or hostile ({type(error).__name__}).") from None


def _strings(archive: zipfile.ZipFile, max_unpacked: int) -> list[str]:
    strings: list[str] = []
    with archive.open(_STRINGS) as part:
        for _, element in iterparse(_Counted(part, max_unpacked)):
            if element.tag == _SPACE + "si":
                strings.append(_text(element))
                element.clear()
                if len(strings) > MAX_STRINGS:
                    raise FileFault("The workbook has too many texts.")
    return strings


def _rows(part: _Counted, strings: list[str]) -> Iterator[tuple[int, list[str]]]:
    number = 0
    for _, element in iterparse(part):
        if element.tag != _SPACE + "row":
            continue
        number = int(element.get("r") or number + 1)
        cells: list[str] = []
        for cell in element.iter(_SPACE + "c"):
            column = _column(cell.get("r") or "", len(cells))
            cells += [""] * (column + 1 - len(cells))
            cells[column] = _value(cell, strings, number)
        element.clear()
        yield number, cells


def _column(place: str, following: int) -> int:
    match = _PLACE.fullmatch(place)
    column = following
    if match:
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        column -= 1
    if column >= MAX_COLUMN:
        raise FileFault(f"The table has more than {MAX_COLUMN} columns.")
    return column


def _value(cell: Element, strings: list[str], number: int) -> str:
    if cell.find(_SPACE + "f") is not None:
        detail = f"Cell {cell.get('r')} holds a formula; paste its value instead."
        raise FileFault(detail, row=number)
    kind = cell.get("t")
    if kind == "inlineStr":
        return _text(cell)
    text = cell.findtext(_SPACE + "v") or ""
    if kind == "s":
        if not text.isdecimal() or int(text) >= len(strings):
            raise FileFault(f"Cell {cell.get('r')} names a text that is not there.", row=number)
        return strings[int(text)]
    return text


def _text(element: Element) -> str:
    return "".join(part.text or "" for part in element.iter(_SPACE + "t"))


class _Counted:
    """A part of the archive, up to a ceiling."""

    def __init__(self, part: IO[bytes], most: int) -> None:
        self._part = part
        self._left = most

    def read(self, size: int = 65_536) -> bytes:
        chunk = self._part.read(size)
        self._left -= len(chunk)
        if self._left < 0:
            raise FileFault("The workbook unpacks to more than a table of 10,000 rows needs.")
        return chunk
