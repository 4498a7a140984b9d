"""States move one way only; signals drain first and cut short only when asked again."""

from __future__ import annotations

import itertools
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from museod.errors import ConfigError, Fault
from museod.lifecycle import MOVES, SAME_WISH_SECONDS, Lifecycle, State, watch_signals


def in_state(state: State) -> Lifecycle:
    lifecycle = Lifecycle()
    if state is State.READY:
        lifecycle.become_ready()
    elif state is State.DRAINING:
        lifecycle.begin_drain("test")
    elif state is State.STOPPED:
        lifecycle.become_stopped()
    assert lifecycle.state is state
    return lifecycle


@pytest.mark.parametrize(("state", "target"), list(itertools.product(State, State)))
async def test_each_move_follows_the_table(state: State, target: State) -> None:
    lifecycle = in_state(state)
    match target:
        case State.READY:
            lifecycle.become_ready()
        case State.DRAINING:
            lifecycle.begin_drain("again")
        case State.STOPPED:
            lifecycle.become_stopped()
        case State.STARTING:
            pass  # there is no way to ask for it

    allowed = target in MOVES[state]

    assert lifecycle.state is (target if allowed else state)


def test_nothing_comes_back_from_draining() -> None:
    assert MOVES[State.DRAINING] == {State.STOPPED}
    assert not MOVES[State.STOPPED]
    assert all(State.STARTING not in targets for targets in MOVES.values())


async def test_a_stop_during_the_start_wins_over_ready() -> None:
    lifecycle = Lifecycle()
    assert lifecycle.begin_drain("SIGTERM") is True

    assert lifecycle.become_ready() is False
    assert lifecycle.is_draining
    assert not lifecycle.is_ready


async def test_the_first_reason_of_a_drain_stays() -> None:
    lifecycle = in_state(State.READY)

    assert lifecycle.begin_drain("SIGTERM") is True
    assert lifecycle.begin_drain("SIGINT") is False
    assert lifecycle.reason == "SIGTERM"
    lifecycle.become_stopped()
    assert lifecycle.reason == "SIGTERM"


@pytest.mark.parametrize("state", [State.DRAINING, State.STOPPED])
async def test_waiters_for_the_drain_wake(state: State) -> None:
    lifecycle = in_state(State.READY)
    woken = trio.Event()

    async def wait() -> None:
        await lifecycle.wait_draining()
        woken.set()

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            assert not woken.is_set()
            if state is State.DRAINING:
                lifecycle.begin_drain("test")
            else:
                lifecycle.become_stopped()
            await woken.wait()


async def test_waiting_for_the_end_can_be_cancelled() -> None:
    lifecycle = Lifecycle()
    with trio.move_on_after(0) as scope:
        await lifecycle.wait_stopped()

    assert scope.cancelled_caught
    lifecycle.become_stopped()
    with trio.fail_after(5):
        await lifecycle.wait_stopped()


class Watched:
    """A lifecycle under signals, with the calls that they caused."""

    def __init__(self) -> None:
        self.lifecycle = Lifecycle()
        self.cancelled = 0
        self.reloads = 0
        self.reload_gate = trio.Event()
        self.reload_gate.set()
        self.fault: Exception | None = None

    def cancel(self) -> None:
        self.cancelled += 1

    async def reload(self) -> None:
        self.reloads += 1
        await self.reload_gate.wait()
        if self.fault is not None:
            raise self.fault

    async def raise_signal(self, number: signal.Signals) -> None:
        signal.raise_signal(number)
        # The handler runs at once; its delivery into Trio takes the next turns of the loop.
        for _ in range(3):
            await trio.testing.wait_all_tasks_blocked()


@asynccontextmanager
async def watched() -> AsyncIterator[Watched]:
    subject = Watched()
    subject.lifecycle.become_ready()
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:

            async def watch(task_status: trio.TaskStatus[None]) -> None:
                await watch_signals(
                    subject.lifecycle,
                    cancel=subject.cancel,
                    reload=subject.reload,
                    task_status=task_status,
                )

            await nursery.start(watch)
            yield subject
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_first_signal_drains(number: signal.Signals) -> None:
    async with watched() as subject:
        signal.raise_signal(number)
        await subject.lifecycle.wait_draining()

        assert subject.lifecycle.reason == number.name
        assert subject.cancelled == 0


async def test_the_same_signal_again_cuts_the_drain_short() -> None:
    async with watched() as subject:
        await subject.raise_signal(signal.SIGTERM)
        assert subject.cancelled == 0
        await subject.raise_signal(signal.SIGTERM)

        assert subject.cancelled == 1


async def test_signals_that_arrive_as_one_count_as_one() -> None:
    async with watched() as subject:
        for _ in range(3):
            signal.raise_signal(signal.SIGTERM)
        await subject.lifecycle.wait_draining()
        await subject.raise_signal(signal.SIGHUP)

        assert subject.cancelled == 0


async def test_the_other_signal_within_a_moment_is_the_same_wish(mock_clock: trio.testing.MockClock) -> None:
    async with watched() as subject:
        await subject.raise_signal(signal.SIGINT)
        mock_clock.jump(SAME_WISH_SECONDS / 2)
        await subject.raise_signal(signal.SIGTERM)
        assert subject.cancelled == 0

        mock_clock.jump(SAME_WISH_SECONDS)
        await subject.raise_signal(signal.SIGTERM)
        assert subject.cancelled == 1


async def test_a_hangup_reloads_and_does_not_drain() -> None:
    async with watched() as subject:
        await subject.raise_signal(signal.SIGHUP)
        await subject.raise_signal(signal.SIGHUP)

        assert subject.reloads == 2
        assert subject.lifecycle.is_ready


async def test_hangups_during_a_reload_ask_for_one_more() -> None:
    async with watched() as subject:
        subject.reload_gate = trio.Event()
        for _ in range(5):
            await subject.raise_signal(signal.SIGHUP)
        assert subject.reloads == 1
        subject.reload_gate.set()
        await trio.testing.wait_all_tasks_blocked()

        assert subject.reloads == 2


async def test_a_stop_is_heard_during_a_reload() -> None:
    async with watched() as subject:
        subject.reload_gate = trio.Event()
        await subject.raise_signal(signal.SIGHUP)
        await subject.raise_signal(signal.SIGTERM)

        assert subject.lifecycle.is_draining


async def test_a_refused_reload_leaves_the_daemon_as_it_is() -> None:
    async with watched() as subject:
        subject.fault = ConfigError([Fault("museod.toml", "limits", "is wrong")])
        await subject.raise_signal(signal.SIGHUP)
        subject.fault = None
        await subject.raise_signal(signal.SIGHUP)

        assert subject.reloads == 2
        assert subject.lifecycle.is_ready
