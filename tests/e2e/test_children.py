"""What the daemon does when its children die, never start, or misbehave."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.e2e.daemon import (
    GONE_SECONDS,
    STOP_SECONDS,
    Daemon,
    all_ready,
    chaos_server,
    echo_server,
    running_daemon,
    wait_for,
    wait_in_flight,
    wait_until,
)
from tests.e2e.mcp_session import McpSession, kind_of, open_session, text_of

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]

# After SIGKILL a call must fail at once, not at its deadline (20 s); a busy machine gets a part of it.
AT_ONCE_SECONDS = 5.0
BACK_SECONDS = 10.0  # first back-off (0.2 s) and the child's own start, on a busy machine
FAILED_SECONDS = 60.0  # five restarts with back-off 0.2, 0.4 … 3.2 s and their jitter
READ_ONLY_NAME, NAME = "safe", "unsafe"

# A prefix per child, so that both offer the echo tools.
SERVERS = {
    NAME: {**echo_server(), "prefix": "unsafe_"},
    READ_ONLY_NAME: {**echo_server("--read-only"), "prefix": "safe_"},
}


async def kill_child(daemon: Daemon, name: str) -> int:
    """SIGKILL; returns the pid it had."""
    pid: int = (await trio.to_thread.run_sync(daemon.child, name))["pid"]
    os.kill(pid, signal.SIGKILL)
    return pid


async def wait_back(daemon: Daemon, name: str, old_pid: int) -> None:
    def is_back() -> bool:
        child = daemon.child(name)
        return bool(child["state"] == "ready" and child["pid"] != old_pid)

    await wait_until(is_back, BACK_SECONDS, f"{name} is not back")


async def test_a_killed_child_fails_its_calls_at_once_and_others_go_on(directory: Path) -> None:
    with running_daemon(directory, SERVERS, MCP_LIMITS="off") as daemon:
        async with open_session(daemon.port) as session:
            ids = [
                await session.start("tools/call", name="unsafe_slow", arguments={"ms": 60_000})
                for _ in range(5)
            ]
            await wait_in_flight(daemon, NAME, len(ids))
            old_pid = await kill_child(daemon, NAME)
            with trio.fail_after(AT_ONCE_SECONDS):
                lost = [await session.answer(id) for id in ids]
                assert text_of(await session.call("safe_echo", text="still here")) == "still here"
            for result in lost:
                assert kind_of(result) == "mcp_not_available", result
                assert NAME in text_of(result), "the caller is not told which child it was"
            await wait_back(daemon, NAME, old_pid)
            with trio.fail_after(AT_ONCE_SECONDS):
                assert text_of(await session.call("unsafe_echo", text="again")) == "again"
        assert daemon.child(READ_ONLY_NAME)["restarts"] == 0
        daemon.stop_cleanly()


async def test_a_read_only_call_in_flight_is_run_again_or_fails_politely(directory: Path) -> None:
    with running_daemon(directory, SERVERS, MCP_LIMITS="off") as daemon:
        async with open_session(daemon.port) as session:
            id = await session.start("tools/call", name="safe_slow", arguments={"ms": 1000})
            await wait_in_flight(daemon, READ_ONLY_NAME, 1)
            await kill_child(daemon, READ_ONLY_NAME)
            with trio.fail_after(BACK_SECONDS):
                result = await session.answer(id)
            if kind_of(result) is None:
                assert text_of(result) == "slept"
            else:
                assert kind_of(result) == "mcp_not_available"
        daemon.stop_cleanly()


async def test_traffic_through_a_kill_is_answered_call_by_call_and_recovers(directory: Path) -> None:
    """Every call gets exactly one answer: its own text, or mcp_not_available; never nothing."""

    async def keep_calling(session: McpSession, name: str, results: list[str | None]) -> None:
        number = 0
        while True:
            number += 1
            text = f"{name} {number}"
            result = await session.call(f"{name}_echo", text=text)
            kind = kind_of(result)
            if kind is None:
                assert text_of(result) == text
            results.append(kind)

    unsafe: list[str | None] = []
    safe: list[str | None] = []
    with running_daemon(directory, SERVERS, MCP_LIMITS="off") as daemon:
        async with open_session(daemon.port) as session, trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(keep_calling, session, "unsafe", unsafe)
                nursery.start_soon(keep_calling, session, "safe", safe)
            await wait_until(lambda: len(unsafe) > 50 and len(safe) > 50, BACK_SECONDS, "no traffic")
            for name in (NAME, READ_ONLY_NAME):
                await wait_back(daemon, name, await kill_child(daemon, name))
            good_so_far = unsafe.count(None)
            await wait_until(lambda: unsafe.count(None) > good_so_far + 50, BACK_SECONDS, "no recovery")
            nursery.cancel_scope.cancel()
        daemon.stop_cleanly()
    assert set(unsafe) <= {None, "mcp_not_available"}
    assert set(safe) <= {None, "mcp_not_available"}


async def test_a_child_that_exits_at_once_ends_failed_and_the_daemon_serves_on(directory: Path) -> None:
    servers = {"echo": echo_server(), "broken": chaos_server("exit3", 0)}
    with running_daemon(directory, servers) as daemon:
        await wait_until(lambda: daemon.has_state("broken", "failed"), FAILED_SECONDS, "not failed")
        status, ready = daemon.ask("/ready")
        assert (status, ready["status"]) == (200, "degraded")
        broken = ready["children"]["broken"]
        assert broken["reason"], "it does not say why"
        assert broken["nextTrySeconds"] > 1, "a hot loop"
        assert broken["restarts"] <= 6, "more restarts than its intensity allows"
        async with open_session(daemon.port) as session:
            with trio.fail_after(AT_ONCE_SECONDS):
                assert text_of(await session.call("echo", text="served")) == "served"
        daemon.stop_cleanly()


# One mode of each sort of nuisance that a stop has to deal with.
STUBBORN = ["ignoreterm", "orphan", "forks", "zombie", "noread", "floodboth", "closeout", "latestart"]


def misbehaving(mode: str) -> dict[str, dict[str, Any]]:
    return {"echo": echo_server(), "chaos": {**chaos_server(mode, -1), "prefix": "chaos_"}}


async def provoke(daemon: Daemon) -> None:
    """Make the chaos child turn: it does so at its first call, whose outcome does not matter here."""
    async with open_session(daemon.port) as session:
        id = await session.start("tools/call", name="chaos_search_products", arguments={})
        with trio.move_on_after(1):  # most modes never answer
            await session.answer(id)  # and none with an error, as it were if the child were not there
        with trio.fail_after(AT_ONCE_SECONDS):
            assert text_of(await session.call("echo", text="served")) == "served"
    daemon.watch()


def serves_echo(daemon: Daemon) -> bool:
    """Enough where the other child never gets ready."""
    return daemon.is_ready() and daemon.has_state("echo", "ready")


@pytest.mark.parametrize("mode", STUBBORN)
async def test_no_process_is_left_after_sigterm(mode: str, directory: Path) -> None:
    until = serves_echo if mode == "latestart" else all_ready
    with running_daemon(directory, misbehaving(mode), until=until) as daemon:
        if mode != "latestart":
            await provoke(daemon)
        await trio.to_thread.run_sync(daemon.stop_cleanly)


@pytest.mark.parametrize("mode", STUBBORN)
async def test_no_process_is_left_after_sigkill_of_the_daemon(mode: str, directory: Path) -> None:
    until = serves_echo if mode == "latestart" else all_ready
    with running_daemon(directory, misbehaving(mode), until=until) as daemon:
        if mode != "latestart":
            await provoke(daemon)
        daemon.watch()
        daemon.process.kill()
        daemon.process.wait(STOP_SECONDS)
        await trio.to_thread.run_sync(daemon.expect_nothing_left)


# What a child may say or do while others are served: the daemon answers everybody.
RUDE = [
    *("crash", "exit0", "sigsegv", "halfline", "garbage", "notjson", "batch", "wrongid", "dupreply"),
    *("unasked", "hugeline", "deepjson", "binary", "nul", "request", "slowbyte", "rugpull", "poison"),
    *("floodout", "flooderr", "memory", "fds"),
]


@pytest.mark.parametrize("mode", RUDE)
async def test_a_rude_child_does_not_disturb_the_others(mode: str, directory: Path) -> None:
    with running_daemon(directory, misbehaving(mode), until=all_ready) as daemon:
        async with open_session(daemon.port) as session:
            rude = await session.start("tools/call", name="chaos_search_products", arguments={})
            with trio.fail_after(AT_ONCE_SECONDS):
                for number in range(20):
                    assert text_of(await session.call("echo", text=f"{number}")) == f"{number}"
            with trio.move_on_after(1):  # those that answer do so at once; the others have their deadline
                await session.answer(rude)  # a CallFailed would mean that the call never reached the child
        assert daemon.child("echo")["restarts"] == 0
        await trio.to_thread.run_sync(daemon.stop_cleanly)


def test_the_own_children_leave_with_a_killed_daemon(directory: Path) -> None:
    with running_daemon(directory, {"echo": echo_server()}) as daemon:
        children = daemon.watch()
        assert children, "no process below the daemon"
        os.kill(daemon.pid, signal.SIGKILL)
        daemon.process.wait(STOP_SECONDS)
        wait_for(lambda: not daemon.left_over(), GONE_SECONDS, "children outlive the daemon")
