"""What goes into the outbox and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass

from mcps.notifications.provider import Letter


@dataclass(frozen=True, slots=True)
class Item:
    """
    One delivery to be accepted.

    Args:
        event: what the person is told about; told once. Empty: every message is an event of its own.
        suppressed: why the person is not to be written to, if so.
    """

    letter: Letter
    purpose: str
    next_at: float
    event: str = ""
    suppressed: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message as it stands; `reasons` are those of the deliveries that did not leave."""

    message_id: str
    provider: str
    accepted_at: float
    queued: int = 0
    sent: int = 0
    suppressed: int = 0
    dead: int = 0
    next_at: float | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until the lease ends."""

    delivery_id: str
    message_id: str
    letter: Letter
    purpose: str
    accepted_at: float
    attempts: int
    unknown: int
