"""Engines over which the contracts of the stores are tested, and a clock that they read."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from museod.stores.base import Stores
from museod.stores.opening import open_stores
from museod.stores.records import Conversation, Message, from_timestamp, new_conversation

KEYS = [("k1", b"1" * 32)]


class FakeClock:
    """Seconds since 1970 that pass when told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Engine:
    url: str | None
    state_dir: Path
    clock: FakeClock = field(default_factory=FakeClock)

    def open(
        self, keys: list[tuple[str, bytes]] = KEYS, *, is_exclusive: bool = False
    ) -> AbstractAsyncContextManager[Stores]:
        return open_stores(self.url, self.state_dir, keys, now=self.clock, is_exclusive=is_exclusive)


def talk(clock: FakeClock, *contents: str, user_id: str = "ada") -> Conversation:
    """A conversation in which the user said `contents`."""
    now = from_timestamp(clock())
    conversation = new_conversation(user_id, now=now, retention_seconds=60)
    conversation.messages = [Message(role="user", content=text, timestamp=now) for text in contents]
    return conversation
