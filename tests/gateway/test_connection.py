"""MCP over a message channel: the first request decides the era."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from museod.access.principal import Role, principal
from museod.gateway.connection import Connection
from museod.transports.channel import MemoryChannel, open_memory_pair
from tests.fakes.children import FakeServer, echo, hang, tool
from tests.fakes.gateway import INITIALIZE, META, MODERN, Gateway, message, open_gateway

ANN = principal("ann", Role.CUSTOMER)


class Client:
    """The other end of a connection, speaking raw JSON."""

    def __init__(self, channel: MemoryChannel, gateway: Gateway, connection: Connection) -> None:
        self.channel, self.gateway, self.connection = channel, gateway, connection
        self._read: list[dict[str, Any]] = []

    async def next(self) -> dict[str, Any]:
        while not self._read:
            self._read = [json.loads(data) for data in await self.channel.receive()]
        return self._read.pop(0)

    async def ask(self, data: bytes | dict[str, Any]) -> dict[str, Any]:
        self.channel.post(data if isinstance(data, bytes) else json.dumps(data).encode())
        return await self.next()

    def notify(self, method: str, **params: Any) -> None:
        self.channel.post(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode())


def shop() -> FakeServer:
    return FakeServer([tool("echo"), tool("hang")], answers={"echo": echo, "hang": hang})


@asynccontextmanager
async def connected(*, in_flight: int = 8) -> AsyncIterator[Client]:
    ours, theirs = open_memory_pair()
    with trio.fail_after(5):
        async with open_gateway(shop()) as gateway, trio.open_nursery() as nursery:
            connection = Connection(theirs, gateway.server, ANN, in_flight=in_flight)
            nursery.start_soon(connection.run, gateway.draining)
            yield Client(ours, gateway, connection)
            nursery.cancel_scope.cancel()


def code_of(answer: dict[str, Any]) -> int:
    code: int = answer["error"]["code"]
    return code


async def test_a_modern_client_needs_no_handshake() -> None:
    async with connected() as client:
        listed = await client.ask(message("tools/list", meta={}))
        called = await client.ask(message("tools/call", id="c", meta={}, name="echo", arguments={"a": 1}))
    assert [found["name"] for found in listed["result"]["tools"]] == ["echo", "hang"]
    assert listed["result"]["resultType"] == called["result"]["resultType"] == "complete"
    assert called["id"] == "c"
    assert called["result"]["content"][0]["text"] == '{"a":1}'


async def test_a_legacy_client_shakes_hands_first() -> None:
    async with connected() as client:
        early = await client.ask(message("tools/list", id=1))
        pong = await client.ask(message("ping", id=2))
        agreed = await client.ask(message("initialize", id=3, **INITIALIZE))
        client.notify("notifications/initialized")
        listed = await client.ask(message("tools/list", id=4))
        again = await client.ask(message("initialize", id=5, **INITIALIZE))
    assert code_of(early) == -32600
    assert pong["result"] == {}
    assert agreed["result"]["protocolVersion"] == "2025-06-18"
    assert agreed["result"]["capabilities"]["tools"] == {"listChanged": True}
    assert "resultType" not in listed["result"]
    assert code_of(again) == -32600


async def test_asking_what_the_server_can_decides_nothing() -> None:
    async with connected() as client:
        found = await client.ask(message("server/discover", meta={}))
        agreed = await client.ask(message("initialize", id=2, **INITIALIZE))
    assert found["result"]["supportedVersions"] == [MODERN]
    assert "result" in agreed


async def test_a_modern_connection_stays_modern() -> None:
    async with connected() as client:
        await client.ask(message("tools/list", meta={}))
        refused = await client.ask(message("initialize", id=2, **INITIALIZE))
        bare = await client.ask(message("tools/list", id=3))
        removed = await client.ask(message("ping", id=4, meta={}))
    assert code_of(refused) == -32022
    assert refused["error"]["data"] == {"supported": [MODERN], "requested": "2025-06-18"}
    assert code_of(bare) == -32602
    assert code_of(removed) == -32601


async def test_an_initialized_connection_takes_no_modern_request() -> None:
    async with connected() as client:
        await client.ask(message("initialize", **INITIALIZE))
        refused = await client.ask(message("tools/list", id=2, meta={}))
    assert code_of(refused) == -32600


@pytest.mark.parametrize(
    ("meta", "code"),
    [
        ({**META, "io.modelcontextprotocol/protocolVersion": "2030-01-01"}, -32022),
        ({"io.modelcontextprotocol/protocolVersion": MODERN}, -32602),
        ({**META, "io.modelcontextprotocol/clientCapabilities": 5}, -32602),
    ],
)
async def test_an_envelope_that_does_not_fit(meta: dict[str, Any], code: int) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}}
    async with connected() as client:
        assert code_of(await client.ask(body)) == code


@pytest.mark.parametrize(
    "note", ["initialize", "tools/list", "notifications/initialized", "notifications/cancelled", "x" * 5000]
)
async def test_no_notification_ends_a_connection(note: str) -> None:
    async with connected() as client:
        client.notify(note)
        await client.ask(message("initialize", **INITIALIZE))
        client.notify(note)
        assert (await client.ask(message("ping", id=2)))["result"] == {}


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b"\xff", b'{"jsonrpc":"2.0","id":1,"error":"x"}', b'"\\ud800"']
)
async def test_nothing_that_is_sent_ends_a_connection(data: bytes) -> None:
    async with connected() as client:
        client.channel.post(data)
        while (answer := await client.ask(message("tools/list", id="after", meta={})))["id"] != "after":
            assert answer["id"] is None
    assert "result" in answer


async def test_cancelling_a_request_frees_its_id_and_is_not_answered() -> None:
    async with connected() as client:
        client.channel.post(message("tools/call", id=7, meta={}, name="hang", arguments={}))
        while not client.gateway.children["shop"].in_flight:
            await trio.lowlevel.checkpoint()
        client.notify("notifications/cancelled", requestId=7)
        while client.gateway.children["shop"].in_flight:
            await trio.lowlevel.checkpoint()
        answer = await client.ask(message("tools/list", id=7, meta={}))
    assert (answer["id"], "result" in answer) == (7, True)


async def test_a_legacy_client_hears_of_changed_lists_and_a_modern_one_only_when_it_listens() -> None:
    for is_legacy in (True, False):
        async with connected() as client:
            if is_legacy:
                await client.ask(message("initialize", **INITIALIZE))
            else:
                await client.ask(message("tools/list", meta={}))
            child = client.gateway.children["shop"]
            client.gateway.children.leave(child, child.upstreams[0])
            client.gateway.children.state_changed("shop", "failed", 30.0)
            answers = [await client.ask(message("no/such", id="end", **({} if is_legacy else {"meta": {}})))]
            while "id" not in answers[-1]:
                answers.append(await client.next())
        told = [answer.get("method") for answer in answers[:-1]]
        assert ("notifications/tools/list_changed" in told) is is_legacy


async def test_a_drain_waits_for_what_runs_and_then_ends_the_connection() -> None:
    may_end = trio.Event()

    async def work(_: dict[str, Any]) -> Any:
        await may_end.wait()
        return {"content": []}

    server = FakeServer([tool("work")], answers={"work": work})
    ours, theirs = open_memory_pair()
    with trio.fail_after(5):
        async with open_gateway(server) as gateway, trio.open_nursery() as nursery:
            connection = Connection(theirs, gateway.server, ANN, in_flight=8)
            nursery.start_soon(connection.run, gateway.draining)
            ours.post(message("tools/call", meta={}, name="work", arguments={}))
            while not gateway.children["shop"].in_flight:
                await trio.lowlevel.checkpoint()
            gateway.draining.set()
            await trio.testing.wait_all_tasks_blocked()
            assert connection.serving == 1
            may_end.set()
            [answer] = await ours.receive()
    assert json.loads(answer)["result"]["content"] == []


async def test_a_client_that_leaves_ends_its_work() -> None:
    async with connected() as client:
        client.channel.post(message("tools/call", meta={}, name="hang", arguments={}))
        while not client.gateway.children["shop"].in_flight:
            await trio.lowlevel.checkpoint()
        await client.channel.aclose()
        while client.gateway.children["shop"].in_flight:
            await trio.lowlevel.checkpoint()
    assert client.connection.serving == 0


async def test_more_requests_than_allowed_at_once_wait_their_turn() -> None:
    async with connected(in_flight=2) as client:
        for id in range(4):
            client.channel.post(message("tools/call", id=id, meta={}, name="hang", arguments={}))
        await trio.testing.wait_all_tasks_blocked()
        assert client.gateway.children["shop"].in_flight == 2
        assert client.connection.serving == 4
