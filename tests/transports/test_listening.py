"""Listening, accepting and turning away, on real sockets."""

from __future__ import annotations

import errno
import getpass
import itertools
import os
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from museod.transports import listening
from museod.transports.listening import (
    UNIX,
    Connections,
    PortBusy,
    accept,
    open_tcp_listeners,
    open_unix_listener,
    peer_login,
)

Serve = Callable[[trio.SocketStream, tuple[str, int]], Awaitable[None]]


def ports(listeners: list[trio.SocketListener]) -> list[int]:
    return [listener.socket.getsockname()[1] for listener in listeners]


@asynccontextmanager
async def accepting(
    serve: Serve, *, per_address: int = 0, total: int = 100
) -> AsyncIterator[tuple[int, Connections]]:
    """A listener on the loopback, its port, and what is open."""
    [listener] = open_tcp_listeners(["127.0.0.1"], 0)
    connections = Connections(per_address=per_address, total=total)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept, listener, serve, nursery, connections)
        with trio.fail_after(5):
            yield ports([listener])[0], connections
        nursery.cancel_scope.cancel()
    await listener.aclose()


async def read_all(stream: trio.SocketStream) -> bytes:
    received = b""
    async for data in stream:
        received += data
    return received


# ---------------------------------------------------------------- counting


def test_connections_are_admitted_by_address_and_in_all() -> None:
    connections = Connections(per_address=2, total=4)
    for address in ("a", "a", "b"):
        assert connections.admits(address)
        connections.add(address)
    assert not connections.admits("a")
    assert connections.admits("b")
    connections.add("c")
    assert not connections.admits("b")
    assert not connections.admits(UNIX)
    connections.remove("a")
    assert connections.admits("a")
    assert len(connections) == 3


def test_the_unix_socket_is_counted_in_all_only_and_zero_is_no_limit() -> None:
    connections = Connections(per_address=1, total=10)
    connections.add(UNIX)
    assert connections.admits(UNIX)
    unlimited = Connections(per_address=0, total=10)
    for _ in range(9):
        unlimited.add("a")
        assert unlimited.admits("a")


async def test_waiting_for_the_last_connection_to_end() -> None:
    connections = Connections(per_address=0, total=10)
    with trio.fail_after(5):
        await connections.wait_empty()
        connections.add("a")
        connections.add("b")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connections.wait_empty)
            await trio.testing.wait_all_tasks_blocked()
            connections.remove("a")
            await trio.testing.wait_all_tasks_blocked()
            assert nursery.child_tasks
            connections.remove("b")


async def test_waiting_for_the_last_connection_can_be_cancelled() -> None:
    connections = Connections(per_address=0, total=10)
    connections.add("a")
    with trio.move_on_after(0) as scope:
        await connections.wait_empty()
    assert scope.cancelled_caught


# ---------------------------------------------------------------- listening


@pytest.mark.real
async def test_localhost_is_both_addresses_on_one_free_port() -> None:
    listeners = open_tcp_listeners(["localhost"], 0)
    try:
        assert len(set(ports(listeners))) == 1
        assert "127.0.0.1" in [listener.socket.getsockname()[0] for listener in listeners]
        async with await trio.open_tcp_stream("127.0.0.1", ports(listeners)[0]):
            pass
    finally:
        for listener in listeners:
            await listener.aclose()


@pytest.mark.real
async def test_a_busy_port_names_its_holder_and_leaves_nothing_open() -> None:
    [first] = open_tcp_listeners(["127.0.0.1"], 0)
    try:
        [port] = ports([first])
        with pytest.raises(PortBusy, match=rf"Port {port} is in use by process {os.getpid()} .*--port"):
            open_tcp_listeners(["127.0.0.1"], port)
    finally:
        await first.aclose()


@pytest.mark.real
async def test_several_workers_may_share_a_port_when_all_of_them_say_so() -> None:
    [first] = open_tcp_listeners(["127.0.0.1"], 0, reuse_port=True)
    [second] = open_tcp_listeners(["127.0.0.1"], ports([first])[0], reuse_port=True)
    assert ports([first]) == ports([second])
    await first.aclose()
    await second.aclose()


def test_an_address_that_this_machine_lacks_is_an_error_only_alone() -> None:
    with pytest.raises(OSError, match="assign requested address"):
        open_tcp_listeners(["192.0.2.1"], 0)  # TEST-NET-1, on no machine


@pytest.mark.real
async def test_a_missing_address_is_skipped_beside_a_good_one() -> None:
    [listener] = open_tcp_listeners(["192.0.2.1", "127.0.0.1"], 0)
    assert listener.socket.getsockname()[0] == "127.0.0.1"
    await listener.aclose()


@pytest.mark.real
async def test_the_unix_socket_is_for_owner_and_group_replaces_a_dead_one_and_knows_who_calls(
    tmp_path: Path,
) -> None:
    path = tmp_path / "museod.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    before = os.umask(0o077)
    os.umask(before)
    listener = open_unix_listener(path)
    assert os.umask(before) == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    with trio.fail_after(5):
        async with await trio.open_unix_socket(path), await listener.accept() as served:
            assert peer_login(served) == getpass.getuser()
    await listener.aclose()


@pytest.mark.real
async def test_a_unix_socket_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        open_unix_listener(tmp_path / "absent" / "museod.sock")


# ---------------------------------------------------------------- accepting


@pytest.mark.real
async def test_each_connection_is_served_with_its_address_and_closed_after_it() -> None:
    peers: list[tuple[str, int]] = []

    async def serve(stream: trio.SocketStream, peer: tuple[str, int]) -> None:
        peers.append(peer)
        await stream.send_all(b"hello")

    async with accepting(serve) as (port, connections):
        for _ in range(3):
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                assert stream.socket.getsockname()[0] == "127.0.0.1"
                assert await read_all(stream) == b"hello"
        await connections.wait_empty()
    assert [host for host, _ in peers] == ["127.0.0.1"] * 3


@pytest.mark.real
@pytest.mark.parametrize(("per_address", "total"), [(2, 100), (0, 2)])
async def test_one_too_many_is_told_so_and_a_place_becomes_free(per_address: int, total: int) -> None:
    async def serve(stream: trio.SocketStream, _: tuple[str, int]) -> None:
        await stream.send_all(b"!")
        await stream.receive_some(1)

    async with accepting(serve, per_address=per_address, total=total) as (port, connections):
        held = [await trio.open_tcp_stream("127.0.0.1", port) for _ in range(2)]
        for stream in held:
            assert await stream.receive_some(1) == b"!"
        async with await trio.open_tcp_stream("127.0.0.1", port) as third:
            answer = await read_all(third)
        assert answer.startswith(b"HTTP/1.1 429 ")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"Retry-After: 1" in head
        assert b"Content-Length: %d" % len(body) in head
        assert len(connections) == 2
        for stream in held:
            await stream.aclose()
        await connections.wait_empty()
        async with await trio.open_tcp_stream("127.0.0.1", port) as again:
            assert await again.receive_some(1) == b"!"


class NoFiles:
    """A listener of a process that is out of descriptors for a while."""

    def __init__(self, failures: list[int]) -> None:
        self.failures = failures
        self.asked_at: list[float] = []

    async def accept(self) -> trio.SocketStream:
        self.asked_at.append(trio.current_time())
        await trio.lowlevel.checkpoint()
        if self.failures:
            raise OSError(self.failures.pop(0), "no")
        await trio.sleep_forever()
        raise AssertionError


async def test_without_descriptors_accepting_waits_and_goes_on(autojump_clock: MockClock) -> None:
    listener = NoFiles([errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
    with trio.move_on_after(60):
        async with trio.open_nursery() as nursery:
            await accept(listener, None, nursery, Connections(per_address=0, total=1))  # type: ignore[arg-type]
    waits = [later - sooner for sooner, later in itertools.pairwise(listener.asked_at)]
    assert waits == pytest.approx([listening.OUT_OF_FILES_SECONDS] * 4)


async def test_any_other_failure_of_accepting_is_told() -> None:
    async with trio.open_nursery() as nursery:
        with pytest.raises(OSError, match="no"):
            await accept(NoFiles([errno.EBADF]), None, nursery, Connections(per_address=0, total=1))  # type: ignore[arg-type]
