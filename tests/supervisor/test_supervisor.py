from __future__ import annotations

import os
import resource
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import trio

from museod.errors import ChildFailed, SupervisorError
from museod.supervisor.process import Process
from museod.supervisor.spec import Backoff, ChildSpec, Restart
from museod.supervisor.states import State
from museod.supervisor.supervisor import Supervisor, open_supervisor
from tests.fakes.supervised import LineAttend, Statuses, carriers, child, command, deaf, is_alive, wait_gone

pytestmark = pytest.mark.real

POLITE = command("well_behaved.py")
BROKEN = command("exits_at_once.py")


class Setup:
    """Opens supervisors and keeps what they told."""

    def __init__(self, instance_id: str) -> None:
        self.instance_id = instance_id
        self.attend = LineAttend()
        self.statuses = Statuses()

    @asynccontextmanager
    async def open(self, *specs: ChildSpec, **more: Any) -> AsyncIterator[Supervisor]:
        """A supervisor; when it is closed, nothing that carries its instance id may be left."""
        values: dict[str, Any] = {"on_change": self.statuses, "has_guardian": False, **more}
        async with open_supervisor(specs, self.attend, instance_id=self.instance_id, **values) as supervisor:
            yield supervisor
        assert carriers(self.instance_id) == []


@pytest.fixture
def setup(instance_id: str) -> Setup:
    return Setup(instance_id)


def states_of(supervisor: Supervisor) -> dict[str, str]:
    return {name: status.state.value for name, status in supervisor.status().items()}


async def test_children_are_ready_when_the_block_is_entered_and_gone_when_it_is_left(setup: Setup):
    async with setup.open(child("first", *POLITE), child("second", *POLITE, instances=2)) as supervisor:
        assert states_of(supervisor) == {"first": "ready", "second": "ready"}
        pids = [pid for status in supervisor.status().values() for pid in status.pids]
        assert len(pids) == 3
        assert all(map(is_alive, pids))
        assert sorted(supervisor.usage()) == ["first", "second"]

    assert not any(map(is_alive, pids))


async def test_children_start_in_order_and_are_asked_to_stop_in_reverse_order(setup: Setup):
    started: list[str] = []
    stopped: list[str] = []

    async def attend(process: Process, task_status: trio.TaskStatus[None]) -> None:
        started.append(process.name)
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            stopped.append(process.name)

    names = ["a", "b", "c", "d", "e"]
    setup.attend = attend  # type: ignore[assignment]
    async with setup.open(*(child(name, *POLITE) for name in names)):
        assert started == names

    assert stopped == names[::-1]


async def test_a_killed_child_is_back_and_the_others_run_on(setup: Setup):
    async with setup.open(child("victim", *POLITE), child("other", *POLITE)) as supervisor:
        former = supervisor.status()
        victim = former["victim"].pid
        assert victim is not None
        os.kill(victim, signal.SIGKILL)

        lost = await setup.statuses.wait(
            lambda status: status.name == "victim" and "SIGKILL" in (status.reason or "")
        )
        back = await setup.statuses.wait(
            lambda status: status.state is State.READY and status.name == "victim" and status.pid != victim
        )

        assert lost.state is State.BACKOFF
        assert (back.restarts, back.reason) == (1, None)
        assert supervisor.status()["other"].pid == former["other"].pid


async def test_a_child_that_always_exits_has_failed_and_is_tried_seldom(
    setup: Setup, logged: Callable[[str], list[dict[str, Any]]]
):
    backoff = Backoff(initial_seconds=0.01, max_seconds=30, factor=2, jitter=0)
    async with setup.open(child("broken", *BROKEN, backoff=backoff), child("fine", *POLITE)) as supervisor:
        await setup.statuses.wait(lambda status: status.state is State.FAILED)
        used = resource.getrusage(resource.RUSAGE_SELF).ru_utime

        status = supervisor.status()["broken"]
        assert status.reason == "exited with status 3"
        assert status.pid is None
        assert status.next_try_seconds == pytest.approx(30, abs=2)
        assert setup.statuses.starts("broken") == 4  # the first, and the three that the intensity allows
        assert states_of(supervisor)["fine"] == "ready"

    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - used < 1
    assert [entry["attempt"] for entry in logged("child_restarted")] == [1, 2, 3]
    assert [entry["reason"] for entry in logged("child_failed")] == ["exited with status 3"]
    assert logged("child_wrote")[0]["text"] == "cannot go on: the catalogue is missing"


async def test_a_failed_child_is_tried_again_by_itself(setup: Setup):
    async with setup.open(child("broken", *BROKEN)):
        for times in range(1, 4):
            await setup.statuses.wait(
                lambda status, wanted=times: status.state is State.FAILED and status.restarts >= 3 + wanted
            )


async def test_a_child_that_never_answers_does_not_hold_up_the_others(setup: Setup):
    slow = child("silent", *command("never_answers.py"), start_timeout_seconds=0.5)
    async with setup.open(slow, replace(slow, name="silent-too"), child("fine", *POLITE)) as supervisor:
        assert states_of(supervisor)["fine"] == "ready"
        order = [(status.name, status.state) for status in setup.statuses.all]
        # It was started beside them, not after them.
        assert order.index(("fine", State.READY)) < order.index(("silent", State.BACKOFF))
        status = supervisor.status()["silent"]
        assert status.state is not State.READY
        assert status.reason in (None, "was not ready within 0.5 s after its start")


async def test_a_child_that_closes_its_output_is_replaced(setup: Setup):
    async with setup.open(deaf(child("mute", *command("closes_stdout.py")))):
        status = await setup.statuses.wait(lambda status: status.restarts == 2)
        assert status.reason == "closed its output and did not go by itself"


async def test_a_command_that_does_not_exist_leaves_the_daemon_degraded(setup: Setup):
    async with setup.open(child("absent", "no-such-program"), child("fine", *POLITE)) as supervisor:
        status = supervisor.status()["absent"]
        assert "'no-such-program' is not in the child's PATH: install it" in (status.reason or "")
        assert states_of(supervisor)["fine"] == "ready"


async def test_a_restart_gives_a_failed_child_another_chance(setup: Setup, tmp_path: Any):
    switch = tmp_path / "repaired"
    script = f"test -e {switch} || exit 4; exec {' '.join(POLITE)}"
    slow = Backoff(initial_seconds=0.01, max_seconds=60, factor=1, jitter=0)
    async with setup.open(child("broken", "sh", "-c", script, backoff=slow)) as supervisor:
        await setup.statuses.wait(lambda status: status.state is State.FAILED)
        still_broken = await supervisor.restart("broken")
        assert still_broken.state is not State.READY
        await setup.statuses.wait(lambda status: status.state is State.FAILED and status.restarts == 6)
        switch.touch()

        status = await supervisor.restart("broken")

        assert (status.state, status.reason) == (State.READY, None)


async def test_a_restart_of_a_running_child_replaces_its_process_only(setup: Setup):
    async with setup.open(child("first", *POLITE), child("second", *POLITE)) as supervisor:
        former = supervisor.status()

        status = await supervisor.restart("first")

        assert status.state is State.READY
        assert status.restarts == 0
        assert status.pid != former["first"].pid
        assert supervisor.status()["second"].pid == former["second"].pid


async def test_the_restart_of_an_unknown_child_names_those_that_there_are(setup: Setup):
    async with setup.open(child("first", *POLITE), child("second", *POLITE)) as supervisor:
        with pytest.raises(SupervisorError, match=r"no child 'frist'\. The children are: first, second"):
            await supervisor.restart("frist")


async def test_a_reload_touches_only_what_changed(setup: Setup):
    same, changed, removed = child("same", *POLITE), child("changed", *POLITE), child("removed", *POLITE)
    async with setup.open(same, changed, removed) as supervisor:
        former = supervisor.status()
        new_env = {**changed.env, "OWN": "new"}

        await supervisor.reload(
            [
                child("added", *POLITE),
                replace(changed, env=new_env),
                replace(same, env=dict(same.env), start_timeout_seconds=3.0),
            ]
        )

        now = supervisor.status()
        assert list(now) == ["added", "changed", "same"]
        assert {status.state for status in now.values()} == {State.READY}
        assert now["same"].pid == former["same"].pid
        assert now["changed"].pid != former["changed"].pid
        removed_pid = former["removed"].pid
        assert removed_pid is not None
        assert not is_alive(removed_pid)
        assert setup.statuses.all[-1].name != "removed"


async def test_a_reload_follows_the_number_of_instances(setup: Setup):
    spec = child("pool", *POLITE, instances=2)
    async with setup.open(spec) as supervisor:
        two = supervisor.status()["pool"].pids

        await supervisor.reload([replace(spec, instances=3)])
        three = supervisor.status()["pool"].pids
        await supervisor.reload([replace(spec, instances=1)])
        one = supervisor.status()["pool"].pids

        assert three[:2] == two
        assert len(three) == 3
        assert one == two[:1]


async def test_a_reload_with_one_name_twice_is_refused_whole(setup: Setup):
    async with setup.open(child("first", *POLITE)) as supervisor:
        former = supervisor.status()["first"].pid
        with pytest.raises(SupervisorError, match="called second: rename one"):
            await supervisor.reload([child("second", *POLITE), child("second", *POLITE)])

        assert list(supervisor.status()) == ["first"]
        assert supervisor.status()["first"].pid == former


async def test_a_reload_that_is_cancelled_can_be_repeated(setup: Setup):
    async with setup.open(child("first", *POLITE)) as supervisor:
        silent = child("silent", *command("never_answers.py"), start_timeout_seconds=60)
        specs = [silent, child("new", *POLITE)]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(supervisor.reload, specs)
            await setup.statuses.wait(lambda status: status.name == "new" and status.state is State.READY)
            nursery.cancel_scope.cancel()
        assert states_of(supervisor) == {"silent": "starting", "new": "ready"}

        await supervisor.reload([replace(silent, command=POLITE), specs[1]])

        assert states_of(supervisor) == {"silent": "ready", "new": "ready"}


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TEMPORARY])
async def test_a_significant_child_that_fails_ends_the_supervisor(setup: Setup, restart: Restart):
    essential = child("essential", *BROKEN, significant=True, restart=restart)

    with pytest.raises(ChildFailed, match="'essential' has failed: exited with status 3"):
        async with setup.open(child("fine", *POLITE), essential):
            await trio.sleep_forever()

    assert carriers(setup.instance_id) == []


async def test_a_significant_child_that_cannot_be_spawned_ends_the_supervisor_before_it_began(setup: Setup):
    essential = child("essential", "no-such-program", significant=True, restart=Restart.TEMPORARY)

    with pytest.raises(ChildFailed, match="no-such-program"):
        async with setup.open(essential):
            await trio.sleep_forever()


async def test_cancelling_ends_every_child_whatever_it_does(setup: Setup):
    specs: Sequence[ChildSpec] = [
        child("polite", *POLITE),
        deaf(child("deaf", *command("ignores_term.py"))),
        child("broken", *BROKEN),
        child("parent", *command("forks_grandchildren.py", "group", "session", "orphan", "bare")),
    ]
    with trio.move_on_after(60) as scope:
        async with setup.open(*specs):
            grandchildren = [pid for first in setup.attend.first.values() for pid in first.get("pids", [])]
            assert len(grandchildren) == 4
            assert all(map(is_alive, grandchildren))
            scope.cancel()
            await trio.sleep_forever()

    assert carriers(setup.instance_id) == []
    assert not any(map(is_alive, grandchildren))


async def test_cancelling_while_children_start_ends_them(setup: Setup):
    silent = child("silent", *command("never_answers.py"), start_timeout_seconds=60)
    async with trio.open_nursery() as nursery:

        async def run() -> None:
            async with setup.open(silent):
                pytest.fail("it never was ready")

        nursery.start_soon(run)
        status = await setup.statuses.wait(lambda status: status.pid is not None)
        assert status.pid is not None
        nursery.cancel_scope.cancel()

    await wait_gone(status.pid)
    assert carriers(setup.instance_id) == []


async def test_the_error_of_the_block_ends_the_children_and_comes_out(setup: Setup):
    with pytest.raises(ExceptionGroup) as caught:
        async with setup.open(child("polite", *POLITE)):
            raise ValueError("of the block")

    assert caught.group_contains(ValueError, match="of the block")
    assert carriers(setup.instance_id) == []


async def test_a_crash_with_grandchildren_that_hold_the_pipes_is_seen_at_once(setup: Setup):
    crashing = child("parent", *command("forks_grandchildren.py", "session", "bare", "crash"))
    async with setup.open(crashing) as supervisor:
        pid = supervisor.status()["parent"].pid
        assert pid is not None
        former = setup.attend.first[pid]["pids"]

        setup.attend.channels[pid].post(b"crash")

        await setup.statuses.wait(lambda status: status.state is State.READY and status.restarts == 1)
        assert not any(map(is_alive, former))
