"""The daemon's own requests: what is sent, what is taken as an answer, and what is not."""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from museod.errors import ChannelBroken, LocalProtocolError, MessageTooLarge, MuseodError, RemoteProtocolError
from museod.transports.http1 import HttpRequest, HttpResponse, StreamingResponse
from museod.transports.http_client import DEADLINE_SECONDS, MAX_HEAD_BYTES, HttpAnswer, fetch
from museod.transports.http_messages import Send
from tests.transports.serving import Serving

Served = Callable[[trio.SocketStream], Awaitable[None]]


async def served(handler: Served, nursery: trio.Nursery) -> str:
    """A server on the loopback, as a URL with a port."""
    listeners = await nursery.start(partial(trio.serve_tcp, handler, 0, host="127.0.0.1"))
    return f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"


async def answered(raw: bytes, nursery: trio.Nursery) -> HttpAnswer:
    """What `fetch` makes of `raw`, which comes in pieces and is followed by the end of the connection."""

    async def handler(stream: trio.SocketStream) -> None:
        await stream.receive_some(4096)
        try:
            for at in range(0, len(raw), 977):
                await stream.send_all(raw[at : at + 977])
        except trio.BrokenResourceError:
            return

    with trio.fail_after(5):
        try:
            return await fetch(await served(handler, nursery), max_body=100)
        finally:
            nursery.cancel_scope.cancel()


@pytest.mark.real
@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", 200, b"ab"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n", 200, b"ab"),
        (b"HTTP/1.0 200 OK\r\n\r\nab", 200, b"ab"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 503 Away\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", 503, b""),
        (b"HTTP/1.1 302 F\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", 302, b""),
        (b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", 200, b"a"),
        (b"HTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 201 C\r\nContent-Length: 1\r\n\r\na", 201, b"a"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 500 X\r\nContent-Length: 1\r\n\r\nb",
            200,
            b"a",
        ),
    ],
)
async def test_each_kind_of_answer_is_read_whole(
    raw: bytes, status: int, body: bytes, nursery: trio.Nursery
) -> None:
    answer = await answered(raw, nursery)
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers.get("link") is None


@pytest.mark.real
@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", RemoteProtocolError),
        (b"SSH-2.0-OpenSSH\r\n", RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab", RemoteProtocolError),
        (b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", RemoteProtocolError),
        (b"HTTP/1.1 100 Continue\r\n\r\n", RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + b"x" * 101, MessageTooLarge),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000, MessageTooLarge),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 101, MessageTooLarge),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5 * MAX_HEAD_BYTES, MessageTooLarge),
        (b"HTTP/1.1 100 C\r\n\r\n" * MAX_HEAD_BYTES, MessageTooLarge),
    ],
)
async def test_what_is_no_good_answer_is_refused(
    raw: bytes, fault: type[MuseodError], nursery: trio.Nursery
) -> None:
    with pytest.raises(fault):
        await answered(raw, nursery)


@pytest.mark.real
async def test_a_body_arrives_with_its_headers_and_without_the_addresss_password(serving: Serving) -> None:
    asked: list[HttpRequest] = []

    async def handler(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        await trio.lowlevel.checkpoint()
        return HttpResponse(201, b"thanks")

    with trio.fail_after(5):
        server = await serving(handler)
        url = f"http://me:secret@127.0.0.1:{server.port}/push?x=1"
        answer = await fetch(url, method="POST", body=b"{}", headers=[("Content-Type", "application/json")])
    assert (answer.status, answer.body) == (201, b"thanks")
    [request] = asked
    assert (request.method, request.path, request.query, request.body) == ("POST", "/push", "x=1", b"{}")
    assert request.headers.get("host") == f"127.0.0.1:{server.port}"
    assert request.headers.get("content-type") == "application/json"
    assert "secret" not in str(request.headers.items())


@pytest.mark.real
async def test_an_answer_that_comes_before_the_body_was_read_counts(nursery: trio.Nursery) -> None:
    async def handler(stream: trio.SocketStream) -> None:
        await stream.send_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await stream.send_eof()
        async for _ in stream:
            pass

    with trio.fail_after(5):
        answer = await fetch(await served(handler, nursery), method="POST", body=b"x" * 5_000_000)
    assert answer.status == 413
    nursery.cancel_scope.cancel()


@pytest.mark.real
async def test_tls_is_spoken_with_who_has_a_trusted_certificate_only(
    nursery: trio.Nursery, tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async def handler(stream: trio.SSLStream[trio.SocketStream]) -> None:
        try:
            await stream.receive_some(4096)
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except trio.BrokenResourceError:
            return

    with trio.fail_after(5):
        listeners = await nursery.start(
            partial(trio.serve_ssl_over_tcp, handler, 0, tls_contexts[0], host="127.0.0.1")
        )
        port = listeners[0].transport_listener.socket.getsockname()[1]
        url = f"https://localhost:{port}/"
        assert (await fetch(url, ssl_context=tls_contexts[1])).body == b"ok"
        with pytest.raises(ChannelBroken, match="not trusted"):
            await fetch(url)
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "https://127.0.0.1:1", "http://127.0.0.1:99999", "http://[", "ftp://x", "x"]
)
async def test_an_address_where_nobody_is_breaks_with_a_reason(url: str) -> None:
    with trio.fail_after(5), pytest.raises(ChannelBroken, match=r"reached|address"):
        await fetch(url)


@pytest.mark.parametrize("header", [("X", "a\r\nY: b"), ("X Y", "a"), ("X", "a\0")])
async def test_no_header_can_smuggle_another(header: tuple[str, str]) -> None:
    with pytest.raises(LocalProtocolError):
        await fetch("http://127.0.0.1:1", headers=[header])


async def test_one_deadline_is_over_all_of_it(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()

    async def connect(*_: object) -> trio.abc.Stream:
        await trio.sleep(DEADLINE_SECONDS / 2)
        return ours

    pieces = itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X: y\r\n"))

    async def drip() -> None:
        while True:
            await theirs.send_all(next(pieces))
            await trio.sleep(0.75)  # never at the moment of the deadline

    monkeypatch.setattr(trio, "open_tcp_stream", connect)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(drip)
        with pytest.raises(ChannelBroken, match="does not answer"):
            await fetch("http://shop.example")
        nursery.cancel_scope.cancel()
    assert trio.current_time() == pytest.approx(DEADLINE_SECONDS)


@pytest.mark.real
async def test_a_request_can_be_cancelled_and_leaves_no_connection(serving: Serving) -> None:
    came = trio.Event()

    async def hang(_: HttpRequest) -> StreamingResponse:
        async def run(_: Send) -> None:
            came.set()
            await trio.sleep_forever()

        await trio.lowlevel.checkpoint()
        return StreamingResponse(200, run)

    with trio.fail_after(5):
        server = await serving(hang)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fetch, f"http://127.0.0.1:{server.port}")
            await came.wait()
            nursery.cancel_scope.cancel()
