from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import outcome
import pytest
import trio

from museod.errors import StoreUnavailable
from museod.stores import bridge
from museod.stores.bridge import Bridge, Job


class Engine:
    """A list that jobs change, and a record of the batches that came."""

    def __init__(self) -> None:
        self.items: list[int] = []
        self.batches: list[int] = []
        self.is_closed = False

    def execute(self, batch: Sequence[Job[list[int], object]]) -> None:
        self.batches.append(len(batch))
        for job in batch:
            job.answer = outcome.capture(job.work, self.items)

    def close(self) -> None:
        self.is_closed = True


@asynccontextmanager
async def open_bridge(engine: Engine) -> AsyncIterator[Bridge[list[int]]]:
    opened: Bridge[list[int]] = Bridge("test", engine.execute, engine.close)
    try:
        yield opened
    finally:
        await opened.aclose()


class Gate:
    """Work that stands in the thread until let through."""

    def __init__(self) -> None:
        self._entered = trio.Event()
        self._open = threading.Event()
        self._loop = trio.lowlevel.current_trio_token()

    def __call__(self, items: list[int]) -> int:
        self._loop.run_sync_soon(self._entered.set)
        assert self._open.wait(5)
        items.append(0)
        return len(items)

    async def wait_entered(self) -> None:
        await self._entered.wait()

    def open(self) -> None:
        self._open.set()


async def test_jobs_run_in_order_and_answer_each_caller() -> None:
    engine = Engine()
    answers: dict[int, int] = {}

    async def add(number: int) -> None:
        def work(items: list[int]) -> int:
            items.append(number)
            return number * 2

        answers[number] = await opened.run(work, writes=True)

    with trio.fail_after(5):
        async with open_bridge(engine) as opened:
            for number in range(5):
                await add(number)
            async with trio.open_nursery() as nursery:
                for number in range(5, 100):
                    nursery.start_soon(add, number)
    assert answers == {number: number * 2 for number in range(100)}
    assert engine.items[:5] == [0, 1, 2, 3, 4]
    assert engine.is_closed


async def test_what_waits_while_a_batch_runs_shares_the_next_one() -> None:
    engine = Engine()
    with trio.fail_after(5):
        async with open_bridge(engine) as opened, trio.open_nursery() as nursery:
            gate = Gate()
            nursery.start_soon(lambda: opened.run(gate, writes=True))
            await gate.wait_entered()
            for _ in range(50):
                nursery.start_soon(lambda: opened.run(len, writes=False))
            await trio.testing.wait_all_tasks_blocked()
            gate.open()
    assert engine.batches == [1, 50]


async def test_a_failing_job_fails_for_its_caller_only() -> None:
    engine = Engine()

    def fail(items: list[int]) -> None:
        raise KeyError("mine")

    with trio.fail_after(5):
        async with open_bridge(engine) as opened:
            with pytest.raises(KeyError):
                await opened.run(fail, writes=True)
            assert await opened.run(len, writes=False) == 0


async def test_cancelled_work_that_has_not_begun_is_dropped() -> None:
    engine = Engine()
    with trio.fail_after(5):
        async with open_bridge(engine) as opened, trio.open_nursery() as nursery:
            gate = Gate()
            nursery.start_soon(lambda: opened.run(gate, writes=True))
            await gate.wait_entered()
            with trio.CancelScope() as scope:
                scope.cancel()
                await opened.run(lambda items: items.append(99), writes=True)
            assert scope.cancelled_caught
            gate.open()
    assert engine.items == [0]


async def test_work_whose_caller_left_meanwhile_is_undone() -> None:
    engine = Engine()
    with trio.fail_after(5):
        async with open_bridge(engine) as opened:
            gate = Gate()
            async with trio.open_nursery() as nursery:

                async def call() -> None:
                    await opened.run(gate, writes=True, undo=lambda _: lambda items: items.pop())

                nursery.start_soon(call)
                await gate.wait_entered()
                nursery.cancel_scope.cancel()
            gate.open()
            while await opened.run(list, writes=False):
                pass
    assert engine.items == []


async def test_too_many_waiting_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "MAX_WAITING", 3)
    engine = Engine()
    with trio.fail_after(5):
        async with open_bridge(engine) as opened, trio.open_nursery() as nursery:
            gate = Gate()
            nursery.start_soon(lambda: opened.run(gate, writes=True))
            await gate.wait_entered()
            for _ in range(3):
                nursery.start_soon(lambda: opened.run(len, writes=False))
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(StoreUnavailable, match="overloaded"):
                await opened.run(len, writes=False)
            gate.open()


@pytest.mark.parametrize("writes", [True, False])
async def test_an_engine_that_hangs_is_reported_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch, writes: bool
) -> None:
    monkeypatch.setattr(bridge, "JOB_SECONDS", 0.05)
    engine = Engine()
    gate = Gate()
    with trio.fail_after(5):
        async with open_bridge(engine) as opened:
            with pytest.raises(StoreUnavailable) as caught:
                await opened.run(gate, writes=writes)
            assert caught.value.maybe_done is writes
            gate.open()


async def test_closing_finishes_what_was_begun_and_refuses_the_rest() -> None:
    engine = Engine()
    with trio.fail_after(5):
        async with open_bridge(engine) as opened, trio.open_nursery() as nursery:
            gate = Gate()
            answers: list[int] = []

            async def call() -> None:
                answers.append(await opened.run(gate, writes=True))

            nursery.start_soon(call)
            await gate.wait_entered()
            nursery.start_soon(opened.aclose)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(StoreUnavailable, match="closed"):
                await opened.run(len, writes=False)
            assert not engine.is_closed
            gate.open()
    assert answers == [1]
    assert engine.is_closed


async def test_closing_gives_up_on_a_thread_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    gate = Gate()
    with trio.fail_after(5):
        async with open_bridge(engine) as opened, trio.open_nursery() as nursery:
            nursery.start_soon(lambda: opened.run(gate, writes=True))
            await gate.wait_entered()
            monkeypatch.setattr(bridge, "JOB_SECONDS", 0.05)
            await opened.aclose()
            assert not engine.is_closed
            gate.open()
