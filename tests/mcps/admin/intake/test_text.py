"""Bytes to text: marks, UTF-8, what was declared, cp1252."""

from __future__ import annotations

import pytest

from mcps.admin.intake.table import Unreadable
from mcps.admin.intake.text import decode

TEXT = "sku;titel\nA-1;Größe 5 €\n"


@pytest.mark.parametrize(
    ("encoding", "declared", "named"),
    [
        ("utf-8", "", "utf-8"),
        ("utf-8-sig", "", "utf-8"),
        ("utf-16", "", "utf-16-le"),
        ("utf-32", "", "utf-32-le"),
        ("cp1252", "", "cp1252"),
        ("iso8859-15", "ISO-8859-15", "iso8859-15"),
        ("cp858", "cp858", "cp858"),
        ("mac-roman", "macintosh", "mac-roman"),
    ],
)
def test_a_text_comes_back_whatever_saved_it(encoding: str, declared: str, named: str) -> None:
    assert decode(TEXT.encode(encoding), declared) == (TEXT, named)


def test_a_declared_charset_counts_only_where_the_bytes_are_no_utf_8() -> None:
    assert decode("Größe".encode(), "iso-8859-1") == ("Größe", "utf-8")


@pytest.mark.parametrize(
    "declared", ["zip", "utf-7", "idna", "rot13", "unicode_escape", "nonsense", "x" * 1000]
)
def test_a_codec_that_is_no_charset_is_refused(declared: str) -> None:
    with pytest.raises(Unreadable, match="not known here"):
        decode(b"\xff\xfe\xfd"[2:] + b"\xe9", declared)


def test_a_byte_that_no_encoding_has_is_told_by_its_line() -> None:
    with pytest.raises(Unreadable, match=r"Line 2 .* cp1252"):
        decode(b"a;b\n\x81;c\n")


def test_a_nul_says_that_it_is_no_text() -> None:
    with pytest.raises(Unreadable, match="Line 2 holds a NUL"):
        decode(b"a\nb\0c")
