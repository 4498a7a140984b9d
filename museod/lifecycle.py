"""
The life of the daemon: starting, ready, draining, stopped; and the signals that move it along.

Owns the one answer to "are we on our way out?". Must not know what is started or drained: app hands in what
to do, everybody else waits for `wait_draining` or reads `is_draining`.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

import trio

from museod.errors import ConfigError, MuseodError
from museod.observe.logs import get_logger

log = get_logger()


class State(StrEnum):
    """Where the daemon stands."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    STOPPED = "stopped"


# A start may be given up at any point; nothing ever comes back from draining.
MOVES: Mapping[State, frozenset[State]] = {
    State.STARTING: frozenset({State.READY, State.DRAINING, State.STOPPED}),
    State.READY: frozenset({State.DRAINING, State.STOPPED}),
    State.DRAINING: frozenset({State.STOPPED}),
    State.STOPPED: frozenset(),
}

# Ctrl-C reaches the whole process group, and a start script passes it on as SIGTERM a moment later: within
# this time a stop signal of another kind is the same wish.
SAME_WISH_SECONDS = 0.5


class Lifecycle:
    """The state of this daemon, and why it is in it."""

    def __init__(self) -> None:
        self.state = State.STARTING
        self.reason = ""
        self._draining = trio.Event()
        self._stopped = trio.Event()

    @property
    def is_ready(self) -> bool:
        """Whether new work is taken."""
        return self.state is State.READY

    @property
    def is_draining(self) -> bool:
        """Whether the daemon is on its way out; true for ever after."""
        return self.state in (State.DRAINING, State.STOPPED)

    def become_ready(self) -> bool:
        """Take work from now on; false when a stop was asked for meanwhile."""
        return self._move(State.READY, "")

    def begin_drain(self, reason: str) -> bool:
        """Take no new work and finish what runs; false when that was said before."""
        moved = self._move(State.DRAINING, reason)
        if moved:
            self._draining.set()
        return moved

    def become_stopped(self) -> None:
        """All work is finished or cut."""
        if self._move(State.STOPPED, self.reason):
            self._draining.set()
            self._stopped.set()

    async def wait_draining(self) -> None:
        """Return once the daemon is on its way out."""
        await self._draining.wait()

    async def wait_stopped(self) -> None:
        """Return once nothing runs any more."""
        await self._stopped.wait()

    def _move(self, to: State, reason: str) -> bool:
        if to not in MOVES[self.state]:
            return False
        log.info("lifecycle_moved", before=self.state.value, now=to.value, reason=reason)
        self.state, self.reason = to, reason
        return True


async def watch_signals(
    lifecycle: Lifecycle,
    *,
    cancel: Callable[[], None],
    reload: Callable[[], Awaitable[None]] | None = None,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """
    Turn signals into moves, for ever. Main thread only.

    The first SIGTERM or SIGINT begins the drain. A later one calls `cancel`: at once when it is the same
    signal again, and after `SAME_WISH_SECONDS` when it is the other. The kernel merges signals that are not
    yet handled, so a second one counts only after the first was. SIGHUP calls `reload`; while one reload
    runs, any number of further SIGHUPs asks for one more after it.
    """
    hangup = _Reloads(reload)
    async with trio.open_nursery() as nursery:
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            nursery.start_soon(hangup.run)
            task_status.started()
            first: tuple[int, float] | None = None
            async for number in signals:
                name = signal.Signals(number).name
                if number == signal.SIGHUP:
                    hangup.ask()
                elif first is None:
                    first = number, trio.current_time()
                    lifecycle.begin_drain(name)
                elif number == first[0] or trio.current_time() - first[1] >= SAME_WISH_SECONDS:
                    log.warning("drain_cut_short", signal=name)
                    cancel()


class _Reloads:
    """One reload at a time, and at most one waiting: the file is read anew each time."""

    def __init__(self, reload: Callable[[], Awaitable[None]] | None) -> None:
        self._reload = reload
        self._asked = trio.Event()

    def ask(self) -> None:
        self._asked.set()

    async def run(self) -> None:
        while True:
            await self._asked.wait()
            self._asked = trio.Event()
            if self._reload is None:
                continue
            try:
                await self._reload()
            except ConfigError as error:
                # A bad file is refused whole; what runs goes on running.
                faults = [[fault.source, fault.key, fault.remedy] for fault in error.faults]
                log.error("reload_refused", faults=faults)
            except MuseodError as error:
                log.error("reload_failed", error=error)
