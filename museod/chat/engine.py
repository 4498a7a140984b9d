"""
One chat message from its frame to its answer: lock, load, understand, act, reply, save.

One straight async function per stage. It never sees a socket, a process or a store's key; what it decides
is decided by pure functions (`plan`, `reply`), what it waits for has a deadline.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import trio
from msgspec import UNSET

from museod.access.principal import Principal
from museod.chat.acting import Acting
from museod.chat.conversation import Memory, life_of, read_memory, remember, write_memory
from museod.chat.desk import Desk, waits_for_human
from museod.chat.failures import Failed, error_frame, shown_kind
from museod.chat.handover import (
    Handover,
    State,
    Step,
    read_handover,
    settled,
    stepped,
    summary_text,
    write_handover,
)
from museod.chat.messages import (
    ErrorFrame,
    MessageFrame,
    ResponseFrame,
    ResponseMetadata,
    encode_frame,
)
from museod.chat.neutral import Neutral
from museod.chat.phrases import phrases_for
from museod.chat.presence import Presence
from museod.chat.render import render
from museod.chat.understanding import Understanding
from museod.chat.work import Emit, Tools, Work, nobody_listens
from museod.errors import CallError, InternalError, Kind, LockTimeout, StoreError, Unauthenticated
from museod.gateway.confirm import Confirmations
from museod.observe import context, metrics
from museod.observe.logs import get_logger
from museod.stores import base
from museod.stores.records import (
    Conversation,
    IntentResult,
    Message,
    from_timestamp,
    new_conversation,
)

log = get_logger()

__all__ = ["Emit", "Engine", "Tools", "nobody_listens"]

TURN_SECONDS = 30.0  # one tool call may take 20 (call_timeout_seconds); nobody waits longer for a chat line
LOCK_SECONDS = 10.0  # a lock left by a crashed node is free after 10

_decode_response = msgspec.json.Decoder(ResponseFrame | ErrorFrame).decode


class Engine:
    """
    Answers chat messages.

    Args:
        tools: the gateway.
        stores: conversations, locks and answers are used, and what waits for a yes.
        retention_seconds: how long a conversation is kept after its last message.
        currency: of an amount that names none.
        turn_seconds, lock_seconds: deadlines of a whole turn and of the waiting for the user's lock.
        clock: seconds since 1970.

    `presence` knows the open sockets, `desk` is where humans of the shop take conversations over.
    """

    def __init__(
        self,
        tools: Tools,
        stores: base.Stores,
        *,
        retention_seconds: float = 30 * 86400.0,
        currency: str = "EUR",
        turn_seconds: float = TURN_SECONDS,
        lock_seconds: float = LOCK_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._stores = stores
        self._retention_seconds = retention_seconds
        self._turn_seconds = turn_seconds
        self._lock_seconds = lock_seconds
        self._clock = clock
        self._acting = Acting(tools, Confirmations(stores.confirmations, clock=clock))
        self._understanding = Understanding(self._acting, currency=currency)
        self.presence = Presence()
        self.desk = Desk(
            stores,
            self.presence,
            retention_seconds=retention_seconds,
            lock_seconds=lock_seconds,
            clock=clock,
        )

    async def answer(
        self, message: MessageFrame, caller: Principal, emit: Emit = nobody_listens
    ) -> ResponseFrame | ErrorFrame:
        """
        Answer one message of one caller; never raises for what went wrong, but says it in the frame.

        A message that comes again within 10 minutes (same caller, conversation, id and text) gets its
        first answer again, and nothing is done twice.

        Cancellation:
            The tool call under way is cancelled and nothing is saved; what the shop has done stays done.
        """
        started = trio.current_time()
        work = Work(message, message.frame_id or str(uuid.uuid4()), caller, phrases_for(message.locale), emit)
        outcome = "cancelled"
        with context.bound(user=caller.sub or None) as correlation:
            try:
                frame = await self._bounded(work, correlation, started)
                outcome = "ok"
                return frame
            except CallError as error:
                outcome = shown_kind(error).value
                log.info("message_failed", kind=outcome, intent=work.intent, error=type(error).__name__)
                return error_frame(error, work.phrases, id=work.id, correlation_id=correlation)
            except Exception:  # the border of one chat message
                outcome = Kind.INTERNAL_ERROR.value
                log.exception("message_crashed", intent=work.intent)
                failed = InternalError("A chat message failed.")
                return error_frame(failed, work.phrases, id=work.id, correlation_id=correlation)
            finally:
                metrics.messages_total.labels(message.client_type, work.intent, outcome).inc()
                metrics.message_seconds.observe(trio.current_time() - started)

    async def _bounded(self, work: Work, correlation: str, started: float) -> ResponseFrame | ErrorFrame:
        if work.caller.is_anonymous:
            raise Unauthenticated("A conversation belongs to somebody.")
        work.scope.deadline = trio.current_time() + self._turn_seconds
        try:
            with work.scope:
                return await self._turn(work, correlation, started)
        except LockTimeout:
            raise Failed(Kind.RATE_LIMIT_ERROR, "error-busy", retry_after=2.0) from None
        except base.TurnLost:
            raise self._late(work) from None
        except StoreError as error:
            log.warning("store_failed", error=str(error))
            raise Failed(
                Kind.MCP_NOT_AVAILABLE, "error-unavailable", retry_after=2.0, service="store"
            ) from None
        raise self._late(work)

    def _late(self, work: Work) -> Failed:
        phrase = "error-uncertain" if work.has_written else "error-too-slow"
        return Failed(Kind.MCP_NOT_AVAILABLE, phrase, retry_after=2.0)

    async def _turn(self, work: Work, correlation: str, started: float) -> ResponseFrame | ErrorFrame:
        message, user = work.message, work.caller.sub
        async with self._stores.locks.open_turn(user, wait_seconds=self._lock_seconds) as turn:
            if message.frame_id and (first := await self._first_answer(turn, message)) is not None:
                return first
            now = self._clock()
            conversation = await self._stores.conversations.load(user) or new_conversation(
                user,
                now=from_timestamp(now),
                retention_seconds=self._retention_seconds,
                locale=work.phrases.language,
            )
            context_now = conversation.context
            memory = read_memory(
                {
                    "shown": context_now.shown,
                    "slots": context_now.slots,
                    "pending": context_now.pending,
                }
            )
            handover = settled(read_handover(context_now.handover), now=now)
            work.conversation_id = _conversation_id(message, memory)
            if handover.state is State.HUMAN:
                memory = msgspec.structs.replace(memory, pending=None)
                neutral = waits_for_human(work.phrases)
                work.intent, work.method = "human.handover", "human"
            else:
                work.summary = summary_text(conversation.messages, memory)
                neutral, memory = await self._answered(turn, work, conversation, memory, now, correlation)
            if any(use.name == "handover_to_human" for use in work.tools):
                handover = stepped(handover, Step.ASK, now=now)
            frame = _response(work, neutral, memory, correlation, trio.current_time() - started)
            await self._save(turn, work, conversation, memory, handover, frame, now)
            if handover.state is State.HUMAN:
                self.desk.tell_agent(handover.agent, user, message.message)
            return frame

    async def _answered(
        self,
        turn: base.Turn,
        work: Work,
        conversation: Conversation,
        memory: Memory,
        now: float,
        correlation: str,
    ) -> tuple[Neutral, Memory]:
        try:
            neutral, memory = await self._understanding.reply(work, conversation, memory, now)
            memory = remember(memory, neutral.seen, now=now)
            if memory.pending is not None and memory.pending.kind == "confirm" and not memory.pending.ticket:
                waiting = await self._acting.awaiting(work, memory.pending)
                memory = msgspec.structs.replace(memory, pending=waiting)
        except CallError as error:
            if work.has_written:  # whether it was done is not known: sent again it must not be done twice
                failed = error_frame(error, work.phrases, id=work.id, correlation_id=correlation)
                await self._keep(turn, work.message, failed)
            raise
        offered = [said for one in neutral.suggestions for said in (one.message, one.label)]
        return neutral, msgspec.structs.replace(memory, conversation_id=work.conversation_id, offered=offered)

    # ---- remembering

    async def _first_answer(
        self, turn: base.Turn, message: MessageFrame
    ) -> ResponseFrame | ErrorFrame | None:
        kept = await self._stores.answers.first(
            turn, _given_conversation_id(message), message.frame_id, message.message
        )
        return None if kept is None else _decode_response(kept)

    async def _keep(self, turn: base.Turn, message: MessageFrame, frame: ErrorFrame) -> None:
        if message.frame_id:
            await self._stores.answers.keep(turn, _answered(message, frame))

    async def _save(
        self,
        turn: base.Turn,
        work: Work,
        conversation: Conversation,
        memory: Memory,
        handover: Handover,
        frame: ResponseFrame,
        now: float,
    ) -> None:
        message, when = work.message, from_timestamp(now)
        intent = IntentResult(
            intent=work.intent, confidence=work.confidence, entities=work.entities, method=work.method
        )
        locale = work.phrases.language
        conversation.messages.append(
            Message(role="user", content=message.message, timestamp=when, intent=intent, locale=locale)
        )
        if handover.state is not State.HUMAN:  # else the bot has said nothing that belongs to the talk
            conversation.messages.append(
                Message(role="assistant", content=frame.message, timestamp=when, locale=locale)
            )
        written = write_memory(memory)
        conversation.context.shown = written["shown"]
        conversation.context.slots = written["slots"]
        conversation.context.pending = written["pending"]
        conversation.context.locale = locale
        conversation.context.handover = write_handover(handover)
        answered = _answered(message, frame) if message.frame_id else None
        try:
            await self._stores.conversations.save(conversation, turn, answered=answered)
        except base.TurnLost:
            raise
        except StoreError as error:
            # The shop has done what the answer says; to withhold it would be the worse loss.
            log.warning("conversation_unsaved", error=str(error))


def _given_conversation_id(message: MessageFrame) -> str:
    return "" if message.conversation_id is UNSET else message.conversation_id


def _conversation_id(message: MessageFrame, memory: Memory) -> str:
    return _given_conversation_id(message) or memory.conversation_id or str(uuid.uuid4())


def _answered(message: MessageFrame, frame: ResponseFrame | ErrorFrame) -> base.AnsweredMessage:
    return base.AnsweredMessage(
        _given_conversation_id(message), message.frame_id, message.message, encode_frame(frame)
    )


def _response(
    work: Work, neutral: Neutral, memory: Memory, correlation: str, seconds: float
) -> ResponseFrame:
    rendered = render(neutral, work.message.client_type)
    awaiting: dict[str, Any] = {}
    if memory.pending is not None and memory.pending.kind != "more":
        until = from_timestamp(memory.pending.asked_at) + timedelta(seconds=life_of(memory.pending))
        awaiting = {"kind": memory.pending.kind, "expiresAt": until.isoformat().replace("+00:00", "Z")}
        if memory.pending.kind == "confirm":
            awaiting["summary"] = memory.pending.summary
    return ResponseFrame(
        id=work.id,
        message=rendered.message,
        data=dict(rendered.data) or UNSET,
        suggestions=list(rendered.suggestions) or UNSET,
        metadata=ResponseMetadata(
            intent=work.intent,
            confidence=work.confidence,
            method=work.method,
            tools=work.tools,
            correlation_id=correlation,
            conversation_id=work.conversation_id,
            turn_id=work.turn_id,
            locale=work.phrases.language,
            latency_ms=round(seconds * 1000),
            awaiting=awaiting or UNSET,
        ),
    )
