"""What callers may ask of the stores: small Protocols, and the few values that cross them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from museod.errors import StoreError
from museod.stores.records import Conversation


class TurnLost(StoreError):
    """
    This turn is not the user's current one any more: its lock ran out, or the user was erased.

    Nothing of it was saved. Whoever came after it is in charge.
    """


@dataclass(frozen=True, slots=True)
class Turn:
    """
    The right to handle one message of one user.

    `number` grows with every turn of the user, across nodes, restarts and erasure; it is the fence that
    keeps a stalled turn from writing over a later one. `token` proves who holds the lock.
    """

    user_id: str
    number: int
    token: str


class Conversations(Protocol):
    """The conversation of each user, sealed at rest."""

    async def load(self, user_id: str) -> Conversation | None:
        """
        The user's conversation, or None if there is none or its time is over.

        Raises:
            StoreUnavailable: the store does not answer.
            StoreError: the record cannot be opened; the text names the key that is missing.
        """

    async def save(
        self, conversation: Conversation, turn: Turn, *, answered: AnsweredMessage | None = None
    ) -> None:
        """
        Write the conversation as the outcome of `turn`, and with it the answer to its message.

        Both are written or neither. Messages are trimmed to the ceilings of `records`; `updatedAt`,
        `expiresAt` and `turn` are set here, in the struct that was given.

        Raises:
            TurnLost: another turn has begun since, or the user was erased. Nothing was written.
            StoreUnavailable: as everywhere; with `maybe_done` the record may have been written.
        """


class Locks(Protocol):
    """One turn of a user at a time, on all nodes that share the store."""

    def open_turn(self, user_id: str, *, wait_seconds: float) -> AbstractAsyncContextManager[Turn]:
        """
        Wait for the user's lock, hold it for the block, and give it back.

        Turns of one process are served in the order in which they asked. The lock lives 10 s and is renewed
        every 3 s, so that what a crashed node held is free again soon. A block whose lock was lost in
        spite of that is cancelled.

        Raises:
            LockTimeout: others held it for all of `wait_seconds`; nothing is left behind.
            TurnLost: at the end of a block that lost its lock.
            StoreUnavailable: the store does not answer.

        Cancellation:
            While waiting: the place in the queue is given up, and a lock granted at that very moment is
            released. Inside the block: the lock is released before the cancellation goes on.
        """


@dataclass(frozen=True, slots=True)
class AnsweredMessage:
    """A message as its sender identifies it, and the answer it got (the bytes that were sent)."""

    conversation_id: str
    message_id: str
    text: str
    reply: bytes


class Answers(Protocol):
    """
    The first answer to each message, for 10 minutes: whoever sends a message again gets it again.

    Asked and told inside the user's turn: a message that comes again while the first is still being
    answered waits for the lock, and finds the answer when it gets it.
    """

    async def first(self, turn: Turn, conversation_id: str, message_id: str, text: str) -> bytes | None:
        """
        The bytes that answered this very message (same ids, same text) before, or None.

        Raises:
            StoreUnavailable, StoreError: as `Conversations.load`.
        """

    async def keep(self, turn: Turn, answered: AnsweredMessage) -> None:
        """
        Remember an answer without saving a conversation (`Conversations.save` does both at once).

        Raises:
            TurnLost, StoreUnavailable: as `Conversations.save`.
        """


class ProcessState(StrEnum):
    """The words of `mcp:process:{name}:status`."""

    RUNNING = "running"
    STOPPED = "stopped"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """How one child is: `pid` is None unless it runs; `stats` are plain JSON values."""

    status: ProcessState
    pid: int | None
    stats: Mapping[str, Any]


class Statuses(Protocol):
    """The state of the children, for whoever looks into the store."""

    async def put(self, name: str, status: ProcessStatus) -> None:
        """Write status, pid and stats of `name` at once."""

    async def get(self, name: str) -> ProcessStatus | None:
        """What was written last, or None."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """
    The answer to a look-up: `value` is None for a miss.

    It remembers the owner's epoch at the time of asking: what is kept for it is worthless if the owner
    changed something in between.
    """

    owner: str
    request_hash: str
    epoch: int
    value: bytes | None


class RequestCache(Protocol):
    """Results of calls that may be given again, sealed at rest, for seconds."""

    async def get(self, owner: str, request_hash: str) -> CacheEntry:
        """
        Look a result up. `owner` is a user id, or empty for what is the same for everybody.

        `request_hash` is any text that stands for tool, arguments and locale. What cannot be read is a
        miss.
        """

    async def set(self, entry: CacheEntry, value: bytes, *, ttl_seconds: float) -> None:
        """
        Keep JSON bytes for a look-up that missed.

        Values over 1 MiB are not kept. `ttl_seconds` is at most an hour.
        """

    async def drop(self, owner: str) -> None:
        """Forget everything of `owner`, also what is being computed right now."""


class Confirmations(Protocol):
    """Calls that wait for a person's yes, sealed at rest; each can be taken once."""

    async def put(self, user_id: str, ticket: str, value: bytes, *, ttl_seconds: float) -> bool:
        """Keep what waits under a ticket that nobody can guess; False if it is too large to be kept."""

    async def take(self, user_id: str, ticket: str) -> bytes | None:
        """
        What waits under `ticket`, for whoever takes it first; None for everybody else and after its time.

        Raises:
            StoreUnavailable: as everywhere; nothing may be done on the strength of it then.
        """


class Limits(Protocol):
    """
    Token buckets that several nodes share.

    `access.limits.LocalLimits` has the same shape and serves where nothing is shared.
    """

    async def take(self, key: str, per_minute: float, burst: float) -> float | None:
        """
        Take one token; None if there was one, else the seconds until there is.

        Buckets hold `burst` tokens and gain `per_minute` a minute; 0 means no limit.
        """


class Privacy(Protocol):
    """What data protection law asks for, over everything of a user that the stores hold."""

    async def export(self, user_id: str) -> dict[str, Any]:
        """
        Everything of the user: `{userId, conversation, answers, cachedResults}`, fit for JSON encoding.

        Raises:
            StoreError: something cannot be opened; the text names the key that is missing.
        """

    async def erase(self, user_id: str) -> bool:
        """
        Delete everything of the user, also from the engine's files; whether there was anything.

        A turn that is running is lost: it can save nothing afterwards.
        """


@dataclass(frozen=True, slots=True)
class Stores:
    """
    All stores of one engine.

    `limits` is None where only this process uses the engine: then a table in memory is right.
    """

    conversations: Conversations
    locks: Locks
    answers: Answers
    statuses: Statuses
    cache: RequestCache
    privacy: Privacy
    confirmations: Confirmations
    limits: Limits | None = None

    async def export(self, user_id: str) -> dict[str, Any]:
        """See `Privacy.export`."""
        return await self.privacy.export(user_id)

    async def erase(self, user_id: str) -> bool:
        """See `Privacy.erase`."""
        return await self.privacy.erase(user_id)
