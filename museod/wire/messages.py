"""JSON-RPC 2.0 messages as MCP restricts them: no batches, no null ids, params are objects."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

JsonId = int | str

# JSON-RPC and MCP error numbers that the wire itself gives out (spec 2026-07-28, "Error codes").
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
HEADER_MISMATCH = -32020
MISSING_CLIENT_CAPABILITY = -32021
UNSUPPORTED_PROTOCOL_VERSION = -32022


class ErrorObject(Struct, frozen=True):
    """The `error` member of a response."""

    code: int
    message: str
    data: Raw | UnsetType = UNSET

    def payload(self) -> Any:
        """`data` decoded, or None."""
        return None if self.data is UNSET else msgspec.json.decode(self.data)


class Request(Struct, frozen=True):
    """A call that wants an answer. `params` is a JSON object, or empty bytes when absent."""

    id: JsonId
    method: str
    params: Raw


class Notification(Struct, frozen=True):
    """A message that wants no answer."""

    method: str
    params: Raw


class Response(Struct, frozen=True):
    """An answer to one of our requests: exactly one of `result` and `error` is set."""

    id: JsonId | None
    result: Raw | None = None
    error: ErrorObject | None = None


Message = Request | Notification | Response


class Malformed(Exception):
    """
    What came is no message; the answer is an error response with this `code` and `message`.

    `id` is the request's id where it could be read, else None. `is_response`: it was meant as an answer to
    us, so that `id` is one of ours and answering it would hit a request of theirs.
    """

    def __init__(
        self, code: int, message: str, id: JsonId | None = None, *, is_response: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.id = id
        self.is_response = is_response
