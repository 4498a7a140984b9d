"""Real children for supervisor tests: how to start them, attend to them, and wait for what happens."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import trio

from museod.supervisor.process import Process
from museod.supervisor.spec import Backoff, ChildSpec, Intensity
from museod.supervisor.states import ChildStatus
from museod.transports.channel import MessageChannel
from museod.transports.stdio import open_stdio_channel

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "tests" / "programs"


def command(program: str, *arguments: str) -> tuple[str, ...]:
    """One of `tests/programs`, run by a bare interpreter."""
    return (sys.executable, "-I", "-S", str(PROGRAMS / program), *arguments)


def child(name: str, *command: str, **more: Any) -> ChildSpec:
    """A spec with short delays, and with graces that hold on a machine with much else to do."""
    values: dict[str, Any] = {
        "env": {"PATH": os.environ["PATH"]},
        "backoff": Backoff(initial_seconds=0.02, max_seconds=0.2, factor=2, jitter=0),
        "intensity": Intensity(restarts=3, within_seconds=60),
        "start_timeout_seconds": 4.0,
        "stop_grace_seconds": 5.0,
        "term_grace_seconds": 5.0,
    }
    return ChildSpec(name, command, **{**values, **more})


def deaf(spec: ChildSpec) -> ChildSpec:
    """The spec of a child that hears neither the end of its stdin nor SIGTERM, so waiting is in vain."""
    return replace(spec, stop_grace_seconds=0.1, term_grace_seconds=0.1)


class LineAttend:
    """
    An `attend` for programs whose first line says that they are ready.

    Attributes:
        first: what the first line of each process held, by pid, in the order of their starts.
        channels: the open channels, by pid.
    """

    def __init__(self) -> None:
        self.first: dict[int, dict[str, Any]] = {}
        self.channels: dict[int, MessageChannel] = {}

    async def __call__(self, process: Process, task_status: trio.TaskStatus[None]) -> None:
        async with open_stdio_channel(process.stdout_fd, process.stdin_fd) as channel:
            [line] = await channel.receive()
            self.first[process.pid] = json.loads(line)
            self.channels[process.pid] = channel
            try:
                task_status.started()
                while True:
                    await channel.receive()
            finally:
                del self.channels[process.pid]


class Statuses:
    """An `on_change` whose news can be waited for."""

    def __init__(self) -> None:
        self.all: list[ChildStatus] = []
        self._news = trio.Event()

    def __call__(self, status: ChildStatus) -> None:
        self.all.append(status)
        self._news.set()
        self._news = trio.Event()

    async def wait(self, condition: Callable[[ChildStatus], bool]) -> ChildStatus:
        """The first status, of those so far and those to come, that meets the condition."""
        seen = 0
        while True:
            for status in self.all[seen:]:
                seen += 1
                if condition(status):
                    return status
            await self._news.wait()

    def starts(self, name: str) -> int:
        """How many processes of a child were seen."""
        return len({pid for status in self.all if status.name == name for pid in status.pids})


async def wait_gone(pid: int) -> None:
    """Return when there is no such process, or only its zombie."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        await trio.lowlevel.wait_readable(descriptor)
    finally:
        os.close(descriptor)


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return stat[stat.rindex(")") + 2] not in "ZX"


def carriers(instance_id: str) -> list[int]:
    """The living processes that carry the instance id in their environment."""
    entry = f"MUSEOD_INSTANCE={instance_id}".encode()
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and entry in Path(f"/proc/{name}/environ").read_bytes().split(b"\0"):
                found.append(int(name))
        except OSError:
            continue
    return found
