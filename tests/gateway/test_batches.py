"""Batches: for sessions of revision 2025-03-26, and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from museod.access.principal import Role, principal
from museod.gateway.children import Children
from museod.gateway.connection import Connection
from museod.gateway.http_face import HttpFace
from museod.gateway.policy import ChildPolicy
from museod.gateway.router import Router
from museod.gateway.server import Server
from museod.gateway.subscriptions import Subscriptions
from museod.stores.sealing import Sealer
from museod.transports.channel import open_memory_pair
from museod.transports.http1 import Headers, HttpRequest, HttpResponse
from museod.transports.streamable import Streamable
from museod.wire import codec
from tests.fakes.children import FakeServer, attached, echo, tool

CALLER = principal("ann", Role.CUSTOMER)


def new_server() -> tuple[Server, Children]:
    children = Children([ChildPolicy("shop", allow={"*": frozenset(Role)})])
    seal = Sealer([("k", b"k" * 32)])
    return Server(Router(children), Subscriptions(children), cursor_key=b"c" * 32, seal=seal), children


def initialize(revision: str) -> dict[str, Any]:
    params = {"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    return {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}


def call(id: int) -> dict[str, Any]:
    params = {"name": "echo", "arguments": {"n": id}}
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}


BATCH = [
    call(1),
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    call(2),
    {"jsonrpc": "1.0", "id": 3},
]


def post(body: Any, revision: str, session: str = "") -> HttpRequest:
    fields = [
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", revision),
    ]
    if session:
        fields.append(("Mcp-Session-Id", session))
    return HttpRequest("POST", "/mcp", "/mcp", "", Headers(fields), codec.encode(body), "127.0.0.1", 1)


@pytest.mark.parametrize("revision", ["2025-03-26", "2025-06-18", "2025-11-25"])
async def test_over_http_a_batch_is_answered_as_one_where_the_revision_has_them(revision: str) -> None:
    server, children = new_server()
    endpoint = Streamable(HttpFace(server))
    async with attached(children, "shop", FakeServer([tool("echo")], answers={"echo": echo})):
        opened = await endpoint.handle(post(initialize(revision), revision), CALLER)
        assert isinstance(opened, HttpResponse)
        session = dict(opened.headers)["Mcp-Session-Id"]
        answer = await endpoint.handle(post(BATCH, revision, session), CALLER)

    assert isinstance(answer, HttpResponse)
    body = codec.decode(answer.body)
    if revision == "2025-03-26":
        assert answer.status == 200
        assert sorted((part["id"], "result" in part) for part in body) == [(1, True), (2, True), (3, False)]
    else:
        assert (answer.status, body["error"]["code"]) == (400, -32600)


async def test_an_oversized_or_empty_batch_is_refused() -> None:
    server, _ = new_server()
    endpoint = Streamable(HttpFace(server))
    opened = await endpoint.handle(post(initialize("2025-03-26"), "2025-03-26"), CALLER)
    assert isinstance(opened, HttpResponse)
    session = dict(opened.headers)["Mcp-Session-Id"]
    for batch in ([], [call(number) for number in range(33)]):
        answer = await endpoint.handle(post(batch, "2025-03-26", session), CALLER)
        assert isinstance(answer, HttpResponse)
        assert answer.status == 400


async def test_a_batch_of_notifications_wants_no_answer() -> None:
    server, _ = new_server()
    endpoint = Streamable(HttpFace(server))
    opened = await endpoint.handle(post(initialize("2025-03-26"), "2025-03-26"), CALLER)
    assert isinstance(opened, HttpResponse)
    session = dict(opened.headers)["Mcp-Session-Id"]
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    answer = await endpoint.handle(post([note, note], "2025-03-26", session), CALLER)

    assert isinstance(answer, HttpResponse)
    assert (answer.status, answer.body) == (202, b"")


@pytest.mark.parametrize(("revision", "answered"), [("2025-03-26", {1, 2, 3}), ("2025-11-25", {None})])
async def test_on_a_channel_the_parts_of_a_batch_are_answered_one_by_one(
    revision: str, answered: set[int | None]
) -> None:
    server, children = new_server()
    ours, theirs = open_memory_pair()
    async with attached(children, "shop", FakeServer([tool("echo")], answers={"echo": echo})):
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                connection = Connection(theirs, server, CALLER, in_flight=8)
                nursery.start_soon(connection.run, trio.Event())
                ours.post(codec.encode(initialize(revision)))
                await ours.receive()
                ours.post(codec.encode(BATCH))
                seen: list[Any] = []
                while len(seen) < len(answered):
                    seen += [codec.decode(message) for message in await ours.receive()]
                nursery.cancel_scope.cancel()

    assert {message["id"] for message in seen} == answered


async def test_what_is_piped_in_behind_initialize_finds_it_done() -> None:
    server, children = new_server()
    for _ in range(20):
        ours, theirs = open_memory_pair()
        async with attached(children, "shop", FakeServer([tool("echo")], answers={"echo": echo})):
            with trio.fail_after(5):
                async with trio.open_nursery() as nursery:
                    for message in (initialize("2025-11-25"), call(1), call(2)):
                        ours.post(codec.encode(message))
                    await nursery.start(_run, Connection(theirs, server, CALLER, in_flight=8))
                    seen: dict[int, Any] = {}
                    while len(seen) < 3:
                        for data in await ours.receive():
                            answer = codec.decode(data)
                            seen[answer["id"]] = answer
                    nursery.cancel_scope.cancel()
        assert all("result" in answer for answer in seen.values())


async def _run(connection: Connection, *, task_status: trio.TaskStatus[None]) -> None:
    task_status.started()
    await connection.run(trio.Event())
