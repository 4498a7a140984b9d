"""Dependencies: what is asked, and what the answer means."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from museod.front import dependencies
from museod.front.dependencies import DEADLINE_SECONDS, INTERVAL_SECONDS, RETRY_SECONDS, Dependencies, probe

OneConnection = Callable[[trio.SocketStream], Awaitable[None]]


async def served(handler: OneConnection, nursery: trio.Nursery) -> str:
    """A server on the loopback, as the URL of a service."""
    listeners = await nursery.start(partial(trio.serve_tcp, handler, 0, host="127.0.0.1"))
    return f"http://user:secret@127.0.0.1:{listeners[0].socket.getsockname()[1]}/base/"


@pytest.mark.real
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", "up"),
        (b"HTTP/1.0 204 No Content\r\n\r\n", "up"),
        (b"HTTP/1.1 503 Away\r\n\r\n", "degraded"),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://169.254.169.254/\r\n\r\n", "degraded"),
        (b"SSH-2.0-x\r\n", "degraded"),
        (b"", "degraded"),
        (b"x" * 10_000, "degraded"),
    ],
)
async def test_what_an_answer_means(answer: bytes, state: str, nursery: trio.Nursery) -> None:
    asked: list[bytes] = []

    async def serve(stream: trio.SocketStream) -> None:
        asked.append(await stream.receive_some(4096))
        for at in range(0, len(answer), 7):
            try:
                await stream.send_all(answer[at : at + 7])
            except trio.BrokenResourceError:
                return

    with trio.fail_after(5):
        assert await probe(await served(serve, nursery)) == state
    assert asked[0].startswith(b"GET /base/health HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"secret" not in asked[0]
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "http://127.0.0.1:99999",
        "http://[",
        "http://",
        "https://127.0.0.1:1",
        "http://ü:1",
    ],
)
async def test_what_cannot_be_reached_is_down(url: str) -> None:
    with trio.fail_after(5):
        assert await probe(url) == "down"


async def test_a_service_that_never_answers_is_down(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    async def hang(*_: object, **__: object) -> None:
        await trio.sleep_forever()

    monkeypatch.setattr(trio, "open_tcp_stream", hang)
    assert await probe("http://shop.example") == "down"
    assert trio.current_time() == pytest.approx(DEADLINE_SECONDS)


async def test_a_probe_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object, **__: object) -> None:
        await trio.sleep_forever()

    monkeypatch.setattr(trio, "open_tcp_stream", hang)
    with trio.move_on_after(0) as scope:
        await probe("http://shop.example")
    assert scope.cancelled_caught


def test_since_changes_with_the_state_only() -> None:
    known = Dependencies()
    known.note("redis", "up")
    first = known.status()["redis"]
    known.note("redis", "up")
    assert known.status()["redis"] is first
    known.note("redis", "down")
    assert known.status()["redis"]["state"] == "down"
    assert set(first) == {"state", "since"}


async def test_a_service_is_asked_more_often_while_it_is_away(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    states = iter(["up", "down", "degraded", "up"])
    asked_at: list[float] = []
    changes: list[str] = []

    async def answer(_: str) -> str:
        asked_at.append(trio.current_time())
        await trio.lowlevel.checkpoint()
        state = next(states, None)
        if state is None:
            await trio.sleep_forever()
        return state or ""

    monkeypatch.setattr(dependencies, "probe", answer)
    known = Dependencies()
    with trio.move_on_after(200):
        await known.watch_http(
            "shop", "http://x", on_change=lambda: changes.append(known.status()["shop"]["state"])
        )
    waits = [later - sooner for sooner, later in itertools.pairwise(asked_at)]
    assert waits == pytest.approx([INTERVAL_SECONDS, RETRY_SECONDS, RETRY_SECONDS, INTERVAL_SECONDS])
    assert changes == ["up", "down", "degraded", "up"]
