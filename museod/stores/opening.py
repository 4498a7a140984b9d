"""From a URL to the stores behind it."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from museod.errors import ConfigError, Fault, StoreError
from museod.stores.backend import Backend
from museod.stores.base import Stores
from museod.stores.confirmations import SealedConfirmations
from museod.stores.database import Database
from museod.stores.sealed import (
    PlainStatuses,
    SealedAnswers,
    SealedCache,
    SealedConversations,
    SealedPrivacy,
)
from museod.stores.sealing import Sealer
from museod.stores.sqlite import FILE_NAME, SqliteBackend
from museod.stores.statedir import KEY_NAME, make_key_file, make_state_dir, read_key_file
from museod.stores.turns import TurnLocks

# MCP_RETENTION_DAYS' default: a customer comes back within the month or starts anew.
RETENTION_SECONDS = 30 * 86400.0
IN_MEMORY = ":memory:"


def open_sealer(url: str | None, state_dir: Path, keys: Sequence[tuple[str, bytes]]) -> Sealer:
    """
    The sealer for a store: under `keys` if there are any, else under the key file, made if need be.

    A key file that is there keeps opening what it sealed after `keys` were configured. Blocks.

    Raises:
        ConfigError: unfit keys, or a key file that others may read.
        StoreError: the key file is gone while a store that may need it is there.
    """
    if url == IN_MEMORY and not keys:
        return Sealer([("memory", secrets.token_bytes(32))])
    local = [] if url == IN_MEMORY else read_key_file(state_dir)
    if keys:
        known = {key_id for key_id, _ in keys}
        return Sealer([*keys, *(item for item in local if item[0] not in known)])
    if not local:
        database = state_dir / FILE_NAME
        if database.exists() and database.stat().st_size:
            raise StoreError(
                f"{database} is there, but neither {state_dir / KEY_NAME} nor MCP_ENCRYPTION_KEYS, under "
                f"which it was sealed: restore one of them, or move the database away and start empty."
            )
        make_state_dir(state_dir)
        local = make_key_file(state_dir)
    return Sealer(local)


@asynccontextmanager
async def open_stores(
    url: str | None,
    state_dir: Path,
    keys: Sequence[tuple[str, bytes]] = (),
    *,
    sealer: Sealer | None = None,
    retention_seconds: float = RETENTION_SECONDS,
    is_exclusive: bool = False,
    now: Callable[[], float] = time.time,
) -> AsyncIterator[Stores]:
    """
    All stores, for the length of the block.

    Args:
        url: None for the embedded store in `state_dir`, ":memory:" for one that ends with the block.
        keys: for sealing, newest first; none: the key file in `state_dir`.
        sealer: instead of `keys`, if the caller made one already (`open_sealer`).
        is_exclusive: the caller holds `statedir.lock_state_dir`, so locks left in the file are a crashed
            predecessor's and are freed at once.
        now: seconds since 1970; must be callable from any thread.

    Raises:
        ConfigError: a URL or keys that cannot be used.
        StoreError: the store cannot be opened; the text names file and remedy.
    """
    path = _path(url, state_dir)
    if path is not None:
        await trio.to_thread.run_sync(make_state_dir, state_dir)
    if sealer is None:
        sealer = await trio.to_thread.run_sync(open_sealer, url, state_dir, keys)
    database = await trio.to_thread.run_sync(lambda: Database(path, now=now))
    backend = SqliteBackend(database, path=path, now=now)
    try:
        if is_exclusive:
            await backend.drop_locks()
        locks = TurnLocks(backend)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(backend.run, name="store upkeep")
            nursery.start_soon(locks.run, name="lock renewal")
            yield assemble(backend, sealer, locks, now=now, retention_seconds=retention_seconds)
            nursery.cancel_scope.cancel()
    finally:
        await backend.aclose()


def assemble(
    backend: Backend,
    sealer: Sealer,
    locks: TurnLocks,
    *,
    now: Callable[[], float],
    retention_seconds: float,
) -> Stores:
    """The stores over one backend."""
    conversations = SealedConversations(backend, sealer, now=now, retention_seconds=retention_seconds)
    cache = SealedCache(backend, sealer, now=now)
    return Stores(
        conversations=conversations,
        locks=locks,
        answers=SealedAnswers(backend, sealer, now=now),
        statuses=PlainStatuses(backend),
        cache=cache,
        privacy=SealedPrivacy(backend, sealer, conversations, cache),
        confirmations=SealedConfirmations(backend, sealer, now=now),
    )


def _path(url: str | None, state_dir: Path) -> Path | None:
    if not url:
        return state_dir / FILE_NAME
    if url == IN_MEMORY:
        return None
    scheme = url.partition(":")[0].lower()
    remedy = (
        "Redis is not supported by this build yet; unset MCP_REDIS_URL to use the embedded store"
        if scheme in ("redis", "rediss", "unix")
        else "this is no URL of a store; unset it to use the embedded store"
    )
    raise ConfigError([Fault("environment", "MCP_REDIS_URL", remedy)])
