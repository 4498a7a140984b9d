"""
One incarnation of a child: spawned, drained, waited for, and ended for certain.

Children are plain `subprocess.Popen` from the main thread (7 ms), in a session and process group of their
own, and are waited for through a pidfd. Nothing runs between fork and exec, and no parent-death signal is
used: that one follows the thread that forked, not the process.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import psutil
import trio

from museod.errors import SpawnFailed
from museod.observe.logs import get_logger, relay_child_line
from museod.supervisor.reaper import CHILD_VARIABLE, INSTANCE_VARIABLE, Reaper, awaited
from museod.supervisor.spec import ChildSpec
from museod.supervisor.stderr import StderrLines, secrets_of

log = get_logger()

# SIGKILL works at once or, on a process that hangs in the kernel, perhaps never.
KILL_SECONDS = 5.0
# What a dead child wrote last is in the pipe and read in a millisecond; longer only if a process that escaped
# the sweep still holds the other end.
LAST_WORDS_SECONDS = 0.5
STDERR_BYTES = 64 * 1024  # a default pipe's capacity
# How often a flood on stderr is mentioned: often enough to be seen while it lasts.
DROPPED_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process takes: resident memory in bytes, processor time in seconds."""

    resident_bytes: int
    cpu_seconds: float


class Process:
    """
    A running child; made by `open_process`.

    Whoever attends to it owns `stdin_fd` and `stdout_fd` and closes them. What is still open when nobody
    attends any more is closed here.

    Attributes:
        name: the configured child.
        instance: which one of its instances, from 1.
        label: both in one, for logs.
        pid: also its process group and its session.
        started_at: on Trio's clock.
        returncode: as in `subprocess`, once it has exited.
        was_signalled: it did not go on the end of its stdin alone.
    """

    def __init__(
        self,
        spec: ChildSpec,
        instance: int,
        popen: subprocess.Popen[bytes],
        descriptors: tuple[int, int, int, int],
        registrations: ExitStack,
    ) -> None:
        self.name = spec.name
        self.instance = instance
        self.label = spec.label(instance)
        self.pid = popen.pid
        self.stdin_fd, self.stdout_fd, self._stderr_fd, self._pidfd = descriptors
        self.started_at = trio.current_time()
        self.returncode: int | None = None
        self.was_signalled = False
        self._spec = spec
        self._popen = popen
        self._registrations = registrations
        self._pipes = [(fd, _identity_of(fd)) for fd in (self.stdin_fd, self.stdout_fd)]
        self._reaped = trio.Event()
        self._exited = trio.Event()
        self._psutil: psutil.Process | None = None

    async def wait_exited(self) -> None:
        """Return when it has exited and nothing of it is left (or what is left can't be killed)."""
        await self._exited.wait()

    @property
    def has_exited(self) -> bool:
        """Whether `wait_exited` would return at once."""
        return self._exited.is_set()

    def usage(self) -> Usage | None:
        """What it takes now (about 0.15 ms), without its descendants; None if that can't be read."""
        with suppress(psutil.Error):
            process = self._inspected()
            with process.oneshot():
                times = process.cpu_times()
                return Usage(process.memory_info().rss, times.user + times.system)
        return None

    def cpu_seconds(self) -> float | None:
        """The processor time it has used so far, or None if that can't be read."""
        with suppress(psutil.Error):
            times = self._inspected().cpu_times()
            return times.user + times.system
        return None

    def kill(self) -> None:
        """Kill its whole process group now, without any ladder."""
        self.was_signalled = True
        self._signal(signal.SIGKILL)

    async def watch(self, reaper: Reaper) -> None:
        """Wait for the end of it, then end whatever it leaves behind."""
        await trio.lowlevel.wait_readable(self._pidfd)
        # While the leader is a zombie its group can't be another's.
        self._signal(signal.SIGKILL)
        self.returncode = self._popen.wait()
        self._registrations.close()
        self._reaped.set()
        await reaper.sweep()
        self._exited.set()

    async def stop(self) -> None:
        """
        The ladder: end of stdin, SIGTERM to the group, SIGKILL to the group, each after its grace.

        Returns when nothing of it is left; after SIGKILL at most `KILL_SECONDS` and a sweep later.
        """
        self._close_pipes()
        if not await self._is_reaped_within(self._spec.stop_grace_seconds):
            self.was_signalled = True
            self._signal(signal.SIGTERM)
            if not await self._is_reaped_within(self._spec.term_grace_seconds):
                log.warning("child_killed", mcp=self.label, pid=self.pid)
                self._signal(signal.SIGKILL)
                if not await self._is_reaped_within(KILL_SECONDS):
                    log.error("child_survived_kill", mcp=self.label, pid=self.pid)
                    return
        await self._exited.wait()

    async def log_stderr(self) -> None:
        """Write its stderr to the log until the end of it, however much it is."""
        lines = StderrLines(secrets_of(self._spec.env))
        tell_at = trio.current_time() + DROPPED_SECONDS
        while True:
            with trio.CancelScope(deadline=tell_at if lines.has_dropped else float("inf")):
                await trio.lowlevel.wait_readable(self._stderr_fd)
            now = trio.current_time()
            if now >= tell_at:
                self._tell_dropped(lines)
                tell_at = now + DROPPED_SECONDS
            try:
                data = os.read(self._stderr_fd, STDERR_BYTES)
            except BlockingIOError:
                continue
            for line in lines.feed(data, now) if data else lines.finish():
                _log_line(self.label, line)
            if not data:
                self._tell_dropped(lines)
                return

    def close(self) -> None:
        """Give back what is held for it; it has exited, or is given up."""
        self._registrations.close()
        for fd in (self._stderr_fd, self._pidfd):
            os.close(fd)

    def _tell_dropped(self, lines: StderrLines) -> None:
        if lines.has_dropped:
            count, size = lines.take_dropped()
            log.warning("child_stderr_dropped", mcp=self.label, lines=count, bytes=size)

    async def _is_reaped_within(self, seconds: float) -> bool:
        with trio.move_on_after(seconds):
            await self._reaped.wait()
        return self._reaped.is_set()

    def _signal(self, number: signal.Signals) -> None:
        """To the whole group, and only while the leader is not yet waited for: then the pid is still its."""
        if self.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def _close_pipes(self) -> None:
        """Close what nobody has closed; by now the same number may be another file, which stays open."""
        for fd, identity in self._pipes:
            with suppress(OSError):
                if _identity_of(fd) == identity:
                    os.close(fd)
        self._pipes.clear()

    def _inspected(self) -> psutil.Process:
        if self.returncode is not None:
            raise psutil.NoSuchProcess(self.pid)  # the pid may be another's by now
        if self._psutil is None:
            self._psutil = psutil.Process(self.pid)
        return self._psutil


@asynccontextmanager
async def open_process(
    spec: ChildSpec, instance: int, incarnation: int, *, instance_id: str, reaper: Reaper
) -> AsyncIterator[Process]:
    """
    Start one incarnation of `spec`; leaving the block ends it and everything that descends from it.

    Raises:
        SpawnFailed: there is no process; the text names the command and the remedy.

    Cancellation:
        The block's end is shielded. It takes at most the two graces and, for what can't be killed,
        `KILL_SECONDS` and a sweep.
    """
    process = _spawn(spec, instance, incarnation, instance_id=instance_id, reaper=reaper)
    log.info("child_started", mcp=process.label, pid=process.pid, incarnation=incarnation)
    watching, reading = trio.CancelScope(shield=True), trio.CancelScope(shield=True)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_run_within, watching, partial(process.watch, reaper))
            nursery.start_soon(_run_within, reading, process.log_stderr)
            try:
                yield process
            finally:
                with trio.CancelScope(shield=True):
                    await process.stop()
                watching.cancel()  # over already, unless even SIGKILL was in vain
                reading.deadline = trio.current_time() + LAST_WORDS_SECONDS
    finally:
        process.close()


def _log_line(label: str, line: bytes) -> None:
    try:
        relay_child_line(label, line)
    except TypeError:
        # Fields of a child's own choosing that the logger can't take as such: a line is no reason to fall.
        log.info("child_wrote", mcp=label, text=line.decode("utf-8", "replace"))


async def _run_within(scope: trio.CancelScope, task: Callable[[], Awaitable[None]]) -> None:
    with scope:
        await task()


def _spawn(spec: ChildSpec, instance: int, incarnation: int, *, instance_id: str, reaper: Reaper) -> Process:
    command = [resolve(spec), *spec.command[1:]]
    mark = f"{spec.label(instance)}/{incarnation}"
    env = {**spec.env, INSTANCE_VARIABLE: instance_id, CHILD_VARIABLE: mark}
    with ExitStack() as ours, ExitStack() as theirs:
        try:
            stdin, stdout, stderr = os.pipe(), os.pipe(), os.pipe()
        except OSError as error:
            raise SpawnFailed(_refusal(spec, error)) from None
        for fd in (stdin[0], stdout[1], stderr[1]):
            theirs.callback(os.close, fd)
        for fd in (stdin[1], stdout[0], stderr[0]):
            ours.callback(os.close, fd)
        registrations = ours.enter_context(ExitStack())
        # Before the process exists: a sweep may see it before this function goes on.
        registrations.enter_context(reaper.living(mark))
        try:
            popen = subprocess.Popen(
                command,
                stdin=stdin[0],
                stdout=stdout[1],
                stderr=stderr[1],
                env=env,
                cwd=spec.cwd,
                start_new_session=True,
                close_fds=True,
            )
        except (OSError, ValueError) as error:
            raise SpawnFailed(_refusal(spec, error)) from None
        registrations.enter_context(awaited(popen.pid))
        try:
            pidfd = os.pidfd_open(popen.pid)
        except OSError as error:
            popen.kill()
            popen.wait()
            raise SpawnFailed(_refusal(spec, error)) from None
        os.set_blocking(stderr[0], False)
        ours.pop_all()
        return Process(spec, instance, popen, (stdin[1], stdout[0], stderr[0], pidfd), registrations)


def resolve(spec: ChildSpec) -> str:
    """
    The program that `spec` names, found in the child's own PATH, else in the daemon's.

    Raises:
        SpawnFailed: it is not there, or may not be run.
    """
    program = spec.command[0]
    if os.path.dirname(program):
        path = os.path.join(spec.cwd or "", program)
        if not os.path.exists(path):
            raise SpawnFailed(f"The command {program!r} does not exist: {_remedy(spec)}.")
        if not os.path.isfile(path) or not os.access(path, os.X_OK):
            raise SpawnFailed(
                f"The command {program!r} is no executable file: chmod +x it, or {_remedy(spec)}."
            )
        return program
    found = shutil.which(program, path=spec.env.get("PATH") or os.environ.get("PATH") or os.defpath)
    if found is None:
        raise SpawnFailed(
            f"The command {program!r} is not in the child's PATH: install it, or {_remedy(spec)}."
        )
    return found


def _remedy(spec: ChildSpec) -> str:
    return f"correct `command` of the child {spec.name!r} in the configuration"


_REMEDIES = {
    errno.EMFILE: "raise LimitNOFILE of the daemon",
    errno.ENFILE: "raise fs.file-max of the machine",
    errno.EAGAIN: "raise TasksMax of the service or the user's process limit",
    errno.ENOMEM: "free memory, or raise MemoryMax of the service",
    errno.ENOEXEC: "a script needs a first line that names its interpreter (#!)",
    errno.E2BIG: "shorten the arguments and the environment of the child",
}


def _refusal(spec: ChildSpec, error: OSError | ValueError) -> str:
    """Why there is no process, and what to do about it."""
    command = repr(spec.command[0])
    if not isinstance(error, OSError):  # a NUL in an argument, "=" in the name of a variable
        return f"The command {command} can't be started ({error}): {_remedy(spec)}."
    if spec.cwd is not None and error.filename == spec.cwd:
        return (
            f"The directory {spec.cwd!r} can't be entered ({error.strerror}): correct `cwd` of {spec.name!r}."
        )
    remedy = _REMEDIES.get(error.errno or 0) or _remedy(spec)
    return f"The command {command} can't be started ({error.strerror}): {remedy}."


def _identity_of(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino
