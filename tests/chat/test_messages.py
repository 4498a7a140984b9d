"""Frames: what is one, what is refused and under which name, and that no input does anything else."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.chat.failures import invalid_frame
from museod.chat.messages import (
    CancelFrame,
    ErrorFrame,
    ErrorMetadata,
    EventFrame,
    FeedbackFrame,
    FrameInvalid,
    HandoverFrame,
    MessageFrame,
    PingFrame,
    PongFrame,
    ResponseFrame,
    ResponseMetadata,
    clean_text,
    encode_frame,
    is_locale,
    parse_frame,
)
from museod.errors import Kind

FRAME: dict[str, Any] = {
    "type": "message",
    "userId": "user123",
    "message": "Do you have iPhone 15?",
    "clientType": "web-storefront",
    "locale": "en",
}


def parse(**changes: Any) -> Any:
    frame = {name: value for name, value in {**FRAME, **changes}.items() if value is not ...}
    return parse_frame(json.dumps(frame).encode())


def refusal(data: bytes) -> FrameInvalid:
    with pytest.raises(FrameInvalid) as raised:
        parse_frame(data)
    return raised.value


def test_the_design_documents_own_frame_is_a_message() -> None:
    frame = parse()
    assert isinstance(frame, MessageFrame)
    assert (frame.user_id, frame.client_type, frame.frame_id) == ("user123", "web-storefront", "")


def test_an_object_without_type_that_has_a_message_is_one() -> None:
    frame = parse(type=..., clientType="web-admin", metadata={"timestamp": "2026-01-01T00:00:00Z"})
    assert isinstance(frame, MessageFrame)
    assert frame.metadata == {"timestamp": "2026-01-01T00:00:00Z"}


def test_members_that_nobody_knows_are_ignored() -> None:
    assert parse(colour="red", nested={"a": [1]}).message == FRAME["message"]


@pytest.mark.parametrize(
    ("data", "frame"),
    [
        (b'{"type":"cancel","id":"m1"}', CancelFrame("m1")),
        (b'{"type":"feedback","id":"m1","correct":false}', FeedbackFrame("m1", correct=False)),
        (b'{"type":"ping"}', PingFrame()),
        (b'{"type":"handover","userId":"bob","action":"say","text":"Hi"}', HandoverFrame("bob", "say", "Hi")),
    ],
)
def test_the_other_frames_are_read(data: bytes, frame: object) -> None:
    assert parse_frame(data) == frame


@pytest.mark.parametrize(
    ("changes", "fault", "field"),
    [
        ({"userId": ...}, "missing", "userId"),
        ({"message": ...}, "missing", "message"),
        ({"clientType": ...}, "missing", "clientType"),
        ({"locale": ...}, "missing", "locale"),
        ({"userId": 7}, "wrong", "userId"),
        ({"userId": "two words"}, "wrong", "userId"),
        ({"userId": "x" * 101}, "wrong", "userId"),
        ({"userId": "../../etc/passwd"}, "wrong", "userId"),
        ({"userId": "a\n"}, "wrong", "userId"),
        ({"message": ""}, "wrong", "message"),
        ({"message": " \u202e\u0000\n "}, "wrong", "message"),
        ({"message": "x" * 4001}, "wrong", "message"),
        ({"message": "x" * 20_000}, "wrong", "message"),
        ({"message": ["x"]}, "wrong", "message"),
        ({"clientType": "fax"}, "wrong", "clientType"),
        ({"locale": "english please"}, "wrong", "locale"),
        ({"locale": "en-" + "a" * 40}, "wrong", "locale"),
        ({"id": 5}, "wrong", "id"),
        ({"id": ""}, "wrong", "id"),
        ({"id": "x" * 129}, "wrong", "id"),
        ({"conversationId": None}, "wrong", "conversationId"),
        ({"stream": "yes"}, "wrong", "stream"),
        ({"metadata": []}, "wrong", "metadata"),
        ({"attachments": [{"uploadId": "u"}]}, "missing", "name"),
        ({"attachments": [{"uploadId": "u", "name": "n"}] * 11}, "wrong", "attachments"),
    ],
)
def test_a_member_that_does_not_fit_is_named(changes: dict[str, Any], fault: str, field: str) -> None:
    with pytest.raises(FrameInvalid) as raised:
        parse(**changes)
    assert (raised.value.kind, raised.value.fault) == (Kind.INVALID_PARAMS, fault)
    assert raised.value.variables["field"] == field


@pytest.mark.parametrize(
    ("data", "kind", "fault"),
    [
        (b"", Kind.PARSE_ERROR, "not-json"),
        (b"hello", Kind.PARSE_ERROR, "not-json"),
        (b'{"type":"ping"', Kind.PARSE_ERROR, "not-json"),
        (b'{"type":"ping","x":NaN}', Kind.PARSE_ERROR, "not-json"),
        (b'{"type":"ping\xff"}', Kind.PARSE_ERROR, "not-json"),
        (b"[" * 70 + b"]" * 70, Kind.PARSE_ERROR, "too-deep"),
        (b"[]", Kind.INVALID_REQUEST, "not-an-object"),
        (b"7", Kind.INVALID_REQUEST, "not-an-object"),
        (b"{}", Kind.INVALID_REQUEST, "no-type"),
        (b'{"type":"ping","type":"ping"}', Kind.INVALID_REQUEST, "duplicate-member"),
        (b'{"type":"shout"}', Kind.METHOD_NOT_FOUND, "unknown-type"),
        (b'{"type":7}', Kind.METHOD_NOT_FOUND, "unknown-type"),
        (b'{"type":["ping"]}', Kind.METHOD_NOT_FOUND, "unknown-type"),
        (b'{"type":"cancel"}', Kind.INVALID_PARAMS, "missing"),
        (b'{"type":"handover","userId":"a b","action":"take"}', Kind.INVALID_PARAMS, "wrong"),
    ],
)
def test_what_is_no_frame_is_refused_by_its_fault(data: bytes, kind: Kind, fault: str) -> None:
    error = refusal(data)
    assert (error.kind, error.fault) == (kind, fault)


def test_a_refusal_keeps_the_id_and_the_language_that_could_be_read() -> None:
    error = refusal(b'{"type":"message","id":"m1","locale":"de"}')
    frame = invalid_frame(error, locale="en", correlation_id="c")
    assert (frame.id, frame.code) == ("m1", -32602)
    assert "Das Feld „userId“ fehlt." in frame.message


def test_text_is_composed_and_freed_of_marks_that_reorder_it() -> None:
    assert clean_text("  Cafe\u0301\r\n\u202etxt\x07\tok ") == "Caf\u00e9\ntxt\tok"
    assert clean_text("👩\u200d👧") == "👩\u200d👧"


@pytest.mark.parametrize(
    ("tag", "fits"),
    [("en", True), ("pt-BR", True), ("de_DE", True), ("zh-Hant-TW", True), ("e", False), ("en--x", False)],
)
def test_locales_have_the_shape_of_a_tag(tag: str, fits: bool) -> None:
    assert is_locale(tag) is fits


def test_a_locale_with_an_underscore_is_spelled_as_a_tag() -> None:
    assert parse(locale="de_AT").locale == "de-AT"


def test_server_frames_have_the_contracts_names_and_nothing_unset() -> None:
    metadata = ResponseMetadata(
        intent="greeting",
        confidence=1.0,
        method="pattern",
        tools=[],
        correlation_id="c",
        conversation_id="k",
        turn_id="t",
        locale="en",
        latency_ms=3,
    )
    response = json.loads(encode_frame(ResponseFrame("m1", "Hello", metadata)))
    assert set(response) == {"type", "id", "message", "metadata"}
    assert set(response["metadata"]) == {
        "intent", "confidence", "method", "tools", "correlationId", "conversationId", "turnId", "locale",
        "latencyMs",
    }  # fmt: skip
    error = ErrorFrame("m1", -32000, "Later", ErrorMetadata("mcp_not_available", "c"), 500)
    assert json.loads(encode_frame(error)) == {
        "type": "error",
        "id": "m1",
        "code": -32000,
        "message": "Later",
        "retryAfterMs": 500,
        "metadata": {"kind": "mcp_not_available", "correlationId": "c"},
    }
    assert json.loads(encode_frame(PongFrame())) == {"type": "pong"}
    event = EventFrame("token_expiring", {"inSeconds": 60, "type": "forged"})
    assert json.loads(encode_frame(event)) == {"type": "event", "kind": "token_expiring", "inSeconds": 60}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = st.sampled_from([*FRAME, "id", "conversationId", "attachments", "stream", "metadata", "action"])
TYPES = st.sampled_from(["message", "cancel", "feedback", "ping", "handover"])


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_the_frame_error(data: bytes) -> None:
    _parse_or_word(data)


@given(TYPES | JSON, st.dictionaries(MEMBERS, JSON, max_size=6))
def test_no_json_raises_anything_but_the_frame_error(type: Any, members: dict[str, Any]) -> None:
    _parse_or_word(msgspec.json.encode({**FRAME, **members, "type": type}))


def _parse_or_word(data: bytes) -> None:
    """Every refusal can be worded, and is."""
    fault = None
    try:
        parse_frame(data)
    except FrameInvalid as error:
        fault = error
    assert fault is None or invalid_frame(fault, locale="en", correlation_id="c").message
