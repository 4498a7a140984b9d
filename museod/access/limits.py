"""
Token buckets: how much of each caller we take. Pure: the clock is handed in.

One table serves all limits: messages per user, per address and per role, MCP requests, invalid frames.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

# A bucket and its key are some 250 bytes: 16 MiB at most. Whoever has 65,536 identities to push a bucket out
# with gains no more than one new burst by it.
MAX_KEYS = 65_536


@dataclass(slots=True)
class TokenBucket:
    """
    A bucket that holds up to `burst` tokens and refills steadily; new ones are full.

    Rate and burst come with every call, so that a changed configuration counts at once.
    """

    tokens: float
    updated_at: float

    def take(self, now: float, *, per_minute: float, burst: float) -> float | None:
        """
        Take one token; None if there was one, else the seconds until there is.

        Args:
            now: any clock's seconds; one that runs backwards refills nothing.
            per_minute: tokens gained a minute, above 0.
            burst: size of the bucket; below 1 counts as 1, or nothing would ever pass.
        """
        size = max(burst, 1.0)
        gained = max(now - self.updated_at, 0.0) * per_minute / 60.0
        self.tokens = min(size, self.tokens + gained)
        self.updated_at = max(now, self.updated_at)
        if self.tokens >= 1.0 - _ROUNDING:
            self.tokens = max(self.tokens - 1.0, 0.0)
            return None
        return (1.0 - self.tokens) * 60.0 / per_minute


# Whoever waits exactly as long as we said must not be refused for the last bit of a float.
_ROUNDING = 1e-9


class BucketTable:
    """Buckets by key, at most `max_keys` of them: the one not used for longest goes first."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: float, *, per_minute: float, burst: float) -> float | None:
        """Take one token from the bucket of `key`, as `TokenBucket.take`; `per_minute` 0: no limit."""
        if per_minute <= 0:
            return None
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(max(burst, 1.0), now)
            if len(self._buckets) > self._max_keys:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(now, per_minute=per_minute, burst=burst)


class LocalLimits:
    """
    The limits of this process alone, in the shape of `stores.base.Limits`.

    Right where no engine is shared, and what remains when a shared one is away.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, max_keys: int = MAX_KEYS) -> None:
        self._clock = clock
        self._table = BucketTable(max_keys)

    def take_nowait(self, key: str, per_minute: float, burst: float) -> float | None:
        """Take one token now; None if there was one, else the seconds until there is."""
        return self._table.take(key, self._clock(), per_minute=per_minute, burst=burst)

    async def take(self, key: str, per_minute: float, burst: float) -> float | None:
        """The same; a coroutine only for the shape it shares, so without a checkpoint."""
        return self.take_nowait(key, per_minute, burst)
