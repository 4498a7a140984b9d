"""What an engine must be able to do: bytes under names, with an end, under locks. No meaning, no keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class EntryKind(StrEnum):
    """What an entry is; each kind has its own ceiling."""

    ANSWER = "answer"
    RESULT = "result"
    EPOCH = "epoch"
    STATUS = "status"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    Bytes under a name.

    `owner` is the user whose data it is, empty for nobody. `expires_at` is in seconds since 1970, None for
    never.
    """

    key: str
    kind: EntryKind
    value: bytes
    owner: str = ""
    expires_at: float | None = None


class Backend(Protocol):
    """
    One engine. Every operation is atomic, and has taken effect for everybody when it returns.

    Raises from all of them:
        StoreUnavailable: no answer in time; `maybe_done` if it may have taken effect.
        StoreError: the engine is damaged or misused.
    """

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of these entries, None for those that are not there or over."""

    async def take(self, key: str) -> bytes | None:
        """
        The value of an entry, which is gone then; None if it is not there or over.

        Of several that take the same entry one gets it. Not repeated by itself: `StoreUnavailable` with
        `maybe_done` may have lost it.
        """

    async def put(self, entries: Sequence[Entry]) -> None:
        """Write entries, over what was there."""

    async def put_in_epoch(self, entry: Entry, *, epoch_key: str, epoch: int) -> None:
        """Write an entry if the number under `epoch_key` (none counts as 0) is still `epoch`."""

    async def raise_epoch(self, key: str, *, at_least: int, expires_at: float) -> None:
        """Set the entry to a decimal number above its present one, `at_least` or more."""

    async def read_conversation(self, user_id: str) -> bytes | None:
        """The sealed record, None if there is none or it is over."""

    async def write_turn(
        self,
        user_id: str,
        turn: int,
        *,
        record: bytes | None,
        expires_at: float,
        entries: Sequence[Entry] = (),
    ) -> bool:
        """
        Write what one turn left, if `turn` is still the user's last drawn number; whether it was.

        `record` None leaves the conversation as it is.
        """

    async def open_turn(self, user_id: str, token: str, *, ttl_seconds: float) -> int | None:
        """
        Take the user's lock and draw a turn number, or None while another token holds it.

        Cancellation:
            A lock that was granted to a caller who has left is released.
        """

    async def renew(self, held: Sequence[tuple[str, str]], *, ttl_seconds: float) -> set[str]:
        """Prolong locks, given as (user id, token); the tokens that still held theirs."""

    async def release(self, user_id: str, token: str) -> bool:
        """Give the lock back if `token` holds it; whether it did."""

    async def owned(self, user_id: str) -> list[Entry]:
        """All entries of one user."""

    async def erase(self, user_id: str) -> bool:
        """Delete conversation, lock and entries of one user, leaving no copy; whether there were any."""
