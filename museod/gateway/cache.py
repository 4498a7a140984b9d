"""
The request cache: results of the tools that the configuration names, given again for seconds.

A tool's results are kept for each caller alone, or for all together where the configuration says so
(`cache_shared`). A caller's own are dropped when the caller writes: by any call of another tool of the same
child that does not say that it only reads. Trouble of the store never fails a call; it makes it a miss.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

import msgspec
import trio
from msgspec import Raw, Struct

from museod.access.principal import Principal
from museod.errors import StoreError
from museod.gateway.catalogue import Entry
from museod.gateway.policy import ChildPolicy
from museod.observe import metrics
from museod.observe.logs import get_logger
from museod.stores.base import CacheEntry, RequestCache
from museod.wire import envelope

log = get_logger()

# The store's own ceiling for one result.
MAX_RESULT_BYTES = 1024 * 1024
# A look-up that takes longer than a child's usual answer spares nobody anything.
STORE_SECONDS = 0.25
# Writers whose results a store in trouble could not drop; beyond it the oldest rely on their results' end.
MAX_UNDROPPED = 10_000
SHARED = ""
_CACHE = "request"
_TRACE = ("traceparent", "tracestate", "baggage")


class _Kind(Struct, rename="camel"):
    """What decides whether a result may be kept."""

    is_error: bool = False
    result_type: str = "complete"


_decode_kind = msgspec.json.Decoder(_Kind).decode
_canonical = msgspec.json.Encoder(order="deterministic").encode


class ResultCache:
    """Finds, keeps and drops results in a store that nodes may share."""

    def __init__(self, store: RequestCache) -> None:
        self._store = store
        self._undropped: OrderedDict[str, None] = OrderedDict()

    async def lookup(
        self, policy: ChildPolicy, entry: Entry, arguments: Any, caller: Principal, locale: str
    ) -> CacheEntry | None:
        """
        What is known for this call; with `value` None nothing yet, but the answer may be kept (`store`).

        Args:
            arguments: decoded; the order of members does not matter.

        Returns:
            None where nothing may be kept: the caller is nobody in particular, or the store is in trouble.
        """
        if entry.original in policy.cache_shared:
            owner, role = SHARED, ""
        elif caller.is_anonymous:
            return None
        else:
            # Two tokens of one person may have different roles, and with them be told different things.
            owner, role = caller.sub, caller.role.value
        if owner in self._undropped and not await self._drop(owner):
            return None
        digest = hashlib.sha256(_canonical([entry.name, arguments, locale, role])).hexdigest()
        found = None
        with trio.move_on_after(STORE_SECONDS):
            try:
                found = await self._store.get(owner, digest)
            except StoreError as error:
                _failed("get", error)
        _count("miss" if found is None or found.value is None else "hit")
        return found

    async def store(self, missed: CacheEntry, raw: Raw, *, seconds: float) -> None:
        """
        Keep the result of a call whose look-up missed, if it is of a kind that may be kept.

        A failed result, or one that asks the client something, is no answer to the next caller.
        """
        data = bytes(raw)
        if len(data) > MAX_RESULT_BYTES or not _is_keepable(data):
            return
        with trio.move_on_after(STORE_SECONDS):
            try:
                await self._store.set(missed, data, ttl_seconds=seconds)
                _count("stored")
            except StoreError as error:
                _failed("set", error)

    async def wrote(self, policy: ChildPolicy, caller: Principal) -> None:
        """
        The caller has (or may have) changed something at this child: its own results count no more.

        What is being looked up for it right now will not be kept either.

        Cancellation:
            Done nevertheless, within `STORE_SECONDS`: the write may have taken effect.
        """
        if caller.is_anonymous or not policy.caches_per_caller:
            return
        with trio.CancelScope(shield=True):
            await self._drop(caller.sub)

    async def _drop(self, owner: str) -> bool:
        # Noted first: until the store has done it, this caller is given nothing from it.
        self._undropped[owner] = None
        while len(self._undropped) > MAX_UNDROPPED:
            self._undropped.popitem(last=False)
        with trio.move_on_after(STORE_SECONDS):
            try:
                await self._store.drop(owner)
                self._undropped.pop(owner, None)
                _count("dropped")
                return True
            except StoreError as error:
                _failed("drop", error)
        return False


def says_more(meta: Raw | None) -> bool:
    """Whether a caller's `_meta` tells the child something of its own, which may change the answer."""
    return meta is not None and any(
        name not in envelope.RESERVED and not name.startswith(envelope.OURS) and name not in _TRACE
        for name in envelope.members(meta)
    )


def _is_keepable(data: bytes) -> bool:
    try:
        kind = _decode_kind(data)
    except msgspec.DecodeError:
        return False
    return not kind.is_error and kind.result_type == "complete"


def _count(outcome: str) -> None:
    metrics.cache_total.labels(_CACHE, outcome).inc()


def _failed(operation: str, error: StoreError) -> None:
    _count("failed")
    log.debug("cache_failed", operation=operation, reason=str(error))
