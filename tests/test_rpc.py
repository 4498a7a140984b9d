"""The RPC connection over an in-memory pair."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from museod.errors import CallTimeout, ChannelClosed, InvalidParams, RpcFailed
from museod.rpc import CANCELLED, RpcConnection
from museod.transports.channel import MemoryChannel, open_memory_pair
from museod.wire import codec
from museod.wire.messages import Notification, Request

Serve = Callable[[Request], Awaitable[bytes]]


@asynccontextmanager
async def connected(
    serve: Serve, **options: Any
) -> AsyncIterator[tuple[RpcConnection, RpcConnection, MemoryChannel]]:
    """A client, a server that answers with `serve`, and the server's end of the channel."""
    ours, theirs = open_memory_pair()
    client, server = RpcConnection(ours), RpcConnection(theirs, serve=serve, **options)
    async with trio.open_nursery() as nursery:
        await nursery.start(client.run)
        await nursery.start(server.run)
        yield client, server, theirs
        nursery.cancel_scope.cancel()


async def echo(request: Request) -> bytes:
    await trio.lowlevel.checkpoint()
    return bytes(request.params)


async def test_a_call_returns_the_result_bytes_untouched() -> None:
    async with connected(echo) as (client, _, _):
        raw = await client.call("x", b'{"b": 1,  "a":12345678901234567890123}', timeout=1)

    assert bytes(raw) == b'{"b": 1,  "a":12345678901234567890123}'


async def test_concurrent_calls_get_their_own_answers() -> None:
    answers: dict[int, bytes] = {}

    async def serve(request: Request) -> bytes:
        number = codec.decode(request.params)["n"]
        for _ in range(10 - number):
            await trio.lowlevel.checkpoint()
        return bytes(request.params)

    async def one(client: RpcConnection, number: int) -> None:
        answers[number] = bytes(await client.call("x", codec.encode({"n": number}), timeout=1))

    async with connected(serve) as (client, _, _), trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(one, client, number)

    assert answers == {number: codec.encode({"n": number}) for number in range(10)}


async def test_a_call_error_crosses_with_code_kind_and_text() -> None:
    async def serve(_: Request) -> bytes:
        raise InvalidParams("Send a number.", data={"field": "n"})

    async with connected(serve) as (client, _, _):
        with pytest.raises(RpcFailed, match=r"Send a number\.") as caught:
            await client.call("x", b"{}", timeout=1)

    assert caught.value.code == -32602
    assert caught.value.payload == {"kind": "invalid_params", "field": "n"}


async def test_a_bug_in_the_handler_tells_the_caller_nothing_of_it() -> None:
    async def serve(_: Request) -> bytes:
        raise KeyError("secret path /etc/museod")

    async with connected(serve) as (client, _, _):
        with pytest.raises(RpcFailed) as caught:
            await client.call("x", b"{}", timeout=1)
        again = await _code_of(client)

    assert caught.value.code == again == -32603
    assert "museod" not in str(caught.value)


async def _code_of(client: RpcConnection) -> int:
    try:
        await client.call("x", b"{}", timeout=1)
    except RpcFailed as error:
        return error.code
    return 0


async def test_cancelling_a_call_stops_the_work_on_the_other_side() -> None:
    started, stopped = trio.Event(), trio.Event()

    async def serve(_: Request) -> bytes:
        started.set()
        try:
            await trio.sleep_forever()
        finally:
            stopped.set()
        raise AssertionError

    async with connected(serve) as (client, server, _):
        with trio.fail_after(5):
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_call_forever, client)
                    await started.wait()
                    scope.cancel()
            await stopped.wait()
            await server.wait_idle()

        assert client.in_flight == server.serving == 0


async def _call_forever(client: RpcConnection) -> None:
    await client.call("x", b"{}", timeout=float("inf"))


async def test_a_late_answer_to_a_timed_out_call_is_dropped(autojump_clock: MockClock) -> None:
    release = trio.Event()

    async def serve(request: Request) -> bytes:
        if request.method == "slow":
            with trio.CancelScope(shield=True):
                await release.wait()
        return b"{}"

    async with connected(serve) as (client, _, _):
        with pytest.raises(CallTimeout, match="within 2 s"):
            await client.call("slow", b"{}", timeout=2)
        release.set()

        assert bytes(await client.call("fast", b"{}", timeout=2)) == b"{}"


async def test_calls_fail_when_the_other_side_leaves_and_new_ones_at_once() -> None:
    async def serve(_: Request) -> bytes:
        await trio.sleep_forever()
        raise AssertionError

    ours, theirs = open_memory_pair()
    client, server = RpcConnection(ours), RpcConnection(theirs, serve=serve)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(client.run)
            await nursery.start(server.run)
            outcomes: list[BaseException] = []

            async def call() -> None:
                try:
                    await client.call("x", b"{}", timeout=60)
                except ChannelClosed as error:
                    outcomes.append(error)

            for _ in range(3):
                nursery.start_soon(call)
            while server.serving < 3:
                await trio.lowlevel.checkpoint()
            await theirs.aclose()
        await call()

    assert len(outcomes) == 4
    assert client.in_flight == 0


async def test_requests_beyond_the_limit_wait_their_turn_and_a_queued_one_can_be_cancelled() -> None:
    running: list[object] = []
    release = trio.Event()

    async def serve(request: Request) -> bytes:
        running.append(request.id)
        await release.wait()
        return b"{}"

    async with connected(serve, max_concurrent=2) as (client, server, _), trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(_call_forever, client)
        with trio.fail_after(5):
            while server.serving < 3 or len(running) < 2:
                await trio.lowlevel.checkpoint()
            await trio.testing.wait_all_tasks_blocked()
            assert len(running) == 2
            async with trio.open_nursery() as fourth:
                fourth.start_soon(_call_forever, client)
                while server.serving < 4:
                    await trio.lowlevel.checkpoint()
                fourth.cancel_scope.cancel()
            while server.serving > 3:
                await trio.lowlevel.checkpoint()
            release.set()
            await server.wait_idle()

    assert len(running) == 3


async def test_an_id_in_use_is_refused_and_the_first_request_is_still_answered() -> None:
    release = trio.Event()

    async def serve(_: Request) -> bytes:
        await release.wait()
        return b'{"first":true}'

    ours, theirs = open_memory_pair()
    server = RpcConnection(theirs, serve=serve)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(server.run)
            for _ in range(2):
                ours.post(b'{"jsonrpc":"2.0","id":7,"method":"x"}')
            refused = codec.decode((await ours.receive())[0])
            release.set()
            answered = codec.decode((await ours.receive())[0])
            nursery.cancel_scope.cancel()

    assert refused["error"]["code"] == -32600
    assert answered == {"jsonrpc": "2.0", "id": 7, "result": {"first": True}}


@pytest.mark.parametrize(
    ("line", "code", "id"),
    [
        (b"{", -32700, None),
        (b"\xff", -32700, None),
        (b"[]", -32600, None),
        (b'{"jsonrpc":"2.0","id":true,"method":"x"}', -32600, None),
        (b'{"jsonrpc":"1.0","id":4,"method":"x"}', -32600, 4),
        (b'{"jsonrpc":"2.0","id":4,"method":"x","params":[]}', -32602, 4),
        (b'{"jsonrpc":"2.0","id":"a","method":"x","params":{"k":1,"k":2}}', -32600, "a"),
        (b'{"jsonrpc":"2.0","id":5,"method":"x","params":' + b'{"a":' * 70 + b"1" + b"}" * 71, -32700, None),
    ],
)
async def test_what_is_no_request_gets_an_error_and_the_connection_goes_on(
    line: bytes, code: int, id: object
) -> None:
    ours, theirs = open_memory_pair()
    server = RpcConnection(theirs, serve=echo)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(server.run)
            ours.post(line)
            refused = codec.decode((await ours.receive())[0])
            ours.post(b'{"jsonrpc":"2.0","id":"after","method":"x","params":{}}')
            after = codec.decode((await ours.receive())[0])
            nursery.cancel_scope.cancel()

    assert (refused["error"]["code"], refused["id"]) == (code, id)
    assert after["id"] == "after"


async def test_the_id_of_a_cancelled_request_may_be_used_again_and_gets_its_own_answer() -> None:
    may_end = {"stubborn": trio.Event(), "next": trio.Event()}

    async def serve(request: Request) -> bytes:
        with trio.CancelScope(shield=True):
            await may_end[request.method].wait()
        return codec.encode({"method": request.method})

    ours, theirs = open_memory_pair()
    server = RpcConnection(theirs, serve=serve)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(server.run)
            ours.post(b'{"jsonrpc":"2.0","id":7,"method":"stubborn"}')
            ours.post(b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}')
            ours.post(b'{"jsonrpc":"2.0","id":7,"method":"next"}')
            await trio.testing.wait_all_tasks_blocked()
            may_end["stubborn"].set()
            await trio.testing.wait_all_tasks_blocked()
            assert server.serving == 1
            may_end["next"].set()
            answers = [codec.decode(message) for message in await ours.receive()]
            nursery.cancel_scope.cancel()

    assert answers == [{"jsonrpc": "2.0", "id": 7, "result": {"method": "next"}}]


async def test_notifications_arrive_in_order_between_requests() -> None:
    seen: list[str] = []

    def noticed(notification: Notification) -> None:
        seen.append(notification.method)

    ours, theirs = open_memory_pair()
    client, server = RpcConnection(ours), RpcConnection(theirs, serve=echo, on_notification=noticed)
    async with trio.open_nursery() as nursery:
        await nursery.start(client.run)
        await nursery.start(server.run)
        client.notify("one", b"")
        client.notify("two", b'{"a":1}')
        await client.call("x", b"{}", timeout=1)
        nursery.cancel_scope.cancel()

    assert seen == ["one", "two"]


async def test_one_request_after_another_is_answered_around_a_cancelled_one() -> None:
    begun: list[object] = []

    async def serve(request: Request) -> bytes:
        begun.append(request.id)
        if request.method == "wait":
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()
        return b"{}"

    ours, theirs = open_memory_pair()
    server = RpcConnection(theirs, serve=serve)
    answered = []
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(server.run)
            for id, method in enumerate(("x", "x", "wait", "x", "x")):
                ours.post(codec.encode_request(id, method, b"{}"))
                if method == "wait":
                    await trio.testing.wait_all_tasks_blocked()
                    ours.post(codec.encode_notification(CANCELLED, b'{"requestId":%d}' % id))
                else:
                    answered.append(codec.decode((await ours.receive())[0])["id"])
                await trio.testing.wait_all_tasks_blocked()
                assert server.serving == 0
            nursery.cancel_scope.cancel()

    assert begun == [0, 1, 2, 3, 4]
    assert answered == [0, 1, 3, 4]


async def test_a_request_that_is_cancelled_before_its_turn_is_not_begun() -> None:
    begun: list[object] = []

    async def serve(request: Request) -> bytes:
        begun.append(request.id)
        await trio.lowlevel.checkpoint()
        return b"{}"

    ours, theirs = open_memory_pair()
    server = RpcConnection(theirs, serve=serve)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(server.run)
            ours.post(codec.encode_request(1, "x", b"{}"))
            ours.post(codec.encode_notification(CANCELLED, b'{"requestId":1}'))
            ours.post(codec.encode_request(2, "x", b"{}"))
            answer = codec.decode((await ours.receive())[0])
            nursery.cancel_scope.cancel()

    assert (begun, answer["id"]) == ([2], 2)


async def test_a_cancellation_behind_the_answer_spares_the_next_request() -> None:
    may_end = trio.Event()

    async def serve(request: Request) -> bytes:
        if request.method == "wait":
            await may_end.wait()
        return b"{}"

    ours, theirs = open_memory_pair()
    server = RpcConnection(theirs, serve=serve)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(server.run)
            ours.post(codec.encode_request(1, "x", b"{}"))
            await ours.receive()
            ours.post(codec.encode_request(2, "wait", b"{}"))
            await trio.testing.wait_all_tasks_blocked()
            ours.post(codec.encode_notification(CANCELLED, b'{"requestId":1}'))
            await trio.testing.wait_all_tasks_blocked()
            may_end.set()
            answer = codec.decode((await ours.receive())[0])
            nursery.cancel_scope.cancel()

    assert answer["id"] == 2
