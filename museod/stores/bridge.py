"""
One thread that runs what tasks hand it, everything that waits in one batch.

An engine's client blocks, and the loop must not: neither for an fsync nor for another process that holds the
file. A hop to a thread costs far more than a small statement, so the hops are shared: while one batch runs,
the next one gathers.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar, cast

import outcome
import trio

from museod.errors import StoreUnavailable

Context = TypeVar("Context")
T = TypeVar("T")

# The busiest node has one turn per connected person under way; beyond this the engine is not keeping up and
# waiting longer helps nobody.
MAX_WAITING = 4096
# Bounds how long the first of a batch waits for the last: some 5 ms of small statements.
MAX_BATCH = 256
# Every wait on somebody else has a deadline: longer than the engine's own (2 s for a busy file).
JOB_SECONDS = 5.0


class Job(Generic[Context, T]):
    """One piece of work for the thread, and who waits for it."""

    __slots__ = ("_task", "answer", "is_abandoned", "undo", "work", "writes")

    def __init__(
        self,
        work: Callable[[Context], T],
        writes: bool,
        undo: Callable[[T], Callable[[Context], object]] | None,
    ) -> None:
        self.work = work
        self.writes = writes
        self.undo = undo
        self.answer: outcome.Outcome[T] | None = None
        self.is_abandoned = False
        self._task: trio.lowlevel.Task | None = None

    async def wait(self) -> T:
        """What the work returned; a cancelled wait marks the job as abandoned."""

        def abort(_: trio.lowlevel.RaiseCancelT) -> trio.lowlevel.Abort:
            self.is_abandoned = True
            self._task = None
            return trio.lowlevel.Abort.SUCCEEDED

        self._task = trio.lowlevel.current_task()
        return cast("T", await trio.lowlevel.wait_task_rescheduled(abort))

    def deliver(self) -> None:
        """Wake who waits; on the loop."""
        if self._task is not None and self.answer is not None:
            task, self._task = self._task, None
            trio.lowlevel.reschedule(task, self.answer)


class Bridge(Generic[Context]):
    """
    Hands jobs to one thread and their answers back.

    Args:
        name: of the thread.
        execute: runs a batch in the thread and sets each job's `answer`; must not raise. `Context` is what it
            hands to each job's work (the engine's connection).
        close: called in the thread as its last act.
    """

    def __init__(
        self,
        name: str,
        execute: Callable[[Sequence[Job[Context, object]]], None],
        close: Callable[[], None],
    ) -> None:
        self._execute = execute
        self._close = close
        self._jobs: deque[Job[Context, object]] = deque()
        self._wake = threading.Semaphore(0)
        self._is_closing = False
        self._closed = trio.Event()
        self._loop = trio.lowlevel.current_trio_token()
        # A thread that hangs in the kernel must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def run(
        self,
        work: Callable[[Context], T],
        *,
        writes: bool,
        undo: Callable[[T], Callable[[Context], object]] | None = None,
    ) -> T:
        """
        Run `work` in the thread and return what it returned.

        Args:
            writes: whether it needs a write transaction.
            undo: given the outcome, makes the job that takes it back; run if the caller left before it
                learned the outcome.

        Raises:
            StoreUnavailable: closed, too many waiting, or no answer within 5 s.

        Cancellation:
            Work that has not begun is dropped; work that has begun is finished (and undone if it can be).
        """
        if self._is_closing:
            raise StoreUnavailable("The store is closed.")
        if len(self._jobs) >= MAX_WAITING:
            raise StoreUnavailable(f"The store is overloaded: {MAX_WAITING} operations wait for it.")
        job: Job[Context, T] = Job(work, writes, undo)
        with trio.move_on_after(JOB_SECONDS):
            self._post(cast("Job[Context, object]", job))
            return await job.wait()
        raise StoreUnavailable(f"The store did not answer within {JOB_SECONDS:g} s.", maybe_done=writes)

    def _post(self, job: Job[Context, object]) -> None:
        self._jobs.append(job)
        self._wake.release()

    async def aclose(self) -> None:
        """Finish what was handed over and end the thread; gives up on a thread that hangs for 5 s."""
        if not self._is_closing:
            self._is_closing = True
            self._wake.release()
        with trio.CancelScope(shield=True), trio.move_on_after(JOB_SECONDS):
            await self._closed.wait()

    def _run(self) -> None:
        try:
            while True:
                self._wake.acquire()
                batch = self._gather()
                if batch:
                    self._execute(batch)
                    self._on_loop(partial(self._deliver, batch))
                elif self._is_closing:
                    return
        finally:
            self._close()
            self._on_loop(self._closed.set)

    def _gather(self) -> list[Job[Context, object]]:
        """All that waits, without what nobody waits for any more."""
        batch: list[Job[Context, object]] = []
        while self._jobs and len(batch) < MAX_BATCH:
            job = self._jobs.popleft()
            if not job.is_abandoned:
                batch.append(job)
        if self._jobs or self._is_closing:
            self._wake.release()  # the rest, or the end, needs another round
        return batch

    def _on_loop(self, function: Callable[[], object]) -> None:
        with suppress(trio.RunFinishedError):  # nobody is left to be told
            self._loop.run_sync_soon(function)

    def _deliver(self, batch: Sequence[Job[Context, object]]) -> None:
        for job in batch:
            if not job.is_abandoned:
                job.deliver()
            elif job.undo is not None and isinstance(job.answer, outcome.Value):
                self._jobs.append(Job(job.undo(job.answer.value), True, None))
                self._wake.release()
