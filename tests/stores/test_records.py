from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.stores.records import (
    Conversation,
    ConversationContext,
    IntentResult,
    Message,
    decode_conversation,
    encode_conversation,
    new_conversation,
    trim,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def message(content: str, **more: object) -> Message:
    return Message(role="user", content=content, timestamp=NOW, **more)  # type: ignore[arg-type]


def size(messages: list[Message]) -> int:
    return len(msgspec.json.encode(messages))


def test_the_wire_has_the_design_documents_names() -> None:
    conversation = Conversation(
        user_id="ada",
        messages=[
            message("boots", intent=IntentResult(intent="product.search", confidence=0.9), locale="en")
        ],
        context=ConversationContext(shown=[{"id": "1"}], slots={"color": "red"}, locale="en"),
        created_at=NOW,
        updated_at=NOW,
        expires_at=NOW,
        turn=7,
    )
    wire = json.loads(encode_conversation(conversation))
    assert wire == {
        "userId": "ada",
        "messages": [
            {
                "role": "user",
                "content": "boots",
                "timestamp": "2026-11-22T12:00:00Z",
                "intent": {"intent": "product.search", "confidence": 0.9},
                "locale": "en",
            }
        ],
        "context": {
            "shown": [{"id": "1"}],
            "slots": {"color": "red"},
            "pending": None,
            "locale": "en",
            "handover": None,
        },
        "createdAt": "2026-11-22T12:00:00Z",
        "updatedAt": "2026-11-22T12:00:00Z",
        "expiresAt": "2026-11-22T12:00:00Z",
        "turn": 7,
    }
    assert decode_conversation(encode_conversation(conversation)) == conversation


def test_a_record_of_a_newer_build_is_read_without_its_news() -> None:
    wire = json.loads(
        encode_conversation(new_conversation("ada", now=NOW, retention_seconds=60, locale="de"))
    )
    wire["mood"] = "good"
    assert decode_conversation(json.dumps(wire).encode()).context.locale == "de"


def test_new_conversations_share_nothing() -> None:
    first, second = (new_conversation("ada", now=NOW, retention_seconds=60) for _ in range(2))
    first.context.slots["size"] = 42
    first.context.shown.append({})
    first.messages.append(message("hi"))
    assert not second.context.slots
    assert not second.context.shown
    assert not second.messages


@pytest.mark.parametrize(("kept", "count"), [(["2", "3", "4"], 3), (["0", "1", "2", "3", "4"], 9), ([], 0)])
def test_trimming_keeps_the_newest_in_order(kept: list[str], count: int) -> None:
    messages = [message(str(number)) for number in range(5)]
    assert [m.content for m in trim(messages, max_messages=count)] == kept


def test_trimming_counts_bytes_as_they_are_encoded() -> None:
    messages = [message("\N{SNOWMAN}\n" * 50) for _ in range(10)]
    budget = size(messages[:4])
    assert trim(messages, max_bytes=budget) == messages[-4:]
    assert trim(messages, max_bytes=budget - 1) == messages[-3:]


def test_a_last_message_over_the_ceiling_keeps_its_beginning() -> None:
    (kept,) = trim([message("first"), message("begin" + "x" * 100_000)], max_bytes=1000)
    assert kept.content.startswith("begin")
    assert 900 < size([kept]) <= 1000


@given(
    contents=st.lists(st.text(max_size=400), max_size=12),
    max_messages=st.integers(0, 8),
    max_bytes=st.integers(200, 2000),
)
def test_the_ceilings_hold_for_any_talk(contents: list[str], max_messages: int, max_bytes: int) -> None:
    messages = [message(content) for content in contents]
    kept = trim(messages, max_messages=max_messages, max_bytes=max_bytes)
    assert len(kept) <= max_messages
    assert size(kept) <= max_bytes
    assert bool(kept) is bool(messages and max_messages)
    if len(kept) > 1:
        assert kept == messages[-len(kept) :]
