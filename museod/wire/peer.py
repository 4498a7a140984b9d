"""
The JSON-RPC machine of one connection: ids, what we wait for, what they wait for.

Sans I/O: bytes of whole messages in, events out; calls out, bytes back. One `Peer` stands on each side of a
connection, and two of them can be driven against each other in a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from msgspec import Raw, Struct

from museod.errors import LocalProtocolError
from museod.wire import codec
from museod.wire.messages import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    ErrorObject,
    JsonId,
    Malformed,
    Notification,
    Request,
    Response,
)

Context = TypeVar("Context")

# One connection's unanswered calls; far above what any client or child was seen to hold.
MAX_PENDING = 4096


class Answered(Struct, Generic[Context]):
    """One of our requests was answered; exactly one of `result` and `error` is set."""

    context: Context
    result: Raw | None
    error: ErrorObject | None


class Refused(Struct):
    """What came is answered with an error at once: `reply` is the encoded message."""

    reply: bytes
    code: int


class Stray(Struct):
    """A response to nothing we asked (or stopped asking); it is dropped and counted."""

    id: JsonId | None


Event = Answered[Context] | Request | Notification | Refused | Stray


@dataclass(slots=True)
class Peer(Generic[Context]):
    """
    One side of a JSON-RPC connection.

    Args:
        strict: refuse duplicate keys and deep nesting in what comes (see `codec.decode_message`).
        max_pending: how many of our requests, and how many of theirs, may be unanswered at once.
    """

    strict: bool = True
    max_pending: int = MAX_PENDING
    _next_id: int = 1
    _ours: dict[JsonId, Context] = field(default_factory=dict)
    _theirs: set[JsonId] = field(default_factory=set)

    def request(self, method: str, params: bytes, context: Context) -> tuple[int, bytes]:
        """
        Begin a call: its id and the message to send. `context` comes back in its `Answered`.

        Raises:
            LocalProtocolError: `max_pending` calls are unanswered already.
        """
        if len(self._ours) >= self.max_pending:
            raise LocalProtocolError(f"{self.max_pending} calls are unanswered on this connection.")
        id = self._next_id
        self._next_id += 1
        self._ours[id] = context
        return id, codec.encode_request(id, method, params)

    def forget(self, id: JsonId) -> bool:
        """Stop waiting for `id`; its late answer will be `Stray`. Whether it was still waited for."""
        return self._ours.pop(id, None) is not None

    def receive(self, data: bytes) -> Event[Context]:
        """What one whole message means. Never raises on what the other side sends."""
        try:
            message = codec.decode_message(data, strict=self.strict)
        except Malformed as error:
            if error.is_response:
                return self._garbled(error)
            return Refused(codec.encode_error(error.id, error.code, error.message), error.code)
        if isinstance(message, Response):
            return self._answered(message)
        if isinstance(message, Request):
            return self._admitted(message)
        return message

    def _answered(self, response: Response) -> Event[Context]:
        if response.id is None or response.id not in self._ours:
            return Stray(response.id)
        return Answered(self._ours.pop(response.id), response.result, response.error)

    def _garbled(self, error: Malformed) -> Event[Context]:
        # Never answered: the id is one of ours, and may be one of theirs too.
        text = f"The answer is no JSON-RPC response: {error.message}"
        return self._answered(Response(error.id, error=ErrorObject(INTERNAL_ERROR, text)))

    def _admitted(self, request: Request) -> Event[Context]:
        # 1 and 1.0 and True are equal in Python, but the codec lets only int and str through.
        if request.id in self._theirs:
            text = "This id is in use by an unanswered request; use a new one for each request."
            return Refused(codec.encode_error(request.id, INVALID_REQUEST, text), INVALID_REQUEST)
        if len(self._theirs) >= self.max_pending:
            text = f"Over {self.max_pending} unanswered requests on this connection; wait for answers."
            return Refused(codec.encode_error(request.id, INVALID_REQUEST, text), INVALID_REQUEST)
        self._theirs.add(request.id)
        return request

    def result(self, id: JsonId, result: bytes) -> bytes | None:
        """The answer to their request, or None if it was dropped meanwhile and nothing may be sent."""
        return codec.encode_result(id, result) if self._settle(id) else None

    def error(self, id: JsonId, code: int, message: str, data: object = None) -> bytes | None:
        """The failed answer to their request, or None if it was dropped meanwhile."""
        return codec.encode_error(id, code, message, data) if self._settle(id) else None

    def drop(self, id: JsonId) -> bool:
        """They cancelled `id`: nothing more may be sent for it. Whether it was unanswered."""
        return self._settle(id)

    def _settle(self, id: JsonId) -> bool:
        if id not in self._theirs:
            return False
        self._theirs.remove(id)
        return True

    def close(self) -> list[Context]:
        """The connection is gone: the contexts of all calls that will never be answered."""
        lost = list(self._ours.values())
        self._ours.clear()
        self._theirs.clear()
        return lost

    @property
    def waiting(self) -> int:
        """How many of our calls are unanswered."""
        return len(self._ours)

    @property
    def serving(self) -> int:
        """How many of their requests are unanswered."""
        return len(self._theirs)
