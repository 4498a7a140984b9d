from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from museod.errors import StoreError, StoreUnavailable
from museod.stores import database
from museod.stores.bridge import Job
from museod.stores.database import MIGRATIONS, Database, open_database


def now() -> float:
    return 1_800_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "museod.sqlite3"


def job(work: Callable[[sqlite3.Connection], object]) -> Job[sqlite3.Connection, object]:
    return Job(work, True, None)


def insert(key: str) -> Job[sqlite3.Connection, object]:
    return job(lambda connection: connection.execute("INSERT INTO locks VALUES (?, 'token', 0)", (key,)))


def fail(connection: sqlite3.Connection) -> None:
    raise KeyError("mine")


def stored(opened: Database) -> list[str]:
    return [key for (key,) in opened.connection.execute("SELECT key FROM locks ORDER BY key")]


def test_a_new_file_is_private_and_of_the_newest_schema(path: Path) -> None:
    connection = open_database(path, now=now)
    versions = [version for (version,) in connection.execute("SELECT version FROM migrations")]
    assert versions == [version for version, _ in MIGRATIONS]
    files = list(path.parent.iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    connection.close()


def test_opening_again_changes_nothing(path: Path) -> None:
    for _ in range(2):
        opened = Database(path, now=now)
        opened.execute([insert(str(len(stored(opened))))])
        opened.close()
    opened = Database(path, now=now)
    assert stored(opened) == ["0", "1"]
    opened.close()


def test_a_wide_file_is_made_private(path: Path) -> None:
    open_database(path, now=now).close()
    path.chmod(0o644)
    open_database(path, now=now).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_older_file_is_brought_up_and_keeps_its_data(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Database(path, now=now)
    opened.execute([insert("old")])
    opened.close()
    newest = MIGRATIONS[-1][0]
    added = (newest + 1, ("ALTER TABLE locks ADD COLUMN colour TEXT",))
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, added))
    opened = Database(path, now=now)
    assert opened.connection.execute("SELECT key, colour FROM locks").fetchall() == [("old", None)]
    opened.close()
    monkeypatch.undo()
    with pytest.raises(StoreError, match=rf"newer museod \(schema {newest + 1}, this build knows {newest}\)"):
        Database(path, now=now)


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database(path, now=now).close()
    newest = MIGRATIONS[-1][0]
    broken = (newest + 1, ("CREATE TABLE half (x)", "CREATE TABLE locks (x)"))
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, broken))
    with pytest.raises(StoreError, match=str(path)):
        Database(path, now=now)
    monkeypatch.undo()
    opened = Database(path, now=now)
    tables = opened.connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall()
    assert tables == []
    opened.close()


@pytest.mark.parametrize(
    "content", [b"this is no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_damaged_file_is_named_with_the_remedy(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged") as caught:
        open_database(path, now=now)
    assert str(path) in str(caught.value)
    assert "backup" in str(caught.value)
    assert path.read_bytes() == content, "evidence is kept"


def test_another_programs_database_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        open_database(path, now=now)


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="MCP_STATE_DIR"):
        open_database(tmp_path / "nowhere" / "museod.sqlite3", now=now)


def test_a_linked_file_is_refused(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere")
    with pytest.raises(StoreError, match="cannot be opened"):
        open_database(path, now=now)


def test_a_failing_job_takes_nobody_with_it(path: Path) -> None:
    opened = Database(path, now=now)
    batch = [insert("a"), job(fail), insert("a"), insert("b")]
    opened.execute(batch)
    assert stored(opened) == ["a", "b"]
    answers = [item.answer for item in batch]
    with pytest.raises(KeyError):
        answers[1].unwrap()  # type: ignore[union-attr]
    with pytest.raises(StoreError):
        answers[2].unwrap()  # type: ignore[union-attr]
    opened.close()


def test_a_failing_job_leaves_nothing_of_itself(path: Path) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO locks VALUES ('half', 'token', 0)")
        raise KeyError

    opened = Database(path, now=now)
    opened.execute([job(half)])
    assert stored(opened) == []
    opened.close()


def test_a_file_that_somebody_else_holds_is_unavailable_for_now(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    opened = Database(path, now=now)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    busy = insert("a")
    opened.execute([busy])
    assert busy.answer is not None
    with pytest.raises(StoreUnavailable, match="locked") as caught:
        busy.answer.unwrap()
    assert not caught.value.maybe_done
    other.execute("ROLLBACK")
    other.close()
    again = insert("a")
    opened.execute([again])
    assert stored(opened) == ["a"]
    opened.close()


def test_a_full_disk_is_unavailable_and_harms_nothing(path: Path) -> None:
    opened = Database(path, now=now)
    opened.execute([insert("a")])
    (pages,) = opened.connection.execute("PRAGMA page_count").fetchone()
    opened.connection.execute(f"PRAGMA max_page_count = {pages}")
    big = job(lambda c: c.execute("INSERT INTO locks VALUES ('big', ?, 0)", ("x" * 1_000_000,)))
    opened.execute([big])
    assert big.answer is not None
    with pytest.raises(StoreUnavailable, match="full"):
        big.answer.unwrap()
    assert stored(opened) == ["a"]
    opened.close()
