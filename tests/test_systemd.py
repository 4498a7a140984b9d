"""The service manager's protocols, against real datagram sockets and real inherited descriptors."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
import trio.testing

from museod import systemd


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """A service manager's socket, and the environment that points to it."""
    name = str(tmp_path / "notify") if request.param == "path" else "@museod-" + secrets.token_hex(8)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(name.replace("@", "\0"))
        receiver.settimeout(5)
        yield receiver, {"NOTIFY_SOCKET": name}


Manager = tuple[socket.socket, dict[str, str]]


@pytest.mark.real
def test_readiness_and_status_reach_the_manager(manager: Manager) -> None:
    receiver, environ = manager

    assert systemd.notify(environ, READY=1, STATUS="4 of 4 children serve") is True
    assert receiver.recv(4_096) == b"READY=1\nSTATUS=4 of 4 children serve"


@pytest.mark.real
def test_a_newline_in_a_status_is_no_second_assignment(manager: Manager) -> None:
    receiver, environ = manager
    systemd.notify(environ, STATUS="x\nSTOPPING=1")

    assert receiver.recv(4_096) == b"STATUS=x STOPPING=1"


@pytest.mark.real
def test_a_reload_says_when_it_began(manager: Manager) -> None:
    receiver, environ = manager
    systemd.notify_reloading(environ)
    reloading, monotonic = receiver.recv(4_096).decode().split("\n")

    assert reloading == "RELOADING=1"
    assert monotonic.startswith("MONOTONIC_USEC=")
    assert int(monotonic.partition("=")[2]) > 0


@pytest.mark.real
def test_a_manager_that_does_not_read_costs_no_time(manager: Manager) -> None:
    _, environ = manager
    results = {systemd.notify(environ, WATCHDOG=1) for _ in range(5_000)}

    assert results == {True, False}


@pytest.mark.parametrize(
    "environ",
    [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "relative"}, {"NOTIFY_SOCKET": "vsock:2:1"}],
)
def test_without_a_manager_nothing_is_said(environ: dict[str, str]) -> None:
    assert systemd.notify(environ, READY=1) is False


def test_a_manager_that_is_gone_is_no_error(tmp_path: Path) -> None:
    assert systemd.notify({"NOTIFY_SOCKET": str(tmp_path / "gone")}, READY=1) is False


@pytest.mark.parametrize(
    ("environ", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "10000000"}, 5.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}, 5.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_interval_is_half_of_what_the_manager_waits(
    environ: dict[str, str], interval: float | None
) -> None:
    assert systemd.watchdog_interval(environ) == interval


@pytest.mark.real
async def test_signs_of_life_come_at_the_interval(
    manager: Manager, mock_clock: trio.testing.MockClock
) -> None:
    receiver, environ = manager
    receiver.setblocking(False)
    environ["WATCHDOG_USEC"] = "10000000"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(systemd.feed_watchdog, environ)
        for _ in range(3):
            await trio.testing.wait_all_tasks_blocked()
            assert receiver.recv(4_096) == b"WATCHDOG=1"
            with pytest.raises(BlockingIOError):
                receiver.recv(4_096)
            mock_clock.jump(5.0)
        nursery.cancel_scope.cancel()


async def test_nobody_who_watches_means_no_task() -> None:
    with trio.fail_after(5):
        await systemd.feed_watchdog({})


_TAKES_SOCKETS = """
import os, socket, sys
from museod.systemd import take_sockets
os.environ["LISTEN_PID"] = str(os.getpid())
taken = take_sockets()
for name, passed in taken:
    print(name, passed.family.name, passed.getsockname()[1], passed.get_inheritable(), passed.getblocking())
print(sorted(key for key in os.environ if key.startswith("LISTEN")), take_sockets())
for name, passed in taken:
    passed.close()
"""


@pytest.mark.real
def test_passed_sockets_are_taken_once_and_not_handed_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        # What systemd does: the sockets become descriptors 3 and 4 of the new process.
        command = [sys.executable, "-c", _TAKES_SOCKETS]
        script = 'eval "exec 3<&$1 4<&$2"; shift 2; exec "$@"'
        done = subprocess.run(
            ["bash", "-c", script, "pass", str(one.fileno()), str(two.fileno()), *command],
            pass_fds=(one.fileno(), two.fileno()),
            env={**os.environ, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "http:more"},
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        ports = one.getsockname()[1], two.getsockname()[1]

    assert done.stdout.splitlines() == [
        f"http AF_INET {ports[0]} False False",
        f"more AF_INET {ports[1]} False False",
        "[] []",
    ]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "x"},
        {"LISTEN_PID": str(os.getpid())},
        {"LISTEN_FDS": "1"},
    ],
)
def test_sockets_of_others_are_left_alone(environ: dict[str, str]) -> None:
    assert systemd.take_sockets(environ) == []
    assert environ == {}
