"""Newline framing."""

from __future__ import annotations

import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.errors import MessageTooLarge
from museod.wire.lines import LineReader, to_line

TEXT = st.lists(st.sampled_from([b"a", b"{}", b"\n", b"\r", b" ", b"\xc3\xbc", b"\x00"]), max_size=40)


def read(chunks: list[bytes], limit: int = 1000) -> list[bytes]:
    reader = LineReader(limit)
    return [line for chunk in chunks for line in reader.feed(chunk)]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(TEXT.map(b"".join), st.lists(st.integers(min_value=0), max_size=10))
def test_any_chunking_gives_the_same_lines(data: bytes, places: list[int]) -> None:
    expected = [line for line in data.split(b"\n")[:-1] if line.strip()]
    assert read([data]) == read(cut(data, places)) == expected


@given(TEXT.map(b"".join), st.lists(st.integers(min_value=0), max_size=10))
def test_a_line_over_the_limit_is_refused_in_any_chunking(data: bytes, places: list[int]) -> None:
    limit = 8
    is_over = any(len(line) > limit for line in data.split(b"\n"))
    for chunks in ([data], cut(data, places), [data[at : at + 1] for at in range(len(data))]):
        try:
            read(chunks, limit)
        except MessageTooLarge:
            assert is_over
        else:
            assert not is_over


def test_a_line_of_exactly_the_limit_passes() -> None:
    assert read([b"12345678\n", b"1234", b"5678", b"\n"], 8) == [b"12345678"] * 2


def test_an_unfinished_line_costs_what_it_holds_however_it_arrives() -> None:
    reader = LineReader(10_000_000)
    tracemalloc.start()
    try:
        for _ in range(50_000):
            reader.feed(bytes([97, 98]))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 500_000  # 100,000 bytes came; as separate pieces they would hold two million


@pytest.mark.parametrize(
    ("message", "line"),
    [(b"{}", b"{}\n"), (b'{\n "a": 1\n}', b'{  "a": 1 }\n'), (b"", b"\n")],
)
def test_a_message_becomes_one_line(message: bytes, line: bytes) -> None:
    assert to_line(message) == line
