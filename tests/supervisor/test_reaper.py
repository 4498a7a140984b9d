from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from museod.supervisor import reaper as module
from museod.supervisor.process import open_process
from museod.supervisor.reaper import Reaper, awaited, become_subreaper
from museod.transports.stdio import open_stdio_channel
from tests.fakes.supervised import child, command, is_alive, wait_gone

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def subreaper() -> None:
    become_subreaper()


async def grandchildren_of(process: Any, *, then: Callable[[list[int]], Any] | None = None) -> list[int]:
    async with open_stdio_channel(process.stdout_fd, process.stdin_fd) as channel:
        [first] = await channel.receive()
        pids = [int(pid) for pid in first.split(b"[")[1].split(b"]")[0].split(b",")]
        assert all(map(is_alive, pids))
        if then is not None:
            await then(pids)
        return pids


@pytest.mark.parametrize("kind", ["group", "session", "orphan", "bare"])
async def test_nothing_that_a_stopped_child_has_started_is_left(kind: str, instance_id: str):
    reaper = Reaper(instance_id)
    spec = child("parent", *command("forks_grandchildren.py", kind))
    async with open_process(spec, 1, 1, instance_id=instance_id, reaper=reaper) as process:
        [pid] = await grandchildren_of(process)

    assert not is_alive(pid)  # gone when the block is left, not some time afterwards


async def test_nothing_that_a_crashed_child_has_started_is_left(instance_id: str):
    reaper = Reaper(instance_id)
    spec = child("parent", *command("forks_grandchildren.py", "group", "session", "orphan", "bare"))

    async def crash(pids: list[int]) -> None:
        os.kill(process.pid, signal.SIGKILL)
        await process.wait_exited()
        assert not any(map(is_alive, pids))

    async with open_process(spec, 1, 1, instance_id=instance_id, reaper=reaper) as process:
        await grandchildren_of(process, then=crash)


async def test_the_end_of_one_child_touches_nothing_of_another(instance_id: str):
    reaper = Reaper(instance_id)
    spec = child("parent", *command("forks_grandchildren.py", "group", "session", "orphan"))
    start = partial(open_process, instance_id=instance_id, reaper=reaper)

    async def end_another(pids: list[int]) -> None:
        async with start(child("other", *command("well_behaved.py")), 1, 2):
            pass
        async with start(spec, 1, 3) as other:
            others = await grandchildren_of(other)
        assert not any(map(is_alive, others))
        assert all(map(is_alive, pids))

    async with start(spec, 1, 1) as process:
        pids = await grandchildren_of(process, then=end_another)
    assert not any(map(is_alive, pids))


async def test_another_supervisor_in_the_same_process_is_left_alone(instance_id: str):
    ours, theirs = Reaper(instance_id), Reaper("theirs" + instance_id)
    spec = child("parent", *command("forks_grandchildren.py", "session", "orphan"))

    async def sweep(pids: list[int]) -> None:
        await ours.sweep(is_last=True)
        assert all(map(is_alive, [process.pid, *pids]))

    async with open_process(spec, 1, 1, instance_id="theirs" + instance_id, reaper=theirs) as process:
        await grandchildren_of(process, then=sweep)


LAUNCHER = """
import os, subprocess, sys
sleeper = [sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"]
process = subprocess.Popen(sleeper, stdout=subprocess.DEVNULL, start_new_session=True, env={})
sys.stdout.write(str(process.pid))
sys.stdout.flush()
os._exit(0)
"""


def adopt_stranger() -> int:
    """A process without any mark whose parent has died: it is ours now."""
    launched = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCHER],
        stdout=subprocess.PIPE,
        start_new_session=True,
        check=True,
    )
    return int(launched.stdout)


async def test_an_unmarked_orphan_of_calm_times_is_spared_until_the_end(instance_id: str):
    reaper = Reaper(instance_id)
    pid = adopt_stranger()
    await reaper.look_around()

    await reaper.sweep()
    assert is_alive(pid)

    await reaper.sweep(is_last=True)
    assert not is_alive(pid)


async def test_an_unmarked_orphan_that_turns_up_with_a_death_goes(instance_id: str):
    reaper = Reaper(instance_id)
    await reaper.look_around()
    pid = adopt_stranger()

    await reaper.sweep()

    assert not is_alive(pid)


async def test_an_orphan_is_not_spared_while_a_child_lies_dead(instance_id: str):
    reaper = Reaper(instance_id)
    dead = subprocess.Popen(["true"], start_new_session=True)
    with awaited(dead.pid):
        await wait_gone(dead.pid)  # a zombie: its death was not yet dealt with
        pid = adopt_stranger()
        await reaper.look_around()
        dead.wait()

    await reaper.sweep()

    assert not is_alive(pid)


async def test_what_was_there_before_is_never_touched(instance_id: str):
    pid = adopt_stranger()
    try:
        reaper = Reaper(instance_id)
        await reaper.sweep(is_last=True)
        assert is_alive(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


async def test_adopted_zombies_are_buried(instance_id: str):
    reaper = Reaper(instance_id)
    pid = adopt_stranger()
    os.kill(pid, signal.SIGKILL)
    await wait_gone(pid)
    assert str(pid) in os.listdir("/proc")

    await reaper.look_around()

    assert str(pid) not in os.listdir("/proc")


async def test_the_exit_code_of_a_child_that_somebody_waits_for_is_not_stolen(instance_id: str):
    reaper = Reaper(instance_id)
    in_our_session = subprocess.Popen(["sh", "-c", "exit 5"])
    awaited_one = subprocess.Popen(["sh", "-c", "exit 6"], start_new_session=True)
    with awaited(awaited_one.pid):
        await wait_gone(in_our_session.pid)
        await wait_gone(awaited_one.pid)
        await reaper.look_around()
        await reaper.sweep(is_last=True)

        assert in_our_session.wait() == 5
        assert awaited_one.wait() == 6


async def test_what_cannot_be_killed_is_named_and_not_waited_for(
    instance_id: str, logged: Callable[[str], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
):
    def kill_nothing(descriptor: int, number: int) -> None:
        pass

    reaper = Reaper(instance_id)
    await reaper.look_around()
    pid = adopt_stranger()
    with monkeypatch.context() as patched:
        patched.setattr(module, "SWEEP_SECONDS", 0.1)
        patched.setattr(module.signal, "pidfd_send_signal", kill_nothing)
        await reaper.sweep()

    assert logged("orphans_survived") == [{"mcp": None, "pids": [pid]}]
    await reaper.sweep()
    assert not is_alive(pid)
