"""From bytes to text: a byte order mark, else strict UTF-8, else what the sender declared, else cp1252."""

from __future__ import annotations

import codecs

from mcps.admin.intake.table import Unreadable

# Longest first: the mark of UTF-16 begins the one of UTF-32.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What spreadsheets and shops export. Python's codecs that are no charsets (zip, idna, utf-7) are not here.
_WORLD = ("koi8-r", "koi8-u", "mac-roman", "shift_jis", "euc-jp", "euc-kr", "gbk", "gb18030", "big5")
_CODE_PAGES = (437, 850, 852, 857, 858, 866, 874, *range(1250, 1259))
_LATIN_PARTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)
_DECLARABLE = frozenset(
    codecs.lookup(name).name
    for name in (
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", *_WORLD),
        *(f"cp{number}" for number in _CODE_PAGES),
        *(f"iso8859-{part}" for part in _LATIN_PARTS),
    )
)
DEFAULT = "cp1252"  # what a spreadsheet in Western Europe saves when nobody chose


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """
    The text and the name of its encoding.

    Args:
        declared: the charset that the sender named; it counts only where the bytes are no UTF-8.

    Raises:
        Unreadable: none of them fits, or the file is no text.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _checked(_decoded(data[len(mark) :], name), name)
    try:
        return _checked(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        name = known_charset(declared) if declared else DEFAULT
        return _checked(_decoded(data, name), name)


def known_charset(name: str) -> str:
    """
    A declared charset by Python's name for it.

    Raises:
        Unreadable: it is none that we take.
    """
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        found = ""
    if found not in _DECLARABLE:
        raise Unreadable(
            f"The charset {name[:40]!r} is not known here. Save the file as UTF-8 and send it again."
        )
    return found


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"Line {line} holds bytes that are no {name} text. Save the file as UTF-8, or name its charset "
            "when you upload it (Content-Type: text/csv; charset=...)."
        ) from None


def _checked(text: str, name: str) -> tuple[str, str]:
    place = text.find("\0")
    if place >= 0:
        line = text.count("\n", 0, place) + 1
        raise Unreadable(f"Line {line} holds a NUL: this is no text file. Save it as CSV (UTF-8) or XLSX.")
    return text, name
