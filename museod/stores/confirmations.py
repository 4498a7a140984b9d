"""What waits for a person's yes, sealed, for minutes: whoever takes one has it alone, on all nodes."""

from __future__ import annotations

from collections.abc import Callable

from museod.stores import keys
from museod.stores.backend import Backend, Entry, EntryKind
from museod.stores.sealing import CannotOpen, Sealer

# A call's arguments and no more; a file to import is named, or pasted in 4,000 characters.
MAX_CONFIRMATION_BYTES = 256 * 1024


class SealedConfirmations:
    """`base.Confirmations` over a backend."""

    def __init__(self, backend: Backend, sealer: Sealer, *, now: Callable[[], float]) -> None:
        self._backend = backend
        self._sealer = sealer
        self._now = now

    async def put(self, user_id: str, ticket: str, value: bytes, *, ttl_seconds: float) -> bool:
        if len(value) > MAX_CONFIRMATION_BYTES:
            return False
        key = keys.confirmation(user_id, ticket)
        sealed = self._sealer.seal(value, key)
        until = self._now() + ttl_seconds
        await self._backend.put([Entry(key, EntryKind.CONFIRMATION, sealed, user_id, until)])
        return True

    async def take(self, user_id: str, ticket: str) -> bytes | None:
        key = keys.confirmation(user_id, ticket)
        sealed = await self._backend.take(key)
        if sealed is None:
            return None
        try:
            return self._sealer.open(sealed, key)
        except CannotOpen:
            return None  # sealed under a key that is gone: the person is asked once more
