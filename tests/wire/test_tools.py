"""Tools and tool results."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec import UNSET, Raw

from museod.errors import CallTimeout, InvalidArguments, RateLimited
from museod.wire.tools import CallParams, ListedTool, decode_tool_result, failed_result


def listed(**members: Any) -> ListedTool:
    return ListedTool.decode(Raw(json.dumps({"name": "t", "inputSchema": {}, **members}).encode()))


def test_a_listed_tool_keeps_all_its_bytes() -> None:
    raw = Raw(b'{"name":"t","inputSchema":{ "$defs" : {} },"x-own":[1.0],"annotations":{"x":1}}')
    tool = ListedTool.decode(raw)
    assert tool.raw is raw
    assert bytes(tool.tool.input_schema) == b'{ "$defs" : {} }'


@pytest.mark.parametrize(
    "members",
    [
        {"name": 5, "inputSchema": {}},
        {"inputSchema": {}},
        {"name": "t"},
        {"name": "t", "inputSchema": {}, "annotations": []},
        {"name": "t", "inputSchema": {}, "annotations": {"readOnlyHint": "yes"}},
        {"name": "t", "inputSchema": {}, "description": 1},
        [],
    ],
)
def test_what_is_no_tool_is_refused(members: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        ListedTool.decode(Raw(json.dumps(members).encode()))


@pytest.mark.parametrize(
    ("annotations", "may_be_retried", "is_read_only"),
    [
        (None, False, False),
        ({}, False, False),
        ({"readOnlyHint": True}, True, True),
        ({"idempotentHint": True}, True, False),
        ({"destructiveHint": False}, False, False),
    ],
)
def test_what_the_hints_allow(
    annotations: dict[str, Any] | None, may_be_retried: bool, is_read_only: bool
) -> None:
    tool = listed(**({} if annotations is None else {"annotations": annotations})).tool
    assert (tool.may_be_retried, tool.is_read_only) == (may_be_retried, is_read_only)


def test_call_params_without_arguments_have_an_empty_object() -> None:
    params = msgspec.json.decode(b'{"name":"t","task":{}}', type=CallParams)
    assert bytes(params.arguments) == b"{}"
    assert params.meta is UNSET


def test_a_results_text_is_its_text_blocks() -> None:
    result = decode_tool_result(
        b'{"content":[{"type":"text","text":"a"},{"type":"image","data":""},{"type":"text","text":"b"}],'
        b'"structuredContent":{"n":1},"isError":true,"_meta":{"k":1},"resultType":"complete"}'
    )
    assert (result.text, result.structured_content, result.is_error) == ("a\nb", {"n": 1}, True)
    assert result.meta == {"k": 1}
    assert decode_tool_result(b"{}").text == ""


@pytest.mark.parametrize("raw", [b"[]", b'{"content":5}', b'{"content":["x"]}', b'{"isError":1}'])
def test_what_is_no_result_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_tool_result(raw)


@pytest.mark.parametrize(
    ("error", "structured"),
    [
        (
            InvalidArguments("n: too small", data={"tool": "t"}),
            {"kind": "invalid_params", "code": -32602, "tool": "t"},
        ),
        (
            CallTimeout("late", retry_after=0.5),
            {"kind": "mcp_not_available", "code": -32000, "retryAfterMs": 500},
        ),
        (
            RateLimited("slow down", retry_after=0.0001),
            {"kind": "rate_limit_error", "code": -32003, "retryAfterMs": 1},
        ),
    ],
)
def test_an_error_as_a_result_that_a_model_can_read(error: Any, structured: dict[str, Any]) -> None:
    plain = json.loads(failed_result(error, correlation_id="c-1"))
    assert plain == {
        "content": [{"type": "text", "text": error.message}],
        "structuredContent": {**structured, "correlationId": "c-1"},
        "isError": True,
    }
    assert "correlationId" not in json.loads(failed_result(error))["structuredContent"]
