"""
Hostile HTTP against a server on a real socket: smuggling shapes, bad heads, bombs, drips.

A case passes when there is exactly one answer, of the right kind, the connection is closed after it, and the
server still serves a good request.
"""

from __future__ import annotations

import socket

import pytest
import trio

from museod.transports.http1 import HttpLimits
from tests.transports.serving import BODY_LIMIT, Server, Serving, request_bytes

pytestmark = pytest.mark.real

# What a smuggler hides behind the ambiguity: it must never be answered.
SMUGGLED = b"GET /__smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
QUICK = HttpLimits(head_seconds=0.3, body_seconds=0.3, idle_seconds=0.3, write_seconds=0.3)


def framed(headers: str, body: bytes = b"") -> bytes:
    """A request framed by `headers`, with another request glued to it."""
    return f"POST /mcp HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n".encode("latin-1") + body + SMUGGLED


CHUNKED = "Transfer-Encoding: chunked"
SMUGGLING = {
    "length and coding": framed("Content-Length: 4\r\n" + CHUNKED, b"0\r\n\r\n"),
    "coding and length": framed(CHUNKED + "\r\nContent-Length: 4", b"0\r\n\r\n"),
    "two lengths that differ": framed("Content-Length: 5\r\nContent-Length: 0"),
    "two lengths alike": framed("Content-Length: 0\r\nContent-Length: 0"),
    "a list of lengths": framed("Content-Length: 5, 0"),
    "a length with a plus": framed("Content-Length: +0"),
    "a negative length": framed("Content-Length: -1"),
    "a hexadecimal length": framed("Content-Length: 0x0"),
    "a length with an underscore": framed("Content-Length: 1_0", b"a" * 10),
    "a length in another script": framed("Content-Length: \xb2"),
    "an empty length": framed("Content-Length: "),
    "a length of forty digits": framed("Content-Length: " + "9" * 40),
    "an unknown coding": framed("Transfer-Encoding: xchunked"),
    "the identity coding": framed("Transfer-Encoding: identity"),
    "chunked twice": framed("Transfer-Encoding: chunked, chunked", b"0\r\n\r\n"),
    "chunked on two lines": framed(CHUNKED + "\r\n" + CHUNKED, b"0\r\n\r\n"),
    "gzip, then chunked": framed("Transfer-Encoding: gzip, chunked", b"0\r\n\r\n"),
    "a space before the colon": framed("Transfer-Encoding : chunked", b"0\r\n\r\n"),
    "a vertical tab": framed("Transfer-Encoding: \x0bchunked", b"0\r\n\r\n"),
    "a nul": framed("Transfer-Encoding: chunked\0", b"0\r\n\r\n"),
    "a folded coding": framed("Transfer-Encoding:\r\n chunked"),
    "a chunk size with 0x": framed(CHUNKED, b"0x0\r\n\r\n"),
    "a chunk size with a plus": framed(CHUNKED, b"+0\r\n\r\n"),
    "a negative chunk size": framed(CHUNKED, b"-1\r\n\r\n"),
    "a chunk size of twenty digits": framed(CHUNKED, b"f" * 20 + b"\r\nx"),
    "a chunk size of 70,000 zeros": framed(CHUNKED, b"0" * 70_000 + b"\r\n\r\n"),
    "a chunk without its line end": framed(CHUNKED, b"1\r\nAB0\r\n\r\n"),
    "a chunk extension of 200 KB": framed(CHUNKED, b"1;" + b"a" * 200_000 + b"\r\nx\r\n0\r\n\r\n"),
    "20,000 trailers": framed(CHUNKED, b"0\r\n" + b"A: b\r\n" * 20_000 + b"\r\n"),
    "chunks with bare LF": framed(CHUNKED, b"1\nx\n0\n\n"),
    "a bare CR in an extension": framed(CHUNKED, b"1;\rx\r\nA\r\n0\r\n\r\n"),
    "a coding in HTTP/1.0": b"POST /mcp HTTP/1.0\r\nHost: x\r\n"
    + CHUNKED.encode()
    + b"\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "lines with bare LF": b"POST /mcp HTTP/1.1\nHost: x\nContent-Length: 0\n\n" + SMUGGLED,
    "a bare CR in a header": b"POST /mcp HTTP/1.1\r\nHost: x\r\nX: a\rContent-Length: 50\r\n\r\n" + SMUGGLED,
    "a leading empty line": b"\r\n" + request_bytes() + SMUGGLED,
}

LINES = {
    "two spaces": ("POST  /mcp HTTP/1.1", 400),
    "no version": ("GET /mcp", 400),
    "HTTP/1.2": ("POST /mcp HTTP/1.2", 505),
    "the HTTP/2 preface": ("PRI * HTTP/2.0", 505),
    "HTTP/0.9": ("POST /mcp HTTP/0.9", 505),
    "a control character in the method": ("PO\x7fST /mcp HTTP/1.1", 400),
    "a space in the target": ("POST /mcp x HTTP/1.1", 400),
    "a nul in the target": ("POST /mcp\0 HTTP/1.1", 400),
    "a control character in the target": ("POST /mcp\x01 HTTP/1.1", 400),
    "a raw byte in the target": ("POST /mcp\xe9 HTTP/1.1", 400),
    "a fragment in the target": ("POST /mcp#x HTTP/1.1", 400),
    "a target of 64 KiB": (f"POST /{'a' * 65_536} HTTP/1.1", 414),
    "CONNECT": ("CONNECT 169.254.169.254:80 HTTP/1.1", 501),
    "TRACE": ("TRACE /mcp HTTP/1.1", 501),
    "an unknown method": ("BREW /mcp HTTP/1.1", 501),
    "a path that climbs": ("POST /../../etc/passwd HTTP/1.1", 400),
    "a path that climbs, encoded": ("POST /%2e%2E/etc/passwd HTTP/1.1", 400),
    "another host's target": ("POST http://169.254.169.254/mcp HTTP/1.1", 400),
}

HEADERS = {
    "a name with a space": ("X Y: 1", 400),
    "an empty name": (": 1", 400),
    "a name with a nul": ("X\0: 1", 400),
    "a value with a nul": ("X: a\0b", 400),
    "a value with a bare CR": ("X: a\rb", 400),
    "a folded value": ("X: a\r\n b", 400),
    "a line without a colon": ("nonsense", 400),
    "a second Host": ("Host: other", 400),
    "a header of 64 KiB": ("X: " + "a" * 65_536, 431),
    "a header of 1 MiB": ("X: " + "a" * (1 << 20), 431),
    "5,000 headers": ("\r\n".join(f"X-{n}: 1" for n in range(5000)), 431),
    "65 headers too many": ("\r\n".join(f"X{n}: 1" for n in range(65)), 431),
    "a compressed body": ("Content-Encoding: gzip", 415),
    "an odd expectation": ("Expect: 200-maybe", 417),
}


@pytest.fixture
async def server(serving: Serving) -> Server:
    return await serving()


async def assert_refused(server: Server, data: bytes, *statuses: int) -> None:
    answer = await server.talk(data)
    assert len(answer.statuses) == 1, answer.raw[:500]
    assert answer.statuses[0] in statuses, answer.raw[:500]
    assert b"connection: close" in answer.raw.lower()
    await assert_serves(server)


async def assert_serves(server: Server) -> None:
    assert (await server.talk(request_bytes())).statuses == [200]


async def test_a_good_request_is_served(server: Server) -> None:
    await assert_serves(server)


@pytest.mark.parametrize("name", SMUGGLING)
async def test_an_ambiguous_request_gets_one_refusal_and_an_end(server: Server, name: str) -> None:
    await assert_refused(server, SMUGGLING[name], 400, 431, 501)


@pytest.mark.parametrize("name", SMUGGLING)
async def test_an_ambiguous_request_is_refused_in_any_pieces(server: Server, name: str) -> None:
    data = SMUGGLING[name][:1000]
    with trio.fail_after(5):
        async with await server.connect() as stream:
            try:
                for start in range(0, len(data), 7):
                    await stream.send_all(data[start : start + 7])
                    await trio.lowlevel.checkpoint()
                await stream.send_eof()
            except trio.BrokenResourceError:
                pass
            raw = b"".join([chunk async for chunk in stream])
    assert raw.count(b"HTTP/1.1 ") == 1
    assert raw.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431", b"HTTP/1.1 501"))


@pytest.mark.parametrize("name", LINES)
async def test_a_bad_request_line_is_refused(server: Server, name: str) -> None:
    line, status = LINES[name]
    await assert_refused(server, request_bytes(line), status)


@pytest.mark.parametrize("name", HEADERS)
async def test_a_bad_header_is_refused(server: Server, name: str) -> None:
    header, status = HEADERS[name]
    await assert_refused(server, request_bytes("POST /mcp HTTP/1.1", header), status)


async def test_a_request_without_a_host_is_refused(server: Server) -> None:
    await assert_refused(server, request_bytes(host=None), 400)


async def test_a_body_over_the_announced_limit_is_refused_before_it_is_sent(server: Server) -> None:
    head = f"Content-Length: {BODY_LIMIT + 1}"
    await assert_refused(server, request_bytes("POST /mcp HTTP/1.1", head, body=b"", length=False), 413)


async def test_a_chunked_body_over_the_limit_is_refused_as_it_comes(server: Server) -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    head = request_bytes("POST /mcp HTTP/1.1", CHUNKED, body=b"", length=False)
    await assert_refused(server, head + chunk * (BODY_LIMIT // 65_536 + 4), 413)


async def test_a_client_that_asks_before_sending_is_told_to_go_on(server: Server) -> None:
    with trio.fail_after(5):
        async with await server.connect() as stream:
            await stream.send_all(
                b"POST /mcp HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                b"Content-Length: 2\r\nConnection: close\r\n\r\n"
            )
            assert await stream.receive_some() == b"HTTP/1.1 100 Continue\r\n\r\n"
            await stream.send_all(b"{}")
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 200")


async def test_twenty_pipelined_requests_get_twenty_answers(server: Server) -> None:
    answer = await server.talk(request_bytes(close=False) * 19 + request_bytes())
    assert answer.statuses == [200] * 20


async def test_a_silent_client_is_cut(serving: Serving) -> None:
    server = await serving(limits=QUICK)
    assert (await server.talk(b"")).raw == b""
    await assert_serves(server)


@pytest.mark.parametrize(
    ("start", "drip"),
    [(b"", b"POST /mcp HTTP/1.1\r\nX: aaaaaaaa"), (request_bytes(body=b"")[:-2], b"")],
    ids=["nothing of the head", "most of the head"],
)
async def test_a_dripping_head_is_cut(serving: Serving, start: bytes, drip: bytes) -> None:
    server = await serving(limits=QUICK)
    assert await _drip(server, start, drip) == 408


async def test_a_dripping_body_is_cut(serving: Serving) -> None:
    server = await serving(limits=QUICK)
    head = b"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"
    assert await _drip(server, head, b"x" * 4000) == 408


async def _drip(server: Server, start: bytes, drip: bytes) -> int:
    """Send one byte at a time until there is an answer; its status."""
    with trio.fail_after(5):
        async with await server.connect() as stream, trio.open_nursery() as nursery:

            async def send() -> None:
                await stream.send_all(start)
                for byte in drip:
                    await stream.send_all(bytes([byte]))
                    await trio.sleep(0.02)  # the drip itself, not a wait for something

            nursery.start_soon(send)
            answer = await stream.receive_some()
            nursery.cancel_scope.cancel()
        return int(bytes(answer).split()[1])


async def test_slow_heads_do_not_hold_up_others(server: Server) -> None:
    with trio.fail_after(5):
        streams = [await server.connect() for _ in range(200)]
        for stream in streams:
            await stream.send_all(b"POST / HTTP/1.1\r\nHost: x\r\nX: ")
        await assert_serves(server)
        for stream in streams:
            await stream.aclose()


async def test_a_client_that_never_reads_is_cut_and_harms_nobody(serving: Serving) -> None:
    server = await serving(limits=QUICK)
    client = trio.socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await client.connect(("127.0.0.1", server.port))
    with trio.fail_after(5):
        async with trio.SocketStream(client) as stream:
            with pytest.raises(trio.BrokenResourceError):
                await _send_for_ever(stream, request_bytes(close=False) * 100)
    await assert_serves(server)


async def _send_for_ever(stream: trio.SocketStream, data: bytes) -> None:
    while True:
        await stream.send_all(data)
