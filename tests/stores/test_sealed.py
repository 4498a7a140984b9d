"""The contract of conversations, answers, cache, statuses, export and erasure, on every engine."""

from __future__ import annotations

import msgspec
import pytest
import trio

from museod.errors import StoreError
from museod.stores import sealed
from museod.stores.base import AnsweredMessage, ProcessState, ProcessStatus, Stores, TurnLost
from museod.stores.opening import RETENTION_SECONDS
from museod.stores.records import MAX_MESSAGES, MAX_RECORD_BYTES
from tests.fakes.stores import KEYS, Engine, FakeClock, talk


def answered(text: str, reply: bytes, *, message_id: str = "m1") -> AnsweredMessage:
    return AnsweredMessage("c1", message_id, text, reply)


async def say(stores: Stores, clock: FakeClock, text: str, reply: bytes, *, user_id: str = "ada") -> bytes:
    """One turn as the engine of the chat does it."""
    async with stores.locks.open_turn(user_id, wait_seconds=5) as turn:
        first = await stores.answers.first(turn, "c1", "m1", text)
        if first is not None:
            return first
        conversation = await stores.conversations.load(user_id) or talk(clock, user_id=user_id)
        conversation.messages += talk(clock, text).messages
        await stores.conversations.save(conversation, turn, answered=answered(text, reply))
        return reply


# --- conversations


async def test_a_conversation_is_loaded_as_it_was_saved(stores: Stores, clock: FakeClock) -> None:
    assert await stores.conversations.load("ada") is None
    saved = talk(clock, "hello", "größe 42")
    saved.context.slots["size"] = 42
    async with stores.locks.open_turn("ada", wait_seconds=0) as turn:
        clock.advance(1)
        await stores.conversations.save(saved, turn)
    loaded = await stores.conversations.load("ada")
    assert loaded == saved
    assert saved.turn == turn.number
    assert saved.updated_at.timestamp() == clock()
    assert saved.expires_at.timestamp() == clock() + RETENTION_SECONDS


async def test_a_conversation_ends_with_its_retention(stores: Stores, clock: FakeClock) -> None:
    await say(stores, clock, "hello", b"1")
    clock.advance(RETENTION_SECONDS - 1)
    assert await stores.conversations.load("ada") is not None
    clock.advance(1)
    assert await stores.conversations.load("ada") is None


async def test_saving_trims_the_talk(stores: Stores, clock: FakeClock) -> None:
    async with stores.locks.open_turn("ada", wait_seconds=0) as turn:
        await stores.conversations.save(talk(clock, *map(str, range(MAX_MESSAGES + 5))), turn)
    loaded = await stores.conversations.load("ada")
    assert loaded is not None
    assert [m.content for m in loaded.messages] == [str(n) for n in range(5, MAX_MESSAGES + 5)]


async def test_a_context_without_bounds_is_refused(stores: Stores, clock: FakeClock) -> None:
    conversation = talk(clock, "hello")
    conversation.context.slots["junk"] = "x" * MAX_RECORD_BYTES
    async with stores.locks.open_turn("ada", wait_seconds=0) as turn:
        with pytest.raises(StoreError, match="context"):
            await stores.conversations.save(conversation, turn)


async def test_a_turn_saves_nobody_elses_conversation(stores: Stores, clock: FakeClock) -> None:
    async with stores.locks.open_turn("ada", wait_seconds=0) as turn:
        with pytest.raises(StoreError):
            await stores.conversations.save(talk(clock, "x", user_id="bob"), turn)
    assert await stores.conversations.load("bob") is None


async def test_everything_survives_closing_and_opening(shared: Engine) -> None:
    async with shared.open() as stores:
        await say(stores, shared.clock, "hello", b"first")
    async with shared.open() as stores:
        loaded = await stores.conversations.load("ada")
        assert loaded is not None
        assert loaded.messages[0].content == "hello"
        assert await say(stores, shared.clock, "hello", b"second") == b"first"


async def test_records_outlive_a_rotation_and_are_sealed_anew_when_saved(shared: Engine) -> None:
    rotated = [("k2", b"2" * 32), *KEYS]
    async with shared.open() as stores:
        await say(stores, shared.clock, "old", b"1")
        await say(stores, shared.clock, "old", b"1", user_id="bob")
    async with shared.open(rotated) as stores:
        assert await stores.conversations.load("ada") is not None
        await say(stores, shared.clock, "new", b"2")
    async with shared.open(rotated[:1]) as stores:
        loaded = await stores.conversations.load("ada")
        assert loaded is not None
        assert [m.content for m in loaded.messages] == ["old", "new"]
        with pytest.raises(StoreError, match=r"'k1'.*MCP_ENCRYPTION_KEYS"):
            await stores.conversations.load("bob")


# --- first answers


async def test_a_message_sent_again_gets_the_first_answer(stores: Stores, clock: FakeClock) -> None:
    assert await say(stores, clock, "buy", b"bought") == b"bought"
    clock.advance(sealed.ANSWER_SECONDS - 1)
    assert await say(stores, clock, "buy", b"bought twice") == b"bought"
    clock.advance(1)
    assert await say(stores, clock, "buy", b"bought later") == b"bought later"


async def test_other_words_or_another_person_make_another_message(stores: Stores, clock: FakeClock) -> None:
    assert await say(stores, clock, "buy", b"1") == b"1"
    assert await say(stores, clock, "buy two", b"2") == b"2"
    assert await say(stores, clock, "buy", b"3", user_id="bob") == b"3"


async def test_a_message_sent_again_meanwhile_waits_for_the_first_answer(
    stores: Stores, clock: FakeClock
) -> None:
    begun, may_end = trio.Event(), trio.Event()
    replies: list[bytes] = []

    async def first() -> None:
        async with stores.locks.open_turn("ada", wait_seconds=5) as turn:
            begun.set()
            await may_end.wait()
            await stores.answers.keep(turn, answered("buy", b"first"))

    async def again() -> None:
        replies.append(await say(stores, clock, "buy", b"second"))

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            await begun.wait()
            nursery.start_soon(again)
            await trio.testing.wait_all_tasks_blocked()
            assert not replies
            may_end.set()
    assert replies == [b"first"]


async def test_an_answer_is_not_kept_without_its_conversation(shared: Engine) -> None:
    async with (
        shared.open() as one,
        shared.open() as two,
        one.locks.open_turn("ada", wait_seconds=0) as stalled,
    ):
        shared.clock.advance(11)
        async with two.locks.open_turn("ada", wait_seconds=0) as current:
            late = answered("buy", b"late")
            with pytest.raises(TurnLost):
                await one.conversations.save(talk(shared.clock, "late"), stalled, answered=late)
            with pytest.raises(TurnLost):
                await one.answers.keep(stalled, late)
            assert await two.answers.first(current, "c1", "m1", "buy") is None


# --- cached results


async def test_a_result_is_given_again_until_its_time_is_over(stores: Stores, clock: FakeClock) -> None:
    entry = await stores.cache.get("ada", "search:boots")
    assert entry.value is None
    await stores.cache.set(entry, b'{"found":1}', ttl_seconds=30)
    assert (await stores.cache.get("ada", "search:boots")).value == b'{"found":1}'
    assert (await stores.cache.get("bob", "search:boots")).value is None
    assert (await stores.cache.get("", "search:boots")).value is None
    clock.advance(30)
    assert (await stores.cache.get("ada", "search:boots")).value is None


async def test_dropping_an_owner_drops_nobody_else(stores: Stores) -> None:
    for owner in ("ada", "bob", ""):
        await stores.cache.set(await stores.cache.get(owner, "h"), b"1", ttl_seconds=30)
    await stores.cache.drop("ada")
    assert (await stores.cache.get("ada", "h")).value is None
    assert (await stores.cache.get("bob", "h")).value == b"1"
    assert (await stores.cache.get("", "h")).value == b"1"
    await stores.cache.set(await stores.cache.get("ada", "h"), b"2", ttl_seconds=30)
    assert (await stores.cache.get("ada", "h")).value == b"2"


async def test_a_result_computed_before_a_change_is_not_given_after_it(stores: Stores) -> None:
    entry = await stores.cache.get("ada", "basket")
    await stores.cache.drop("ada")
    await stores.cache.set(entry, b"stale", ttl_seconds=30)
    assert (await stores.cache.get("ada", "basket")).value is None


@pytest.mark.parametrize(
    ("size", "ttl"), [(sealed.MAX_RESULT_BYTES + 1, 30), (10, 0), (10, -1)], ids=["big", "zero", "past"]
)
async def test_what_is_too_big_or_over_at_once_is_not_kept(stores: Stores, size: int, ttl: float) -> None:
    await stores.cache.set(await stores.cache.get("ada", "h"), b"x" * size, ttl_seconds=ttl)
    assert (await stores.cache.get("ada", "h")).value is None


async def test_no_result_is_kept_for_longer_than_an_hour(stores: Stores, clock: FakeClock) -> None:
    await stores.cache.set(await stores.cache.get("ada", "h"), b"1", ttl_seconds=1e9)
    clock.advance(sealed.MAX_RESULT_SECONDS)
    assert (await stores.cache.get("ada", "h")).value is None


async def test_a_result_under_a_dropped_key_is_a_miss(shared: Engine) -> None:
    async with shared.open() as stores:
        await stores.cache.set(await stores.cache.get("ada", "h"), b"1", ttl_seconds=30)
    async with shared.open([("k2", b"2" * 32)]) as stores:
        assert (await stores.cache.get("ada", "h")).value is None


# --- statuses


async def test_the_last_status_of_a_child_is_read(stores: Stores) -> None:
    assert await stores.statuses.get("intent") is None
    running = ProcessStatus(ProcessState.RUNNING, 4711, {"restarts": 2, "inFlight": 0})
    await stores.statuses.put("intent", running)
    assert await stores.statuses.get("intent") == running
    stopped = ProcessStatus(ProcessState.STOPPED, None, {})
    await stores.statuses.put("intent", stopped)
    assert await stores.statuses.get("intent") == stopped
    assert await stores.statuses.get("intent@node-1") is None


# --- privacy


async def test_an_export_holds_everything_of_the_user_and_nothing_of_others(
    stores: Stores, clock: FakeClock
) -> None:
    await say(stores, clock, "my boots", b'{"message":"these"}')
    await say(stores, clock, "not mine", b'{"message":"those"}', user_id="bob")
    await stores.cache.set(await stores.cache.get("ada", "basket"), b'{"items":[1]}', ttl_seconds=30)
    await stores.cache.set(await stores.cache.get("ada", "odd"), b"\xff no JSON", ttl_seconds=30)
    exported = msgspec.json.decode(msgspec.json.encode(await stores.export("ada")))
    assert exported["userId"] == "ada"
    assert exported["conversation"]["messages"][0]["content"] == "my boots"
    assert [answer["value"] for answer in exported["answers"]] == [{"message": "these"}]
    assert {str(result["value"]) for result in exported["cachedResults"]} == {
        "{'items': [1]}",
        "\N{REPLACEMENT CHARACTER} no JSON",
    }
    assert "mine" not in str(exported)


async def test_an_export_of_nobody_is_empty(stores: Stores) -> None:
    assert await stores.export("nobody") == {
        "userId": "nobody",
        "conversation": None,
        "answers": [],
        "cachedResults": [],
    }


async def test_erasing_leaves_nothing_of_the_user_and_all_of_others(stores: Stores, clock: FakeClock) -> None:
    for user in ("ada", "bob"):
        await say(stores, clock, "hello", b"1", user_id=user)
        await stores.cache.set(await stores.cache.get(user, "basket"), b"1", ttl_seconds=30)
    bobs = await stores.export("bob")
    assert await stores.erase("ada")
    assert not await stores.erase("ada")
    assert await stores.export("ada") == await stores.export("nobody") | {"userId": "ada"}
    assert (await stores.cache.get("ada", "basket")).value is None
    assert await stores.export("bob") == bobs


async def test_what_was_under_way_cannot_come_to_life_after_the_erasure(
    stores: Stores, clock: FakeClock
) -> None:
    entry = await stores.cache.get("ada", "basket")
    async with stores.locks.open_turn("ada", wait_seconds=0) as turn:
        await stores.erase("ada")
        with pytest.raises(TurnLost):
            await stores.conversations.save(talk(clock, "ghost"), turn, answered=answered("x", b"ghost"))
        with pytest.raises(TurnLost):
            await stores.answers.keep(turn, answered("x", b"ghost"))
    await stores.cache.set(entry, b"ghost", ttl_seconds=30)
    assert await stores.export("ada") == await stores.export("nobody") | {"userId": "ada"}
    await say(stores, clock, "anew", b"1")
    loaded = await stores.conversations.load("ada")
    assert loaded is not None
    assert [m.content for m in loaded.messages] == ["anew"]
