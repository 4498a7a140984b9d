"""The client of one request: who it is, what it can be asked, and how it is told things meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec import UNSET, Raw, Struct

from museod.access.principal import Principal
from museod.errors import InvalidParams
from museod.wire.envelope import NO_META, RequestMeta
from museod.wire.eras import MODERN_REVISION

Emit = Callable[[str, bytes], None]
"""Sends a notification that belongs to the request: method and encoded params."""

Ask = Callable[[str, bytes], Awaitable[Raw]]
"""Sends a request to the client and returns its result; raises `RpcFailed`, `CallTimeout`, `ChannelError`."""

# A person reads a question and answers it; the child's own deadline is usually shorter.
ASK_SECONDS = 300.0
# What a child may learn that the client can do, because museod carries it between all eras.
RELAYED = ("elicitation", "sampling", "roots")
LOG_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")


class Client(Struct):
    """
    Args:
        revision: what it speaks.
        capabilities: what it declared, for this request or in its handshake.
        ask: how to ask it something while the request runs; None where its era or carrier has no way.
        log_level: from which level on it wants to see log messages; empty for none.
    """

    caller: Principal
    revision: str
    emit: Emit
    capabilities: Mapping[str, Raw] = {}
    ask: Ask | None = None
    log_level: str = ""
    meta: RequestMeta = NO_META

    @property
    def is_modern(self) -> bool:
        """Whether every request of it stands alone."""
        return self.revision == MODERN_REVISION

    @property
    def relayed(self) -> dict[str, Raw]:
        """The capabilities that a child may count on."""
        if not self.is_modern and self.ask is None:
            return {}
        return {name: self.capabilities[name] for name in RELAYED if name in self.capabilities}


def checked_level(meta: RequestMeta) -> str:
    """
    The log level that a request asks for, or empty.

    Raises:
        InvalidParams: there is no such level.
    """
    if meta.log_level is UNSET:
        return ""
    return known_level(meta.log_level)


def known_level(level: str) -> str:
    """
    `level`, if it is one.

    Raises:
        InvalidParams: it is none; the text names them.
    """
    if level not in LOG_LEVELS:
        raise InvalidParams(f"There is no log level {level[:40]!r}; use one of {', '.join(LOG_LEVELS)}.")
    return level


def is_at_least(level: str, threshold: str) -> bool:
    """Whether a message of `level` is for somebody who wants `threshold` and above."""
    if level not in LOG_LEVELS or threshold not in LOG_LEVELS:
        return False
    return LOG_LEVELS.index(level) >= LOG_LEVELS.index(threshold)
