"""How many requests a caller may make, and how often it may guess a secret. Pure: the clock is given."""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_CALLERS = 1_024  # windows kept; the one that began first goes when it is full


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left in a caller's window."""

    limit: int
    window: int
    remaining: int
    reset_seconds: int
    is_over: bool

    def headers(self) -> list[tuple[str, str]]:
        """The RateLimit fields of the IETF draft."""
        return [
            ("RateLimit-Policy", f'"default";q={self.limit};w={self.window}'),
            ("RateLimit", f'"default";r={self.remaining};t={self.reset_seconds}'),
        ]


class Limiter:
    """
    Fixed windows, one per caller.

    Args:
        limit: how many per window.
        window: its length in seconds.
    """

    def __init__(self, limit: int, window: int = 60) -> None:
        self.limit = limit
        self._window = window
        self._callers: dict[str, tuple[float, int]] = {}

    def take(self, caller: str, now: float) -> Budget:
        """Count one and say what is left."""
        return self._budget(caller, now, 1)

    def peek(self, caller: str, now: float) -> Budget:
        """What is left, counting nothing."""
        return self._budget(caller, now, 0)

    def _budget(self, caller: str, now: float, count: int) -> Budget:
        began, used = self._callers.get(caller, (now, 0))
        if now - began >= self._window:
            began, used = now, 0
        is_over = used + max(count, 1) > self.limit
        used = min(used + count, self.limit)
        if count:
            if caller not in self._callers and len(self._callers) >= MAX_CALLERS:
                del self._callers[min(self._callers, key=lambda name: self._callers[name][0])]
            self._callers[caller] = (began, used)
        reset = max(1, math.ceil(began + self._window - now))
        return Budget(self.limit, self._window, self.limit - used, reset, is_over)
