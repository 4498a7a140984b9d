"""
Processes of legacy children for one call at a time.

A legacy server's questions carry no reference to the call that caused them, and what its client can do is
fixed in its handshake. A call that may be asked something therefore gets a process of its own, initialized
with that client's capabilities. Processes are kept warm before and after: the start of an interpreter takes
longer than most calls.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import trio
from msgspec import Raw

from museod.errors import ChildUnavailable, MuseodError
from museod.gateway.children import Child, Children, PipedProcess
from museod.gateway.upstream import Upstream
from museod.observe.logs import get_logger
from museod.transports.stdio import open_stdio_channel
from museod.wire import codec
from museod.wire.eras import Era

log = get_logger()

OpenProcess = Callable[[str], AbstractAsyncContextManager[PipedProcess]]

# Two: one for the next caller while the other is still starting.
SPARES = 2
# Beside the child's own processes; a person answers in seconds, so this many answer at once.
MAX_PROCESSES = 16
WAIT_SECONDS = 10.0
IDLE_SECONDS = 60.0
SWEEP_SECONDS = 15.0


class _Live:
    """One process: a spare until it is initialized, then leased and idle in turn."""

    def __init__(self, child: str) -> None:
        self.child = child
        self.key = b""
        self.offered: dict[str, Raw] = {}
        self.upstream: Upstream | None = None
        self.wanted = trio.Event()
        self.ready = trio.Event()
        self.finished = trio.Event()
        self.failure = ""
        self.idle_since = 0.0
        self.has_ended = False


class Leases:
    """
    Leases processes of interactive legacy children.

    Args:
        open_process: starts one more process of a child, for the length of a block.
    """

    def __init__(self, children: Children, open_process: OpenProcess) -> None:
        self._open_process = open_process
        self._children = children
        self._nursery: trio.Nursery | None = None
        self._all: dict[str, set[_Live]] = {}
        self._spare: dict[str, list[_Live]] = {}
        self._idle: dict[str, list[_Live]] = {}
        self._released = trio.Event()
        children.arrivals.append(self._arrived)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the processes until cancelled; all of them end with it."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            for name in self._children.serving:
                for upstream in self._children[name].upstreams[:1]:
                    self._arrived(self._children[name], upstream)
            task_status.started()
            try:
                while True:
                    await trio.sleep(SWEEP_SECONDS)
                    self._sweep()
            finally:
                self._nursery = None

    def _arrived(self, child: Child, upstream: Upstream) -> None:
        if child.policy.interactive and upstream.era is Era.LEGACY:
            self._fill(child.policy.child)

    def _fill(self, child: str) -> None:
        """Have spares on their way."""
        spares = self._spare.setdefault(child, [])
        while len(spares) < SPARES and self._start(child) is not None:
            pass

    def _start(self, child: str) -> _Live | None:
        known = self._all.setdefault(child, set())
        if self._nursery is None or len(known) >= MAX_PROCESSES:
            return None
        live = _Live(child)
        known.add(live)
        self._spare.setdefault(child, []).append(live)
        self._nursery.start_soon(self._keep, live)
        return live

    async def _keep(self, live: _Live) -> None:
        try:
            async with (
                self._open_process(live.child) as process,
                open_stdio_channel(process.stdout_fd, process.stdin_fd) as channel,
                trio.open_nursery() as nursery,
            ):
                upstream = live.upstream = Upstream(process, channel, era="legacy")
                nursery.start_soon(self._carry, upstream, live)
                await live.wanted.wait()
                upstream.offered = live.offered
                await upstream.initialize()
                live.ready.set()
                await live.finished.wait()
                nursery.cancel_scope.cancel()
        except* MuseodError as group:
            live.failure = str(group.exceptions[0])
            log.warning("leased_process_failed", mcp=live.child, reason=live.failure)
        finally:
            self._forget(live)

    async def _carry(self, upstream: Upstream, live: _Live) -> None:
        await upstream.run()
        live.finished.set()

    def _forget(self, live: _Live) -> None:
        live.has_ended = True
        live.ready.set()
        self._all[live.child].discard(live)
        for shelf in (self._spare, self._idle):
            if live in shelf.get(live.child, ()):
                shelf[live.child].remove(live)
        self._tell_released()

    def _tell_released(self) -> None:
        self._released.set()
        self._released = trio.Event()

    def _sweep(self) -> None:
        oldest = trio.current_time() - IDLE_SECONDS
        for shelf in self._idle.values():
            for live in [live for live in shelf if live.idle_since < oldest]:
                shelf.remove(live)
                live.finished.set()

    @asynccontextmanager
    async def open(self, child: str, offered: Mapping[str, Raw]) -> AsyncIterator[Upstream]:
        """
        A process of `child` for the length of the block, initialized with what the client offers.

        It is used again only if the block ends in good order: after a cancellation or a failure it may still
        wait for an answer, or believe that it got one.

        Raises:
            ChildUnavailable: all are in use and none came free, or the process could not be had.
        """
        live = await self._take(child, offered)
        is_clean = False
        try:
            await live.ready.wait()
            if live.has_ended or live.upstream is None:
                raise _unavailable(child)
            yield live.upstream
            is_clean = True
        finally:
            if live.upstream is not None:
                live.upstream.on_request = None
            if is_clean and not live.has_ended and not live.finished.is_set():
                live.idle_since = trio.current_time()
                self._idle.setdefault(child, []).append(live)
                self._tell_released()
            else:
                live.finished.set()

    async def _take(self, child: str, offered: Mapping[str, Raw]) -> _Live:
        key = codec.encode({name: offered[name] for name in sorted(offered)})
        with trio.move_on_after(WAIT_SECONDS):
            while True:
                for live in self._idle.get(child, []):
                    if live.key == key:
                        self._idle[child].remove(live)
                        return live
                spares = self._spare.setdefault(child, [])
                live_or_none = spares[0] if spares else self._start(child)
                if live_or_none is not None:
                    spares.remove(live_or_none)
                    live_or_none.key, live_or_none.offered = key, dict(offered)
                    live_or_none.wanted.set()
                    self._fill(child)
                    return live_or_none
                if idle := self._idle.get(child):
                    idle.pop(0).finished.set()  # initialized for somebody else: make room
                await self._released.wait()
        raise _unavailable(child)


def _unavailable(child: str) -> ChildUnavailable:
    text = f"The {child} service has no process free for a call that may ask back; try again in a moment."
    return ChildUnavailable(text, retry_after=1.0, data={"mcp": child})
