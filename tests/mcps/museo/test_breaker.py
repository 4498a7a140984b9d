import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.museo.breaker import TABLE, Breaker, BreakerState, Outcome

FAILED, ANSWERED, ABANDONED = Outcome.FAILED, Outcome.ANSWERED, Outcome.ABANDONED


def _opened(now: float = 0.0) -> Breaker:
    breaker = Breaker(threshold=3, open_seconds=1.0, max_open_seconds=4.0)
    for _ in range(3):
        assert breaker.admit(now) is None
        breaker.record(FAILED, now)
    return breaker


def test_the_table_has_an_answer_for_everything() -> None:
    assert set(TABLE) == set(itertools.product(BreakerState, Outcome))


def test_failures_in_a_row_open_it_and_an_answer_between_starts_anew() -> None:
    breaker = Breaker(threshold=3)
    for outcome in (FAILED, FAILED, ANSWERED, FAILED, FAILED, ABANDONED):
        breaker.record(outcome, 0.0)

    assert breaker.admit(0.0) is None
    breaker.record(FAILED, 0.0)
    assert breaker.state is BreakerState.OPEN


def test_open_tells_how_long_to_wait() -> None:
    assert _opened().admit(0.25) == pytest.approx(0.75)


def test_half_open_lets_one_try() -> None:
    breaker = _opened()

    assert breaker.admit(1.0) is None
    assert breaker.admit(1.0) is not None
    breaker.record(ANSWERED, 1.1)
    assert breaker.admit(1.2) is None
    assert breaker.state is BreakerState.CLOSED


def test_a_trial_that_was_abandoned_makes_room_for_another() -> None:
    breaker = _opened()
    breaker.admit(1.0)
    breaker.record(ABANDONED, 1.1)

    assert breaker.admit(1.2) is None


def test_each_failed_trial_doubles_the_wait_up_to_its_ceiling() -> None:
    breaker, now, waits = _opened(), 0.0, []
    for _ in range(4):
        wait = breaker.admit(now)
        assert wait is not None
        waits.append(wait)
        now += wait
        assert breaker.admit(now) is None
        breaker.record(FAILED, now)

    assert waits == [1.0, 2.0, 4.0, 4.0]


def test_a_late_answer_does_not_close_what_has_opened_since() -> None:
    breaker = _opened()
    breaker.record(ANSWERED, 0.1)

    assert breaker.state is BreakerState.OPEN


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from(Outcome))))
def test_it_never_shuts_out_for_longer_than_its_ceiling(steps: list[tuple[float, Outcome]]) -> None:
    breaker, now = Breaker(threshold=2, open_seconds=1.0, max_open_seconds=4.0), 0.0
    for pause, outcome in steps:
        now += pause
        wait = breaker.admit(now)
        assert wait is None or 0 < wait <= 4.0
        if wait is None:
            breaker.record(outcome, now)
