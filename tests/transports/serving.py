"""A server on a real socket and a client that speaks raw bytes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio

from museod.transports.http1 import (
    Exchange,
    Handler,
    HangupWatch,
    HttpLimits,
    HttpRequest,
    HttpResponse,
    IdleConnections,
    StreamingResponse,
    Upgrade,
    json_response,
    serve_http,
)

BODY_LIMIT = 1 << 20
_STATUS = re.compile(rb"(?:^|(?<=\n)|(?<=\}))HTTP/1\.1 (\d{3}) ")


@dataclass
class Answer:
    """All that came back until the server closed."""

    raw: bytes

    @property
    def statuses(self) -> list[int]:
        """The final status of each answer."""
        return [status for status in self.all_statuses if status != 100]

    @property
    def all_statuses(self) -> list[int]:
        return [int(status) for status in _STATUS.findall(self.raw)]

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


class Server:
    """One listening server; every `talk` is a connection of its own."""

    def __init__(self, port: int, hangups: HangupWatch, idle: IdleConnections) -> None:
        self.port = port
        self.hangups = hangups
        self.idle = idle
        self.is_draining = False
        self.open_connections = 0

    async def connect(self) -> trio.SocketStream:
        return await trio.open_tcp_stream("127.0.0.1", self.port)

    async def talk(self, data: bytes, *, half_close: bool = False) -> Answer:
        """Send `data` and read until the server closes; it must do so."""
        with trio.fail_after(5):
            async with await self.connect() as stream:
                received = bytearray()
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_send, stream, data, half_close)
                    try:
                        async for chunk in stream:
                            received += chunk
                    except trio.BrokenResourceError:
                        pass
                    nursery.cancel_scope.cancel()
                return Answer(bytes(received))


async def _send(stream: trio.SocketStream, data: bytes, half_close: bool) -> None:
    try:
        await stream.send_all(data)
        if half_close:
            await stream.send_eof()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass  # refused before all of it was sent


Serving = Callable[..., Awaitable[Server]]


async def echo_length(request: HttpRequest) -> HttpResponse | StreamingResponse | Exchange | Upgrade:
    """The handler of most tests: what came, told back."""
    if request.path != "/mcp":
        return json_response(404, {"path": request.path})
    return json_response(200, {"method": request.method, "length": len(request.body)})


async def start_server(
    nursery: trio.Nursery, handler: Handler = echo_length, *, limits: HttpLimits | None = None
) -> Server:
    """A server that lives as long as `nursery`."""
    hangups, idle = HangupWatch(), IdleConnections()
    server = Server(0, hangups, idle)
    nursery.start_soon(hangups.run)
    nursery.start_soon(idle.run)

    async def connection(stream: trio.SocketStream) -> None:
        server.open_connections += 1
        try:
            await serve_http(
                stream,
                handler,
                peer=("127.0.0.1", 1),
                limits=limits or HttpLimits(),
                body_limit=lambda *_: BODY_LIMIT,
                hangups=hangups,
                idle=idle,
                draining=lambda: server.is_draining,
            )
        finally:
            server.open_connections -= 1

    listeners = await nursery.start(_serve_tcp, connection)
    server.port = listeners[0].socket.getsockname()[1]
    return server


async def _serve_tcp(
    connection: Callable[[trio.SocketStream], Awaitable[None]],
    task_status: trio.TaskStatus[list[trio.SocketListener]],
) -> None:
    await trio.serve_tcp(connection, 0, host="127.0.0.1", task_status=task_status)


def request_bytes(
    line: str = "POST /mcp HTTP/1.1",
    *headers: str,
    body: bytes = b"{}",
    host: str | None = "127.0.0.1",
    length: bool = True,
    close: bool = True,
) -> bytes:
    """A good request, or one with a single thing wrong."""
    lines = [line]
    if host is not None:
        lines.append(f"Host: {host}")
    if length:
        lines.append(f"Content-Length: {len(body)}")
    if close:
        lines.append("Connection: close")
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body
