"""
Messages to awaited calls and back: one JSON-RPC connection on Trio, either side of it.

`RpcConnection` joins a `wire.Peer` to a `MessageChannel`. It owns the deadlines of its calls and the tasks
of the requests it serves. It must not know what any method means.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
import outcome
import trio
from msgspec import Raw, Struct

from museod.errors import (
    CallError,
    CallTimeout,
    ChannelBroken,
    ChannelClosed,
    ChannelError,
    LocalProtocolError,
    RpcFailed,
)
from museod.observe.context import correlation_id
from museod.observe.logs import get_logger
from museod.transports.channel import MessageChannel
from museod.wire import codec
from museod.wire.faults import rpc_error
from museod.wire.messages import INTERNAL_ERROR, JsonId, Malformed, Notification, Request
from museod.wire.peer import Answered, Peer, Refused, Stray

log = get_logger()

Serve = Callable[[Request], Awaitable[bytes]]
OnNotification = Callable[[Notification], None]

CANCELLED = "notifications/cancelled"
# Deadlines are judged by one sweep, not by a scope per call, which would double the cost of a call.
# A tenth of a second is a tenth of the shortest deadline anybody sets.
SWEEP_SECONDS = 0.1
# Answers above this wait until the other side has read what is queued; below it, a full house of them (64)
# stays within the smallest outbox (1 MiB).
LARGE_BYTES = 8 * 1024
# How many workers wait for further requests: most clients send one at a time, and an idle connection pays
# about 3 KiB for each.
MAX_RESTING = 1
# initialize may not be cancelled (spec 2025-11-25, "Cancellation").
_NEVER_CANCELLED = frozenset({"initialize"})


class _CancelledParams(Struct):
    request_id: int | str = msgspec.field(name="requestId")


_decode_cancelled = msgspec.json.Decoder(_CancelledParams).decode


class _Call:
    """A caller parked until its answer comes."""

    __slots__ = ("deadline", "id", "method", "task", "timeout")

    def __init__(self, task: trio.lowlevel.Task, method: str, deadline: float, timeout: float) -> None:
        self.task = task
        self.method = method
        self.deadline = deadline
        self.timeout = timeout
        self.id: JsonId = 0


class _Served:
    """A request of theirs that is being served."""

    __slots__ = ("is_cancelled", "request", "scope")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.scope: trio.CancelScope | None = None  # while there is something to cancel
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True
        if self.scope is not None:
            self.scope.cancel()


class RpcConnection:
    """
    One connection: calls go out, requests come in, each answered once.

    Args:
        channel: carries the messages; closed by whoever opened it, not by us.
        serve: answers one request with an encoded result object. A `CallError` it raises becomes a JSON-RPC
            error, anything else an internal error that is logged. None: every request is refused.
        on_notification: called for each notification but `notifications/cancelled`, in order, and must not
            block.
        strict: see `codec.decode_message`.
        max_concurrent: how many requests are served at once; further ones wait their turn.
        max_pending: how many requests may be unanswered in each direction.
        on_request: told of each request in the order in which they came, before any of them is served.
        takes_batches: whether a batch is taken apart now; its requests are answered one by one.
        finish_seconds: when the other side has said all it had to say, how long its requests may still be
            worked on and answered.
    """

    def __init__(
        self,
        channel: MessageChannel,
        *,
        serve: Serve | None = None,
        on_notification: OnNotification | None = None,
        strict: bool = True,
        max_concurrent: int = 64,
        max_pending: int = 4096,
        on_request: Callable[[Request], None] = lambda _: None,
        takes_batches: Callable[[], bool] = lambda: False,
        finish_seconds: float = 0.0,
    ) -> None:
        self._channel = channel
        self._serve = serve
        self._on_notification = on_notification
        self._on_request = on_request
        self._takes_batches = takes_batches
        self._finish_seconds = finish_seconds
        self._peer: Peer[_Call] = Peer(strict=strict, max_pending=max_pending)
        self._max_concurrent = max_concurrent
        self._calls: dict[JsonId, _Call] = {}
        self._serving: dict[JsonId, _Served] = {}
        self._resting: list[trio.lowlevel.Task] = []
        self._queue: deque[Request] = deque()
        self._nursery: trio.Nursery | None = None
        self._ended: ChannelError | None = None
        self._has_calls = trio.Event()
        self._is_idle: trio.Event | None = None
        self._large_answers = trio.Lock()
        self.last_received = -math.inf
        """Trio time at which the other side last said anything."""

    @property
    def in_flight(self) -> int:
        """How many of our calls wait for their answer."""
        return len(self._calls)

    @property
    def serving(self) -> int:
        """How many of their requests are being served or wait their turn."""
        return len(self._serving) + len(self._queue)

    async def wait_idle(self) -> None:
        """Return when every request that came has been answered."""
        while self.serving:
            if self._is_idle is None:
                self._is_idle = trio.Event()
            await self._is_idle.wait()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """
        Serve until the channel ends; returns when the other side ended in good order.

        On the way out every unanswered call fails with the channel's error and every request that is being
        served is cancelled.

        Raises:
            ChannelBroken: the other side broke the channel.
        """
        ended: ChannelError = ChannelClosed("The connection is over.")
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self._sweep)
                task_status.started()
                ended = await self._receive()
                if isinstance(ended, ChannelClosed) and self._finish_seconds:
                    with trio.move_on_after(self._finish_seconds):
                        await self.wait_idle()
                nursery.cancel_scope.cancel()
        finally:
            self._nursery = None
            self._end(ended)
        if isinstance(ended, ChannelBroken):
            raise ended

    async def _receive(self) -> ChannelError:
        while True:
            try:
                messages = await self._channel.receive()
            except ChannelError as error:
                return error
            self.last_received = trio.current_time()
            for message in messages:
                self._dispatch(message)

    def _end(self, error: ChannelError) -> None:
        self._ended = error
        for call in self._peer.close():
            trio.lowlevel.reschedule(call.task, outcome.Error(type(error)(str(error))))
        self._calls.clear()
        self._queue.clear()

    # ------------------------------------------------------------------ calls that we make

    async def call(self, method: str, params: bytes, *, timeout: float) -> Raw:
        """
        Send one request and return its result's bytes.

        Args:
            params: an encoded JSON object, or empty.
            timeout: seconds for the other side's work.

        Raises:
            RpcFailed: it answered with an error.
            CallTimeout: it did not answer in time; it was told to stop.
            ChannelClosed, ChannelBroken: the connection ended first, or had ended before.

        Cancellation:
            The other side is told to stop and its late answer is dropped.
        """
        if self._ended is not None:
            raise type(self._ended)(str(self._ended))
        call = _Call(trio.lowlevel.current_task(), method, trio.current_time() + timeout, timeout)
        try:
            call.id, message = self._peer.request(method, params, call)
        except LocalProtocolError as error:
            raise ChannelBroken(str(error)) from None
        try:
            self._channel.post(message)
        except ChannelError:
            self._peer.forget(call.id)
            raise
        self._calls[call.id] = call
        self._has_calls.set()

        def abort(_: object) -> trio.lowlevel.Abort:
            self._abandon(call, "The caller no longer wants the answer.")
            return trio.lowlevel.Abort.SUCCEEDED

        result: Raw = await trio.lowlevel.wait_task_rescheduled(abort)
        return result

    def _abandon(self, call: _Call, reason: str) -> None:
        self._calls.pop(call.id, None)
        if self._peer.forget(call.id) and call.method not in _NEVER_CANCELLED:
            params = codec.encode({"requestId": call.id, "reason": reason})
            self._post(codec.encode_notification(CANCELLED, params))

    async def _sweep(self) -> None:
        """Fail the calls whose deadline has passed; sleeps for good while there are none."""
        while True:
            if not self._calls:
                self._has_calls = trio.Event()
                await self._has_calls.wait()
            await trio.sleep(SWEEP_SECONDS)
            now = trio.current_time()
            for call in [call for call in self._calls.values() if call.deadline <= now]:
                self._abandon(call, "The call's deadline has passed.")
                error = CallTimeout(f"No answer within {call.timeout:g} s; try again later.")
                trio.lowlevel.reschedule(call.task, outcome.Error(error))

    def notify(self, method: str, params: bytes) -> None:
        """
        Send one notification.

        Raises:
            ChannelError: nothing can be sent any more.
        """
        self._channel.post(codec.encode_notification(method, params))

    # ------------------------------------------------------------------ what comes

    def _dispatch(self, data: bytes) -> None:
        if self._takes_batches() and data.lstrip()[:1] == b"[":
            for part in codec.split_batch(data) or [data]:
                self._take(part)
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        event = self._peer.receive(data)
        if isinstance(event, Answered):
            self._answered(event)
        elif isinstance(event, Request):
            self._requested(event)
        elif isinstance(event, Notification):
            if event.method == CANCELLED:
                self._cancelled(event)
            elif self._on_notification is not None:
                self._notify_us(event, self._on_notification)
        elif isinstance(event, Refused):
            self._post(event.reply)
        elif isinstance(event, Stray):
            log.debug("stray_response_dropped", id=event.id)

    def _notify_us(self, notification: Notification, tell: OnNotification) -> None:
        try:
            tell(notification)
        except Exception:  # the border of one message: nothing answers it, so only the log can tell
            log.exception("notification_failed", method=notification.method[:100])

    def _answered(self, event: Answered[_Call]) -> None:
        call = event.context
        del self._calls[call.id]
        if event.error is None:
            trio.lowlevel.reschedule(call.task, outcome.Value(event.result))
        else:
            failed = RpcFailed(event.error.code, event.error.message, event.error.payload())
            trio.lowlevel.reschedule(call.task, outcome.Error(failed))

    def _requested(self, request: Request) -> None:
        self._on_request(request)
        if len(self._serving) < self._max_concurrent:
            self._start(request)
        else:
            self._queue.append(request)

    def _start(self, request: Request) -> None:
        served = self._serving[request.id] = _Served(request)
        if self._resting:
            trio.lowlevel.reschedule(self._resting.pop(), outcome.Value(served))
        else:
            assert self._nursery is not None  # noqa: S101 - _dispatch runs inside run()
            self._nursery.start_soon(self._work, served)

    async def _work(self, served: _Served | None) -> None:
        """Answer one request after another, until one is cancelled or enough other workers rest."""
        # A task and a scope for each request would be a seventh of the cost of a call.
        with trio.CancelScope() as scope:
            while served is not None:
                await self._answer(served, scope)
                served = await self._rest()

    async def _rest(self) -> _Served | None:
        """Sleep until there is another request; None when there is no need to wait for it."""
        if len(self._resting) >= MAX_RESTING:
            return None
        task = trio.lowlevel.current_task()
        self._resting.append(task)

        def abort(_: object) -> trio.lowlevel.Abort:
            self._resting.remove(task)
            return trio.lowlevel.Abort.SUCCEEDED

        served: _Served = await trio.lowlevel.wait_task_rescheduled(abort)
        return served

    async def _answer(self, served: _Served, scope: trio.CancelScope) -> None:
        request = served.request
        reply: bytes | None = None
        try:
            if not served.is_cancelled:
                served.scope = scope
                settle = await self._outcome_of(request)
                served.scope = None  # settled: whoever cancels from now on comes too late
                # Once cancelled, the id may be that of their next request, which this is no answer to.
                reply = None if scope.cancel_called else settle()
            if reply is not None:
                await self._send_answer(reply)
        finally:
            # Only now: an answer that waits for its reader holds its place among those that are served.
            if self._serving.get(request.id) is served:
                del self._serving[request.id]
            if self._queue:
                self._start(self._queue.popleft())
            elif self._is_idle is not None and not self._serving:
                self._is_idle.set()
                self._is_idle = None

    async def _send_answer(self, reply: bytes) -> None:
        if len(reply) <= LARGE_BYTES:
            self._post(reply)
            return
        async with self._large_answers:
            await self._channel.wait_drained()
            self._post(reply)

    async def _outcome_of(self, request: Request) -> Callable[[], bytes | None]:
        """Serve it; what is returned makes the answer."""
        try:
            if self._serve is None:
                return partial(self._peer.error, request.id, -32601, "This side answers no requests.")
            return partial(self._peer.result, request.id, await self._serve(request))
        except Malformed as error:
            return partial(self._peer.error, request.id, error.code, error.message)
        except CallError as error:
            return partial(self._peer.error, request.id, *rpc_error(error))
        except Exception:  # the border of one request
            log.exception("request_failed", method=request.method[:100])
            text = "Something failed here; the log has it under the correlation id."
            data = {"kind": "internal_error", "correlationId": correlation_id.get()}
            return partial(self._peer.error, request.id, INTERNAL_ERROR, text, data)

    def _cancelled(self, notification: Notification) -> None:
        id = cancelled_id(notification)
        if id is None:
            return
        self._peer.drop(id)
        served = self._serving.get(id)
        if served is not None:
            served.cancel()
            return
        self._queue = deque(request for request in self._queue if request.id != id)

    def _post(self, message: bytes) -> None:
        try:
            self._channel.post(message)
        except ChannelError:
            log.debug("message_not_sent", size=len(message))  # receive() reports the end of the channel


def cancelled_id(notification: Notification) -> JsonId | None:
    """Which request a `notifications/cancelled` means; None for a malformed one, which the spec ignores."""
    try:
        return _decode_cancelled(notification.params or b"{}").request_id
    except msgspec.DecodeError:
        return None
