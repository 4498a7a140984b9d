"""
The exception tree, and the one table that says how each kind of error crosses a border.

An error says whose fault it is. A foreign exception is translated once, in the module that imports its
library. Everything that may reach a caller is a `CallError`: it carries a kind, a text that names the
remedy, and never a path, a secret or a traceback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class Kind(StrEnum):
    """What went wrong, in the same word on every face."""

    PARSE_ERROR = "parse_error"
    INVALID_REQUEST = "invalid_request"
    METHOD_NOT_FOUND = "method_not_found"
    INVALID_PARAMS = "invalid_params"
    INTERNAL_ERROR = "internal_error"
    MCP_NOT_AVAILABLE = "mcp_not_available"
    API_ERROR = "api_error"
    AUTHENTICATION_ERROR = "authentication_error"
    RATE_LIMIT_ERROR = "rate_limit_error"


@dataclass(frozen=True, slots=True)
class Codes:
    """The numbers of one kind: `chat` in chat frames, `http` as status, `mcp` in JSON-RPC errors."""

    chat: int
    http: int
    mcp: int


# MCP 2026-07-28 reserves -32000..-32019 and forbids -32002, hence -31000.. on the MCP faces.
CODES: Mapping[Kind, Codes] = {
    Kind.PARSE_ERROR: Codes(-32700, 400, -32700),
    Kind.INVALID_REQUEST: Codes(-32600, 400, -32600),
    Kind.METHOD_NOT_FOUND: Codes(-32601, 404, -32601),
    Kind.INVALID_PARAMS: Codes(-32602, 400, -32602),
    Kind.INTERNAL_ERROR: Codes(-32603, 500, -32603),
    Kind.MCP_NOT_AVAILABLE: Codes(-32000, 503, -31000),
    Kind.API_ERROR: Codes(-32001, 502, -31001),
    Kind.AUTHENTICATION_ERROR: Codes(-32002, 401, -31002),
    Kind.RATE_LIMIT_ERROR: Codes(-32003, 429, -31003),
}


class MuseodError(Exception):
    """Root of everything that museod raises itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a configuration: where it stands, what is wrong, what to do."""

    source: str
    key: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.source}: {self.key}: {self.remedy}"


class ConfigError(MuseodError):
    """The configuration cannot be used; holds every fault found, not only the first. Exit code 78."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class ProtocolError(MuseodError):
    """A rule of a protocol was broken."""


class LocalProtocolError(ProtocolError):
    """We broke it: a bug in museod."""


class RemoteProtocolError(ProtocolError):
    """They broke it: answered, and the connection closed only if framing is lost."""


class MessageTooLarge(RemoteProtocolError):
    """One message is over the ceiling, by its announced length or by the bytes that came."""


class ChannelError(MuseodError):
    """A message channel carries nothing any more."""


class ChannelClosed(ChannelError):
    """We closed it, or it ended in good order."""


class ChannelBroken(ChannelError):
    """The other side or the network broke it."""


class CallError(MuseodError):
    """
    A failed call whose text may be shown to the caller.

    Args:
        message: what happened and what to do about it, in one or two sentences.
        retry_after: seconds after which the same call makes sense again, if known.
        data: more for programs; JSON-encodable; shown to the caller as it is.
    """

    kind: ClassVar[Kind] = Kind.INTERNAL_ERROR
    retryable: ClassVar[bool] = False

    def __init__(
        self, message: str, *, retry_after: float | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.data = dict(data or {})

    @property
    def codes(self) -> Codes:
        """The numbers under which this error crosses each border."""
        return CODES[self.kind]

    @property
    def retry_after_ms(self) -> int | None:
        """Whole milliseconds for `retryAfterMs`, at least 1 when known."""
        return None if self.retry_after is None else max(1, round(self.retry_after * 1000))


class InternalError(CallError):
    """Something of ours failed; the log has the details under the correlation id."""


class ParseFailed(CallError):
    """What came is no JSON."""

    kind = Kind.PARSE_ERROR


class InvalidRequest(CallError):
    """What came is JSON but no message of this protocol."""

    kind = Kind.INVALID_REQUEST


class MethodNotFound(CallError):
    """No such method on this face."""

    kind = Kind.METHOD_NOT_FOUND


class InvalidParams(CallError):
    """The method exists, its parameters do not fit."""

    kind = Kind.INVALID_PARAMS


class ToolNotFound(InvalidParams):
    """No child offers the tool, or the caller may not see it."""


class InvalidArguments(InvalidParams):
    """The tool's schema refuses the arguments; the text names the field and the remedy."""


class ChildUnavailable(CallError):
    """The child that owns the tool is down, restarting, or its breaker is open."""

    kind = Kind.MCP_NOT_AVAILABLE
    retryable = True


class ChildLost(ChildUnavailable):
    """The child died while it worked on this call: whether it took effect is unknown."""


class CallTimeout(ChildUnavailable):
    """The child did not answer before the call's deadline."""


class ApiFailed(CallError):
    """The shop's API failed behind a child."""

    kind = Kind.API_ERROR
    retryable = True


class Unauthenticated(CallError):
    """Nobody vouches for this caller."""

    kind = Kind.AUTHENTICATION_ERROR


class Forbidden(CallError):
    """The caller is known, and may not do this. HTTP 403 where `Unauthenticated` is 401."""

    kind = Kind.AUTHENTICATION_ERROR


class RateLimited(CallError):
    """Too much in too short a time; `retry_after` is always set."""

    kind = Kind.RATE_LIMIT_ERROR
    retryable = True

    def __init__(self, message: str, *, retry_after: float, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, retry_after=retry_after, data=data)


class RpcFailed(CallError):
    """
    The other side of an RPC connection answered with a JSON-RPC error.

    `code` and `data` are theirs; `message` is their text. Whoever shows it to a caller decides first
    what of it may be shown.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.payload = data


class SupervisorError(MuseodError):
    """A child cannot be run as asked."""


class SpawnFailed(SupervisorError):
    """The operating system refused to start the command."""


class ChildFailed(SupervisorError):
    """A child is given up for now: it failed too often."""


class StoreError(MuseodError):
    """A store cannot do what was asked."""


class StoreUnavailable(StoreError):
    """
    The store does not answer.

    `maybe_done` is true when the command was sent and its answer lost: it may have taken effect.
    """

    def __init__(self, message: str, *, maybe_done: bool = False) -> None:
        super().__init__(message)
        self.maybe_done = maybe_done


class LockTimeout(StoreError):
    """Somebody else held the lock for longer than we may wait."""
