import sqlite3
from pathlib import Path

import pytest

from mcps.museo.sandbox.state import SCHEMA_VERSION, State, StateError


def _path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "shop.db")


def test_the_file_is_for_our_eyes_only(tmp_path: Path) -> None:
    state = State(_path(tmp_path))

    assert Path(_path(tmp_path)).stat().st_mode & 0o777 == 0o600
    state.close()


def test_secrets_outlive_a_restart(tmp_path: Path) -> None:
    first = State(_path(tmp_path))
    assert first.is_new
    assert first.secret("cursors", lambda: b"one") == b"one"
    first.close()

    second = State(_path(tmp_path))

    assert not second.is_new
    assert second.secret("cursors", lambda: b"two") == b"one"
    second.close()


def test_a_block_that_fails_leaves_nothing(tmp_path: Path) -> None:
    state = State(_path(tmp_path))

    def fail_halfway() -> None:
        with state.transaction():
            state.db.execute("INSERT INTO secrets VALUES ('a', 'b')")
            with state.transaction():
                state.db.execute("INSERT INTO secrets VALUES ('c', 'd')")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail_halfway()

    assert state.db.execute("SELECT count(*) FROM secrets").fetchone() == (0,)
    state.close()


def test_two_sandboxes_cannot_share_a_file(tmp_path: Path) -> None:
    first = State(_path(tmp_path))

    with pytest.raises(StateError, match="in use by another sandbox"):
        State(_path(tmp_path))

    first.close()
    State(_path(tmp_path)).close()


def test_a_file_that_is_none_of_ours_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("dear diary, " * 100)
    foreign = tmp_path / "other.db"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()

    for path in (text, foreign, tmp_path):
        with pytest.raises(StateError, match="choose another --state file"):
            State(str(path))
    assert text.read_text().startswith("dear diary")


def test_a_file_of_a_newer_sandbox_is_refused(tmp_path: Path) -> None:
    State(_path(tmp_path)).close()
    with sqlite3.connect(_path(tmp_path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()

    with pytest.raises(StateError, match="newer sandbox"):
        State(_path(tmp_path))
