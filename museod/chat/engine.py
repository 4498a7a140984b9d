"""
One chat message from its frame to its answer: lock, load, understand, act, reply, save.

One straight async function per stage. It never sees a socket, a process or a store's key; what it decides
is decided by pure functions (`plan`, `reply`), what it waits for has a deadline.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import msgspec
import trio
from msgspec import UNSET, Raw

from museod.access.principal import Principal, Role
from museod.chat import plan as plans
from museod.chat import reply as replies
from museod.chat.conversation import (
    OPEN_QUESTION_SECONDS,
    Memory,
    OpenQuestion,
    open_question,
    read_memory,
    remember,
    write_memory,
)
from museod.chat.failures import Failed, error_frame, failure_of, shown_kind
from museod.chat.messages import (
    ErrorFrame,
    MessageFrame,
    ProgressFrame,
    ResponseFrame,
    ResponseMetadata,
    ServerFrame,
    ToolUse,
    encode_frame,
)
from museod.chat.phrases import Phrases, phrases_for
from museod.chat.plan import AdminOnly, Analysis, AskProduct, Calls, NotYet, Plan, Say, ToolCall, Unsure
from museod.chat.render import render
from museod.chat.reply import Done, Neutral, Setting
from museod.errors import (
    CallError,
    CallTimeout,
    ChildLost,
    ChildUnavailable,
    InternalError,
    Kind,
    LockTimeout,
    StoreError,
    ToolNotFound,
    Unauthenticated,
)
from museod.gateway.router import Reply, Turn
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
from museod.wire import codec

log = get_logger()

Emit = Callable[[ServerFrame], None]

TURN_SECONDS = 30.0  # one tool call may take 20 (call_timeout_seconds); nobody waits longer for a chat line
LOCK_SECONDS = 10.0  # a lock left by a crashed node is free after 10
GONE_SECONDS = 5.0  # a child whose tools vanished failed several times and is tried less often
MAX_FOLLOW_UPS = 2  # search again without attributes, then look at the one product that was meant
HISTORY = 6  # messages that analyze_intent is given: three exchanges say what "and in blue?" is about
MAX_HISTORY_CHARS = 4000  # of each; the tool takes no more
WRITES = frozenset({"add_to_basket"})  # whose outcome is unknown when their child is lost

_decode_response = msgspec.json.Decoder(ResponseFrame | ErrorFrame).decode


class Tools(Protocol):
    """The part of the gateway's router that a conversation uses."""

    async def call(
        self,
        tool: str,
        arguments: bytes | Raw,
        caller: Principal,
        *,
        turn: Turn = ...,
    ) -> Reply:
        """Run one tool; raises `CallError`."""


@dataclass(slots=True)
class _Work:
    """One message on its way through the stages."""

    message: MessageFrame
    id: str
    caller: Principal
    phrases: Phrases
    emit: Emit
    turn_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    conversation_id: str = ""
    intent: str = "other"
    confidence: float = 0.0
    method: str = "none"
    entities: dict[str, Any] = field(default_factory=dict)
    tools: list[ToolUse] = field(default_factory=list)
    has_written: bool = False

    @property
    def turn(self) -> Turn:
        """What trusted children are told of this turn."""
        return Turn(self.phrases.language, self.message.client_type, self.conversation_id, self.turn_id)

    def tell(self, stage: str) -> None:
        """Show what is being done."""
        self.emit(ProgressFrame(self.id, stage, self.phrases(f"progress-{stage}")))


def nobody_listens(_frame: ServerFrame) -> None:
    """The emit of a client that did not ask for progress."""


class Engine:
    """
    Answers chat messages.

    Args:
        tools: the gateway.
        stores: conversations, locks and answers are used.
        retention_seconds: how long a conversation is kept after its last message.
        turn_seconds, lock_seconds: deadlines of a whole turn and of the waiting for the user's lock.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        tools: Tools,
        stores: base.Stores,
        *,
        retention_seconds: float = 30 * 86400.0,
        turn_seconds: float = TURN_SECONDS,
        lock_seconds: float = LOCK_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tools = tools
        self._stores = stores
        self._retention_seconds = retention_seconds
        self._turn_seconds = turn_seconds
        self._lock_seconds = lock_seconds
        self._clock = clock

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
        work = _Work(
            message, message.frame_id or str(uuid.uuid4()), caller, phrases_for(message.locale), emit
        )
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

    async def _bounded(self, work: _Work, correlation: str, started: float) -> ResponseFrame | ErrorFrame:
        if work.caller.is_anonymous:
            raise Unauthenticated("A conversation belongs to somebody.")
        try:
            with trio.move_on_after(self._turn_seconds):
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

    def _late(self, work: _Work) -> Failed:
        phrase = "error-uncertain" if work.has_written else "error-too-slow"
        return Failed(Kind.MCP_NOT_AVAILABLE, phrase, retry_after=2.0)

    async def _turn(self, work: _Work, correlation: str, started: float) -> ResponseFrame | ErrorFrame:
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
            memory = read_memory(
                {
                    "shown": conversation.context.shown,
                    "slots": conversation.context.slots,
                    "pending": conversation.context.pending,
                }
            )
            work.conversation_id = _conversation_id(message, memory)
            try:
                neutral = await self._reply(work, conversation, memory, now)
            except CallError as error:
                if work.has_written:  # whether it was done is not known: sent again it must not be done twice
                    failed = error_frame(error, work.phrases, id=work.id, correlation_id=correlation)
                    await self._keep(turn, message, failed)
                raise
            memory = remember(memory, neutral.seen, now=now)
            memory = msgspec.structs.replace(
                memory,
                conversation_id=work.conversation_id,
                offered=[said for one in neutral.suggestions for said in (one.message, one.label)],
            )
            frame = _response(work, neutral, memory, correlation, trio.current_time() - started)
            await self._save(turn, work, conversation, memory, frame, now)
            return frame

    # ---- understanding and acting

    async def _reply(self, work: _Work, conversation: Conversation, memory: Memory, now: float) -> Neutral:
        pending = open_question(memory, now=now)
        if pending is None:
            memory = msgspec.structs.replace(memory, pending=None)
        else:
            title = memory.focused.title if memory.focused is not None else ""
            call = plans.answer_open_question(
                pending, work.message.message, locale=work.phrases.language, title=title
            )
            if call is not None:
                work.intent, work.confidence, work.method = pending.intent, 1.0, "context"
                return await self._act(work, Calls([call]), memory)
        analysis = _without_asking(work, memory, pending) or await self._understand(work, conversation)
        work.intent, work.confidence, work.method = analysis.intent, analysis.confidence, analysis.method
        work.entities = analysis.entities
        metrics.intent_total.labels(analysis.method, analysis.intent).inc()
        situation = plans.Situation(
            analysis, memory, work.message.message, work.phrases.language, work.caller.role
        )
        return await self._act(work, plans.make_plan(situation), memory)

    async def _understand(self, work: _Work, conversation: Conversation) -> Analysis:
        work.tell("understanding")
        arguments = {
            "message": work.message.message,
            "locale": work.phrases.language,
            "clientType": work.message.client_type,
            "context": _history(conversation),
        }
        structured, is_error = await self._call(work, ToolCall("analyze_intent", arguments))
        if is_error:
            raise failure_of(structured)
        try:
            return plans.read_analysis(structured)
        except msgspec.ValidationError as error:
            log.error("analysis_unreadable", error=str(error))
            raise InternalError("analyze_intent answered what it must not.") from None

    async def _act(self, work: _Work, plan: Plan, memory: Memory) -> Neutral:
        setting = Setting(work.phrases, memory, work.message.message, work.intent)
        match plan:
            case Calls(calls):
                return await self._perform(work, calls, setting)
            case Say():
                return replies.say(plan, setting)
            case NotYet():
                return replies.not_yet(plan, setting, is_admin=work.caller.role is Role.ADMIN)
            case AskProduct():
                return replies.ask_product(plan, setting)
            case Unsure():
                return replies.unsure(plan, setting)
            case AdminOnly():
                raise Failed(Kind.AUTHENTICATION_ERROR, "error-admin-only")

    async def _perform(self, work: _Work, calls: Sequence[ToolCall], setting: Setting) -> Neutral:
        work.tell(_STAGES.get(calls[0].tool, "working"))
        try:
            done = await self._all_done(work, calls)
        except ToolNotFound:
            if child := plans.CORE_TOOLS.get(calls[0].tool):
                raise Failed(
                    Kind.MCP_NOT_AVAILABLE, "error-unavailable", retry_after=GONE_SECONDS, service=child
                ) from None
            instead = plans.substitute(calls[0], work.intent)
            return await self._act(work, instead or NotYet(work.intent), setting.memory)
        for _ in range(MAX_FOLLOW_UPS):
            last = done[-1]
            further = plans.follow_up(last.call, last.structured, failure=last.refusal)
            if further is None:
                break
            try:
                done = [*done, await self._done(work, further)]
            except CallError as error:
                # What there is stands on its own; the further look would only have made it richer.
                log.info("follow_up_failed", tool=further.tool, kind=shown_kind(error).value)
                break
        return replies.compose(done, setting)

    async def _all_done(self, work: _Work, calls: Sequence[ToolCall]) -> list[Done]:
        if len(calls) == 1:
            return [await self._done(work, calls[0])]
        answers: dict[int, Done | CallError] = {}

        async def run(place: int) -> None:
            try:
                answers[place] = await self._done(work, calls[place])
            except CallError as error:
                answers[place] = error

        async with trio.open_nursery() as nursery:
            for place in range(len(calls)):
                nursery.start_soon(run, place)
        done = []
        for place in range(len(calls)):
            answer = answers[place]
            if isinstance(answer, CallError):
                raise answer
            done.append(answer)
        return done

    async def _done(self, work: _Work, call: ToolCall) -> Done:
        structured, is_error = await self._call(work, call)
        if not is_error:
            return Done(call, structured)
        refusal = _refusal(structured)
        if refusal not in replies.REFUSALS:
            raise failure_of(structured)
        return Done(call, structured, refusal)

    async def _call(self, work: _Work, call: ToolCall) -> tuple[Mapping[str, Any], bool]:
        """What the tool gave as structured content, and whether it is an error."""
        is_write = call.tool in WRITES
        try:
            work.has_written |= is_write
            reply = await self._tools.call(
                call.tool, codec.encode(call.arguments), work.caller, turn=work.turn
            )
        except (ChildLost, CallTimeout) as error:
            if is_write:
                raise
            raise ChildUnavailable(error.message, retry_after=error.retry_after, data=error.data) from None
        except CallError:
            work.has_written &= not is_write  # refused before it began
            raise
        work.tools.append(ToolUse(call.tool, round(reply.seconds * 1000), reply.cached))
        try:
            result = reply.result()
        except msgspec.ValidationError as error:
            log.error("result_unreadable", tool=call.tool, mcp=reply.child, error=str(error))
            raise InternalError("A tool answered what it must not.") from None
        structured = result.structured_content
        return structured if isinstance(structured, dict) else {}, result.is_error

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
        work: _Work,
        conversation: Conversation,
        memory: Memory,
        frame: ResponseFrame,
        now: float,
    ) -> None:
        message, when = work.message, from_timestamp(now)
        intent = IntentResult(
            intent=work.intent, confidence=work.confidence, entities=work.entities, method=work.method
        )
        locale = work.phrases.language
        conversation.messages += [
            Message(role="user", content=message.message, timestamp=when, intent=intent, locale=locale),
            Message(role="assistant", content=frame.message, timestamp=when, locale=locale),
        ]
        written = write_memory(memory)
        conversation.context.shown = written["shown"]
        conversation.context.slots = written["slots"]
        conversation.context.pending = written["pending"]
        conversation.context.locale = locale
        answered = _answered(message, frame) if message.frame_id else None
        try:
            await self._stores.conversations.save(conversation, turn, answered=answered)
        except base.TurnLost:
            raise
        except StoreError as error:
            # The shop has done what the answer says; to withhold it would be the worse loss.
            log.warning("conversation_unsaved", error=str(error))


_STAGES: Mapping[str, str] = {
    "search_products": "search",
    "recommend_products": "search",
    "list_products": "search",
    "get_product_info": "product",
    "compare_products": "product",
    "answer_question": "product",
    "add_to_basket": "basket",
    "get_basket": "basket",
}


def _without_asking(work: _Work, memory: Memory, pending: OpenQuestion | None) -> Analysis | None:
    """The analysis of a message that takes a suggestion of the last reply, by its words or its number."""
    message, intent = work.message.message, ""
    if message in memory.offered:
        intent = replies.pressed(message, work.phrases)
    if not intent and pending is not None:
        intent = plans.chosen_intent(pending, message)
    return Analysis(intent, 1.0, {}, method="context") if intent else None


def _given_conversation_id(message: MessageFrame) -> str:
    return "" if message.conversation_id is UNSET else message.conversation_id


def _conversation_id(message: MessageFrame, memory: Memory) -> str:
    return _given_conversation_id(message) or memory.conversation_id or str(uuid.uuid4())


def _answered(message: MessageFrame, frame: ResponseFrame | ErrorFrame) -> base.AnsweredMessage:
    return base.AnsweredMessage(
        _given_conversation_id(message), message.frame_id, message.message, encode_frame(frame)
    )


def _history(conversation: Conversation) -> list[dict[str, str]]:
    history = []
    for said in conversation.messages[-HISTORY:]:
        one = {"role": said.role, "content": said.content[:MAX_HISTORY_CHARS]}
        if said.intent is not None:
            one["intent"] = said.intent.intent
        history.append(one)
    return history


def _refusal(structured: Mapping[str, Any]) -> str:
    """The shop's stable word for its refusal, as mcps.museo passes it on."""
    for name in ("apiCode", "reason"):
        if isinstance(word := structured.get(name), str):
            return word
    return ""


def _response(
    work: _Work, neutral: Neutral, memory: Memory, correlation: str, seconds: float
) -> ResponseFrame:
    rendered = render(neutral, work.message.client_type)
    awaiting: dict[str, Any] = {}
    if memory.pending is not None and memory.pending.kind != "more":
        until = from_timestamp(memory.pending.asked_at) + timedelta(seconds=OPEN_QUESTION_SECONDS)
        awaiting = {"kind": memory.pending.kind, "expiresAt": until.isoformat().replace("+00:00", "Z")}
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
