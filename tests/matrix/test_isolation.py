"""Clients that use the same ids and tokens at once, and two hundred that leave at any moment."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import trio

from tests.e2e.daemon import HOST, Daemon, running_daemon, wait_until
from tests.e2e.mcp_session import open_session, text_of
from tests.e2e.sockets import open_socket
from tests.matrix.combinations import configuration
from tests.torture.jsonrpc_cases import META

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]
SECONDS = 30.0
SETTLE_SECONDS = 10.0
CLIENTS = 200
TOKEN = "the same"
SEED = 20260728  # the points are random, but the same in each run


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    directory = tmp_path_factory.mktemp("isolation")
    config = configuration("2026-07-28", directory.name)
    with running_daemon(directory, config=config, MCP_LIMITS="off") as started:
        yield started
        started.stop_cleanly()


def request(id: int | str, tool: str, arguments: dict[str, Any], **meta: Any) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments, "_meta": {**META, **meta}}
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}


async def everything_until(port: int, id: int | str, message: dict[str, Any]) -> list[dict[str, Any]]:
    """All that a client is told, up to the answer to its request."""
    told: list[dict[str, Any]] = []
    async with open_socket(port, "/mcp", ["mcp"]) as connection:
        await connection.send_message(json.dumps(message))
        while not told or told[-1].get("id") != id:
            told.append(json.loads(await connection.get_message()))
    return told


@pytest.mark.parametrize("id", [1, "1"])
async def test_clients_with_the_same_ids_and_tokens_never_meet(id: int | str, daemon: Daemon) -> None:
    """Each works on something of its own, at the same time, under one id and one progress token."""
    told: dict[int, list[dict[str, Any]]] = {}

    async def steps(number: int) -> None:
        message = request(id, "test_tool_with_progress", {}, progressToken=TOKEN)
        told[number] = await everything_until(daemon.port, id, message)

    async def count(number: int) -> None:
        message = request(id, "slow", {"seconds": 0.5}, progressToken=TOKEN)
        told[number] = await everything_until(daemon.port, id, message)

    async def double(number: int) -> None:
        told[number] = await everything_until(daemon.port, id, request(id, "test_structured", {"n": number}))

    kinds = [steps, count, double]
    with trio.fail_after(SECONDS):
        async with trio.open_nursery() as nursery:
            for number in range(12):
                nursery.start_soon(kinds[number % 3], number)

    for number, messages in told.items():
        *notes, answer = messages
        assert answer["id"] == id
        assert type(answer["id"]) is type(id)
        assert all(note["method"] == "notifications/progress" for note in notes)
        assert all(note["params"]["progressToken"] == TOKEN for note in notes)
        done = [note["params"]["progress"] for note in notes]
        if number % 3 == 0:
            assert done == [0, 50, 100]
            assert text_of(answer["result"]) == "progress done"
        elif number % 3 == 1:
            assert done == list(range(1, len(done) + 1)), "steps are missing or somebody else's"
            assert len(done) >= 2
            assert text_of(answer["result"]) == "slept"
        else:
            assert done == []
            assert answer["result"]["structuredContent"] == {"double": 2 * number}


# ---------------------------------------------------------------- two hundred that leave


def files_of(daemon: Daemon) -> int:
    return len(os.listdir(f"/proc/{daemon.pid}/fd"))


def gauge(daemon: Daemon, name: str) -> float:
    """The sum of one metric over its labels."""
    lines: str = daemon.ask("/metrics")[1]
    values = [row.rsplit(" ", 1)[1] for row in lines.splitlines() if row.startswith((name + "{", name + " "))]
    return sum(map(float, values))


def http_call(id: int, tool: str, arguments: dict[str, Any]) -> bytes:
    body = json.dumps(request(id, tool, arguments)).encode()
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n"
        f"Mcp-Method: tools/call\r\nMcp-Name: {tool}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Crowd:
    """Clients that each ask for something slow, and stop in one of four ways after a moment."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._random = random.Random(SEED)
        self.answered = 0

    async def run(self, count: int) -> None:
        async with trio.open_nursery() as nursery:
            for number in range(count):
                way = (self._cancels, self._leaves, self._waits, self._hangs_up)[number % 4]
                nursery.start_soon(way, self._random.uniform(0, 0.5))

    async def _cancels(self, moment: float) -> None:
        """Says that it does not want the answer any more, and uses the connection for something else."""
        cancelled = {"method": "notifications/cancelled", "params": {"requestId": 1}}
        async with open_socket(self._port, "/mcp", ["mcp"]) as connection:
            await connection.send_message(json.dumps(request(1, "slow", {"seconds": 60})))
            await trio.sleep(moment)
            await connection.send_message(json.dumps({"jsonrpc": "2.0", **cancelled}))
            await connection.send_message(json.dumps(request(2, "test_structured", {"n": 4})))
            answer = json.loads(await connection.get_message())
            assert answer["id"] == 2, "something came for a request that was cancelled"
            assert answer["result"]["structuredContent"] == {"double": 8}
            self.answered += 1

    async def _leaves(self, moment: float) -> None:
        """Closes its WebSocket in the middle."""
        async with open_session(self._port) as session:
            await session.start("tools/call", name="slow", arguments={"seconds": 60})
            await trio.sleep(moment)

    async def _waits(self, moment: float) -> None:
        """Stays to the end."""
        async with open_session(self._port) as session:
            assert text_of(await session.call("slow", seconds=moment)) == "slept"
            self.answered += 1

    async def _hangs_up(self, moment: float) -> None:
        """Closes its HTTP connection in the middle, which is how a modern client cancels."""
        async with await trio.open_tcp_stream(HOST, self._port) as stream:
            await stream.send_all(http_call(1, "slow", {"seconds": 60}))
            await trio.sleep(moment)


def _is_some(daemon: Daemon, name: str) -> bool:
    return gauge(daemon, name) > 0


def _is_none(count: Callable[[], float]) -> bool:
    return count() <= 0


async def test_two_hundred_clients_that_leave_at_any_moment_leave_nothing_behind(daemon: Daemon) -> None:
    async with open_session(daemon.port) as session:
        await session.call("test_simple_text")  # the daemon opens lazily what it keeps open
    files_before = files_of(daemon)
    crowd = Crowd(daemon.port)
    with trio.fail_after(SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(crowd.run, CLIENTS)
            for name in ("museod_in_flight", "museod_ws_connections"):  # they do count
                await wait_until(partial(_is_some, daemon, name), SETTLE_SECONDS, f"{name} stays at 0")

    assert crowd.answered == CLIENTS // 2
    left: dict[str, Callable[[], float]] = {
        "calls in flight": lambda: gauge(daemon, "museod_in_flight"),
        "WebSocket connections": lambda: gauge(daemon, "museod_ws_connections"),
        "files": lambda: files_of(daemon) - files_before,
    }
    for what, count in left.items():
        await wait_until(partial(_is_none, count), SETTLE_SECONDS, f"{what} are left")
    # Whatever had been left of a task or an entry would answer, or block, what comes next.
    async with open_session(daemon.port) as session:
        with trio.fail_after(SETTLE_SECONDS):
            for number in range(20):
                assert (await session.call("test_structured", n=number))["structuredContent"] == {
                    "double": 2 * number
                }
