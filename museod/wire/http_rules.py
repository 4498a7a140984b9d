"""
Streamable HTTP, sans I/O: which headers a POST must carry, how they must match its body, which status a
fault gets.

Spec 2026-07-28, "Streamable HTTP" (modern) and 2025-11-25 (legacy).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

import msgspec
from msgspec import Raw, Struct

from museod.wire.envelope import RequestMeta, missing_keys
from museod.wire.eras import LEGACY_REVISIONS, MODERN_REVISION
from museod.wire.messages import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    MISSING_CLIENT_CAPABILITY,
    PARSE_ERROR,
    UNSUPPORTED_PROTOCOL_VERSION,
    Request,
)

SESSION_ID = "Mcp-Session-Id"
VERSION = "MCP-Protocol-Version"

_STATUS: Mapping[int, int] = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    METHOD_NOT_FOUND: 404,
    INVALID_PARAMS: 400,
    INTERNAL_ERROR: 500,
    HEADER_MISMATCH: 400,
    MISSING_CLIENT_CAPABILITY: 400,
    UNSUPPORTED_PROTOCOL_VERSION: 400,
}
_SENTINEL = re.compile(r"=\?base64\?([A-Za-z0-9+/]*={0,2})\?=")
_LOOKS_ENCODED = ("=?base64?", "?=")


class HeaderView(Protocol):
    """Headers by case-insensitive name."""

    def get_all(self, name: str) -> list[str]:
        """All values of a header, in order."""


class RuleBroken(Exception):
    """A POST is refused: JSON-RPC `code`, text, and `data` for programs."""

    def __init__(self, code: int, message: str, data: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class _Named(Struct):
    name: str | None = None
    uri: str | None = None


_decode_named = msgspec.json.Decoder(_Named).decode
_NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


def status_of(code: int, default: int = 400) -> int:
    """The HTTP status of a JSON-RPC error in the modern era."""
    return _STATUS.get(code, default)


def accepts_both(accept: list[str]) -> bool:
    """Whether `Accept` lists JSON and event streams, as every client of Streamable HTTP must."""
    return _accepts_both(",".join(accept))


# A client sends the same two header values with every request: they are read once. Both bounded by the
# limits of a head.
@lru_cache(maxsize=256)
def _accepts_both(accept: str) -> bool:
    kinds = {part.split(";")[0].strip().lower() for part in accept.split(",")}
    if "*/*" in kinds:
        return True
    return bool(kinds & {"application/json", "application/*"}) and bool(
        kinds & {"text/event-stream", "text/*"}
    )


def accepts_events(accept: list[str]) -> bool:
    """Whether `Accept` lists event streams."""
    kinds = {part.split(";")[0].strip().lower() for value in accept for part in value.split(",")}
    return bool(kinds & {"text/event-stream", "text/*", "*/*"})


def is_json(content_type: list[str]) -> bool:
    """Whether the body is declared as JSON, in UTF-8 if a charset is named."""
    return len(content_type) == 1 and _is_json(content_type[0])


@lru_cache(maxsize=256)
def _is_json(content_type: str) -> bool:
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() != "application/json":
        return False
    charset = re.search(r"charset\s*=\s*\"?([^\s\";]+)", parameters, re.IGNORECASE)
    return charset is None or charset.group(1).lower() in ("utf-8", "utf8")


def is_modern(version: list[str], meta: RequestMeta) -> bool:
    """Which ladder a POST goes through: the modern one unless header and body are both silent or legacy."""
    return meta.is_modern or any(value not in LEGACY_REVISIONS for value in version)


def check_modern(headers: HeaderView, request: Request, meta: RequestMeta) -> None:
    """
    The modern ladder from `_meta` to the version, in the order that the spec's reference takes.

    Raises:
        RuleBroken: the first rule that does not hold.
    """
    missing = missing_keys(meta)
    if missing:
        raise RuleBroken(
            INVALID_PARAMS, f"The request's _meta lacks {' and '.join(missing)}; every request carries both."
        )
    stated = str(meta.protocol_version)
    _must_equal(headers, VERSION, stated)
    _must_equal(headers, "Mcp-Method", request.method)
    member = _NAMED_BY.get(request.method)
    if member is not None:
        _must_equal(headers, "Mcp-Name", _named(request.params, member), is_encoded=True)
    if stated != MODERN_REVISION:
        raise unsupported_version(stated)


def unsupported_version(requested: str) -> RuleBroken:
    """The refusal of a revision that the modern face does not speak."""
    return RuleBroken(
        UNSUPPORTED_PROTOCOL_VERSION,
        f"Protocol version {requested[:40]!r} is not supported; use {MODERN_REVISION}.",
        {"supported": [MODERN_REVISION], "requested": requested[:40]},
    )


def _named(params: Raw, member: str) -> str:
    try:
        value = getattr(_decode_named(params or b"{}"), member)
    except msgspec.DecodeError:
        value = None
    if value is None:
        raise RuleBroken(INVALID_PARAMS, f"The params lack the string member {member!r}.")
    return str(value)


def _must_equal(headers: HeaderView, name: str, wanted: str, *, is_encoded: bool = False) -> None:
    values = headers.get_all(name)
    if not values:
        raise RuleBroken(HEADER_MISMATCH, f"The header {name} is missing; send it with the body's value.")
    if len(values) > 1:
        raise RuleBroken(HEADER_MISMATCH, f"The header {name} came {len(values)} times; send it once.")
    value = decode_header_value(values[0]) if is_encoded else values[0]
    if value != wanted:
        raise RuleBroken(HEADER_MISMATCH, f"The header {name} differs from the body; send the same in both.")


def decode_header_value(value: str) -> str:
    """
    A header value, decoded where it carries the base64 sentinel.

    Raises:
        RuleBroken: the sentinel's content is not canonical base64 of UTF-8.
    """
    prefix, suffix = _LOOKS_ENCODED
    if not (value.startswith(prefix) and value.endswith(suffix)):
        return value
    match = _SENTINEL.fullmatch(value)
    try:
        if match is None:
            raise ValueError
        decoded = base64.b64decode(match.group(1), validate=True)
        if base64.b64encode(decoded).decode("ascii") != match.group(1):
            raise ValueError
        return decoded.decode("utf-8")
    except (ValueError, binascii.Error):
        raise RuleBroken(
            HEADER_MISMATCH, "A header value between =?base64? and ?= is not canonical base64 of UTF-8."
        ) from None
