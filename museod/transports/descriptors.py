"""
File descriptors that Trio can wait for, each in the way that its kind allows.

Pipes and sockets are switched to non-blocking and waited for by Trio. Terminals and files are read and
written in worker threads: epoll refuses files, and a terminal's non-blocking flag would be shared with the
shell and with our own stderr.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import trio

PIPE_BYTES = 1024 * 1024  # the most an unprivileged process may ask for (fs.pipe-max-size)

T = TypeVar("T")


def open_pair(read_fd: int, write_fd: int) -> tuple[PolledFd | ThreadedFd, PolledFd | ThreadedFd]:
    """Both descriptors, owned from now on."""
    # Both flags are read before either is set: the two may be one open file (a socket as 0 and 1).
    read_flags, write_flags = (fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (read_fd, write_fd))
    return _open_fd(read_fd, read_flags), _open_fd(write_fd, write_flags)


def _open_fd(fd: int, flags: int) -> PolledFd | ThreadedFd:
    mode = os.fstat(fd).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return PolledFd(fd, flags)
    return ThreadedFd(fd)


class PolledFd:
    """A pipe or a socket: non-blocking, with its flags put back on close."""

    is_polled = True

    def __init__(self, fd: int, flags: int) -> None:
        self._fd = fd
        self._flags = flags
        os.set_blocking(fd, False)
        if stat.S_ISFIFO(os.fstat(fd).st_mode):
            with suppress(OSError):  # refused when the user's pipes hold too much: the default size serves
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    async def read(self, size: int) -> bytes:
        """Bytes as soon as there are some; empty at the end."""
        while True:
            await trio.lowlevel.wait_readable(self._fd)
            with suppress(BlockingIOError):
                return os.read(self._fd, size)

    def read_nowait(self, size: int) -> bytes:
        """What is there now, else empty."""
        if self._fd < 0:
            return b""
        try:
            return os.read(self._fd, size)
        except BlockingIOError:
            return b""

    async def write(self, data: memoryview) -> int:
        """How many bytes of `data` were taken, at least one."""
        while True:
            await trio.lowlevel.wait_writable(self._fd)
            with suppress(BlockingIOError):
                return os.write(self._fd, data)

    def write_nowait(self, data: bytes | memoryview) -> int:
        """How many bytes of `data` were taken, perhaps none."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0

    def interrupt(self) -> None:
        """Wake the task that waits here, with `trio.ClosedResourceError`."""
        if self._fd >= 0:
            trio.lowlevel.notify_closing(self._fd)

    def close(self) -> None:
        """Close the descriptor; a second time does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with suppress(OSError):  # EBADF: somebody closed our descriptor; there is nothing left to do
                fcntl.fcntl(fd, fcntl.F_SETFL, self._flags)
                os.close(fd)


class ThreadedFd:
    """
    A terminal or a file: left as it is, used in worker threads.

    A read that is cancelled from outside leaves its thread behind, and what that thread still reads is lost:
    a channel on a terminal is received from by one task until it ends.
    """

    is_polled = False

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._scopes: set[trio.CancelScope] = set()
        self._lock = threading.Lock()
        self._users = 0  # threads inside an operation, abandoned ones too
        self._is_closed = False

    async def read(self, size: int) -> bytes:
        return await self._in_thread(lambda: os.read(self._fd, size))

    def read_nowait(self, size: int) -> bytes:  # noqa: ARG002 - it might block
        return b""

    async def write(self, data: memoryview) -> int:
        return await self._in_thread(lambda: os.write(self._fd, data))

    def write_nowait(self, data: bytes | memoryview) -> int:  # noqa: ARG002 - it might block
        return 0

    def interrupt(self) -> None:
        for scope in self._scopes:
            scope.cancel()

    def close(self) -> None:
        """Close now, or when the last thread has left: a closed number is given out again."""
        with self._lock:
            is_ours_to_close = not self._is_closed and not self._users
            self._is_closed = True
        if is_ours_to_close:
            os.close(self._fd)

    async def _in_thread(self, operation: Callable[[], T]) -> T:
        if self._is_closed:
            raise trio.ClosedResourceError
        with trio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                return await trio.to_thread.run_sync(self._run, operation, abandon_on_cancel=True)
            finally:
                self._scopes.discard(scope)
        raise trio.ClosedResourceError

    def _run(self, operation: Callable[[], T]) -> T:
        with self._lock:
            if self._is_closed:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            self._users += 1
        try:
            return operation()
        finally:
            self._leave()

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            is_ours_to_close = self._is_closed and not self._users
        if is_ours_to_close:
            os.close(self._fd)
