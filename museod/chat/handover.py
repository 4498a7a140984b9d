"""
Who has a conversation: the bot, or a human of the shop. The states as a table, and the record that is kept.

    bot ──ask──> queued ──take──> human ──return──> returned ──ask──> queued
     └───────────────take──────────^ └──lapse (the human has gone)──────^

While a human has it the bot stays silent. `returned` is the bot again, after a human was there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from museod.chat.conversation import Memory
from museod.stores.records import Message

SCOPE = "handover:agent"
# A human who says nothing for half an hour has left the desk; the person must not wait for ever.
LAPSE_SECONDS = 1800.0
MAX_TURNS = 10
MAX_TURN_CHARS = 300  # of each: the summary is read at a glance
MAX_SUMMARY_CHARS = 2000


class State(StrEnum):
    """Who has the conversation."""

    BOT = "bot"
    QUEUED = "queued"
    HUMAN = "human"
    RETURNED = "returned"


class Step(StrEnum):
    """What can happen to it."""

    ASK = "ask"
    TAKE = "take"
    SAY = "say"
    RETURN = "return"
    LAPSE = "lapse"


TABLE: Mapping[tuple[State, Step], State] = {
    (State.BOT, Step.ASK): State.QUEUED,
    (State.BOT, Step.TAKE): State.HUMAN,
    (State.QUEUED, Step.ASK): State.QUEUED,
    (State.QUEUED, Step.TAKE): State.HUMAN,
    (State.QUEUED, Step.RETURN): State.RETURNED,
    (State.HUMAN, Step.TAKE): State.HUMAN,
    (State.HUMAN, Step.SAY): State.HUMAN,
    (State.HUMAN, Step.RETURN): State.RETURNED,
    (State.HUMAN, Step.LAPSE): State.RETURNED,
    (State.RETURNED, Step.ASK): State.QUEUED,
    (State.RETURNED, Step.TAKE): State.HUMAN,
}
"""What is not here is refused."""


class Handover(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Who has one conversation; times in seconds since 1970. `agent` is the human's user id."""

    state: State = State.BOT
    agent: str = ""
    since: float = 0.0
    heard_at: float = 0.0


class Refused(Exception):
    """The step is not possible; `phrase` says why to the human."""

    def __init__(self, phrase: str) -> None:
        super().__init__(phrase)
        self.phrase = phrase


def read_handover(stored: Mapping[str, Any] | None) -> Handover:
    """The record in a stored context; what cannot be read is the bot's."""
    try:
        return msgspec.convert(stored or {}, Handover)
    except msgspec.ValidationError:
        return Handover()


def write_handover(handover: Handover) -> dict[str, Any] | None:
    """The record for a stored context."""
    plain: dict[str, Any] = msgspec.to_builtins(handover)
    return plain or None


def stepped(handover: Handover, step: Step, *, now: float, agent: str = "") -> Handover:
    """
    The record after `step`, by `agent` where a human takes it.

    Raises:
        Refused: the table has no such step, or another human has the conversation.
    """
    after = TABLE.get((handover.state, step))
    if after is None:
        raise Refused("handover-not-taken")
    is_theirs = handover.state is State.HUMAN and step in (Step.TAKE, Step.SAY, Step.RETURN)
    if is_theirs and agent != handover.agent:
        raise Refused("handover-other-agent")
    holder = agent if after is State.HUMAN else ""
    return Handover(
        state=after,
        agent=holder,
        since=handover.since if after is handover.state else now,
        heard_at=now if after is State.HUMAN else 0.0,
    )


def settled(handover: Handover, *, now: float) -> Handover:
    """The record as of `now`: a human who has gone silent has given the conversation back."""
    if handover.state is State.HUMAN and now - handover.heard_at > LAPSE_SECONDS:
        return stepped(handover, Step.LAPSE, now=now)
    return handover


def summary_for(messages: Sequence[Message], memory: Memory) -> dict[str, Any]:
    """What a human needs to go on: the last turns, what was shown, what is in the basket."""
    turns = [
        {"role": one.role, "text": _clipped(one.content), "at": one.timestamp.isoformat()}
        for one in messages[-MAX_TURNS:]
    ]
    intents = [one.intent.intent for one in messages if one.intent is not None]
    found: dict[str, Any] = {"turns": turns, "shown": [product.title for product in memory.shown]}
    if memory.lines:
        found["basket"] = [f"{one.quantity} × {one.title}" for one in memory.lines]
    if intents:
        found["intent"] = intents[-1]
    if memory.pending is not None:
        found["waitsFor"] = memory.pending.kind
    return found


def summary_text(messages: Sequence[Message], memory: Memory) -> str:
    """The same as a text for a ticket; the newest turns survive where it would be too long."""
    found = summary_for(messages, memory)
    shown = f"Shown: {', '.join(found['shown'])}" if found["shown"] else ""
    basket = f"Basket: {', '.join(found['basket'])}" if "basket" in found else ""
    tail = "\n".join(text for text in (shown, basket) if text)[: MAX_SUMMARY_CHARS // 2]
    lines: list[str] = []
    left = MAX_SUMMARY_CHARS - len(tail) - 1
    for turn in reversed(found["turns"]):
        one = f"{turn['role']}: {turn['text']}"
        if len(one) + 1 > left:
            break
        lines.insert(0, one)
        left -= len(one) + 1
    return "\n".join([*lines, tail]).strip()


def _clipped(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= MAX_TURN_CHARS else flat[: MAX_TURN_CHARS - 1] + "…"
