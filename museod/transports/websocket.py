"""
The server side of WebSocket: text messages over an upgraded HTTP connection.

Frames, masking, fragments and the closing handshake are judged by `websockets`' sans-I/O `ServerProtocol`;
bytes, deadlines, ceilings and keep-alive are ours. Reading happens inside `receive`, so that a session that
takes no more messages makes the client wait; one task writes. No extension is accepted: a compressed frame
could unpack to a thousand times the size that was checked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import trio
from trio.lowlevel import Abort, current_task, reschedule, wait_task_rescheduled
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from museod.errors import ChannelBroken, ChannelClosed, ChannelError
from museod.transports.lifetime import again, running_beside
from museod.transports.sockets import bytes_of, linger
from museod.transports.websocket_handshake import check_upgrade

__all__ = ["WebSocketChannel", "check_upgrade", "open_websocket"]

READ_BYTES = 64 * 1024  # what one connection may have in flight anyway
OUTBOX_BYTES = 1024 * 1024  # what we keep for one client that reads slowly
LOW_WATER_BYTES = 64 * 1024
WRITE_BYTES = 256 * 1024  # one write deadline covers this much
WRITE_SECONDS = 10.0
PING_SECONDS = 25.0  # under the 30 to 60 s after which proxies and NATs forget a silent connection
PONG_SECONDS = 20.0
LINGER_BYTES = 8 * 1024 * 1024  # what a client may still send that has not yet read why we closed
CLOSE_SECONDS = 2.0  # for the other side's close frame; a browser answers in one round trip


class WebSocketChannel:
    """A `MessageChannel` of text messages; see `open_websocket`."""

    def __init__(
        self,
        stream: trio.abc.Stream,
        protocol: ServerProtocol,
        unread: bytes,
        *,
        outbox_bytes: int,
        ping_seconds: float,
        pong_seconds: float,
        write_seconds: float,
    ) -> None:
        self._bytes = bytes_of(stream)
        self._protocol = protocol
        self._unread = unread
        self._outbox: list[bytes] = []
        self._rest = memoryview(b"")  # what the writer has taken and not yet written
        self._unsent = 0
        self._outbox_bytes = outbox_bytes
        self._low_water = min(LOW_WATER_BYTES, outbox_bytes // 2)
        self._ping_seconds = ping_seconds
        self._pong_seconds = pong_seconds
        self._write_seconds = write_seconds
        self._fragments = bytearray()
        self._fault: ChannelError | None = None
        self.is_lost = False
        self._is_reading = False
        self._was_heard = False
        self._is_alone = True
        self._parked_writer: trio.lowlevel.Task | None = None
        self._drained = trio.Event()
        self._ended = trio.Event()
        self._collect()

    def post(self, message: bytes) -> None:
        """Queue one text message; see `MessageChannel.post`."""
        if self._fault is not None:
            raise again(self._fault)
        if self._protocol.state is not State.OPEN:
            raise ChannelClosed("This connection is closing.")
        if self._unsent > self._outbox_bytes:
            text = f"The client reads too slowly: over {self._outbox_bytes} bytes wait for it."
            raise again(self._lose(ChannelBroken(text)))
        self._protocol.send_text(message)
        # As on a pipe (`StdioChannel.post`): alone, a message leaves at once, without a turn of the writer;
        # in company it waits for this turn's end.
        is_alone, self._is_alone = self._is_alone, False
        if not is_alone or self._unsent:
            self._collect()
            return
        self._gather()
        self.flush_nowait()
        if self._fault is not None:
            raise again(self._fault)
        if self._outbox:
            self._wake_writer()

    async def wait_drained(self) -> None:
        """Return when little is queued, or when the channel is dead and the next `post` says so."""
        if self._unsent <= self._low_water or self._fault is not None:
            await trio.lowlevel.checkpoint()
            return
        if self._drained.is_set():
            self._drained = trio.Event()
        await self._drained.wait()

    async def receive(self) -> list[bytes]:
        """All whole messages of one read, at least one; see `MessageChannel.receive`."""
        while True:
            if self._fault is not None:
                await trio.lowlevel.checkpoint()
                raise again(self._fault)
            if self._is_reading:  # `close` reads until the other side has closed too
                await self._ended.wait()
            elif messages := await self._read():
                return messages

    async def close(self, code: int, reason: str) -> None:
        """
        Close in good order: send what is queued and the close frame, wait a moment for the other's.

        Args:
            code: as in RFC 6455, section 7.4; 4000 to 4999 are ours to define.
            reason: at most 123 bytes.
        """
        self.begin_close(code, reason)
        try:
            with trio.move_on_after(CLOSE_SECONDS) as scope:
                while self._fault is None:
                    if self._is_reading:  # whoever receives will meet the other's close frame
                        await self._ended.wait()
                    else:
                        await self._read()
                await self._wait_sent()
        finally:
            if self._fault is None or scope.cancelled_caught:
                self._lose(ChannelClosed("This connection is closed."))

    async def aclose(self) -> None:
        """Close with code 1000."""
        await self.close(CloseCode.NORMAL_CLOSURE, "")

    async def _read(self) -> list[bytes]:
        """The messages of one read, perhaps none; sets the fault when it was the last one."""
        data, self._unread = self._unread, b""
        if not data:
            self._is_reading = True
            try:
                if self._unsent > self._outbox_bytes:  # it asks and pings, but does not read the answers
                    await self.wait_drained()
                data = await self._bytes.read(READ_BYTES)
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                self._lose(ChannelBroken("The connection broke."))
                return []
            finally:
                self._is_reading = False
        self._was_heard = self._is_alone = True
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        messages = self._messages()
        self._collect()
        return messages

    def _messages(self) -> list[bytes]:
        """The messages that the protocol has ready, up to the first bad one."""
        messages: list[bytes] = []
        for frame in self._protocol.events_received():
            if not isinstance(frame, Frame):
                continue
            if frame.opcode is Opcode.TEXT and frame.fin:
                message = bytes(frame.data)
            elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.CONT:
                self._fragments += frame.data
                if not frame.fin:
                    continue
                message, self._fragments = bytes(self._fragments), bytearray()
            elif frame.opcode is Opcode.BINARY:
                self._fail(CloseCode.UNSUPPORTED_DATA, "Send text messages, not binary ones.")
                break
            else:
                continue  # the protocol has answered pings and close frames, and any frame is a sign of life
            if not _is_utf8(message):
                self._fail(CloseCode.INVALID_DATA, "A text message is UTF-8.")
                break
            messages.append(message)
        return messages

    def _fail(self, code: CloseCode, reason: str) -> None:
        if not self._protocol.eof_sent:  # else a worse frame behind this one has failed it already
            self._protocol.fail(code, reason)
        self._break(ChannelBroken(reason))

    def _collect(self) -> None:
        """Have the writer send what the protocol wants to send, and notice when it has ended."""
        self._gather()
        self._wake_writer()

    def _gather(self) -> None:
        for data in self._protocol.data_to_send():
            if data:  # the empty one means the end of our half, which comes with `linger`
                self._outbox.append(data)
                self._unsent += len(data)
        if self._protocol.eof_sent:
            self._break(self._verdict())

    def _verdict(self) -> ChannelError:
        protocol = self._protocol
        if protocol.parser_exc is None and protocol.close_rcvd is not None:
            return ChannelClosed(f"The client closed with code {protocol.close_rcvd.code}.")
        if isinstance(protocol.parser_exc, EOFError):
            return ChannelBroken("The client left without a closing handshake.")
        return ChannelBroken(f"The client broke the WebSocket protocol: {protocol.parser_exc}.")

    def _break(self, fault: ChannelError) -> ChannelError:
        """Nothing more is received or posted (the first reason counts); what is queued still goes out."""
        if self._fault is None:
            self._fault = fault
            self._ended.set()
            self._drained.set()
            self._wake_writer()
        return self._fault

    def _lose(self, fault: ChannelError) -> ChannelError:
        """The connection itself is of no use any more."""
        fault = self._break(fault)
        self.is_lost = True
        self._outbox.clear()
        self._drained.set()
        self._bytes.interrupt()
        return fault

    # ------------------------------------------------------------------ the two tasks beside the session

    async def write_queued(self) -> None:
        """Write all that is posted; what one tick posts goes out together."""
        while not self.is_lost:
            if self._outbox:
                self._rest = memoryview(b"".join(self._outbox))
                self._outbox.clear()
                await self._write_rest()
            elif self._fault is not None:
                return
            else:
                await self._park()

    async def _write_rest(self) -> None:
        try:
            while self._rest and not self.is_lost:
                piece = self._rest[:WRITE_BYTES]
                self._sent(sent := self._bytes.write_nowait(piece))
                if sent == len(piece):
                    continue
                with trio.move_on_after(self._write_seconds) as scope:
                    while sent < len(piece):
                        self._sent(count := await self._bytes.write(piece[sent:]))
                        sent += count
                if scope.cancelled_caught:
                    self._lose(ChannelBroken("The client does not read."))
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            self._lose(ChannelBroken("The connection broke."))

    def _sent(self, count: int) -> None:
        self._rest = self._rest[count:]
        self._unsent -= count
        if self._unsent <= self._low_water:
            self._drained.set()

    async def _park(self) -> None:
        """Sleep until `_wake_writer`; half the price of an Event."""

        def abort(_: object) -> Abort:
            self._parked_writer = None
            return Abort.SUCCEEDED

        self._parked_writer = current_task()
        await wait_task_rescheduled(abort)

    def _wake_writer(self) -> None:
        if self._parked_writer is not None:
            task, self._parked_writer = self._parked_writer, None
            reschedule(task)

    async def keep_alive(self) -> None:
        """Ping, and give the client up when nothing at all comes back in time."""
        while True:
            await trio.sleep(self._ping_seconds)
            if self._fault is not None or self._protocol.state is not State.OPEN:
                return
            self._was_heard = False
            self._protocol.send_ping(b"")
            self._collect()
            await trio.sleep(self._pong_seconds)
            # While nobody receives the pong lies unread, and behind unsent bytes the ping has not left:
            # neither says anything about the client, and the latter has its own deadline.
            if not self._was_heard and self._is_reading and not self._unsent:
                self._lose(ChannelBroken("The client does not answer pings."))

    # ------------------------------------------------------------------ the end

    def flush_nowait(self) -> None:
        """Write what fits at once, unless the writer is in the middle of something."""
        if self._rest or self.is_lost:
            return
        data = b"".join(self._outbox)
        if not data:
            return
        try:
            sent = self._bytes.write_nowait(data)
        except (OSError, trio.ClosedResourceError):
            self._lose(ChannelBroken("The connection broke."))
            return
        self._outbox = [data[sent:]] if sent < len(data) else []
        self._unsent -= sent

    async def _wait_sent(self) -> None:
        while self._unsent and not self.is_lost:
            self._drained = trio.Event()
            await self._drained.wait()

    def begin_close(self, code: int, reason: str) -> None:
        """Queue the close frame, if none is out yet."""
        if self._fault is None and self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            self._collect()


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@asynccontextmanager
async def open_websocket(
    stream: trio.abc.Stream,
    head: bytes,
    leftover: bytes,
    *,
    subprotocol: str | None,
    max_message_bytes: int,
    outbox_bytes: int = OUTBOX_BYTES,
    ping_seconds: float = PING_SECONDS,
    pong_seconds: float = PONG_SECONDS,
    write_seconds: float = WRITE_SECONDS,
) -> AsyncIterator[WebSocketChannel]:
    """
    Accept an upgrade that `check_upgrade` let pass; the channel closes in good order with the block.

    Args:
        stream: the connection; stays open for whoever opened it to close.
        head: the raw request head.
        leftover: what came behind the head: frames of a client that did not wait.
        subprotocol: the one to select, of those that the client offered.
        max_message_bytes: a longer message closes with 1009, judged on the announced length.
        outbox_bytes: a client that is this far behind breaks the channel with the next `post`; it is also the
            price of one slow client. `wait_drained` before posting avoids it.
        ping_seconds: how often a silent client is asked whether it is there.
        pong_seconds: how long it may take to answer.
        write_seconds: how long the client may take to accept `WRITE_BYTES`.

    Raises:
        ChannelBroken: the handshake is none; it has been refused.
    """
    protocol = ServerProtocol(
        max_size=max_message_bytes,
        select_subprotocol=lambda _, __: None if subprotocol is None else Subprotocol(subprotocol),
    )
    protocol.receive_data(head)
    requests = protocol.events_received()
    if requests and isinstance(requests[0], Request):
        protocol.send_response(protocol.accept(requests[0]))
    if protocol.state is not State.OPEN:
        with trio.move_on_after(write_seconds):
            await stream.send_all(b"".join(protocol.data_to_send()))
        raise ChannelBroken("The WebSocket handshake was refused.")
    channel = WebSocketChannel(
        stream,
        protocol,
        leftover,
        outbox_bytes=outbox_bytes,
        ping_seconds=ping_seconds,
        pong_seconds=pong_seconds,
        write_seconds=write_seconds,
    )
    async with running_beside(channel.write_queued, channel.keep_alive):
        try:
            yield channel
        except Exception:
            await _end(stream, channel, CloseCode.INTERNAL_ERROR)
            raise
        except BaseException:  # cancelled: there is no time for more than what fits at once
            channel.begin_close(CloseCode.GOING_AWAY, "")
            channel.flush_nowait()
            raise
        await _end(stream, channel, CloseCode.NORMAL_CLOSURE)


async def _end(stream: trio.abc.Stream, channel: WebSocketChannel, code: CloseCode) -> None:
    """Say why, unless it is said already, and let the other side read it."""
    await channel.close(code, "")
    if not channel.is_lost:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await linger(stream, seconds=CLOSE_SECONDS, max_bytes=LINGER_BYTES)
