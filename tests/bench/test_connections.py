"""The load client's HTTP reader: whatever way the bytes are cut, the same response comes out."""

from __future__ import annotations

import pytest

from tests.bench.connections import HttpConnection

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
EMPTY = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nhello"


class FakeTransport:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)


def open_connection(answers: list[tuple[int, bytes]]) -> HttpConnection:
    connection = HttpConnection()
    connection.connection_made(FakeTransport())  # type: ignore[arg-type]
    connection.send(b"request", lambda status, _, body: answers.append((status, body)))
    return connection


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("data", "expected"),
    [(PLAIN, (200, b"hello")), (CHUNKED, (200, b"hello")), (INTERIM, (200, b"hello")), (EMPTY, (202, b""))],
    ids=["length", "chunked", "after an interim answer", "empty"],
)
def test_a_response_is_read_however_it_is_cut(data: bytes, expected: tuple[int, bytes], step: int) -> None:
    answers: list[tuple[int, bytes]] = []
    connection = open_connection(answers)
    for at in range(0, len(data), step):
        connection.data_received(data[at : at + step])
    assert answers == [expected]


def test_a_body_without_length_ends_with_the_connection() -> None:
    answers: list[tuple[int, bytes]] = []
    connection = open_connection(answers)
    connection.data_received(UNTIL_CLOSE)
    assert answers == []
    connection.connection_lost(None)
    assert answers == [(200, b"hello")]


def test_a_lost_connection_answers_with_status_zero() -> None:
    answers: list[tuple[int, bytes]] = []
    open_connection(answers).connection_lost(None)
    assert answers == [(0, b"")]
