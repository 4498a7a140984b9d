"""Calls that wait for their clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from msgspec import Raw
from trio.testing import MockClock

from museod.errors import InvalidParams, RpcFailed
from museod.gateway.parking import KEY, MAX_PARKED, Parking
from museod.wire import codec
from museod.wire.messages import Request

Ask = Callable[[Request], Awaitable[bytes]]
QUESTION = Request(1, "elicitation/create", Raw(b'{"message":"Name?"}'))


@asynccontextmanager
async def parking() -> AsyncIterator[Parking]:
    lot = Parking()
    async with trio.open_nursery() as nursery:
        await nursery.start(lot.run)
        yield lot
        nursery.cancel_scope.cancel()


async def asks_twice(ask: Ask) -> Raw:
    first = codec.decode(await ask(QUESTION))
    second = codec.decode(await ask(QUESTION))
    return Raw(codec.encode({"content": [], "seen": [first, second]}))


def answer(value: Any) -> Raw:
    return Raw(codec.encode({KEY: value}))


async def test_a_call_without_questions_just_returns() -> None:
    async def work(_: Ask) -> Raw:
        return Raw(b'{"content":[]}')

    async with parking() as lot:
        assert bytes(await lot.start(work)) == b'{"content":[]}'


async def test_questions_come_one_by_one_and_answers_reach_the_same_call() -> None:
    async with parking() as lot:
        with trio.fail_after(5):
            first = codec.decode(await lot.start(asks_twice))
            assert first["resultType"] == "input_required"
            assert first["inputRequests"][KEY] == {
                "method": "elicitation/create",
                "params": {"message": "Name?"},
            }
            second = codec.decode(await lot.resume(first["requestState"], answer(1)))
            last = codec.decode(await lot.resume(second["requestState"], answer(2)))

    assert last["seen"] == [1, 2]


async def test_without_the_answer_the_question_is_asked_again_and_a_used_state_is_refused() -> None:
    async with parking() as lot:
        with trio.fail_after(5):
            first = codec.decode(await lot.start(asks_twice))
            for nothing in (None, Raw(b"{}"), Raw(b'{"other":1}')):
                again = codec.decode(await lot.resume(first["requestState"], nothing))
                assert again == first
            await lot.resume(first["requestState"], answer(1))
            with pytest.raises(InvalidParams, match="used before"):
                await lot.resume(first["requestState"], answer(1))
            with pytest.raises(InvalidParams):
                await lot.resume("parked:nobody:1", answer(1))


async def test_an_unanswered_call_is_given_up(autojump_clock: MockClock) -> None:
    ended = trio.Event()

    async def work(ask: Ask) -> Raw:
        try:
            return Raw(await ask(QUESTION))
        finally:
            ended.set()

    async with parking() as lot:
        state = codec.decode(await lot.start(work))["requestState"]
        await ended.wait()
        assert 299 < trio.current_time() < 301
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(InvalidParams):
            await lot.resume(state, answer(1))


async def test_a_failing_call_fails_for_whoever_waits_and_only_for_them() -> None:
    async def refused(_: Ask) -> Raw:
        raise RpcFailed(-1, "no")

    async def broken(_: Ask) -> Raw:
        raise KeyError("bug")

    async with parking() as lot:
        with pytest.raises(RpcFailed, match="no"):
            await lot.start(refused)
        with pytest.raises(Exception, match="the log has it"):
            await lot.start(broken)
        assert codec.decode(await lot.start(asks_twice))["resultType"] == "input_required"


async def test_a_caller_that_leaves_takes_its_call_along() -> None:
    started, ended = trio.Event(), trio.Event()

    async def work(_: Ask) -> Raw:
        started.set()
        try:
            await trio.sleep_forever()
        finally:
            ended.set()
        raise AssertionError

    async with parking() as lot:
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lot.start, work)
                await started.wait()
                nursery.cancel_scope.cancel()
            await ended.wait()


async def test_there_is_an_end_to_what_may_wait() -> None:
    async with parking() as lot:
        for _ in range(MAX_PARKED):
            await lot.start(asks_twice)
        with pytest.raises(RpcFailed, match="Too many"):
            await lot.start(asks_twice)
