"""
What a stranger may do to the WebSocket face, frame by frame, and what must come of it.

Sources: RFC 6455 (sections named in the cases), and the gaps that WebSocket servers are known to leave:
announced lengths, sloppy handshakes, frames glued to the handshake, silence.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.torture.jsonrpc_cases import OK, classify, encoded, request
from tests.torture.raw_sockets import Ended, RawConnection, RawWebSocket, handshake
from tests.transports.frames import BINARY, CLOSE, CONT, PING, PONG, TEXT, frame

ANSWER_SECONDS = 5.0
HANDSHAKE_SECONDS = 10.0  # the daemon allows 5 s for a head; twice that on a busy machine
MESSAGE_BYTES = 4 << 20  # the daemon's default limit of an MCP frame
LOW_TEXT = "κόσμε ✓ 𝄞".encode()


@dataclass(frozen=True, slots=True)
class Case:
    """`run(port)` does it and raises AssertionError when the server did something else than it must."""

    name: str
    run: Callable[[int], None]


def good(id: object = "after") -> bytes:
    return encoded(request(id=id))


def expect_good_answer(connection: RawWebSocket, id: object = "after") -> None:
    received = connection.receive(ANSWER_SECONDS)
    assert received is not None, "no answer to a good request"
    opcode, payload = received
    assert opcode == TEXT, f"opcode {opcode}: {payload[:80]!r}"
    assert classify(payload) == (OK, id), payload[:200]


def probe(port: int) -> None:
    """A good request on a fresh connection is answered."""
    connection = RawWebSocket(port)
    try:
        connection.send(frame(TEXT, good("probe")))
        expect_good_answer(connection, "probe")
    finally:
        connection.close()


def cases() -> list[Case]:
    """The whole table; every case ends with the probe."""
    groups = (_framing, _utf8, _closing, _messages, _limits, _handshakes, _deadlines)
    return [Case(name, run) for group in groups for name, run in group()]


Row = tuple[str, Callable[[int], None]]


def closes_with(*codes: int, sent: bytes) -> Callable[[int], None]:
    """The server answers these bytes with a close frame of one of `codes`, and then ends the connection."""

    def run(port: int) -> None:
        connection = RawWebSocket(port)
        try:
            connection.send(sent)
            received = connection.receive(ANSWER_SECONDS)
            assert received is not None, "not closed"
            opcode, payload = received
            assert opcode == CLOSE, f"opcode {opcode}: {payload[:80]!r}"
            code = int.from_bytes(payload[:2], "big") if payload else None
            assert code in codes, f"closed with {code} {payload[2:]!r}, want {codes}"
            expect_end(connection)
        finally:
            connection.close()

    return run


def expect_end(connection: RawConnection) -> None:
    end = time.monotonic() + ANSWER_SECONDS
    try:
        while time.monotonic() < end:
            connection.read_more(end - time.monotonic())
    except Ended:
        return
    raise AssertionError("the connection stays open after the close frame")


def answers(sent: bytes, *expected: tuple[int, bytes]) -> Callable[[int], None]:
    """The server answers with exactly these frames, and then a good request as usual."""

    def run(port: int) -> None:
        connection = RawWebSocket(port)
        try:
            connection.send(sent)
            for wanted in expected:
                assert connection.receive(ANSWER_SECONDS) == wanted
            connection.send(frame(TEXT, good()))
            expect_good_answer(connection)
        finally:
            connection.close()

    return run


def serves(sent: bytes) -> Callable[[int], None]:
    """These bytes hold one good request (id "after"), told in an unusual but correct way."""

    def run(port: int) -> None:
        connection = RawWebSocket(port)
        try:
            connection.send(sent)
            expect_good_answer(connection)
        finally:
            connection.close()

    return run


def _framing() -> Iterator[Row]:
    text = good()
    for bits in (1, 2, 4, 7):
        yield f"reserved bits {bits}", closes_with(1002, sent=frame(TEXT, text, rsv=bits))
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield f"reserved opcode {opcode}", closes_with(1002, sent=frame(opcode, b"x"))
    yield "unmasked frame (5.1)", closes_with(1002, sent=frame(TEXT, text, masked=False))
    yield "unmasked ping", closes_with(1002, sent=frame(PING, b"x", masked=False))
    for opcode, name in ((PING, "ping"), (PONG, "pong"), (CLOSE, "close")):
        yield f"fragmented {name} (5.5)", closes_with(1002, sent=frame(opcode, b"\x03\xe8", fin=False))
        yield f"{name} of 126 bytes (5.5)", closes_with(1002, sent=frame(opcode, b"\x03\xe8" + b"x" * 124))
    yield "continuation of nothing (5.4)", closes_with(1002, sent=frame(CONT, text))
    inside = frame(TEXT, text[:10], fin=False) + frame(TEXT, text[10:])
    yield "new message inside a fragmented one (5.4)", closes_with(1002, sent=inside)
    negative = bytes((0x81, 0xFF)) + (2**63 + 5).to_bytes(8, "big") + b"\0\0\0\0"
    yield "length with the top bit set (5.2)", closes_with(1002, 1009, sent=negative)
    yield "ping is answered with its payload", answers(frame(PING, b"abc"), (PONG, b"abc"))
    yield "empty ping", answers(frame(PING), (PONG, b""))
    yield "ping of 125 bytes", answers(frame(PING, b"p" * 125), (PONG, b"p" * 125))
    yield "unasked pong is ignored", answers(frame(PONG, b"x"))
    split = frame(TEXT, text[:5], fin=False) + frame(CONT, text[5:9], fin=False)
    yield "message in three fragments", serves(split + frame(CONT, text[9:]))
    yield (
        "empty fragments",
        serves(frame(TEXT, b"", fin=False) + frame(CONT, text, fin=False) + frame(CONT, b"")),
    )
    yield "message byte by byte", _byte_by_byte
    yield "ping between fragments", _ping_between_fragments
    yield "frame glued to the handshake", _glued
    yield "twenty requests in one write", _twenty


def _byte_by_byte(port: int) -> None:
    connection = RawWebSocket(port)
    try:
        for byte in frame(TEXT, good()):
            connection.send(bytes((byte,)))
        expect_good_answer(connection)
    finally:
        connection.close()


def _ping_between_fragments(port: int) -> None:
    text = good()
    connection = RawWebSocket(port)
    try:
        connection.send(frame(TEXT, text[:5], fin=False) + frame(PING, b"now") + frame(CONT, text[5:]))
        assert connection.receive(ANSWER_SECONDS) == (PONG, b"now")
        expect_good_answer(connection)
    finally:
        connection.close()


def _glued(port: int) -> None:
    connection = RawWebSocket(port, glued=frame(TEXT, good()))
    try:
        expect_good_answer(connection)
    finally:
        connection.close()


def _twenty(port: int) -> None:
    connection = RawWebSocket(port)
    try:
        connection.send(b"".join(frame(TEXT, good(number)) for number in range(20)))
        ids: set[object] = set()
        for _ in range(20):
            received = connection.receive(ANSWER_SECONDS)
            assert received is not None, f"only {len(ids)} answers"
            ids.add(classify(received[1])[1])
        assert ids == set(range(20))
    finally:
        connection.close()


def _utf8() -> Iterator[Row]:
    """Section 8.1: a text message that is no UTF-8 is closed with 1007."""
    broken = {
        "lone continuation byte": b"\x80",
        "overlong slash": b"\xc0\xaf",
        "overlong NUL": b"\xc0\x80",
        "surrogate": b"\xed\xa0\x80",
        "beyond U+10FFFF": b"\xf4\x90\x80\x80",
        "truncated": "𝄞".encode()[:3],
        "FE FF": b"\xfe\xff",
    }
    for name, data in broken.items():
        yield f"invalid UTF-8: {name}", closes_with(1007, sent=frame(TEXT, data))
        halves = frame(TEXT, data[:1], fin=False) + frame(CONT, data[1:])
        yield f"invalid UTF-8 over two fragments: {name}", closes_with(1007, sent=halves)
    yield "character split over two fragments", _split_character
    yield "binary message", closes_with(1003, sent=frame(BINARY, good()))
    yield "empty binary message", closes_with(1003, sent=frame(BINARY))


def _split_character(port: int) -> None:
    text = json.dumps(request(id="𝄞"), ensure_ascii=False).encode()
    cut = text.index("𝄞".encode()) + 2
    connection = RawWebSocket(port)
    try:
        connection.send(frame(TEXT, text[:cut], fin=False) + frame(CONT, text[cut:]))
        expect_good_answer(connection, "𝄞")
    finally:
        connection.close()


def _closing() -> Iterator[Row]:
    """Sections 5.5.1 and 7.4: a close is answered; a malformed one with 1002 (or 1007 for its text)."""
    for code in (1000, 1001, 1003, 1007, 1008, 1009, 1011, 3000, 4000, 4999):
        body = code.to_bytes(2, "big")
        yield f"close {code} is echoed", closes_with(code, 1000, sent=frame(CLOSE, body + b"bye"))
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535):
        yield (
            f"close with forbidden code {code}",
            closes_with(1002, sent=frame(CLOSE, code.to_bytes(2, "big"))),
        )
    yield "close of one byte", closes_with(1002, sent=frame(CLOSE, b"\x03"))
    yield "close with invalid UTF-8", closes_with(1007, 1002, sent=frame(CLOSE, b"\x03\xe8\xff"))
    yield "close without code", _empty_close
    yield "request after close is not answered", _after_close


def _empty_close(port: int) -> None:
    connection = RawWebSocket(port)
    try:
        connection.send(frame(CLOSE))
        received = connection.receive(ANSWER_SECONDS)
        assert received is not None
        assert received[0] == CLOSE, received
        assert received[1][:2] in (b"", b"\x03\xe8"), received
        expect_end(connection)
    finally:
        connection.close()


def _after_close(port: int) -> None:
    connection = RawWebSocket(port)
    try:
        connection.send(frame(CLOSE, b"\x03\xe8") + frame(TEXT, good()))
        received = connection.receive(ANSWER_SECONDS)
        assert received is not None
        assert received[0] == CLOSE, received
        expect_end(connection)
        assert not connection.buffer, connection.buffer[:80]
    finally:
        connection.close()


def _messages() -> Iterator[Row]:
    """What is a correct WebSocket message but no JSON is answered and leaves the connection open."""
    for name, data in {"text": LOW_TEXT, "open brace": b"{", "array": b"[]", "null": b"null"}.items():
        yield f"no JSON-RPC, connection stays: {name}", _answered_and_open(data)


def _answered_and_open(data: bytes) -> Callable[[int], None]:
    def run(port: int) -> None:
        connection = RawWebSocket(port)
        try:
            connection.send(frame(TEXT, data))
            received = connection.receive(ANSWER_SECONDS)
            assert received is not None, "not answered"
            assert received[0] == TEXT, received
            assert classify(received[1])[0] in (-32700, -32600), received[1]
            connection.send(frame(TEXT, good()))
            expect_good_answer(connection)
        finally:
            connection.close()

    return run


def _limits() -> Iterator[Row]:
    """The size is judged by what is announced: nobody has to send 2^40 bytes to be refused."""
    for announced in (MESSAGE_BYTES + 1, 2**32, 2**40, 2**62):
        yield (
            f"frame announcing {announced} bytes",
            closes_with(1009, sent=frame(TEXT, b"", size=announced)),
        )
    half = b"x" * (MESSAGE_BYTES // 2 + 1)
    over = frame(TEXT, half, fin=False) + frame(CONT, b"", size=len(half), fin=False)
    yield "fragments that add up beyond the limit", closes_with(1009, sent=over)
    yield "thousands of empty fragments", _many_fragments


def _many_fragments(port: int) -> None:
    """Either served or refused, within the deadline and with the server alive."""
    text = good()
    connection = RawWebSocket(port)
    try:
        flood = frame(CONT, b"", fin=False) * 20_000
        try:
            connection.send(frame(TEXT, text, fin=False) + flood + frame(CONT))
        except OSError:
            return  # refused while it was still coming
        try:
            received = connection.receive(ANSWER_SECONDS)
        except Ended:
            return
        assert received is not None, "neither served nor refused"
        assert received[0] in (TEXT, CLOSE), received
    finally:
        connection.close()


def refuses(sent: Callable[[int], bytes], *statuses: int) -> Callable[[int], None]:
    """The upgrade is answered with one of `statuses` (a bare end of the connection counts as 400)."""

    def run(port: int) -> None:
        connection = RawConnection(port)
        try:
            connection.send(sent(port))
            try:
                head = connection.read_head(HANDSHAKE_SECONDS)
            except Ended as error:
                head = error.rest or b"HTTP/1.1 400 (by closing)"
            assert head is not None, "not answered"
            status = int(head.split(b" ", 2)[1])
            assert status in statuses, f"status {status}, want {statuses}"
        finally:
            connection.close()

    return run


def _handshakes() -> Iterator[Row]:
    def changed(**replace: str | None) -> Callable[[int], bytes]:
        headers = {name.replace("_", "-"): value for name, value in replace.items()}
        return lambda port: handshake(port, replace=headers)

    def raw(line: str) -> Callable[[int], bytes]:
        return lambda port: handshake(port, line=line)

    def added(*lines: str) -> Callable[[int], bytes]:
        return lambda port: handshake(port, extra=lines)

    yield "key of 6 bytes", refuses(changed(Sec_WebSocket_Key="c2hvcnQh"), 400)
    yield "key that is no base64", refuses(changed(Sec_WebSocket_Key="!" * 24), 400)
    yield "key absent", refuses(changed(Sec_WebSocket_Key=None), 400)
    yield "key twice", refuses(added("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400)
    yield "version 12", refuses(changed(Sec_WebSocket_Version="12"), 426, 400)
    yield "version absent", refuses(changed(Sec_WebSocket_Version=None), 426, 400)
    yield "HTTP/1.0", refuses(raw("GET /mcp HTTP/1.0"), 400, 426, 505)
    yield "POST", refuses(raw("POST /mcp HTTP/1.1"), 400, 405, 411, 415)
    yield "connection header absent", refuses(changed(Connection=None), 400, 405, 406, 426)
    yield "upgrade to something else", refuses(changed(Upgrade="h2c"), 400, 405, 406, 426)
    yield "foreign origin", refuses(added("Origin: https://evil.example"), 403)
    yield "null origin", refuses(added("Origin: null"), 403)
    yield "rebound host", refuses(changed(Host="attacker.example"), 403, 421)
    yield "host absent", refuses(changed(Host=None), 400)
    yield "host twice", refuses(added("Host: 127.0.0.1"), 400)
    yield "folded header", refuses(added("X-Folded: a\r\n b"), 400)
    yield "64 KiB header", refuses(added("X-Long: " + "a" * 65_536), 400, 431)
    yield "5,000 headers", refuses(added(*(f"X-{number}: 1" for number in range(5000))), 400, 431)
    yield "no subprotocol on /mcp", refuses(lambda port: handshake(port, subprotocols=()), 400)
    yield (
        "only a foreign subprotocol on /mcp",
        refuses(lambda port: handshake(port, subprotocols=["soap"]), 400),
    )
    yield "the server selects mcp, never the bearer", _selects_mcp
    yield "no extension is agreed", _no_extension


def _selects_mcp(port: int) -> None:
    connection = RawConnection(port)
    try:
        connection.send(handshake(port, subprotocols=["bearer.not-a-token", "mcp"]))
        head = connection.read_head(HANDSHAKE_SECONDS)
        assert head is not None
        assert not re.search(rb"(?i)sec-websocket-protocol:[^\r]*bearer", head), head
        assert head.startswith((b"HTTP/1.1 101 ", b"HTTP/1.1 401 ")), head
    finally:
        connection.close()


def _no_extension(port: int) -> None:
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    connection = RawConnection(port)
    try:
        connection.send(handshake(port, replace={**offer}))
        head = connection.read_head(HANDSHAKE_SECONDS)
        assert head is not None
        assert head.startswith(b"HTTP/1.1 101 "), head
        assert b"sec-websocket-extensions" not in head.lower(), head
    finally:
        connection.close()


def _deadlines() -> Iterator[Row]:
    """Who dawdles in the handshake is cut."""
    yield "silence", _cut_after(b"")
    yield "half a handshake", _cut_after(b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgra")
    yield "garbage", _cut_after(b"\x16\x03\x01\x02\x00" + b"\x01" * 100)


def _cut_after(sent: bytes) -> Callable[[int], None]:
    def run(port: int) -> None:
        connection = RawConnection(port)
        try:
            if sent:
                connection.send(sent)
            end = time.monotonic() + HANDSHAKE_SECONDS
            try:
                while time.monotonic() < end:
                    connection.read_more(end - time.monotonic())
            except Ended:
                return
            raise AssertionError(f"still open after {HANDSHAKE_SECONDS} s")
        finally:
            connection.close()

    return run
