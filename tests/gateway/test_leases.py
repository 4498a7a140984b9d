"""Processes of legacy children for one call at a time, over real pipes to servers in this process."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
from msgspec import Raw
from trio.testing import MockClock

from museod.access.principal import Role
from museod.errors import ChildUnavailable, SpawnFailed
from museod.gateway.children import Children
from museod.gateway.leases import IDLE_SECONDS, MAX_PROCESSES, SPARES, Leases
from museod.gateway.policy import ChildPolicy
from museod.rpc import RpcConnection
from museod.transports.stdio import open_stdio_channel
from tests.fakes.children import FakeProcess, FakeServer

FORM = {"elicitation": Raw(b"{}")}
SAMPLING = {"sampling": Raw(b"{}")}


@dataclass
class PipedFake(FakeProcess):
    stdin_fd: int = -1
    stdout_fd: int = -1


@dataclass
class Yard:
    """Opens processes; each is a legacy server of its own."""

    servers: list[FakeServer] = field(default_factory=list)
    running: int = 0
    fails: bool = False

    @asynccontextmanager
    async def open_process(self, name: str) -> AsyncIterator[PipedFake]:
        if self.fails:
            raise SpawnFailed("no such program")
        (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
        server = FakeServer(is_modern=False)
        self.servers.append(server)
        self.running += 1
        try:
            async with open_stdio_channel(their_in, their_out) as channel, trio.open_nursery() as nursery:
                server.connection = RpcConnection(channel, serve=server.serve)
                nursery.start_soon(server.connection.run)
                yield PipedFake(name, stdin_fd=our_out, stdout_fd=our_in)
                nursery.cancel_scope.cancel()
        finally:
            self.running -= 1

    def offered(self) -> list[list[str]]:
        """What each process was told of its client, for those that were initialized."""
        return [
            sorted(params["capabilities"])
            for server in self.servers
            for method, params in server.seen
            if method == "initialize"
        ]


@asynccontextmanager
async def leasing(yard: Yard) -> AsyncIterator[Leases]:
    children = Children([ChildPolicy("shop", allow={"*": frozenset(Role)}, interactive=True, era="legacy")])
    leases = Leases(children, yard.open_process)
    async with trio.open_nursery() as nursery:
        await nursery.start(leases.run)
        yield leases
        nursery.cancel_scope.cancel()


async def test_a_process_is_initialized_with_what_the_client_offers_and_used_again() -> None:
    yard = Yard()
    with trio.fail_after(5):
        async with leasing(yard) as leases:
            async with leases.open("shop", FORM) as first:
                pass
            async with leases.open("shop", FORM) as again:
                assert again is first
            async with leases.open("shop", SAMPLING) as other:
                assert other is not first

    # Which of the warm processes is taken first is nobody's promise.
    assert sorted(yard.offered()) == [["elicitation"], ["sampling"]]
    assert yard.running == 0


async def test_two_calls_at_once_never_share_a_process_and_spares_are_kept_warm() -> None:
    yard = Yard()
    with trio.fail_after(5):
        async with (
            leasing(yard) as leases,
            leases.open("shop", FORM) as first,
            leases.open("shop", FORM) as second,
        ):
            assert first is not second
            while yard.running < 2 + SPARES:
                await trio.lowlevel.checkpoint()


async def test_after_a_failure_or_cancellation_the_process_is_not_used_again() -> None:
    yard = Yard()
    with trio.fail_after(5):
        async with leasing(yard) as leases:
            with pytest.raises(ZeroDivisionError):
                async with leases.open("shop", FORM) as broken:
                    raise ZeroDivisionError
            with trio.CancelScope() as scope:
                async with leases.open("shop", FORM) as abandoned:
                    scope.cancel()
                    await trio.sleep_forever()
            async with leases.open("shop", FORM) as fresh:
                assert fresh not in (broken, abandoned)


async def test_a_process_that_dies_while_idle_is_forgotten() -> None:
    yard = Yard()
    with trio.fail_after(5):
        async with leasing(yard) as leases:
            async with leases.open("shop", FORM) as first:
                pass
            used = next(server for server in yard.servers if server.seen)
            before = yard.running
            assert used.connection is not None
            await used.connection._channel.aclose()
            while yard.running >= before:
                await trio.lowlevel.checkpoint()
            async with leases.open("shop", FORM) as second:
                assert second is not first


async def test_what_cannot_be_started_is_told_to_the_caller() -> None:
    yard = Yard(fails=True)
    with trio.fail_after(5):
        async with leasing(yard) as leases:
            with pytest.raises(ChildUnavailable, match="no process free"):
                async with leases.open("shop", FORM):
                    raise AssertionError


async def test_there_is_an_end_to_the_processes_and_waiting_for_one_has_one_too(
    autojump_clock: MockClock,
) -> None:
    yard = Yard()
    release = trio.Event()
    held = 0

    async with leasing(yard) as leases, trio.open_nursery() as nursery:

        async def hold() -> None:
            nonlocal held
            async with leases.open("shop", FORM):
                held += 1
                await release.wait()

        for _ in range(MAX_PROCESSES):
            nursery.start_soon(hold)
        while held < MAX_PROCESSES:
            await trio.lowlevel.checkpoint()
        with pytest.raises(ChildUnavailable):
            async with leases.open("shop", FORM):
                raise AssertionError
        release.set()

    assert len(yard.servers) == MAX_PROCESSES


async def test_an_idle_process_ends_after_a_while(autojump_clock: MockClock) -> None:
    yard = Yard()
    async with leasing(yard) as leases:
        async with leases.open("shop", FORM):
            pass
        await trio.sleep(2 * IDLE_SECONDS)
        assert yard.running == SPARES
