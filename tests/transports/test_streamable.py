"""MCP over HTTP: status, headers and bodies of everything that may be posted."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
import trio.testing
from msgspec import UNSET
from trio.testing import MockClock

from museod.errors import (
    ChildUnavailable,
    Forbidden,
    InvalidParams,
    MethodNotFound,
    RateLimited,
    RpcFailed,
    Unauthenticated,
)
from museod.transports.http1 import Exchange, Headers, HttpRequest, HttpResponse
from museod.transports.streamable import KEEP_ALIVE_SECONDS, MAX_QUEUED_EVENTS, Emit, Streamable
from museod.wire import codec
from museod.wire.envelope import RequestMeta
from museod.wire.messages import Malformed, Notification, Request, Response
from museod.wire.param_headers import ParamHeader

MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
BOTH = ("Accept", "application/json, text/event-stream")
JSON = ("Content-Type", "application/json")

Work = Callable[[Request, Emit], Awaitable[bytes]]


async def echo(request: Request, _: Emit) -> bytes:
    await trio.lowlevel.checkpoint()
    return b'{"method":"%b"}' % request.method.encode()


def failing(error: Exception) -> Work:
    async def work(_: Request, __: Emit) -> bytes:
        await trio.lowlevel.checkpoint()
        raise error

    return work


@dataclass
class FakeSession:
    id: str
    work: Work
    revision: str = "2025-06-18"
    is_interactive: bool = False
    seen: list[str] = field(default_factory=list)
    asked: set[object] = field(default_factory=set)
    events: list[bytes] = field(default_factory=list)
    has_stream: bool = False

    async def answer(
        self, request: Request, emit: Emit, send: Callable[[bytes], None] | None, stop: Callable[[], None]
    ) -> bytes:
        return await self.work(request, emit)

    def answered(self, response: Response) -> bool:
        return response.id in self.asked

    def take_stream(self) -> bool:
        was_free, self.has_stream = not self.has_stream, True
        return was_free

    def give_stream_back(self) -> None:
        self.has_stream = False

    async def wait_events(self) -> list[bytes]:
        if not self.events:
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()
        found, self.events = self.events, []
        return found

    def notified(self, notification: Notification) -> None:
        self.seen.append(notification.method)


class FakeFace:
    """Answers with `work`; sessions belong to the caller that opened them."""

    def __init__(self, work: Work = echo) -> None:
        self.work = work
        self.sessions: dict[str, tuple[str, FakeSession]] = {}
        self.opened: list[tuple[str, FakeSession]] = []

    async def answer(self, request: Request, caller: str, emit: Emit, meta: RequestMeta) -> bytes:
        assert meta.protocol_version is not UNSET
        return await self.work(request, emit)

    def param_headers(self, tool: str) -> Sequence[ParamHeader]:
        return ()

    def open_session(self, caller: str) -> FakeSession:
        session = FakeSession(f"session-{len(self.opened)}", self.work)
        self.opened.append((caller, session))
        return session

    def keep_session(self, session: FakeSession) -> None:
        self.sessions[session.id] = next(pair for pair in self.opened if pair[1] is session)

    def find_session(self, id: str, caller: str) -> FakeSession | None:
        owner, session = self.sessions.get(id, ("", None))
        return session if owner == caller else None

    def end_session(self, session: FakeSession) -> None:
        del self.sessions[session.id]


class FakeWriter:
    """An exchange's writer: keeps what is written; fails from the `breaks_at`-th piece on."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.response: HttpResponse | None = None
        self.head: tuple[int, list[tuple[str, str]]] | None = None
        self.pieces: list[bytes] = []
        self.news = trio.Event()
        self._breaks_at = breaks_at

    async def respond(self, response: HttpResponse) -> None:
        await trio.lowlevel.checkpoint()
        self.response = response

    async def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        await trio.lowlevel.checkpoint()
        self.head = (status, list(headers))

    async def send(self, data: bytes) -> None:
        await trio.lowlevel.checkpoint()
        if self._breaks_at is not None and len(self.pieces) >= self._breaks_at:
            raise trio.BrokenResourceError
        self.pieces.append(data)
        self.news.set()

    @property
    def messages(self) -> list[dict[str, Any]]:
        events = [piece for piece in b"".join(self.pieces).split(b"\n\n") if piece not in (b"", b": ")]
        assert all(event.startswith(b"event: message\ndata: ") for event in events)
        return [json.loads(event.partition(b"data: ")[2]) for event in events]


def http(
    message: object,
    *headers: tuple[str, str],
    method: str = "POST",
    base: Sequence[tuple[str, str]] = (JSON, BOTH),
) -> HttpRequest:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return HttpRequest(method, "/mcp", "/mcp", "", Headers([*base, *headers]), body, "127.0.0.1", 1)


def request(
    method: str = "tools/list", *, id: object = 1, meta: dict[str, Any] | None = None, **params: Any
) -> dict[str, Any]:
    body = {**params, **({} if meta is None else {"_meta": meta})}
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": body}


def modern(
    method: str = "tools/list", *headers: tuple[str, str], meta: dict[str, Any] | None = None
) -> HttpRequest:
    return http(
        request(method, meta={**META, **(meta or {})}),
        ("MCP-Protocol-Version", MODERN),
        ("Mcp-Method", method),
        *headers,
    )


async def answer(face: FakeFace, request: HttpRequest, caller: str = "ann") -> HttpResponse:
    response = await Streamable(face).handle(request, caller)
    assert isinstance(response, HttpResponse)
    return response


def header(response: HttpResponse, name: str) -> str | None:
    return Headers(response.headers).get(name)


async def initialized(face: FakeFace, caller: str = "ann", id: object = 0) -> str:
    response = await answer(face, http(request("initialize", id=id)), caller)
    assert response.status == 200
    session = header(response, "Mcp-Session-Id")
    assert session is not None
    return session


# ---------------------------------------------------------------- before the body counts


@pytest.mark.parametrize(
    ("method", "headers", "status", "allow"),
    [
        ("GET", [], 405, "POST, DELETE"),
        ("GET", [("MCP-Protocol-Version", "2025-06-18")], 405, "POST, DELETE"),
        ("GET", [("Mcp-Session-Id", "unknown")], 404, None),
        ("GET", [("MCP-Protocol-Version", MODERN)], 405, "POST"),
        ("PUT", [], 405, "POST, GET, DELETE"),
        ("OPTIONS", [], 405, "POST, GET, DELETE"),
        ("HEAD", [], 405, "POST, GET, DELETE"),
        ("DELETE", [("MCP-Protocol-Version", MODERN)], 405, "POST"),
        ("DELETE", [("MCP-Protocol-Version", MODERN), ("Mcp-Session-Id", "x")], 405, "POST"),
        ("DELETE", [], 400, None),
        ("DELETE", [("Mcp-Session-Id", "unknown")], 404, None),
    ],
)
async def test_methods_other_than_post(
    method: str, headers: list[tuple[str, str]], status: int, allow: str | None
) -> None:
    response = await answer(FakeFace(), http(b"", *headers, method=method))
    assert (response.status, header(response, "Allow")) == (status, allow)
    assert json.loads(response.body)["error"]["message"]


@pytest.mark.parametrize(
    ("base", "body", "status", "code"),
    [
        ([BOTH], b"{}", 415, -32600),
        ([BOTH, ("Content-Type", "text/plain")], b"{}", 415, -32600),
        ([JSON], b"{}", 406, -32600),
        ([JSON, ("Accept", "application/json")], b"{}", 406, -32600),
        ([JSON, BOTH], b"", 400, -32700),
        ([JSON, BOTH], b"{", 400, -32700),
        ([JSON, BOTH], b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', 400, -32700),
        ([JSON, BOTH], b"[]", 400, -32600),
        ([JSON, BOTH], b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32600),
        ([JSON, BOTH], b'{"jsonrpc":"2.0","id":null,"method":"x"}', 400, -32600),
        ([JSON, BOTH], b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":1}}', 400, -32602),
        ([JSON, BOTH], b'{"jsonrpc":"2.0","id":1,"result":{}}', 400, -32600),
    ],
)
async def test_what_is_no_request_is_refused(
    base: list[tuple[str, str]], body: bytes, status: int, code: int
) -> None:
    response = await answer(FakeFace(), http(body, base=base))
    assert (response.status, json.loads(response.body)["error"]["code"]) == (status, code)
    assert header(response, "Content-Type") == "application/json"


# ---------------------------------------------------------------- the modern era


async def test_a_modern_request_is_answered_and_may_be_cancelled_by_hanging_up() -> None:
    message = modern()
    response = await answer(FakeFace(), message)
    assert response.status == 200
    assert json.loads(response.body) == {"jsonrpc": "2.0", "id": 1, "result": {"method": "tools/list"}}
    assert header(response, "Mcp-Session-Id") is None
    assert message.cancel_on_hangup


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        (http(request(meta={}), ("MCP-Protocol-Version", MODERN), ("Mcp-Method", "tools/list")), 400, -32602),
        (http(request(meta=META), ("MCP-Protocol-Version", MODERN)), 400, -32020),
        (
            http(request(meta=META), ("MCP-Protocol-Version", "2025-11-25"), ("Mcp-Method", "tools/list")),
            400,
            -32020,
        ),
        (modern("tools/list", ("Mcp-Method", "tools/list")), 400, -32020),
        (
            http(
                request(meta={**META, "io.modelcontextprotocol/protocolVersion": "1900-01-01"}),
                ("MCP-Protocol-Version", "1900-01-01"),
                ("Mcp-Method", "tools/list"),
            ),
            400,
            -32022,
        ),
    ],
)
async def test_the_modern_ladder(message: HttpRequest, status: int, code: int) -> None:
    response = await answer(FakeFace(), message)
    error = json.loads(response.body)
    assert (response.status, error["error"]["code"], error["id"]) == (status, code, 1)
    if code == -32022:
        assert error["error"]["data"] == {"supported": [MODERN], "requested": "1900-01-01"}


async def test_a_modern_notification_is_accepted_and_dropped_even_a_cancellation() -> None:
    face = FakeFace()
    note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1, "_meta": META}}
    response = await answer(face, http(note, ("MCP-Protocol-Version", MODERN)))
    assert (response.status, response.body) == (202, b"")


@pytest.mark.parametrize(
    ("error", "modern_status", "legacy_status", "code"),
    [
        (InvalidParams("no"), 400, 200, -32602),
        (MethodNotFound("no"), 404, 200, -32601),
        (Malformed(-32600, "no"), 400, 200, -32600),
        (Unauthenticated("no"), 401, 401, -31002),
        (Forbidden("no"), 403, 403, -31002),
        (RateLimited("no", retry_after=2.1), 429, 429, -31003),
        (ChildUnavailable("no", retry_after=0.2), 503, 200, -31000),
        (RpcFailed(-32603, "theirs"), 500, 200, -32603),
        (RpcFailed(4711, "theirs"), 400, 200, 4711),
        (KeyError("secret"), 500, 200, -32603),
    ],
)
async def test_the_status_of_each_failure_in_each_era(
    error: Exception, modern_status: int, legacy_status: int, code: int
) -> None:
    face = FakeFace()
    session = await initialized(face)
    face.work = failing(error)
    face.sessions[session][1].work = face.work
    for message, status in (
        (modern(), modern_status),
        (http(request(), ("Mcp-Session-Id", session)), legacy_status),
    ):
        response = await answer(face, message)
        plain = json.loads(response.body)
        assert (response.status, plain["error"]["code"], plain["id"]) == (status, code, 1)
        assert "secret" not in response.body.decode()
        retry = getattr(error, "retry_after", None) if status in (429, 503) else None
        assert header(response, "Retry-After") == (None if retry is None else str(max(1, -int(-retry // 1))))


# ---------------------------------------------------------------- the legacy era


@pytest.mark.parametrize("id", [0, "error", '"error"', "x"])
async def test_initialize_opens_a_session_whatever_its_id_is(id: object) -> None:
    face = FakeFace()
    session = await initialized(face, id=id)
    assert list(face.sessions) == [session]


async def test_an_initialize_that_fails_leaves_no_session() -> None:
    face = FakeFace(failing(InvalidParams("no")))
    response = await answer(face, http(request("initialize")))
    assert header(response, "Mcp-Session-Id") is None
    assert not face.sessions


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 400),
        ([("Mcp-Session-Id", "unknown")], 404),
        ([("Mcp-Session-Id", "session-0"), ("Mcp-Session-Id", "session-0")], 404),
        ([("Mcp-Session-Id", "session-0")], 200),
        ([("Mcp-Session-Id", "session-0"), ("MCP-Protocol-Version", "2025-06-18")], 200),
        (
            [
                ("Mcp-Session-Id", "session-0"),
                ("MCP-Protocol-Version", "2025-06-18"),
                ("MCP-Protocol-Version", "2025-06-18"),
            ],
            400,
        ),
    ],
)
async def test_later_requests_need_their_session(headers: list[tuple[str, str]], status: int) -> None:
    face = FakeFace()
    await initialized(face)
    response = await answer(face, http(request(id="r"), *headers))
    assert (response.status, json.loads(response.body)["id"]) == (status, "r")


async def test_a_session_is_unknown_to_any_other_caller() -> None:
    face = FakeFace()
    session = await initialized(face)
    for message in (
        http(request(), ("Mcp-Session-Id", session)),
        http({"jsonrpc": "2.0", "id": 1, "result": {}}, ("Mcp-Session-Id", session)),
        http(b"", ("Mcp-Session-Id", session), method="DELETE"),
    ):
        assert (await answer(face, message, "eve")).status == 404
    assert session in face.sessions


async def test_a_deleted_session_is_gone() -> None:
    face = FakeFace()
    session = ("Mcp-Session-Id", await initialized(face))
    assert (await answer(face, http(b"", session, method="DELETE"))).status == 204
    assert (await answer(face, http(request(), session))).status == 404


async def test_notifications_and_awaited_responses_of_a_session_are_accepted() -> None:
    face = FakeFace()
    session = await initialized(face)
    face.sessions[session][1].asked = {1}
    for message in (
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
    ):
        response = await answer(face, http(message, ("Mcp-Session-Id", session)))
        assert (response.status, response.body) == (202, b"")
    unasked = {"jsonrpc": "2.0", "id": 2, "result": {}}
    assert (await answer(face, http(unasked, ("Mcp-Session-Id", session)))).status == 400
    assert face.sessions[session][1].seen == ["notifications/initialized"]


async def test_hanging_up_cancels_nothing_in_the_legacy_era() -> None:
    face = FakeFace()
    message = http(request(), ("Mcp-Session-Id", await initialized(face)))
    await answer(face, message)
    assert not message.cancel_on_hangup


# ---------------------------------------------------------------- streams


async def exchanged(face: FakeFace, message: HttpRequest, writer: FakeWriter) -> None:
    response = await Streamable(face).handle(message, "ann")
    assert isinstance(response, Exchange)
    await response.run(writer)


def with_progress() -> HttpRequest:
    return modern("tools/list", meta={"progressToken": "p"})


async def test_without_any_event_the_answer_is_plain_json() -> None:
    writer = FakeWriter()
    await exchanged(FakeFace(failing(MethodNotFound("no"))), with_progress(), writer)
    assert writer.head is None
    assert writer.response is not None
    assert writer.response.status == 404


async def test_events_come_in_order_and_the_answer_last() -> None:
    async def work(request: Request, emit: Emit) -> bytes:
        for number in range(3):
            emit("notifications/progress", codec.encode({"progress": number}))
            await trio.lowlevel.checkpoint()
        emit("notifications/message", b'{"data":"a\\nb"}')
        return b'{"done":\r\ntrue}'

    writer = FakeWriter()
    await exchanged(FakeFace(work), with_progress(), writer)
    assert writer.head is not None
    assert writer.head[0] == 200
    assert dict(writer.head[1]) == {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-cache, no-transform",
        "X-Accel-Buffering": "no",
    }
    assert [message.get("method", "answer") for message in writer.messages] == [
        *["notifications/progress"] * 3,
        "notifications/message",
        "answer",
    ]
    assert [message["params"]["progress"] for message in writer.messages[:3]] == [0, 1, 2]
    assert writer.messages[-1] == {"jsonrpc": "2.0", "id": 1, "result": {"done": True}}


async def test_an_error_after_the_first_event_is_the_last_event() -> None:
    async def work(_: Request, emit: Emit) -> bytes:
        emit("notifications/progress", b"{}")
        await trio.lowlevel.checkpoint()
        raise InvalidParams("no")

    writer = FakeWriter()
    await exchanged(FakeFace(work), with_progress(), writer)
    assert writer.messages[-1]["error"]["code"] == -32602


@pytest.mark.parametrize("slow", ["start", "send"])
async def test_an_answer_that_settles_while_an_event_is_written_is_sent_after_it(slow: str) -> None:
    writing, may_settle = trio.Event(), trio.Event()

    async def work(_: Request, emit: Emit) -> bytes:
        emit("notifications/progress", b"{}")
        await may_settle.wait()
        return b"{}"

    class SlowWriter(FakeWriter):
        async def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
            await super().start(status, headers)
            await self._wait("start")

        async def send(self, data: bytes) -> None:
            await super().send(data)
            await self._wait("send")

        async def _wait(self, place: str) -> None:
            if place == slow and not writing.is_set():
                writing.set()
                may_settle.set()
                await trio.testing.wait_all_tasks_blocked()

    writer = SlowWriter()
    with trio.fail_after(5):
        await exchanged(FakeFace(work), with_progress(), writer)
    assert [message.get("method", "answer") for message in writer.messages] == [
        "notifications/progress",
        "answer",
    ]


async def test_more_events_than_the_reader_takes_lose_the_oldest_and_never_the_answer() -> None:
    async def work(_: Request, emit: Emit) -> bytes:
        for number in range(MAX_QUEUED_EVENTS + 50):
            emit("notifications/progress", codec.encode({"progress": number}))
        await trio.lowlevel.checkpoint()
        return b"{}"

    writer = FakeWriter()
    await exchanged(FakeFace(work), with_progress(), writer)
    assert len(writer.messages) == MAX_QUEUED_EVENTS + 1
    assert writer.messages[0]["params"]["progress"] == 50
    assert writer.messages[-1]["result"] == {}


async def test_the_sessions_own_stream_carries_what_belongs_to_no_request() -> None:
    face = FakeFace()
    id = await initialized(face)
    session = face.sessions[id][1]
    session.events = [codec.encode_notification("notifications/tools/list_changed", b"")]
    message = http(b"", ("Mcp-Session-Id", id), method="GET")
    writer = FakeWriter()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(exchanged, face, message, writer)
            await trio.testing.wait_all_tasks_blocked()
            assert (await answer(face, message)).status == 409
            nursery.cancel_scope.cancel()
    assert [found["method"] for found in writer.messages] == ["notifications/tools/list_changed"]
    assert message.cancel_on_hangup
    assert not session.has_stream


async def test_a_stream_must_be_asked_for_as_one() -> None:
    face = FakeFace()
    session = ("Mcp-Session-Id", await initialized(face))
    assert (await answer(face, http(b"", session, method="GET", base=[JSON]))).status == 406


async def test_a_silent_call_keeps_its_stream_alive(autojump_clock: MockClock) -> None:
    async def work(_: Request, __: Emit) -> bytes:
        await trio.sleep(KEEP_ALIVE_SECONDS * 2.5)
        return b"{}"

    writer = FakeWriter()
    await exchanged(FakeFace(work), with_progress(), writer)
    assert writer.pieces[:2] == [b": \n\n", b": \n\n"]
    assert writer.messages == [{"jsonrpc": "2.0", "id": 1, "result": {}}]


class Hanging:
    """Work that emits once and never ends by itself."""

    def __init__(self) -> None:
        self.was_cancelled = False
        self.may_end = trio.Event()
        self.has_ended = False

    async def __call__(self, _: Request, emit: Emit) -> bytes:
        emit("notifications/progress", b"{}")
        try:
            await self.may_end.wait()
        except trio.Cancelled:
            self.was_cancelled = True
            raise
        self.has_ended = True
        return b"{}"


async def test_a_modern_client_that_has_gone_ends_the_work() -> None:
    work = Hanging()
    with trio.fail_after(5), pytest.raises(BaseExceptionGroup) as caught:
        await exchanged(FakeFace(work), with_progress(), FakeWriter(breaks_at=0))
    assert caught.group_contains(trio.BrokenResourceError)
    assert work.was_cancelled


async def test_a_legacy_client_that_has_gone_leaves_the_work_to_end() -> None:
    work = Hanging()
    face = FakeFace()
    session = await initialized(face)
    face.sessions[session][1].work = work
    message = http(request(meta={"progressToken": 1}), ("Mcp-Session-Id", session))
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(exchanged, face, message, FakeWriter(breaks_at=0))
            await trio.testing.wait_all_tasks_blocked()
            work.may_end.set()
    assert work.has_ended
    assert not work.was_cancelled


@pytest.mark.parametrize("message", [modern(), with_progress()])
async def test_cancelling_the_handler_cancels_the_work(message: HttpRequest) -> None:
    work = Hanging()

    async def serve() -> None:
        response = await Streamable(FakeFace(work)).handle(message, "ann")
        assert isinstance(response, Exchange)
        await response.run(FakeWriter())

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
    assert work.was_cancelled
