"""How a `CallError` looks as a JSON-RPC error on an MCP face."""

from __future__ import annotations

from museod.errors import CallError, RpcFailed
from museod.observe.context import correlation_id


def rpc_error(error: CallError) -> tuple[int, str, object]:
    """Code, message and data; `data.kind` is the same word on every face, and the correlation id is there."""
    if isinstance(error, RpcFailed):
        return error.code, error.message, error.payload
    data: dict[str, object] = {"kind": error.kind.value, **error.data}
    if error.retry_after_ms is not None:
        data["retryAfterMs"] = error.retry_after_ms
    if correlation_id.get():
        data["correlationId"] = correlation_id.get()
    return error.codes.mcp, error.message, data
