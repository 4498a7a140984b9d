"""
The embedded engine: one SQLite file in the state directory, or a database in memory.

Statements run in one thread behind the batching bridge, and never on the loop. Inline they would be cheaper
(14 µs against 80 µs for a lone hop, measured), but a tiny statement is only tiny until the disk stalls or
another process holds the file, and then everybody's messages would stand still for up to the busy timeout.
A whole turn (lock, look-up, load, save with answer, release) takes 1.4 ms alone, and 2,100 of them pass in a
second at 64 users: little beside the child processes that a turn waits for.
Checkpoints, the only fsyncs here, run every second on a connection and a thread of their own: in WAL mode
they stop neither readers nor writers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import trio

from museod.errors import StoreError, StoreUnavailable
from museod.stores import keys
from museod.stores.backend import Entry, EntryKind
from museod.stores.bridge import Bridge
from museod.stores.database import Database, connect

T = TypeVar("T")

FILE_NAME = "museod.sqlite3"

# How much a power cut may cost (see `database.connect`).
CHECKPOINT_SECONDS = 1.0
# What is over is invisible at once; the sweep only frees its room, so it can be calm: once a minute, 500
# rows (a few ms) at a time.
SWEEP_SECONDS = 60.0
SWEEP_ROWS = 500
# What may be lost early without harm has a ceiling per kind: a day of a busy shop's answers and results is
# far less than 64 MiB in their minutes of life.
MAX_KIND_BYTES = 64 * 1024 * 1024
_BOUNDED_KINDS = frozenset({EntryKind.ANSWER, EntryKind.RESULT, EntryKind.CONFIRMATION})
# A drawn turn number is remembered this long without a saved conversation: longer than any turn runs.
_FENCE_SECONDS = 3600


class SqliteBackend:
    """
    `backend.Backend` on SQLite.

    Args:
        path: of the file; None keeps everything in memory.
        now: seconds since 1970.
    """

    def __init__(self, database: Database, *, path: Path | None, now: Callable[[], float]) -> None:
        self._path = path
        self._now = now
        self._written: dict[EntryKind, int] = {}  # bytes since the kind was last measured; store thread only
        self._last_drawn = 0  # store thread only
        self._is_dirty = False
        self._must_truncate = False
        self._checkpoints = trio.CapacityLimiter(1)
        self._bridge: Bridge[sqlite3.Connection] = Bridge("museod-store", database.execute, database.close)

    async def run(self) -> None:
        """Checkpoint and sweep until cancelled."""
        next_sweep = trio.current_time()
        while True:
            try:
                if trio.current_time() >= next_sweep:
                    next_sweep += SWEEP_SECONDS
                    await self.sweep()
                if self._is_dirty or self._must_truncate:
                    await self._checkpoint()
            except StoreError:
                pass  # whoever works with the store meets the same fault, and reports it
            await trio.sleep(CHECKPOINT_SECONDS)

    async def aclose(self) -> None:
        """Finish what was begun and close the file."""
        await self._bridge.aclose()

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        now = self._milliseconds()

        def work(connection: sqlite3.Connection) -> list[bytes | None]:
            return [_value(connection, key, now) for key in keys]

        return await self._bridge.run(work, writes=False)

    async def take(self, key: str) -> bytes | None:
        now = self._milliseconds()

        def work(connection: sqlite3.Connection) -> bytes | None:
            value = _value(connection, key, now)
            connection.execute("DELETE FROM entries WHERE key = ?", (key,))
            return value

        return await self._write(work)

    async def put(self, entries: Sequence[Entry]) -> None:
        await self._write(lambda connection: self._put(connection, entries))

    async def put_in_epoch(self, entry: Entry, *, epoch_key: str, epoch: int) -> None:
        now = self._milliseconds()

        def work(connection: sqlite3.Connection) -> None:
            if int(_value(connection, epoch_key, now) or 0) == epoch:
                self._put(connection, [entry])

        await self._write(work)

    async def raise_epoch(self, key: str, *, at_least: int, expires_at: float) -> None:
        now = self._milliseconds()

        def work(connection: sqlite3.Connection) -> None:
            present = _value(connection, key, now)
            number = max(at_least, int(present or 0) + 1)
            self._put(connection, [Entry(key, EntryKind.EPOCH, b"%d" % number, "", expires_at)])

        await self._write(work)

    async def read_conversation(self, user_id: str) -> bytes | None:
        now = self._milliseconds()

        def work(connection: sqlite3.Connection) -> bytes | None:
            row = connection.execute(
                "SELECT record FROM conversations WHERE key = ? AND expires_at > ?",
                (keys.conversation(user_id), now),
            ).fetchone()
            return None if row is None else row[0]

        return await self._bridge.run(work, writes=False)

    async def write_turn(
        self,
        user_id: str,
        turn: int,
        *,
        record: bytes | None,
        expires_at: float,
        entries: Sequence[Entry] = (),
    ) -> bool:
        key = keys.conversation(user_id)

        def work(connection: sqlite3.Connection) -> bool:
            row = connection.execute("SELECT turn FROM conversations WHERE key = ?", (key,)).fetchone()
            if row is None or row[0] != turn:
                return False
            if record is not None:
                connection.execute(
                    "UPDATE conversations SET record = ?, expires_at = ? WHERE key = ?",
                    (record, _ms(expires_at), key),
                )
            self._put(connection, entries)
            return True

        return await self._write(work)

    async def open_turn(self, user_id: str, token: str, *, ttl_seconds: float) -> int | None:
        lock = keys.conversation_lock(user_id)
        now = self._milliseconds()

        def work(connection: sqlite3.Connection) -> int | None:
            held = connection.execute("SELECT expires_at FROM locks WHERE key = ?", (lock,)).fetchone()
            if held is not None and held[0] > now:
                return None
            connection.execute(
                "INSERT OR REPLACE INTO locks VALUES (?, ?, ?)", (lock, token, now + _ms(ttl_seconds))
            )
            self._last_drawn = _drawn(connection, keys.conversation(user_id), max(now, self._last_drawn + 1))
            return self._last_drawn

        def undo(number: int | None) -> Callable[[sqlite3.Connection], object]:
            return lambda connection: number is not None and _release(connection, lock, token)

        return await self._write(work, undo=undo)

    async def renew(self, held: Sequence[tuple[str, str]], *, ttl_seconds: float) -> set[str]:
        until = self._milliseconds() + _ms(ttl_seconds)

        def work(connection: sqlite3.Connection) -> set[str]:
            return {
                token
                for user_id, token in held
                if connection.execute(
                    "UPDATE locks SET expires_at = ? WHERE key = ? AND token = ?",
                    (until, keys.conversation_lock(user_id), token),
                ).rowcount
            }

        return await self._write(work)

    async def release(self, user_id: str, token: str) -> bool:
        lock = keys.conversation_lock(user_id)
        return await self._write(lambda connection: _release(connection, lock, token))

    async def owned(self, user_id: str) -> list[Entry]:
        now = self._milliseconds()

        def work(connection: sqlite3.Connection) -> list[Entry]:
            rows = connection.execute(
                "SELECT key, kind, value, expires_at FROM entries WHERE owner = ? AND owner <> ''"
                " AND (expires_at IS NULL OR expires_at > ?) ORDER BY key",
                (user_id, now),
            )
            return [
                Entry(key, EntryKind(kind), value, user_id, None if end is None else end / 1000)
                for key, kind, value, end in rows
            ]

        return await self._bridge.run(work, writes=False)

    async def erase(self, user_id: str) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            statements = (
                ("DELETE FROM conversations WHERE key = ?", keys.conversation(user_id)),
                ("DELETE FROM locks WHERE key = ?", keys.conversation_lock(user_id)),
                ("DELETE FROM entries WHERE owner = ? AND owner <> ''", user_id),
            )
            return sum(connection.execute(sql, (value,)).rowcount for sql, value in statements) > 0

        had_any = await self._write(work)
        # The log still holds older pages; an emptied log holds none.
        self._must_truncate = True
        await self._checkpoint()
        return had_any

    async def sweep(self) -> None:
        """Delete what is over, a little at a time."""
        for table in ("conversations", "locks", "entries"):
            sql = (
                f"DELETE FROM {table} WHERE rowid IN"  # noqa: S608 - one of three literals
                f" (SELECT rowid FROM {table} WHERE expires_at <= ? LIMIT {SWEEP_ROWS})"
            )
            deleted = SWEEP_ROWS
            while deleted == SWEEP_ROWS:
                now = self._milliseconds()

                def work(connection: sqlite3.Connection, sql: str = sql, now: int = now) -> int:
                    return connection.execute(sql, (now,)).rowcount

                deleted = await self._write(work)

    async def drop_locks(self) -> None:
        """Free all locks: for the only user of the file, whose predecessor may have crashed holding some."""
        await self._write(lambda connection: connection.execute("DELETE FROM locks").rowcount)

    async def _write(
        self,
        work: Callable[[sqlite3.Connection], T],
        *,
        undo: Callable[[T], Callable[[sqlite3.Connection], object]] | None = None,
    ) -> T:
        try:
            return await self._bridge.run(work, writes=True, undo=undo)
        finally:
            self._is_dirty = True

    def _put(self, connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
        connection.executemany(
            "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)",
            [
                (e.key, e.kind.value, e.owner, e.value, None if e.expires_at is None else _ms(e.expires_at))
                for e in entries
            ],
        )
        for entry in entries:
            if entry.kind in _BOUNDED_KINDS:
                self._bound(connection, entry.kind, len(entry.value))

    def _bound(self, connection: sqlite3.Connection, kind: EntryKind, added: int) -> None:
        """Keep one kind under its ceiling; what would end soonest goes first."""
        total = self._written.get(kind, MAX_KIND_BYTES) + added  # unknown at start: measure
        if total > MAX_KIND_BYTES:
            total = _measured(connection, kind)
        if total > MAX_KIND_BYTES:
            rows = connection.execute(
                "SELECT rowid, length(value) FROM entries WHERE kind = ? ORDER BY expires_at", (kind.value,)
            )
            pushed_out = []
            while total > MAX_KIND_BYTES * 3 // 4:  # leave room, so that not every write measures
                rowid, size = next(rows)
                pushed_out.append((rowid,))
                total -= size
            connection.executemany("DELETE FROM entries WHERE rowid = ?", pushed_out)
        self._written[kind] = total

    async def _checkpoint(self) -> None:
        if self._path is None:
            self._is_dirty = self._must_truncate = False
            return
        truncate, self._is_dirty = self._must_truncate, False
        done = await trio.to_thread.run_sync(_checkpoint, self._path, truncate, limiter=self._checkpoints)
        if truncate and done:
            self._must_truncate = False

    def _milliseconds(self) -> int:
        return _ms(self._now())


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def _value(connection: sqlite3.Connection, key: str, now: int) -> bytes | None:
    row = connection.execute(
        "SELECT value FROM entries WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)", (key, now)
    ).fetchone()
    return None if row is None else row[0]


def _drawn(connection: sqlite3.Connection, key: str, now: int) -> int:
    """
    The user's next turn number, remembered as the last one drawn.

    It is at least `now`, the time in milliseconds, so that numbers go on rising although erasure, the end
    of retention, or a node that served without the store has forgotten the last one.
    """
    row = connection.execute("SELECT turn, expires_at FROM conversations WHERE key = ?", (key,)).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO conversations VALUES (?, ?, NULL, ?)", (key, now, now + _ms(_FENCE_SECONDS))
        )
        return now
    number: int = max(row[0] + 1, now)
    if row[1] <= now:  # over, only not swept yet: it must not come back to life with the new number
        connection.execute("UPDATE conversations SET record = NULL WHERE key = ?", (key,))
    connection.execute(
        "UPDATE conversations SET turn = ?, expires_at = max(expires_at, ?) WHERE key = ?",
        (number, now + _ms(_FENCE_SECONDS), key),
    )
    return number


def _release(connection: sqlite3.Connection, lock: str, token: str) -> bool:
    sql = "DELETE FROM locks WHERE key = ? AND token = ?"
    deleted: int = connection.execute(sql, (lock, token)).rowcount
    return deleted > 0


def _measured(connection: sqlite3.Connection, kind: EntryKind) -> int:
    sql = "SELECT coalesce(sum(length(value)), 0) FROM entries WHERE kind = ?"
    return int(connection.execute(sql, (kind.value,)).fetchone()[0])


def _checkpoint(path: Path, truncate: bool) -> bool:
    """Sync the log and fold it into the file; with `truncate` also empty it. Whether all was done."""
    try:
        connection = connect(path)
        try:
            mode = "TRUNCATE" if truncate else "PASSIVE"
            (busy, _, _) = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreUnavailable(f"The store {path} cannot be written to its disk: {error}.") from None
    return not busy
