"""
The net under the ladder: finds and kills what a dead incarnation left behind, and buries adopted zombies.

The daemon is a subreaper, so whatever loses its parent below it becomes its own child. Two things tell whose
a process is: the entries MUSEOD_INSTANCE and MUSEOD_CHILD in its environment, which descendants inherit, and,
where a process has cleared them, when it was adopted: an orphan that turns up as a child dies was that
child's; one that turned up while all children lived was put in the background by one of them on purpose, and
is left alone until the supervisor closes.

Nothing here waits for "any child": that would steal the exit codes of those who wait for their own. A process
in the daemon's own session, one that was there before, and one that carries the mark of another supervisor
are never touched.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import trio

from museod.observe.logs import get_logger

log = get_logger()

INSTANCE_VARIABLE = "MUSEOD_INSTANCE"
CHILD_VARIABLE = "MUSEOD_CHILD"
_INSTANCE = INSTANCE_VARIABLE.encode()
_CHILD = CHILD_VARIABLE.encode()

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
# An adopted zombie costs one pid; looking for them costs about 10 ms of a worker thread on a busy machine.
CALM_SECONDS = 30.0
# A killed process is gone in milliseconds unless it hangs in the kernel; a fork bomb may take some rounds.
SWEEP_SECONDS = 2.0

# Our children that somebody waits for, whichever supervisor started them: their exit codes are not ours.
_awaited: set[int] = set()


@contextmanager
def awaited(pid: int) -> Iterator[None]:
    """While the block runs, no sweep touches our child `pid`: somebody waits for it."""
    _awaited.add(pid)
    try:
        yield
    finally:
        _awaited.discard(pid)


def become_subreaper() -> None:
    """Adopt orphaned descendants from now on; for good, and for the whole process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        # Kernels before 3.4 only. The environment still tells whose an orphan is.
        log.warning("subreaper_refused", reason=os.strerror(ctypes.get_errno()))


@dataclass(frozen=True, slots=True)
class Found:
    """A process as /proc shows it; pid and start time together name it for good."""

    pid: int
    started: int
    parent: int = field(compare=False)
    session: int = field(compare=False)
    is_zombie: bool = field(compare=False)


def _look_at(pid: int) -> Found | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
    except OSError:
        return None
    # The name in parentheses may hold anything, parentheses too; proc_pid_stat(5), fields 3, 4, 6 and 22.
    fields = stat[stat.rfind(b")") + 2 :].split()
    return Found(
        pid,
        started=int(fields[19]),
        parent=int(fields[1]),
        session=int(fields[3]),
        is_zombie=fields[0] in (b"Z", b"X"),
    )


def _environ_of(pid: int) -> dict[bytes, bytes]:
    """The environment that `pid` was started with; empty if it has none, or we may not know."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        return {}
    return {name: value for name, is_set, value in (entry.partition(b"=") for entry in entries) if is_set}


@dataclass(slots=True)
class _Sighting:
    """What one look at all processes found to do."""

    left: list[Found] = field(default_factory=list)  # of incarnations that are over
    unmarked: list[Found] = field(default_factory=list)  # adopted, and nothing says by whom it was started
    zombies: list[Found] = field(default_factory=list)  # adopted and dead


class Reaper:
    """The sweeps of one supervisor."""

    def __init__(self, instance_id: str) -> None:
        self._instance = os.fsencode(instance_id)
        self._living: set[bytes] = set()
        self._spared: set[Found] = set()
        self._session = os.getsid(0)
        self._threads = trio.CapacityLimiter(2)  # of our own: slow threads elsewhere must not delay a sweep
        self._sweeps = 0
        self._before = frozenset(found for found in map(_look_at, _pids()) if found and _is_ours(found))

    @contextmanager
    def living(self, mark: str) -> Iterator[None]:
        """While the block runs, processes with `mark` as their MUSEOD_CHILD are left alone."""
        self._living.add(os.fsencode(mark))
        try:
            yield
        finally:
            self._living.discard(os.fsencode(mark))

    async def run(self) -> None:
        """Bury adopted zombies and learn who is in the background, at a calm interval, for ever."""
        while True:
            await trio.sleep(CALM_SECONDS)
            await self.look_around()

    async def look_around(self) -> None:
        """One round of `run`."""
        living = set(self._living)
        seen = await self._look()
        self._bury(seen.zombies)
        # Whoever turned up while a child died may be that child's, and is for the sweep to judge.
        if not self._sweeps and living == self._living and not any(map(_is_dying, _awaited)):
            self._spared = set(seen.unmarked)

    async def sweep(self, *, is_last: bool = False) -> None:
        """
        Kill everything that belongs to no living incarnation, until nothing is left or the time is over.

        Args:
            is_last: the supervisor closes: what was spared so far goes too.
        """
        left: list[Found] = []
        self._sweeps += 1
        try:
            with trio.fail_after(SWEEP_SECONDS, shield=True):
                while True:
                    seen = await self._look()
                    self._bury(seen.zombies)
                    spared = set() if is_last else self._spared
                    left = [*seen.left, *(found for found in seen.unmarked if found not in spared)]
                    if not await self._kill(left):
                        return
        except trio.TooSlowError:
            log.warning("orphans_survived", pids=[found.pid for found in left])
        finally:
            self._sweeps -= 1

    async def _look(self) -> _Sighting:
        # Abandoned when the time is over: reading about a process can hang as the process itself does.
        return await trio.to_thread.run_sync(self._sight, limiter=self._threads, abandon_on_cancel=True)

    def _sight(self) -> _Sighting:
        """One look at all processes; runs in a thread, so what it says is checked again before use."""
        seen = _Sighting()
        for pid in _pids():
            found = _look_at(pid)
            if found is None or found.session == self._session or found in self._before or pid in _awaited:
                continue
            if found.is_zombie:
                if _is_ours(found):
                    seen.zombies.append(found)
                continue
            environ = _environ_of(pid)
            if _INSTANCE in environ:
                if self._is_left(environ):
                    seen.left.append(found)
            elif _is_ours(found):
                seen.unmarked.append(found)
        return seen

    def _is_left(self, environ: dict[bytes, bytes]) -> bool:
        is_of_this_run = environ.get(_INSTANCE) == self._instance
        return is_of_this_run and environ.get(_CHILD) not in self._living

    def _bury(self, zombies: list[Found]) -> None:
        for found in zombies:
            if found.pid not in _awaited:
                with suppress(ChildProcessError):
                    os.waitpid(found.pid, os.WNOHANG)

    async def _kill(self, left: list[Found]) -> bool:
        """Kill what is still what it was when it was found, and wait for its end; whether there was any."""
        descriptors: list[int] = []
        try:
            for found in left:
                with suppress(OSError):
                    descriptor = os.pidfd_open(found.pid)  # from here on the pid can't be another's
                    descriptors.append(descriptor)
                    environ = _environ_of(found.pid)
                    is_left = _INSTANCE not in environ or self._is_left(environ)
                    if is_left and found.pid not in _awaited and _look_at(found.pid) == found:
                        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                        continue
                    os.close(descriptors.pop())
            for descriptor in descriptors:
                await trio.lowlevel.wait_readable(descriptor)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return bool(descriptors)


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _is_ours(found: Found) -> bool:
    return found.parent == os.getpid()


def _is_dying(pid: int) -> bool:
    found = _look_at(pid)
    return found is None or found.is_zombie
