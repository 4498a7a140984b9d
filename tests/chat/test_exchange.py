"""One turn over HTTP: statuses, retry times, and the same as a stream of events."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio

from museod.access.principal import Principal, Role, principal
from museod.chat.engine import Engine
from museod.chat.exchange import answer_once, stream_once
from museod.chat.speaker import acting_caller
from museod.errors import ApiFailed, ChildUnavailable
from tests.fakes.conversations import FakeStores
from tests.fakes.tools import FakeTools, HangingTools, analysis, basket

ALICE = principal("alice", Role.CUSTOMER)
GUEST = principal("guest:r4nd0m", Role.GUEST)


def engine(tools: FakeTools) -> Engine:
    return Engine(tools, FakeStores().as_stores())


def body(**changes: Any) -> bytes:
    frame = {"userId": "alice", "message": "hello", "clientType": "web-admin", "locale": "en", "id": "m1"}
    return json.dumps({**frame, **changes}).encode()


def speaking_as(caller: Principal | None) -> Any:
    return lambda user_id, channel: acting_caller(user_id, caller, channel=channel)


async def test_an_answer_is_a_response_frame() -> None:
    exchange = await answer_once(
        body(), engine(FakeTools(analyze_intent=analysis("greeting"))), speaking_as(ALICE)
    )
    assert exchange.status == 200
    frame = json.loads(exchange.body)
    assert (frame["type"], frame["id"]) == ("response", "m1")
    assert exchange.retry_after is None


@pytest.mark.parametrize(
    ("data", "caller", "meant", "status", "code"),
    [
        (b"nonsense", ALICE, None, 400, -32700),
        (b'{"type":"ping"}', ALICE, None, 400, -32600),
        (body(clientType="fax"), ALICE, None, 400, -32602),
        (body(), None, None, 401, -32002),
        (body(userId="bob"), ALICE, None, 403, -32002),
        (body(), ALICE, analysis("admin.product.list"), 403, -32002),
        (body(), GUEST, analysis("admin.product.list"), 401, -32002),
        (body(), ALICE, ApiFailed("x"), 502, -32001),
        (body(), ALICE, ChildUnavailable("x", retry_after=0.4, data={"mcp": "intent"}), 503, -32000),
        (body(), ALICE, {"intent": 7}, 500, -32603),
    ],
)
async def test_a_failure_has_its_kinds_status_and_code(
    data: bytes, caller: Principal | None, meant: Any, status: int, code: int
) -> None:
    exchange = await answer_once(data, engine(FakeTools(analyze_intent=meant)), speaking_as(caller))
    frame = json.loads(exchange.body)
    assert (exchange.status, frame["type"], frame["code"]) == (status, "error", code)
    assert frame["message"]


async def test_a_limit_says_when_to_come_back() -> None:
    async def admit(_caller: Principal) -> float | None:
        return 2.2

    exchange = await answer_once(body(), engine(FakeTools()), speaking_as(ALICE), admit=admit)
    assert (exchange.status, exchange.retry_after) == (429, 3)


async def test_a_new_guest_gets_its_token() -> None:
    tools = FakeTools(analyze_intent=analysis("greeting"))
    exchange = await answer_once(body(), engine(tools), speaking_as(GUEST), guest_token="t0ken")
    assert json.loads(exchange.body)["metadata"]["guestToken"] == "t0ken"


async def test_a_stream_has_progress_and_ends_with_the_answer() -> None:
    tools = FakeTools(analyze_intent=analysis("basket.view"), get_basket={"basket": basket()})
    events: list[tuple[str, dict[str, Any]]] = []

    async def send(name: str, frame: bytes) -> None:
        events.append((name, json.loads(frame)))

    await stream_once(body(), engine(tools), speaking_as(ALICE), send)
    assert [name for name, _ in events] == ["progress", "progress", "response"]
    assert all(frame["type"] == name for name, frame in events)


async def test_a_stream_of_nonsense_is_one_error() -> None:
    names: list[str] = []

    async def send(name: str, _frame: bytes) -> None:
        names.append(name)

    await stream_once(b"nonsense", engine(FakeTools()), speaking_as(ALICE), send)
    assert names == ["error"]


async def test_a_reader_that_leaves_cancels_the_work() -> None:
    tools = HangingTools("analyze_intent")

    async def send(_name: str, _frame: bytes) -> None:
        await tools.asked.wait()
        raise trio.BrokenResourceError

    with pytest.RaisesGroup(trio.BrokenResourceError), trio.fail_after(5):
        await stream_once(body(), engine(tools), speaking_as(ALICE), send)
    assert tools.was_cancelled
