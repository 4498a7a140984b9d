"""
The circuit breaker of one child as a table: it counts lost children and timeouts, never a tool's own errors.

closed: calls pass. open: calls fail at once. half_open: one call tries; its outcome decides.
The clock is the caller's: every method takes `now` in monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class BreakerState(Enum):
    """The value is what `breaker_state{target}` shows."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Outcome(Enum):
    """How a call ended, as far as the child's health is concerned."""

    ANSWERED = "answered"
    FAILED = "failed"
    ABANDONED = "abandoned"


# (state, outcome) -> what follows; "count" opens the breaker once the threshold is reached.
_TABLE: dict[tuple[BreakerState, Outcome], str] = {
    (BreakerState.CLOSED, Outcome.ANSWERED): "reset",
    (BreakerState.CLOSED, Outcome.FAILED): "count",
    (BreakerState.CLOSED, Outcome.ABANDONED): "stay",
    (BreakerState.HALF_OPEN, Outcome.ANSWERED): "close",
    (BreakerState.HALF_OPEN, Outcome.FAILED): "open",
    (BreakerState.HALF_OPEN, Outcome.ABANDONED): "retry",
    (BreakerState.OPEN, Outcome.ANSWERED): "stay",  # a late answer from before it opened
    (BreakerState.OPEN, Outcome.FAILED): "stay",
    (BreakerState.OPEN, Outcome.ABANDONED): "stay",
}


@dataclass(slots=True)
class Breaker:
    """
    Args:
        threshold: failures in a row that open it. Five, so that one crash with a few calls in flight does
            not take a child out that is back within a second.
        open_seconds: how long it stays open first; doubled up to `max_open_seconds` while trials fail.
    """

    threshold: int = 5
    open_seconds: float = 2.0
    max_open_seconds: float = 30.0
    state: BreakerState = BreakerState.CLOSED
    _failures: int = 0
    _span: float = 0.0
    _until: float = 0.0
    _is_trying: bool = field(default=False)

    @property
    def is_clean(self) -> bool:
        """Closed and without a failure on its count: an answer would change nothing."""
        return self.state is BreakerState.CLOSED and not self._failures

    def admit(self, now: float) -> float | None:
        """None if a call may pass now, else the seconds after which to try again."""
        if self.state is BreakerState.CLOSED:
            return None
        if self.state is BreakerState.OPEN:
            if now < self._until:
                return self._until - now
            self.state = BreakerState.HALF_OPEN
            self._is_trying = False
        if self._is_trying:
            return self.open_seconds
        self._is_trying = True
        return None

    def record(self, outcome: Outcome, now: float) -> None:
        """Take the outcome of an admitted call into account."""
        step = _TABLE[self.state, outcome]
        if step == "reset":
            self._failures = 0
        elif step == "close":
            self.reset()
        elif step == "retry":
            self._is_trying = False
        elif step == "open":
            self._open(now)
        elif step == "count":
            self._failures += 1
            if self._failures >= self.threshold:
                self._open(now)

    def reset(self) -> None:
        """Close it: the child answers, or is a new process."""
        self.state = BreakerState.CLOSED
        self._failures = 0
        self._span = 0.0
        self._is_trying = False

    def _open(self, now: float) -> None:
        self._span = min(self.max_open_seconds, self._span * 2 if self._span else self.open_seconds)
        self._until = now + self._span
        self.state = BreakerState.OPEN
        self._is_trying = False
