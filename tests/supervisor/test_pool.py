from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import trio

from museod.supervisor.pool import Pool
from museod.supervisor.process import Process
from museod.supervisor.spec import Backoff, ChildSpec, Intensity
from museod.supervisor.states import ChildStatus, State
from tests.fakes.processes import FakeProcesses, Life, surroundings

SPEC = ChildSpec(
    "storefront",
    ("python",),
    instances=3,
    backoff=Backoff(initial_seconds=1, max_seconds=30, factor=2, jitter=0),
    intensity=Intensity(restarts=3, within_seconds=60),
)
CRASH = Life(ready_after=None, lasts=0.5, code=3)


class Setup:
    """A pool on fake processes, and the statuses it told."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.nursery = nursery
        self.statuses: list[ChildStatus] = []

    async def open(self, spec: ChildSpec, *lives: Life) -> tuple[Pool, FakeProcesses]:
        processes = FakeProcesses(lives)
        pool = Pool(spec, surroundings(processes), self.nursery, self.statuses.append)
        await pool.spawn()
        await pool.wait_verdict()
        return pool, processes


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    async with trio.open_nursery() as nursery:
        yield Setup(nursery)
        nursery.cancel_scope.cancel()


async def test_instances_start_in_order_and_side_by_side(setup: Setup, autojump_clock: Any):
    pool, processes = await setup.open(SPEC, *[Life(ready_after=2)] * 3)

    assert [process.label for process in processes.opened] == ["storefront#1", "storefront#2", "storefront#3"]
    assert trio.current_time() == pytest.approx(2)
    status = pool.status()
    assert (status.state, status.pid, status.pids) == (State.READY, 1001, (1001, 1002, 1003))
    assert status.uptime_seconds == pytest.approx(2)


async def test_a_pool_serves_while_one_instance_does_and_says_what_ails_the_others(
    setup: Setup, autojump_clock: Any
):
    pool, _ = await setup.open(SPEC, Life(), CRASH, CRASH, CRASH, CRASH)
    await trio.sleep(0.25)

    status = pool.status()
    assert status.state is State.READY
    assert status.pids == (1001,)
    assert status.reason == "exited with status 3"
    assert status.next_try_seconds == pytest.approx(0.75)

    await trio.sleep(10)
    status = pool.status()
    assert (status.reason, status.restarts, status.next_try_seconds) == (None, 4, None)
    assert len(status.pids) == 3


async def test_since_is_when_the_pool_changed_its_state(setup: Setup, autojump_clock: Any):
    pool, _ = await setup.open(replace(SPEC, instances=2), Life(lasts=1), Life())
    ready_since = pool.status().since
    await trio.sleep(5)

    assert pool.status().since == ready_since
    assert {status.state for status in setup.statuses} == {State.STARTING, State.READY}


async def test_instances_are_renewed_in_turn_so_that_the_pool_serves_on(setup: Setup, autojump_clock: Any):
    pool, processes = await setup.open(SPEC, *[Life(ready_after=1)] * 6)
    setup.statuses.clear()

    await pool.restart()

    assert [process.instance for process in processes.opened] == [1, 2, 3, 1, 2, 3]
    assert processes.attempts[3:] == pytest.approx([1, 2, 3])
    assert {status.state for status in setup.statuses} == {State.READY}


async def test_a_change_of_the_command_renews_all_instances(setup: Setup, autojump_clock: Any):
    pool, processes = await setup.open(SPEC)

    await pool.change(replace(SPEC, command=("other",)))

    assert [process.spec.command for process in processes.opened[3:]] == [("other",)] * 3
    assert all(process.exited.is_set() for process in processes.opened[:3])


async def test_more_instances_start_beside_those_that_run(setup: Setup, autojump_clock: Any):
    pool, processes = await setup.open(replace(SPEC, instances=1))

    await pool.change(SPEC)

    assert [process.label for process in processes.opened] == ["storefront", "storefront#2", "storefront#3"]
    assert not processes.opened[0].exited.is_set()


async def test_surplus_instances_end_and_the_others_run_on(setup: Setup, autojump_clock: Any):
    pool, processes = await setup.open(SPEC)

    await pool.change(replace(SPEC, instances=1))

    assert [process.exited.is_set() for process in processes.opened] == [False, True, True]
    assert pool.status().pids == (1001,)


async def test_a_change_that_was_cut_is_completed_by_the_next(setup: Setup, autojump_clock: Any):
    pool, processes = await setup.open(replace(SPEC, instances=2), Life(), Life(), Life(ready_after=5))
    changed = replace(SPEC, instances=3, command=("other",))
    with trio.move_on_after(1):
        await pool.change(changed)
    assert len(processes.opened) == 3  # the first was being renewed

    await pool.change(changed)

    alive = [process for process in processes.opened if not process.exited.is_set()]
    assert [(process.instance, process.spec.command) for process in alive] == [
        (1, ("other",)),
        (2, ("other",)),
        (3, ("other",)),
    ]


async def test_a_stopped_pool_has_nothing_left(setup: Setup, autojump_clock: Any):
    pool, processes = await setup.open(SPEC, Life(), Life(goes_on_eof=False), CRASH)

    pool.stop()
    await pool.wait_stopped()

    assert all(process.exited.is_set() for process in processes.opened)
    status = pool.status()
    assert (status.state, status.pid, status.next_try_seconds) == (State.STOPPED, None, None)


async def test_usage_is_the_sum_of_all_instances(setup: Setup, autojump_clock: Any):
    pool, _ = await setup.open(SPEC, Life(), Life(), CRASH)

    usage = pool.usage()

    assert usage is not None
    assert (usage.resident_bytes, usage.cpu_seconds) == (2 << 20, 1.0)
    pool.stop()
    await pool.wait_stopped()
    assert pool.usage() is None


async def test_a_hanging_attend_does_not_keep_a_pool_from_being_cancelled(autojump_clock: Any):
    async def hanging_attend(process: Process, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep_forever()

    processes = FakeProcesses()
    with trio.move_on_after(1):
        async with trio.open_nursery() as nursery:
            pool = Pool(SPEC, surroundings(processes, hanging_attend), nursery, None)
            await pool.spawn()
            await pool.wait_verdict()

    assert trio.current_time() == pytest.approx(1)
    assert all(process.exited.is_set() for process in processes.opened)
