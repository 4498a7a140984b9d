"""The HTTP loop: answers, keep-alive, streams, upgrades, drains."""

from __future__ import annotations

import json
import ssl
from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing

from museod.errors import ChannelBroken
from museod.observe import context
from museod.transports import http1
from museod.transports.hangups import IDLE_SWEEP_SECONDS
from museod.transports.http1 import (
    Exchange,
    ExchangeWriter,
    HttpLimits,
    HttpRequest,
    HttpResponse,
    IdleConnections,
    StreamingResponse,
    Upgrade,
    json_response,
    serve_http,
)
from tests.transports.serving import Answer, Serving, echo_length, request_bytes

Respond = Callable[[HttpRequest], Awaitable[HttpResponse | StreamingResponse | Exchange | Upgrade]]


class FakeLog:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def error(self, event: str, **fields: object) -> None:
        self.events.append((event, fields))

    debug = error


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> FakeLog:
    fake = FakeLog()
    monkeypatch.setattr(http1, "log", fake)
    return fake


async def exchange(
    data: bytes, handler: Respond = echo_length, *, limits: HttpLimits | None = None, draining: bool = False
) -> Answer:
    """Serve one connection in memory; the client sends `data` and ends."""
    client, server = trio.testing.memory_stream_pair()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:

            async def serve() -> None:
                await serve_http(
                    server,
                    handler,
                    peer=("192.0.2.1", 4711),
                    limits=limits or HttpLimits(),
                    body_limit=lambda *_: 1000,
                    idle=IdleConnections(),
                    draining=lambda: draining,
                )

            nursery.start_soon(serve)
            await client.send_all(data)
            await client.send_eof()
            received = b"".join([chunk async for chunk in client])
    return Answer(received)


def answering(response: HttpResponse | StreamingResponse | Exchange | Upgrade) -> Respond:
    async def handler(_: HttpRequest) -> HttpResponse | StreamingResponse | Exchange | Upgrade:
        return response

    return handler


def raising(error: BaseException) -> Respond:
    async def handler(_: HttpRequest) -> HttpResponse:
        raise error

    return handler


async def test_a_handler_sees_the_whole_request() -> None:
    seen: list[HttpRequest] = []

    async def handler(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(204)

    answer = await exchange(request_bytes("PUT /a?b HTTP/1.1", "X: y", body=b"body"), handler)
    (request,) = seen
    assert (request.method, request.target, request.path, request.query) == ("PUT", "/a?b", "/a", "b")
    assert (request.body, request.peer_host, request.peer_port) == (b"body", "192.0.2.1", 4711)
    assert request.headers.get("x") == "y"
    assert answer.statuses == [204]
    assert b"Content-Length" not in answer.raw


async def test_an_answer_has_length_and_date() -> None:
    answer = await exchange(request_bytes())
    head = answer.raw.partition(b"\r\n\r\n")[0].decode()
    assert f"Content-Length: {len(answer.body)}" in head
    assert "Date: " in head
    assert "GMT" in head
    assert "Connection: close" in head


async def test_the_answer_to_head_has_a_length_and_no_body() -> None:
    answer = await exchange(request_bytes("HEAD /mcp HTTP/1.1", body=b""))
    assert answer.body == b""
    whole = await exchange(request_bytes("POST /mcp HTTP/1.1", body=b""))
    assert f"Content-Length: {len(whole.body)}".encode() in answer.raw


async def test_http_11_goes_on_until_one_side_says_close() -> None:
    one = request_bytes(close=False)
    assert (await exchange(one + one + request_bytes() + one)).statuses == [200, 200, 200]
    close = answering(HttpResponse(200, close=True))
    assert (await exchange(one + one, close)).statuses == [200]


async def test_http_10_goes_on_only_when_asked() -> None:
    plain = request_bytes("GET /mcp HTTP/1.0", body=b"", close=False)
    kept = request_bytes("GET /mcp HTTP/1.0", "Connection: keep-alive", body=b"", close=False)
    assert (await exchange(plain + plain)).statuses == [200]
    answer = await exchange(kept + kept)
    assert answer.statuses == [200, 200]
    assert answer.raw.count(b"Connection: keep-alive") == 2


async def test_pipelined_requests_are_handled_one_at_a_time_in_order() -> None:
    running = 0

    async def handler(request: HttpRequest) -> HttpResponse:
        nonlocal running
        assert running == 0
        running += 1
        await trio.lowlevel.checkpoint()
        running -= 1
        return HttpResponse(200, request.path.encode() + b"\n")

    data = b"".join(request_bytes(f"GET /request-{n} HTTP/1.1", body=b"", close=False) for n in range(9))
    answer = await exchange(data, handler)
    assert answer.statuses == [200] * 9
    positions = [answer.raw.index(b"/request-%d" % n) for n in range(9)]
    assert positions == sorted(positions)


async def test_a_chunked_body_is_followed_by_the_next_request() -> None:
    chunked = b"POST /mcp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = await exchange(chunked + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" + request_bytes())
    assert answer.statuses == [200, 200]
    assert b'"length":5' in answer.raw


async def test_a_body_that_ends_early_is_refused() -> None:
    assert (await exchange(request_bytes("POST /mcp HTTP/1.1")[:-1])).statuses == [400]


async def test_a_head_that_ends_early_is_refused() -> None:
    assert (await exchange(b"GET / HTTP/1.1\r\nHo")).statuses == [400]


async def test_nothing_is_answered_to_nothing() -> None:
    assert (await exchange(b"")).raw == b""


async def test_a_refusal_is_json_and_says_what_to_do() -> None:
    answer = await exchange(request_bytes(host=None))
    error = json.loads(answer.body)["error"]
    assert error["kind"] == "invalid_request"
    assert "Host" in error["message"]


async def test_an_upload_that_makes_progress_earns_time(autojump_clock: trio.testing.MockClock) -> None:
    client, server = trio.testing.memory_stream_pair()
    head = b"POST /mcp HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    chunk, count = b"x" * 65_536, 30

    async def serve() -> None:
        await serve_http(
            server,
            echo_length,
            peer=("x", 1),
            limits=HttpLimits(),
            body_limit=lambda *_: 1 << 30,
            idle=IdleConnections(),
        )

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        await client.send_all(head % (len(chunk) * count))
        for _ in range(count):  # 27 s in all, where a client without progress has 10 s
            await trio.sleep(0.9)
            await client.send_all(chunk)
        assert bytes(await client.receive_some()).startswith(b"HTTP/1.1 200")
        await client.aclose()


async def test_an_idle_connection_ends_silently(autojump_clock: trio.testing.MockClock) -> None:
    client, server = trio.testing.memory_stream_pair()
    idle = IdleConnections()

    async def serve() -> None:
        await serve_http(
            server, echo_length, peer=("x", 1), limits=HttpLimits(), body_limit=lambda *_: 10, idle=idle
        )

    async with trio.open_nursery() as nursery:
        nursery.start_soon(idle.run)
        nursery.start_soon(serve)
        await client.send_all(request_bytes(close=False))
        assert bytes(await client.receive_some()).startswith(b"HTTP/1.1 200")
        began = trio.current_time()
        assert await client.receive_some() == b""
        assert 75 <= trio.current_time() - began <= 75 + IDLE_SWEEP_SECONDS
        nursery.cancel_scope.cancel()


# ---------------------------------------------------------------- failures of handlers


async def test_a_failing_handler_is_logged_and_answered_without_its_text(log: FakeLog) -> None:
    one = request_bytes(close=False)
    answer = await exchange(one + one, raising(RuntimeError("secret detail")))
    assert answer.statuses == [500, 500]
    assert b"secret" not in answer.raw
    event, fields = log.events[0]
    assert event == "http_handler_failed"
    error = json.loads(answer.raw.split(b"\r\n\r\n")[1].split(b"HTTP")[0])["error"]
    assert error["kind"] == "internal_error"
    assert error["correlationId"] == fields["correlation_id"]


async def test_the_correlation_id_of_the_request_is_kept(log: FakeLog) -> None:
    async def handler(_: HttpRequest) -> HttpResponse:
        context.correlation_id.set("correlation-1")
        raise RuntimeError

    answer = await exchange(request_bytes(), handler)
    assert json.loads(answer.body)["error"]["correlationId"] == "correlation-1"


@pytest.mark.parametrize(
    "header", [("X", "a\r\nSet-Cookie: b"), ("X\r\nY", "a"), ("X Y", "a"), ("X", "☃"), ("", "a")]
)
async def test_a_header_cannot_inject_a_line(log: FakeLog, header: tuple[str, str]) -> None:
    answer = await exchange(request_bytes(), answering(HttpResponse(200, headers=[header])))
    assert answer.statuses == [500]
    assert b"Set-Cookie" not in answer.raw
    assert log.events[0][0] == "http_handler_failed"


# ---------------------------------------------------------------- streams


async def two_events(send: Callable[[bytes], Awaitable[None]]) -> None:
    await send(b"data: 1\n\n")
    await send(b"")
    await send(b"data: 2\n\n")


async def test_a_stream_is_chunked_and_the_connection_goes_on() -> None:
    one = request_bytes(close=False)
    answer = await exchange(one + one, answering(StreamingResponse(200, two_events, [("X", "y")])))
    assert answer.raw.count(b"9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n") == 2
    assert answer.raw.count(b"X: y") == 2


async def test_a_stream_to_http_10_ends_with_the_connection() -> None:
    request = request_bytes("GET /mcp HTTP/1.0", "Connection: keep-alive", body=b"", close=False)
    answer = await exchange(request + request, answering(StreamingResponse(200, two_events)))
    assert answer.body == b"data: 1\n\ndata: 2\n\n"
    assert b"chunked" not in answer.raw


async def test_a_stream_that_fails_halfway_has_no_end(log: FakeLog) -> None:
    async def run(send: Callable[[bytes], Awaitable[None]]) -> None:
        await send(b"half")
        raise RuntimeError("secret detail")

    answer = await exchange(request_bytes(close=False) * 2, answering(StreamingResponse(200, run)))
    assert answer.body == b"4\r\nhalf\r\n"
    assert log.events[0][0] == "http_connection_failed"


async def test_an_exchange_may_turn_out_a_response_or_a_stream() -> None:
    async def respond(writer: ExchangeWriter) -> None:
        await writer.respond(json_response(404, {}))

    async def stream(writer: ExchangeWriter) -> None:
        await writer.start(200, [("X", "y")])
        await writer.send(b"piece")

    one = request_bytes(close=False)
    assert (await exchange(one + one, answering(Exchange(respond)))).statuses == [404, 404]
    answer = await exchange(one + one, answering(Exchange(stream)))
    assert answer.raw.count(b"X: y\r\n") == 2
    assert answer.raw.count(b"5\r\npiece\r\n0\r\n\r\n") == 2


@pytest.mark.parametrize("is_silent", [True, False])
async def test_an_exchange_without_an_answer_is_an_error(log: FakeLog, is_silent: bool) -> None:
    async def run(_: ExchangeWriter) -> None:
        if not is_silent:
            raise RuntimeError

    assert (await exchange(request_bytes(), answering(Exchange(run)))).statuses == [500]


async def test_an_exchange_answers_once(log: FakeLog) -> None:
    async def run(writer: ExchangeWriter) -> None:
        await writer.respond(json_response(200, {}))
        await writer.respond(json_response(200, {}))

    assert (await exchange(request_bytes(), answering(Exchange(run)))).statuses == [200]
    assert log.events[0][0] == "http_connection_failed"


@pytest.mark.real
async def test_a_stream_to_a_client_that_left_is_no_failure(serving: Serving, log: FakeLog) -> None:
    ended = trio.Event()

    async def run(send: Callable[[bytes], Awaitable[None]]) -> None:
        try:
            async with trio.open_nursery():  # wraps what send raises in a group
                while True:
                    await send(b"x" * 65_536)
        finally:
            ended.set()

    server = await serving(answering(StreamingResponse(200, run)))
    with trio.fail_after(5):
        async with await server.connect() as stream:
            await stream.send_all(request_bytes())
            await stream.receive_some()
        await ended.wait()
        while server.open_connections:
            await trio.lowlevel.checkpoint()
    assert log.events == []


# ---------------------------------------------------------------- upgrades, drains, TLS


async def test_an_upgrade_gets_the_stream_the_raw_head_and_what_follows() -> None:
    async def run(stream: trio.abc.Stream, head: bytes, leftover: bytes) -> None:
        await stream.send_all(b"<" + head + b"|" + leftover + b">")

    request = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    answer = await exchange(request + b"frame", answering(Upgrade(run)))
    assert answer.raw == b"<" + request + b"|frame>"


async def test_an_upgraded_connection_may_end_broken(log: FakeLog) -> None:
    async def run(*_: object) -> None:
        raise ChannelBroken("gone")

    assert (await exchange(request_bytes(), answering(Upgrade(run)))).raw == b""
    assert log.events == []


HEAD = b"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"POST /mcp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "bodies"),
    [
        ([HEAD % 2 + b"{}", HEAD % 2 + b"[]"], [b"{}", b"[]"]),
        ([HEAD % 2 + b"{}", HEAD % 3 + b"[1]", HEAD % 2 + b"[]"], [b"{}", b"[1]", b"[]"]),
        ([HEAD % 2 + b"{}", HEAD % 2 + b"[", b"]"], [b"{}", b"[]"]),
        ([HEAD % 2 + b"{}", HEAD % 2, b"[]"], [b"{}", b"[]"]),
        ([HEAD % 2 + b"{}", (HEAD % 2)[:20], (HEAD % 2)[20:] + b"[]"], [b"{}", b"[]"]),
        ([HEAD % 2 + b"{}", HEAD % 2 + b"[]" + HEAD % 2 + b"()"], [b"{}", b"[]", b"()"]),
        ([HEAD % 0, HEAD % 0, HEAD % 0 + HEAD % 2 + b"{}"], [b"", b"", b"", b"{}"]),
        ([CHUNKED + b"1\r\na\r\n0\r\n\r\n", CHUNKED + b"1\r\nb\r\n0\r\n\r\n"], [b"a", b"b"]),
        ([CHUNKED + b"1\r\na\r\n0\r\n\r\n", CHUNKED, b"0\r\n\r\n"], [b"a", b""]),
    ],
)
async def test_a_repeated_head_is_followed_by_a_body_of_its_own(
    pieces: list[bytes], bodies: list[bytes]
) -> None:
    seen: list[bytes] = []

    async def handler(request: HttpRequest) -> HttpResponse:
        seen.append(request.body)
        return HttpResponse(200)

    client, server = trio.testing.memory_stream_pair()

    async def serve() -> None:
        await serve_http(
            server,
            handler,
            peer=("x", 1),
            limits=HttpLimits(),
            body_limit=lambda *_: 10,
            idle=IdleConnections(),
        )

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            for piece in pieces:
                await client.send_all(piece)
                await trio.testing.wait_all_tasks_blocked()
            await client.send_eof()
    assert seen == bodies


async def test_while_draining_each_answer_is_the_last() -> None:
    answer = await exchange(request_bytes(close=False) * 2, draining=True)
    assert answer.statuses == [200]
    assert b"Connection: close" in answer.raw


async def test_a_drain_closes_idle_connections_at_once() -> None:
    client, server = trio.testing.memory_stream_pair()
    idle = IdleConnections()

    async def serve() -> None:
        await serve_http(
            server, echo_length, peer=("x", 1), limits=HttpLimits(), body_limit=lambda *_: 10, idle=idle
        )

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            await client.send_all(request_bytes(close=False))
            assert bytes(await client.receive_some()).startswith(b"HTTP/1.1 200")
            await trio.testing.wait_all_tasks_blocked()
            idle.close()
            assert await client.receive_some() == b""


async def test_cancelling_a_connection_cancels_its_handler() -> None:
    client, server = trio.testing.memory_stream_pair()
    cancelled = trio.Event()

    async def hang(_: HttpRequest) -> HttpResponse:
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            cancelled.set()
            raise

    async def serve() -> None:
        await serve_http(
            server,
            hang,
            peer=("x", 1),
            limits=HttpLimits(),
            body_limit=lambda *_: 10,
            idle=IdleConnections(),
        )

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            await client.send_all(request_bytes())
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
    assert cancelled.is_set()
    assert await client.receive_some() == b""


async def test_the_loop_works_over_tls(tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server_context, client_context = tls_contexts
    raw_client, raw_server = trio.testing.memory_stream_pair()
    client = trio.SSLStream(raw_client, client_context, server_hostname="localhost", https_compatible=True)
    server = trio.SSLStream(raw_server, server_context, server_side=True, https_compatible=True)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:

            async def serve() -> None:
                await serve_http(
                    server,
                    echo_length,
                    peer=("x", 1),
                    limits=HttpLimits(),
                    body_limit=lambda *_: 10,
                    idle=IdleConnections(),
                    is_tls=True,
                )

            nursery.start_soon(serve)
            await client.send_all(request_bytes(close=False) + request_bytes())
            received = b"".join([chunk async for chunk in client])
    assert Answer(received).statuses == [200, 200]
