"""Who has a conversation, as a table; the record; what a human is told; frames and events end to end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from museod.access.principal import Principal, Role, principal
from museod.chat.conversation import Memory, ShownLine, ShownProduct
from museod.chat.engine import Engine
from museod.chat.handover import (
    LAPSE_SECONDS,
    MAX_SUMMARY_CHARS,
    TABLE,
    Handover,
    Refused,
    State,
    Step,
    read_handover,
    settled,
    stepped,
    summary_text,
    write_handover,
)
from museod.chat.messages import (
    EventFrame,
    HandoverFrame,
    MessageFrame,
    ResponseFrame,
    encode_frame,
)
from museod.errors import CallError
from museod.stores.records import Message, from_timestamp
from tests.fakes.conversations import FakeStores
from tests.fakes.tools import FakeTools, analysis

ALICE = principal("alice", Role.CUSTOMER)
AGENT = principal("ann", Role.CUSTOMER, extra_scopes=frozenset({"handover:agent"}))
OTHER = principal("otto", Role.CUSTOMER, extra_scopes=frozenset({"handover:agent"}))
ALLOWED = {
    ("bot", "ask"): "queued",
    ("bot", "take"): "human",
    ("queued", "ask"): "queued",
    ("queued", "take"): "human",
    ("queued", "return"): "returned",
    ("human", "take"): "human",
    ("human", "say"): "human",
    ("human", "return"): "returned",
    ("human", "lapse"): "returned",
    ("returned", "ask"): "queued",
    ("returned", "take"): "human",
}


@pytest.mark.parametrize(("state", "step"), list(product(State, Step)))
def test_a_step_leads_where_the_table_says_and_is_refused_elsewhere(state: State, step: Step) -> None:
    before = Handover(state=state, agent="ann" if state is State.HUMAN else "")
    expected = ALLOWED.get((state.value, step.value))
    if expected is None:
        with pytest.raises(Refused):
            stepped(before, step, now=1.0, agent="ann")
    else:
        assert stepped(before, step, now=1.0, agent="ann").state.value == expected
    assert len(TABLE) == len(ALLOWED)


@pytest.mark.parametrize("step", [Step.TAKE, Step.SAY, Step.RETURN])
def test_another_human_does_not_interfere(step: Step) -> None:
    taken = stepped(Handover(), Step.TAKE, now=1.0, agent="ann")
    with pytest.raises(Refused) as refused:
        stepped(taken, step, now=2.0, agent="otto")
    assert refused.value.phrase == "handover-other-agent"


def test_a_human_who_has_gone_gives_the_conversation_back() -> None:
    taken = stepped(Handover(), Step.TAKE, now=1000.0, agent="ann")
    assert settled(taken, now=1000.0 + LAPSE_SECONDS) == taken
    assert settled(taken, now=1001.0 + LAPSE_SECONDS).state is State.RETURNED
    heard = stepped(taken, Step.SAY, now=2000.0, agent="ann")
    assert settled(heard, now=2000.0 + LAPSE_SECONDS).state is State.HUMAN


def test_a_record_survives_its_store_and_an_unreadable_one_is_the_bots() -> None:
    taken = stepped(Handover(), Step.TAKE, now=1000.0, agent="ann")
    assert read_handover(write_handover(taken)) == taken
    assert write_handover(Handover()) is None
    for broken in (None, {}, {"state": "dancing"}, {"state": 7}):
        assert read_handover(broken) == Handover()


def test_a_summary_keeps_the_newest_turns_and_what_was_shown_within_its_bounds() -> None:
    when = from_timestamp(0)
    messages = [Message(role="user", content=f"{place} " + "x" * 290, timestamp=when) for place in range(30)]
    memory = Memory(
        shown=[ShownProduct("p", "Phone")], lines=[ShownLine("l", "Case", quantity=2)], listing="products"
    )
    text = summary_text(messages, memory)
    assert len(text) <= MAX_SUMMARY_CHARS
    assert "user: 29 " in text
    assert "Shown: Phone" in text
    assert "Basket: 2 × Case" in text
    assert summary_text([], Memory()) == ""


# ---- through the engine


@dataclass
class Shop:
    engine: Engine
    tools: FakeTools
    stores: FakeStores
    told: dict[str, list[dict[str, Any]]]
    now: list[float]

    def listen(self, user: str) -> None:
        heard = self.told.setdefault(user, [])

        def tell(event: EventFrame) -> None:
            heard.append({"kind": event.kind, **event.detail})

        self.engine.presence.join(user, heard, tell)

    async def say(self, text: str) -> ResponseFrame:
        frame = await self.engine.answer(MessageFrame("alice", text, "cli", "en"), ALICE)
        assert isinstance(frame, ResponseFrame), frame
        return frame

    async def hand(self, action: Any, text: str | None = None, agent: Principal = AGENT) -> dict[str, Any]:
        event = await self.engine.desk.handle(HandoverFrame("alice", action, text), agent)
        return {"kind": event.kind, **event.detail}


@asynccontextmanager
async def open_shop() -> AsyncIterator[Shop]:
    tools = FakeTools(
        analyze_intent=analysis("greeting"),
        handover_to_human={"ticketId": "H-1", "expectedReplyMinutes": None},
    )
    stores, now = FakeStores(), [1_800_000_000.0]
    engine = Engine(tools, stores.as_stores(), clock=lambda: now[0])
    yield Shop(engine, tools, stores, {}, now)


def state(shop: Shop) -> str:
    return read_handover(shop.stores.conversation("alice").context.handover).state.value


async def test_a_human_is_asked_for_takes_over_speaks_and_gives_back() -> None:
    async with open_shop() as shop:
        shop.listen("alice")
        shop.listen("ann")
        await shop.say("hello there")
        shop.tools.answers["analyze_intent"] = analysis("human.handover")
        queued = await shop.say("I want to talk to a person")
        assert "H-1" in queued.message
        assert state(shop) == "queued"
        (asked,) = shop.tools.called("handover_to_human")
        assert asked["reason"] == "I want to talk to a person"
        assert "user: hello there" in asked["summary"]
        shop.tools.answers["analyze_intent"] = analysis("greeting")
        assert (await shop.say("still there?")).message.startswith("Hello"), "the bot goes on until one comes"

        taken = await shop.hand("take")
        assert taken["state"] == "human"
        assert taken["summary"]["turns"][0]["text"] == "hello there"
        assert taken["delivered"] == 1
        assert shop.told["alice"] == [
            {"kind": "handover", "userId": "alice", "state": "human", "text": shop.told["alice"][0]["text"]}
        ]
        analyses = len(shop.tools.called("analyze_intent"))
        silent = await shop.say("my parcel is broken")
        assert silent.metadata.method == "human"
        assert len(shop.tools.called("analyze_intent")) == analyses, "the bot has a mind of its own"
        assert shop.told["ann"] == [
            {"kind": "human", "userId": "alice", "from": "user", "text": "my parcel is broken"}
        ]
        await shop.hand("say", "I am sorry to hear that.")
        assert shop.told["alice"][-1]["text"] == "I am sorry to hear that."
        assert shop.told["alice"][-1]["from"] == "human"
        said = [one.content for one in shop.stores.conversation("alice").messages]
        assert said[-2:] == ["my parcel is broken", "I am sorry to hear that."]
        assert (await shop.hand("return"))["state"] == "returned"
        assert shop.told["alice"][-1]["state"] == "returned"
        assert (await shop.say("thanks")).message.startswith("Hello")


async def test_a_human_who_left_the_desk_does_not_silence_the_bot_for_ever() -> None:
    async with open_shop() as shop:
        await shop.hand("take")
        shop.now[0] += LAPSE_SECONDS + 1
        assert (await shop.say("hello?")).message.startswith("Hello")
        assert state(shop) == "returned"


@pytest.mark.parametrize(
    ("action", "text", "agent", "phrase"),
    [
        ("take", None, ALICE, "handover-not-allowed"),
        ("take", None, principal("root", Role.ADMIN), "handover-not-allowed"),
        ("say", "hi", AGENT, "handover-not-taken"),
        ("return", None, AGENT, "handover-not-taken"),
        ("say", "  ", AGENT, "handover-empty"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    action: str, text: str | None, agent: Principal, phrase: str
) -> None:
    async with open_shop() as shop:
        with pytest.raises(CallError) as refused:
            await shop.hand(action, text, agent)
        assert refused.value.message == phrase
        assert shop.stores.records == {}


async def test_two_humans_do_not_share_a_conversation() -> None:
    async with open_shop() as shop:
        await shop.hand("take")
        with pytest.raises(CallError) as refused:
            await shop.hand("take", agent=OTHER)
        assert refused.value.message == "handover-other-agent"


async def test_a_failed_request_for_a_human_queues_nobody() -> None:
    async with open_shop() as shop:
        del shop.tools.answers["handover_to_human"]
        shop.tools.answers["analyze_intent"] = analysis("human.handover")
        assert "yet" in (await shop.say("a person please")).message
        assert state(shop) == "bot"


async def test_events_are_json_with_their_members_beside_the_kind() -> None:

    frame = json.loads(encode_frame(EventFrame("human", {"userId": "alice", "from": "human", "text": "hi"})))
    assert frame == {"type": "event", "kind": "human", "userId": "alice", "from": "human", "text": "hi"}
