"""What the embedded engine owes beyond the contract: its files, its upkeep, its manners toward the loop."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from museod.errors import StoreError, StoreUnavailable
from museod.stores import keys, sqlite
from museod.stores.backend import Entry, EntryKind
from museod.stores.base import AnsweredMessage
from museod.stores.database import Database
from museod.stores.sqlite import FILE_NAME, SqliteBackend
from tests.fakes.stores import Engine, FakeClock, talk


@pytest.fixture
def clock(shared: Engine) -> FakeClock:
    return shared.clock


@pytest.fixture
def path(shared: Engine) -> Path:
    return shared.state_dir / FILE_NAME


@pytest.fixture
async def backend(path: Path, clock: FakeClock) -> AsyncIterator[SqliteBackend]:
    opened = SqliteBackend(Database(path, now=clock), path=path, now=clock)
    yield opened
    await opened.aclose()


def raw_bytes(directory: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(directory.iterdir()))


async def say(engine: Engine, user_id: str, text: str) -> None:
    async with engine.open() as stores, stores.locks.open_turn(user_id, wait_seconds=0) as turn:
        reply = AnsweredMessage("c", "m", text, b"reply-" + text.encode())
        await stores.conversations.save(talk(engine.clock, text, user_id=user_id), turn, answered=reply)
        entry = await stores.cache.get(user_id, "h")
        await stores.cache.set(entry, b"result-" + text.encode(), ttl_seconds=60)


async def test_no_clear_text_reaches_the_files(shared: Engine) -> None:
    async with shared.open() as stores:
        await say(shared, "ada", "xyzzy-plugh")
        assert b"ada" in raw_bytes(shared.state_dir), "the files that are searched are the right ones"
        assert b"xyzzy" not in raw_bytes(shared.state_dir)
        assert await stores.conversations.load("ada") is not None


async def test_erasing_leaves_not_even_the_name_in_the_files(shared: Engine) -> None:
    name = "ada.lovelace@shop.example"
    async with shared.open() as stores:
        await say(shared, name, "hello")
        await say(shared, "bob", "hello")
        assert name.encode() in raw_bytes(shared.state_dir)
        await stores.erase(name)
        assert name.encode() not in raw_bytes(shared.state_dir)
    assert name.encode() not in raw_bytes(shared.state_dir)
    async with shared.open() as stores:
        assert await stores.conversations.load("bob") is not None


async def test_an_erasure_that_a_reader_held_up_is_finished_later(
    shared: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("museod.stores.database.BUSY_SECONDS", 0.01)
    monkeypatch.setattr(sqlite, "CHECKPOINT_SECONDS", 0.01)
    name = b"ada.lovelace"
    with trio.fail_after(5):
        async with shared.open() as stores:
            await say(shared, name.decode(), "hello")
            reader = sqlite3.connect(shared.state_dir / FILE_NAME, isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM conversations").fetchone()
            await stores.erase(name.decode())
            assert await stores.export(name.decode()) | {"userId": 0} == await stores.export("no") | {
                "userId": 0
            }
            reader.execute("ROLLBACK")
            reader.close()
            while name in raw_bytes(shared.state_dir):
                await stores.conversations.load("anybody")


async def test_a_record_moved_to_another_user_is_refused(shared: Engine, path: Path) -> None:
    await say(shared, "ada", "secret")
    await say(shared, "eve", "nothing")
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE conversations SET record = (SELECT record FROM conversations WHERE key = ?)"
            " WHERE key = ?",
            (keys.conversation("ada"), keys.conversation("eve")),
        )
    connection.close()
    async with shared.open() as stores:
        with pytest.raises(StoreError, match="another place"):
            await stores.conversations.load("eve")
        assert await stores.conversations.load("ada") is not None


@pytest.mark.real
def test_what_was_acknowledged_survives_a_kill(shared: Engine, path: Path) -> None:
    program = (
        "import pathlib, sys, os, signal, trio\n"
        "from tests.stores.test_sqlite import say\n"
        "from tests.fakes.stores import Engine\n"
        "engine = Engine(None, pathlib.Path(sys.argv[1]))\n"
        "async def main():\n"
        "    async with engine.open():\n"
        "        await say(engine, 'ada', 'acknowledged')\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "trio.run(main)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(shared.state_dir)], check=False, timeout=30)
    assert done.returncode == -9

    async def read() -> str:
        async with shared.open() as stores:
            loaded = await stores.conversations.load("ada")
            assert loaded is not None
            return loaded.messages[0].content

    assert trio.run(read) == "acknowledged"


async def test_the_loop_turns_while_the_disk_stands(backend: SqliteBackend, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    turns = 0
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(backend.put, [Entry("a", EntryKind.STATUS, b"1")])
            for _ in range(100):
                await trio.lowlevel.checkpoint()
                turns += 1
            other.execute("ROLLBACK")
    other.close()
    assert turns == 100
    assert await backend.get(["a"]) == [b"1"]


async def test_the_sweep_frees_what_is_over_and_only_that(backend: SqliteBackend, clock: FakeClock) -> None:
    many = sqlite.SWEEP_ROWS * 2 + 1
    end = clock() + 10
    await backend.put([Entry(f"over:{n}", EntryKind.RESULT, b"x", "ada", end) for n in range(many)])
    await backend.put(
        [Entry("later", EntryKind.RESULT, b"x", "ada", end + 1), Entry("ever", EntryKind.STATUS, b"x")]
    )
    await backend.open_turn("bob", "token", ttl_seconds=5)
    clock.advance(10)
    await backend.sweep()

    def count(connection: sqlite3.Connection) -> list[int]:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM locks),"
            " (SELECT count(*) FROM conversations)"
        ).fetchone()
        return list(row)

    assert await backend._bridge.run(count, writes=False) == [2, 0, 1]
    assert await backend.get(["later", "ever"]) == [b"x", b"x"]


async def test_results_over_the_ceiling_push_out_those_that_end_first(
    backend: SqliteBackend, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "MAX_KIND_BYTES", 1000)
    await backend.put([Entry("answer", EntryKind.ANSWER, b"x" * 900, "ada", clock() + 1)])
    for number in range(15):
        entry = Entry(f"r{number}", EntryKind.RESULT, b"x" * 100, "ada", clock() + 10 + number)
        await backend.put([entry])
    values = await backend.get([f"r{number}" for number in range(15)])
    kept = [number for number, value in enumerate(values) if value is not None]
    assert 5 <= len(kept) <= 10
    assert kept == list(range(15 - len(kept), 15))
    assert await backend.get(["answer"]) == [b"x" * 900], "each kind has a ceiling of its own"


async def test_upkeep_folds_the_log_into_the_file(
    backend: SqliteBackend, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "CHECKPOINT_SECONDS", 0.01)

    def holds_needle() -> bool:
        return b"needle-in-the-file" in path.read_bytes()

    await backend.put([Entry("needle-in-the-file", EntryKind.STATUS, b"1")])
    assert not holds_needle()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(backend.run)
            while not holds_needle():
                await backend.get(["anything"])
            nursery.cancel_scope.cancel()


async def test_upkeep_outlives_a_fault_of_the_disk(
    backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "CHECKPOINT_SECONDS", 0.001)
    calls = 0
    recovered = trio.Event()

    async def checkpoint() -> None:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise StoreUnavailable("disk")
        recovered.set()

    monkeypatch.setattr(backend, "_checkpoint", checkpoint)
    await backend.put([Entry("a", EntryKind.STATUS, b"1")])
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(backend.run)
            await recovered.wait()
            nursery.cancel_scope.cancel()


async def test_closing_ends_the_thread_and_leaves_one_file(shared: Engine) -> None:
    await say(shared, "ada", "hello")
    assert not [
        thread for thread in threading.enumerate() if thread.name == "museod-store" and thread.is_alive()
    ]
    assert [file.name for file in shared.state_dir.iterdir()] == [FILE_NAME]
