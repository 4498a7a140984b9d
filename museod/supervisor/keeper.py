"""
One child instance over many incarnations: the only place where its state changes.

A keeper is one task. It starts an incarnation, lets `attend` live in it, ends it when either is over, asks
the tables what follows, waits, and begins again, until it is stopped. Everything it is asked for from outside
(`restart`, `stop`) is a flag and a cancelled scope; the work is always done by this task.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

import trio

from museod.errors import ChannelClosed, ChildFailed, MuseodError, SpawnFailed
from museod.observe import context
from museod.observe.logs import get_logger
from museod.supervisor.process import LAST_WORDS_SECONDS, Process
from museod.supervisor.restarts import Restarts
from museod.supervisor.spec import ChildSpec, needs_new_process
from museod.supervisor.states import VERDICTS, Exit, State, Verdict, exit_of, exit_text, moved

log = get_logger()

Attend = Callable[[Process, trio.TaskStatus[None]], Awaitable[None]]
OpenProcess = Callable[[ChildSpec, int, int], AbstractAsyncContextManager[Process]]

# A reason is shown in a status line; an error text of a child may be anything.
REASON_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What every keeper of one supervisor works with.

    Args:
        attend: lives as long as an incarnation; see `Supervisor`.
        open_process: starts an incarnation (spec, instance, number of the incarnation).
        numbers: gives each incarnation of this run its own number.
        random: numbers of [0, 1).
        drain_seconds: how long `attend` may clean up after its cancellation before its child is killed.
    """

    attend: Attend
    open_process: OpenProcess
    numbers: Iterator[int]
    random: Callable[[], float]
    drain_seconds: float


@dataclass(slots=True)
class _End:
    """How an incarnation ended."""

    exit: Exit
    reason: str
    ready_seconds: float


class Keeper:
    """
    Keeps one instance of a child.

    Attributes:
        spec: what it keeps; a new one applies from the next incarnation on.
        state: where it is.
        process: the running incarnation.
        restarts: how often it was started again after an end that nobody asked for.
        next_try_at: when it will be, on Trio's clock.
        reason: why it is not ready, or what ended its last incarnation.
        spawned: the first attempt to start it has been made.
    """

    def __init__(
        self, spec: ChildSpec, instance: int, surroundings: Surroundings, on_change: Callable[[], None]
    ) -> None:
        self.spec = spec
        self.instance = instance
        self.state = State.STARTING
        self.process: Process | None = None
        self.restarts = 0
        self.next_try_at: float | None = None
        self.reason: str | None = None
        self.spawned = trio.Event()
        self._report: Callable[[], None] | None = None
        self._running_spec = spec
        self._around = surroundings
        self._on_change = on_change
        self._policy = Restarts(spec.backoff, spec.intensity, surroundings.random)
        self._failures = 0  # since it was last ready for long enough, for the log
        self._is_asked = False
        self._woken = trio.Event()
        self._verdict = trio.Event()
        self._ready_at = math.inf
        self._attending = trio.CancelScope()
        self._keeping = trio.CancelScope()
        self._stopped = trio.Event()

    @property
    def label(self) -> str:
        """Its name in logs."""
        return self.spec.label(self.instance)

    @property
    def is_outdated(self) -> bool:
        """Whether its process must be replaced (or started at last) to follow its spec."""
        return needs_new_process(self._running_spec, self.spec)

    async def wait_verdict(self) -> None:
        """Return after the first verdict since it was started or asked to restart, or when it is stopped."""
        await self._verdict.wait()

    def change(self, spec: ChildSpec) -> None:
        """Follow `spec` from now on; a running process stays as it is until the next `restart`."""
        if (spec.backoff, spec.intensity) != (self.spec.backoff, self.spec.intensity):
            self._policy = Restarts(spec.backoff, spec.intensity, self._around.random)
        self.spec = spec

    async def restart(self) -> None:
        """
        End the running incarnation, drained and not counted as a failure, and forget all former failures.

        Returns after the first verdict of the next incarnation: ready, failed, or its start deadline.
        """
        self._policy.reset()
        self._failures = 0
        self._is_asked = True
        self._verdict = trio.Event()
        self._woken.set()
        self._attending.cancel()
        if self._stopped.is_set():
            self._verdict.set()
        await self._verdict.wait()

    def stop(self) -> None:
        """Ask it to end for good."""
        self._keeping.cancel()

    async def wait_stopped(self) -> None:
        """Return when it has ended and nothing of its child is left."""
        await self._stopped.wait()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """
        Keep the child until stopped; `started()` after its first verdict, whatever that is.

        Raises:
            ChildFailed: it is significant and has failed.

        Cancellation:
            The running incarnation is drained and ended first, all within bounds.
        """
        for variable in (context.correlation_id, context.trace_parent, context.user_id):
            variable.set("")  # of whoever had us started, perhaps a request; it ends long before we do
        context.mcp.set(self.label)
        self._report = task_status.started
        try:
            with self._keeping:
                while True:
                    await self._rest(await self._run_incarnation())
        finally:
            self.next_try_at = None
            if self.state is not State.STOPPED:
                self._move(State.STOPPED)
            log.info("child_stopped", mcp=self.label)
            self.spawned.set()
            self._give_verdict()
            self._stopped.set()

    async def _run_incarnation(self) -> _End | None:
        """One incarnation, from spawn to the last of its processes; None if its end was asked for."""
        self._is_asked = False
        self._woken = trio.Event()
        self._attending = trio.CancelScope(deadline=trio.current_time() + self.spec.start_timeout_seconds)
        self._ready_at = math.inf
        self.next_try_at = None
        if self.state is not State.STARTING:
            self._move(State.STARTING)
        self._running_spec = spec = self.spec
        try:
            async with self._around.open_process(spec, self.instance, next(self._around.numbers)) as process:
                self.process = process
                self.spawned.set()
                self._on_change()
                fault = await self._attend(process)
                ready_seconds = max(0.0, trio.current_time() - self._ready_at)
                self._leave(None if fault is None else reason_of(fault))
        except SpawnFailed as error:
            log.warning("child_not_started", mcp=self.label, reason=str(error))
            self._leave(reason_of(error))
            return _End(Exit.ABNORMAL, reason_of(error), 0.0)
        finally:
            self.spawned.set()
            self._log_exit()
        end = _ended(process, fault, ready_seconds)
        return None if self._is_asked else end

    async def _attend(self, process: Process) -> BaseException | None:
        """Let `attend` live until it ends, the process does, or the start deadline passes; its fault."""
        fault: BaseException | None = None
        over = trio.Event()
        scope = self._attending
        with scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._bound_cleanup, process, over)
                nursery.start_soon(self._end_with, process, over)
                try:
                    await self._around.attend(process, _Readiness(self))
                except* Exception as group:
                    fault = leaf_of(group)
                finally:
                    over.set()
                    nursery.cancel_scope.cancel()
        if isinstance(fault, ChannelClosed):
            fault = None  # the child has closed its output in good order
        elif fault is not None and not isinstance(fault, MuseodError):
            # A bug on our side that this child has found; the others need not fall for it.
            log.error("attend_failed", mcp=self.label, exc_info=fault)
        if scope.cancelled_caught and trio.current_time() >= scope.deadline:
            seconds = self.spec.start_timeout_seconds
            fault = ChildFailed(f"was not ready within {seconds:g} s after its start")
        return fault

    async def _bound_cleanup(self, process: Process, over: trio.Event) -> None:
        """Kill the child if `attend` is cancelled and does not come to an end: then nothing holds it."""
        try:
            await over.wait()
        finally:
            with trio.move_on_after(self._around.drain_seconds, shield=True):
                await over.wait()
            if not over.is_set():
                log.warning("child_drain_cut", mcp=self.label, pid=process.pid)
                process.kill()

    async def _end_with(self, process: Process, over: trio.Event) -> None:
        """End `attend` with the process, once it could read what was written last."""
        await process.wait_exited()
        with trio.move_on_after(LAST_WORDS_SECONDS):
            await over.wait()
        self._attending.cancel()

    def become_ready(self) -> None:
        """`attend` says so; too late if the incarnation is being ended already."""
        if self.state is State.STARTING and not self._attending.cancel_called:
            self._attending.deadline = math.inf
            self._ready_at = trio.current_time()
            self.reason = None
            self._move(State.READY)
            seconds = 0.0 if self.process is None else self._ready_at - self.process.started_at
            log.info("child_ready", mcp=self.label, seconds=round(seconds, 3))
            self._give_verdict()

    def _leave(self, reason: str | None) -> None:
        """The incarnation serves no more. What follows is known when its process is gone."""
        if self._is_asked:
            if self.state is not State.STARTING:
                self._move(State.STARTING)
            return
        self.reason = reason or "closed its output"
        self._move(State.BACKOFF)
        self._give_verdict()

    def _give_verdict(self) -> None:
        self._verdict.set()
        if self._report is not None:
            report, self._report = self._report, None
            report()

    def _log_exit(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            log.info(
                "child_exited",
                mcp=self.label,
                pid=process.pid,
                code=process.returncode,
                reason=exit_text(process.returncode),
                uptime=round(trio.current_time() - process.started_at, 3),
            )

    async def _rest(self, end: _End | None) -> None:
        """Wait until the next incarnation is due: at once if asked for, never if there is none to be."""
        if end is None:
            return
        await trio.lowlevel.checkpoint_if_cancelled()  # who is being stopped does not fail any more
        self.reason = end.reason
        verdict = VERDICTS[self.spec.restart, end.exit]
        delay = math.inf
        if verdict is Verdict.RESTART:
            if end.ready_seconds >= self.spec.backoff.max_seconds:
                self._failures = 0
            self._failures += 1
            next_try = self._policy.after(trio.current_time(), end.ready_seconds)
            delay = next_try.delay
            if next_try.has_failed:
                verdict = Verdict.FAIL
        self.next_try_at = trio.current_time() + delay if delay < math.inf else None
        if verdict is Verdict.STOP:
            self._move(State.STOPPED)
        elif verdict is Verdict.FAIL:
            self._move(State.FAILED)
            next_try_seconds = None if self.next_try_at is None else delay
            log.error("child_failed", mcp=self.label, reason=end.reason, next_try_seconds=next_try_seconds)
            if self.spec.significant:
                raise ChildFailed(f"The significant child {self.label!r} has failed: {end.reason}")
        else:
            self._on_change()  # still in back-off, and now it is known why and until when
        with trio.move_on_after(delay) as waiting:
            await self._woken.wait()
        if waiting.cancelled_caught:
            self.restarts += 1
            log.info("child_restarted", mcp=self.label, attempt=self._failures, delay=round(delay, 3))

    def _move(self, to: State) -> None:
        self.state = moved(self.state, to)
        self._on_change()


class _Readiness:
    """The `task_status` that `attend` gets; saying it twice is no fault."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def started(self, value: None = None) -> None:  # noqa: ARG002 - the signature is Trio's
        self._keeper.become_ready()


def _ended(process: Process, fault: BaseException | None, ready_seconds: float) -> _End:
    code, was_signalled = process.returncode, process.was_signalled
    kind = exit_of(code, is_faulty=fault is not None, was_signalled=was_signalled)
    if fault is not None and (was_signalled or code == 0):
        reason = reason_of(fault)  # what the process did then was our doing
    elif was_signalled:
        reason = "closed its output and did not go by itself"
    else:
        reason = exit_text(code) if fault is None else f"{exit_text(code)} ({reason_of(fault)})"
    return _End(kind, reason, ready_seconds)


def leaf_of(group: BaseException) -> BaseException:
    """The first error of a group that says more than that a channel closed."""
    leaves: list[BaseException] = []
    groups = [group]
    while groups:
        error = groups.pop(0)
        if isinstance(error, BaseExceptionGroup):
            groups.extend(error.exceptions)
        else:
            leaves.append(error)
    return min(leaves, key=lambda leaf: isinstance(leaf, ChannelClosed))


def reason_of(error: BaseException) -> str:
    """An error as one line for a status; of an unforeseen one only its type: its text may hold anything."""
    if not isinstance(error, MuseodError):
        return f"internal error ({type(error).__name__})"
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= REASON_CHARACTERS else text[: REASON_CHARACTERS - 3] + "..."


def now_text() -> str:
    """The wall clock as statuses show it: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
