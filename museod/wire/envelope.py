"""
The modern envelope: what each request says of itself in `_meta`, and what each result must carry.

Spec 2026-07-28, "Base protocol": nothing may be inferred from an earlier request, so version and
capabilities travel with every one, and every result says what kind of result it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, field

from museod.wire import codec
from museod.wire.messages import INVALID_PARAMS, Malformed

PREFIX = "io.modelcontextprotocol/"
PROTOCOL_VERSION = PREFIX + "protocolVersion"
CLIENT_CAPABILITIES = PREFIX + "clientCapabilities"
CLIENT_INFO = PREFIX + "clientInfo"
LOG_LEVEL = PREFIX + "logLevel"
SERVER_INFO = PREFIX + "serverInfo"
SUBSCRIPTION_ID = PREFIX + "subscriptionId"
PROGRESS_TOKEN = "progressToken"  # noqa: S105 - the name of a member
RESERVED = (PROTOCOL_VERSION, CLIENT_CAPABILITIES, CLIENT_INFO, LOG_LEVEL, PROGRESS_TOKEN)

# Our own keys. No client may set one: the gateway strips `OURS*` from what comes and adds its own.
OURS = "ai.museo/"
CALLER = OURS + "caller"
CONFIRMED = OURS + "confirmed"
CORRELATION_ID = OURS + "correlationId"

MAX_PROGRESS_TOKEN_CHARS = 256


class RequestMeta(Struct, frozen=True):
    """`params._meta` of a request, as far as museod reads it."""

    protocol_version: str | UnsetType = field(default=UNSET, name=PROTOCOL_VERSION)
    client_capabilities: dict[str, Raw] | UnsetType = field(default=UNSET, name=CLIENT_CAPABILITIES)
    client_info: dict[str, Raw] | UnsetType = field(default=UNSET, name=CLIENT_INFO)
    log_level: str | UnsetType = field(default=UNSET, name=LOG_LEVEL)
    progress_token: int | str | UnsetType = field(default=UNSET, name=PROGRESS_TOKEN)
    traceparent: str | UnsetType = UNSET
    caller: Raw | UnsetType = field(default=UNSET, name=CALLER)
    correlation_id: str | UnsetType = field(default=UNSET, name=CORRELATION_ID)

    @property
    def is_modern(self) -> bool:
        """Whether the request states a protocol version, which only the modern era does."""
        return self.protocol_version is not UNSET


class _Params(Struct):
    meta: RequestMeta | UnsetType = field(default=UNSET, name="_meta")


_decode_params = msgspec.json.Decoder(_Params).decode
_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode
NO_META = RequestMeta()


def read_meta(params: bytes | Raw) -> RequestMeta:
    """
    The request's `_meta`, or `NO_META`.

    Raises:
        Malformed: `_meta` is there with members of a wrong type (-32602).
    """
    if not params:
        return NO_META
    try:
        meta = _decode_params(params).meta
    except msgspec.DecodeError as error:
        raise Malformed(INVALID_PARAMS, f"The request's _meta does not fit: {error}.") from None
    if meta is UNSET:
        return NO_META
    token = meta.progress_token
    if isinstance(token, str) and len(token) > MAX_PROGRESS_TOKEN_CHARS:
        raise Malformed(INVALID_PARAMS, f"A progressToken has at most {MAX_PROGRESS_TOKEN_CHARS} characters.")
    return meta


def missing_keys(meta: RequestMeta) -> list[str]:
    """Which of the two keys that every modern request must carry are absent."""
    missing = []
    if meta.protocol_version is UNSET:
        missing.append(PROTOCOL_VERSION)
    if meta.client_capabilities is UNSET:
        missing.append(CLIENT_CAPABILITIES)
    return missing


def members(data: bytes | Raw) -> dict[str, Raw]:
    """The members of a JSON object, each value as its bytes; an empty mapping for empty bytes."""
    return _decode_members(data) if data else {}


def with_members(data: bytes | Raw, changes: Mapping[str, Any], drop: tuple[str, ...] = ()) -> bytes:
    """The JSON object `data` with members set and dropped; the values of all others keep their bytes."""
    found: dict[str, Any] = dict(members(data))
    for name in drop:
        found.pop(name, None)
    found.update(changes)
    return codec.encode(found)


def request_params(
    params: Mapping[str, Any], *, client_info: Mapping[str, str], meta: Mapping[str, Any] | None = None
) -> bytes:
    """Params of a modern request of our own, with its `_meta` complete."""
    return codec.encode(
        {
            **params,
            "_meta": {
                PROTOCOL_VERSION: "2026-07-28",
                CLIENT_INFO: client_info,
                CLIENT_CAPABILITIES: {},
                **(meta or {}),
            },
        }
    )
