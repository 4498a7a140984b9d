"""What a chat engine needs of the stores, in memory, with faults on demand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import trio

from museod.errors import LockTimeout
from museod.stores.base import AnsweredMessage, Stores, Turn, TurnLost
from museod.stores.records import Conversation, decode_conversation, encode_conversation


class FakeConfirmations:
    """What waits for a yes; `error` is raised instead of working."""

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str], bytes] = {}
        self.error: Exception | None = None

    async def put(self, user_id: str, ticket: str, value: bytes, *, ttl_seconds: float) -> bool:
        await trio.lowlevel.checkpoint()
        if self.error is not None:
            raise self.error
        self.waiting[user_id, ticket] = value
        return True

    async def take(self, user_id: str, ticket: str) -> bytes | None:
        await trio.lowlevel.checkpoint()
        if self.error is not None:
            raise self.error
        return self.waiting.pop((user_id, ticket), None)


class FakeStores:
    """
    Conversations, locks and answers.

    `load_error` and `save_error` are raised instead of working; `is_turn_lost` makes saving fail as after a
    lost lock.
    """

    def __init__(self) -> None:
        self.confirmations = FakeConfirmations()
        self.records: dict[str, bytes] = {}
        self.kept: dict[tuple[str, str, str, str], bytes] = {}
        self.load_error: Exception | None = None
        self.save_error: Exception | None = None
        self.is_turn_lost = False
        self._locks: defaultdict[str, trio.Lock] = defaultdict(trio.Lock)
        self._numbers: defaultdict[str, int] = defaultdict(int)

    def as_stores(self) -> Stores:
        """The same as the object that the daemon passes around."""
        absent = cast("Any", None)
        return Stores(
            conversations=self,
            locks=self,
            answers=self,
            statuses=absent,
            cache=absent,
            privacy=absent,
            confirmations=self.confirmations,
        )

    def conversation(self, user_id: str) -> Conversation:
        """What is stored of one user."""
        return decode_conversation(self.records[user_id])

    async def load(self, user_id: str) -> Conversation | None:
        await trio.lowlevel.checkpoint()
        if self.load_error is not None:
            raise self.load_error
        record = self.records.get(user_id)
        return None if record is None else decode_conversation(record)

    async def save(
        self, conversation: Conversation, turn: Turn, *, answered: AnsweredMessage | None = None
    ) -> None:
        await trio.lowlevel.checkpoint()
        if self.is_turn_lost:
            raise TurnLost("Another turn has begun.")
        if self.save_error is not None:
            raise self.save_error
        conversation.turn = turn.number
        self.records[turn.user_id] = encode_conversation(conversation)
        if answered is not None:
            await self.keep(turn, answered)

    async def first(self, turn: Turn, conversation_id: str, message_id: str, text: str) -> bytes | None:
        await trio.lowlevel.checkpoint()
        return self.kept.get((turn.user_id, conversation_id, message_id, text))

    async def keep(self, turn: Turn, answered: AnsweredMessage) -> None:
        await trio.lowlevel.checkpoint()
        key = (turn.user_id, answered.conversation_id, answered.message_id, answered.text)
        self.kept[key] = answered.reply

    @asynccontextmanager
    async def open_turn(self, user_id: str, *, wait_seconds: float) -> AsyncIterator[Turn]:
        lock = self._locks[user_id]
        with trio.move_on_after(wait_seconds) as scope:
            await lock.acquire()
        if scope.cancelled_caught:
            raise LockTimeout("Another turn holds the lock.")
        self._numbers[user_id] += 1
        try:
            yield Turn(user_id, self._numbers[user_id], "token")
        finally:
            lock.release()
