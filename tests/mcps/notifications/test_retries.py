"""What follows a failed attempt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.notifications.provider import NotSent, Verdict
from mcps.notifications.retries import Next, RetryPolicy, after_failure

NOW = 1_000_000.0


def following(failure: NotSent, **changes: Any) -> Next:
    given: dict[str, Any] = {
        "now": NOW,
        "accepted_at": NOW - 10,
        "attempts": 0,
        "unknown": 0,
        "max_unknown": 3,
        "failures_in_row": 1,
        "jitter": 1.0,
        "policy": RetryPolicy(),
    }
    return after_failure(failure, **{**given, **changes})


@pytest.mark.parametrize(
    ("failure", "changes", "expected"),
    [
        (NotSent(Verdict.UNWANTED, "x"), {}, Next()),
        (NotSent(Verdict.REFUSED, "550"), {}, Next(dead_reason="550")),
        (NotSent(Verdict.LATER, "450"), {}, Next(next_at=NOW + 2)),
        (NotSent(Verdict.LATER, "450"), {"attempts": 3}, Next(next_at=NOW + 16)),
        (NotSent(Verdict.LATER, "450"), {"attempts": 3, "jitter": 0.0}, Next(next_at=NOW + 8)),
        (NotSent(Verdict.LATER, "450"), {"attempts": 5000}, Next(next_at=NOW + 900)),
        (NotSent(Verdict.LATER, "450", retry_after=60), {}, Next(next_at=NOW + 60)),
        (NotSent(Verdict.LATER, "450"), {"accepted_at": NOW - 86_400}, Next(dead_reason="too old (450)")),
        (NotSent(Verdict.AWAY, "down"), {}, Next(next_at=NOW, pause_until=NOW + 0.5)),
        (NotSent(Verdict.AWAY, "down"), {"failures_in_row": 4}, Next(next_at=NOW, pause_until=NOW + 4)),
        (NotSent(Verdict.AWAY, "down"), {"failures_in_row": 5000}, Next(next_at=NOW, pause_until=NOW + 30)),
        (NotSent(Verdict.AWAY, "429", retry_after=120), {}, Next(next_at=NOW, pause_until=NOW + 120)),
        (NotSent(Verdict.AWAY, "429", retry_after=1e9), {}, Next(next_at=NOW, pause_until=NOW + 3600)),
        (
            NotSent(Verdict.AWAY, "cut", maybe_sent=True),
            {"unknown": 2},
            Next(next_at=NOW + 4, pause_until=NOW + 0.5),
        ),
        (
            NotSent(Verdict.AWAY, "cut", maybe_sent=True),
            {"unknown": 3},
            Next(dead_reason="unknown whether it arrived (cut)"),
        ),
        # It certainly did not leave this time: what was unknown before is no reason to stop.
        (NotSent(Verdict.AWAY, "down"), {"unknown": 3}, Next(next_at=NOW, pause_until=NOW + 0.5)),
    ],
)
def test_the_table(failure: NotSent, changes: dict[str, Any], expected: Next) -> None:
    assert following(failure, **changes) == expected


@given(
    st.sampled_from(Verdict),
    st.booleans(),
    st.integers(0, 10_000),
    st.integers(1, 10_000),
    st.floats(0, 1),
    st.one_of(st.none(), st.floats(0, 1e12)),
)
def test_a_failure_never_leads_to_a_retry_at_once_or_never(
    verdict: Verdict, maybe: bool, attempts: int, row: int, jitter: float, asked: float | None
) -> None:
    failure = NotSent(verdict, "x", retry_after=asked, maybe_sent=maybe)
    after = following(failure, attempts=attempts, unknown=int(maybe), failures_in_row=row, jitter=jitter)
    if after.next_at is not None:
        assert NOW + 0.25 <= max(after.next_at, after.pause_until or 0) <= NOW + 3600
