"""What follows a failed attempt: a pure table of numbers, with the clock handed in."""

from __future__ import annotations

from dataclasses import dataclass

from mcps.notifications.provider import NotSent, Verdict


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try again, and when to stop."""

    first_seconds: float = 2.0  # of one message: a greylisting server wants minutes, a hiccup seconds
    max_seconds: float = 900.0  # mail servers retry every quarter of an hour or so
    pause_first_seconds: float = 0.5  # of a whole provider: it restarts
    pause_max_seconds: float = 30.0  # what waits should leave soon after it is back
    retry_after_max_seconds: float = 3600.0  # a provider that names more is not believed
    max_age_seconds: float = 24 * 3600.0  # news that is a day old confuses more than it helps


@dataclass(frozen=True, slots=True)
class Next:
    """
    One of three: try again at `next_at` (and let the provider rest until `pause_until`), give up for
    `dead_reason`, or neither (the person does not want it).
    """

    next_at: float | None = None
    pause_until: float | None = None
    dead_reason: str = ""


def after_failure(
    failure: NotSent,
    *,
    now: float,
    accepted_at: float,
    attempts: int,
    unknown: int,
    max_unknown: int,
    failures_in_row: int,
    jitter: float,
    policy: RetryPolicy,
) -> Next:
    """
    The consequence of one failure.

    Args:
        attempts: of this message before, that failed for its own reasons.
        unknown: attempts of unknown outcome, this one included.
        failures_in_row: of the provider, this one included.
        jitter: 0 to 1; spreads what failed together.
    """
    if failure.verdict is Verdict.UNWANTED:
        return Next()
    if failure.verdict is Verdict.REFUSED:
        return Next(dead_reason=failure.reason)
    if unknown >= max_unknown and failure.maybe_sent:
        return Next(dead_reason=f"unknown whether it arrived ({failure.reason})")
    if now - accepted_at >= policy.max_age_seconds:
        return Next(dead_reason=f"too old ({failure.reason})")
    asked = min(failure.retry_after or 0.0, policy.retry_after_max_seconds)
    spread = 0.5 + jitter / 2
    if failure.verdict is Verdict.AWAY:
        # The exponents are bounded before they are used: 2.0 ** 1100 is an OverflowError.
        backoff = policy.pause_first_seconds * 2.0 ** min(failures_in_row - 1, 20)
        pause = max(min(backoff, policy.pause_max_seconds) * spread, asked)
        # What may have arrived waits longer than the provider rests: it may be what made it fail.
        own = _backoff(unknown - 1, policy) * spread if failure.maybe_sent else 0.0
        return Next(next_at=now + own, pause_until=now + pause)
    return Next(next_at=now + max(_backoff(attempts, policy) * spread, asked))


def _backoff(before: int, policy: RetryPolicy) -> float:
    return min(policy.first_seconds * 2.0 ** min(before, 20), policy.max_seconds)
