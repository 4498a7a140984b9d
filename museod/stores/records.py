"""
The records of a conversation, spelled on the wire as the design document spells them.

Python names are snake case; `userId`, `createdAt` and the rest exist only in the encoded JSON.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

# What a model is given of the past and a person remembers of it: 20 exchanges. Older ones are dropped.
MAX_MESSAGES = 40
# The record is read, opened and sealed once per message: 64 KiB costs well under a millisecond.
MAX_CONVERSATION_BYTES = 64 * 1024
# A record over this was filled by something other than talk (`trim` keeps talk far below); it is refused.
MAX_RECORD_BYTES = 256 * 1024


class IntentResult(Struct, kw_only=True, omit_defaults=True):
    """What `analyze_intent` said about a message."""

    intent: str
    confidence: float
    entities: dict[str, Any] = {}
    alternatives: list[dict[str, Any]] = []
    tool: str | None = None
    missing: list[str] = []
    method: str = ""
    language: str = ""


class Message(Struct, kw_only=True, omit_defaults=True):
    """One thing that was said."""

    role: Literal["user", "assistant"]
    content: str
    timestamp: datetime
    intent: IntentResult | None = None
    locale: str | None = None


class ConversationContext(Struct, kw_only=True):
    """
    What the conversation is about just now.

    `shown` is what the user saw last (so that "the second one" means something), `slots` what is known of
    the open request, `pending` what waits for a yes or a missing detail, `handover` the human agent.
    """

    shown: list[dict[str, Any]] = []
    slots: dict[str, Any] = {}
    pending: dict[str, Any] | None = None
    locale: str | None = None
    handover: dict[str, Any] | None = None


class Conversation(Struct, kw_only=True, rename="camel"):
    """
    Everything remembered of one user's conversation.

    `turn` is the number of the turn that wrote the record; the store sets it on every save.
    """

    user_id: str
    messages: list[Message]
    context: ConversationContext
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    turn: int = 0


def new_conversation(
    user_id: str, *, now: datetime, retention_seconds: float, locale: str | None = None
) -> Conversation:
    """A conversation in which nothing was said yet."""
    return Conversation(
        user_id=user_id,
        messages=[],
        context=ConversationContext(locale=locale),
        created_at=now,
        updated_at=now,
        expires_at=now + timedelta(seconds=retention_seconds),
    )


def from_timestamp(seconds: float) -> datetime:
    """Seconds since 1970 as the aware UTC time that records hold."""
    return datetime.fromtimestamp(seconds, UTC)


def trim(
    messages: list[Message],
    *,
    max_messages: int = MAX_MESSAGES,
    max_bytes: int = MAX_CONVERSATION_BYTES,
) -> list[Message]:
    """
    The newest messages that fit, in order, at least the last one.

    `max_bytes` counts the encoded JSON. A last message that alone is over it keeps the beginning of its
    text, so that the bound holds for any input.
    """
    kept: list[Message] = []
    left = max_bytes - 1  # the two brackets, less the comma that the last one does not have
    for message in reversed(messages[-max_messages:] if max_messages > 0 else []):
        size = len(_encode(message)) + 1  # its comma
        if size > left:
            break
        kept.append(message)
        left -= size
    if not kept and messages and max_messages > 0:
        kept.append(_clipped(messages[-1], max_bytes - 2))
    kept.reverse()
    return kept


def _clipped(message: Message, max_bytes: int) -> Message:
    """`message` with as much of the beginning of its text as fits, without the analysis of the whole."""
    bare = msgspec.structs.replace(message, content="", intent=None)
    budget = max_bytes - len(_encode(bare))
    low, high = 0, len(message.content)
    while low < high:  # escapes make the encoded length uneven, so search instead of computing
        middle = (low + high + 1) // 2
        if len(_encode(message.content[:middle])) - 2 <= budget:
            low = middle
        else:
            high = middle - 1
    return msgspec.structs.replace(bare, content=message.content[:low])


def encode_conversation(conversation: Conversation) -> bytes:
    """The record as JSON."""
    return _encode(conversation)


def decode_conversation(data: bytes) -> Conversation:
    """
    The record from its JSON; fields that this build does not know are dropped.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return _decode_conversation(data)


_encode = msgspec.json.Encoder().encode
_decode_conversation = msgspec.json.Decoder(Conversation).decode
