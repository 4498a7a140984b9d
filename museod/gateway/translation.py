"""Errors between children and callers: which number means what in which revision."""

from __future__ import annotations

from museod.errors import CallError, MethodNotFound, RpcFailed
from museod.gateway.client import Client
from museod.wire.messages import INTERNAL_ERROR, INVALID_PARAMS, MISSING_CLIENT_CAPABILITY

LEGACY_NOT_FOUND = -32002  # a missing resource before 2026-07-28
MAX_URI_SHOWN = 2_048


def no_method(method: str) -> MethodNotFound:
    """The refusal of a method that is not there."""
    return MethodNotFound(f"There is no method {method[:100]!r} here.")


def not_found(uri: str, client: Client) -> RpcFailed:
    """The refusal of a resource that nobody has."""
    code = INVALID_PARAMS if client.is_modern else LEGACY_NOT_FOUND
    return RpcFailed(
        code, "There is no such resource; resources/list shows them.", {"uri": uri[:MAX_URI_SHOWN]}
    )


def translated(error: RpcFailed, client: Client, *, uri: str | None = None) -> CallError:
    """A child's JSON-RPC error for our caller: numbers that its revision forbids become others."""
    code, payload = error.code, error.payload
    if client.is_modern and isinstance(payload, dict) and "requiredCapabilities" in payload:
        return RpcFailed(
            MISSING_CLIENT_CAPABILITY, error.message, payload
        )  # whatever number its era has for it
    if uri is not None and code in (LEGACY_NOT_FOUND, INVALID_PARAMS):
        wanted = INVALID_PARAMS if client.is_modern else LEGACY_NOT_FOUND
        return RpcFailed(
            wanted, error.message, payload if payload is not None else {"uri": uri[:MAX_URI_SHOWN]}
        )
    if code == LEGACY_NOT_FOUND:
        return RpcFailed(INVALID_PARAMS, error.message, payload)
    if -32099 <= code <= -32020:
        # Numbers of the current revision: known ones pass to those who know them.
        if client.is_modern and code in (-32020, -32021, -32022):
            return error
        return RpcFailed(INVALID_PARAMS if code == -32021 else INTERNAL_ERROR, error.message, payload)
    if client.is_modern and -32019 <= code <= -32000:
        return RpcFailed(INTERNAL_ERROR, error.message, payload)
    if not -(2**31) <= code < 2**31:
        return RpcFailed(INTERNAL_ERROR, error.message, payload)
    return error
