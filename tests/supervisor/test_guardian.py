from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from museod.supervisor import guarding
from museod.supervisor.guarding import open_guardian
from tests.fakes.supervised import PROGRAMS, ROOT, carriers, is_alive, wait_gone

pytestmark = pytest.mark.real


def guardians(instance_id: str) -> list[int]:
    """The living guardians of a run."""
    found = []
    for name in os.listdir("/proc"):
        try:
            words = Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0") if name.isdigit() else []
        except OSError:
            continue
        if instance_id.encode() in words and any(word.endswith(b"guardian.py") for word in words):
            found.append(int(name))
    return [pid for pid in found if is_alive(pid)]


async def wait_guardian(instance_id: str) -> int:
    """The pid of the one guardian, once its program runs and ignores what a terminal sends."""
    while True:
        found = guardians(instance_id)
        if found and is_deaf(found[0]):
            assert len(found) == 1
            return found[0]
        await trio.sleep(0.01)  # nothing tells when a process begins to ignore a signal


def is_deaf(pid: int) -> bool:
    """Whether a process ignores SIGTERM and SIGQUIT."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    ignored = int(status.split("SigIgn:")[1].split()[0], 16)
    return all(ignored >> (number - 1) & 1 for number in (signal.SIGTERM, signal.SIGQUIT))


@asynccontextmanager
async def running_daemon(instance_id: str) -> AsyncIterator[tuple[trio.Process, list[int], int]]:
    """A daemon with four misbehaving children: itself, the pids of all below it, and its guardian."""
    daemon = await trio.lowlevel.open_process(
        [sys.executable, str(PROGRAMS / "supervised_daemon.py"), instance_id],
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )
    try:
        assert daemon.stdout is not None
        told = json.loads(await daemon.stdout.receive_some())
        below = carriers(instance_id)
        assert set(told["pids"].values()) | set(told["grandchildren"]) <= set(below)
        assert len(below) == 8  # four children, the program behind the shell, three grandchildren
        guardian = await wait_guardian(instance_id)
        assert guardian not in below
        assert os.getsid(guardian) == guardian
        yield daemon, below, guardian
    finally:
        daemon.kill()
        await daemon.wait()
        await daemon.stdout.aclose()


async def test_nothing_is_left_of_a_daemon_that_was_killed(instance_id: str):
    async with running_daemon(instance_id) as (daemon, below, guardian):
        with trio.fail_after(8):
            daemon.kill()
            await daemon.wait()
            for pid in [*below, guardian]:
                await wait_gone(pid)

    assert carriers(instance_id) == []
    assert guardians(instance_id) == []


async def test_nothing_is_left_of_a_daemon_that_was_told_to_stop(instance_id: str):
    async with running_daemon(instance_id) as (daemon, below, guardian):
        with trio.fail_after(8):
            daemon.terminate()
            assert await daemon.wait() == 0

        assert not any(map(is_alive, [*below, guardian]))
    assert carriers(instance_id) == []


async def test_a_guardian_outlives_what_a_terminal_sends_and_still_does_its_work(instance_id: str):
    async with running_daemon(instance_id) as (daemon, below, guardian):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            os.kill(guardian, number)
        with trio.fail_after(8):
            daemon.kill()
            for pid in [*below, guardian]:
                await wait_gone(pid)


async def test_a_guardian_that_was_killed_is_replaced(
    instance_id: str, logged: Callable[[str], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(guarding, "AGAIN_SECONDS", 0.01)
    started = trio.Event()
    start = guarding._start

    def noted(*arguments: Any) -> Any:
        guardian = start(*arguments)
        started.set()
        return guardian

    async with open_guardian(instance_id):
        first = await wait_guardian(instance_id)
        monkeypatch.setattr(guarding, "_start", noted)
        os.kill(first, signal.SIGKILL)
        await started.wait()

        assert await wait_guardian(instance_id) != first
        assert logged("guardian_lost") == [{"mcp": None, "pid": first, "code": -9}]
    assert guardians(instance_id) == []


async def test_a_guardian_ends_with_its_block_and_does_no_harm(instance_id: str):
    before = set(os.listdir("/proc/self/fd"))
    bystander = subprocess.Popen(["sleep", "60"], env={"MUSEOD_INSTANCE": instance_id + "0"})
    try:
        async with open_guardian(instance_id):
            await wait_guardian(instance_id)

        assert guardians(instance_id) == []
        assert is_alive(bystander.pid)
        assert set(os.listdir("/proc/self/fd")) == before
    finally:
        bystander.kill()
        bystander.wait()


async def test_a_guardian_that_cannot_be_started_is_logged_and_the_block_runs(
    instance_id: str, logged: Callable[[str], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(guarding.sys, "executable", "/no/such/python")

    async with open_guardian(instance_id):
        await trio.testing.wait_all_tasks_blocked()

    assert logged("guardian_refused") == [{"mcp": None, "reason": "No such file or directory"}]
