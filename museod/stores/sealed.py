"""Conversations, first answers, cached results and statuses over any backend; personal data is sealed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from museod.errors import StoreError
from museod.stores import keys
from museod.stores.backend import Backend, Entry, EntryKind
from museod.stores.base import (
    AnsweredMessage,
    CacheEntry,
    ProcessState,
    ProcessStatus,
    Turn,
    TurnLost,
)
from museod.stores.records import (
    MAX_RECORD_BYTES,
    Conversation,
    decode_conversation,
    encode_conversation,
    from_timestamp,
    trim,
)
from museod.stores.sealing import CannotOpen, Sealer

# Long enough for a phone that comes out of a tunnel, short enough that "yes" tomorrow is a new yes.
ANSWER_SECONDS = 600.0
# A result is kept to spare a repeated question, not to archive catalogues.
MAX_RESULT_BYTES = 1024 * 1024
MAX_RESULT_SECONDS = 3600.0
_EPOCH_BYTES = 8


class SealedConversations:
    """`base.Conversations` over a backend."""

    def __init__(
        self, backend: Backend, sealer: Sealer, *, now: Callable[[], float], retention_seconds: float
    ) -> None:
        self._backend = backend
        self._sealer = sealer
        self._now = now
        self._retention = retention_seconds

    async def load(self, user_id: str) -> Conversation | None:
        sealed = await self._backend.read_conversation(user_id)
        if sealed is None:
            return None
        try:
            conversation = decode_conversation(self._sealer.open(sealed, keys.conversation(user_id)))
        except msgspec.DecodeError as error:
            raise StoreError(
                f"A conversation cannot be read by this build ({error}): install the build that wrote it, "
                f"or erase the user."
            ) from None
        return conversation if conversation.expires_at.timestamp() > self._now() else None

    async def save(
        self, conversation: Conversation, turn: Turn, *, answered: AnsweredMessage | None = None
    ) -> None:
        if conversation.user_id != turn.user_id:
            raise StoreError("A turn saves the conversation of its own user only.")
        now = self._now()
        conversation.messages = trim(conversation.messages)
        conversation.updated_at = from_timestamp(now)
        conversation.expires_at = from_timestamp(now + self._retention)
        conversation.turn = turn.number
        data = encode_conversation(conversation)
        if len(data) > MAX_RECORD_BYTES:
            raise StoreError(
                f"The conversation's context makes it {len(data)} bytes; keep it under {MAX_RECORD_BYTES}."
            )
        written = await self._backend.write_turn(
            turn.user_id,
            turn.number,
            record=self._sealer.seal(data, keys.conversation(turn.user_id)),
            expires_at=now + self._retention,
            entries=[] if answered is None else [_answer_entry(self._sealer, turn, answered, now)],
        )
        _require(written, turn)


class SealedAnswers:
    """`base.Answers` over a backend."""

    def __init__(self, backend: Backend, sealer: Sealer, *, now: Callable[[], float]) -> None:
        self._backend = backend
        self._sealer = sealer
        self._now = now

    async def first(self, turn: Turn, conversation_id: str, message_id: str, text: str) -> bytes | None:
        key = keys.answer(turn.user_id, conversation_id, message_id, text)
        (sealed,) = await self._backend.get([key])
        return None if sealed is None else self._sealer.open(sealed, key)

    async def keep(self, turn: Turn, answered: AnsweredMessage) -> None:
        now = self._now()
        written = await self._backend.write_turn(
            turn.user_id,
            turn.number,
            record=None,
            expires_at=now,
            entries=[_answer_entry(self._sealer, turn, answered, now)],
        )
        _require(written, turn)


class SealedCache:
    """`base.RequestCache` over a backend; the epoch stands sealed in front of each value."""

    def __init__(self, backend: Backend, sealer: Sealer, *, now: Callable[[], float]) -> None:
        self._backend = backend
        self._sealer = sealer
        self._now = now

    async def get(self, owner: str, request_hash: str) -> CacheEntry:
        key = keys.request(owner, request_hash)
        number, sealed = await self._backend.get([self._epoch_key(owner), key])
        epoch = int(number or 0)
        return CacheEntry(owner, request_hash, epoch, self._opened(key, epoch, sealed))

    async def set(self, entry: CacheEntry, value: bytes, *, ttl_seconds: float) -> None:
        if len(value) > MAX_RESULT_BYTES or ttl_seconds <= 0:
            return
        key = keys.request(entry.owner, entry.request_hash)
        data = entry.epoch.to_bytes(_EPOCH_BYTES, "big") + value
        sealed = self._sealer.seal(data, key)
        until = self._now() + min(ttl_seconds, MAX_RESULT_SECONDS)
        await self._backend.put_in_epoch(
            Entry(key, EntryKind.RESULT, sealed, entry.owner, until),
            epoch_key=self._epoch_key(entry.owner),
            epoch=entry.epoch,
        )

    async def drop(self, owner: str) -> None:
        now = self._now()
        await self._backend.raise_epoch(
            self._epoch_key(owner),
            at_least=int(now * 1000),
            # Beyond this nothing is left that an older epoch could have kept.
            expires_at=now + 2 * MAX_RESULT_SECONDS,
        )

    def _epoch_key(self, owner: str) -> str:
        return keys.epoch(self._sealer.owner_tag(owner))

    def _opened(self, key: str, epoch: int, sealed: bytes | None) -> bytes | None:
        if sealed is None:
            return None
        try:
            data = self._sealer.open(sealed, key)
        except CannotOpen:
            return None  # a dropped key costs a second look, no more
        return data[_EPOCH_BYTES:] if int.from_bytes(data[:_EPOCH_BYTES], "big") == epoch else None


class PlainStatuses:
    """`base.Statuses` over a backend; nothing personal, so readable for operators."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def put(self, name: str, status: ProcessStatus) -> None:
        pid = b"" if status.pid is None else b"%d" % status.pid
        values = {
            keys.process_status(name): status.status.value.encode(),
            keys.process_pid(name): pid,
            keys.process_stats(name): msgspec.json.encode(dict(status.stats)),
        }
        await self._backend.put([Entry(key, EntryKind.STATUS, value) for key, value in values.items()])

    async def get(self, name: str) -> ProcessStatus | None:
        state, pid, stats = await self._backend.get(
            [keys.process_status(name), keys.process_pid(name), keys.process_stats(name)]
        )
        if state is None:
            return None
        return ProcessStatus(
            ProcessState(state.decode()), int(pid) if pid else None, msgspec.json.decode(stats or b"{}")
        )


class SealedPrivacy:
    """`base.Privacy` over a backend."""

    def __init__(
        self, backend: Backend, sealer: Sealer, conversations: SealedConversations, cache: SealedCache
    ) -> None:
        self._backend = backend
        self._sealer = sealer
        self._conversations = conversations
        self._cache = cache

    async def export(self, user_id: str) -> dict[str, Any]:
        conversation = await self._conversations.load(user_id)
        answers: list[dict[str, Any]] = []
        results: list[dict[str, Any]] = []
        for entry in await self._backend.owned(user_id):
            data = self._sealer.open(entry.value, entry.key)
            if entry.kind is EntryKind.ANSWER:
                answers.append(_exported(entry, data))
            elif entry.kind is EntryKind.RESULT:
                results.append(_exported(entry, data[_EPOCH_BYTES:]))
        return {
            "userId": user_id,
            "conversation": conversation,
            "answers": answers,
            "cachedResults": results,
        }

    async def erase(self, user_id: str) -> bool:
        # First the epoch, so that a result still being computed cannot come to life after the deletion.
        await self._cache.drop(user_id)
        return await self._backend.erase(user_id)


def _exported(entry: Entry, data: bytes) -> dict[str, Any]:
    until = None if entry.expires_at is None else from_timestamp(entry.expires_at)
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"expiresAt": until, "value": data.decode("utf-8", "replace")}
    return {"expiresAt": until, "value": msgspec.Raw(data)}


def _answer_entry(sealer: Sealer, turn: Turn, answered: AnsweredMessage, now: float) -> Entry:
    key = keys.answer(turn.user_id, answered.conversation_id, answered.message_id, answered.text)
    sealed = sealer.seal(answered.reply, key)
    return Entry(key, EntryKind.ANSWER, sealed, turn.user_id, now + ANSWER_SECONDS)


def _require(written: bool, turn: Turn) -> None:
    if not written:
        raise TurnLost(f"Turn {turn.number} is not the user's last one any more; nothing of it was saved.")
