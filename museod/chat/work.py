"""One message on its way through the stages, and what it is worked on with."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import trio
from msgspec import Raw

from museod.access.principal import Principal
from museod.chat.messages import MessageFrame, ProgressFrame, ServerFrame, ToolUse
from museod.chat.phrases import Phrases
from museod.gateway.confirm import Confirmed
from museod.gateway.router import Reply, Turn

Emit = Callable[[ServerFrame], None]


class Tools(Protocol):
    """The part of the gateway's router that a conversation uses."""

    async def call(
        self,
        tool: str,
        arguments: bytes | Raw,
        caller: Principal,
        *,
        turn: Turn = ...,
        confirmed: Confirmed | None = ...,
    ) -> Reply:
        """Run one tool; raises `CallError`."""

    def offers(self, tool: str, caller: Principal) -> bool:
        """Whether `caller` may call `tool` right now."""


@dataclass(slots=True)
class Work:
    """One message on its way through the stages."""

    message: MessageFrame
    id: str
    caller: Principal
    phrases: Phrases
    emit: Emit
    turn_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    conversation_id: str = ""
    intent: str = "other"
    confidence: float = 0.0
    method: str = "none"
    entities: dict[str, Any] = field(default_factory=dict)
    tools: list[ToolUse] = field(default_factory=list)
    has_written: bool = False
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    summary: str = ""

    @property
    def turn(self) -> Turn:
        """What trusted children are told of this turn."""
        return Turn(self.phrases.language, self.message.client_type, self.conversation_id, self.turn_id)

    def tell(self, stage: str) -> None:
        """Show what is being done."""
        self.emit(ProgressFrame(self.id, stage, self.phrases(f"progress-{stage}")))


def nobody_listens(_frame: ServerFrame) -> None:
    """The emit of a client that did not ask for progress."""
