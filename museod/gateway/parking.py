"""
Calls of modern clients to legacy children that ask back: the call is kept open while its client is away.

The child's question becomes `input_required`; the client's retry brings the answer, and the same call goes
on to the next question or to its result. This binds the retry to this process: elsewhere, and after its
time, it is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
import outcome
import trio
from msgspec import Raw

from museod.errors import CallError, InternalError, InvalidParams, RpcFailed
from museod.observe.logs import get_logger
from museod.wire import codec
from museod.wire.messages import INTERNAL_ERROR, Request

log = get_logger()

# A person answers a form in minutes or not at all; each call that waits holds a process.
PARKED_SECONDS = 300.0
MAX_PARKED = 64
KEY = "input"
STATE_PREFIX = "parked:"

Work = Callable[[Callable[[Request], Awaitable[bytes]]], Awaitable[Raw]]
"""Runs the call; it is given what answers the child's questions."""

_decode_answers = msgspec.json.Decoder(dict[str, Raw]).decode


@dataclass(eq=False, slots=True)
class _Parked:
    id: str
    scope: trio.CancelScope
    round: int = 0
    question: Request | None = None
    answer: trio.MemorySendChannel[Raw] | None = None
    result: outcome.Outcome[Raw] | None = None
    moved: trio.Event = field(default_factory=trio.Event)

    def move(self) -> None:
        self.moved.set()
        self.moved = trio.Event()


class Parking:
    """The calls that wait for their clients."""

    def __init__(self) -> None:
        self._parked: dict[str, _Parked] = {}
        self._nursery: trio.Nursery | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Carry the calls until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                self._nursery = None

    async def start(self, work: Work) -> Raw:
        """
        Begin a call; its result, or `input_required` with a state for `resume`.

        Raises:
            CallError: the call failed, or too many are waiting.

        Cancellation:
            The call is cancelled.
        """
        if self._nursery is None or len(self._parked) >= MAX_PARKED:
            raise RpcFailed(INTERNAL_ERROR, "Too many calls wait for answers here; try again in a moment.")
        parked = _Parked(secrets.token_urlsafe(16), trio.CancelScope())
        self._parked[parked.id] = parked
        self._nursery.start_soon(self._carry, parked, work)
        return await self._next(parked)

    async def resume(self, state: str, answers: Raw | None) -> Raw:
        """
        Go on with a call; its result, or the next question. Without the answer the question is asked again.

        Raises:
            InvalidParams: the state is over, or was used before.
            CallError: the call failed.
        """
        id, _, number = state.removeprefix(STATE_PREFIX).partition(":")
        parked = self._parked.get(id)
        if parked is None or parked.question is None or number != str(parked.round):
            raise InvalidParams(
                "This requestState was used before, or its call is over; start the call again."
            )
        given = None
        if answers is not None:
            try:
                given = _decode_answers(answers).get(KEY)
            except msgspec.DecodeError:
                raise InvalidParams("inputResponses is an object of results by key.") from None
        if given is None:
            return _asked(parked)
        answer, parked.question, parked.answer = parked.answer, None, None
        if answer is not None:
            answer.send_nowait(given)
        return await self._next(parked)

    async def _carry(self, parked: _Parked, work: Work) -> None:
        async def ask(request: Request) -> bytes:
            sender, receiver = trio.open_memory_channel[Raw](1)
            parked.question, parked.answer = request, sender
            parked.round += 1
            parked.move()
            with trio.move_on_after(PARKED_SECONDS):
                return bytes(await receiver.receive())
            parked.scope.cancel()
            raise RpcFailed(INTERNAL_ERROR, "Nobody answered in time.")

        result: outcome.Outcome[Raw] = outcome.Error(RpcFailed(INTERNAL_ERROR, "The call was given up."))
        try:
            with parked.scope:
                try:
                    result = outcome.Value(await work(ask))
                except CallError as error:
                    result = outcome.Error(error)
                except Exception:  # the border of one tool: whoever resumes the call is told, nobody else
                    log.exception("parked_call_failed")
                    result = outcome.Error(InternalError("The call failed; the log has it."))
        finally:
            parked.result = result
            del self._parked[parked.id]
            parked.move()

    async def _next(self, parked: _Parked) -> Raw:
        try:
            while parked.result is None and parked.question is None:
                await parked.moved.wait()
        except trio.Cancelled:
            parked.scope.cancel()
            raise
        if parked.result is not None:
            return parked.result.unwrap()
        return _asked(parked)


def _asked(parked: _Parked) -> Raw:
    question = parked.question
    assert question is not None  # noqa: S101 - both callers have just seen it
    return Raw(
        codec.encode(
            {
                "resultType": "input_required",
                "inputRequests": {KEY: {"method": question.method, "params": question.params or Raw(b"{}")}},
                "requestState": f"{STATE_PREFIX}{parked.id}:{parked.round}",
            }
        )
    )
