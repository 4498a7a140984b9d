"""What was sent under which key, so that the same key sends once, over restarts too."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

# The window in which a caller may repeat itself; the shop's API remembers its keys as long.
KEEP_SECONDS = 24 * 3600.0
BUSY_SECONDS = 2.0  # another process of ours holds the file for milliseconds


class Receipt(Struct, frozen=True, rename="camel"):
    """What became of a message."""

    message_id: str
    status: str
    provider: str
    accepted_at: str


class KeyReused(Exception):
    """The key was used before, for another message."""


class KeyInUse(Exception):
    """A message with this key is on its way: it may have left, nobody knows yet."""


class SentLog:
    """
    Receipts by caller and key, in one small SQLite file.

    A key is claimed before the message leaves and completed afterwards, each on disk before the next step;
    the calls take less than a millisecond and are made on the event loop.
    """

    def __init__(self, path: Path | str, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS sent (key TEXT PRIMARY KEY, digest TEXT NOT NULL, "
            "receipt BLOB, at REAL NOT NULL) STRICT, WITHOUT ROWID"
        )

    def claim(self, owner: str, key: str, content: bytes) -> Receipt | None:
        """
        Claim `key` for a message with this content, or return what became of the same one before.

        Raises:
            KeyReused: the key stands for another message.
            KeyInUse: the same message is being sent, or its sender died over it.
        """
        name, digest = _digest(owner.encode(), key.encode()), _digest(content)
        now = self._clock()
        self._database.execute("DELETE FROM sent WHERE at < ?", (now - KEEP_SECONDS,))
        claimed = self._database.execute(
            "INSERT INTO sent (key, digest, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (name, digest, now)
        )
        if claimed.rowcount:
            return None
        known, receipt = self._database.execute(
            "SELECT digest, receipt FROM sent WHERE key = ?", (name,)
        ).fetchone()
        if known != digest:
            raise KeyReused
        if receipt is None:
            raise KeyInUse
        return msgspec.json.decode(receipt, type=Receipt)

    def complete(self, owner: str, key: str, receipt: Receipt) -> None:
        """Note what became of the message that claimed `key`."""
        name = _digest(owner.encode(), key.encode())
        self._database.execute(
            "UPDATE sent SET receipt = ? WHERE key = ?", (msgspec.json.encode(receipt), name)
        )

    def release(self, owner: str, key: str) -> None:
        """Free a key whose message certainly did not leave."""
        name = _digest(owner.encode(), key.encode())
        self._database.execute("DELETE FROM sent WHERE key = ? AND receipt IS NULL", (name,))

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()
