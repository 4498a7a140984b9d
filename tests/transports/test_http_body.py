"""Chunked bodies, pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.transports.http_body import ChunkedReader
from museod.transports.http_head import Refused


def reader(limit: int = 1000, max_framing: int = 200) -> ChunkedReader:
    return ChunkedReader(limit, max_framing=max_framing)


def status_of(*pieces: bytes, limit: int = 1000, max_framing: int = 200) -> int:
    chunks = reader(limit, max_framing)
    for piece in pieces[:-1]:
        chunks.feed(piece)
    with pytest.raises(Refused) as refused:
        chunks.feed(pieces[-1])
    return refused.value.status


@given(
    st.lists(st.binary(min_size=1, max_size=50), max_size=8),
    st.integers(1, 20),
    st.sampled_from([b"", b"T: x\r\n"]),
)
def test_any_chunks_in_any_pieces_give_the_body_and_leave_the_rest(
    chunks: list[bytes], step: int, trailer: bytes
) -> None:
    data = b"".join(b"%X\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    data += b"0;ext=1\r\n" + trailer + b"\r\n"
    wire = data + b"GET /next"
    read = reader()
    rest = b""
    for start in range(0, len(wire), step):
        piece = wire[start : start + step]
        rest += piece if read.is_complete else read.feed(piece)
    assert read.is_complete
    assert read.body == b"".join(chunks)
    assert rest == b"GET /next"


@given(st.binary(max_size=100), st.integers(1, 10))
def test_no_bytes_raise_anything_but_a_refusal(data: bytes, step: int) -> None:
    read = reader()
    try:
        for start in range(0, len(data), step):
            if not read.is_complete:
                read.feed(data[start : start + step])
    except Refused as refused:
        assert refused.status in (400, 413, 431)  # noqa: PT017


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n", b"g\r\n", b"0x1\r\n", b"+1\r\n", b"-1\r\n", b" 1\r\n", b"1 \r\n", b"1_0\r\n", b"\xb2\r\n",
        b"1\n",
        b"1;a\rb\r\n", b"1;a\0\r\n", b"f" * 17 + b"\r\n", b"1\r\nab\r\n", b"1\r\na\n\n", b"0\r\nbad\r\n\r\n",
        b"0\r\n: x\r\n\r\n", b"0\r\nA: b\n\n", b"0\r\n A: b\r\n\r\n", b"1;" + b"x" * 300,
    ],
)  # fmt: skip
def test_malformed_framing_is_refused(data: bytes) -> None:
    assert status_of(data) == 400


def test_the_limit_is_judged_on_the_announced_size() -> None:
    assert status_of(b"3e9\r\n") == 413
    assert status_of(b"3e8\r\n" + b"x" * 1000 + b"\r\n", b"1\r\n") == 413
    read = reader()
    read.feed(b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n")
    assert read.is_complete
    assert len(read.body) == 1000


def test_a_body_of_crumbs_is_refused() -> None:
    assert status_of(b"1\r\nx\r\n" * 100) == 400


def test_crumbs_at_the_end_of_a_large_body_are_fine() -> None:
    read = reader()
    read.feed(b"1f4\r\n" + b"x" * 500 + b"\r\n" + b"1\r\nx\r\n" * 50 + b"0\r\n\r\n")
    assert len(read.body) == 550


def test_endless_trailers_are_refused() -> None:
    assert status_of(b"0\r\n", b"A: b\r\n" * 100) == 431
    assert status_of(b"0\r\n", b"A: " + b"b" * 300) == 431
