"""One chat turn without a socket: a message frame in, one answer or a stream of events out."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio
from msgspec import UNSET

from museod.access.principal import Principal, Role
from museod.chat.engine import Emit, Engine, nobody_listens
from museod.chat.failures import error_frame, invalid_frame
from museod.chat.messages import (
    ErrorFrame,
    FrameInvalid,
    MessageFrame,
    ResponseFrame,
    ServerFrame,
    encode_frame,
    parse_frame,
)
from museod.chat.phrases import FALLBACK, phrases_for
from museod.chat.session import Admit, CallerFor, admit_all, seconds_to_wait, with_guest_token
from museod.errors import CODES, CallError, Forbidden, Kind, RateLimited
from museod.observe.context import new_correlation_id

FORBIDDEN = 403
# Progress that waits for a slow reader; an answer has a handful of stages, more is worth nothing to anybody.
MAX_WAITING_FRAMES = 32


@dataclass(frozen=True, slots=True)
class Exchange:
    """The answer to one POST: `body` is a frame; `retry_after` is for the header of that name, in seconds."""

    status: int
    body: bytes
    retry_after: int | None = None


async def answer_once(
    data: bytes,
    engine: Engine,
    caller_for: CallerFor,
    *,
    admit: Admit = admit_all,
    guest_token: str | None = None,
) -> Exchange:
    """
    Answer the message frame in `data`, whose size was bounded by whoever read it.

    Cancellation: as `Engine.answer`.
    """
    frame, caller = await _answered(data, engine, caller_for, admit, nobody_listens)
    if isinstance(frame, ResponseFrame):
        frame = frame if guest_token is None else with_guest_token(frame, guest_token)
        return Exchange(200, encode_frame(frame))
    retry_ms = frame.retry_after_ms
    return Exchange(
        _status(frame, caller),
        encode_frame(frame),
        None if retry_ms is UNSET else max(1, math.ceil(retry_ms / 1000)),
    )


async def stream_once(
    data: bytes,
    engine: Engine,
    caller_for: CallerFor,
    send: Callable[[str, bytes], Awaitable[None]],
    *,
    admit: Admit = admit_all,
    guest_token: str | None = None,
) -> None:
    """
    Answer as events: `send(frame type, frame)` for each progress, and last for the answer or error.

    A reader that is too slow misses progress, never the answer.
    """
    sender, receiver = trio.open_memory_channel[ServerFrame](MAX_WAITING_FRAMES)

    def emit(frame: ServerFrame) -> None:
        try:
            sender.send_nowait(frame)
        except trio.WouldBlock:
            return

    async def work() -> None:
        async with sender:
            frame, _ = await _answered(data, engine, caller_for, admit, emit)
            if guest_token is not None and isinstance(frame, ResponseFrame):
                frame = with_guest_token(frame, guest_token)
            await sender.send(frame)

    async with trio.open_nursery() as nursery, receiver:
        nursery.start_soon(work)
        async for frame in receiver:
            await send(_event_name(frame), encode_frame(frame))


async def _answered(
    data: bytes, engine: Engine, caller_for: CallerFor, admit: Admit, emit: Emit
) -> tuple[ResponseFrame | ErrorFrame, Principal | None]:
    correlation = new_correlation_id()
    try:
        message = parse_frame(data)
        if not isinstance(message, MessageFrame):
            raise FrameInvalid(Kind.INVALID_REQUEST, "unknown-type", {"types": "message"})
    except FrameInvalid as fault:
        return invalid_frame(fault, locale=FALLBACK, correlation_id=correlation), None
    id, phrases = message.frame_id or None, phrases_for(message.locale)
    caller = None
    try:
        caller = caller_for(message.user_id, message.client_type)
        if (wait := await seconds_to_wait(admit, caller)) is not None:
            raise RateLimited("Too many messages.", retry_after=wait)
    except Forbidden as error:
        # Known, and not allowed: the status differs from that of a stranger.
        known = caller or Principal(sub="", role=Role.CUSTOMER)
        return error_frame(error, phrases, id=id, correlation_id=correlation), known
    except CallError as error:
        return error_frame(error, phrases, id=id, correlation_id=correlation), caller
    return await engine.answer(message, caller, emit), caller


def _status(frame: ErrorFrame, caller: Principal | None) -> int:
    kind = Kind(frame.metadata.kind)
    if kind is Kind.AUTHENTICATION_ERROR and caller is not None and caller.role is not Role.GUEST:
        return FORBIDDEN
    return CODES[kind].http


def _event_name(frame: ServerFrame) -> str:
    name = frame.__struct_config__.tag
    return name if isinstance(name, str) else "event"
