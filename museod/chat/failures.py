"""From an error to the error frame a person gets: a code, a text in their language, a remedy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from museod.chat.messages import ErrorFrame, ErrorMetadata, FrameInvalid
from museod.chat.phrases import Phrases, phrases_for
from museod.errors import (
    CODES,
    CallError,
    CallTimeout,
    ChildLost,
    Forbidden,
    Kind,
    RateLimited,
)

# Where nobody knows better: a child restarts within a second, an overloaded shop recovers in a few.
DEFAULT_RETRY_SECONDS = 2.0


def error_frame(error: CallError, phrases: Phrases, *, id: str | None, correlation_id: str) -> ErrorFrame:
    """
    The frame for a failed call.

    The error's own text is not shown: it is in English and was written for programs and logs.
    """
    kind = shown_kind(error)
    retry_ms = error.retry_after_ms
    if retry_ms is None and kind in (Kind.MCP_NOT_AVAILABLE, Kind.RATE_LIMIT_ERROR):
        retry_ms = round(DEFAULT_RETRY_SECONDS * 1000)
    seconds = math.ceil((retry_ms or 0) / 1000)
    return ErrorFrame(
        id=id,
        code=CODES[kind].chat,
        message=_text(error, kind, phrases, seconds, correlation_id),
        metadata=ErrorMetadata(kind=kind.value, correlation_id=correlation_id),
        retry_after_ms=UNSET if retry_ms is None else retry_ms,
    )


def invalid_frame(fault: FrameInvalid, *, locale: str, correlation_id: str) -> ErrorFrame:
    """The frame for something that was none; `locale` serves where the frame's own cannot be read."""
    phrases = phrases_for(fault.locale or locale)
    values: dict[str, str | int] = dict(fault.variables)
    if "field" in values:
        rule = f"rule-{values['field']}"
        values["rule"] = phrases(rule if phrases.has(rule) else "rule-type")
    return ErrorFrame(
        id=fault.id,
        code=CODES[fault.kind].chat,
        message=phrases(f"frame-{fault.fault}", **values),
        metadata=ErrorMetadata(kind=fault.kind.value, correlation_id=correlation_id),
    )


class Failed(CallError):
    """
    A failure that the conversation words itself.

    Args:
        kind: whose row of the error table.
        phrase: the key of its text; filled with `values`.
    """

    def __init__(
        self, kind: Kind, phrase: str, *, retry_after: float | None = None, **values: str | int
    ) -> None:
        super().__init__(phrase, retry_after=retry_after)
        self.shown_kind = kind
        self.phrase = phrase
        self.values = values


def shown_kind(error: CallError) -> Kind:
    """The kind under which a person sees the error; what a child answered in JSON-RPC is our own fault."""
    return error.shown_kind if isinstance(error, Failed) else error.kind


def failure_of(structured: Mapping[str, Any]) -> CallError:
    """A tool result with isError as the error it reports."""
    try:
        kind = Kind(structured.get("kind", ""))
    except ValueError:
        kind = Kind.INTERNAL_ERROR
    retry_ms = structured.get("retryAfterMs")
    retry_after = retry_ms / 1000 if isinstance(retry_ms, int | float) and retry_ms > 0 else None
    phrase = _PHRASES.get(kind, "error-internal")
    if kind is Kind.AUTHENTICATION_ERROR and structured.get("requiredRole") == "admin":
        phrase = "error-admin-only"
    return Failed(kind, phrase, retry_after=retry_after, service=_service(structured))


_PHRASES: Mapping[Kind, str] = {
    Kind.MCP_NOT_AVAILABLE: "error-unavailable",
    Kind.API_ERROR: "error-api",
    Kind.AUTHENTICATION_ERROR: "error-authentication",
    Kind.RATE_LIMIT_ERROR: "error-rate-limit",
    Kind.INVALID_PARAMS: "error-invalid-params",
}


def _text(error: CallError, kind: Kind, phrases: Phrases, seconds: int, correlation_id: str) -> str:
    values: dict[str, str | int] = {
        "seconds": seconds,
        "service": _service(error.data),
        "correlation": correlation_id,
    }
    if isinstance(error, Failed):
        return phrases(error.phrase, **{**values, **error.values})
    if isinstance(error, ChildLost | CallTimeout):
        return phrases("error-uncertain", **values)
    if isinstance(error, RateLimited):
        return phrases("error-rate-limit", **values)
    if isinstance(error, Forbidden) and isinstance(error.data.get("expectedUser"), str):
        return phrases("error-wrong-user", user=error.data["expectedUser"])
    if isinstance(error, Forbidden) and error.data.get("reservedPrefix"):
        return phrases("error-reserved-user")
    return phrases(_PHRASES.get(kind, "error-internal"), **values)


def _service(data: Mapping[str, Any]) -> str:
    name = data.get("mcp")
    return name if isinstance(name, str) and name else "museod"
