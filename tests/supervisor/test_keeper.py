from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from museod.errors import ChannelBroken, ChannelClosed, ChildFailed, RemoteProtocolError
from museod.observe import context
from museod.supervisor.keeper import leaf_of, reason_of
from museod.supervisor.process import Process
from museod.supervisor.spec import Backoff, ChildSpec, Intensity, Restart
from museod.supervisor.states import State
from tests.fakes.processes import FakeProcesses, KeeperHistory, Life, surroundings

SPEC = ChildSpec(
    "intent",
    ("python",),
    backoff=Backoff(initial_seconds=1, max_seconds=30, factor=2, jitter=0),
    intensity=Intensity(restarts=3, within_seconds=60),
    start_timeout_seconds=15,
    stop_grace_seconds=2,
    term_grace_seconds=3,
)
CRASH = Life(ready_after=None, lasts=0.5, code=3)


async def test_a_child_that_becomes_ready_is_ready(nursery: trio.Nursery, autojump_clock: Any):
    processes = FakeProcesses([Life(ready_after=2)])
    history = KeeperHistory(SPEC, surroundings(processes))

    await nursery.start(history.keeper.run)

    assert trio.current_time() == pytest.approx(2)
    assert history.states == [State.STARTING, State.READY]
    assert history.keeper.reason is None
    nursery.cancel_scope.cancel()


async def test_the_first_failure_is_a_verdict_too(nursery: trio.Nursery, autojump_clock: Any):
    history = KeeperHistory(SPEC, surroundings(FakeProcesses([CRASH])))

    await nursery.start(history.keeper.run)

    assert trio.current_time() == pytest.approx(0.5)
    assert history.keeper.state is State.BACKOFF
    nursery.cancel_scope.cancel()


async def test_a_child_that_never_answers_holds_its_start_up_for_one_deadline_only(
    nursery: trio.Nursery, autojump_clock: Any
):
    processes = FakeProcesses([Life(ready_after=None, goes_on_eof=False)])
    history = KeeperHistory(SPEC, surroundings(processes))

    await nursery.start(history.keeper.run)

    assert trio.current_time() == pytest.approx(15)  # and the ladder is climbed afterwards
    assert history.keeper.reason == "was not ready within 15 s after its start"
    await processes.opened[0].wait_exited()
    assert trio.current_time() == pytest.approx(20)
    nursery.cancel_scope.cancel()


async def test_delays_grow_until_the_child_has_failed_and_then_it_is_tried_rarely(
    nursery: trio.Nursery, autojump_clock: Any
):
    processes = FakeProcesses([CRASH] * 6)
    history = KeeperHistory(SPEC, surroundings(processes))
    nursery.start_soon(history.keeper.run)

    await trio.sleep(80)

    lasts = 0.5
    first_four = [0.0, lasts + 1, 2 * lasts + 3, 3 * lasts + 7]
    retries = [first_four[-1] + (lasts + 30), first_four[-1] + 2 * (lasts + 30)]
    assert processes.attempts == pytest.approx([*first_four, *retries])
    assert history.keeper.state is State.FAILED
    assert history.keeper.reason == "exited with status 3"
    assert history.keeper.restarts == 5
    failed_at = [time for time, state in history.steps if state is State.FAILED]
    assert failed_at[0] == pytest.approx(first_four[-1] + lasts)
    nursery.cancel_scope.cancel()


async def test_a_child_that_cannot_be_spawned_is_treated_like_one_that_crashes(
    nursery: trio.Nursery, autojump_clock: Any
):
    processes = FakeProcesses([Life(is_refused=True)] * 2)
    history = KeeperHistory(SPEC, surroundings(processes))

    await nursery.start(history.keeper.run)
    assert history.keeper.reason == "The command 'x' is not in the child's PATH: install it."

    await trio.sleep(3.5)

    assert processes.attempts == pytest.approx([0, 1, 3])
    assert history.states == [*[State.BACKOFF, State.STARTING] * 2, State.READY]
    nursery.cancel_scope.cancel()


async def test_a_failed_child_whose_retry_holds_is_ready_again(nursery: trio.Nursery, autojump_clock: Any):
    processes = FakeProcesses([CRASH] * 4)
    history = KeeperHistory(SPEC, surroundings(processes))
    nursery.start_soon(history.keeper.run)

    await trio.sleep(60)

    assert history.states[-3:] == [State.FAILED, State.STARTING, State.READY]
    nursery.cancel_scope.cancel()


async def test_a_child_that_was_long_ready_begins_with_the_shortest_delay(
    nursery: trio.Nursery, autojump_clock: Any
):
    long = Life(lasts=100, code=1)
    processes = FakeProcesses([long, long, long])
    history = KeeperHistory(SPEC, surroundings(processes))
    nursery.start_soon(history.keeper.run)

    await trio.sleep(305)

    assert processes.attempts == pytest.approx([0, 101, 202, 303])
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("restart", "life", "expected"),
    [
        (Restart.TRANSIENT, Life(lasts=1, code=0), State.STOPPED),
        (Restart.TRANSIENT, Life(lasts=1, code=-15), State.STOPPED),
        (Restart.TRANSIENT, Life(lasts=1, code=1), State.READY),
        (Restart.TRANSIENT, Life(fault=ChannelClosed("The child closed its output.")), State.STOPPED),
        (Restart.TRANSIENT, Life(fault=ChannelBroken("A line is too long.")), State.READY),
        (Restart.TEMPORARY, Life(lasts=1, code=0), State.STOPPED),
        (Restart.TEMPORARY, Life(lasts=1, code=1), State.FAILED),
        (Restart.PERMANENT, Life(lasts=1, code=0), State.READY),
    ],
)
async def test_whether_a_child_runs_again_depends_on_its_kind_and_its_end(
    restart: Restart, life: Life, expected: State, nursery: trio.Nursery, autojump_clock: Any
):
    processes = FakeProcesses([life])
    history = KeeperHistory(replace(SPEC, restart=restart), surroundings(processes))
    nursery.start_soon(history.keeper.run)

    await trio.sleep(1000)

    assert history.keeper.state is expected
    assert len(processes.attempts) == (2 if expected is State.READY else 1)
    nursery.cancel_scope.cancel()


async def test_a_child_that_need_not_run_again_can_be_asked_to(nursery: trio.Nursery, autojump_clock: Any):
    processes = FakeProcesses([Life(lasts=1, code=0)])
    history = KeeperHistory(replace(SPEC, restart=Restart.TEMPORARY), surroundings(processes))
    await nursery.start(history.keeper.run)
    await trio.sleep(2)
    assert history.keeper.state is State.STOPPED

    await history.keeper.restart()

    assert history.keeper.state is State.READY
    assert history.keeper.restarts == 0
    nursery.cancel_scope.cancel()


async def test_what_attend_raises_ends_the_incarnation_and_is_remembered(
    nursery: trio.Nursery, autojump_clock: Any
):
    fault = RemoteProtocolError("It answers\nin tongues.")
    processes = FakeProcesses([Life(ready_after=1, fault=fault, goes_on_eof=False)])
    history = KeeperHistory(SPEC, surroundings(processes))
    await nursery.start(history.keeper.run)
    await trio.sleep(0.5)

    assert history.keeper.state is State.BACKOFF  # at once, although the ladder takes its time
    assert processes.opened[0].returncode is None
    await processes.opened[0].wait_exited()
    assert history.keeper.reason == "It answers in tongues."
    nursery.cancel_scope.cancel()


async def test_a_bug_of_ours_ends_one_incarnation_and_shows_no_text(
    nursery: trio.Nursery, autojump_clock: Any
):
    async def attend(process: Process, task_status: trio.TaskStatus[None]) -> None:
        raise KeyError("s3cret-s3cret")

    history = KeeperHistory(SPEC, surroundings(FakeProcesses(), attend))

    await nursery.start(history.keeper.run)

    assert history.keeper.reason == "internal error (KeyError)"
    nursery.cancel_scope.cancel()


async def test_a_restart_is_drained_and_is_no_failure(nursery: trio.Nursery, autojump_clock: Any):
    drained: list[float] = []

    async def attend(process: Process, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(4)  # running calls finish
            drained.append(trio.current_time())

    processes = FakeProcesses()
    history = KeeperHistory(SPEC, surroundings(processes, attend))
    await nursery.start(history.keeper.run)

    await history.keeper.restart()

    assert drained == pytest.approx([4])
    assert processes.attempts == pytest.approx([0, 4])
    assert not processes.opened[0].was_signalled
    assert history.states == [State.STARTING, State.READY, State.STARTING, State.READY]
    assert history.keeper.restarts == 0
    nursery.cancel_scope.cancel()


async def test_a_drain_that_takes_too_long_costs_the_child(nursery: trio.Nursery, autojump_clock: Any):
    async def attend(process: Process, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        with trio.CancelScope(shield=True):
            await process.wait_exited()

    processes = FakeProcesses()
    history = KeeperHistory(SPEC, surroundings(processes, attend, drain_seconds=7))
    await nursery.start(history.keeper.run)

    await history.keeper.restart()

    assert processes.opened[0].returncode == -9
    assert trio.current_time() == pytest.approx(7)
    assert history.keeper.state is State.READY
    nursery.cancel_scope.cancel()


async def test_a_restart_brings_a_failed_child_back_at_once(nursery: trio.Nursery, autojump_clock: Any):
    processes = FakeProcesses([CRASH] * 4)
    history = KeeperHistory(SPEC, surroundings(processes))
    nursery.start_soon(history.keeper.run)
    await trio.sleep(10)
    assert history.keeper.state is State.FAILED

    await history.keeper.restart()

    assert trio.current_time() == pytest.approx(10)
    assert history.keeper.state is State.READY
    assert history.keeper.reason is None
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("at", "life"),
    [
        (0.25, Life(ready_after=1)),  # while it starts
        (1.0, Life(ready_after=0.5, lasts=0.9)),  # while it backs off
        (1.5, Life(ready_after=1, fault=ChannelBroken("x"), goes_on_eof=False)),  # while it is being ended
    ],
)
async def test_a_restart_comes_through_at_any_time(
    at: float, life: Life, nursery: trio.Nursery, autojump_clock: Any
):
    processes = FakeProcesses([life, Life(ready_after=0.125)])
    history = KeeperHistory(SPEC, surroundings(processes))
    nursery.start_soon(history.keeper.run)
    await trio.sleep(at)

    await history.keeper.restart()

    assert history.keeper.state is State.READY
    assert len(processes.opened) == 2
    assert trio.current_time() == pytest.approx(processes.attempts[1] + 0.125)
    nursery.cancel_scope.cancel()


async def test_a_restart_that_fails_returns_with_the_first_failure(
    nursery: trio.Nursery, autojump_clock: Any
):
    history = KeeperHistory(SPEC, surroundings(FakeProcesses([Life(), CRASH])))
    await nursery.start(history.keeper.run)

    await history.keeper.restart()

    assert history.keeper.state is State.BACKOFF
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("at", [0.0, 0.25, 1.0, 10.0])
async def test_stopping_comes_through_at_any_time_and_returns_when_the_process_is_gone(
    at: float, autojump_clock: Any
):
    processes = FakeProcesses([Life(ready_after=0.5, lasts=0.9), Life(goes_on_eof=False)])
    history = KeeperHistory(SPEC, surroundings(processes))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(history.keeper.run)
        await trio.sleep(at)
        history.keeper.stop()
        await history.keeper.wait_stopped()

        assert all(process.exited.is_set() for process in processes.opened)
        assert history.keeper.state is State.STOPPED
        assert history.keeper.next_try_at is None
        await history.keeper.restart()  # nobody keeps it any more: returns, and does nothing


async def test_cancelling_a_keeper_ends_its_child_first(autojump_clock: Any):
    processes = FakeProcesses([Life(goes_on_eof=False)])
    history = KeeperHistory(SPEC, surroundings(processes))
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            await nursery.start(history.keeper.run)
            scope.cancel()

    assert processes.opened[0].returncode == -9
    assert trio.current_time() == pytest.approx(5)


@pytest.mark.parametrize(
    ("restart", "failures", "fails_at"), [(Restart.PERMANENT, 4, 9.0), (Restart.TEMPORARY, 1, 0.5)]
)
async def test_a_significant_child_that_fails_raises(
    restart: Restart, failures: int, fails_at: float, autojump_clock: Any
):
    spec = replace(SPEC, significant=True, restart=restart)
    history = KeeperHistory(spec, surroundings(FakeProcesses([CRASH] * failures)))

    with pytest.raises(ChildFailed, match="'intent' has failed: exited with status 3"):
        await history.keeper.run()

    assert trio.current_time() == pytest.approx(fails_at)
    assert history.states[-2:] == [State.FAILED, State.STOPPED]


async def test_a_significant_child_that_falls_while_it_is_stopped_does_not_raise(autojump_clock: Any):
    spec = replace(SPEC, significant=True, intensity=Intensity(0, 60))
    life = Life(ready_after=1, fault=ChannelBroken("x"), goes_on_eof=False)
    history = KeeperHistory(spec, surroundings(FakeProcesses([life])))
    async with trio.open_nursery() as nursery:
        await nursery.start(history.keeper.run)
        await trio.sleep(1)  # on its ladder
        history.keeper.stop()

    assert history.states == [State.STARTING, State.READY, State.BACKOFF, State.STOPPED]


async def test_a_keeper_logs_under_its_own_name_only(nursery: trio.Nursery, autojump_clock: Any):
    seen: list[str] = []

    async def attend(process: Process, task_status: trio.TaskStatus[None]) -> None:
        seen.extend([context.correlation_id.get(), context.user_id.get(), context.mcp.get()])
        task_status.started()
        await trio.sleep_forever()

    history = KeeperHistory(SPEC, surroundings(FakeProcesses(), attend))
    with context.bound(correlation="a-request-of-somebody", user="alice"):
        await nursery.start(history.keeper.run)

    assert seen == ["", "", "intent"]
    nursery.cancel_scope.cancel()


async def test_a_status_that_comes_too_late_is_no_ready(nursery: trio.Nursery, autojump_clock: Any):
    async def attend(process: Process, task_status: trio.TaskStatus[None]) -> None:
        try:
            await trio.sleep_forever()
        finally:
            task_status.started()

    history = KeeperHistory(SPEC, surroundings(FakeProcesses(), attend))

    await nursery.start(history.keeper.run)

    assert State.READY not in history.states
    assert history.keeper.state is State.BACKOFF
    nursery.cancel_scope.cancel()


async def test_changed_limits_apply_to_the_next_failure(nursery: trio.Nursery, autojump_clock: Any):
    processes = FakeProcesses([Life(lasts=5, code=1)])
    history = KeeperHistory(SPEC, surroundings(processes))
    await nursery.start(history.keeper.run)

    history.keeper.change(replace(SPEC, backoff=Backoff(7, 30, 2, 0)))
    assert not history.keeper.is_outdated
    await trio.sleep(13)

    assert processes.attempts == pytest.approx([0, 12])
    nursery.cancel_scope.cancel()


def test_the_reason_is_the_error_that_says_most():
    telling = RemoteProtocolError("tells")
    group = ExceptionGroup("", [ChannelClosed("x"), ExceptionGroup("", [ChannelClosed("y"), telling])])

    assert leaf_of(group) is telling
    assert reason_of(telling) == "tells"
    assert len(reason_of(RemoteProtocolError("x" * 10_000))) == 300


AGAIN = (State.BACKOFF, State.STARTING)
RETRIED = (State.FAILED, State.STARTING)
lives = st.lists(
    st.builds(
        Life,
        ready_after=st.one_of(st.none(), st.floats(0, 20)),
        lasts=st.floats(0, 90),
        code=st.sampled_from([0, 1, -9, -15]),
        goes_on_eof=st.booleans(),
        is_refused=st.booleans(),
        fault=st.sampled_from([None, ChannelBroken("x"), ChannelClosed("x")]),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(lives, st.sampled_from(Restart), st.integers(0, 4))
def test_no_sequence_of_ends_makes_a_hot_loop(sequence: list[Life], restart: Restart, restarts: int):
    spec = replace(SPEC, restart=restart, intensity=Intensity(restarts, 60))
    processes = FakeProcesses(sequence)
    history = KeeperHistory(spec, surroundings(processes))

    async def keep() -> None:
        with trio.move_on_after(3000):
            await history.keeper.run()

    trio.run(keep, clock=trio.testing.MockClock(autojump_threshold=0))

    # When it was decided to start it again: in back-off, or as the retry of a failed child.
    decided = [at for (at, state), (_, to) in itertools.pairwise(history.steps) if (state, to) == AGAIN]
    retried = [at for (at, state), (_, to) in itertools.pairwise(history.steps) if (state, to) == RETRIED]
    assert history.states[-1] is State.STOPPED
    for end in decided:
        assert len([at for at in decided if end - 60 < at <= end]) <= restarts
    for earlier, later in itertools.pairwise(retried):
        assert later - earlier > 30 - 1e-6
    for earlier, later in itertools.pairwise(processes.attempts):
        assert later - earlier > 1 - 1e-6
    assert len(processes.attempts) == 1 + len(decided) + len(retried)
    if restart is Restart.TEMPORARY:
        assert len(processes.attempts) == 1
