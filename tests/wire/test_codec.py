"""The codec: every input is a message or `Malformed`, and the ceilings agree with naive readers."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from museod.wire import codec
from museod.wire.messages import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    Malformed,
    Message,
    Notification,
    Request,
    Response,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)
BRACKETS = st.lists(st.sampled_from('[]{}":,\\a1 '), max_size=60).map("".join)


def decoded(data: bytes, *, strict: bool = True) -> Message | Malformed:
    try:
        return codec.decode_message(data, strict=strict)
    except Malformed as error:
        return error


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


def names_a_member_twice(value: Any) -> bool:
    """The naive reader: objects are lists of pairs."""
    if isinstance(value, Pairs):
        names = [name for name, _ in value.pairs]
        return len(set(names)) < len(names) or any(names_a_member_twice(inner) for _, inner in value.pairs)
    return isinstance(value, list) and any(map(names_a_member_twice, value))


class Pairs:
    """An object of which every member is kept."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs

    def text(self) -> str:
        return "{" + ",".join(f"{json.dumps(name)}:{_text(value)}" for name, value in self.pairs) + "}"


def _text(value: Any) -> str:
    if isinstance(value, Pairs):
        return value.text()
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value)


WITH_DUPLICATES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(st.sampled_from(["a", "b", "ü", '"', "c"]), inner), max_size=3).map(Pairs)
    ),
    max_leaves=15,
)


def nested(pattern: str, depth: int) -> bytes:
    """JSON of `depth` levels, array or object in turn as `pattern` says."""
    opening = {"[": "[", "{": '{"a":'}
    closing = {"[": "]", "{": "}"}
    kinds = [pattern[level % len(pattern)] for level in range(depth)]
    return ("".join(opening[k] for k in kinds) + "1" + "".join(closing[k] for k in reversed(kinds))).encode()


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
@example(b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\xff"}}')
@example(b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"\xff":1}}')
@example(b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\\ud800"}}')
@example(b'{"jsonrpc":"2.0","id":' + b"1" * 5000 + b',"method":"x"}')
def test_any_bytes_are_a_message_or_malformed(data: bytes) -> None:
    for strict in (True, False):
        message = decoded(data, strict=strict)
        if isinstance(message, Malformed):
            assert message.code in (PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS)
            assert message.message


MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.sampled_from(["2.0", "1.0", 2, None]),
        "id": JSON,
        "method": st.text(max_size=4) | JSON,
        "params": JSON,
        "result": JSON,
        "error": st.just({"code": 1, "message": "m"}) | JSON,
    },
)


@given(MEMBERS)
def test_any_object_is_a_message_as_the_rules_say_or_malformed_with_its_own_id(
    members: dict[str, Any],
) -> None:
    data = json.dumps(members).encode()
    id = members.get("id")
    message = decoded(data)
    if isinstance(message, Malformed):
        assert message.id is None or (type(message.id) is type(id) and message.id == id)
        return
    assert members["jsonrpc"] == "2.0"
    if isinstance(message, Request):
        assert message.id == id
        assert type(message.id) in (int, str)
    if isinstance(message, Request | Notification):
        assert message.method == members["method"]
        assert "result" not in members
        assert isinstance(members.get("params", {}), dict)
        assert not message.params or json.loads(bytes(message.params)) == members["params"]
    if isinstance(message, Response):
        assert "method" not in members
        assert (message.result is None) != (message.error is None)


@pytest.mark.parametrize("pattern", ["[", "{", "[{", "{[", "[[{", "{{[{["])
@pytest.mark.parametrize("limit", [1, 5, codec.MAX_DEPTH])
def test_one_level_more_than_allowed_is_too_deep_whatever_nests(pattern: str, limit: int) -> None:
    fits, deeper = nested(pattern, limit), nested(pattern, limit + 1)
    assert not codec.is_too_deep(fits, limit)
    assert codec.is_too_deep(deeper, limit)
    padding = b"[" + b"[]," * 200 + fits + b"]"
    assert codec.is_too_deep(padding, limit)


@given(JSON, st.integers(min_value=0, max_value=6))
def test_depth_agrees_with_a_naive_reader(value: Any, limit: int) -> None:
    for data in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert codec.is_too_deep(data.encode(), limit) == (depth_of(value) > limit)


@given(BRACKETS, st.integers(min_value=0, max_value=4))
def test_depth_agrees_with_a_naive_reader_on_what_merely_looks_like_json(text: str, limit: int) -> None:
    try:
        value = json.loads(text)
    except ValueError:
        codec.is_too_deep(text.encode(), limit)
        return
    assert codec.is_too_deep(text.encode(), limit) == (depth_of(value) > limit)


def test_a_string_without_end_is_scanned_once() -> None:
    # Quadratic before: seconds for 40 KB. A step count cannot be seen, a test that hangs can.
    data = b"[" * (codec.MAX_DEPTH + 1) + b'"' + b'\\"' * 1_000_000
    assert codec.is_too_deep(data)


@given(WITH_DUPLICATES)
def test_duplicates_agree_with_a_naive_reader(value: Any) -> None:
    assert codec.has_duplicate_keys(_text(value).encode()) == names_a_member_twice(value)


@pytest.mark.parametrize(
    "params",
    [b'{"a":1,"a":2}', b'{"x":[{"a":1},{"a":1,"\\u0061":2}]}', b'{"x":{"y":{"z":0,"z":0}}}'],
)
def test_a_member_named_twice_is_refused_from_clients_and_left_to_the_reader_from_children(
    params: bytes,
) -> None:
    data = b'{"jsonrpc":"2.0","id":1,"method":"x","params":' + params + b"}"
    with pytest.raises(Malformed, match="twice") as caught:
        codec.decode_message(data)
    assert (caught.value.code, caught.value.id) == (INVALID_REQUEST, 1)
    assert codec.decode_message(data, strict=False) == Request(1, "x", msgspec.Raw(params))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"x"}', Request(1, "x", codec.EMPTY)),
        (b' \n{"method":"x","id":"","jsonrpc":"2.0"}\r\n', Request("", "x", codec.EMPTY)),
        (b'{"jsonrpc":"2.0","method":"x","params":{ }}', Notification("x", msgspec.Raw(b"{ }"))),
        (b'{"jsonrpc":"2.0","id":1,"result":null}', Response(1, result=msgspec.Raw(b"null"))),
        (b'{"jsonrpc":"2.0","id":1,"result":1,"error":null}', Response(1, result=msgspec.Raw(b"1"))),
        (b'{"jsonrpc":"2.0","id":9007199254740992,"method":"x"}', Request(2**53, "x", codec.EMPTY)),
        (b'{"jsonrpc":"2.0","id":1,"method":"x","more":[1]}', Request(1, "x", codec.EMPTY)),
    ],
)
def test_good_messages(data: bytes, message: object) -> None:
    assert codec.decode_message(data) == message


@pytest.mark.parametrize(
    ("data", "code", "id", "is_response"),
    [
        (b"", PARSE_ERROR, None, False),
        (b"{", PARSE_ERROR, None, False),
        (b"nul", PARSE_ERROR, None, False),
        (b'{"jsonrpc":"2.0","id":1,"method":"x"}{', PARSE_ERROR, None, False),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"x"}', PARSE_ERROR, None, False),
        (b"null", INVALID_REQUEST, None, False),
        (b"[]", INVALID_REQUEST, None, False),
        (b' [{"jsonrpc":"2.0","id":1,"method":"x"}]', INVALID_REQUEST, None, False),
        (b'{"jsonrpc":"2.0","id":1}', INVALID_REQUEST, 1, False),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', INVALID_REQUEST, 1, False),
        (b'{"jsonrpc":"2.0","id":1.0,"method":"x"}', INVALID_REQUEST, None, False),
        (b'{"jsonrpc":"2.0","id":true,"method":"x"}', INVALID_REQUEST, None, False),
        (b'{"jsonrpc":"2.0","id":null,"method":"x"}', INVALID_REQUEST, None, False),
        (b'{"jsonrpc":"2.0","id":9007199254740993,"method":"x"}', INVALID_REQUEST, None, False),
        (b'{"jsonrpc":"2.0","id":"' + b"x" * 1025 + b'","method":"x"}', INVALID_REQUEST, None, False),
        (b'{"jsonrpc":"2.0","id":3,"method":"x","params":[]}', INVALID_PARAMS, 3, False),
        (b'{"jsonrpc":"2.0","id":3,"method":"x","params":null}', INVALID_PARAMS, 3, False),
        (b'{"jsonrpc":"2.0","id":3,"method":"x","result":1}', INVALID_REQUEST, 3, False),
        (b'{"jsonrpc":"2.0","id":3,"error":"boom"}', INVALID_REQUEST, 3, True),
        (b'{"jsonrpc":"2.0","id":3,"error":{"code":"1","message":"m"}}', INVALID_REQUEST, 3, True),
        (b'{"jsonrpc":"2.0","id":3,"result":1,"error":{"code":1,"message":"m"}}', INVALID_REQUEST, 3, True),
    ],
)
def test_what_is_no_message_says_why_and_for_which_id(
    data: bytes, code: int, id: object, is_response: bool
) -> None:
    with pytest.raises(Malformed) as caught:
        codec.decode_message(data)
    error = caught.value
    assert (error.code, error.id, error.is_response) == (code, id, is_response)


@given(
    st.integers(min_value=-(2**53), max_value=2**53) | st.text(max_size=100),
    st.text(max_size=20),
    st.dictionaries(st.text(max_size=3), JSON, max_size=3),
)
def test_what_is_encoded_is_read_back(id: int | str, method: str, params: dict[str, Any]) -> None:
    body = msgspec.json.encode(params)
    request = codec.decode_message(codec.encode_request(id, method, body))
    assert request == Request(id, method, msgspec.Raw(body))
    notification = codec.decode_message(codec.encode_notification(method, body))
    assert notification == Notification(method, msgspec.Raw(body))
    assert codec.decode_message(codec.encode_result(id, body)) == Response(id, result=msgspec.Raw(body))
    failed = codec.decode_message(codec.encode_error(id, -32000, method, params))
    assert isinstance(failed, Response)
    assert failed.error is not None
    assert (failed.id, failed.error.code, failed.error.message) == (id, -32000, method)
    assert failed.error.payload() == msgspec.json.decode(body)


def test_params_that_are_empty_become_an_empty_object() -> None:
    assert json.loads(codec.encode_request(1, "x", b""))["params"] == {}
    assert json.loads(codec.encode_notification("x", b""))["params"] == {}


def test_an_error_for_an_unreadable_id_has_id_null_and_no_data() -> None:
    assert json.loads(codec.encode_error(None, -32700, "no")) == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": -32700, "message": "no"},
    }


def test_plain_data_that_nests_beyond_the_stack_is_a_decode_error() -> None:
    with pytest.raises(msgspec.DecodeError, match="deep"):
        codec.decode(b"[" * 100_000 + b"]" * 100_000)
