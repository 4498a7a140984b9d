"""
The circuit breaker of one target as a table: after failures in a row, callers are told at once to wait.

closed: calls pass. open: none passes. half_open: one call tries, and its outcome decides. Only what says
something about the target's health counts: no answer, a 5xx, nonsense. A refusal is an answer.
Pure: every method is given `now` in monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class BreakerState(Enum):
    """What callers meet."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Outcome(Enum):
    """How a call ended, as far as the target's health goes."""

    ANSWERED = "answered"
    FAILED = "failed"
    ABANDONED = "abandoned"  # the caller left; nothing is known


class Step(Enum):
    """What the breaker does next."""

    STAY = "stay"
    COUNT = "count"
    CLOSE = "close"
    OPEN = "open"
    TRY_ANOTHER = "try_another"


TABLE: dict[tuple[BreakerState, Outcome], Step] = {
    (BreakerState.CLOSED, Outcome.ANSWERED): Step.CLOSE,
    (BreakerState.CLOSED, Outcome.FAILED): Step.COUNT,
    (BreakerState.CLOSED, Outcome.ABANDONED): Step.STAY,
    (BreakerState.HALF_OPEN, Outcome.ANSWERED): Step.CLOSE,
    (BreakerState.HALF_OPEN, Outcome.FAILED): Step.OPEN,
    (BreakerState.HALF_OPEN, Outcome.ABANDONED): Step.TRY_ANOTHER,
    # Answers to calls that began before it opened: one good one is no reason to let everybody in again.
    (BreakerState.OPEN, Outcome.ANSWERED): Step.STAY,
    (BreakerState.OPEN, Outcome.FAILED): Step.STAY,
    (BreakerState.OPEN, Outcome.ABANDONED): Step.STAY,
}


@dataclass(slots=True)
class Breaker:
    """
    Args:
        threshold: failures in a row that open it; more than the attempts of one call, so that a single
            unlucky call does not shut everybody out.
        open_seconds: how long it stays open at first; doubled up to `max_open_seconds` while trials fail.
    """

    threshold: int = 5
    open_seconds: float = 1.0
    max_open_seconds: float = 30.0
    state: BreakerState = BreakerState.CLOSED
    _failures: int = 0
    _span: float = 0.0
    _until: float = 0.0
    _is_trying: bool = False

    def admit(self, now: float) -> float | None:
        """None if a call may pass, else the seconds after which one may. An admitted call is recorded."""
        if self.state is BreakerState.OPEN and now >= self._until:
            self.state = BreakerState.HALF_OPEN
            self._is_trying = False
        if self.state is BreakerState.OPEN:
            return self._until - now
        if self.state is BreakerState.HALF_OPEN:
            if self._is_trying:
                return self.open_seconds
            self._is_trying = True
        return None

    def record(self, outcome: Outcome, now: float) -> None:
        """Take the end of an admitted call into account."""
        match TABLE[self.state, outcome]:
            case Step.CLOSE:
                self.state = BreakerState.CLOSED
                self._failures, self._span, self._is_trying = 0, 0.0, False
            case Step.COUNT:
                self._failures += 1
                if self._failures >= self.threshold:
                    self._open(now)
            case Step.OPEN:
                self._open(now)
            case Step.TRY_ANOTHER:
                self._is_trying = False
            case Step.STAY:
                pass

    def _open(self, now: float) -> None:
        self._span = min(self.max_open_seconds, self._span * 2 or self.open_seconds)
        self._until = now + self._span
        self.state = BreakerState.OPEN
        self._failures, self._is_trying = 0, False
