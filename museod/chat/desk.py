"""Where humans of the shop take conversations over, speak in them, and give them back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from museod.access.principal import Principal
from museod.chat.conversation import read_memory
from museod.chat.failures import Failed
from museod.chat.handover import (
    SCOPE,
    Refused,
    Step,
    read_handover,
    settled,
    stepped,
    summary_for,
    write_handover,
)
from museod.chat.messages import EventFrame, HandoverFrame, clean_text
from museod.chat.neutral import Neutral
from museod.chat.phrases import Phrases, phrases_for
from museod.chat.presence import Presence
from museod.errors import Kind, LockTimeout, StoreError
from museod.observe.logs import get_logger
from museod.stores import base
from museod.stores.records import Message, from_timestamp, new_conversation

log = get_logger()

_STEPS = {"take": Step.TAKE, "say": Step.SAY, "return": Step.RETURN}
_TOLD = {Step.TAKE: "handover-taken", Step.RETURN: "handover-returned"}


class Desk:
    """Answers handover frames, one turn of the person's conversation at a time."""

    def __init__(
        self,
        stores: base.Stores,
        presence: Presence,
        *,
        retention_seconds: float,
        lock_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._stores = stores
        self._presence = presence
        self._retention_seconds = retention_seconds
        self._lock_seconds = lock_seconds
        self._clock = clock

    async def handle(self, frame: HandoverFrame, agent: Principal) -> EventFrame:
        """
        Do what a human of the shop asks, tell the person's open sockets, and give the human's answer.

        Raises:
            CallError: not allowed, not possible in this state, or the store does not answer.
        """
        if not agent.has_scope(SCOPE) or agent.is_anonymous:
            raise Failed(Kind.AUTHENTICATION_ERROR, "handover-not-allowed")
        text = clean_text(frame.text or "")
        step = _STEPS[frame.action]
        if step is Step.SAY and not text:
            raise Failed(Kind.INVALID_PARAMS, "handover-empty")
        try:
            return await self._stepped(frame.user_id, step, text, agent)
        except Refused as refused:
            raise Failed(Kind.INVALID_REQUEST, refused.phrase) from None
        except LockTimeout:
            raise Failed(Kind.RATE_LIMIT_ERROR, "error-busy", retry_after=2.0) from None
        except StoreError as error:
            log.warning("handover_failed", error=str(error))
            raise Failed(
                Kind.MCP_NOT_AVAILABLE, "error-unavailable", retry_after=2.0, service="store"
            ) from None

    async def _stepped(self, user: str, step: Step, text: str, agent: Principal) -> EventFrame:
        async with self._stores.locks.open_turn(user, wait_seconds=self._lock_seconds) as turn:
            now = self._clock()
            when = from_timestamp(now)
            conversation = await self._stores.conversations.load(user) or new_conversation(
                user, now=when, retention_seconds=self._retention_seconds
            )
            kept = conversation.context
            before = settled(read_handover(kept.handover), now=now)
            after = stepped(before, step, now=now, agent=agent.sub)
            memory = read_memory({"shown": kept.shown, "slots": kept.slots, "pending": kept.pending})
            detail: dict[str, Any] = {"userId": user, "state": after.state.value}
            if step is Step.TAKE:
                detail["summary"] = summary_for(conversation.messages, memory)
            if step is Step.SAY:
                conversation.messages.append(Message(role="assistant", content=text, timestamp=when))
            kept.handover = write_handover(after)
            await self._stores.conversations.save(conversation, turn)
        log.info("handover_stepped", step=step.value, state=after.state.value)
        detail["delivered"] = self._tell_person(user, step, text, phrases_for(kept.locale or ""))
        return EventFrame("handover", detail)

    def _tell_person(self, user: str, step: Step, text: str, phrases: Phrases) -> int:
        if step is Step.SAY:
            said = {"userId": user, "from": "human", "text": text}
            return self._presence.tell(user, EventFrame("human", said))
        state = "human" if step is Step.TAKE else "returned"
        told = {"userId": user, "state": state, "text": phrases(_TOLD[step])}
        return self._presence.tell(user, EventFrame("handover", told))

    def tell_agent(self, agent: str, user: str, text: str) -> int:
        """What the person wrote, to the human who has the conversation; to how many sockets it went."""
        return self._presence.tell(agent, EventFrame("human", {"userId": user, "from": "user", "text": text}))


def waits_for_human(phrases: Phrases) -> Neutral:
    """All that the bot says while a human has the conversation: that the message has arrived."""
    return Neutral(phrases("handover-human"))
