"""
Bytes over one connection, with as few scheduler hops as Trio allows.

A plain socket is waited for and then read or written directly: that is one hop per read where a stream takes
three, and an idle connection takes what is written without any. Everything else (TLS, streams in memory) goes
through the stream's own methods.
"""

from __future__ import annotations

import os
from contextlib import suppress

import trio


class SocketBytes:
    """A connected TCP or unix socket. It stays the stream's own, which is closed by whoever opened it."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._socket = stream.socket

    async def read(self, size: int) -> bytes:
        """Bytes as soon as there are some; empty at the end; `trio.ClosedResourceError` when interrupted."""
        while True:
            fd = self._open_fd()
            await trio.lowlevel.wait_readable(fd)
            with suppress(BlockingIOError):
                return os.read(fd, size)

    async def write(self, data: memoryview) -> int:
        """How many bytes of `data` were taken, at least one; waits until there is room."""
        while True:
            fd = self._open_fd()
            await trio.lowlevel.wait_writable(fd)
            with suppress(BlockingIOError):
                return os.write(fd, data)

    def write_nowait(self, data: bytes | memoryview) -> int:
        """How many bytes of `data` were taken, perhaps none."""
        try:
            return os.write(self._open_fd(), data)
        except BlockingIOError:
            return 0

    def interrupt(self) -> None:
        """Wake whoever waits here, with `trio.ClosedResourceError`."""
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)

    def _open_fd(self) -> int:
        fd = self._socket.fileno()
        if fd < 0:
            raise trio.ClosedResourceError
        return fd


class StreamBytes:
    """Any other stream."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._scopes: set[trio.CancelScope] = set()

    async def read(self, size: int) -> bytes:
        with trio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                return bytes(await self._stream.receive_some(size))
            finally:
                self._scopes.discard(scope)
        raise trio.ClosedResourceError

    async def write(self, data: memoryview) -> int:
        with trio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                await self._stream.send_all(data)
                return len(data)
            finally:
                self._scopes.discard(scope)
        raise trio.ClosedResourceError

    def write_nowait(self, data: bytes | memoryview) -> int:  # noqa: ARG002 - a stream can't say how much
        return 0

    def interrupt(self) -> None:
        for scope in self._scopes:
            scope.cancel()


def bytes_of(stream: trio.abc.Stream) -> SocketBytes | StreamBytes:
    """The fastest way to `stream`'s bytes."""
    return SocketBytes(stream) if isinstance(stream, trio.SocketStream) else StreamBytes(stream)


async def linger(stream: trio.abc.Stream, *, seconds: float, max_bytes: int) -> None:
    """
    End our half of a connection and read theirs for a moment, before it is closed.

    Closing with bytes unread would reset the connection, and the other side could lose the last thing that
    it was told (RFC 9112, section 9.6). TLS can't be half-closed; there this does nothing.

    Raises:
        trio.BrokenResourceError: the other side has gone.
    """
    with trio.move_on_after(seconds):
        if not isinstance(stream, trio.abc.HalfCloseableStream):
            return
        await stream.send_eof()
        while max_bytes > 0:
            data = await stream.receive_some(64 * 1024)
            if not data:
                return
            max_bytes -= len(data)
