"""
JSON-RPC messages that a stranger may send, each with the answers that are right for it.

The table is about messages, not about media: it runs over HTTP, WebSocket and stdio alike (`peers`). A case
allows several answers where the specification leaves the choice. After every case a good request must still
be answered, with its own id.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

REVISION: Final = "2026-07-28"
META: Final = {
    "io.modelcontextprotocol/protocolVersion": REVISION,
    "io.modelcontextprotocol/clientInfo": {"name": "torture", "version": "0"},
    "io.modelcontextprotocol/clientCapabilities": {},
}

PARSE: Final = -32700
INVALID: Final = -32600
METHOD: Final = -32601
PARAMS: Final = -32602
HEADERS: Final = -32020
VERSION: Final = -32022
OK: Final = "ok"
TOOL_ERROR: Final = "tool error"  # a result with isError: the call was understood and refused
NOTHING: Final = "nothing"  # no answer, as for a notification
ANYTHING: Final = "anything"  # a random mutation: only survival is asked

Answer = int | str


@dataclass(frozen=True, slots=True)
class Case:
    """One message and what may come back for it."""

    name: str
    data: bytes
    allowed: frozenset[Answer]


def request(method: str = "tools/list", id: object = 1, **params: Any) -> dict[str, Any]:
    """A good modern request, to be spoiled."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": {"_meta": META, **params}}


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def classify(answer: bytes | None) -> tuple[Answer, object]:
    """
    What kind of answer this is (an error number, or one of the words above), and the id it carries.

    Raises:
        AssertionError: it is no JSON-RPC response, or shows the inside of a program.
    """
    if answer is None:
        return NOTHING, None
    assert b"Traceback" not in answer, f"a traceback leaked: {answer[:200]!r}"
    assert b'File \\"' not in answer, f"a traceback leaked: {answer[:200]!r}"
    message = json.loads(answer)
    assert isinstance(message, dict), f"no JSON-RPC: {answer[:200]!r}"
    assert message.get("jsonrpc") == "2.0", f"no JSON-RPC: {answer[:200]!r}"
    assert len({"result", "error"} & message.keys()) == 1, f"neither result nor error: {answer[:200]!r}"
    id = message.get("id")
    if "error" in message:
        code, text = message["error"].get("code"), message["error"].get("message")
        assert isinstance(code, int), f"an error without number: {answer[:200]!r}"
        assert isinstance(text, str), f"an error without text: {answer[:200]!r}"
        assert text, f"an error without text: {answer[:200]!r}"
        return code, id
    result = message["result"]
    return (TOOL_ERROR if isinstance(result, dict) and result.get("isError") else OK), id


def cases() -> list[Case]:
    """The whole table."""
    return [
        Case(name, data if isinstance(data, bytes) else encoded(data), frozenset(allowed))
        for group in (
            _unparsable,
            _strange_values,
            _shapes,
            _replies,
            _ids,
            _params,
            _methods,
            _calls,
            _metas,
        )
        for name, data, allowed in group()
    ]


Row = tuple[str, object, tuple[Answer, ...]]


def _unparsable() -> Iterator[Row]:
    good = encoded(request())
    rows: dict[str, bytes] = {
        "brace": b"{",
        "truncated": good[:-3],
        "trailing byte": good + b"x",
        "two messages": good + good,
        "single quotes": b"{'jsonrpc':'2.0'}",
        "comment": b"/*x*/" + good,
        "NaN": b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":NaN}}',
        "-Infinity": b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":-Infinity}}',
        "invalid UTF-8": b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}',
        "invalid UTF-8 in params": b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\xff"}}',
        "invalid UTF-8 in a name in params": b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"\xff":1}}',
        "raw surrogate": b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}',
        "NUL bytes": b"\0" * 20,
        "UTF-16": good.decode().encode("utf-16"),
        "100,000 open arrays": b"[" * 100_000,
        "100,000 nested arrays": b"[" * 100_000 + b"]" * 100_000,
        "50,000 nested objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        "control character": b'{"jsonrpc":"2.0","id":1,"method":"a\x01b"}',
        "leading zero": b'{"jsonrpc":"2.0","id":01,"method":"x"}',
        "hex number": b'{"jsonrpc":"2.0","id":0x1,"method":"x"}',
    }
    for name, data in rows.items():
        yield f"unparsable: {name}", data, (PARSE, INVALID)
    yield "unparsable: empty", b"", (PARSE, INVALID, NOTHING)
    yield "unparsable: spaces", b"   ", (PARSE, INVALID, NOTHING)
    yield "unparsable: byte order mark", b"\xef\xbb\xbf" + good, (PARSE, INVALID, OK)
    deep = b'{"jsonrpc":"2.0","id":1,"method":"x","params":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    yield "unparsable: deep params", deep, (PARSE, INVALID, METHOD, PARAMS)


def _strange_values() -> Iterator[Row]:
    any_fault = (PARSE, INVALID, METHOD, PARAMS)
    head = b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":'
    yield "value: lone surrogate", b'{"jsonrpc":"2.0","id":1,"method":"\\ud800","params":{}}', any_fault
    surrogate_id = b'{"jsonrpc":"2.0","id":"\\udfff","method":"tools/list"}'
    yield "value: lone surrogate as id", surrogate_id, (PARSE, INVALID, PARAMS, OK)
    yield "value: escaped NUL in method", b'{"jsonrpc":"2.0","id":1,"method":"a\\u0000b"}', any_fault
    yield "value: integer of 5,000 digits", head + b"9" * 5000 + b"}}", any_fault
    yield "value: 1e999", head + b"1e999}}", any_fault
    yield "value: id 1e400", b'{"jsonrpc":"2.0","id":1e400,"method":"x"}', (PARSE, INVALID, METHOD)
    twice = b'{"jsonrpc":"2.0","id":1,"method":"no/such","method":"tools/list"}'
    yield "value: method twice", twice, (PARSE, INVALID, PARAMS)
    twice = b'{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list"}'
    yield "value: id twice", twice, (PARSE, INVALID, PARAMS)
    yield "value: upper-case members", b'{"JSONRPC":"2.0","ID":1,"METHOD":"x"}', (INVALID,)


def _shapes() -> Iterator[Row]:
    rows: dict[str, object] = {
        "null": None,
        "true": True,
        "number": 1,
        "string": "x",
        "empty array": [],
        "batch": [request(), request()],
        "array of numbers": [1, 2],
        "empty object": {},
        "no version": {"id": 1, "method": "x"},
        "version 1.0": {"jsonrpc": "1.0", "id": 1, "method": "x"},
        "version as number": {"jsonrpc": 2.0, "id": 1, "method": "x"},
        "no method": {"jsonrpc": "2.0", "id": 1},
        "method as number": {"jsonrpc": "2.0", "id": 1, "method": 5},
        "method null": {"jsonrpc": "2.0", "id": 1, "method": None},
    }
    for name, value in rows.items():
        yield f"shape: {name}", value, (INVALID,)
    both = {"jsonrpc": "2.0", "id": 1, "method": "x", "result": 1}
    yield "shape: method and result", both, (INVALID, METHOD)


def _replies() -> Iterator[Row]:
    nothing = (NOTHING, INVALID)
    yield "reply: unasked result", {"jsonrpc": "2.0", "id": 99, "result": {}}, nothing
    error = {"code": 1, "message": "x"}
    yield "reply: unasked error", {"jsonrpc": "2.0", "id": 99, "error": error}, nothing
    yield "reply: id null", {"jsonrpc": "2.0", "id": None, "result": {}}, nothing


def _ids() -> Iterator[Row]:
    good: dict[str, object] = {
        "string": "abc",
        "empty string": "",
        "zero": 0,
        "negative": -1,
        "2^53": 2**53,
        "1,000 characters": "x" * 1000,
        "unicode": "ключ𝄞",
    }
    for name, id in good.items():
        yield f"good id: {name}", request(id=id), (OK,)
    bad: dict[str, object] = {"float": 1.5, "true": True, "array": [1], "object": {"a": 1}}
    for name, id in bad.items():
        yield f"bad id: {name}", request(id=id), (INVALID, PARSE)
    huge: dict[str, object] = {"2^64": 2**64, "10^30": 10**30, "900,000 characters": "x" * 900_000}
    for name, id in huge.items():
        yield f"huge id: {name}", request(id=id), (INVALID, PARSE, OK)
    yield "bad id: null", request(id=None), (INVALID, PARSE, NOTHING)


def _params() -> Iterator[Row]:
    rows: dict[str, object] = {"array": [], "string": "x", "number": 1, "null": None, "true": True}
    for name, params in rows.items():
        yield f"params: {name}", request() | {"params": params}, (INVALID, PARAMS)
    absent = {key: value for key, value in request().items() if key != "params"}
    yield "params: absent", absent, (PARAMS, INVALID, OK, HEADERS, VERSION)


def _methods() -> Iterator[Row]:
    rows = {
        "unknown": "no/such",
        "empty": "",
        "reserved": "rpc.discover",
        "dunder": "__class__",
        "prototype": "__proto__",
        "100,000 characters": "m" * 100_000,
        "line break": "a\r\nb",
        "path": "../../x",
    }
    for name, method in rows.items():
        yield f"method: {name}", request(method), (METHOD, INVALID, PARAMS)
    for method in ("initialize", "ping"):  # of the other era: refused or served, never ignored
        yield f"method: {method}", request(method), (METHOD, INVALID, PARAMS, OK, VERSION)
    nothing = (NOTHING, INVALID, METHOD)
    yield "notification: unknown", {"jsonrpc": "2.0", "method": "notifications/nosuch"}, nothing
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
    yield "notification: cancel of nothing", cancel | {"params": {"requestId": 12345}}, nothing
    odd = cancel | {"params": {"requestId": {"a": 1}}}
    yield "notification: cancel of an object", odd, (*nothing, PARAMS)


def _calls() -> Iterator[Row]:
    rows: dict[str, dict[str, Any]] = {
        "no name": {"arguments": {}},
        "name as number": {"name": 5, "arguments": {}},
        "name null": {"name": None},
        "unknown tool": {"name": "no_such_tool", "arguments": {}},
        "arguments as array": {"name": "x", "arguments": []},
        "arguments as string": {"name": "x", "arguments": "{}"},
        "name of 100,000 characters": {"name": "x" * 100_000},
        "NUL in name": {"name": "a\0b"},
        "path as name": {"name": "../admin/delete_product"},
        "right-to-left name": {"name": "\u202etcudorp_eteled"},
        "50,000 arguments": {"name": "x", "arguments": {str(number): number for number in range(50_000)}},
        "object as progress token": {"name": "x", "_meta": {**META, "progressToken": {"a": []}}},
    }
    for name, params in rows.items():
        message = request("tools/call")
        message["params"] |= params
        yield f"call: {name}", message, (PARAMS, METHOD, INVALID, TOOL_ERROR)


def _metas() -> Iterator[Row]:
    yield "meta: string", request() | {"params": {"_meta": "x"}}, (PARAMS, INVALID)
    old = {**META, "io.modelcontextprotocol/protocolVersion": "1900-01-01"}
    yield "meta: revision 1900-01-01", request() | {"params": {"_meta": old}}, (VERSION, PARAMS, HEADERS)
    odd = {**META, "io.modelcontextprotocol/clientCapabilities": []}
    yield "meta: capabilities as array", request() | {"params": {"_meta": odd}}, (PARAMS, INVALID)
    yield "cursor: path", request(cursor="../../etc"), (PARAMS, OK)
    yield "cursor: object", request(cursor={"$ne": 1}), (PARAMS,)


_SNIPPETS = (
    *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"null", b"true", b"-1", b"1e309"),
    *(b"\\u0000", b"\\ud800", b"\xff", b'"id":'),
)
_VERSIONS = (b"2", b'"2.1"', b"null", b'"2.0"')
_IDS = (b'"id": null', b'"id": "1"', b'"id": [1]', b'"id": 1.0', b'"id": -1')


def mutations(count: int, seed: int) -> list[Case]:
    """`count` spoiled messages; the same for the same seed."""
    chance = random.Random(seed)
    search = request("tools/call", name="search_products", arguments={"query": "x", "locale": "en"})
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    bases = [encoded(request()), encoded(search), encoded(cancel)]
    return [
        Case(f"mutation {number}", _mutated(chance, chance.choice(bases)), frozenset({ANYTHING}))
        for number in range(count)
    ]


def _mutated(chance: random.Random, base: bytes) -> bytes:
    data = bytearray(base)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(7):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
            case 2:
                del data[at : at + chance.randint(1, 20)]
            case 3:
                data[at:at] = chance.choice(_SNIPPETS)
            case 4:
                other = chance.randrange(len(data) + 1)
                data[at:at] = data[min(at, other) : max(at, other)][:200]
            case 5:
                data = data.replace(b'"2.0"', chance.choice(_VERSIONS))
            case _:
                data = data.replace(b'"id": 1', chance.choice(_IDS))
    return bytes(data).replace(b"\n", b" ")
