"""The context of the work at hand: correlation id, trace, user, child. Trio tasks inherit it."""

from __future__ import annotations

import random
import re
import secrets
from contextvars import ContextVar

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
trace_parent: ContextVar[str] = ContextVar("trace_parent", default="")
user_id: ContextVar[str] = ContextVar("user_id", default="")
mcp: ContextVar[str] = ContextVar("mcp", default="")
# Where the connection comes from: what is counted for callers who have no name. Never logged.
client_address: ContextVar[str] = ContextVar("client_address", default="")

_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_CORRELATION = re.compile(r"[A-Za-z0-9._:-]{8,64}")
_TRACE_PARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


# Identifiers that tell requests apart, not secrets: a system call for each would be a tenth of a call's cost.
_SPAN = 2**64 - 1
_random = random.Random(secrets.token_bytes(32))  # noqa: S311


def new_correlation_id() -> str:
    """32 hex digits, fit to be a W3C trace id too."""
    return f"{_random.getrandbits(128) or 1:032x}"


def new_span_id() -> str:
    """16 hex digits."""
    return f"{_random.getrandbits(64) or 1:016x}"


def new_trace_parent(correlation: str) -> str:
    """A W3C `traceparent` whose trace id is the correlation id where that is possible."""
    trace = correlation if _TRACE_ID.fullmatch(correlation) else new_correlation_id()
    return f"00-{trace}-{new_span_id()}-01"


def next_span(parent: str) -> str:
    """The same trace with a span of our own (W3C Trace Context, section 3.2)."""
    return f"{parent[:36]}{new_span_id()}{parent[52:]}"


def is_correlation_id(text: str) -> bool:
    """Whether a caller's own correlation id may be taken over (it goes into logs and headers)."""
    return _CORRELATION.fullmatch(text) is not None


def is_trace_parent(text: str) -> bool:
    """Whether `text` is a W3C traceparent, version 00."""
    return _TRACE_PARENT.fullmatch(text) is not None


class bound:  # noqa: N801 - reads as a verb where it is used: `with bound(user=...)`
    """
    Run a block under a correlation id (a new one unless given); the block gets it.

    `trace` is the caller's `traceparent`; without one a new trace begins.
    """

    __slots__ = ("_correlation", "_tokens", "_trace", "_user")

    def __init__(
        self, *, correlation: str | None = None, user: str | None = None, trace: str | None = None
    ) -> None:
        if correlation is None and trace is None:  # nearly always: both from one throw
            bits = _random.getrandbits(192)
            correlation = f"{bits >> 64 or 1:032x}"
            trace = f"00-{correlation}-{bits & _SPAN or 1:016x}-01"
        self._correlation = correlation or new_correlation_id()
        self._trace = trace or new_trace_parent(self._correlation)
        self._user = user

    def __enter__(self) -> str:
        user = None if self._user is None else user_id.set(self._user)
        self._tokens = (correlation_id.set(self._correlation), trace_parent.set(self._trace), user)
        return self._correlation

    def __exit__(self, *_: object) -> None:
        correlation, trace, user = self._tokens
        correlation_id.reset(correlation)
        trace_parent.reset(trace)
        if user is not None:
            user_id.reset(user)
