"""The contract of `Confirmations` and of `Backend.take`, on every engine."""

from __future__ import annotations

import trio

from museod.stores.backend import Backend, Entry, EntryKind
from museod.stores.base import Stores
from museod.stores.confirmations import MAX_CONFIRMATION_BYTES
from tests.fakes.stores import Engine, FakeClock


async def test_what_waits_is_taken_once(stores: Stores) -> None:
    waiting = stores.confirmations
    assert await waiting.put("ada", "t1", b"call", ttl_seconds=300)
    assert await waiting.take("ada", "t1") == b"call"
    assert await waiting.take("ada", "t1") is None


async def test_of_many_that_take_the_same_one_gets_it(stores: Stores) -> None:
    await stores.confirmations.put("ada", "t1", b"call", ttl_seconds=300)
    taken: list[bytes | None] = []

    async def take() -> None:
        taken.append(await stores.confirmations.take("ada", "t1"))

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(take)
    assert sorted(one is not None for one in taken) == [False] * 19 + [True]


async def test_nobody_takes_what_waits_for_another(stores: Stores) -> None:
    await stores.confirmations.put("ada", "t1", b"call", ttl_seconds=300)
    assert await stores.confirmations.take("bob", "t1") is None
    assert await stores.confirmations.take("ada", "t2") is None
    assert await stores.confirmations.take("ada", "t1") == b"call"


async def test_what_waited_too_long_is_gone(stores: Stores, clock: FakeClock) -> None:
    await stores.confirmations.put("ada", "t1", b"call", ttl_seconds=300)
    clock.advance(300)
    assert await stores.confirmations.take("ada", "t1") is None


async def test_what_is_too_large_is_not_kept(stores: Stores) -> None:
    value = b"x" * (MAX_CONFIRMATION_BYTES + 1)
    assert not await stores.confirmations.put("ada", "t1", value, ttl_seconds=300)
    assert await stores.confirmations.take("ada", "t1") is None


async def test_erasing_a_user_erases_what_waits(stores: Stores) -> None:
    await stores.confirmations.put("ada", "t1", b"call", ttl_seconds=300)
    assert await stores.erase("ada")
    assert await stores.confirmations.take("ada", "t1") is None


async def test_an_export_is_possible_while_something_waits(stores: Stores) -> None:
    await stores.confirmations.put("ada", "t1", b"call", ttl_seconds=300)
    assert (await stores.export("ada"))["userId"] == "ada"


async def test_what_waits_survives_a_restart_and_is_still_taken_once(shared: Engine) -> None:
    async with shared.open() as stores:
        await stores.confirmations.put("ada", "t1", b"call", ttl_seconds=300)
    async with shared.open() as stores:
        assert await stores.confirmations.take("ada", "t1") == b"call"
    async with shared.open() as stores:
        assert await stores.confirmations.take("ada", "t1") is None


async def test_a_key_that_is_gone_opens_nothing(shared: Engine) -> None:
    async with shared.open([("k1", b"1" * 32)]) as stores:
        await stores.confirmations.put("ada", "t1", b"call", ttl_seconds=300)
    async with shared.open([("k2", b"2" * 32)]) as stores:
        assert await stores.confirmations.take("ada", "t1") is None


async def test_an_engine_gives_an_entry_away_once(backend: Backend, clock: FakeClock) -> None:
    await backend.put([Entry("c:1", EntryKind.CONFIRMATION, b"x", "ada", clock() + 10)])
    assert await backend.take("c:1") == b"x"
    assert await backend.take("c:1") is None
    assert await backend.get(["c:1"]) == [None]
