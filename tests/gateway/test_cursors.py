"""Cursors of our own lists."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.errors import InvalidParams
from museod.gateway.cursors import Cursors

KEY = b"k" * 32
CURSORS = Cursors(KEY)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_what_is_written_is_read_on_every_node_with_the_key(version: int, offset: int) -> None:
    cursor = CURSORS.write(version, offset)
    assert Cursors(KEY).read(cursor, version=version) == offset
    assert cursor.isascii()
    assert cursor.isprintable()


def test_a_cursor_of_a_list_that_has_changed_says_so() -> None:
    with pytest.raises(InvalidParams, match="changed"):
        CURSORS.read(CURSORS.write(1, 5), version=2)


def test_another_key_signs_nothing_of_ours() -> None:
    with pytest.raises(InvalidParams, match="not valid"):
        Cursors(b"x" * 32).read(CURSORS.write(1, 5), version=1)


@given(
    st.text(max_size=80) | st.binary(max_size=60).map(lambda data: base64.urlsafe_b64encode(data).decode())
)
def test_an_invented_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidParams, match="not valid"):
        CURSORS.read(cursor, version=1)


@given(st.data())
def test_one_changed_bit_is_enough(data: st.DataObject) -> None:
    cursor = CURSORS.write(3, 500)
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    place = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[place // 8] ^= 1 << (place % 8)
    forged = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    with pytest.raises(InvalidParams):
        CURSORS.read(forged, version=3)
