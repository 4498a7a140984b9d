"""The outbox's SQLite file: opened with its schema, and one transaction at a time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from museod.errors import StoreError, StoreUnavailable
from museod.stores.database import connect

_VERSION = 1
_SCHEMA = (
    "CREATE TABLE messages (id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, digest TEXT NOT NULL,"
    " owner TEXT NOT NULL, channel TEXT NOT NULL, provider TEXT NOT NULL, accepted_at REAL NOT NULL) STRICT",
    "CREATE INDEX messages_by_owner ON messages (owner, accepted_at)",
    # `next_at` is when it may be claimed; a claim moves it to the end of the lease and sets `holder`.
    # `unknown` counts attempts whose outcome nobody knows.
    "CREATE TABLE deliveries (id TEXT PRIMARY KEY, message TEXT NOT NULL REFERENCES messages (id),"
    " channel TEXT NOT NULL, state TEXT NOT NULL, letter BLOB, address TEXT NOT NULL, event TEXT,"
    " purpose TEXT NOT NULL, next_at REAL NOT NULL, holder TEXT, attempts INTEGER NOT NULL DEFAULT 0,"
    " unknown INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',"
    " reference TEXT NOT NULL DEFAULT '', settled_at REAL) STRICT",
    "CREATE INDEX deliveries_due ON deliveries (channel, next_at) WHERE state = 'queued'",
    "CREATE INDEX deliveries_of_message ON deliveries (message)",
    "CREATE INDEX deliveries_settled ON deliveries (settled_at) WHERE settled_at IS NOT NULL",
    "CREATE UNIQUE INDEX one_per_event ON deliveries (event) WHERE state IN ('queued', 'sent')",
    "CREATE TABLE lanes (channel TEXT PRIMARY KEY, free_at REAL NOT NULL) STRICT",
    "CREATE TABLE blocked (person TEXT PRIMARY KEY, at REAL NOT NULL) STRICT",
)


class OutboxFile:
    """
    Args:
        path: of the file; made with mode 0600.

    Raises from everything:
        StoreUnavailable: the file is busy or the disk is full; nothing was written.
        StoreError: the file is damaged, or was written by a newer build.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            self._database = connect(path)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"The outbox {path} cannot be opened: {error}.") from None
        try:
            # Accepted means on the disk: a power cut may not take back what we said.
            self._database.execute("PRAGMA synchronous = FULL")
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _prepare(self) -> None:
        with self.transaction() as database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise StoreError(f"The outbox {self._path} was written by a newer build; install that again.")
            if version == 0:
                for statement in _SCHEMA:
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything or nothing, on the disk when the block is left."""
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(f"The outbox cannot be used just now: {error}.") from None
        except sqlite3.DatabaseError as error:
            raise StoreError(f"The outbox {self._path} is damaged: {error}.") from None
