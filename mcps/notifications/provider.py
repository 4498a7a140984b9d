"""What goes out, the ways out, and the ways in which that can fail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Protocol

from msgspec import Struct


class Channel(StrEnum):
    """How a message reaches a person."""

    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"


class Letter(Struct, frozen=True, omit_defaults=True):
    """
    One message to one person, complete: what the outbox keeps sealed and a provider gets.

    `body` is plain text; `html` the same for mail programs that show it. `template` and `parameters` are for
    providers that hold the wording themselves (WhatsApp); `body` then says what the person will read.
    """

    channel: Channel
    address: str
    locale: str
    body: str
    subject: str = ""
    html: str = ""
    template: str = ""
    parameters: tuple[str, ...] = ()
    is_promotional: bool = False


@dataclass(frozen=True, slots=True)
class Handover:
    """
    One attempt to hand a letter over.

    `delivery_id` is the same in every attempt. `is_repeat` says that an earlier attempt may have succeeded.
    """

    delivery_id: str
    letter: Letter
    accepted_at: float
    is_repeat: bool = False


class Verdict(Enum):
    """What a failure means for the next attempt."""

    AWAY = "away"  # the provider as a whole: nothing goes out for a while
    LATER = "later"  # this message: the others are not concerned
    REFUSED = "refused"  # no further attempt makes sense
    UNWANTED = "unwanted"  # the person told the provider to stop


class NotSent(Exception):
    """
    A letter was not handed over, as far as we know.

    Args:
        reason: for log and dead letters: what failed, in a provider's codes, without texts and addresses.
        retry_after: seconds that the provider asks us to wait.
        maybe_sent: the answer was lost, so it may have been taken all the same.
    """

    def __init__(
        self, verdict: Verdict, reason: str, *, retry_after: float | None = None, maybe_sent: bool = False
    ) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason
        self.retry_after = retry_after
        self.maybe_sent = maybe_sent


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a provider takes messages: a second, at once after a rest, at the same time."""

    per_second: float
    burst: int
    concurrency: int


class Provider(Protocol):
    """One way out; safe to use from several tasks."""

    @property
    def name(self) -> str:
        """Its name in receipts and logs."""

    @property
    def pace(self) -> Pace:
        """How fast it takes messages."""

    @property
    def max_unknown(self) -> int:
        """How often a message of unknown fate is tried at most; each time may be a duplicate."""

    async def send(self, handover: Handover) -> str:
        """
        Hand one letter over and return the provider's name for it.

        Raises:
            NotSent: it was not taken, or nobody knows.

        Cancellation:
            Whether the letter was taken is unknown.
        """
