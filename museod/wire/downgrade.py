"""
Results between revisions: what an older reader does not know is taken away, what a newer one needs is added.

Values that stay keep their bytes; an untouched result is returned as it came.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from museod.wire import codec, envelope
from museod.wire.eras import is_at_least

_MODERN_ONLY = ("resultType", "ttlMs", "cacheScope")
_COMPLETE = Raw(b'"complete"')


def to_modern(result: Raw, server_info: Raw) -> bytes:
    """
    A child's result for a modern caller: with `resultType`, and our `serverInfo` in place of the child's.

    Everything else of `_meta` is the child's own and stays.
    """
    members: dict[str, Any] = dict(envelope.members(result))
    if members.get("resultType") is None:
        members = {"resultType": _COMPLETE, **members}
    meta = members.get("_meta")
    members["_meta"] = Raw(
        envelope.with_members(meta or b"{}", {envelope.SERVER_INFO: server_info})
        if _is_object(meta)
        else codec.encode({envelope.SERVER_INFO: server_info})
    )
    return codec.encode(members)


def to_legacy(result: Raw, revision: str) -> bytes:
    """A child's tool result for a caller of `revision`."""
    members: dict[str, Any] = dict(envelope.members(result))
    changed = False
    for name in _MODERN_ONLY:
        changed |= members.pop(name, None) is not None
    meta = members.get("_meta")
    if meta is not None and _is_object(meta):
        own = envelope.members(meta)
        if own.pop(envelope.SERVER_INFO, None) is not None:
            changed = True
            if own:
                members["_meta"] = own
            else:
                del members["_meta"]
    structured = members.get("structuredContent")
    if structured is not None and not (is_at_least(revision, "2025-06-18") and _is_object(structured)):
        del members["structuredContent"]
        changed = True
    content = members.get("content")
    if content is not None and not is_at_least(revision, "2025-06-18"):
        blocks = _older_blocks(content, revision)
        if blocks is not None:
            members["content"] = blocks
            changed = True
    return codec.encode(members) if changed else bytes(result)


def _older_blocks(content: Raw, revision: str) -> list[Any] | None:
    blocks = codec.decode(content)
    if not isinstance(blocks, list):
        return None
    older = [_older_block(block, revision) for block in blocks]
    return older if older != blocks else None


def _older_block(block: Any, revision: str) -> Any:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "resource_link":
        return {
            "type": "text",
            "text": f"{block.get('title') or block.get('name', '')}: {block.get('uri', '')}",
        }
    if kind == "audio" and not is_at_least(revision, "2025-03-26"):
        return {"type": "text", "text": f"[audio, {block.get('mimeType', 'unknown type')}]"}
    return block


def tool_for(tool: Raw, revision: str) -> Raw:
    """A listed tool for a caller of a legacy `revision`: outputSchema only where that revision knows it."""
    schema = envelope.members(tool).get("outputSchema")
    if schema is None:
        return tool
    plain = codec.decode(schema) if is_at_least(revision, "2025-06-18") else None
    if isinstance(plain, dict) and plain.get("type") == "object":
        return tool
    return Raw(envelope.with_members(tool, {}, drop=("outputSchema",)))


def _is_object(value: Raw | None) -> bool:
    return value is not None and len(memoryview(value)) > 0 and memoryview(value)[0] == ord("{")
