"""The way of a call, with children in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from msgspec import Raw
from trio.testing import MockClock

from museod.access.principal import Principal, Role, principal
from museod.errors import (
    CallTimeout,
    ChildLost,
    ChildUnavailable,
    InvalidArguments,
    RpcFailed,
    ToolNotFound,
)
from museod.gateway.children import Children
from museod.gateway.policy import ChildPolicy
from museod.gateway.router import Router, Turn
from museod.wire import codec
from tests.fakes.children import FakeServer, attached, echo, hang, tool

CUSTOMER = principal("ann", Role.CUSTOMER)
ADMIN = principal("bob", Role.ADMIN)
EVERYONE = frozenset(Role)
READ_ONLY = {"annotations": {"readOnlyHint": True}}


def policy(name: str = "shop", **options: Any) -> ChildPolicy:
    return ChildPolicy(name, **{"allow": {"*": EVERYONE}, "call_timeout": 5.0, **options})


@asynccontextmanager
async def shop(
    server: FakeServer, **options: Any
) -> AsyncIterator[tuple[Router, Children, Callable[[], Any]]]:
    """A router over one child; the third part closes the child's pipe, as its death would."""
    children = Children([policy(**options)])
    async with attached(children, "shop", server) as pipe:
        yield Router(children), children, pipe.aclose


def meta_of(raw: Raw) -> dict[str, Any]:
    meta: dict[str, Any] = codec.decode(raw)["structuredContent"]["meta"]
    return meta


@pytest.mark.parametrize("is_modern", [True, False])
async def test_a_call_reaches_the_child_and_its_bytes_come_back_untouched(is_modern: bool) -> None:
    server = FakeServer([tool("echo")], is_modern=is_modern, answers={"echo": echo})
    async with shop(server) as (router, _, _):
        reply = await router.call("echo", b'{"text":"hi",  "n":12345678901234567890}', CUSTOMER)

    assert reply.child == "shop"
    assert reply.result().text == '{"text":"hi","n":12345678901234567890}'
    assert server.seen[-1][0] == "tools/call"


@pytest.mark.parametrize(
    ("allow", "caller", "may"),
    [
        ({"*": {Role.ADMIN}}, CUSTOMER, False),
        ({"*": {Role.ADMIN}}, ADMIN, True),
        ({"*": {Role.CUSTOMER}, "echo": {Role.ADMIN}}, CUSTOMER, False),
        ({"*": {Role.ADMIN}, "echo": {Role.CUSTOMER}}, CUSTOMER, True),
        ({}, ADMIN, False),
        ({"*": {Role.CUSTOMER}}, principal("op", Role.OPERATOR), True),
        ({"*": {Role.ADMIN}}, principal("op", Role.OPERATOR), False),
        ({"*": {Role.CUSTOMER}}, principal("svc", Role.SERVICE), False),
        ({"*": {Role.CUSTOMER}}, principal("", Role.GUEST), False),
    ],
)
async def test_only_the_role_decides_and_what_may_not_be_called_is_not_seen(
    allow: dict[str, set[Role]], caller: Principal, may: bool
) -> None:
    server = FakeServer([tool("echo")], answers={"echo": echo})
    rules = {name: frozenset(roles) for name, roles in allow.items()}
    async with shop(server, allow=rules) as (router, _, _):
        assert [entry.name for entry in router.tools_for(caller)] == (["echo"] if may else [])
        if may:
            await router.call("echo", b"{}", caller)
        else:
            with pytest.raises(ToolNotFound, match="no tool 'echo' for you"):
                await router.call("echo", b"{}", caller)
            assert all(method != "tools/call" for method, _ in server.seen)


async def test_arguments_that_the_schema_refuses_never_reach_the_child() -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer", "minimum": 1}},
        "required": ["n"],
        "additionalProperties": False,
    }
    server = FakeServer([tool("count", schema)], answers={"count": echo})
    async with shop(server) as (router, _, _):
        for arguments, named in [(b"{}", '"n"'), (b'{"n":0}', "n: "), (b'{"n":1,"x":2}', "'x'")]:
            with pytest.raises(InvalidArguments) as caught:
                await router.call("count", arguments, CUSTOMER)
            assert named in caught.value.message
            assert "count" in caught.value.message
        await router.call("count", b'{"n":1}', CUSTOMER)

    assert [method for method, _ in server.seen].count("tools/call") == 1


async def test_a_trusted_child_learns_the_caller_and_a_client_cannot_forge_it() -> None:
    forged = Raw(
        codec.encode(
            {
                "ai.museo/caller": {"sub": "root", "role": "admin"},
                "ai.museo/confirmed": "yes",
                "io.modelcontextprotocol/clientInfo": {"name": "liar", "version": "0"},
                "com.example/own": [1, 2],
                "progressToken": "mine",
            }
        )
    )
    server = FakeServer([tool("echo")], answers={"echo": echo})
    turn = Turn(locale="de", client_type="cli", conversation_id="c1", turn_id="t1")
    async with shop(server, identity=True) as (router, _, _):
        meta = meta_of((await router.call("echo", b"{}", CUSTOMER, turn=turn, meta=forged)).raw)

    assert meta["ai.museo/caller"] == {
        "sub": "ann",
        "role": "customer",
        "scopes": [],
        "locale": "de",
        "clientType": "cli",
        "conversationId": "c1",
        "turnId": "t1",
    }
    assert meta["com.example/own"] == [1, 2]
    assert "ai.museo/confirmed" not in meta
    assert "progressToken" not in meta
    assert meta["io.modelcontextprotocol/clientInfo"]["name"] == "museod"


async def test_an_untrusted_child_learns_nothing_of_the_caller() -> None:
    server = FakeServer([tool("echo")], answers={"echo": echo})
    async with shop(server) as (router, _, _):
        meta = meta_of((await router.call("echo", b"{}", CUSTOMER)).raw)

    assert not [key for key in meta if key.startswith("ai.museo/")]


async def test_a_call_in_flight_fails_at_once_when_its_child_dies() -> None:
    server = FakeServer([tool("work")], answers={"work": hang})
    with trio.fail_after(5):
        with pytest.RaisesGroup(ChildLost, flatten_subgroups=True, allow_unwrapped=True):
            async with shop(server) as (router, _, die), trio.open_nursery() as nursery:
                nursery.start_soon(router.call, "work", b"{}", CUSTOMER)
                while not any(method == "tools/call" for method, _ in server.seen):
                    await trio.lowlevel.checkpoint()
                await die()


async def test_a_read_only_call_is_run_again_on_the_next_process() -> None:
    first = FakeServer([tool("look", **READ_ONLY)], answers={"look": hang})
    second = FakeServer([tool("look", **READ_ONLY)], answers={"look": echo})
    children = Children([policy()])
    router = Router(children)
    replies: list[str] = []

    async def look() -> None:
        replies.append((await router.call("look", b'{"a":1}', CUSTOMER)).result().text)

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            async with attached(children, "shop", first) as pipe:
                nursery.start_soon(look)
                while not any(method == "tools/call" for method, _ in first.seen):
                    await trio.lowlevel.checkpoint()
                children.leave(children["shop"], children["shop"].upstreams[0])
                await pipe.aclose()
                await trio.testing.wait_all_tasks_blocked()
            async with attached(children, "shop", second):
                while not replies:
                    await trio.lowlevel.checkpoint()

    assert replies == ['{"a":1}']


async def test_a_call_that_may_have_written_is_never_run_again() -> None:
    server = FakeServer([tool("write")], answers={"write": hang})
    other = FakeServer([tool("write")], answers={"write": echo})
    children = Children([policy()])
    router = Router(children)
    lost: list[ChildLost] = []

    async def write() -> None:
        try:
            await router.call("write", b"{}", CUSTOMER)
        except ChildLost as error:
            lost.append(error)

    with trio.fail_after(5):
        async with attached(children, "shop", other), trio.open_nursery() as nursery:
            children.leave(children["shop"], children["shop"].upstreams[0])
            async with attached(children, "shop", server) as pipe:
                nursery.start_soon(write)
                while not any(method == "tools/call" for method, _ in server.seen):
                    await trio.lowlevel.checkpoint()
                await pipe.aclose()
                while not lost:
                    await trio.lowlevel.checkpoint()

    assert "not known" in lost[0].message
    assert lost[0].data == {"mcp": "shop"}
    assert all(method != "tools/call" for method, _ in other.seen)


async def test_without_a_process_the_caller_learns_when_to_try_again() -> None:
    children = Children([policy()])
    router = Router(children)
    async with attached(children, "shop", FakeServer([tool("echo")], answers={"echo": echo})):
        pass
    children.state_changed("shop", "backoff", 1.5)

    with pytest.raises(ChildUnavailable, match="restarting") as caught:
        await router.call("echo", b"{}", CUSTOMER)

    assert caught.value.retry_after == 1.5


async def test_tools_stay_listed_while_a_child_restarts_and_vanish_when_it_is_given_up() -> None:
    children = Children([policy()])
    versions: list[int] = []
    children.subscribe(lambda catalogue: versions.append(len(catalogue.entries)))
    server = FakeServer([tool("echo")], answers={"echo": echo})
    async with attached(children, "shop", server):
        pass
    children.state_changed("shop", "backoff", 0.2)
    assert list(children.catalogue.entries) == ["echo"]

    children.state_changed("shop", "failed", 30.0)
    assert not children.catalogue.entries

    async with attached(children, "shop", server):
        assert list(children.catalogue.entries) == ["echo"]
    assert versions == [1, 0, 1]


async def test_the_deadline_of_a_call_is_the_tools_own(autojump_clock: MockClock) -> None:
    server = FakeServer([tool("slow"), tool("quick")], answers={"slow": hang, "quick": hang})
    async with shop(server, call_timeouts={"slow": 60.0}) as (router, _, _):
        started = trio.current_time()
        with pytest.raises(CallTimeout):
            await router.call("quick", b"{}", CUSTOMER)
        assert 5 <= trio.current_time() - started < 6
        started = trio.current_time()
        with pytest.raises(CallTimeout):
            await router.call("slow", b"{}", CUSTOMER)
        assert 60 <= trio.current_time() - started < 61


async def test_a_child_that_times_out_again_and_again_is_left_alone_for_a_while(
    autojump_clock: MockClock,
) -> None:
    server = FakeServer([tool("slow"), tool("fast")], answers={"slow": hang, "fast": echo})
    async with shop(server) as (router, _, _):
        for _ in range(5):
            with pytest.raises(CallTimeout):
                await router.call("slow", b"{}", CUSTOMER)
        started = trio.current_time()
        with pytest.raises(ChildUnavailable, match="several calls in a row") as caught:
            await router.call("fast", b"{}", CUSTOMER)
        assert trio.current_time() == started
        await trio.sleep(caught.value.retry_after or 0)
        await router.call("fast", b"{}", CUSTOMER)
        await router.call("fast", b"{}", CUSTOMER)


async def test_the_childs_own_errors_neither_open_the_breaker_nor_change() -> None:
    async def refuse(_: dict[str, Any]) -> Any:
        raise RpcFailed(-32050, "not today", {"why": 1})

    server = FakeServer([tool("no")], answers={"no": refuse})
    async with shop(server) as (router, _, _):
        for _ in range(10):
            with pytest.raises(RpcFailed, match="not today") as caught:
                await router.call("no", b"{}", CUSTOMER)

    assert (caught.value.code, caught.value.payload) == (-32050, {"why": 1})


async def test_cancelling_a_call_tells_the_child() -> None:
    server = FakeServer([tool("work")], answers={"work": hang})
    async with shop(server) as (router, children, _):
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(router.call, "work", b"{}", CUSTOMER)
                while not any(method == "tools/call" for method, _ in server.seen):
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()
            assert server.connection is not None
            await server.connection.wait_idle()

        assert children["shop"].in_flight == 0


async def test_progress_comes_with_the_childs_numbers_and_never_backwards() -> None:
    server = FakeServer([tool("import")])

    async def work(params: dict[str, Any]) -> Any:
        token = params["_meta"]["progressToken"]
        assert server.connection is not None
        for done in (1, 3, 2, 3, 4):
            body = {"progressToken": token, "progress": done, "total": 4, "message": f"row {done}"}
            server.connection.notify("notifications/progress", codec.encode(body))
        server.connection.notify(
            "notifications/progress", codec.encode({"progressToken": "not ours", "progress": 9})
        )
        return {"content": []}

    server.answers["import"] = work
    seen: list[dict[str, Any]] = []
    async with shop(server) as (router, _, _):
        await router.call(
            "import",
            b"{}",
            CUSTOMER,
            on_progress=lambda members: seen.append(
                {name: codec.decode(value) for name, value in members.items()}
            ),
        )

    assert [step["progress"] for step in seen] == [1, 3, 4]
    assert seen[0] == {"progress": 1, "total": 4, "message": "row 1"}


async def test_the_least_busy_process_of_a_pool_gets_the_call() -> None:
    busy = FakeServer([tool("work")], answers={"work": hang})
    idle = FakeServer([tool("work")], answers={"work": echo})
    children = Children([policy()])
    router = Router(children)
    with trio.fail_after(5):
        async with attached(children, "shop", busy), trio.open_nursery() as nursery:
            nursery.start_soon(router.call, "work", b"{}", CUSTOMER)
            while not any(method == "tools/call" for method, _ in busy.seen):
                await trio.lowlevel.checkpoint()
            async with attached(children, "shop", idle):
                for _ in range(3):
                    await router.call("work", b"{}", CUSTOMER)
            nursery.cancel_scope.cancel()

    assert [method for method, _ in idle.seen].count("tools/call") == 3


async def test_all_pages_of_a_childs_list_are_read() -> None:
    names = [f"tool_{number:02}" for number in range(20)]
    server = FakeServer([tool(name) for name in reversed(names)], page_size=7)
    async with shop(server) as (router, _, _):
        assert [entry.name for entry in router.tools_for(CUSTOMER)] == names
