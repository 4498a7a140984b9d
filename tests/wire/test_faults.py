"""A `CallError` as a JSON-RPC error."""

from __future__ import annotations

import pytest

from museod.errors import (
    ApiFailed,
    CallError,
    ChildLost,
    Forbidden,
    InternalError,
    InvalidParams,
    MethodNotFound,
    ParseFailed,
    RateLimited,
    RpcFailed,
    ToolNotFound,
    Unauthenticated,
)
from museod.observe.context import bound
from museod.wire.faults import rpc_error


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (ParseFailed("m"), -32700, "parse_error"),
        (MethodNotFound("m"), -32601, "method_not_found"),
        (InvalidParams("m"), -32602, "invalid_params"),
        (ToolNotFound("m"), -32602, "invalid_params"),
        (InternalError("m"), -32603, "internal_error"),
        (ChildLost("m"), -31000, "mcp_not_available"),
        (ApiFailed("m"), -31001, "api_error"),
        (Unauthenticated("m"), -31002, "authentication_error"),
        (Forbidden("m"), -31002, "authentication_error"),
        (RateLimited("m", retry_after=1.5), -31003, "rate_limit_error"),
    ],
)
def test_the_number_of_each_kind_on_an_mcp_face(error: CallError, code: int, kind: str) -> None:
    found, message, data = rpc_error(error)
    assert (found, message) == (code, "m")
    assert isinstance(data, dict)
    assert data["kind"] == kind
    assert data.get("retryAfterMs") == (1500 if isinstance(error, RateLimited) else None)


def test_the_errors_own_data_and_the_correlation_id_are_there() -> None:
    with bound(correlation="c-12345678"):
        _, _, data = rpc_error(InvalidParams("m", data={"field": "n"}))
    assert data == {"kind": "invalid_params", "field": "n", "correlationId": "c-12345678"}


def test_the_other_sides_error_passes_as_it_came() -> None:
    assert rpc_error(RpcFailed(-32050, "theirs", [1])) == (-32050, "theirs", [1])
