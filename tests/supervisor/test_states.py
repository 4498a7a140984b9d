from __future__ import annotations

import itertools

import pytest

from museod.supervisor.spec import Restart
from museod.supervisor.states import (
    TRANSITIONS,
    VERDICTS,
    Exit,
    State,
    Verdict,
    best_of,
    exit_of,
    exit_text,
    moved,
)

# The ways that exist; every other pair must be refused.
WAYS = {
    ("starting", "ready"),
    ("starting", "backoff"),
    ("starting", "stopped"),
    ("ready", "starting"),
    ("ready", "backoff"),
    ("ready", "stopped"),
    ("backoff", "starting"),
    ("backoff", "failed"),
    ("backoff", "stopped"),
    ("failed", "starting"),
    ("failed", "stopped"),
    ("stopped", "starting"),
}


@pytest.mark.parametrize(("state", "to"), list(itertools.product(State, State)))
def test_only_the_ways_of_the_table_exist(state: State, to: State):
    if (state, to) in WAYS:
        assert moved(state, to) is to
    else:
        with pytest.raises(AssertionError, match=f"from {state} to {to}"):
            moved(state, to)


def test_from_every_state_a_child_can_be_stopped_and_started_again():
    for state in set(State) - {State.STOPPED}:
        assert State.STOPPED in TRANSITIONS[state]
    for state in set(State) - {State.STARTING}:
        assert State.STARTING in TRANSITIONS[state]


@pytest.mark.parametrize(
    ("restart", "normal", "shutdown", "abnormal"),
    [
        ("permanent", "restart", "restart", "restart"),
        ("transient", "stop", "stop", "restart"),
        ("temporary", "stop", "stop", "fail"),
    ],
)
def test_what_an_end_leads_to(restart: str, normal: str, shutdown: str, abnormal: str):
    verdicts = [VERDICTS[Restart(restart), Exit(kind)] for kind in ("normal", "shutdown", "abnormal")]

    assert verdicts == [Verdict(normal), Verdict(shutdown), Verdict(abnormal)]


@pytest.mark.parametrize(
    ("code", "is_faulty", "was_signalled", "expected"),
    [
        (0, False, False, Exit.NORMAL),
        (0, True, False, Exit.ABNORMAL),  # it went because we closed its stdin on a fault
        (1, False, False, Exit.ABNORMAL),
        (143, False, False, Exit.ABNORMAL),
        (-15, False, False, Exit.SHUTDOWN),  # somebody else's SIGTERM
        (-15, True, False, Exit.SHUTDOWN),  # and the fault was its consequence
        (-15, False, True, Exit.ABNORMAL),  # ours, because it did not go
        (-2, False, False, Exit.SHUTDOWN),
        (-1, False, False, Exit.SHUTDOWN),
        (-9, False, False, Exit.ABNORMAL),
        (-11, True, False, Exit.ABNORMAL),
        (-13, False, False, Exit.ABNORMAL),
        (None, False, False, Exit.ABNORMAL),
        (0, False, True, Exit.ABNORMAL),
    ],
)
def test_the_kind_of_an_end(code: int | None, is_faulty: bool, was_signalled: bool, expected: Exit):
    assert exit_of(code, is_faulty=is_faulty, was_signalled=was_signalled) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0, "exited with status 0"),
        (3, "exited with status 3"),
        (-9, "was killed by SIGKILL"),
        (-63, "was killed by signal 63"),
        (None, "did not go, not even on SIGKILL"),
    ],
)
def test_an_end_in_words(code: int | None, expected: str):
    assert exit_text(code) == expected


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["failed", "ready", "backoff"], "ready"),
        (["backoff", "starting"], "starting"),
        (["failed", "backoff"], "backoff"),
        (["stopped", "failed"], "failed"),
        (["stopped", "stopped"], "stopped"),
        ([], "stopped"),
    ],
)
def test_a_pool_is_as_well_as_its_best_instance(states: list[str], expected: str):
    assert best_of(State(state) for state in states) == expected
