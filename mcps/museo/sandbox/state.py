"""
The sandbox's one SQLite file: schema, transactions and the secrets that must outlive a restart.

Write-ahead logging keeps the file sound when the process is killed: what was committed stays, what was not
never was. The file is opened exclusively, so that two sandboxes cannot share one by mistake.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA_VERSION = 2
IN_MEMORY = ":memory:"

_SCHEMA = """
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE masters (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, slug TEXT NOT NULL UNIQUE,
    position INTEGER NOT NULL, doc BLOB NOT NULL
);
CREATE TABLE skus (sku TEXT PRIMARY KEY, master_id TEXT NOT NULL REFERENCES masters(id)) WITHOUT ROWID;
CREATE TABLE baskets (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, currency TEXT NOT NULL,
    updated_at REAL NOT NULL, expires_at REAL NOT NULL
);
CREATE TABLE basket_lines (
    id TEXT PRIMARY KEY, basket_id TEXT NOT NULL REFERENCES baskets(id) ON DELETE CASCADE,
    position INTEGER NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL CHECK (quantity > 0),
    quoted BLOB NOT NULL, reduced_from INTEGER, note TEXT NOT NULL DEFAULT '', UNIQUE (basket_id, sku)
);
CREATE TABLE idempotency (
    scope TEXT NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL, status INTEGER NOT NULL,
    headers BLOB NOT NULL, body BLOB NOT NULL, made_at REAL NOT NULL, PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (made_at);
"""
# What each version adds to the one before; a file of an older sandbox is brought up when it is opened.
_ADDED = {
    2: """
CREATE TABLE settings (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
    status TEXT NOT NULL, due_at REAL, doc BLOB NOT NULL
);
CREATE INDEX orders_by_owner ON orders (owner, number);
CREATE INDEX orders_by_due ON orders (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE links (
    id TEXT PRIMARY KEY, order_number INTEGER NOT NULL REFERENCES orders(number), status TEXT NOT NULL,
    provider TEXT NOT NULL, expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX links_by_order ON links (order_number);
CREATE TABLE alerts (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, sku TEXT NOT NULL, channel TEXT NOT NULL,
    address TEXT NOT NULL, locale TEXT NOT NULL, expires_at REAL NOT NULL, fired_at REAL,
    UNIQUE (owner, sku, channel, address)
) WITHOUT ROWID;
CREATE INDEX alerts_by_sku ON alerts (sku) WHERE fired_at IS NULL;
CREATE TABLE audit (at REAL NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, master_id TEXT NOT NULL);
CREATE TABLE imports (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, actor TEXT NOT NULL,
    job BLOB NOT NULL, content BLOB
);
""",
}


class StateError(Exception):
    """The state file cannot be used; the text names the remedy."""


class State:
    """
    An open state file.

    Args:
        path: where it lies, or `IN_MEMORY`.

    Raises:
        StateError: it is no state file, is newer than this program, or belongs to a running sandbox.
    """

    def __init__(self, path: str = IN_MEMORY) -> None:
        self._path = path
        self._undoing: list[Callable[[], None]] = []
        if path != IN_MEMORY:
            _create_private(Path(path))
        try:
            # Manual transactions: the driver's own begin hidden ones.
            self.db = sqlite3.connect(path, isolation_level=None, timeout=0.5)
            self.is_new = self._prepare()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                text = f"{path} is in use by another sandbox; stop that one or choose another --state file."
            else:
                text = f"{path} cannot be opened ({error}); choose another --state file."
            raise StateError(text) from None
        except sqlite3.DatabaseError as error:
            text = f"{path} is no sandbox state ({error}); move it away or choose another --state file."
            raise StateError(text) from None

    def _prepare(self) -> bool:
        self.db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.db.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing with NORMAL; only a power cut may take the last commits.
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute("PRAGMA foreign_keys = ON")
        with self.transaction():  # takes the exclusive lock for good
            version = int(self.db.execute("PRAGMA user_version").fetchone()[0])
            if version > SCHEMA_VERSION:
                raise StateError(
                    f"{self._path} was written by a newer sandbox (schema {version});"
                    " choose another --state file."
                )
            if version == SCHEMA_VERSION:
                return False
            if not version and self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise StateError(f"{self._path} is another program's database; choose another --state file.")
            schemas = [] if version else [_SCHEMA]
            schemas += [added for number, added in _ADDED.items() if number > version]
            for statement in ";".join(schemas).split(";"):
                self.db.execute(statement)
            self.db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            return version == 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block, or nothing of it; blocks inside one another are one transaction."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self._is_open():
                self.db.execute("ROLLBACK")
            for undo in reversed(self._undoing):
                undo()
            raise
        finally:
            self._undoing.clear()

    def _is_open(self) -> bool:
        """Whether a transaction is under way; SQLite ends it by itself when the disk is full."""
        return self.db.in_transaction

    def undo_with(self, undo: Callable[[], None]) -> None:
        """Have `undo` called if the transaction at hand comes to nothing: memory must not know better."""
        self._undoing.append(undo)

    def setting(self, name: str) -> float:
        """A number that outlives a restart; 0 until it is set."""
        row = self.db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return float(row[0]) if row else 0.0

    def set(self, name: str, value: float) -> None:
        """Keep a number."""
        with self.transaction():
            self.db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """A secret of this sandbox, made when it is first asked for."""
        row = self.db.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
        if row:
            return bytes(row[0])
        value = make()
        with self.transaction():
            self.db.execute("INSERT INTO secrets VALUES (?, ?)", (name, value))
        return value

    def close(self) -> None:
        """Fold the log into the file and let go of it."""
        self.db.close()


def _create_private(path: Path) -> None:
    """Make the file before SQLite does, for our eyes only: it holds the signing key."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StateError(
            f"{path} cannot be opened ({error.strerror}); choose another --state file."
        ) from None
