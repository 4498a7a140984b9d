"""What is documented is what is done: every path is asked, every frame is checked against its schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import msgspec
import pytest
import trio

from museod.app.daemon import shown
from museod.chat.messages import (
    DeltaFrame,
    ErrorFrame,
    ErrorMetadata,
    EventFrame,
    PongFrame,
    ProgressFrame,
    ResponseFrame,
    ResponseMetadata,
    Suggestion,
    ToolUse,
    encode_frame,
    parse_frame,
)
from museod.errors import CODES, Kind
from museod.front import routes
from museod.front.documents import (
    ASYNCAPI_PATH,
    CLIENT_FRAMES,
    OPENAPI_PATH,
    SERVER_FRAMES,
    asyncapi,
    openapi,
)
from museod.front.door import Visitor
from museod.supervisor.states import ChildStatus, State
from museod.transports.http1 import HttpRequest, HttpResponse
from tests.fakes.front import FakeHouse, ask, header, request

OPENAPI, ASYNCAPI = openapi(), asyncapi()
ISSUER = "https://id.example"
RESPONSE = ResponseFrame(
    id="1",
    message="Here.",
    metadata=ResponseMetadata(
        intent="search",
        confidence=0.9,
        method="pattern",
        tools=[ToolUse("search_products", 12, False)],
        correlation_id="c",
        conversation_id="v",
        turn_id="t",
        locale="en",
        latency_ms=20,
    ),
    data={"cards": []},
    suggestions=[Suggestion("More", "show more")],
)
OPERATIONS = [
    (path, method, operation)
    for path, item in OPENAPI["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
]


class DocumentedHouse(FakeHouse):
    """Answers as the parts behind the front do."""

    async def answer(self, body: bytes, visitor: Visitor) -> HttpResponse:
        await trio.lowlevel.checkpoint()
        return HttpResponse(200, encode_frame(RESPONSE), [("Content-Type", "application/json")])

    async def handle(self, request: HttpRequest, caller: Any) -> HttpResponse:
        await trio.lowlevel.checkpoint()
        if request.method == "DELETE":
            return HttpResponse(204)
        if request.method == "GET":
            return HttpResponse(200, b"data: {}\n\n", [("Content-Type", "text/event-stream")])
        return HttpResponse(200, b"{}", [("Content-Type", "application/json")])

    async def take(self, request: HttpRequest, visitor: Visitor) -> HttpResponse:
        await trio.lowlevel.checkpoint()
        kept = {"uploadId": "up_1", "bytes": 3, "expiresAt": "2026-01-01T00:00:00+00:00"}
        return HttpResponse(201, json.dumps(kept).encode(), [("Content-Type", "application/json")])


def resolved(node: dict[str, Any], document: dict[str, Any] = OPENAPI) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from references(child)


def check(value: Any, schema: dict[str, Any], document: dict[str, Any] = OPENAPI) -> None:
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(value)


def check_documented(operation: dict[str, Any], response: HttpResponse) -> None:
    """The status is documented, and so are the body's type and shape."""
    described = resolved(operation["responses"][str(response.status)])
    if not response.body:
        assert "content" not in described
        return
    kind = (header(response, "Content-Type") or "").partition(";")[0]
    schema = described["content"][kind]["schema"]
    check(json.loads(response.body) if kind == "application/json" else response.body.decode(), schema)


def line(method: str, path: str) -> str:
    filled = path.replace("{userId}", "bob").replace("{name}", "shop")
    return f"{method.upper()} {filled}"


# ---------------------------------------------------------------- OpenAPI


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
async def test_every_path_answers_as_documented(path: str, method: str, operation: dict[str, Any]) -> None:
    is_conversation = "conversations" in path
    token = None if not operation["security"] else "bob" if is_conversation else "op"
    response = await ask(request(line(method, path), token=token), house=DocumentedHouse(), issuer=ISSUER)
    assert response.status < 300
    check_documented(operation, response)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
async def test_who_must_name_themselves_is_told_so_as_documented(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    for token in (None, "bad"):
        response = await ask(request(line(method, path), token=token), house=DocumentedHouse(), issuer=ISSUER)
        is_open = not operation["security"] or path == "/ready"
        assert (response.status == 401) is not is_open
        check_documented(operation, response)
    guest = await ask(request(line(method, path)), house=DocumentedHouse(), issuer=ISSUER, is_guest_mode=True)
    if {} in operation["security"]:
        assert guest.status < 300
    check_documented(operation, guest)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
async def test_a_foreign_host_gets_what_is_documented(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    house = DocumentedHouse()
    response = await ask(request(line(method, path), host="evil.example"), house=house, issuer=ISSUER)
    assert response.status == (200 if path == "/health" else 421)
    check_documented(operation, response)


@pytest.mark.parametrize("path", [path for path in OPENAPI["paths"] if path != "/mcp"])
async def test_other_methods_than_the_documented_ones_are_refused(path: str) -> None:
    documented = {method.upper() for method in OPENAPI["paths"][path]} - {"PARAMETERS"}
    response = await ask(request(line("PATCH", path), token="op"), house=DocumentedHouse(), issuer=ISSUER)
    assert response.status == 405
    assert set((header(response, "Allow") or "").split(", ")) - {"HEAD"} == documented


def test_no_path_is_left_out() -> None:
    source = routes.__loader__.get_source(routes.__name__)  # type: ignore[union-attr]
    named = set(re.findall(r'"(/(?:api|mcp|ready|health|metrics)[a-z0-9/.]*)"', source or ""))
    assert len(named) > 6
    documented = set(OPENAPI["paths"])
    assert {path for path in named if not any(known.startswith(path) for known in documented)} == set()


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI])
def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        assert resolved({"$ref": reference}, document)


def test_every_schema_is_one() -> None:
    for schema in OPENAPI["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_operations_are_named_once_and_path_parameters_are_declared() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(names) == len(set(names))
    for path, item in OPENAPI["paths"].items():
        for method in set(item) - {"parameters"}:
            declared = [*item.get("parameters", []), *item[method].get("parameters", [])]
            in_path = {resolved(one)["name"] for one in declared if resolved(one)["in"] == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize("state", list(State))
def test_a_childs_state_is_documented(state: State) -> None:
    status = ChildStatus("a", state, "now", pid=1, pids=(1,), next_try_seconds=1.0, reason="exit 1")
    child = {**shown(status), "rssBytes": 1, "cpuSeconds": 0.1}
    schema = OPENAPI["components"]["schemas"]["Child"]
    check(child, schema)
    assert set(schema["properties"]) == set(child)


def test_every_kind_of_error_is_documented() -> None:
    kinds = OPENAPI["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["kind"]["enum"]
    assert kinds == [kind.value for kind in Kind]
    for codes in CODES.values():
        assert str(codes.chat) in ASYNCAPI["info"]["description"]


@pytest.mark.parametrize("path", [OPENAPI_PATH, ASYNCAPI_PATH])
async def test_a_document_is_public_and_not_sent_twice(path: str) -> None:
    first = await ask(request(f"GET {path}"))
    assert json.loads(first.body) == (OPENAPI if path == OPENAPI_PATH else ASYNCAPI)
    again = await ask(request(f"GET {path}", ("If-None-Match", header(first, "ETag") or "")))
    assert (again.status, again.body) == (304, b"")


# ---------------------------------------------------------------- frames


@pytest.mark.parametrize("frame", [*CLIENT_FRAMES, *SERVER_FRAMES])
def test_every_frame_is_described_with_all_its_members(frame: Any) -> None:
    message = ASYNCAPI["components"]["messages"][frame.__name__]
    schema = resolved(message["payload"], ASYNCAPI)
    members = {field.encode_name: field.required for field in msgspec.structs.fields(frame)}
    if frame is EventFrame:
        assert members.pop("detail") is False
        assert schema["additionalProperties"] is True
    assert set(schema["properties"]) == {"type", *members}
    required = {name for name, is_required in members.items() if is_required}
    assert set(schema["required"]) - {"type"} == required
    assert schema["properties"]["type"] == {"enum": [frame.__struct_config__.tag]}
    assert (message["name"], bool(message["summary"])) == (frame.__struct_config__.tag, True)


def test_the_channel_carries_each_frame_in_its_direction() -> None:
    operations = ASYNCAPI["operations"]
    for name, action, frames in (
        ("receiveFrame", "receive", CLIENT_FRAMES),
        ("sendFrame", "send", SERVER_FRAMES),
    ):
        carried = [reference["$ref"].rpartition("/")[2] for reference in operations[name]["messages"]]
        assert (operations[name]["action"], carried) == (action, [frame.__name__ for frame in frames])


@pytest.mark.parametrize(
    "frame",
    [
        RESPONSE,
        ErrorFrame(None, -32002, "Sign in.", ErrorMetadata("authentication_error", "c"), retry_after_ms=5),
        ProgressFrame("1", "search", "Looking."),
        DeltaFrame("1", "He"),
        EventFrame("handover", {"by": "Eva"}),
        PongFrame(),
    ],
)
def test_what_is_sent_fits_its_schema(frame: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{type(frame).__name__}"}
    sent = json.loads(encode_frame(frame))
    check(sent, schema, ASYNCAPI)
    with pytest.raises(jsonschema.ValidationError):
        check({**sent, "type": "other"}, schema, ASYNCAPI)


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("MessageFrame", {"userId": "u", "message": "hi", "clientType": "cli", "locale": "en"}),
        (
            "MessageFrame",
            {
                "type": "message",
                "id": "1",
                "userId": "u",
                "message": "hi",
                "clientType": "web-admin",
                "locale": "de-DE",
                "conversationId": "c",
                "attachments": [{"uploadId": "up_1", "name": "a.csv"}],
                "stream": True,
                "metadata": {"x": 1},
                "unknown": None,
            },
        ),
        ("CancelFrame", {"type": "cancel", "id": "1"}),
        ("FeedbackFrame", {"type": "feedback", "id": "1", "correct": False, "intent": "search"}),
        ("PingFrame", {"type": "ping"}),
        ("HandoverFrame", {"type": "handover", "userId": "u", "action": "say", "text": "Hello"}),
    ],
)
def test_what_the_schema_takes_is_taken(name: str, frame: dict[str, Any]) -> None:
    check(frame, {"$ref": f"#/components/schemas/{name}"}, ASYNCAPI)
    assert type(parse_frame(json.dumps(frame).encode())).__name__ == name
