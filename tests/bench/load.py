"""
The load client: many MCP clients on one asyncio loop, requests serialised beforehand, answers barely parsed.

It is no part of the daemon and may therefore use asyncio, with uvloop where that is installed: what it must
not be is the bottleneck. Over HTTP every connection has one request in flight; over WebSocket any number.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from tests.bench.connections import HttpConnection, WebSocketConnection, ignore
from tests.bench.processes import Snapshot

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
MARKER = "pong-7f3a"  # the text echoed, and found again in every good answer
OPEN_SECONDS = 20.0  # one connection and its handshake, on a busy machine
CALL_SECONDS = 30.0
DRAIN_SECONDS = 5.0  # after a window: the calls still in flight
RETRY_PAUSE_SECONDS = 0.005  # after a refused call: a broken gateway must not turn the client into a hot loop

_T = TypeVar("_T")
Transport = Literal["http", "websocket"]
Era = Literal["modern", "legacy"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to call; `bare` skips every handshake (for echo servers that know no MCP)."""

    url: str
    transport: Transport = "http"
    era: Era = "legacy"
    bare: bool = False
    subprotocol: str | None = "mcp"
    tool_prefix: str = ""


class Request:
    """One request, serialised once; only the nine digits of its id change from call to call."""

    def __init__(self, method: str, params: dict[str, Any], era: Era) -> None:
        if era == "modern":
            params = params | {
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": MODERN,
                    "io.modelcontextprotocol/clientInfo": {"name": "load", "version": "1"},
                    "io.modelcontextprotocol/clientCapabilities": {},
                }
            }
        message = {"jsonrpc": "2.0", "id": 987654321, "method": method, "params": params}
        encoded = json.dumps(message, separators=(",", ":")).encode()
        self.before, self.after = encoded.split(b"987654321")
        self.size = len(encoded)
        self.method = method
        self.name: str | None = params.get("name")

    def body(self, id: int) -> bytes:
        return b"%b%d%b" % (self.before, id, self.after)


def call_request(target: Target, tool: str, arguments: dict[str, Any]) -> Request:
    return Request("tools/call", {"name": target.tool_prefix + tool, "arguments": arguments}, target.era)


def echo_request(target: Target) -> Request:
    return call_request(target, "echo", {"text": MARKER})


class Tally:
    """What the pumps of one window saw."""

    def __init__(self, pumps: int) -> None:
        self.good: list[tuple[float, float]] = []  # when answered, seconds taken
        self.bad: list[tuple[float, bytes]] = []
        self.is_stopping = False
        self.all_finished = asyncio.Event()
        self._running = pumps

    def failed(self, answer: bytes) -> None:
        self.bad.append((time.perf_counter(), answer[:300]))

    def finished(self) -> None:
        self._running -= 1
        if self._running <= 0:
            self.all_finished.set()


class Client:
    """One MCP client on one connection."""

    def __init__(self, target: Target) -> None:
        self.target = target
        parts = urlsplit(target.url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._path = parts.path or "/"
        self._ids: Iterator[int] = itertools.count(100_000_001)
        self._session: str | None = None
        self._revision = LEGACY
        self._stream: asyncio.Transport | None = None
        self._http: HttpConnection | None = None
        self._websocket: WebSocketConnection | None = None

    async def open(self, *, with_stream: bool = False) -> None:
        """Connect and shake hands; `with_stream` also opens the legacy server-to-client stream."""
        async with asyncio.timeout(OPEN_SECONDS):
            await self._connect()
            if self.target.bare or self.target.era == "modern":
                return
            await self._initialize()
            if with_stream and self.target.transport == "http":
                stream = await self._connection(HttpConnection)
                stream.send(self._head("GET", None, 0), ignore)
                self._stream = stream.transport

    async def _connection(self, protocol: Callable[[], _ProtocolT]) -> _ProtocolT:
        _, connection = await asyncio.get_running_loop().create_connection(protocol, self._host, self._port)
        return connection

    async def _connect(self) -> None:
        if self.target.transport == "http":
            self._http = await self._connection(HttpConnection)
            return
        self._websocket = await self._connection(WebSocketConnection)
        head = (
            f"GET {self._path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
        )
        if self.target.subprotocol:
            head += f"Sec-WebSocket-Protocol: {self.target.subprotocol}\r\n"
        self._websocket.transport.write((head + "\r\n").encode())
        await self._websocket.upgraded

    async def _initialize(self) -> None:
        hello = {
            "protocolVersion": LEGACY,
            "capabilities": {},
            "clientInfo": {"name": "load", "version": "1"},
        }
        head, body = await self.call(Request("initialize", hello, "legacy"))
        if b'"result"' not in body:
            raise ConnectionError("initialize failed: " + body[:300].decode("latin-1"))
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"mcp-session-id":
                self._session = value.strip().decode()
        ready = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
        if self._websocket is not None:
            self._websocket.send(ready)
        elif self._http is not None:
            await self._http.exchange(self._head("POST", None, len(ready)) + ready)

    def _head(self, method: str, request: Request | None, size: int) -> bytes:
        lines = [
            f"{method} {self._path} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            "Accept: application/json, text/event-stream",
        ]
        if method == "POST":
            lines += ["Content-Type: application/json", f"Content-Length: {size}"]
        if self._session:
            lines.append(f"Mcp-Session-Id: {self._session}")
        if self.target.era == "modern":
            lines.append(f"MCP-Protocol-Version: {MODERN}")
            if request is not None:
                lines.append(f"Mcp-Method: {request.method}")
                if request.name:
                    lines.append(f"Mcp-Name: {request.name}")
        elif request is None or request.method != "initialize":
            lines.append(f"MCP-Protocol-Version: {self._revision}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def call(self, request: Request, *, seconds: float = CALL_SECONDS) -> tuple[bytes, bytes]:
        """Send one request and return head (HTTP only) and body of its answer."""
        async with asyncio.timeout(seconds):
            return await self._call(request)

    async def _call(self, request: Request) -> tuple[bytes, bytes]:
        id = next(self._ids)
        if self._websocket is None:
            if self._http is None or self._http.is_lost:
                self._http = await self._connection(HttpConnection)
            message = self._head("POST", request, request.size) + request.body(id)
            status, head, body = await self._http.exchange(message)
            if status != 200:
                raise ConnectionError(f"HTTP {status}: {body[:200].decode('latin-1')}")
            return head, body
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        digits = b"%d" % id

        def on_message(message: bytes | None) -> None:
            if answer.done():
                return
            if message is None:
                answer.set_exception(ConnectionError("The connection was lost."))
            elif digits in message:
                answer.set_result(message)

        self._websocket.on_message = on_message
        self._websocket.send(request.body(id))
        return b"", await answer

    def close(self) -> None:
        for connection in (self._http, self._websocket):
            if connection is not None:
                connection.transport.abort()
        if self._stream is not None:
            self._stream.abort()

    # The two loops below are the hot path: callbacks only, one bytes formatting and one write per call.

    def pump(self, request: Request, expected: bytes, tally: Tally, in_flight: int) -> None:
        """Keep `in_flight` calls going until the tally says stop."""
        if self._websocket is not None:
            self._pump_websocket(self._websocket, request, expected, tally, in_flight)
        elif self._http is not None:
            self._pump_http(self._http, request, expected, tally)

    def _pump_http(self, http: HttpConnection, request: Request, expected: bytes, tally: Tally) -> None:
        before = self._head("POST", request, request.size) + request.before
        after, ids, now = request.after, self._ids, time.perf_counter
        loop = asyncio.get_running_loop()
        started = 0.0

        def send() -> None:
            nonlocal started
            if tally.is_stopping:
                tally.finished()
                return
            started = now()
            http.send(b"%b%d%b" % (before, next(ids), after), answered)

        def answered(status: int, head: bytes, body: bytes) -> None:
            if status == 200 and expected in body:
                at = now()
                tally.good.append((at, at - started))
                send()
                return
            tally.failed(b"HTTP %d " % status + body)
            if http.is_lost:
                tally.finished()
            else:
                loop.call_later(RETRY_PAUSE_SECONDS, send)

        send()

    def _pump_websocket(
        self,
        websocket: WebSocketConnection,
        request: Request,
        expected: bytes,
        tally: Tally,
        in_flight: int,
    ) -> None:
        before = websocket.frame_head(request.size) + request.before
        after, ids, now, write = request.after, self._ids, time.perf_counter, websocket.transport.write
        started: dict[int, float] = {}
        live = in_flight

        def send() -> None:
            nonlocal live
            if tally.is_stopping:
                live -= 1
                if live == 0:
                    tally.finished()
                return
            id = next(ids)
            started[id] = now()
            write(b"%b%d%b" % (before, id, after))

        def on_message(message: bytes | None) -> None:
            if message is None:
                tally.failed(b"connection lost")
                tally.finished()
                return
            at = now()
            mark = message.find(b'"id":')
            if mark < 0:
                return  # a notification
            since = started.pop(int(message[mark + 5 : mark + 14]), None)
            if since is None:
                return  # the answer to nothing we asked
            if expected in message:
                tally.good.append((at, at - since))
            else:
                tally.failed(message)
            send()

        websocket.on_message = on_message
        for _ in range(in_flight):
            send()


_ProtocolT = TypeVar("_ProtocolT", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True)
class Result:
    """One window: good calls per second, their latency, and who spent what per good call."""

    calls: int
    errors: int
    calls_per_second: float
    p50_us: float
    p99_us: float
    gateway_us: float
    child_us: float
    client_us: float
    foreign_cores: float
    error_sample: str = field(default="")


async def run_window(
    target: Target,
    request: Request,
    expected: bytes,
    *,
    gateway_pid: int,
    connections: int,
    in_flight: int = 1,
    warm_seconds: float,
    seconds: float,
) -> Result:
    """Open the connections, call as fast as answers come, and measure the middle of it."""
    clients = [Client(target) for _ in range(connections)]
    try:
        for client in clients:
            await client.open()
        tally = Tally(connections)
        for client in clients:
            client.pump(request, expected, tally, in_flight)
        await asyncio.sleep(warm_seconds)
        before = Snapshot.take(gateway_pid)
        await asyncio.sleep(seconds)
        after = Snapshot.take(gateway_pid)
        tally.is_stopping = True
        try:
            await asyncio.wait_for(tally.all_finished.wait(), DRAIN_SECONDS)
        except TimeoutError:
            tally.failed(b"calls were still unanswered after the window")
    finally:
        for client in clients:
            client.close()
    spent = before.until(after)
    latencies = sorted(taken for at, taken in tally.good if before.at <= at <= after.at)
    calls = len(latencies)
    errors = [answer for at, answer in tally.bad if at >= before.at]

    def per_call(value: float) -> float:
        return round(value / calls * 1e6, 1) if calls else 0.0

    return Result(
        calls=calls,
        errors=len(errors),
        calls_per_second=round(calls / spent.seconds, 1),
        p50_us=round(latencies[calls // 2] * 1e6, 1) if calls else 0.0,
        p99_us=round(latencies[min(calls - 1, calls * 99 // 100)] * 1e6, 1) if calls else 0.0,
        gateway_us=per_call(spent.gateway),
        child_us=per_call(spent.children),
        client_us=per_call(spent.client),
        foreign_cores=round(spent.foreign_cores, 2),
        error_sample=errors[0].decode("latin-1") if errors else "",
    )


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run on uvloop where it is installed (extra `bench`), else on asyncio's own loop."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
