"""One chat socket: frames in, answers out, in the order in which each person asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec
import trio
from msgspec import UNSET

from museod.access.principal import Principal, Role
from museod.chat.engine import Engine, nobody_listens
from museod.chat.failures import Failed, error_frame, invalid_frame
from museod.chat.messages import (
    CancelFrame,
    ErrorFrame,
    EventFrame,
    FeedbackFrame,
    FrameInvalid,
    HandoverFrame,
    MessageFrame,
    PingFrame,
    PongFrame,
    ResponseFrame,
    ServerFrame,
    encode_frame,
    parse_frame,
)
from museod.chat.phrases import FALLBACK, phrases_for
from museod.chat.presence import MAX_PEOPLE_PER_SOCKET
from museod.errors import CallError, ChannelError, Kind, RateLimited, StoreError
from museod.observe import metrics
from museod.observe.context import new_correlation_id
from museod.observe.logs import get_logger
from museod.transports.channel import MessageChannel

log = get_logger()

QUEUE_SECONDS = 60.0  # two whole turns; who has waited that long for an earlier message is told to come back
POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1
GOING_AWAY = 1001


class ChatChannel(MessageChannel, Protocol):
    """A message channel that can say why it closes."""

    async def close(self, code: int, reason: str) -> None:
        """Close with a WebSocket close code; never waits long."""


CallerFor = Callable[[str, str], Principal]
"""(a frame's userId, its client type) → whom it speaks for; raises CallError. See `speaker.acting_caller`."""

Admit = Callable[[Principal], Awaitable[float | None]]
"""None, or the seconds after which this caller may send again."""


async def admit_all(_caller: Principal) -> float | None:
    """The admission of a daemon without rate limits."""
    return None


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """
    What one socket may do; 0 lifts a count.

    `in_flight` bounds the tasks of a socket, `invalid_per_minute` the patience with one that talks nonsense.
    """

    in_flight: int = 64
    invalid_per_minute: int = 20


class ChatSession:
    """
    Serves one socket until it ends.

    Args:
        channel: carries frames; it has bounded their size.
        engine: answers messages.
        caller_for: whom a frame speaks for.
        admit: the rate limit of a caller.
        streams: progress frames for every message, not only for those that ask.
        guest_token: told once, with the first answer, so that a guest can come back as the same person.
        principal: whose socket it is; a human of the shop hands over in this name.
    """

    def __init__(
        self,
        channel: ChatChannel,
        engine: Engine,
        caller_for: CallerFor,
        *,
        admit: Admit = admit_all,
        limits: SessionLimits = SessionLimits(),
        streams: bool = False,
        guest_token: str | None = None,
        principal: Principal | None = None,
    ) -> None:
        self._channel = channel
        self._engine = engine
        self._caller_for = caller_for
        self._admit = admit
        self._limits = limits
        self._streams = streams
        self._guest_token = guest_token
        self._principal = principal
        self._people: dict[str, None] = {}
        self._locale = FALLBACK
        self._invalid: deque[float] = deque(maxlen=limits.invalid_per_minute + 1)
        self._tails: dict[str, trio.Event] = {}
        self._running: dict[str, list[trio.CancelScope]] = {}
        self._in_flight = 0
        self._retry_after: float | None = None
        self._is_closing = False
        self._nursery: trio.Nursery | None = None

    @property
    def in_flight(self) -> int:
        """Messages that are being answered or wait for their turn."""
        return self._in_flight

    async def run(self) -> None:
        """Serve frames until the channel ends; whatever is in flight then is cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                await self._receive()
                nursery.cancel_scope.cancel()
        finally:
            self._nursery = None
            for user in self._people:
                self._engine.presence.leave(user, self)
            self._people.clear()

    async def _receive(self) -> None:
        try:
            while True:
                for data in await self._channel.receive():
                    await self._serve(data)
                await self._channel.wait_drained()
        except ChannelError:
            return

    def drain(self, retry_after: float) -> None:
        """Take no more messages; close when those in flight are answered. Others are told to come back."""
        self._retry_after = retry_after
        self._close_if_drained()

    def tell(self, event: EventFrame) -> None:
        """Send something that nobody asked for."""
        self._post(event)

    # ---- frames

    async def _serve(self, data: bytes) -> None:
        try:
            frame = parse_frame(data)
        except FrameInvalid as fault:
            await self._refuse(fault)
            return
        match frame:
            case MessageFrame():
                self._begin(frame)
            case CancelFrame(id):
                # Unknown ids are normal: the answer may have left before the wish to stop arrived.
                for scope in self._running.get(id, ()):
                    scope.cancel()
            case PingFrame():
                self._post(PongFrame())
            case FeedbackFrame():
                metrics.intent_feedback_total.labels(str(frame.correct).lower()).inc()
                log.info("feedback_received", message_id=frame.id, correct=frame.correct, intent=frame.intent)
            case HandoverFrame():
                self._begin_handover(frame)

    async def _refuse(self, fault: FrameInvalid) -> None:
        correlation = new_correlation_id()
        log.info("frame_refused", fault=fault.fault, correlation_id=correlation)
        self._post(invalid_frame(fault, locale=self._locale, correlation_id=correlation))
        now, most = trio.current_time(), self._limits.invalid_per_minute
        self._invalid.append(now)
        if most and len(self._invalid) > most and now - self._invalid[0] <= 60:
            metrics.rate_limited_total.labels("invalid_frames").inc()
            await self._channel.close(POLICY_VIOLATION, "too many invalid frames")

    def _begin(self, message: MessageFrame) -> None:
        assert self._nursery is not None  # noqa: S101 - frames are served inside `run` only
        self._locale = message.locale
        id = message.frame_id or None
        if self._retry_after is not None:
            self._post_error(
                Failed(Kind.MCP_NOT_AVAILABLE, "error-draining", retry_after=self._retry_after), id
            )
            return
        if self._limits.in_flight and self._in_flight >= self._limits.in_flight:
            metrics.rate_limited_total.labels("in_flight").inc()
            self._post_error(Failed(Kind.RATE_LIMIT_ERROR, "error-too-many-waiting", retry_after=1.0), id)
            return
        try:
            caller = self._caller_for(message.user_id, message.client_type)
        except CallError as error:
            self._post_error(error, id)
            return
        self._join(caller.sub)
        before, done = self._tails.get(caller.sub), trio.Event()
        self._tails[caller.sub] = done
        self._in_flight += 1
        self._nursery.start_soon(self._answer, message, caller, before, done)

    def _join(self, user: str) -> None:
        """This socket speaks for `user`: what happens to the conversation is told here."""
        if not user or user in self._people:
            return
        if len(self._people) >= MAX_PEOPLE_PER_SOCKET:
            longest = next(iter(self._people))
            del self._people[longest]
            self._engine.presence.leave(longest, self)
        self._people[user] = None
        self._engine.presence.join(user, self, self.tell)

    def _begin_handover(self, frame: HandoverFrame) -> None:
        assert self._nursery is not None  # noqa: S101 - frames are served inside `run` only
        if self._limits.in_flight and self._in_flight >= self._limits.in_flight:
            self._post_error(Failed(Kind.RATE_LIMIT_ERROR, "error-too-many-waiting", retry_after=1.0), None)
            return
        self._in_flight += 1
        self._nursery.start_soon(self._hand_over, frame)

    async def _hand_over(self, frame: HandoverFrame) -> None:
        agent = self._principal or Principal(sub="", role=Role.GUEST)
        try:
            self._join(agent.sub)
            self._post(await self._engine.desk.handle(frame, agent))
        except CallError as error:
            self._post_error(error, None)
        finally:
            self._in_flight -= 1
            self._close_if_drained()

    # ---- answering

    async def _answer(
        self, message: MessageFrame, caller: Principal, before: trio.Event | None, done: trio.Event
    ) -> None:
        scope = trio.CancelScope()
        id = message.frame_id
        if id:
            self._running.setdefault(id, []).append(scope)
        try:
            with scope:
                self._post(await self._answered(message, caller, before))
            if scope.cancelled_caught:
                self._post_error(Failed(Kind.INVALID_REQUEST, "error-cancelled"), id or None)
        finally:
            self._in_flight -= 1
            done.set()
            if self._tails.get(caller.sub) is done:
                del self._tails[caller.sub]
            if id:
                self._running[id].remove(scope)
                if not self._running[id]:
                    del self._running[id]
            self._close_if_drained()

    async def _answered(
        self, message: MessageFrame, caller: Principal, before: trio.Event | None
    ) -> ResponseFrame | ErrorFrame:
        id = message.frame_id or None
        wait = await seconds_to_wait(self._admit, caller)
        if wait is not None:
            return self._error(RateLimited("Too many messages.", retry_after=wait), id)
        if before is not None:
            with trio.move_on_after(QUEUE_SECONDS):
                await before.wait()
            if not before.is_set():
                return self._error(Failed(Kind.RATE_LIMIT_ERROR, "error-busy", retry_after=2.0), id)
        emit = self._post if self._streams or message.stream else nobody_listens
        frame = await self._engine.answer(message, caller, emit)
        if self._guest_token is not None and isinstance(frame, ResponseFrame):
            frame = with_guest_token(frame, self._guest_token)
            self._guest_token = None
        return frame

    # ---- sending

    def _error(self, error: CallError, id: str | None) -> ErrorFrame:
        return error_frame(error, phrases_for(self._locale), id=id, correlation_id=new_correlation_id())

    def _post_error(self, error: CallError, id: str | None) -> None:
        self._post(self._error(error, id))

    def _post(self, frame: ServerFrame) -> None:
        try:
            self._channel.post(encode_frame(frame))
        except ChannelError:
            if self._nursery is not None:
                self._nursery.cancel_scope.cancel()

    def _close_if_drained(self) -> None:
        is_done = self._retry_after is not None and not self._in_flight
        if is_done and not self._is_closing and self._nursery is not None:
            self._is_closing = True
            self._nursery.start_soon(self._channel.close, GOING_AWAY, "restarting")


async def seconds_to_wait(admit: Admit, caller: Principal) -> float | None:
    """None if `caller` may send now; a limit that cannot be asked limits nobody."""
    try:
        wait = await admit(caller)
    except StoreError as error:
        log.warning("limit_unknown", error=str(error))
        return None
    if wait is not None:
        metrics.rate_limited_total.labels("user").inc()
    return wait


def with_guest_token(frame: ResponseFrame, token: str) -> ResponseFrame:
    """The same answer, with the token that makes the guest known next time."""
    metadata = frame.metadata
    if metadata.guest_token is not UNSET:
        return frame
    return msgspec.structs.replace(frame, metadata=msgspec.structs.replace(metadata, guest_token=token))
