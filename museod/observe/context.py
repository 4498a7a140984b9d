"""The context of the work at hand: correlation id, trace, user, child. Trio tasks inherit it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
trace_parent: ContextVar[str] = ContextVar("trace_parent", default="")
user_id: ContextVar[str] = ContextVar("user_id", default="")
mcp: ContextVar[str] = ContextVar("mcp", default="")
# Where the connection comes from: what is counted for callers who have no name. Never logged.
client_address: ContextVar[str] = ContextVar("client_address", default="")

_CORRELATION = re.compile(r"[A-Za-z0-9._:-]{8,64}")
_TRACE_PARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def new_correlation_id() -> str:
    """32 hex digits, fit to be a W3C trace id too."""
    return secrets.token_hex(16)


def new_trace_parent(correlation: str) -> str:
    """A W3C `traceparent` whose trace id is the correlation id where that is possible."""
    trace = correlation if re.fullmatch(r"[0-9a-f]{32}", correlation) else secrets.token_hex(16)
    return f"00-{trace}-{secrets.token_hex(8)}-01"


def is_correlation_id(text: str) -> bool:
    """Whether a caller's own correlation id may be taken over (it goes into logs and headers)."""
    return _CORRELATION.fullmatch(text) is not None


def is_trace_parent(text: str) -> bool:
    """Whether `text` is a W3C traceparent, version 00."""
    return _TRACE_PARENT.fullmatch(text) is not None


@contextmanager
def bound(
    *, correlation: str | None = None, user: str | None = None, trace: str | None = None
) -> Iterator[str]:
    """Run a block under a correlation id (a new one unless given) and yield it."""
    current = correlation or new_correlation_id()
    tokens = [(correlation_id, correlation_id.set(current))]
    tokens.append((trace_parent, trace_parent.set(trace or new_trace_parent(current))))
    if user is not None:
        tokens.append((user_id, user_id.set(user)))
    try:
        yield current
    finally:
        for variable, token in reversed(tokens):
            variable.reset(token)
