"""
Minimal client connections on asyncio: HTTP/1.1 and WebSocket, just enough to load a server and no slower.

They believe what the server says: that it speaks its protocol correctly is what other tests are for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast


def ignore(*_: object) -> None:
    """For answers nobody waits for."""


HttpDone = Callable[[int, bytes, bytes], None]  # status (0: the connection was lost), head, body


class HttpConnection(asyncio.Protocol):
    """A minimal HTTP/1.1 client connection: one response at a time, by length, chunked, or until close."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.is_lost = False
        self._buffer = b""
        self._done: HttpDone | None = None
        self._reset()

    def _reset(self) -> None:
        self._status = 0
        self._head = b""
        self._missing: int | None = None  # bytes of a body with a known length; None: chunked or until close
        self._is_chunked = False
        self._parts: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        if self._status and self._missing is None and not self._is_chunked:
            self._finish()
        elif self._done is not None:
            done, self._done = self._done, None
            done(0, b"", b"")

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        while self._buffer and self._advance():
            pass

    def _advance(self) -> bool:
        """Take what is whole from the buffer; False when more bytes are needed."""
        if not self._status:
            return self._read_head()
        if self._is_chunked:
            return self._read_chunk()
        if self._missing is None:
            self._parts.append(self._buffer)
            self._buffer = b""
            return False
        if len(self._buffer) < self._missing:
            return False  # kept whole: bodies here are at most a few hundred KiB
        self._parts.append(self._buffer[: self._missing])
        self._buffer = self._buffer[self._missing :]
        self._finish()
        return True

    def _read_head(self) -> bool:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        self._buffer = rest
        status = int(head[9:12])
        if status == 100:
            return True
        self._status, self._head = status, head
        lower = head.lower()
        at = lower.find(b"\r\ncontent-length:")
        if at >= 0:
            self._missing = int(lower[at + 17 :].split(b"\r\n", 1)[0])
        elif status in (204, 304):
            self._missing = 0
        else:
            self._is_chunked = b"\r\ntransfer-encoding: chunked" in lower
        if self._missing == 0:
            self._finish()
        return True

    def _read_chunk(self) -> bool:
        size_line, found, rest = self._buffer.partition(b"\r\n")
        if not found:
            return False
        size = int(size_line.split(b";")[0], 16)
        if len(rest) < size + 2:
            return False
        self._parts.append(rest[:size])
        self._buffer = rest[size + 2 :]
        if size == 0:
            self._finish()
        return True

    def _finish(self) -> None:
        status, head, body = self._status, self._head, b"".join(self._parts)
        self._reset()
        done, self._done = self._done, None
        if done is not None:
            done(status, head, body)

    def send(self, data: bytes, done: HttpDone) -> None:
        if self.is_lost:
            done(0, b"", b"")
            return
        self._done = done
        self.transport.write(data)

    async def exchange(self, data: bytes) -> tuple[int, bytes, bytes]:
        answer: asyncio.Future[tuple[int, bytes, bytes]] = asyncio.get_running_loop().create_future()

        def done(status: int, head: bytes, body: bytes) -> None:
            if not answer.done():
                answer.set_result((status, head, body))

        self.send(data, done)
        return await answer


class WebSocketConnection(asyncio.Protocol):
    """A minimal WebSocket client connection; its masking key is zero, which costs it nothing."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.is_lost = False
        self.upgraded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.on_message: Callable[[bytes | None], None] = ignore  # gets None when the connection is lost
        self._buffer = b""
        self._fragments: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        if not self.upgraded.done():
            self.upgraded.set_exception(ConnectionError("The connection ended in the handshake."))
        self.on_message(None)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if not self.upgraded.done():
            head, found, rest = buffer.partition(b"\r\n\r\n")
            if not found:
                self._buffer = buffer
                return
            if b" 101 " not in head[:20]:
                self.upgraded.set_exception(ConnectionError(head[:200].decode("latin-1")))
                return
            self.upgraded.set_result(None)
            buffer = rest
        self._buffer = buffer[self._read_frames(buffer) :]

    def _read_frames(self, buffer: bytes) -> int:
        """Deliver every whole frame; returns how many bytes that took."""
        at, size = 0, len(buffer)
        while size - at >= 2:
            first, length = buffer[at], buffer[at + 1] & 0x7F
            start = at + 2
            if length >= 126:
                width = 2 if length == 126 else 8
                if size < start + width:
                    break
                length = int.from_bytes(buffer[start : start + width], "big")
                start += width
            if size < start + length:
                break
            at = start + length
            self._take(first, buffer[start:at])
        return at

    def _take(self, first: int, payload: bytes) -> None:
        opcode = first & 0x0F
        if opcode == 9:
            self.transport.write(bytes((0x8A, 0x80 | len(payload))) + b"\0\0\0\0" + payload)
        elif opcode == 8:
            self.transport.close()
        elif opcode <= 2:
            self._fragments.append(payload)
            if first & 0x80:
                whole, self._fragments = b"".join(self._fragments), []
                self.on_message(whole)

    @staticmethod
    def frame_head(size: int) -> bytes:
        if size < 126:
            return bytes((0x81, 0x80 | size)) + b"\0\0\0\0"
        if size < 65_536:
            return b"\x81\xfe" + size.to_bytes(2, "big") + b"\0\0\0\0"
        return b"\x81\xff" + size.to_bytes(8, "big") + b"\0\0\0\0"

    def send(self, message: bytes) -> None:
        self.transport.write(self.frame_head(len(message)) + message)
