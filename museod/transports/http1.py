"""
One HTTP/1 connection after another request: strict at the door, bounded everywhere, one handler behind.

The rules for heads and bodies are in `http_head`; here are the loop, the deadlines and the answers. A
connection that broke a rule is answered once and closed: after an ambiguity nothing on it can be trusted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import trio

from museod.errors import ChannelError, Kind, LocalProtocolError
from museod.observe import context
from museod.observe.logs import get_logger
from museod.transports.hangups import HangupWatch, IdleConnections, descriptor_of
from museod.transports.http_body import ChunkedReader
from museod.transports.http_head import Head, Headers, Refused, check_partial, parse_head
from museod.transports.http_messages import (
    Exchange,
    ExchangeWriter,
    HttpRequest,
    HttpResponse,
    StreamingResponse,
    Upgrade,
    error_response,
    has_body,
    json_response,
    render_head,
)
from museod.transports.sockets import SocketBytes, StreamBytes, bytes_of, linger

__all__ = [
    "Exchange",
    "ExchangeWriter",
    "Handler",
    "HangupWatch",
    "Headers",
    "HttpLimits",
    "HttpRequest",
    "HttpResponse",
    "IdleConnections",
    "StreamingResponse",
    "Upgrade",
    "error_response",
    "json_response",
    "serve_http",
]

log = get_logger()

RECEIVE_BYTES = 64 * 1024
SEND_BYTES = 256 * 1024  # one write deadline covers this much: 26 KB/s is the slowest client we serve


@dataclass(frozen=True)
class HttpLimits:
    """Ceilings of one connection; each deadline begins anew with what it covers."""

    head_bytes: int = 16_384  # four times what browsers and proxies send
    headers: int = 64
    head_seconds: float = 5.0  # from connect, or from the first byte of a later request
    body_seconds: float = 10.0
    body_bytes_per_second: int = 65_536  # a large upload earns time by progress, a dripping one does not
    idle_seconds: float = 75.0  # longer than the 60 s after which proxies drop idle upstreams
    write_seconds: float = 10.0  # for each SEND_BYTES; a client that does not read is cut
    linger_seconds: float = 2.0  # so that a refused client can read why, over a slow link too
    linger_bytes: int = 8 * 1024 * 1024  # what it may still send meanwhile


Handler = Callable[[HttpRequest], Awaitable[HttpResponse | StreamingResponse | Exchange | Upgrade]]


async def serve_http(
    stream: trio.abc.Stream,
    handler: Handler,
    *,
    peer: tuple[str, int],
    limits: HttpLimits,
    body_limit: Callable[[str, str], int],
    is_tls: bool = False,
    idle: IdleConnections,
    hangups: HangupWatch | None = None,
    draining: Callable[[], bool] = lambda: False,
) -> None:
    """
    Serve one connection until it ends, then close it; never raises for what the client or network does.

    Args:
        handler: called for one request at a time, in order; what it raises is logged and answered with 500.
        peer: host and port of the other side, given on in each request.
        body_limit: the most bytes a body may have, by method and path.
        idle: ends this connection when it waits too long for its next request, or when the server drains.
        hangups: cancels handlers whose client has gone.
        draining: while true, each answer says that it is the last one.
    """
    connection = _Connection(stream, handler, peer, limits, body_limit, is_tls, idle, hangups, draining)
    try:
        await connection.serve()
    except (trio.BrokenResourceError, trio.ClosedResourceError, ChannelError):
        pass  # the client has gone, or an upgraded connection has ended: there is nobody to tell
    except Exception as error:  # the border of one connection, for what has no answer any more
        if not connection.is_gone:
            log.error("http_connection_failed", exc_info=error)
    finally:
        # TLS says goodbye, which a dead peer could hold up; a cancelled aclose closes at once.
        with trio.move_on_after(limits.linger_seconds):
            await stream.aclose()


@dataclass(slots=True, eq=False)
class _Connection:
    stream: trio.abc.Stream
    handler: Handler
    peer: tuple[str, int]
    limits: HttpLimits
    body_limit: Callable[[str, str], int]
    is_tls: bool
    idle: IdleConnections
    hangups: HangupWatch | None
    draining: Callable[[], bool]
    buffer: bytearray = field(default_factory=bytearray)
    wire: SocketBytes | StreamBytes = field(init=False)
    fd: int = field(init=False)
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    request: HttpRequest | None = None  # what the handler works on
    upgrade: tuple[Upgrade, Head] | None = None
    known: Head | None = None  # the last head, if it tells alone how long its request is
    is_first: bool = True
    is_gone: bool = False  # the stream failed, whatever became of its exception on the way up

    def __post_init__(self) -> None:
        self.wire = bytes_of(self.stream)
        fd = descriptor_of(self.stream)
        self.fd = -1 if fd is None else fd
        if fd is None:
            self.hangups = None  # in memory, there is nothing to watch

    async def serve(self) -> None:
        try:
            # One scope serves many requests, for entering one with each would be a twentieth of the cost of a
            # call. It is used up when it is cancelled: with its handler, or too late, behind the answer.
            while await self._serve_requests():
                self.scope = trio.CancelScope()
            if self.upgrade is not None:
                await self._hand_over(*self.upgrade)
        except Refused as refused:
            response = error_response(
                refused.status, Kind.INVALID_REQUEST, refused.message, refused.headers, close=True
            )
            log.debug("http_request_refused", status=refused.status, reason=refused.message)
            head_bytes = render_head(response.status, response.headers, len(response.body))
            await self.send(head_bytes + response.body)
            await self._linger()

    async def _serve_requests(self) -> bool:
        """Serve until the connection or its scope is over; whether it goes on, under a new one."""
        with self.scope as scope:
            while not scope.cancel_called:
                request = await self._next_request()
                if request is None or not await self._answer(*request):
                    return False
                self.is_first = False
            return True
        return False  # its handler was cancelled: the client has gone, or wants no answer

    # ------------------------------------------------------------------ reading

    async def _next_request(self) -> tuple[Head, bytes] | None:
        """The next request's head and body, or None when the client has finished."""
        known = self.known
        if self.buffer:
            await trio.lowlevel.checkpoint()  # pipelined requests take turns with other connections
        elif not self.is_first:
            data = await self._wait_request()
            if not data:
                return None
            # A client sends nearly the same request again and again. One that begins with the very bytes of
            # the last head has that head (there is one blank line in it, at its end), and if it is whole
            # nothing is left to read or to judge: its body is as long as the one that was let pass.
            if known is not None and data.startswith(known.raw):
                body = data[len(known.raw) :]
                if len(body) == known.length:
                    return known, body
            self.buffer += data
        # Nearly all heads come in one piece: those need no deadline of their own.
        raw = self._take_head(0) or await self._wait_head()
        if raw is None:
            return None
        if known is None or raw != known.raw:
            known = parse_head(raw, max_headers=self.limits.headers)
        body = await self._read_body(known)
        self.known = None if known.is_chunked or known.expects_continue else known
        return known, body

    async def _wait_request(self) -> bytes:
        """The first bytes of the next request, or nothing at the end of the connection."""
        if not self.idle.begin(self.wire, self.limits.idle_seconds):
            return b""
        try:
            return await self._read_some()
        finally:
            self.idle.end(self.wire)

    async def _wait_head(self) -> bytes | None:
        with trio.move_on_after(self.limits.head_seconds):
            while True:
                searched = max(0, len(self.buffer) - 3)
                if not await self._receive():
                    if self.buffer:
                        raise Refused(400, "The request ended before its head was complete.")
                    return None
                if head := self._take_head(searched):
                    return head
        if self.buffer:
            raise Refused(408, "The request head took too long.")
        return None

    def _take_head(self, searched: int) -> bytes | None:
        """The head at the buffer's start, if it is whole; `searched` bytes are known to hold no end."""
        end = self.buffer.find(b"\r\n\r\n", searched, self.limits.head_bytes)
        if end < 0:
            if self.buffer:
                self._check_partial()
            return None
        head = bytes(self.buffer[: end + 4])
        del self.buffer[: end + 4]
        return head

    def _check_partial(self) -> None:
        check_partial(self.buffer)
        if len(self.buffer) >= self.limits.head_bytes:
            if b"\r\n" not in self.buffer:
                raise Refused(414, "The request target is too long.")
            raise Refused(431, f"The request head is over {self.limits.head_bytes} bytes; send less.")

    async def _read_body(self, head: Head) -> bytes:
        if not head.is_chunked and not head.length:
            return b""
        limit = self.body_limit(head.method, head.path)
        if head.length > limit:
            raise Refused(413, f"The body is over {limit} bytes; send less.")
        if not head.is_chunked and len(self.buffer) >= head.length:
            return self._take_body(head.length)
        if head.expects_continue and not self.buffer:
            await self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        with trio.move_on_after(self.limits.body_seconds) as scope:
            return await (self._read_chunked(limit, scope) if head.is_chunked else self._read(head, scope))
        raise Refused(408, "The request body took too long.")

    async def _read(self, head: Head, scope: trio.CancelScope) -> bytes:
        while len(self.buffer) < head.length:
            await self._receive_body(scope)
        return self._take_body(head.length)

    def _take_body(self, length: int) -> bytes:
        body = bytes(self.buffer[:length])
        del self.buffer[:length]
        return body

    async def _read_chunked(self, limit: int, scope: trio.CancelScope) -> bytes:
        reader = ChunkedReader(limit, max_framing=self.limits.head_bytes)
        while True:
            data = bytes(self.buffer)
            self.buffer.clear()
            self.buffer += reader.feed(data)
            if reader.is_complete:
                return reader.body
            await self._receive_body(scope)

    async def _receive_body(self, scope: trio.CancelScope) -> None:
        received = await self._receive()
        if not received:
            raise Refused(400, "The request ended before its body was complete.")
        scope.deadline += received / self.limits.body_bytes_per_second

    async def _receive(self) -> int:
        """Read once into the buffer; how many bytes came, 0 at the end."""
        data = await self._read_some()
        self.buffer += data
        return len(data)

    async def _read_some(self) -> bytes:
        try:
            return await self.wire.read(RECEIVE_BYTES)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            self.is_gone = True
            raise trio.BrokenResourceError from None

    # ------------------------------------------------------------------ answering

    async def _answer(self, head: Head, body: bytes) -> bool:
        """Whether the connection goes on."""
        host, port = self.peer
        self.request = request = HttpRequest(
            head.method,
            head.target,
            head.path,
            head.query,
            head.headers,
            body,
            host,
            port,
            self.is_tls,
            head.is_http_10,
        )
        request.stop = partial(self._stop, request)
        if self.hangups is not None:
            self.hangups.watch(self)
        try:
            response = await self._handle(request)
            if isinstance(response, Upgrade):
                self.upgrade = response, head
                return False
            return await self._respond(head, response)
        finally:
            self.request = None
            if self.hangups is not None:
                self.hangups.forget(self)

    def _stop(self, request: HttpRequest) -> None:
        if self.request is request:  # else it is over, and the scope another's
            self.scope.cancel()

    def hung_up(self) -> None:
        """See `HangupWatch`."""
        self.scope.cancel()

    async def _hand_over(self, upgrade: Upgrade, head: Head) -> None:
        leftover = bytes(self.buffer)
        self.buffer.clear()
        self.known = None  # who has been taken over for hours needs its memory no more
        await upgrade.run(self.stream, head.raw, leftover)

    async def _handle(self, request: HttpRequest) -> HttpResponse | StreamingResponse | Exchange | Upgrade:
        try:
            return await self.handler(request)
        except Exception as error:  # the border of one connection: a bug behind it fails one request
            return _failed(error, request.method)

    async def _respond(self, head: Head, response: HttpResponse | StreamingResponse | Exchange) -> bool:
        writer = _Writer(self, head)
        try:
            if isinstance(response, HttpResponse):
                await writer.respond(response)
            elif isinstance(response, Exchange):
                await response.run(writer)
                await writer.finish()
            else:
                await writer.start(response.status, response.headers)
                await response.run(writer.send)
                await writer.finish()
        except Exception as error:  # the same border; once an answer has begun, its missing end must tell
            if self.is_gone or writer.has_begun:
                raise
            await writer.respond(_failed(error, head.method))
        if writer.is_last:
            await self._linger()
        return not writer.is_last

    async def send(self, data: bytes) -> None:
        """Send all, or raise `trio.BrokenResourceError` when the client has gone or does not read."""
        try:
            sent = self.wire.write_nowait(data)
            if sent < len(data):
                await self._send_slowly(memoryview(data)[sent:])
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            self.is_gone = True
            raise trio.BrokenResourceError("The client has gone.") from None

    async def _send_slowly(self, rest: memoryview) -> None:
        while rest:
            piece, rest = rest[:SEND_BYTES], rest[SEND_BYTES:]
            with trio.move_on_after(self.limits.write_seconds) as scope:
                while piece:
                    piece = piece[await self.wire.write(piece) :]
            if scope.cancelled_caught:
                # Half an answer may be out; nothing may follow it.
                raise trio.BrokenResourceError

    async def _linger(self) -> None:
        await linger(self.stream, seconds=self.limits.linger_seconds, max_bytes=self.limits.linger_bytes)


class _Writer:
    """Writes the answer to one request; an `ExchangeWriter`."""

    __slots__ = ("_connection", "_head", "_is_streaming", "has_begun", "is_last")

    def __init__(self, connection: _Connection, head: Head) -> None:
        self._connection = connection
        self._head = head
        self._is_streaming = False
        self.has_begun = False
        self.is_last = not head.keeps_alive

    async def respond(self, response: HttpResponse) -> None:
        head = self._begin(response.status, response.headers, len(response.body), close=response.close)
        sends_body = has_body(self._head.method, response.status)
        await self._connection.send(head + response.body if sends_body else head)

    async def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        # HTTP/1.0 has no chunks: there the end of the connection ends the body.
        head = self._begin(status, headers, None, close=self._head.is_http_10)
        self._is_streaming = has_body(self._head.method, status)
        await self._connection.send(head)

    async def send(self, data: bytes) -> None:
        if self._is_streaming and data:  # an empty chunk would be the last one
            is_plain = self._head.is_http_10
            await self._connection.send(data if is_plain else b"%x\r\n%b\r\n" % (len(data), data))

    async def finish(self) -> None:
        """End the body, if it was one of chunks."""
        if not self.has_begun:
            raise LocalProtocolError("The exchange ended without an answer.")
        if self._is_streaming and not self._head.is_http_10:
            await self._connection.send(b"0\r\n\r\n")

    def _begin(
        self, status: int, headers: Sequence[tuple[str, str]], length: int | None, *, close: bool
    ) -> bytes:
        if self.has_begun:
            raise LocalProtocolError("A request is answered once.")
        is_last = self.is_last or close or self._connection.draining()
        head = render_head(status, headers, length, is_last=is_last, is_http_10=self._head.is_http_10)
        self.has_begun, self.is_last = True, is_last
        return head


def _failed(error: Exception, method: str) -> HttpResponse:
    correlation = context.correlation_id.get() or context.new_correlation_id()
    log.error("http_handler_failed", exc_info=error, correlation_id=correlation, method=method)
    with context.bound(correlation=correlation):
        text = "Something failed here; try again later, or report the correlation id."
        return error_response(500, Kind.INTERNAL_ERROR, text)
