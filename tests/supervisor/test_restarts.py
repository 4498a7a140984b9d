from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.supervisor.restarts import Delays, NextTry, Restarts, RestartWindow
from museod.supervisor.spec import Backoff, Intensity


def middle() -> float:
    return 0.5


def test_a_window_counts_only_what_is_inside_it():
    window = RestartWindow(Intensity(restarts=2, within_seconds=10))

    assert [window.add(now) for now in (0, 1, 2, 10.5, 11.5, 12.5)] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    assert window.add(100)


def test_no_restart_at_all_may_be_allowed():
    assert not RestartWindow(Intensity(restarts=0, within_seconds=10)).add(0)


def test_delays_grow_to_their_ceiling_and_begin_again():
    delays = Delays(Backoff(initial_seconds=1, max_seconds=10, factor=3, jitter=0), middle)

    assert [delays.draw() for _ in range(5)] == [1, 3, 9, 10, 10]
    delays.reset()
    assert delays.draw() == 1


@pytest.mark.parametrize(("number", "expected"), [(0.0, 0.8), (0.5, 1.0), (0.75, 1.1)])
def test_jitter_is_a_share_of_the_delay(number: float, expected: float):
    delays = Delays(Backoff(initial_seconds=1, max_seconds=10, factor=2, jitter=0.2), lambda: number)

    assert delays.draw() == pytest.approx(expected)


def test_a_delay_that_never_ends_to_grow_does_not_overflow():
    delays = Delays(Backoff(initial_seconds=0.1, max_seconds=30, factor=1e200), middle)

    assert [delays.draw() for _ in range(2000)][-1] == 30


def test_too_many_failures_are_a_failed_child_that_is_tried_at_the_ceiling():
    restarts = Restarts(Backoff(1, 30, 2, 0), Intensity(2, 60), middle)

    assert [restarts.after(now, 0.0) for now in (0, 1, 3, 40, 80)] == [
        NextTry(1, has_failed=False),
        NextTry(2, has_failed=False),
        NextTry(30, has_failed=True),
        NextTry(30, has_failed=True),  # although the window is empty by now
        NextTry(30, has_failed=True),
    ]


def test_a_failed_child_that_stays_ready_is_cleared():
    restarts = Restarts(Backoff(1, 30, 2, 0), Intensity(1, 60), middle)
    assert [restarts.after(now, 0.0).has_failed for now in (0, 1)] == [False, True]

    assert restarts.after(70, ready_seconds=29.9) == NextTry(30, has_failed=True)
    assert restarts.after(140, ready_seconds=30) == NextTry(1, has_failed=False)


def test_being_asked_for_clears_a_failed_child():
    restarts = Restarts(Backoff(1, 30, 2, 0), Intensity(1, 60), middle)
    assert [restarts.after(now, 0.0).has_failed for now in (0, 1)] == [False, True]

    restarts.reset()

    assert restarts.after(2, 0.0) == NextTry(1, has_failed=False)


backoffs = st.builds(
    lambda initial, more, factor, jitter: Backoff(initial, initial + more, factor, jitter),
    st.floats(0, 5),
    st.floats(0.1, 60),
    st.floats(1, 10),
    st.floats(0, 0.99),
)
intensities = st.builds(Intensity, st.integers(0, 6), st.floats(0.5, 120))
# How long each incarnation takes to become ready, and how long it stays so.
lives = st.lists(st.tuples(st.floats(0, 20), st.one_of(st.just(0.0), st.floats(0, 100))), max_size=60)


@given(backoffs, intensities, lives, st.randoms(use_true_random=False))
def test_restarts_follow_a_model_that_remembers_everything(backoff, intensity, lives, random):
    restarts = Restarts(backoff, intensity, random.random)
    now = 0.0
    counted: list[float] = []  # the times of all restarts but a failed child's retries
    is_failed = False

    for starting, ready in lives:
        now += starting + ready
        next_try = restarts.after(now, ready)

        if ready >= backoff.max_seconds:
            is_failed = False
        if not is_failed:
            counted.append(now)
            recent = [time for time in counted if time > now - intensity.within_seconds]
            is_failed = len(recent) > intensity.restarts
        assert next_try.has_failed is is_failed
        assert 0 <= next_try.delay <= backoff.max_seconds
        if is_failed:
            assert next_try.delay == backoff.max_seconds
        now += next_try.delay


@given(backoffs, intensities, lives, st.randoms(use_true_random=False))
def test_no_window_ever_holds_more_restarts_than_the_intensity(backoff, intensity, lives, random):
    restarts = Restarts(backoff, intensity, random.random)
    now = 0.0
    made: list[float] = []
    retries: list[float] = []

    for starting, ready in lives:
        now += starting + ready
        next_try = restarts.after(now, ready)
        (retries if next_try.has_failed else made).append(now)
        now += next_try.delay

    for end in made:
        inside = [time for time in made if end - intensity.within_seconds < time <= end]
        assert len(inside) <= intensity.restarts
    for earlier, later in itertools.pairwise(retries):
        assert later - earlier >= backoff.max_seconds * (1 - 1e-9)
