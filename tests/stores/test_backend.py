"""The contract of `Backend`, on every engine."""

from __future__ import annotations

import pytest
import trio

from museod.stores.backend import Backend, Entry, EntryKind
from tests.fakes.stores import FakeClock


async def test_a_lock_belongs_to_one_token_until_it_is_given_back(backend: Backend) -> None:
    assert await backend.open_turn("ada", "one", ttl_seconds=10) is not None
    assert await backend.open_turn("ada", "two", ttl_seconds=10) is None
    assert not await backend.release("ada", "two"), "only the holder gives it back"
    assert await backend.open_turn("ada", "two", ttl_seconds=10) is None
    assert await backend.release("ada", "one")
    assert await backend.open_turn("ada", "two", ttl_seconds=10) is not None


async def test_a_lock_ends_and_its_late_holder_cannot_give_away_the_next_ones(
    backend: Backend, clock: FakeClock
) -> None:
    first = await backend.open_turn("ada", "one", ttl_seconds=10)
    clock.advance(9.999)
    assert await backend.open_turn("ada", "two", ttl_seconds=10) is None
    clock.advance(0.001)
    second = await backend.open_turn("ada", "two", ttl_seconds=10)
    assert first is not None
    assert second is not None
    assert second > first
    assert not await backend.release("ada", "one")
    assert await backend.renew([("ada", "one"), ("ada", "two")], ttl_seconds=10) == {"two"}


async def test_renewing_prolongs_a_lock(backend: Backend, clock: FakeClock) -> None:
    await backend.open_turn("ada", "one", ttl_seconds=10)
    clock.advance(9)
    assert await backend.renew([("ada", "one"), ("bob", "one")], ttl_seconds=10) == {"one"}
    clock.advance(9)
    assert await backend.open_turn("ada", "two", ttl_seconds=10) is None


async def test_a_lock_that_nobody_took_may_be_renewed_late(backend: Backend, clock: FakeClock) -> None:
    await backend.open_turn("ada", "one", ttl_seconds=10)
    clock.advance(60)
    assert await backend.renew([("ada", "one")], ttl_seconds=10) == {"one"}


async def test_only_the_last_drawn_turn_writes(backend: Backend, clock: FakeClock) -> None:
    end = clock() + 100
    assert not await backend.write_turn("ada", 1, record=b"x", expires_at=end), "no turn was drawn"
    first = await backend.open_turn("ada", "one", ttl_seconds=10)
    await backend.release("ada", "one")
    second = await backend.open_turn("ada", "two", ttl_seconds=10)
    assert first is not None
    assert second is not None
    entry = Entry("answer:ada:1", EntryKind.ANSWER, b"late", "ada", end)
    assert not await backend.write_turn("ada", first, record=b"late", expires_at=end, entries=[entry])
    assert await backend.read_conversation("ada") is None
    assert await backend.get([entry.key]) == [None]
    assert await backend.write_turn("ada", second, record=b"good", expires_at=end)
    assert await backend.write_turn("ada", second, record=None, expires_at=end, entries=[entry])
    assert await backend.read_conversation("ada") == b"good"
    assert await backend.get([entry.key]) == [b"late"]


async def test_a_conversation_that_is_over_stays_over_when_a_turn_begins(
    backend: Backend, clock: FakeClock
) -> None:
    turn = await backend.open_turn("ada", "one", ttl_seconds=10)
    assert turn is not None
    await backend.write_turn("ada", turn, record=b"old", expires_at=clock() + 100)
    clock.advance(100)
    assert await backend.read_conversation("ada") is None
    later = await backend.open_turn("ada", "two", ttl_seconds=10)
    assert later is not None
    assert later > turn
    assert await backend.read_conversation("ada") is None


async def test_entries_end_and_are_replaced(backend: Backend, clock: FakeClock) -> None:
    await backend.put(
        [Entry("a", EntryKind.STATUS, b"1"), Entry("b", EntryKind.RESULT, b"2", "", clock() + 5)]
    )
    assert await backend.get(["b", "a", "c"]) == [b"2", b"1", None]
    await backend.put([Entry("a", EntryKind.STATUS, b"3")])
    clock.advance(5)
    assert await backend.get(["b", "a"]) == [None, b"3"]


async def test_epochs_only_rise(backend: Backend, clock: FakeClock) -> None:
    seen = []
    for at_least in (5, 5, 100, 7):
        await backend.raise_epoch("e", at_least=at_least, expires_at=clock() + 100)
        (value,) = await backend.get(["e"])
        seen.append(int(value or 0))
    assert seen == [5, 6, 100, 101]


async def test_everything_of_one_user_is_found_and_erased_and_nothing_of_another(
    backend: Backend, clock: FakeClock
) -> None:
    end = clock() + 100
    ours = Entry("answer:ada:1", EntryKind.ANSWER, b"1", "ada", end)
    over = Entry("answer:ada:0", EntryKind.ANSWER, b"0", "ada", clock())
    theirs = Entry("answer:bob:1", EntryKind.ANSWER, b"2", "bob", end)
    nobodys = Entry("request:1", EntryKind.RESULT, b"3", "", end)
    await backend.put([ours, over, theirs, nobodys])
    turn = await backend.open_turn("ada", "one", ttl_seconds=10)
    assert turn is not None
    await backend.write_turn("ada", turn, record=b"talk", expires_at=end)
    assert await backend.owned("ada") == [ours]
    assert await backend.erase("ada")
    assert not await backend.erase("ada")
    assert await backend.owned("ada") == []
    assert await backend.read_conversation("ada") is None
    assert not await backend.write_turn("ada", turn, record=b"talk", expires_at=end)
    assert await backend.renew([("ada", "one")], ttl_seconds=10) == set()
    assert await backend.get([theirs.key, nobodys.key]) == [b"2", b"3"]
    assert await backend.erase("") is False
    assert await backend.get([nobodys.key]) == [b"3"]


@pytest.mark.parametrize("name", ["%", "a_b", "'; DROP TABLE entries; --", "ä", "a\0b"])
async def test_names_are_taken_literally(backend: Backend, clock: FakeClock, name: str) -> None:
    await backend.put([Entry(name, EntryKind.RESULT, b"1", name, clock() + 5)])
    assert await backend.get([name]) == [b"1"]
    assert [entry.key for entry in await backend.owned(name)] == [name]


async def test_a_lock_granted_to_a_caller_who_left_is_free(backend: Backend) -> None:
    # Cancelled at any moment of the way, the lock is free for the next one soon.
    granted: list[int | None] = []

    async def call() -> None:
        granted.append(await backend.open_turn("ada", "leaver", ttl_seconds=1000))

    with trio.fail_after(5):
        for attempt in range(100):
            granted.clear()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(call)
                for _ in range(attempt % 10):
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()
            if granted:
                assert await backend.release("ada", "leaver")
            while await backend.open_turn("ada", "next", ttl_seconds=1000) is None:
                pass
            assert await backend.release("ada", "next")
