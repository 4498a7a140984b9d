"""All configured children: what is published when, and the life of one process."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import trio
import trio.testing

from museod.access.principal import Role
from museod.errors import ChannelError, ChildUnavailable
from museod.gateway.catalogue import Catalogue
from museod.gateway.children import Children
from museod.gateway.policy import ChildPolicy
from museod.rpc import RpcConnection
from museod.transports.stdio import open_stdio_channel
from tests.fakes.children import FakeServer, attached, echo, hang, tool

EVERYONE = {"*": frozenset(Role)}


def policy(name: str = "shop", **options: Any) -> ChildPolicy:
    return ChildPolicy(name, EVERYONE, **options)


def names(children: Children) -> list[str]:
    return list(children.catalogue.entries)


# ---------------------------------------------------------------- what is published


async def test_tools_are_there_from_the_arrival_until_the_child_is_given_up() -> None:
    children = Children([policy()])
    with trio.fail_after(5):
        async with attached(children, "shop", FakeServer([tool("echo")])):
            assert children.serving == {"shop": True}
            assert names(children) == ["echo"]
        for state, shown in (("backoff", ["echo"]), ("starting", ["echo"]), ("failed", []), ("backoff", [])):
            children.state_changed("shop", state, 2.0)
            assert names(children) == shown
        assert children.serving == {"shop": False}
        async with attached(children, "shop", FakeServer([tool("echo")])):
            assert names(children) == ["echo"]


async def test_a_pool_that_loses_one_process_keeps_its_tools() -> None:
    children = Children([policy()])
    with trio.fail_after(5):
        async with attached(children, "shop", FakeServer([tool("echo")])):
            async with attached(children, "shop", FakeServer([tool("echo")])):
                pass
            children.state_changed("shop", "failed", None)
            assert names(children) == ["echo"]


async def test_watchers_hear_of_every_new_table_until_they_leave() -> None:
    children = Children([policy()])
    seen: list[Catalogue] = []
    leave = children.subscribe(seen.append)
    with trio.fail_after(5):
        async with attached(children, "shop", FakeServer([tool("echo")])):
            pass
        async with attached(children, "shop", FakeServer([tool("echo")])):
            pass
        assert [catalogue.version for catalogue in seen] == [1]
        leave()
        leave()
        children.state_changed("shop", "failed", None)
    assert len(seen) == 1
    assert children.catalogue.version == 2


async def test_new_policies_keep_the_processes_of_known_children() -> None:
    children = Children([policy("shop"), policy("mail")])
    with trio.fail_after(5):
        async with attached(children, "shop", FakeServer([tool("echo")])):
            children.reconfigure([policy("shop", prefix="s."), policy("new")])
            assert children.serving == {"shop": True, "new": False}
            assert names(children) == ["s.echo"]
            children.reconfigure([policy("new")])
            assert names(children) == []
            children.state_changed("shop", "failed", None)
    assert children.serving == {"new": False}


# ---------------------------------------------------------------- who takes a call


@pytest.mark.parametrize(
    ("state", "next_try", "said", "retry_after"),
    [
        (None, None, "restarting", 1.0),
        ("backoff", 0.4, "restarting", 0.4),
        ("failed", 30.0, "tried again in 30 s", 30.0),
        ("failed", 0.2, "tried again in 1 s", 0.2),
        ("stopped", None, "tried again in 1 s", 1.0),
    ],
)
def test_what_a_caller_is_told_while_nobody_serves(
    state: str | None, next_try: float | None, said: str, retry_after: float
) -> None:
    children = Children([policy()])
    if state is not None:
        children.state_changed("shop", state, next_try)
    with pytest.raises(ChildUnavailable, match=said) as caught:
        children["shop"].least_busy()
    assert caught.value.retry_after == retry_after
    assert caught.value.data == {"mcp": "shop"}


async def test_waiting_for_a_process_ends_with_its_arrival_and_can_be_cancelled() -> None:
    children = Children([policy()])
    with trio.move_on_after(0) as scope:
        await children["shop"].wait_available()
    assert scope.cancelled_caught
    found: list[object] = []

    async def wait() -> None:
        found.append(await children["shop"].wait_available())

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            async with attached(children, "shop", FakeServer([tool("echo")])):
                await trio.testing.wait_all_tasks_blocked()
    assert len(found) == 1


# ---------------------------------------------------------------- the life of one process


@dataclass
class PipedChild:
    """A child behind real pipes, as the supervisor hands it over."""

    name: str
    stdin_fd: int
    stdout_fd: int
    label: str = "shop"

    def cpu_seconds(self) -> float | None:
        return 0.0


@asynccontextmanager
async def piped(server: FakeServer) -> AsyncIterator[tuple[PipedChild, trio.Nursery]]:
    """A served child; cancelling the nursery is the end of its process."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()

    async def serve() -> None:
        async with open_stdio_channel(theirs_in, theirs_out) as channel:
            server.connection = RpcConnection(channel, serve=server.serve)
            await server.connection.run()

    with trio.fail_after(5):
        async with trio.open_nursery() as process:
            process.start_soon(serve)
            yield PipedChild("shop", ours_out, ours_in), process
            process.cancel_scope.cancel()


@pytest.mark.real
async def test_a_process_is_published_when_it_is_ready_and_taken_back_when_it_dies() -> None:
    children = Children([policy()])
    async with piped(FakeServer([tool("echo")], answers={"echo": echo})) as (child, process):
        outcome: list[BaseException] = []

        async def attend(task_status: trio.TaskStatus[None]) -> None:
            try:
                await children.attend(child, task_status)
            except* ChannelError as group:
                outcome.append(group)

        async with trio.open_nursery() as nursery:
            await nursery.start(attend)
            assert children.serving == {"shop": True}
            assert names(children) == ["echo"]
            process.cancel_scope.cancel()
        assert outcome
        assert children.serving == {"shop": False}
        assert names(children) == ["echo"]


@pytest.mark.real
async def test_a_planned_end_takes_no_new_call_and_lets_the_running_one_finish() -> None:
    may_end = trio.Event()

    async def work(_: dict[str, Any]) -> Any:
        await may_end.wait()
        return {"content": []}

    children = Children([policy()])
    answers: list[object] = []
    server = FakeServer([tool("work")], answers={"work": work})
    async with piped(server) as (child, _), trio.open_nursery() as nursery:
        with trio.CancelScope() as incarnation:
            async with trio.open_nursery() as attending:
                await attending.start(children.attend, child)
                upstream = children["shop"].least_busy()

                async def call() -> None:
                    params = b'{"name":"work","arguments":{}}'
                    answers.append(await upstream.call("tools/call", params, timeout=60))

                nursery.start_soon(call)
                while not upstream.in_flight:
                    await trio.lowlevel.checkpoint()
                incarnation.cancel()
                nursery.start_soon(_set_when_left, children, may_end)
    assert len(answers) == 1


async def _set_when_left(children: Children, may_end: trio.Event) -> None:
    while children.serving["shop"]:
        await trio.lowlevel.checkpoint()
    may_end.set()


@pytest.mark.real
async def test_a_process_that_cannot_be_opened_is_never_published() -> None:
    class Broken(FakeServer):
        async def _result(self, method: str, params: dict[str, Any]) -> Any:
            return {"tools": 5, "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}

    children = Children([policy()])
    async with piped(Broken()) as (child, _):
        with pytest.raises(BaseExceptionGroup, match="Trio nursery"):
            await children.attend(child)
    assert children.serving == {"shop": False}
    assert children.catalogue.version == 0


@pytest.mark.real
async def test_attending_can_be_cancelled_before_the_process_is_ready() -> None:
    class Hanging(FakeServer):
        async def _result(self, method: str, params: dict[str, Any]) -> Any:
            return await hang(params)

    children = Children([policy()])
    async with piped(Hanging()) as (child, _), trio.open_nursery() as nursery:
        nursery.start_soon(children.attend, child)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert children.serving == {"shop": False}
