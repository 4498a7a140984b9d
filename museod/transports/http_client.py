"""
The client side of HTTP/1.1 for the few requests that the daemon itself makes: one connection each.

Strict and bounded, because the other side need not be who we think: no redirects (an address that an
operator checked would lead to one that nobody did), no compression, a ceiling on the answer, and one deadline
over all of it.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import httptools
import trio

from museod.errors import ChannelBroken, LocalProtocolError, MessageTooLarge, RemoteProtocolError
from museod.transports.http_head import FIELD_LINE, Headers

DEADLINE_SECONDS = 5.0  # name, connection, TLS, request and answer; services that live take milliseconds
MAX_BODY_BYTES = 64 * 1024  # what we ask for are a health report, some keys, a word of thanks
MAX_HEAD_BYTES = 16 * 1024  # as for the requests that we take
RECEIVE_BYTES = 16 * 1024
_REQUEST_LINE = re.compile(rb"[A-Z]++ /[\x21-\x7e]*+ HTTP/1\.1\r\n")
_FIELD = re.compile(FIELD_LINE)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back, whole."""

    status: int
    headers: Headers
    body: bytes


async def fetch(
    url: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    headers: Sequence[tuple[str, str]] = (),
    timeout: float = DEADLINE_SECONDS,
    max_body: int = MAX_BODY_BYTES,
    ssl_context: ssl.SSLContext | None = None,
) -> HttpAnswer:
    """
    One request and its answer, whatever its status; a redirect is an answer too.

    Args:
        url: `http://` or `https://`. Credentials in it are not sent.
        timeout: for everything together.
        max_body: the most bytes that the answer's body may have.

    Raises:
        ChannelBroken: nobody answers there, or not in time.
        RemoteProtocolError: what answers speaks no good HTTP; `MessageTooLarge`: or too much of it.
        LocalProtocolError: a header of ours has a character that it may not have.
    """
    target = _Target(url)
    request = _render(target, method, headers, body)
    with trio.move_on_after(timeout):
        stream = await _connect(target, ssl_context)
        try:
            # Who refuses a request early may close before all of it is sent; the answer says why.
            with suppress(trio.BrokenResourceError):
                await stream.send_all(request)
            return await _receive(stream, max_body)
        except (OSError, trio.BrokenResourceError) as error:
            raise ChannelBroken(f"{target.name} broke the connection ({_reason(error)}).") from None
        finally:
            await trio.aclose_forcefully(stream)
    raise ChannelBroken(f"{target.name} does not answer within {timeout:g} s.")


class _Target:
    """The parts of a URL."""

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
            self.host = (parts.hostname or "").encode("idna").decode("ascii")
        except ValueError:
            raise ChannelBroken("The address is malformed; want https://host/path.") from None
        if parts.scheme not in ("http", "https") or not self.host:
            raise ChannelBroken("The address does not begin with http:// or https:// and a host.")
        self.is_tls = parts.scheme == "https"
        self.port = port or (443 if self.is_tls else 80)
        shown = f"[{self.host}]" if ":" in self.host else self.host
        self.authority = shown if port is None else f"{shown}:{port}"
        self.resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.name = f"{parts.scheme}://{self.authority}"  # neither a password nor a query may be logged


def _render(target: _Target, method: str, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    fields = [
        ("Host", target.authority),
        ("User-Agent", "museod"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
        *([("Content-Length", str(len(body)))] if body or method == "POST" else []),
        *headers,
    ]
    line = f"{method} {target.resource} HTTP/1.1\r\n".encode("latin-1", "replace")
    lines = [f"{name}: {value}\r\n".encode("latin-1", "replace") for name, value in fields]
    if _REQUEST_LINE.fullmatch(line) is None or not all(map(_FIELD.fullmatch, lines)):
        raise LocalProtocolError("The request's path or a header has a character that it may not have.")
    return b"".join([line, *lines, b"\r\n", body])


async def _connect(target: _Target, ssl_context: ssl.SSLContext | None) -> trio.abc.Stream:
    try:
        if not target.is_tls:
            return await trio.open_tcp_stream(target.host, target.port)
        stream = await trio.open_ssl_over_tcp_stream(
            target.host, target.port, https_compatible=True, ssl_context=ssl_context or _authorities()
        )
        try:
            await stream.do_handshake()
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        return stream
    except (OSError, OverflowError, trio.BrokenResourceError) as error:  # OverflowError: no such port
        if isinstance(error.__cause__, ssl.SSLCertVerificationError):  # trio raises it within its own
            text = f"The certificate of {target.name} is not trusted: {error.__cause__.verify_message}."
            raise ChannelBroken(text) from None
        raise ChannelBroken(f"{target.name} cannot be reached ({_reason(error)}).") from None


@lru_cache(maxsize=1)  # reading the system's authorities takes some 20 ms of the loop
def _authorities() -> ssl.SSLContext:
    return ssl.create_default_context()


def _reason(error: BaseException) -> str:
    """What the system said; trio groups the failures of several addresses."""
    cause = error.__cause__
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    text: object = getattr(error, "strerror", None) or getattr(cause, "strerror", None)
    return str(text or "connection failed")


class _Reading:
    """The parser's callbacks: one answer, after whatever interim ones."""

    def __init__(self, max_body: int) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.fields: list[tuple[str, str]] = []
        self.body = bytearray()
        self.status = 0
        self.has_head = self.is_complete = self.is_too_large = False
        self._max_body = max_body

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_head:  # else a trailer
            self.fields.append((name.decode("latin-1"), value.decode("latin-1").strip(" \t")))

    def on_headers_complete(self) -> None:
        if not self.has_head:
            self.status = self.parser.get_status_code()
            self.has_head = self.status >= 200

    def on_body(self, data: bytes) -> None:
        if self.is_complete:
            return
        self.is_too_large = self.is_too_large or len(self.body) + len(data) > self._max_body
        if not self.is_too_large:
            self.body += data

    def on_message_complete(self) -> None:
        self.is_complete = self.is_complete or self.has_head
        if not self.has_head:  # 100 or 103; the answer itself follows
            self.fields.clear()


async def _receive(stream: trio.abc.Stream, max_body: int) -> HttpAnswer:
    reading = _Reading(max_body)
    received = 0
    while not reading.is_complete:
        data = await stream.receive_some(RECEIVE_BYTES)
        if not data:
            break
        received += len(data)
        try:
            reading.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not reading.is_complete:  # what follows a whole answer is nothing to us
                raise RemoteProtocolError("What came back is no HTTP answer.") from None
        if reading.is_too_large:
            raise MessageTooLarge(f"The answer is over {max_body} bytes.")
        if not reading.has_head and received > MAX_HEAD_BYTES:
            raise MessageTooLarge(f"The head of the answer is over {MAX_HEAD_BYTES} bytes.")
    headers = Headers(reading.fields)
    has_frame = headers.get("content-length") is not None or headers.get("transfer-encoding") is not None
    if not reading.has_head or (has_frame and not reading.is_complete):
        raise RemoteProtocolError("The answer ended before it was complete.")
    return HttpAnswer(reading.status, headers, bytes(reading.body))
