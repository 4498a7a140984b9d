from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.access.limits import BucketTable, LocalLimits, TokenBucket


class FakeClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_full_bucket_gives_its_burst_and_then_names_the_wait() -> None:
    bucket = TokenBucket(10, 0.0)
    assert [bucket.take(0.0, per_minute=30, burst=10) for _ in range(10)] == [None] * 10
    assert bucket.take(0.0, per_minute=30, burst=10) == pytest.approx(2.0)


def test_whoever_waits_as_long_as_told_is_served() -> None:
    bucket = TokenBucket(1, 0.0)
    assert bucket.take(0.0, per_minute=7, burst=1) is None
    wait = bucket.take(0.0, per_minute=7, burst=1)
    assert wait is not None
    assert bucket.take(wait, per_minute=7, burst=1) is None


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = TokenBucket(2, 0.0)
    taken = [bucket.take(1e9, per_minute=60, burst=2) for _ in range(3)]
    assert taken[:2] == [None, None]
    assert taken[2] is not None


def test_a_clock_that_runs_backwards_refills_nothing() -> None:
    bucket = TokenBucket(1, 100.0)
    assert bucket.take(100.0, per_minute=60, burst=1) is None
    assert bucket.take(50.0, per_minute=60, burst=1) is not None
    assert bucket.take(100.5, per_minute=60, burst=1) is not None, "half a second is half a token"


def test_a_rate_of_zero_is_no_limit() -> None:
    table = BucketTable()
    assert all(table.take("user", 0.0, per_minute=0, burst=0) is None for _ in range(1000))
    assert len(table) == 0


def test_a_burst_below_one_still_lets_the_rate_through() -> None:
    table = BucketTable()
    assert table.take("user", 0.0, per_minute=60, burst=0) is None
    assert table.take("user", 0.0, per_minute=60, burst=0) == pytest.approx(1.0)
    assert table.take("user", 1.0, per_minute=60, burst=0) is None


def test_keys_do_not_share_a_bucket() -> None:
    table = BucketTable()
    assert table.take("user:a", 0.0, per_minute=1, burst=1) is None
    assert table.take("user:a", 0.0, per_minute=1, burst=1) is not None
    assert table.take("user:b", 0.0, per_minute=1, burst=1) is None


def test_the_table_forgets_the_key_that_was_not_used_for_longest() -> None:
    table = BucketTable(max_keys=2)
    table.take("old", 0.0, per_minute=1, burst=1)
    table.take("kept", 0.0, per_minute=1, burst=1)
    assert table.take("old", 0.0, per_minute=1, burst=1) is not None
    table.take("new", 0.0, per_minute=1, burst=1)
    assert len(table) == 2
    assert table.take("old", 0.0, per_minute=1, burst=1) is not None
    assert table.take("kept", 0.0, per_minute=1, burst=1) is None


@given(
    per_minute=st.floats(0.1, 10_000),
    burst=st.floats(1, 1000),
    steps=st.lists(st.floats(0, 30), min_size=1, max_size=200),
)
def test_nobody_ever_gets_more_than_burst_and_rate_allow(
    per_minute: float, burst: float, steps: list[float]
) -> None:
    bucket = TokenBucket(burst, 0.0)
    now, passed = 0.0, 0
    for step in steps:
        now += step
        wait = bucket.take(now, per_minute=per_minute, burst=burst)
        if wait is None:
            passed += 1
        else:
            assert 0 < wait <= 60 / per_minute
    assert passed <= burst + now * per_minute / 60 + 1e-3


async def test_local_limits_read_their_clock() -> None:
    clock = FakeClock()
    limits = LocalLimits(clock=clock)
    assert await limits.take("user", 60, 1) is None
    assert await limits.take("user", 60, 1) == pytest.approx(1.0)
    clock.now += 1.0
    assert await limits.take("user", 60, 1) is None
