"""What a server knows of all its HTTP connections: whose client has hung up, and which ones are idle."""

from __future__ import annotations

import select
from typing import Protocol

import trio

# Work for a client that has gone is wasted for at most this long, and short calls are never looked at.
POLL_SECONDS = 0.1
# How late an idle connection may end; nobody notices a second in 75.
IDLE_SWEEP_SECONDS = 1.0

_HUNG_UP = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class Cancellable(Protocol):
    """A request; its handler decides, also while it works, whether a hang-up cancels it."""

    cancel_on_hangup: bool


class Watchable(Protocol):
    """A connection on a socket."""

    @property
    def fd(self) -> int:
        """The socket."""

    @property
    def request(self) -> Cancellable | None:
        """What its handler works on now."""

    def hung_up(self) -> None:
        """The client has gone, and the handler wants to be cancelled then."""


class HangupWatch:
    """
    Cancels the work for clients that have closed their connection; one per server.

    While a handler works nobody reads from its connection, so that nothing would tell that the client has
    gone. One task for all asks the kernel (POLLRDHUP) about those that take longer than `POLL_SECONDS`. A
    client that closes only its sending half counts as gone too: MCP clients cancel by closing.
    """

    def __init__(self) -> None:
        self._watched: set[Watchable] = set()
        self._seen: dict[Watchable, Cancellable | None] = {}  # who worked on what when we last looked
        self._is_asleep = False
        self._has_work = trio.Event()

    def watch(self, connection: Watchable) -> None:
        """A handler begins to work on `connection.request`."""
        self._watched.add(connection)
        if self._is_asleep:
            self._has_work.set()

    def forget(self, connection: Watchable) -> None:
        """The work is done."""
        self._watched.discard(connection)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            if not self._watched:
                self._has_work, self._is_asleep = trio.Event(), True
                await self._has_work.wait()
                self._is_asleep = False
            await trio.sleep(POLL_SECONDS)
            self._look()

    def _look(self) -> None:
        by_fd: dict[int, Watchable] = {}
        poll = select.poll()
        for connection in self._watched:
            request = connection.request
            if request is None or request is not self._seen.get(connection):
                continue
            if request.cancel_on_hangup:
                by_fd[connection.fd] = connection
                poll.register(connection.fd, select.POLLRDHUP)
        self._seen = {connection: connection.request for connection in self._watched}
        if by_fd:
            for fd, events in poll.poll(0):
                if events & _HUNG_UP:
                    by_fd[fd].hung_up()


class Interruptible(Protocol):
    """Who waits for bytes."""

    def interrupt(self) -> None:
        """Wake it with `trio.ClosedResourceError`."""


class IdleConnections:
    """
    The keep-alive connections that wait for their next request; one per server.

    One sweep ends those that wait too long: a deadline of its own for each wait would be 5 % of the cost of a
    call. A drain closes all at once: they have nothing in flight, and would else hold the daemon up to its
    deadline.
    """

    def __init__(self) -> None:
        self._ends: dict[Interruptible, float] = {}
        self._is_closed = False
        self._is_asleep = False
        self._has_work = trio.Event()

    def begin(self, connection: Interruptible, seconds: float) -> bool:
        """Interrupt `connection` after `seconds`, or when the server drains; False if it does already."""
        if self._is_closed:
            return False
        self._ends[connection] = trio.current_time() + seconds
        if self._is_asleep:
            self._has_work.set()
        return True

    def end(self, connection: Interruptible) -> None:
        """It waits no more."""
        self._ends.pop(connection, None)

    def close(self) -> None:
        """Let all idle connections end, and every other one as soon as it becomes idle."""
        self._is_closed = True
        self._interrupt(list(self._ends))

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            if not self._ends:
                self._has_work, self._is_asleep = trio.Event(), True
                await self._has_work.wait()
                self._is_asleep = False
            await trio.sleep(IDLE_SWEEP_SECONDS)
            now = trio.current_time()
            self._interrupt([connection for connection, end in self._ends.items() if end <= now])

    def _interrupt(self, connections: list[Interruptible]) -> None:
        for connection in connections:
            del self._ends[connection]
            connection.interrupt()


def descriptor_of(stream: trio.abc.Stream) -> int | None:
    """The socket under a stream, or None for streams in memory."""
    while isinstance(stream, trio.SSLStream):
        stream = stream.transport_stream
    return stream.socket.fileno() if isinstance(stream, trio.SocketStream) else None
