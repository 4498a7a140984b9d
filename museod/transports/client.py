"""
The client side of WebSocket, for the commands: text messages to a running daemon, on trio-websocket.

It is another implementation than the server's, on purpose: our own client and our own server would agree on
their mistakes.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import msgspec
import trio
import trio_websocket
from trio_websocket import ConnectionClosed, ConnectionRejected, HandshakeError, WebSocketConnection

from museod.errors import ChannelBroken, ChannelClosed, ChannelError
from museod.transports.channel import MessageChannel
from museod.transports.lifetime import again, running_beside
from museod.wire import codec
from museod.wire.lines import MAX_LINE_BYTES

CONNECT_SECONDS = 10.0  # name, TCP, TLS and handshake; a daemon that lives answers in milliseconds
CLOSE_SECONDS = 2.0
WRITE_SECONDS = 30.0  # for one message over a slow uplink
RECEIVE_BYTES = 64 * 1024  # twice as fast on large results as the library's 4 KiB, equal on single calls
OUTBOX_BYTES = 2 * MAX_LINE_BYTES
MAX_REFUSAL_BYTES = 4096  # an error of ours has a few hundred
ABNORMAL_CLOSURE = 1006
GOOD_CODES = frozenset({1000, 1001, 1005})  # done, going away, no reason given


class ClientChannel:
    """A `MessageChannel` on a trio-websocket connection; see `connect_websocket`."""

    def __init__(self, connection: WebSocketConnection, *, outbox_bytes: int) -> None:
        self._connection = connection
        self._outbox: deque[bytes] = deque()
        self._unsent = 0
        self._outbox_bytes = outbox_bytes
        self._fault: ChannelError | None = None
        self._posted = trio.Event()
        self._drained = trio.Event()

    def post(self, message: bytes) -> None:
        """Queue one text message; see `MessageChannel.post`."""
        if self._fault is not None:
            raise again(self._fault)
        self._unsent += len(message)
        if self._unsent > self._outbox_bytes:
            text = f"The server does not read: over {self._outbox_bytes} bytes wait for it."
            raise again(self._break(ChannelBroken(text)))
        self._outbox.append(message)
        self._posted.set()

    async def wait_drained(self) -> None:
        """Return when nothing is queued, or when the channel is dead and the next `post` says so."""
        if not self._unsent or self._fault is not None:
            await trio.lowlevel.checkpoint()
            return
        if self._drained.is_set():
            self._drained = trio.Event()
        await self._drained.wait()

    async def receive(self) -> list[bytes]:
        """The next message; see `MessageChannel.receive`."""
        if self._fault is not None:
            await trio.lowlevel.checkpoint()
            raise again(self._fault)
        try:
            message = await self._connection.get_message()
        except ConnectionClosed as error:
            raise again(self._break(_fault_of(error))) from None
        if not isinstance(message, str):
            raise again(self._break(ChannelBroken("The server sent a binary message.")))
        return [message.encode()]

    async def aclose(self) -> None:
        """Send what is queued and say goodbye, for a moment; then the connection is gone."""
        with trio.move_on_after(CLOSE_SECONDS):
            while self._unsent and self._fault is None:
                await self.wait_drained()
            await self._connection.aclose()
        self._break(ChannelClosed("This connection is closed."))

    async def write_queued(self) -> None:
        """The one task that sends."""
        while self._fault is None:
            if not self._outbox:
                self._posted = trio.Event()
                await self._posted.wait()
                continue
            message = self._outbox.popleft()
            try:
                with trio.fail_after(WRITE_SECONDS):
                    await self._connection.send_message(message.decode())
            except ConnectionClosed as error:
                self._break(_fault_of(error))
            except trio.TooSlowError:
                self._break(ChannelBroken("The server does not read."))
            self._unsent -= len(message)
            if not self._outbox:
                self._drained.set()

    def _break(self, fault: ChannelError) -> ChannelError:
        if self._fault is None:
            self._fault = fault
            self._posted.set()
            self._drained.set()
        return self._fault


@asynccontextmanager
async def connect_websocket(
    url: str,
    *,
    subprotocol: str | None = None,
    token: str | None = None,
    token_as_header: bool = False,
    unix_socket: str | None = None,
    ssl_context: ssl.SSLContext | None = None,
    connect_seconds: float = CONNECT_SECONDS,
    max_message_bytes: int = MAX_LINE_BYTES,
    outbox_bytes: int = OUTBOX_BYTES,
) -> AsyncIterator[MessageChannel]:
    """
    Connect to a daemon; the connection closes in good order with the block.

    Args:
        url: `ws://` or `wss://`.
        subprotocol: `museo.chat` or `mcp`; a server that does not select it is refused.
        token: who we are; travels as the subprotocol `bearer.<token>` offered beside the main one, as
            browsers must send it, or with `token_as_header` in `Authorization`.
        unix_socket: connect to this path; `url` then names only the path of the request and the Host.
        connect_seconds: for name, connection, TLS and handshake together.

    Raises:
        ChannelBroken: nobody answers, or not as asked; the text says what was met and what to do.
    """
    target = _Target(url)
    offered = [subprotocol] if subprotocol else []
    headers: list[tuple[bytes, bytes]] = []
    if token and token_as_header:
        headers.append((b"Authorization", b"Bearer " + token.encode("ascii")))
    elif token:
        offered.append(f"bearer.{token}")
    deadline = trio.current_time() + connect_seconds
    failure: BaseException | None = None
    rejected: BaseExceptionGroup[BaseException] | None = None
    stream = await _open_stream(target, unix_socket, ssl_context, deadline)
    try:
        async with trio.open_nursery() as nursery:
            with trio.move_on_at(deadline) as scope:
                connection = await trio_websocket.wrap_client_stream(
                    nursery,
                    stream,
                    target.host_header,
                    target.resource,
                    subprotocols=offered or None,
                    extra_headers=headers or None,
                    max_message_size=max_message_bytes,
                    receive_buffer_size=RECEIVE_BYTES,
                )
            try:
                if scope.cancelled_caught or connection.closed or connection.subprotocol != subprotocol:
                    raise _not_as_asked(target, scope, subprotocol)
                channel = ClientChannel(connection, outbox_bytes=outbox_bytes)
                async with running_beside(channel.write_queued):
                    try:
                        yield channel
                    finally:
                        await channel.aclose()
            except BaseException as error:  # raised again below, outside the nursery that would wrap it
                failure = error
            nursery.cancel_scope.cancel()
    except* HandshakeError as group:
        rejected = group
    finally:
        await trio.aclose_forcefully(stream)
    if failure is not None:
        raise failure
    if rejected is not None:
        raise ChannelBroken(_rejection(target, rejected)) from None


class _Target:
    """The parts of a WebSocket URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise ChannelBroken("The address of a daemon begins with ws:// or wss:// and names a host.")
        self.is_tls = parts.scheme == "wss"
        self.host = parts.hostname
        self.port = parts.port or (443 if self.is_tls else 80)
        self.host_header = parts.netloc.rpartition("@")[2]
        self.resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.name = f"{parts.scheme}://{self.host_header}{parts.path}"  # without a query: it may hold a token


async def _open_stream(
    target: _Target, unix_socket: str | None, ssl_context: ssl.SSLContext | None, deadline: float
) -> trio.SocketStream | trio.SSLStream[trio.SocketStream]:
    place = unix_socket or target.name
    try:
        with trio.fail_at(deadline):
            if unix_socket is not None:
                return await trio.open_unix_socket(unix_socket)
            if not target.is_tls:
                return await trio.open_tcp_stream(target.host, target.port)
            stream = await trio.open_ssl_over_tcp_stream(
                target.host, target.port, https_compatible=True, ssl_context=ssl_context
            )
            try:
                await stream.do_handshake()
            except BaseException:
                await trio.aclose_forcefully(stream)
                raise
            return stream
    except trio.TooSlowError:
        raise ChannelBroken(f"{place} does not answer in time; is the daemon running?") from None
    except ssl.SSLCertVerificationError as error:
        raise ChannelBroken(f"The certificate of {place} is not trusted: {error.verify_message}.") from None
    except (OSError, RuntimeError, trio.BrokenResourceError) as error:
        # RuntimeError is what trio raises where there are no unix sockets.
        raise ChannelBroken(f"{place} cannot be reached ({_reason(error)}); is the daemon running?") from None


def _reason(error: Exception) -> str:
    """What the system said; trio groups the failures of several addresses."""
    cause = error.__cause__
    if isinstance(cause, ExceptionGroup):
        cause = cause.exceptions[0]
    text = getattr(error, "strerror", None) or getattr(cause, "strerror", None)
    return text or "connection failed"


def _not_as_asked(target: _Target, scope: trio.CancelScope, subprotocol: str | None) -> ChannelBroken:
    if scope.cancelled_caught:
        return ChannelBroken(f"{target.name} does not finish the handshake in time; is it a museod?")
    if subprotocol is None:
        return ChannelBroken(f"{target.name} closed the connection during the handshake.")
    return ChannelBroken(
        f"{target.name} does not speak {subprotocol}; is it a museod, and is the path right?"
    )


def _rejection(target: _Target, group: BaseExceptionGroup[BaseException]) -> str:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, ConnectionRejected):
        return f"{target.name} refused the connection."
    text = f"{target.name} refused the connection with status {error.status_code}."
    try:
        said = codec.decode((error.body or b"")[:MAX_REFUSAL_BYTES])["error"]["message"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return text
    return f"{text} {said}" if isinstance(said, str) and said.isprintable() else text


def _fault_of(error: ConnectionClosed) -> ChannelError:
    reason = error.reason
    if reason is None or reason.code == ABNORMAL_CLOSURE:
        return ChannelBroken("The connection broke.")
    text = f"The connection was closed with code {reason.code}" + (
        f": {reason.reason}." if reason.reason else "."
    )
    return ChannelClosed(text) if reason.code in GOOD_CODES else ChannelBroken(text)
