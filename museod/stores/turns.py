"""One turn of a user at a time: a queue in this process, and a lock with an end in the engine."""

from __future__ import annotations

import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import trio

from museod.errors import LockTimeout, StoreError
from museod.stores.backend import Backend
from museod.stores.base import Turn, TurnLost

# A crashed node's users wait this long at most.
TTL_SECONDS = 10.0
# Three tries within a lock's life.
RENEW_SECONDS = 3.0
# The rate limit lets 10 messages of a user come at once; more than this waiting is no conversation.
MAX_WAITING_PER_USER = 64
# While another node holds the lock we ask again, first quickly (most turns are short), then calmly.
_FIRST_PAUSE_SECONDS = 0.02
_MAX_PAUSE_SECONDS = 0.25
# Giving back is shielded from cancellation, so it must be short; what it misses the lock's end makes good.
_RELEASE_SECONDS = 1.0


@dataclass(slots=True)
class _Lane:
    """The queue of one user in this process."""

    # Not a trio.Lock: that one belongs to a task, this place to a block. Both serve in order of arrival.
    place: trio.Semaphore = field(default_factory=lambda: trio.Semaphore(1, max_value=1))
    users: int = 0


@dataclass(slots=True, eq=False)
class _Held:
    """A lock that a block of ours holds."""

    turn: Turn
    scope: trio.CancelScope
    good_until: float  # on Trio's clock
    is_lost: bool = False

    def lose(self) -> None:
        self.is_lost = True
        self.scope.cancel()


class TurnLocks:
    """
    `base.Locks` over a backend.

    The queue in the process keeps the order of arrival and spares the engine the asking; across processes
    the lock is polled.
    """

    def __init__(
        self, backend: Backend, *, ttl_seconds: float = TTL_SECONDS, renew_seconds: float = RENEW_SECONDS
    ) -> None:
        self._backend = backend
        self._ttl = ttl_seconds
        self._renew = renew_seconds
        self._lanes: dict[str, _Lane] = {}
        self._held: set[_Held] = set()

    async def run(self) -> None:
        """Renew what is held until cancelled."""
        while True:
            await trio.sleep(self._renew)
            if self._held:
                await self._renew_all()

    @asynccontextmanager
    async def open_turn(self, user_id: str, *, wait_seconds: float) -> AsyncIterator[Turn]:
        deadline = trio.current_time() + wait_seconds
        async with self._place_in_line(user_id, deadline):
            turn, good_until = await self._take(user_id, deadline)
            held = _Held(turn, trio.CancelScope(), good_until)
            self._held.add(held)
            try:
                with held.scope:
                    yield turn
            finally:
                self._held.discard(held)
                if not held.is_lost:
                    await self._give_back(turn)
            if held.scope.cancelled_caught:
                raise TurnLost(f"The lock of this turn (number {turn.number}) was lost.")

    @asynccontextmanager
    async def _place_in_line(self, user_id: str, deadline: float) -> AsyncIterator[None]:
        lane = self._lanes.setdefault(user_id, _Lane())
        if lane.users > MAX_WAITING_PER_USER:
            raise LockTimeout(f"{MAX_WAITING_PER_USER} messages of this user are waiting already.")
        lane.users += 1
        try:
            with trio.move_on_at(max(deadline, trio.current_time())) as waiting:
                try:
                    lane.place.acquire_nowait()
                except trio.WouldBlock:
                    await lane.place.acquire()
            if waiting.cancelled_caught:
                raise LockTimeout("Another message of this user is still being handled.")
            try:
                yield
            finally:
                lane.place.release()
        finally:
            lane.users -= 1
            if lane.users == 0:
                del self._lanes[user_id]

    async def _take(self, user_id: str, deadline: float) -> tuple[Turn, float]:
        token = secrets.token_hex(16)
        pause = _FIRST_PAUSE_SECONDS
        while True:
            good_until = trio.current_time() + self._ttl
            number = await self._backend.open_turn(user_id, token, ttl_seconds=self._ttl)
            if number is not None:
                return Turn(user_id, number, token), good_until
            left = deadline - trio.current_time()
            if left <= 0:
                raise LockTimeout("Another node is still handling a message of this user.")
            # Jitter, so that waiting nodes do not ask in step.
            await trio.sleep(min(left, pause * random.uniform(0.5, 1.0)))  # noqa: S311 - no secret
            pause = min(pause * 2, _MAX_PAUSE_SECONDS)

    async def _give_back(self, turn: Turn) -> None:
        # A failure to release is nobody's concern: the work is saved or not, and the lock ends by itself.
        with trio.CancelScope(shield=True), trio.move_on_after(_RELEASE_SECONDS), suppress(StoreError):
            await self._backend.release(turn.user_id, turn.token)

    async def _renew_all(self) -> None:
        asked = list(self._held)
        started = trio.current_time()
        try:
            kept = await self._backend.renew(
                [(held.turn.user_id, held.turn.token) for held in asked], ttl_seconds=self._ttl
            )
        except StoreError:
            # Unknown is not lost, until the lock's life must be over.
            for held in asked:
                if held in self._held and held.good_until <= trio.current_time():
                    held.lose()
            return
        for held in asked:
            if held not in self._held:
                continue  # given back meanwhile
            if held.turn.token in kept:
                held.good_until = started + self._ttl
            else:
                held.lose()
