"""What a server knows of all its HTTP connections: whose client has hung up, and which ones are idle."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import trio

# Work for a client that has gone is wasted for at most this long, and short calls are never looked at.
POLL_SECONDS = 0.1

_HUNG_UP = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class Cancellable(Protocol):
    """A request; its handler decides, also while it works, whether a hang-up cancels it."""

    cancel_on_hangup: bool


@dataclass(slots=True, eq=False)
class _Watched:
    request: Cancellable
    scope: trio.CancelScope
    fd: int
    is_old: bool = False  # was here when we last looked


class HangupWatch:
    """
    Cancels the work for clients that have closed their connection; one per server.

    While a handler works nobody reads from its connection, so that nothing would tell that the client has
    gone. One task for all asks the kernel (POLLRDHUP) about those that take longer than `POLL_SECONDS`. A
    client that closes only its sending half counts as gone too: MCP clients cancel by closing.
    """

    def __init__(self) -> None:
        self._watched: set[_Watched] = set()
        self._has_work = trio.Event()

    def watch(
        self, stream: trio.abc.Stream, request: Cancellable, scope: trio.CancelScope
    ) -> _Watched | None:
        """From now on cancel `scope` when the client hangs up while `request.cancel_on_hangup` is set."""
        fd = _descriptor(stream)
        if fd is None:
            return None
        watched = _Watched(request, scope, fd)
        self._watched.add(watched)
        self._has_work.set()
        return watched

    def forget(self, watched: _Watched | None) -> None:
        """The work is done."""
        if watched is not None:
            self._watched.discard(watched)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            if not self._watched:
                self._has_work = trio.Event()
                await self._has_work.wait()
            await trio.sleep(POLL_SECONDS)
            self._look()

    def _look(self) -> None:
        by_fd: dict[int, _Watched] = {}
        poll = select.poll()
        for watched in self._watched:
            if watched.is_old and watched.request.cancel_on_hangup:
                by_fd[watched.fd] = watched
                poll.register(watched.fd, select.POLLRDHUP)
            watched.is_old = True
        if by_fd:
            for fd, events in poll.poll(0):
                if events & _HUNG_UP:
                    by_fd[fd].scope.cancel()


class IdleConnections:
    """
    The keep-alive connections that wait for their next request; one per server.

    A drain closes them at once: they have nothing in flight, and would else hold the daemon up to its
    deadline.
    """

    def __init__(self) -> None:
        self._scopes: set[trio.CancelScope] = set()
        self._is_closed = False

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[trio.CancelScope]:
        """A scope that is cancelled after `seconds`, or when the server drains."""
        with trio.move_on_after(seconds) as scope:
            if self._is_closed:
                scope.cancel()
            self._scopes.add(scope)
            try:
                yield scope
            finally:
                self._scopes.discard(scope)

    def close(self) -> None:
        """Let all idle connections end, and every other one as soon as it becomes idle."""
        self._is_closed = True
        for scope in self._scopes:
            scope.cancel()


def _descriptor(stream: trio.abc.Stream) -> int | None:
    """The socket under a stream, or None for streams in memory."""
    while isinstance(stream, trio.SSLStream):
        stream = stream.transport_stream
    return stream.socket.fileno() if isinstance(stream, trio.SocketStream) else None
