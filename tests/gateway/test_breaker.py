"""The circuit breaker, row by row, and against a naive model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.gateway.breaker import Breaker, BreakerState, Outcome

CLOSED, HALF_OPEN, OPEN = BreakerState.CLOSED, BreakerState.HALF_OPEN, BreakerState.OPEN
ANSWERED, FAILED, ABANDONED = Outcome.ANSWERED, Outcome.FAILED, Outcome.ABANDONED


def breaker(state: BreakerState) -> Breaker:
    """A breaker that opens at its second failure in a row, in `state` at time 100."""
    made = Breaker(threshold=2, open_seconds=2.0, max_open_seconds=5.0)
    if state is not CLOSED:
        for _ in range(2):
            made.record(FAILED, 95.0 if state is HALF_OPEN else 99.0)
    if state is HALF_OPEN:
        assert made.admit(100.0) is None
    assert made.state is state
    return made


@pytest.mark.parametrize(
    ("state", "outcome", "then"),
    [
        (CLOSED, ANSWERED, CLOSED),
        (CLOSED, FAILED, CLOSED),
        (CLOSED, ABANDONED, CLOSED),
        (HALF_OPEN, ANSWERED, CLOSED),
        (HALF_OPEN, FAILED, OPEN),
        (HALF_OPEN, ABANDONED, HALF_OPEN),
        (OPEN, ANSWERED, OPEN),
        (OPEN, FAILED, OPEN),
        (OPEN, ABANDONED, OPEN),
    ],
)
def test_what_each_outcome_leads_to(state: BreakerState, outcome: Outcome, then: BreakerState) -> None:
    made = breaker(state)
    made.record(outcome, 100.0)
    assert made.state is then


def test_only_failures_in_a_row_open_it() -> None:
    made = breaker(CLOSED)
    for outcome in (FAILED, ANSWERED, FAILED, ANSWERED, FAILED):
        made.record(outcome, 0.0)
    assert made.state is CLOSED
    made.record(ABANDONED, 0.0)
    assert made.state is CLOSED
    made.record(FAILED, 0.0)
    assert made.state is OPEN


def test_while_open_callers_are_told_how_long() -> None:
    made = breaker(OPEN)
    assert made.admit(100.0) == pytest.approx(1.0)
    assert made.admit(100.9) == pytest.approx(0.1)
    assert made.admit(101.0) is None


def test_one_call_tries_and_the_others_wait_for_its_outcome() -> None:
    made = breaker(HALF_OPEN)
    assert made.admit(100.0) == 2.0
    made.record(ABANDONED, 100.0)
    assert made.admit(100.0) is None
    assert made.admit(100.0) == 2.0
    made.record(ANSWERED, 100.0)
    assert made.admit(100.0) is None
    assert made.admit(100.0) is None


def test_failed_trials_double_the_time_up_to_the_ceiling_and_a_good_one_forgets_it() -> None:
    made, now, spans = breaker(HALF_OPEN), 100.0, []
    for _ in range(4):
        made.record(FAILED, now)
        wait = made.admit(now)
        assert wait is not None
        spans.append(wait)
        now += wait
        assert made.admit(now) is None
    assert spans == [4.0, 5.0, 5.0, 5.0]
    made.record(ANSWERED, now)
    for _ in range(2):
        made.record(FAILED, now)
    assert made.admit(now) == 2.0


def test_a_new_process_closes_it() -> None:
    made = breaker(OPEN)
    made.reset()
    assert made.admit(100.0) is None
    made.record(FAILED, 100.0)
    assert made.state is CLOSED


@given(st.lists(st.tuples(st.sampled_from(["call", *Outcome]), st.floats(0, 10)), max_size=60))
def test_at_most_one_call_tries_and_no_wait_is_longer_than_the_ceiling(
    steps: list[tuple[object, float]],
) -> None:
    made, now, running = Breaker(threshold=2, open_seconds=2.0, max_open_seconds=5.0), 0.0, 0
    for step, passed in steps:
        now += passed
        if step == "call":
            was = made.state
            wait = made.admit(now)
            assert wait is None or 0 < wait <= 5.0
            if wait is None:
                running = 1 if made.state is HALF_OPEN and was is not HALF_OPEN else running + 1
                assert made.state is not HALF_OPEN or running == 1
        elif isinstance(step, Outcome) and running:
            running -= 1
            made.record(step, now)
