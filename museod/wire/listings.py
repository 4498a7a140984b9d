"""The four lists that a server may have, and their pages, with every item kept as its server wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import msgspec
from msgspec import Raw, Struct

from museod.wire import envelope

MAX_TTL_MS = 24 * 3600 * 1000  # a hint beyond a day is a mistake


class Kind(Enum):
    """A list: its method, the member that holds the items, the capability it belongs to, an item's key."""

    TOOLS = ("tools/list", "tools", "tools", "name")
    RESOURCES = ("resources/list", "resources", "resources", "uri")
    TEMPLATES = ("resources/templates/list", "resourceTemplates", "resources", "uriTemplate")
    PROMPTS = ("prompts/list", "prompts", "prompts", "name")

    def __init__(self, method: str, member: str, capability: str, key: str) -> None:
        self.method = method
        self.member = member
        self.capability = capability
        self.key = key


KIND_BY_METHOD = {kind.method: kind for kind in Kind}
CAPABILITIES = ("tools", "resources", "prompts")


@dataclass(frozen=True, slots=True)
class Listed:
    """One item: its key (name, URI or template) and all of its bytes."""

    key: str
    raw: Raw


@dataclass(frozen=True, slots=True)
class Hints:
    """How long a list may be kept, and by whom; a legacy server gives none."""

    ttl_ms: int = 0
    is_public: bool = False

    def merged(self, other: Hints) -> Hints:
        """What holds for both together."""
        return Hints(min(self.ttl_ms, other.ttl_ms), self.is_public and other.is_public)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    items: tuple[Raw, ...]
    next_cursor: str | None
    hints: Hints


class _Page(Struct, rename="camel"):
    next_cursor: str | None = None
    ttl_ms: int = 0
    cache_scope: str = "private"


_decode_page = msgspec.json.Decoder(_Page).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_decode_keys = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode


def decode_page(kind: Kind, raw: Raw) -> Page:
    """
    A page of `kind` from the bytes of its result.

    Raises:
        msgspec.DecodeError: it is none.
    """
    page = _decode_page(raw)
    items = envelope.members(raw).get(kind.member)
    if items is None:
        raise msgspec.ValidationError(f"the member {kind.member!r} is missing")
    hints = Hints(max(0, min(page.ttl_ms, MAX_TTL_MS)), page.cache_scope == "public")
    return Page(tuple(_decode_items(items)), page.next_cursor, hints)


def decode_item(kind: Kind, raw: Raw) -> Listed:
    """
    One item of a list.

    Raises:
        msgspec.DecodeError: it is no object or has no key.
    """
    key = _decode_keys(raw).get(kind.key)
    if key is None:
        raise msgspec.ValidationError(f"the member {kind.key!r} is missing")
    return Listed(_decode_text(key), raw)
