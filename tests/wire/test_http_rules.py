"""The rules of Streamable HTTP."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from museod.transports.http_head import Headers
from museod.wire import envelope, http_rules
from museod.wire.http_rules import RuleBroken
from museod.wire.messages import Request

VERSION, METHOD, NAME = "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"
MODERN = "2026-07-28"
META = {envelope.PROTOCOL_VERSION: MODERN, envelope.CLIENT_CAPABILITIES: {}}


def request(method: str = "tools/list", *, meta: dict[str, Any] | None = None, **params: Any) -> Request:
    body = {**params, "_meta": META if meta is None else meta}
    return Request(1, method, Raw(json.dumps(body).encode()))


def check(request: Request, *headers: tuple[str, str]) -> RuleBroken | None:
    try:
        http_rules.check_modern(Headers(headers), request, envelope.read_meta(request.params))
    except RuleBroken as error:
        return error
    return None


LIST = request()
CALL = request("tools/call", name="shop/search", arguments={})
FUTURE = {**META, envelope.PROTOCOL_VERSION: "2027-01-01"}


@pytest.mark.parametrize(
    ("message", "headers"),
    [
        (LIST, [(VERSION, MODERN), (METHOD, "tools/list")]),
        (LIST, [(VERSION.lower(), MODERN), (METHOD.upper(), "tools/list"), (NAME, "ignored here")]),
        (CALL, [(VERSION, MODERN), (METHOD, "tools/call"), (NAME, "shop/search")]),
        (CALL, [(VERSION, MODERN), (METHOD, "tools/call"), (NAME, "=?base64?c2hvcC9zZWFyY2g=?=")]),
        (request("prompts/get", name="p"), [(VERSION, MODERN), (METHOD, "prompts/get"), (NAME, "p")]),
        (
            request("resources/read", uri="a:b"),
            [(VERSION, MODERN), (METHOD, "resources/read"), (NAME, "a:b")],
        ),
    ],
)
def test_headers_that_say_what_the_body_says_pass(message: Request, headers: list[tuple[str, str]]) -> None:
    assert check(message, *headers) is None


@pytest.mark.parametrize(
    ("message", "headers", "code"),
    [
        (request(meta={}), [(VERSION, MODERN), (METHOD, "tools/list")], -32602),
        (request(meta={envelope.PROTOCOL_VERSION: MODERN}), [], -32602),
        (LIST, [(METHOD, "tools/list")], -32020),
        (LIST, [(VERSION, "2025-11-25"), (METHOD, "tools/list")], -32020),
        (LIST, [(VERSION, MODERN), (VERSION, MODERN), (METHOD, "tools/list")], -32020),
        (LIST, [(VERSION, MODERN)], -32020),
        (LIST, [(VERSION, MODERN), (METHOD, "Tools/List")], -32020),
        (LIST, [(VERSION, MODERN), (METHOD, "tools/list"), (METHOD, "tools/list")], -32020),
        (CALL, [(VERSION, MODERN), (METHOD, "tools/call")], -32020),
        (CALL, [(VERSION, MODERN), (METHOD, "tools/call"), (NAME, "other")], -32020),
        (CALL, [(VERSION, MODERN), (METHOD, "tools/call"), (NAME, "=?base64?c2hvcC9zZWFyY2g?=")], -32020),
        (request("tools/call"), [(VERSION, MODERN), (METHOD, "tools/call"), (NAME, "x")], -32602),
        (request("tools/call", name=5), [(VERSION, MODERN), (METHOD, "tools/call"), (NAME, "5")], -32602),
        (request(meta=FUTURE), [(VERSION, MODERN), (METHOD, "tools/list")], -32020),
        (request(meta=FUTURE), [(VERSION, "2027-01-01"), (METHOD, "tools/list")], -32022),
        (request("no/such", meta=FUTURE), [(VERSION, "2027-01-01"), (METHOD, "no/such")], -32022),
    ],
)
def test_the_first_rule_that_does_not_hold_decides(
    message: Request, headers: list[tuple[str, str]], code: int
) -> None:
    broken = check(message, *headers)
    assert broken is not None
    assert broken.code == code
    assert broken.message


def test_an_unsupported_version_is_told_what_is_supported_and_what_it_asked_for() -> None:
    fault = http_rules.unsupported_version("2027-01-01")
    assert fault.data == {"supported": [MODERN], "requested": "2027-01-01"}
    assert http_rules.unsupported_version("x" * 1000).data == {"supported": [MODERN], "requested": "x" * 40}


@pytest.mark.parametrize(
    ("version", "meta", "is_modern"),
    [
        ([], {}, False),
        (["2025-11-25"], {}, False),
        (["2024-11-05"], {}, False),
        ([MODERN], {}, True),
        (["1900-01-01"], {}, True),
        ([""], {}, True),
        (["2025-11-25", MODERN], {}, True),
        ([], META, True),
        (["2025-11-25"], META, True),
    ],
)
def test_which_ladder_a_post_goes_through(version: list[str], meta: dict[str, Any], is_modern: bool) -> None:
    assert http_rules.is_modern(version, envelope.read_meta(request(meta=meta).params)) is is_modern


@pytest.mark.parametrize(
    ("accept", "both"),
    [
        (["application/json, text/event-stream"], True),
        (["text/event-stream", "application/json;q=0.9"], True),
        (["*/*"], True),
        (["application/*, text/*"], True),
        (["APPLICATION/JSON,TEXT/EVENT-STREAM"], True),
        (["application/json"], False),
        (["text/event-stream"], False),
        (["text/html"], False),
        ([""], False),
        ([], False),
    ],
)
def test_accept_must_list_json_and_events(accept: list[str], both: bool) -> None:
    assert http_rules.accepts_both(accept) is both


@pytest.mark.parametrize(
    ("content_type", "is_json"),
    [
        (["application/json"], True),
        (["Application/JSON; charset=UTF-8"], True),
        (['application/json;charset="utf-8"'], True),
        (["application/json; charset=latin-1"], False),
        (["application/json; charset=utf-16"], False),
        (["text/plain"], False),
        (["application/jsonx"], False),
        (["application/json", "application/json"], False),
        ([], False),
    ],
)
def test_the_body_must_be_declared_as_json_in_utf_8(content_type: list[str], is_json: bool) -> None:
    assert http_rules.is_json(content_type) is is_json


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (-32700, 400),
        (-32600, 400),
        (-32601, 404),
        (-32602, 400),
        (-32603, 500),
        (-32020, 400),
        (-32021, 400),
        (-32022, 400),
        (12345, 400),
    ],
)
def test_the_status_of_each_error(code: int, status: int) -> None:
    assert http_rules.status_of(code) == status


@given(st.text())
def test_any_text_survives_the_sentinel(text: str) -> None:
    encoded = base64.b64encode(text.encode()).decode()
    assert http_rules.decode_header_value(f"=?base64?{encoded}?=") == text


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_what_does_not_carry_the_whole_sentinel_is_itself(text: str) -> None:
    for value in (text, "=?base64?" + text + "?", "x" + text + "?=", "=?BASE64?" + text + "?="):
        if not (value.startswith("=?base64?") and value.endswith("?=")):
            assert http_rules.decode_header_value(value) == value


@given(st.text(alphabet="AZaz09+/=-_ ?", max_size=12))
def test_behind_the_sentinel_only_canonical_base64_of_utf_8_passes(content: str) -> None:
    try:
        decoded = http_rules.decode_header_value(f"=?base64?{content}?=")
    except RuleBroken as error:
        broken = error
    else:
        assert base64.b64encode(decoded.encode()).decode() == content
        return
    assert broken.code == -32020


@pytest.mark.parametrize("content", ["YQ", "YQ=", "YR==", "YQ===", "Y Q==", "YQ==\n", "_-8=", "/w==", "ü"])
def test_sloppy_base64_is_refused(content: str) -> None:
    with pytest.raises(RuleBroken):
        http_rules.decode_header_value(f"=?base64?{content}?=")
