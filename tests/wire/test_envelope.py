"""The modern envelope."""

from __future__ import annotations

import json

import pytest
from msgspec import UNSET, Raw

from museod.wire import envelope
from museod.wire.messages import INVALID_PARAMS, Malformed

VERSION = '"io.modelcontextprotocol/protocolVersion":"2026-07-28"'
CAPABILITIES = '"io.modelcontextprotocol/clientCapabilities":{}'


def params(meta: str) -> bytes:
    return f'{{"name":"x","_meta":{meta}}}'.encode()


@pytest.mark.parametrize("data", [b"", b"{}", b'{"name":"x"}', Raw(b"")])
def test_without_meta_nothing_is_stated(data: bytes) -> None:
    assert envelope.read_meta(data) is envelope.NO_META
    assert not envelope.NO_META.is_modern


def test_the_members_that_count_are_read_and_others_ignored() -> None:
    meta = envelope.read_meta(
        params(f'{{{VERSION},{CAPABILITIES},"progressToken":7,"traceparent":"00-x","com.example/a":[1]}}')
    )
    assert meta.is_modern
    assert (meta.protocol_version, meta.client_capabilities) == ("2026-07-28", {})
    assert (meta.progress_token, meta.traceparent, meta.client_info) == (7, "00-x", UNSET)


@pytest.mark.parametrize(
    ("meta", "missing"),
    [
        ("{}", [envelope.PROTOCOL_VERSION, envelope.CLIENT_CAPABILITIES]),
        (f"{{{VERSION}}}", [envelope.CLIENT_CAPABILITIES]),
        (f"{{{CAPABILITIES}}}", [envelope.PROTOCOL_VERSION]),
        (f"{{{VERSION},{CAPABILITIES}}}", []),
    ],
)
def test_the_two_keys_of_every_modern_request(meta: str, missing: list[str]) -> None:
    assert envelope.missing_keys(envelope.read_meta(params(meta))) == missing


@pytest.mark.parametrize(
    "meta",
    [
        "null",
        "[]",
        '"x"',
        '{"io.modelcontextprotocol/protocolVersion":1}',
        '{"io.modelcontextprotocol/clientCapabilities":[]}',
        '{"io.modelcontextprotocol/clientInfo":"me"}',
        '{"progressToken":1.5}',
        '{"progressToken":true}',
        '{"progressToken":null}',
        '{"progressToken":"' + "x" * 257 + '"}',
        '{"traceparent":1}',
    ],
)
def test_members_of_a_wrong_type_are_invalid_params(meta: str) -> None:
    with pytest.raises(Malformed) as caught:
        envelope.read_meta(params(meta))
    assert caught.value.code == INVALID_PARAMS


@pytest.mark.parametrize("token", ['"' + "x" * 256 + '"', "0", "-1", "123456789012345678901234567890"])
def test_progress_tokens_that_clients_may_use(token: str) -> None:
    assert envelope.read_meta(params(f'{{"progressToken":{token}}}')).progress_token == json.loads(token)


def test_the_members_of_an_object_keep_their_bytes() -> None:
    data = b'{ "a" : [1,  2], "b":{"c":1.0} }'
    assert {name: bytes(raw) for name, raw in envelope.members(data).items()} == {
        "a": b"[1,  2]",
        "b": b'{"c":1.0}',
    }
    assert envelope.members(b"") == {}
    changed = envelope.with_members(data, {"b": 2, "d": Raw(b"{ }")}, drop=("a", "absent"))
    assert changed == b'{"b":2,"d":{ }}'


def test_our_own_requests_carry_a_whole_envelope() -> None:
    data = envelope.request_params(
        {"cursor": "x"}, client_info={"name": "museod", "version": "1"}, meta={"k": 1}
    )
    meta = envelope.read_meta(data)
    assert envelope.missing_keys(meta) == []
    assert json.loads(data)["cursor"] == "x"
    assert json.loads(data)["_meta"]["k"] == 1
