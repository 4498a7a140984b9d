"""Batches to Loki: what is sent, what is tried again, what is dropped, and that nobody ever waits."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from museod.errors import ChannelBroken
from museod.observe.loki import (
    BATCH_BYTES,
    FLUSH_SECONDS,
    INTERVAL_SECONDS,
    MAX_RETRY_SECONDS,
    Loki,
    Pushed,
    encode_batch,
)
from tests.fakes.loki import FakeLoki


@pytest.fixture
def still_clock(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch) -> MockClock:
    """Time passes only while everybody waits; that clock does not see threads, so there are none."""

    async def run_here(function: Callable[..., Any], *args: Any) -> Any:
        await trio.lowlevel.checkpoint()
        return function(*args)

    monkeypatch.setattr(trio.to_thread, "run_sync", run_here)
    return autojump_clock


def line(event: str, **fields: Any) -> bytes:
    return json.dumps({"level": "info", "message": event, **fields}).encode()


class Sender:
    """In place of HTTP: what it answers is a list of statuses, 0 for nobody there; then all is taken."""

    def __init__(self, *answers: int, retry_after: float | None = None) -> None:
        self.loki = FakeLoki()
        self.answers = list(answers)
        self.retry_after = retry_after
        self.times: list[float] = []
        self.sizes: list[int] = []
        self.dropped = 0

    async def push(self, body: bytes) -> Pushed:
        await trio.lowlevel.checkpoint()
        self.times.append(trio.current_time())
        status = self.answers.pop(0) if self.answers else 204
        if status == 0:
            raise ChannelBroken("away")
        if status < 300:
            self.sizes.append(len(gzip.decompress(body)))
            self.loki.take(body)
        return Pushed(status, self.retry_after)

    def drop(self, count: int) -> None:
        self.dropped += count


@asynccontextmanager
async def running(sender: Sender, **options: Any) -> AsyncIterator[Loki]:
    loki = Loki(sender.push, on_drop=sender.drop, **options)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(loki.run)
            yield loki
            nursery.cancel_scope.cancel()
    finally:
        await loki.finish()


def test_lines_are_grouped_by_level_and_child_and_keep_their_text() -> None:
    texts = [
        line("a"),
        line("b", level="warn"),
        line("c", mcp="intent", metadata={"text": 'Größe \\ " \u2028'}),
        line("d", mcp="intent"),
        b"no json \xff",
        b'{"level": 3}',
    ]
    loki = FakeLoki()
    loki.take(encode_batch([(10**18 + number, text) for number, text in enumerate(texts)]))
    service = ("service", "museod")
    assert {labels: len(lines) for labels, lines in loki.streams.items()} == {
        (("level", "info"), service): 3,
        (("level", "warn"), service): 1,
        (("level", "info"), ("mcp", "intent"), service): 2,
    }
    assert loki.lines == [text.decode("utf-8", "replace") for text in texts]


async def test_lines_of_a_moment_travel_together(still_clock: MockClock) -> None:
    sender = Sender()
    async with running(sender) as loki:
        for number in range(1000):
            loki.post(line(f"e{number}"))
        await trio.sleep(1.5 * INTERVAL_SECONDS)
        assert sender.loki.events == [f"e{number}" for number in range(1000)]
        assert len(sender.times) == 1
        await trio.sleep(10 * INTERVAL_SECONDS)
        assert len(sender.times) == 1


async def test_a_batch_has_a_ceiling(still_clock: MockClock) -> None:
    sender = Sender()
    async with running(sender) as loki:
        for _ in range(30):
            loki.post(line("x" * 100_000))
        loki.post(line("y" * 2 * BATCH_BYTES))
        await trio.sleep(2 * INTERVAL_SECONDS)
    assert len(sender.loki.lines) == 31
    assert all(size < 1.1 * BATCH_BYTES for size in sender.sizes[:-1])


@pytest.mark.parametrize("status", [429, 500, 503, 0])
async def test_what_could_not_be_taken_is_sent_again_ever_more_patiently(
    status: int, still_clock: MockClock
) -> None:
    sender = Sender(*[status] * 10)
    async with running(sender) as loki:
        loki.post(line("first"))
        await trio.sleep(4 * MAX_RETRY_SECONDS)
        loki.post(line("meanwhile"))
        await trio.sleep(4 * MAX_RETRY_SECONDS)
    assert sender.loki.events[0] == "first"
    assert "meanwhile" in sender.loki.events
    assert sender.dropped == 0
    waits = [later - sooner for sooner, later in zip(sender.times, sender.times[1:10], strict=False)]
    assert waits[0] < 1
    assert waits[-1] > 0.7 * MAX_RETRY_SECONDS


async def test_loki_may_say_when_to_come_back(still_clock: MockClock) -> None:
    sender = Sender(429, 429, retry_after=7.0)
    async with running(sender) as loki:
        loki.post(line("a"))
        await trio.sleep(20)
    assert [later - sooner for sooner, later in zip(sender.times, sender.times[1:], strict=False)] == [
        7.0,
        7.0,
    ]
    assert sender.loki.events == ["a"]


async def test_what_loki_refuses_for_good_is_dropped_and_counted_and_holds_up_nothing(
    still_clock: MockClock,
) -> None:
    sender = Sender(400)
    async with running(sender) as loki:
        for _ in range(3):
            loki.post(line("bad"))
        await trio.sleep(2 * INTERVAL_SECONDS)
        loki.post(line("good"))
        await trio.sleep(2 * INTERVAL_SECONDS)
    assert (sender.loki.events, sender.dropped) == (["good"], 3)


async def test_a_full_queue_drops_and_counts_and_has_room_again(still_clock: MockClock) -> None:
    sender = Sender(*[0] * 3)
    async with running(sender, limit=10_000) as loki:
        for number in range(1000):
            loki.post(line(f"e{number}"))
        kept = 1000 - sender.dropped
        assert 0 < kept < 150
        await trio.sleep(MAX_RETRY_SECONDS)
        assert sender.loki.events == [f"e{number}" for number in range(kept)]
        loki.post(line("after"))
        await trio.sleep(2 * INTERVAL_SECONDS)
        assert sender.loki.events[-1] == "after"
        assert sender.dropped == 1000 - kept


async def test_the_end_delivers_what_waits(still_clock: MockClock) -> None:
    sender = Sender(503)
    with trio.CancelScope() as scope:
        async with running(sender) as loki:
            loki.post(line("last words"))
            scope.cancel()
    assert sender.loki.events == ["last words"]
    assert sender.dropped == 0


@pytest.mark.parametrize("is_hanging", [True, False])
async def test_the_end_waits_for_a_moment_only(is_hanging: bool, still_clock: MockClock) -> None:
    sender = Sender(*[0] * 1000)

    async def hang(_: bytes) -> Pushed:
        await trio.sleep_forever()
        raise AssertionError

    loki = Loki(hang if is_hanging else sender.push, on_drop=sender.drop)
    for _ in range(5):
        loki.post(line("lost"))
    start = trio.current_time()
    await loki.finish()
    assert trio.current_time() - start == pytest.approx(FLUSH_SECONDS)
    assert sender.dropped == 5


async def test_a_cancelled_try_loses_nothing(still_clock: MockClock) -> None:
    sender = Sender()
    is_first = True

    async def push(body: bytes) -> Pushed:
        nonlocal is_first
        if is_first:
            is_first = False
            await trio.sleep_forever()
        return await sender.push(body)

    loki = Loki(push, on_drop=sender.drop)
    loki.post(line("a"))
    with trio.move_on_after(3 * INTERVAL_SECONDS):
        await loki.run()
    loki.post(line("b"))
    await loki.finish()
    assert (sender.loki.events, sender.dropped) == (["a", "b"], 0)


async def test_lines_come_from_any_thread() -> None:
    sender = Sender()
    loki = Loki(sender.push, on_drop=sender.drop)

    def write() -> None:
        for _ in range(500):
            loki.post(line("t"))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await trio.to_thread.run_sync(thread.join)
    with trio.fail_after(5):
        await loki.finish()
    assert sum(sender.sizes) > 2000 * len(line("t"))
    assert sender.dropped == 0
