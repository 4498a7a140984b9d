"""The contract of `Locks`, on every engine; and its behaviour when the engine itself misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import trio

from museod.errors import LockTimeout, StoreUnavailable
from museod.stores import turns
from museod.stores.base import Stores, Turn, TurnLost
from museod.stores.database import Database
from museod.stores.sqlite import SqliteBackend
from museod.stores.turns import TurnLocks
from tests.fakes.stores import Engine, FakeClock, talk


class FakeBackend:
    """The locks of an engine without an engine; each method can be made to hang or fail."""

    def __init__(self) -> None:
        self.hanging: set[str] = set()
        self.failing: set[str] = set()
        self.holders: dict[str, str] = {}
        self.drawn = 0
        self.renewals = 0

    async def _misbehave(self, method: str) -> None:
        await trio.lowlevel.checkpoint()
        if method in self.hanging:
            await trio.sleep_forever()
        if method in self.failing:
            raise StoreUnavailable("away")

    async def open_turn(self, user_id: str, token: str, *, ttl_seconds: float) -> int | None:
        await self._misbehave("open_turn")
        if user_id in self.holders:
            return None
        self.holders[user_id] = token
        self.drawn += 1
        return self.drawn

    async def renew(self, held: Sequence[tuple[str, str]], *, ttl_seconds: float) -> set[str]:
        await self._misbehave("renew")
        self.renewals += 1
        return {token for user_id, token in held if self.holders.get(user_id) == token}

    async def release(self, user_id: str, token: str) -> bool:
        await self._misbehave("release")
        return self.holders.get(user_id) == token and bool(self.holders.pop(user_id))

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"locks do not need {name}")


async def hold_for_ever(locks: TurnLocks, inside: Callable[[], object] = lambda: None) -> None:
    async with locks.open_turn("ada", wait_seconds=0):
        inside()
        await trio.sleep_forever()


# --- the contract


async def test_twenty_contenders_are_inside_one_at_a_time_and_in_order(stores: Stores) -> None:
    inside = 0
    order: list[int] = []
    numbers: list[int] = []

    async def contend(place: int) -> None:
        nonlocal inside
        async with stores.locks.open_turn("ada", wait_seconds=5) as turn:
            inside += 1
            assert inside == 1
            order.append(place)
            numbers.append(turn.number)
            await trio.lowlevel.checkpoint()
            inside -= 1

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            for place in range(20):
                nursery.start_soon(contend, place)
                await trio.testing.wait_all_tasks_blocked()
    assert order == list(range(20))
    assert numbers == sorted(set(numbers))


async def test_contenders_of_two_nodes_are_inside_one_at_a_time(shared: Engine) -> None:
    inside = 0
    numbers: list[int] = []

    async def contend(stores: Stores) -> None:
        nonlocal inside
        async with stores.locks.open_turn("ada", wait_seconds=5) as turn:
            inside += 1
            assert inside == 1
            numbers.append(turn.number)
            await trio.lowlevel.checkpoint()
            inside -= 1

    with trio.fail_after(5):
        async with shared.open() as one, shared.open() as two, trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(contend, one)
                nursery.start_soon(contend, two)
    assert len(numbers) == 20
    assert numbers == sorted(set(numbers))


async def test_users_do_not_wait_for_each_other(stores: Stores) -> None:
    with trio.fail_after(5):
        async with (
            stores.locks.open_turn("ada", wait_seconds=0),
            stores.locks.open_turn("bob", wait_seconds=0),
        ):
            pass


async def test_whoever_waits_too_long_is_told_and_leaves_nothing_behind(stores: Stores) -> None:
    with trio.fail_after(5):
        async with stores.locks.open_turn("ada", wait_seconds=0):
            for wait in (0, 0.01):
                with pytest.raises(LockTimeout):
                    async with stores.locks.open_turn("ada", wait_seconds=wait):
                        pass
        async with stores.locks.open_turn("ada", wait_seconds=0):
            pass


async def test_another_nodes_lock_is_waited_for_and_no_longer_than_told(shared: Engine) -> None:
    with trio.fail_after(5):
        async with shared.open() as one, shared.open() as two:
            async with one.locks.open_turn("ada", wait_seconds=0):
                with pytest.raises(LockTimeout):
                    async with two.locks.open_turn("ada", wait_seconds=0.05):
                        pass
            async with two.locks.open_turn("ada", wait_seconds=0):
                pass


async def test_a_cancelled_block_gives_its_lock_back(shared: Engine) -> None:
    with trio.fail_after(5):
        async with shared.open() as one, shared.open() as two:
            with trio.CancelScope() as scope:
                async with one.locks.open_turn("ada", wait_seconds=0):
                    scope.cancel()
                    await trio.sleep_forever()
            assert scope.cancelled_caught
            async with two.locks.open_turn("ada", wait_seconds=0):
                pass


async def test_a_failing_block_gives_its_lock_back_and_its_error_on(stores: Stores) -> None:
    with trio.fail_after(5):
        with pytest.raises(ZeroDivisionError):
            async with stores.locks.open_turn("ada", wait_seconds=0):
                raise ZeroDivisionError
        async with stores.locks.open_turn("ada", wait_seconds=0):
            pass


async def test_a_cancelled_waiter_gives_its_place_up(stores: Stores) -> None:
    with trio.fail_after(5):
        async with stores.locks.open_turn("ada", wait_seconds=0):
            with trio.move_on_after(0.01) as scope:
                async with stores.locks.open_turn("ada", wait_seconds=5):
                    pass
            assert scope.cancelled_caught
        async with stores.locks.open_turn("ada", wait_seconds=0):
            pass


async def test_a_turn_that_was_overtaken_writes_nothing(shared: Engine) -> None:
    with trio.fail_after(5):
        async with (
            shared.open() as one,
            shared.open() as two,
            one.locks.open_turn("ada", wait_seconds=0) as stalled,
        ):
            shared.clock.advance(turns.TTL_SECONDS + 0.001)
            async with two.locks.open_turn("ada", wait_seconds=0) as current:
                assert current.number > stalled.number
                with pytest.raises(TurnLost):
                    await one.conversations.save(talk(shared.clock, "late"), stalled)
                await two.conversations.save(talk(shared.clock, "current"), current)
                with pytest.raises(TurnLost):
                    await one.conversations.save(talk(shared.clock, "late"), stalled)
            loaded = await one.conversations.load("ada")
    assert loaded is not None
    assert loaded.turn == current.number
    assert loaded.messages[0].content == "current"


async def test_turn_numbers_rise_although_everything_was_forgotten(stores: Stores) -> None:
    numbers = []
    with trio.fail_after(5):
        for _ in range(5):
            async with stores.locks.open_turn("ada", wait_seconds=0) as turn:
                numbers.append(turn.number)
            await stores.erase("ada")
    assert numbers == sorted(set(numbers))


# --- renewal


class WatchedBackend(SqliteBackend):
    """Tells when locks have been renewed."""

    renewed = trio.Event()

    async def renew(self, held: Sequence[tuple[str, str]], *, ttl_seconds: float) -> set[str]:
        kept = await super().renew(held, ttl_seconds=ttl_seconds)
        self.renewed.set()
        return kept


async def test_a_held_lock_is_renewed_until_it_is_given_back(tmp_path: Path) -> None:
    clock = FakeClock()
    path = tmp_path / "museod.sqlite3"
    backend = WatchedBackend(Database(path, now=clock), path=path, now=clock)
    locks = TurnLocks(backend, renew_seconds=0.005)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(locks.run)
            async with locks.open_turn("ada", wait_seconds=0) as turn:
                for _ in range(3):
                    clock.advance(9)
                    backend.renewed = trio.Event()
                    await backend.renewed.wait()
                assert await backend.open_turn("ada", "other", ttl_seconds=10) is None
            assert await backend.open_turn("ada", "other", ttl_seconds=10) == turn.number + 27_000
            nursery.cancel_scope.cancel()
        await backend.aclose()


async def test_a_block_whose_lock_was_taken_away_is_cancelled(autojump_clock: trio.testing.MockClock) -> None:
    backend = FakeBackend()
    locks = TurnLocks(backend)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(locks.run)
        with pytest.raises(TurnLost):
            await hold_for_ever(locks, lambda: backend.holders.update(ada="somebody else"))
        assert backend.holders == {"ada": "somebody else"}
        assert trio.current_time() <= turns.RENEW_SECONDS
        nursery.cancel_scope.cancel()


async def test_an_engine_that_is_away_for_moments_costs_no_turn(
    autojump_clock: trio.testing.MockClock,
) -> None:
    backend = FakeBackend()
    locks = TurnLocks(backend)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(locks.run)
        async with locks.open_turn("ada", wait_seconds=0):
            backend.failing = {"renew"}
            await trio.sleep(turns.TTL_SECONDS - 1)
            backend.failing = set()
            await trio.sleep(turns.TTL_SECONDS * 3)
        assert backend.renewals >= 9
        nursery.cancel_scope.cancel()


async def test_an_engine_that_is_away_for_longer_than_a_lock_lives_loses_the_turn(
    autojump_clock: trio.testing.MockClock,
) -> None:
    backend = FakeBackend()
    locks = TurnLocks(backend)
    backend.failing = {"renew"}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(locks.run)
        with pytest.raises(TurnLost):
            await hold_for_ever(locks)
        assert turns.TTL_SECONDS <= trio.current_time() <= turns.TTL_SECONDS + turns.RENEW_SECONDS
        nursery.cancel_scope.cancel()


# --- cancellation with an engine that hangs


async def test_waiting_for_an_engine_that_hangs_can_be_cancelled() -> None:
    backend = FakeBackend()
    locks = TurnLocks(backend)
    backend.hanging = {"open_turn"}
    with trio.move_on_after(0.01) as scope:
        async with locks.open_turn("ada", wait_seconds=5):
            pass
    assert scope.cancelled_caught
    backend.hanging = set()
    with trio.fail_after(5):
        async with locks.open_turn("ada", wait_seconds=0):
            pass


async def test_giving_back_to_an_engine_that_hangs_takes_a_second_at_most(
    autojump_clock: trio.testing.MockClock,
) -> None:
    backend = FakeBackend()
    locks = TurnLocks(backend)
    backend.hanging = {"release"}
    with trio.CancelScope() as scope:
        async with locks.open_turn("ada", wait_seconds=0):
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert trio.current_time() <= 1.0


async def test_an_engine_that_is_away_fails_the_turn_before_it_begins() -> None:
    backend = FakeBackend()
    locks = TurnLocks(backend)
    backend.failing = {"open_turn"}
    with trio.fail_after(5):
        with pytest.raises(StoreUnavailable):
            async with locks.open_turn("ada", wait_seconds=5):
                pass


async def test_no_more_than_the_ceiling_wait_for_one_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MAX_WAITING_PER_USER", 2)
    locks = TurnLocks(FakeBackend())
    served: list[Turn] = []

    async def wait() -> None:
        async with locks.open_turn("ada", wait_seconds=5) as turn:
            served.append(turn)

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery, locks.open_turn("ada", wait_seconds=5):
            nursery.start_soon(wait)
            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(LockTimeout, match="waiting already"):
                async with locks.open_turn("ada", wait_seconds=5):
                    pass
    assert len(served) == 2
