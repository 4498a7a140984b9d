"""Our client side to one process of one child."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.lowlevel
import trio.testing
from trio.testing import MockClock

from museod.errors import CallTimeout, ChannelError, RemoteProtocolError, RpcFailed
from museod.gateway.changes import COALESCE_SECONDS
from museod.gateway.health import FAILURES, INTERVAL_SECONDS, ChildHung
from museod.gateway.upstream import MAX_PAGES, METRICS, Upstream
from museod.rpc import RpcConnection
from museod.transports.channel import MemoryChannel, open_memory_pair
from museod.wire.eras import Era
from tests.fakes.children import FakeProcess, FakeServer, echo, hang, tool

CALL = b'{"name":"hang","arguments":{}}'


@asynccontextmanager
async def spoken(
    server: FakeServer, *, process: FakeProcess | None = None, **options: Any
) -> AsyncIterator[tuple[Upstream, MemoryChannel]]:
    """An upstream that is not open yet, and the server's end of the pipe."""
    ours, theirs = open_memory_pair()
    upstream = Upstream(process or FakeProcess("shop"), ours, **options)
    server.connection = RpcConnection(theirs, serve=server.serve)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.connection.run)
        await nursery.start(upstream.run)
        yield upstream, theirs
        nursery.cancel_scope.cancel()


def methods(server: FakeServer) -> list[str]:
    return [method for method, _ in server.seen]


class Scripted(FakeServer):
    """Answers some methods from a table; an exception is raised."""

    script: dict[str, Any]

    async def _result(self, method: str, params: dict[str, Any]) -> Any:
        if method not in self.script:
            return await super()._result(method, params)
        answer = self.script[method]
        if isinstance(answer, Exception):
            raise answer
        return answer(params) if callable(answer) else answer


def scripted(*, is_modern: bool = True, tools: list[dict[str, Any]] | None = None, **script: Any) -> Scripted:
    server = Scripted(tools if tools is not None else [tool("echo")], is_modern=is_modern)
    server.script = {name.replace("__", "/"): answer for name, answer in script.items()}
    return server


# ---------------------------------------------------------------- eras


@pytest.mark.parametrize(
    ("server", "era", "found", "begins"),
    [
        (scripted(), "auto", Era.MODERN, ["server/discover"]),
        (scripted(is_modern=False), "auto", Era.LEGACY, ["server/discover", "initialize"]),
        (scripted(is_modern=False), "legacy", Era.LEGACY, ["initialize"]),
        (scripted(), "modern", Era.MODERN, ["server/discover"]),
        (
            scripted(is_modern=False, server__discover={}),
            "auto",
            Era.LEGACY,
            ["server/discover", "initialize"],
        ),
        (
            scripted(is_modern=False, server__discover=[1]),
            "auto",
            Era.LEGACY,
            ["server/discover", "initialize"],
        ),
        (
            scripted(is_modern=False, server__discover=RpcFailed(-32022, "no")),
            "auto",
            Era.LEGACY,
            ["server/discover", "initialize"],
        ),
        (
            scripted(is_modern=False, server__discover={"supportedVersions": ["2030-01-01"]}),
            "auto",
            Era.LEGACY,
            ["server/discover", "initialize"],
        ),
    ],
)
async def test_which_era_a_child_speaks(server: Scripted, era: str, found: Era, begins: list[str]) -> None:
    with trio.fail_after(5):
        async with spoken(server, era=era) as (upstream, _):
            await upstream.open()
    assert upstream.era is found
    assert methods(server)[: len(begins)] == begins
    assert [listed.tool.name for listed in upstream.tools] == ["echo"]
    is_modern = found is Era.MODERN
    assert ("_meta" in server.seen[-1][1]) is is_modern


async def test_a_child_that_does_not_answer_the_probe_is_asked_for_a_handshake(
    autojump_clock: MockClock,
) -> None:
    class Mute(FakeServer):
        async def _result(self, method: str, params: dict[str, Any]) -> Any:
            if method == "server/discover":
                await trio.sleep_forever()
            return await super()._result(method, params)

    async with spoken(Mute([tool("echo")], is_modern=False)) as (upstream, _):
        await upstream.open()
    assert upstream.era is Era.LEGACY


@pytest.mark.parametrize(
    ("server", "era", "said"),
    [
        (scripted(is_modern=False), "modern", "server/discover"),
        (scripted(server__discover={"supportedVersions": ["2030-01-01"]}), "modern", "does not list"),
        (scripted(is_modern=False, initialize=[]), "auto", "initialize"),
        (scripted(is_modern=False, initialize={"protocolVersion": "x" * 500}), "auto", "revision"),
        (scripted(tools__list={"tools": 5}), "auto", "tools/list"),
        (scripted(tools__list=[]), "auto", "tools/list"),
    ],
)
async def test_a_child_that_is_no_mcp_server_is_refused(server: Scripted, era: str, said: str) -> None:
    with trio.fail_after(5):
        async with spoken(server, era=era) as (upstream, _):
            with pytest.raises(RemoteProtocolError, match=said) as caught:
                await upstream.open()
    assert len(str(caught.value)) < 300


async def test_opening_can_be_cancelled_and_ends_with_the_process() -> None:
    server = FakeServer(answers={})

    async def never(_: str, __: dict[str, Any]) -> Any:
        await trio.sleep_forever()

    server._result = never  # type: ignore[method-assign, assignment]
    with trio.fail_after(5):
        async with spoken(server) as (upstream, pipe):
            with trio.move_on_after(0) as scope:
                await upstream.open()
            assert scope.cancelled_caught
            async with trio.open_nursery() as nursery:

                async def opening() -> None:
                    with pytest.raises(ChannelError):
                        await upstream.open()

                nursery.start_soon(opening)
                await trio.testing.wait_all_tasks_blocked()
                await pipe.aclose()


# ---------------------------------------------------------------- lists


async def test_what_reads_as_no_tool_is_left_out() -> None:
    tools: list[Any] = [tool("good"), {"name": "no schema"}, 5, {"inputSchema": {}}, tool("also good")]
    with trio.fail_after(5):
        async with spoken(scripted(tools=tools)) as (upstream, _):
            await upstream.open()
    assert [listed.tool.name for listed in upstream.tools] == ["good", "also good"]


async def test_a_child_whose_pages_never_end_is_read_only_so_far() -> None:
    server = scripted(
        tools__list=lambda params: {"tools": [], "nextCursor": str(int(params.get("cursor", 0)) + 1)}
    )
    with trio.fail_after(5):
        async with spoken(server) as (upstream, _):
            await upstream.open()
    assert methods(server).count("tools/list") == MAX_PAGES


async def test_a_cursor_that_comes_again_ends_the_list() -> None:
    server = scripted(tools__list={"tools": [tool("echo")], "nextCursor": ""})
    with trio.fail_after(5):
        async with spoken(server) as (upstream, _):
            await upstream.open()
    assert methods(server).count("tools/list") == 2


async def test_a_burst_of_changes_is_one_reading(autojump_clock: MockClock) -> None:
    server = FakeServer([tool("echo")], is_modern=False)
    relisted: list[int] = []
    async with spoken(server) as (upstream, _), trio.open_nursery() as nursery:
        await upstream.open()
        nursery.start_soon(upstream.watch, lambda: relisted.append(len(upstream.tools)))
        await trio.lowlevel.checkpoint()
        assert server.connection is not None
        server.tools.append(tool("new"))
        for _ in range(50):
            server.connection.notify("notifications/tools/list_changed", b"")
        await trio.sleep(COALESCE_SECONDS * 3)
        nursery.cancel_scope.cancel()
    assert relisted == [2]
    assert methods(server).count("tools/list") == 2


# ---------------------------------------------------------------- health


async def test_a_silent_child_that_failed_nobody_is_left_alone(autojump_clock: MockClock) -> None:
    server = FakeServer([tool("echo")])
    async with spoken(server) as (upstream, _):
        await upstream.open()
        server._result = lambda *_: hang({})  # type: ignore[method-assign]
        with trio.move_on_after(INTERVAL_SECONDS * 20) as scope:
            await upstream.watch(lambda: None)
    assert scope.cancelled_caught
    assert not upstream.health.is_responsive


@pytest.mark.parametrize("is_still", [True, False])
async def test_a_child_that_failed_a_caller_and_shows_no_life_is_hung(
    is_still: bool, autojump_clock: MockClock
) -> None:
    class Busy(FakeProcess):
        def cpu_seconds(self) -> float | None:
            return 0.0 if is_still else trio.current_time()

    server = FakeServer([tool("hang")], answers={"hang": hang})
    async with spoken(server, process=Busy("shop")) as (upstream, _):
        await upstream.open()
        with trio.move_on_after(INTERVAL_SECONDS + 1):
            await upstream.watch(lambda: None)
        server._result = lambda *_: hang({})  # type: ignore[method-assign]
        with pytest.raises(CallTimeout):
            await upstream.call("tools/call", CALL, timeout=1)
        outcome: BaseException | None = None
        with trio.move_on_after(INTERVAL_SECONDS * (FAILURES + 10)):
            try:
                await upstream.watch(lambda: None)
            except* ChildHung as group:
                outcome = group
    assert (outcome is not None) is is_still


async def test_an_error_is_an_answer_to_a_probe(autojump_clock: MockClock) -> None:
    server = scripted()
    async with spoken(server) as (upstream, _):
        await upstream.open()
        server.script["server/discover"] = RpcFailed(-32603, "busy")
        with trio.move_on_after(INTERVAL_SECONDS * 10):
            await upstream.watch(lambda: None)
        assert upstream.health.is_responsive


# ---------------------------------------------------------------- what it says


@pytest.mark.parametrize(
    ("is_modern", "method", "is_served"),
    [(False, "ping", True), (True, "ping", False), (False, "no/such", False), (True, "tools/list", False)],
)
async def test_what_a_child_may_ask_us(is_modern: bool, method: str, is_served: bool) -> None:
    server = FakeServer([tool("echo")], is_modern=is_modern)
    with trio.fail_after(5):
        async with spoken(server) as (upstream, _):
            await upstream.open()
            assert server.connection is not None
            if is_served:
                assert bytes(await server.connection.call(method, b"{}", timeout=5)) == b"{}"
            else:
                with pytest.raises(RpcFailed) as caught:
                    await server.connection.call(method, b"{}", timeout=5)
                assert caught.value.code == -32601


async def test_metrics_reach_whoever_wants_them_and_odd_notifications_nobody() -> None:
    taken: list[bytes] = []
    server = FakeServer([tool("echo")], answers={"echo": echo})
    with trio.fail_after(5):
        async with spoken(server, on_metrics=taken.append) as (upstream, _):
            await upstream.open()
            assert server.connection is not None
            for method, params in (
                (METRICS, b'{"counters":[]}'),
                ("notifications/progress", b'{"progressToken":999,"progress":1}'),
                ("notifications/progress", b'{"progressToken":{}}'),
                ("notifications/progress", b""),
                ("notifications/message", b'{"level":5}'),
                ("notifications/resources/updated", b"{}"),
                ("notifications/no such", b"{}"),
                ("notifications/cancelled", b'{"requestId":[]}'),
            ):
                server.connection.notify(method, params)
            raw = await upstream.call("tools/call", b'{"name":"echo","arguments":{}}', timeout=5)
    assert json.loads(bytes(raw))["isError"] is False
    assert taken == [b'{"counters":[]}']


async def test_waiting_for_the_last_call_can_be_cancelled() -> None:
    server = FakeServer([tool("hang")], answers={"hang": hang})
    with trio.fail_after(5):
        async with spoken(server) as (upstream, _), trio.open_nursery() as nursery:
            await upstream.open()
            await upstream.wait_idle()

            async def calling() -> None:
                await upstream.call("tools/call", CALL, timeout=60)

            nursery.start_soon(calling)
            await trio.testing.wait_all_tasks_blocked()
            assert upstream.in_flight == 1
            with trio.move_on_after(0) as scope:
                await upstream.wait_idle()
            assert scope.cancelled_caught
            nursery.cancel_scope.cancel()
    assert upstream.in_flight == 0
