"""
One SQLite file as the store thread sees it: opened, migrated, and a batch of jobs in one transaction.

Everything here blocks and belongs to a thread. `sqlite3` is imported in this file and in `sqlite` only, and
its exceptions are translated here.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import outcome

from museod.errors import StoreError, StoreUnavailable
from museod.stores.bridge import Job

# "MUSE": says whose file it is, so that another program's database is not written into.
_APPLICATION_ID = 0x4D555345
# Another process (an operator's sqlite3, a backup) may hold the file for moments; longer is its fault.
BUSY_SECONDS = 2.0
# A net under the checkpoint task (see `sqlite.SqliteBackend.run`): 16,384 pages of 4 KiB are 64 MiB of WAL.
_AUTOCHECKPOINT_PAGES = 16_384

# (version, statements). Only ever appended to: files in the field hold any prefix of this list.
MIGRATIONS: Sequence[tuple[int, Sequence[str]]] = (
    (
        1,
        (
            "CREATE TABLE conversations (key TEXT PRIMARY KEY, turn INTEGER NOT NULL, record BLOB,"
            " expires_at INTEGER NOT NULL)",
            "CREATE INDEX conversations_by_end ON conversations (expires_at)",
            "CREATE TABLE locks (key TEXT PRIMARY KEY, token TEXT NOT NULL, expires_at INTEGER NOT NULL)",
            "CREATE TABLE entries (key TEXT PRIMARY KEY, kind TEXT NOT NULL, owner TEXT NOT NULL,"
            " value BLOB NOT NULL, expires_at INTEGER)",
            "CREATE INDEX entries_by_end ON entries (expires_at) WHERE expires_at IS NOT NULL",
            "CREATE INDEX entries_by_owner ON entries (owner) WHERE owner <> ''",
            "CREATE INDEX entries_by_kind ON entries (kind, expires_at)",
        ),
    ),
)


def open_database(path: Path | None, *, now: Callable[[], float]) -> sqlite3.Connection:
    """
    A connection to the file at `path` (None: a database in memory), brought to the newest schema.

    The file is made with mode 0600. The connection may move to another thread.

    Raises:
        StoreError: damaged, foreign, written by a newer build, or not ours to open; the text names the
            file and the remedy.
    """
    if path is not None:
        _make_private(path)
    try:
        connection = connect(path)
        try:
            _prepare(connection, path, now)
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        raise _opening_error(path, error) from None
    return connection


def connect(path: Path | None) -> sqlite3.Connection:
    """A bare connection with this house's settings, for any one thread at a time."""
    connection = sqlite3.connect(
        ":memory:" if path is None else path,
        timeout=BUSY_SECONDS,
        isolation_level=None,  # transactions are begun and ended by `execute`
        check_same_thread=False,
    )
    for pragma in (
        "journal_mode = WAL",
        # A killed daemon loses nothing. A power cut loses what came after the last checkpoint, which syncs
        # the log: about a second, as with Redis's appendfsync everysec.
        "synchronous = NORMAL",
        f"wal_autocheckpoint = {_AUTOCHECKPOINT_PAGES}",
        "secure_delete = ON",  # erased means overwritten
        "trusted_schema = OFF",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def _make_private(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"The store {path} cannot be opened: {error.strerror}. "
            f"Make it and its directory writable for this user, or set MCP_STATE_DIR."
        ) from None
    try:
        os.fchmod(descriptor, 0o600)  # -wal and -shm take the mode of the main file
    except OSError as error:
        raise StoreError(
            f"The store {path} belongs to somebody else ({error.strerror}): chown it to this user."
        ) from None
    finally:
        os.close(descriptor)


def _prepare(connection: sqlite3.Connection, path: Path | None, now: Callable[[], float]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        (owner,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if owner != _APPLICATION_ID and (owner or tables):
            raise StoreError(
                f"{path} is the database of another program: move it away, or set MCP_STATE_DIR."
            )
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)"
        )
        (present,) = connection.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
        newest = MIGRATIONS[-1][0]
        if present > newest:
            raise StoreError(
                f"{path} was written by a newer museod (schema {present}, this build knows {newest}): "
                f"install that version again, or move the file away and start empty."
            )
        for version, statements in MIGRATIONS:
            if version > present:
                for statement in statements:
                    connection.execute(statement)
                connection.execute("INSERT INTO migrations VALUES (?, ?)", (version, int(now() * 1000)))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _opening_error(path: Path | None, error: sqlite3.DatabaseError) -> StoreError:
    if isinstance(error, sqlite3.OperationalError):
        return StoreError(
            f"The store {path} cannot be opened: {error}. Free space on its disk, make it writable for "
            f"this user, or end the program that holds it."
        )
    return StoreError(
        f"The store {path} is damaged ({error}): restore it from a backup, or move it and its -wal and "
        f"-shm files away and start empty."
    )


class Database:
    """
    A connection and the file's name for error texts; lives in the store thread.

    Raises from all jobs:
        StoreUnavailable: the file is busy, its disk full, and the like: later it may work.
        StoreError: the file is damaged.
    """

    def __init__(self, path: Path | None, *, now: Callable[[], float]) -> None:
        self.connection = open_database(path, now=now)
        self._name = str(path or "in memory")

    def execute(self, batch: Sequence[Job[sqlite3.Connection, object]]) -> None:
        """
        Run a batch and set every job's answer; jobs that write share one transaction.

        If one of them fails, all are rolled back and run again one by one, so that a job fails for its own
        reasons only.
        """
        readers = [job for job in batch if not job.writes]
        writers = [job for job in batch if job.writes]
        for job in readers:
            try:
                job.answer = outcome.Value(job.work(self.connection))
            except Exception as error:  # border of the thread: whoever waits is told
                job.answer = outcome.Error(self._translated(error))
        if writers and not self._write(writers) and len(writers) > 1:
            for job in writers:
                self._write([job])

    def close(self) -> None:
        """Close the file; the last one to do so folds the log into it."""
        self.connection.close()

    def _write(self, jobs: Sequence[Job[sqlite3.Connection, object]]) -> bool:
        """Run `jobs` in one transaction; whether it was committed. If not, every answer is an error."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            answers = [job.work(self.connection) for job in jobs]
            self.connection.execute("COMMIT")
        except Exception as error:  # border of the thread: whoever waits is told
            self._roll_back()
            for job in jobs:
                job.answer = outcome.Error(self._translated(error))
            return False
        for job, answer in zip(jobs, answers, strict=True):
            job.answer = outcome.Value(answer)
        return True

    def _roll_back(self) -> None:
        if self.connection.in_transaction:
            with suppress(sqlite3.Error):  # after an I/O error the engine has rolled back itself
                self.connection.execute("ROLLBACK")

    def _translated(self, error: Exception) -> Exception:
        if isinstance(error, sqlite3.OperationalError):
            return StoreUnavailable(f"The store {self._name} cannot be used just now: {error}.")
        if isinstance(error, sqlite3.DatabaseError):
            return StoreError(
                f"The store {self._name} is damaged ({error}): stop museod and restore a backup."
            )
        return error
