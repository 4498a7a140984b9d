"""HTTP requests and responses as the handlers see them, and how a response's head looks on the wire."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol

import trio
from msgspec import Struct

from museod.errors import Kind, LocalProtocolError
from museod.observe import context
from museod.transports.http_head import Headers
from museod.wire import codec

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class HttpRequest(Struct, eq=False):  # made by every call: a Struct costs a tenth of a dataclass
    """
    One request, whole.

    `path` and `query` are as they were sent, percent-encoded. A handler that can be stopped halfway sets
    `cancel_on_hangup`: it is cancelled when the client goes away. `stop` ends the work on it and, unanswered,
    its connection.
    """

    method: str
    target: str
    path: str
    query: str
    headers: Headers
    body: bytes
    peer_host: str
    peer_port: int
    is_tls: bool = False
    is_http_10: bool = False
    cancel_on_hangup: bool = False
    stop: Callable[[], None] = lambda: None


class HttpResponse(Struct):
    """An answer with its whole body; Content-Length and Date are added. `close` ends the connection."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = []
    close: bool = False


Send = Callable[[bytes], Awaitable[None]]


@dataclass(slots=True)
class StreamingResponse:
    """
    An answer whose body `run(send)` writes piece by piece, such as server-sent events.

    `send` raises `trio.BrokenResourceError` when the client has gone or does not read; `run` may let it pass.
    """

    status: int
    run: Callable[[Send], Awaitable[None]]
    headers: list[tuple[str, str]] = field(default_factory=list)


class ExchangeWriter(Protocol):
    """How an `Exchange` answers: `respond` once, or `start` once and then `send`."""

    async def respond(self, response: HttpResponse) -> None:
        """Answer with a whole response."""

    async def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin an answer whose body is sent piece by piece."""

    async def send(self, data: bytes) -> None:
        """Send a piece of the body; raises `trio.BrokenResourceError` as for `StreamingResponse`."""


@dataclass(slots=True)
class Exchange:
    """An answer that decides while it works whether it is one response or a stream."""

    run: Callable[[ExchangeWriter], Awaitable[None]]


@dataclass(slots=True)
class Upgrade:
    """`run(stream, raw_head, leftover)` takes the connection over; it is closed when that returns."""

    run: Callable[[trio.abc.Stream, bytes, bytes], Awaitable[None]]


def json_response(status: int, obj: Any, headers: Sequence[tuple[str, str]] = ()) -> HttpResponse:
    """`obj` as JSON."""
    return HttpResponse(status, codec.encode(obj), [("Content-Type", "application/json"), *headers])


def error_response(
    status: int, kind: Kind, message: str, headers: Sequence[tuple[str, str]] = (), *, close: bool = False
) -> HttpResponse:
    """An error in the shape that all of museod's HTTP errors have."""
    error = {"kind": kind.value, "message": message}
    if correlation := context.correlation_id.get():
        error["correlationId"] = correlation
    response = json_response(status, {"error": error}, headers)
    response.close = close
    return response


def has_body(method: str, status: int) -> bool:
    """Whether the answer to `method` with `status` is followed by its body (RFC 9112, section 6.3)."""
    return method != "HEAD" and status not in (204, 304)


def render_head(
    status: int,
    headers: Sequence[tuple[str, str]],
    length: int | None,
    *,
    is_last: bool = True,
    is_http_10: bool = False,
) -> bytes:
    """
    Status line and headers. A body of unknown `length` is framed by chunks, in HTTP/1.0 by the close.

    Raises:
        LocalProtocolError: a header has a character that it may not have.
    """
    parts = [_opening(status), *(_field_line(name, value) for name, value in headers)]
    if length is not None:
        if status != 204:
            parts.append(b"Content-Length: %d\r\n" % length)
    elif not is_http_10:
        parts.append(b"Transfer-Encoding: chunked\r\n")
    if is_last:
        parts.append(b"Connection: close\r\n")
    elif is_http_10:
        parts.append(b"Connection: keep-alive\r\n")
    parts.append(b"\r\n")
    return b"".join(parts)


@lru_cache(maxsize=256)  # nearly all answers carry a few of the same
def _field_line(name: str, value: str) -> bytes:
    # No header of ours may inject a line: what a handler puts into one may come from a request.
    if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
        raise LocalProtocolError(f"The response header {name!r} has a character that it may not have.")
    return f"{name}: {value}\r\n".encode("latin-1")


_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_openings: dict[int, bytes] = {}
_openings_second = 0


def _opening(status: int) -> bytes:
    """Status line and Date, which are made once a second."""
    global _openings_second
    now = int(time.time())
    if now != _openings_second:
        _openings.clear()
        _openings_second = now
    opening = _openings.get(status)
    if opening is None:
        line = (
            f"HTTP/1.1 {status} {_PHRASES.get(status, 'Status')}\r\nDate: {formatdate(now, usegmt=True)}\r\n"
        )
        opening = _openings[status] = line.encode("ascii")
    return opening
