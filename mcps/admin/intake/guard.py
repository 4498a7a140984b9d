"""
What a workbook must not be, judged on its real bytes before anything interprets them.

An XLSX file is a ZIP of XML. Sizes in a ZIP are claims, so every part is inflated in pieces and counted.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import IO

from mcps.admin.intake.table import MAX_COLUMNS, MAX_ROWS, Unreadable

# 10,000 rows of twenty filled columns are 20 MiB of XML; three times that is no product list any more.
MAX_INFLATED_BYTES = 64 * 1024 * 1024
MAX_PARTS = 200  # a workbook of a few sheets has about twenty
MAX_CELLS = MAX_ROWS * MAX_COLUMNS
MAX_SHEET_ROW = 2 * MAX_ROWS  # empty rows between the filled ones are borne
_CHUNK = 64 * 1024
_OVERLAP = 256  # longer than anything that is looked for
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of .xls files and of encrypted workbooks
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,8})([0-9]{0,9})["']""")
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING = re.compile(rb"""<\?xml[^>]*\sencoding\s*=\s*["']([^"']*)["']""")
_READABLE = frozenset({b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1"})
_EXTERNAL = re.compile(rb"""<[^<>]*TargetMode\s*=\s*["']External["'][^<>]*>""", re.IGNORECASE)
_FOREIGN = (
    ("vbaproject", "macros"),
    ("macrosheets/", "macros"),
    ("externallinks/", "links to other files"),
    ("connections.xml", "a connection to outside data"),
    ("querytables/", "a connection to outside data"),
    ("embeddings/", "embedded objects"),
    ("activex/", "active controls"),
    ("ctrlprops/", "active controls"),
)
_REMEDY = "Save the plain table as .xlsx or CSV and send that."


def is_workbook(head: bytes) -> bool:
    """
    Whether a file that begins like this is a ZIP, as an XLSX file is.

    Raises:
        Unreadable: it is an old or an encrypted workbook.
    """
    if head.startswith(_OLE):
        raise Unreadable(f"This is an old (.xls) or a password-protected workbook. {_REMEDY}")
    return head.startswith(b"PK\x03\x04")


def check_workbook(file: IO[bytes]) -> None:
    """
    Raises:
        Unreadable: the file is no workbook, or one that nobody should open: a bomb, macros, links, entities,
            a cell far outside of any list.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = [part.filename for part in archive.infolist()]
            _check_names(names)
            left = MAX_INFLATED_BYTES
            for part in archive.infolist():
                left -= _check_part(archive, part, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError):
        raise Unreadable(f"The file is damaged: it begins like a workbook and is none. {_REMEDY}") from None


def _check_names(names: list[str]) -> None:
    if "mimetype" in names and "xl/workbook.xml" not in names:
        raise Unreadable(f"This is no XLSX file but another kind of document. {_REMEDY}")
    if len(names) > MAX_PARTS or len({name.lower() for name in names}) != len(names):
        raise Unreadable(f"The workbook has too many parts, or two of one name. {_REMEDY}")
    for name in names:
        for mark, what in _FOREIGN:
            if mark in name.lower():
                raise Unreadable(f"The workbook holds {what}, which are never opened here. {_REMEDY}")


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """How many bytes the part really is."""
    if part.flag_bits & 0x1:
        raise Unreadable(f"The workbook is encrypted. {_REMEDY}")
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable(f"The workbook is packed in an unusual way. {_REMEDY}")
    name = part.filename.lower()
    is_xml = name.endswith((".xml", ".rels", ".vml"))
    count, cells, tail = 0, 0, b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            if count == 0 and is_xml:
                _check_start(chunk)
            count += len(chunk)
            if count > left:
                raise Unreadable(
                    f"The workbook unpacks to more than {MAX_INFLATED_BYTES // 2**20} MiB. {_REMEDY}",
                    "payload_too_large",
                )
            if is_xml:
                cells += chunk.count(b"<c")  # a name of more than one piece is counted by few too few
                if cells > MAX_CELLS:
                    raise Unreadable(
                        f"The sheet has more than {MAX_CELLS:,} cells. {_REMEDY}", "payload_too_large"
                    )
                _check_xml(name, tail + chunk)
                tail = chunk[-_OVERLAP:]
    return count


def _check_start(chunk: bytes) -> None:
    """In another encoding, what is looked for would look different."""
    text = chunk.removeprefix(b"\xef\xbb\xbf")
    stated = _ENCODING.match(text[:_OVERLAP])
    if not text.lstrip().startswith(b"<") or (stated and stated[1].lower() not in _READABLE):
        raise Unreadable(f"The workbook's parts are written in an unusual encoding. {_REMEDY}")


def _check_xml(name: str, text: bytes) -> None:
    if b"\0" in text:
        raise Unreadable(f"The workbook's parts are written in an unusual encoding. {_REMEDY}")
    if _ENTITIES.search(text):
        raise Unreadable(f"The workbook declares XML entities, which are never resolved here. {_REMEDY}")
    if name == "[content_types].xml" and b"macroenabled" in text.lower():
        raise Unreadable(f"The workbook holds macros, which are never opened here. {_REMEDY}")
    if name.endswith(".rels"):
        for link in _EXTERNAL.findall(text):
            if b"/hyperlink" not in link:  # the address in a cell is text to us and is never followed
                raise Unreadable(
                    f"The workbook holds links to other files, which are never opened. {_REMEDY}"
                )
    if "worksheets/" in name:
        for letters, digits in _PLACE.findall(text):
            if int(digits or b"0") > MAX_SHEET_ROW or _column(letters) > MAX_COLUMNS:
                place = (letters or b"row ") + digits
                raise Unreadable(
                    f"The sheet has a cell at {place.decode('ascii')}; lists end at column {MAX_COLUMNS} and "
                    f"row {MAX_SHEET_ROW:,}. Delete what lies outside of your table.",
                    "payload_too_large",
                )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
