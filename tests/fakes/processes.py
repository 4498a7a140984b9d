"""Processes that exist on Trio's clock only, for keepers and pools."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import trio

from museod.errors import SpawnFailed
from museod.supervisor.keeper import Keeper, Surroundings
from museod.supervisor.process import Process, Usage
from museod.supervisor.spec import ChildSpec
from museod.supervisor.states import State


@dataclass(frozen=True)
class Life:
    """
    What one incarnation does.

    Args:
        ready_after: seconds from its start until `attend` reports it ready; None is never.
        lasts: seconds from its start until it exits by itself; None is until it is stopped.
        code: with which it exits.
        goes_on_eof: whether the end of its stdin ends it; else it takes all of the ladder.
        is_refused: it can't be spawned at all.
        fault: what `attend` raises once it is ready.
    """

    ready_after: float | None = 0.0
    lasts: float | None = None
    code: int = 0
    goes_on_eof: bool = True
    is_refused: bool = False
    fault: Exception | None = None


class FakeProcess:
    """Has the face of a `Process` and lives as its `Life` says."""

    def __init__(self, spec: ChildSpec, instance: int, incarnation: int, life: Life) -> None:
        self.spec = spec
        self.name = spec.name
        self.instance = instance
        self.label = spec.label(instance)
        self.pid = 1000 + incarnation
        self.started_at = trio.current_time()
        self.returncode: int | None = None
        self.was_signalled = False
        self.life = life
        self.exited = trio.Event()

    async def wait_exited(self) -> None:
        await self.exited.wait()

    def exit(self, code: int) -> None:
        if self.returncode is None:
            self.returncode = code
            self.exited.set()

    def kill(self) -> None:
        self.was_signalled = True
        self.exit(-9)

    def usage(self) -> Usage | None:
        return None if self.exited.is_set() else Usage(resident_bytes=1 << 20, cpu_seconds=0.5)


class FakeProcesses:
    """
    Opens fake processes, one `Life` after the other; after the last of them each lives until it is stopped.

    Attributes:
        opened: all processes so far.
        attempts: when each start was tried, the refused ones too.
    """

    def __init__(self, lives: Iterable[Life] = ()) -> None:
        self._lives: Iterator[Life] = itertools.chain(lives, itertools.repeat(Life()))
        self.opened: list[FakeProcess] = []
        self.attempts: list[float] = []

    @asynccontextmanager
    async def open(self, spec: ChildSpec, instance: int, incarnation: int) -> AsyncIterator[Process]:
        life = next(self._lives)
        self.attempts.append(trio.current_time())
        if life.is_refused:
            raise SpawnFailed("The command 'x' is not in the child's PATH: install it.")
        process = FakeProcess(spec, instance, incarnation, life)
        self.opened.append(process)
        async with trio.open_nursery() as nursery:
            if life.lasts is not None:
                nursery.start_soon(self._end, process, life.lasts, life.code)
            try:
                yield cast(Process, process)
            finally:
                with trio.CancelScope(shield=True):
                    await self._stop(process)
                nursery.cancel_scope.cancel()

    async def _end(self, process: FakeProcess, seconds: float, code: int) -> None:
        await trio.sleep(seconds)
        process.exit(code)

    async def _stop(self, process: FakeProcess) -> None:
        if process.returncode is None and not process.life.goes_on_eof:
            await trio.sleep(process.spec.stop_grace_seconds)
            process.was_signalled = True
            await trio.sleep(process.spec.term_grace_seconds)
            process.exit(-9)
        process.exit(0)


async def live_along(process: Process, task_status: trio.TaskStatus[None]) -> None:
    """An `attend` that does what the fake process's `Life` says."""
    life = cast(FakeProcess, process).life
    if life.ready_after is not None:
        await trio.sleep(life.ready_after)
        task_status.started()
        if life.fault is not None:
            raise life.fault
    await process.wait_exited()  # as the end of its output would show


def surroundings(
    processes: FakeProcesses,
    attend: Callable[[Process, trio.TaskStatus[None]], Any] = live_along,
    *,
    drain_seconds: float = 10.0,
) -> Surroundings:
    """What keepers need, around fake processes; delays have no jitter (`random` is always in the middle)."""
    return Surroundings(
        attend=attend,
        open_process=processes.open,
        numbers=itertools.count(1),
        random=lambda: 0.5,
        drain_seconds=drain_seconds,
    )


class KeeperHistory:
    """A keeper, and every (time, state) that it went through."""

    def __init__(self, spec: ChildSpec, around: Surroundings) -> None:
        self.steps: list[tuple[float, State]] = []
        self.keeper = Keeper(spec, 1, around, self._note)

    @property
    def states(self) -> list[State]:
        """The states, without repetitions in a row."""
        return [state for state, _ in itertools.groupby(state for _, state in self.steps)]

    def _note(self) -> None:
        self.steps.append((trio.current_time(), self.keeper.state))
