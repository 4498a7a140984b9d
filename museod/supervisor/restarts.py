"""
When a child that ended is started again. Pure: times and random numbers come in, delays come out.

Two limits work together. The delay grows with each failure, so that a broken child costs little. The window
counts restarts: more than the intensity allows, and the child has failed; from then on it is tried once every
`max_seconds` and not otherwise, until it has proved itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from museod.supervisor.spec import Backoff, Intensity


class RestartWindow:
    """The restarts of the last `within_seconds`; holds at most one time more than the intensity allows."""

    def __init__(self, intensity: Intensity) -> None:
        self._intensity = intensity
        self._times: deque[float] = deque(maxlen=intensity.restarts + 1)

    def add(self, now: float) -> bool:
        """Count a restart at `now` (monotonic seconds); whether that is still within the intensity."""
        while self._times and self._times[0] <= now - self._intensity.within_seconds:
            self._times.popleft()
        self._times.append(now)
        return len(self._times) <= self._intensity.restarts


class Delays:
    """
    The growing delays of one run of failures.

    Args:
        random: numbers of [0, 1), as `random.random` gives them.
    """

    def __init__(self, backoff: Backoff, random: Callable[[], float]) -> None:
        self._backoff = backoff
        self._random = random
        self._next = backoff.initial_seconds

    def draw(self) -> float:
        """The next delay in seconds, at most `max_seconds` with its jitter."""
        backoff = self._backoff
        delay = self._next * (1 + backoff.jitter * (2 * self._random() - 1))
        self._next = min(backoff.max_seconds, self._next * backoff.factor)
        return min(backoff.max_seconds, delay)

    def reset(self) -> None:
        """Begin again with `initial_seconds`."""
        self._next = self._backoff.initial_seconds


@dataclass(frozen=True, slots=True)
class NextTry:
    """Start again after `delay` seconds; `has_failed` when the child counts as failed until then."""

    delay: float
    has_failed: bool


class Restarts:
    """The restarts of one child: its window, its delays, and whether it has failed."""

    def __init__(self, backoff: Backoff, intensity: Intensity, random: Callable[[], float]) -> None:
        self._backoff = backoff
        self._intensity = intensity
        self._random = random
        self.reset()

    def reset(self) -> None:
        """Forget all failures: somebody looked after the child and asks for it again."""
        self._window = RestartWindow(self._intensity)
        self._delays = Delays(self._backoff, self._random)
        self._has_failed = False

    def after(self, now: float, ready_seconds: float) -> NextTry:
        """
        What to do about an incarnation that ended at `now` after it had been ready for `ready_seconds`.

        Having been ready for `max_seconds` is what clears a child: even if it falls that late every time,
        starting it at once makes no more starts than the retries of a failed child do. The window is not
        emptied by it: no window ever holds more restarts than the intensity, those retries apart.
        """
        if ready_seconds >= self._backoff.max_seconds:
            self._has_failed = False
            self._delays.reset()
        if not self._has_failed:
            self._has_failed = not self._window.add(now)
        if self._has_failed:
            return NextTry(self._backoff.max_seconds, has_failed=True)
        return NextTry(self._delays.draw(), has_failed=False)
