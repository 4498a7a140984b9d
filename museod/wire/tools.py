"""Tools and tool results as MCP has them, keeping every byte of a child's schema as the child wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from museod.errors import CallError
from museod.wire import codec


class ToolAnnotations(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Hints about a tool. What is absent is the spec's default: it writes, and may destroy."""

    title: str | UnsetType = UNSET
    read_only_hint: bool = False
    destructive_hint: bool | UnsetType = UNSET
    idempotent_hint: bool = False
    open_world_hint: bool | UnsetType = UNSET


class Tool(Struct, frozen=True, rename="camel"):
    """One tool of a list. Schemas, icons and `_meta` stay raw: they are the child's, byte for byte."""

    name: str
    input_schema: Raw
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    output_schema: Raw | UnsetType = UNSET
    annotations: ToolAnnotations | UnsetType = UNSET
    icons: Raw | UnsetType = UNSET
    execution: Raw | UnsetType = UNSET
    meta: Raw | UnsetType = msgspec.field(default=UNSET, name="_meta")

    @property
    def may_be_retried(self) -> bool:
        """Whether a second run after a crash does no harm (spec: readOnlyHint, idempotentHint)."""
        hints = self.annotations
        return hints is not UNSET and (hints.read_only_hint or hints.idempotent_hint)

    @property
    def is_read_only(self) -> bool:
        """Whether the tool says that it changes nothing."""
        return self.annotations is not UNSET and self.annotations.read_only_hint


@dataclass(frozen=True, slots=True)
class ListedTool:
    """A tool as its server listed it: what we read of it, and all of its bytes."""

    tool: Tool
    raw: Raw

    @classmethod
    def decode(cls, raw: Raw) -> ListedTool:
        """
        Read one tool of a list.

        Raises:
            msgspec.ValidationError: it has no name or no inputSchema, or a member of a wrong type.
        """
        return cls(_decode_tool(raw), raw)


_decode_tool = msgspec.json.Decoder(Tool).decode


class CallParams(Struct, frozen=True, rename="camel"):
    """The params of `tools/call`; what belongs to no field is refused by nobody and dropped."""

    name: str
    arguments: Raw = codec.EMPTY_OBJECT
    meta: Raw | UnsetType = msgspec.field(default=UNSET, name="_meta")
    input_responses: Raw | UnsetType = UNSET
    request_state: str | UnsetType = UNSET


class TextContent(Struct, frozen=True, tag_field="type", tag="text"):
    """A text block."""

    text: str


class ToolResult(Struct, frozen=True, rename="camel", omit_defaults=True):
    """
    A tool's result as our own code reads it; what passes through the gateway is never decoded to this.

    `content` blocks are plain dicts.
    """

    content: list[dict[str, Any]] = []
    structured_content: Any = None
    is_error: bool = False
    meta: dict[str, Any] = msgspec.field(default_factory=dict, name="_meta")

    @property
    def text(self) -> str:
        """All text blocks, joined by newlines."""
        return "\n".join(block["text"] for block in self.content if block.get("type") == "text")


_decode_result = msgspec.json.Decoder(ToolResult).decode


def decode_tool_result(raw: bytes | Raw) -> ToolResult:
    """
    A tool result from its bytes.

    Raises:
        msgspec.ValidationError: it is none.
    """
    return _decode_result(raw)


def failed_result(error: CallError, *, correlation_id: str | None = None) -> bytes:
    """
    A `CallError` as a tool result with isError, so that a model can read it and react.

    `structuredContent` carries kind, chat code, retryAfterMs and the error's own data.
    """
    structured: dict[str, Any] = {"kind": error.kind.value, "code": error.codes.chat, **error.data}
    if error.retry_after_ms is not None:
        structured["retryAfterMs"] = error.retry_after_ms
    if correlation_id:
        structured["correlationId"] = correlation_id
    return codec.encode(
        {
            "content": [{"type": "text", "text": error.message}],
            "structuredContent": structured,
            "isError": True,
        }
    )
