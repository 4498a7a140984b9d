"""
MCP over HTTP: one POST to one answer, of either era, as JSON or as a stream of events.

Spec 2026-07-28 and 2025-11-25, "Streamable HTTP". Owns headers, status codes and event framing; what a method
means is the `Face`'s. The caller of a request is opaque here.
"""

from __future__ import annotations

import math
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import trio
from msgspec import UNSET

from museod.errors import CallError, Forbidden, RateLimited, RpcFailed, Unauthenticated
from museod.observe.logs import get_logger
from museod.transports.http1 import Exchange, ExchangeWriter, Headers, HttpRequest, HttpResponse
from museod.wire import codec, envelope, http_rules
from museod.wire.envelope import RequestMeta
from museod.wire.eras import ASSUMED_WITHOUT_HEADER, BATCH_REVISION, LEGACY_REVISIONS
from museod.wire.faults import rpc_error
from museod.wire.http_rules import RuleBroken
from museod.wire.messages import INTERNAL_ERROR, INVALID_REQUEST, Malformed, Notification, Request, Response
from museod.wire.param_headers import ParamHeader, check_param_headers

log = get_logger()


class _Arguments(msgspec.Struct):
    arguments: dict[str, Any] = {}


_decode_call = msgspec.json.Decoder(_Arguments).decode
Caller = TypeVar("Caller", contravariant=True)
Emit = Callable[[str, bytes], None]
SendMessage = Callable[[bytes], None]
# Progress of one call that its client does not read fast enough: the oldest go first.
MAX_QUEUED_EVENTS = 256
# Proxies cut silent streams after a minute or less.
KEEP_ALIVE_SECONDS = 15.0
# From this revision on a stream begins with an event that has an id and no data.
PRIMED_SINCE = "2025-11-25"
_JSON = ("Content-Type", "application/json")
_EVENT_STREAM = [
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-cache, no-transform"),
    ("X-Accel-Buffering", "no"),
]


class Session(Protocol):
    """An initialized client of the handshake era."""

    @property
    def id(self) -> str:
        """What `Mcp-Session-Id` carries."""

    @property
    def revision(self) -> str:
        """What was negotiated."""

    @property
    def is_interactive(self) -> bool:
        """Whether its requests must be answered on a stream that stays open meanwhile."""

    async def answer(
        self, request: Request, emit: Emit, send: SendMessage | None, stop: Callable[[], None]
    ) -> bytes:
        """
        One request's result; raises `CallError`, `Malformed`.

        `send` puts a request of ours on the stream, `stop` ends the work.
        """

    def notified(self, notification: Notification) -> None:
        """Take a notification."""

    def answered(self, response: Response) -> bool:
        """Take the answer to a request of ours; whether there was one."""

    def take_stream(self) -> bool:
        """Whether the session's own stream was free, which it is no more."""

    def give_stream_back(self) -> None:
        """Free it."""

    async def wait_events(self) -> list[bytes]:
        """Messages for the session's own stream, at least one."""


AnySession = TypeVar("AnySession", bound=Session)


class Face(Protocol[Caller, AnySession]):
    """What answers the requests that HTTP carries."""

    async def answer(self, request: Request, caller: Caller, emit: Emit, meta: RequestMeta) -> bytes:
        """One modern request's result; raises `CallError`."""

    def param_headers(self, tool: str) -> Sequence[ParamHeader]:
        """Which arguments of a tool must come in headers too."""

    def open_session(self, caller: Caller) -> AnySession:
        """A session that nobody can find yet, of which `initialize` will be the first request."""

    def keep_session(self, session: AnySession) -> None:
        """It is initialized: from now on it can be found."""

    def find_session(self, id: str, caller: Caller) -> AnySession | None:
        """The session of that id, if it is this caller's."""

    def end_session(self, session: AnySession) -> None:
        """The client is done with it."""


class Streamable(Generic[Caller, AnySession]):
    """The `/mcp` endpoint."""

    def __init__(self, face: Face[Caller, AnySession]) -> None:
        self._face = face

    async def handle(self, request: HttpRequest, caller: Caller) -> HttpResponse | Exchange:
        """Answer one HTTP request whose Origin, Host and credentials have been checked."""
        if request.method == "POST":
            return await self._post(request, caller)
        if request.method == "DELETE":
            return self._delete(request, caller)
        if request.method == "GET" and not _is_modern_version(request):
            return self._get(request, caller)
        allowed = "POST" if _is_modern_version(request) else "POST, GET, DELETE"
        return _plain(405, "Only POST is served here.", [("Allow", allowed)])

    # ------------------------------------------------------------------ POST

    async def _post(self, request: HttpRequest, caller: Caller) -> HttpResponse | Exchange:
        headers = request.headers
        if refusal := headers.derived(_refused_post):
            return _refused(*refusal)
        try:
            message = codec.decode_message(request.body)
        except Malformed as error:
            if request.body.lstrip()[:1] == b"[":
                answer = await self._batch(request, caller)
                if answer is not None:
                    return answer
            return _refused(400, error.id, error.code, error.message)
        if isinstance(message, Response):
            return self._posted_response(request, message, caller)
        try:
            meta = envelope.read_meta(message.params)
        except Malformed as error:
            id = message.id if isinstance(message, Request) else None
            return _refused(400, id, error.code, error.message)
        if http_rules.is_modern(headers.get_all(http_rules.VERSION), meta):
            return await self._modern(request, message, caller, meta)
        return await self._legacy(request, message, caller, meta)

    async def _batch(self, http: HttpRequest, caller: Caller) -> HttpResponse | None:
        """The answer to a batch, in a session of the one revision that has them; else None."""
        session = self._session_of(http, caller)
        if session is None or isinstance(session, HttpResponse) or session.revision != BATCH_REVISION:
            return None
        parts = codec.split_batch(http.body)
        if parts is None:
            return None
        answers: list[bytes] = []

        async def answer(part: bytes) -> None:
            body = await self._batch_part(part, session, http)
            if body:
                answers.append(body)

        async with trio.open_nursery() as nursery:
            for part in parts:
                nursery.start_soon(answer, part)
        if not answers:
            return HttpResponse(202)
        return HttpResponse(200, b"[" + b",".join(answers) + b"]", [_JSON])

    async def _batch_part(self, part: bytes, session: Session, http: HttpRequest) -> bytes:
        try:
            message = codec.decode_message(part)
        except Malformed as error:
            return codec.encode_error(error.id, error.code, error.message)
        if isinstance(message, Request):
            result = session.answer(message, _drop, None, http.stop)
            return (await _settle(message, result, is_modern=False)).body
        if isinstance(message, Notification):
            session.notified(message)
        else:
            session.answered(message)
        return b""

    def _posted_response(self, request: HttpRequest, message: Response, caller: Caller) -> HttpResponse:
        session = self._session_of(request, caller)
        if isinstance(session, HttpResponse):
            return session
        if session is None or not session.answered(message):
            return _refused(400, None, INVALID_REQUEST, "No request of ours waits for this response.")
        return HttpResponse(202)

    async def _modern(
        self, http: HttpRequest, message: Request | Notification, caller: Caller, meta: RequestMeta
    ) -> HttpResponse | Exchange:
        if isinstance(message, Notification):
            # Closing the stream is how a modern client cancels; a cancellation that anybody could post
            # would let one caller end another's request.
            return HttpResponse(202)
        try:
            http_rules.check_modern(http.headers, message, meta)
            if message.method == "tools/call":
                self._check_param_headers(http, message)
        except RuleBroken as fault:
            return _refused(
                http_rules.status_of(fault.code), message.id, fault.code, fault.message, fault.data
            )
        http.cancel_on_hangup = True
        streams = (
            meta.progress_token is not UNSET
            or meta.log_level is not UNSET
            or message.method == "subscriptions/listen"
        )
        return await _answer(
            message,
            lambda emit, _: self._face.answer(message, caller, emit, meta),
            is_modern=True,
            streams=streams,
        )

    def _check_param_headers(self, http: HttpRequest, message: Request) -> None:
        # The header was just found to be what the body says.
        name = http_rules.decode_header_value(http.headers.get_all("Mcp-Name")[0])
        wanted = self._face.param_headers(name)
        if not wanted:
            return
        try:
            arguments = _decode_call(message.params).arguments
        except msgspec.DecodeError:
            return  # no arguments that could be compared: the server says what is wrong with them
        check_param_headers(http.headers, wanted, arguments)

    async def _legacy(
        self, http: HttpRequest, message: Request | Notification, caller: Caller, meta: RequestMeta
    ) -> HttpResponse | Exchange:
        id = message.id if isinstance(message, Request) else None
        if isinstance(message, Request) and message.method == "initialize":
            return await self._initialize(http, message, caller)
        session = self._session_of(http, caller, id)
        if isinstance(session, HttpResponse):
            return session
        if session is None:
            text = "Send initialize first, then its Mcp-Session-Id with every request."
            return _refused(400, id, INVALID_REQUEST, text)
        versions = http.headers.get_all(http_rules.VERSION) or [ASSUMED_WITHOUT_HEADER]
        if len(versions) != 1 or versions[0] not in LEGACY_REVISIONS:
            text = f"Send MCP-Protocol-Version: {session.revision}."
            return _refused(400, id, INVALID_REQUEST, text)
        if isinstance(message, Notification):
            session.notified(message)
            return HttpResponse(202)
        return await _answer(
            message,
            lambda emit, send: session.answer(message, emit, send, http.stop),
            is_modern=False,
            streams=meta.progress_token is not UNSET or session.is_interactive,
            primes=session.revision >= PRIMED_SINCE,
        )

    async def _initialize(self, http: HttpRequest, message: Request, caller: Caller) -> HttpResponse:
        session = self._face.open_session(caller)
        is_agreed = False

        async def run() -> bytes:
            nonlocal is_agreed
            result = await session.answer(message, _drop, None, http.stop)
            is_agreed = True
            return result

        response = await _settle(message, run(), is_modern=False)
        if is_agreed:
            # Kept only now: refused attempts must not push out the sessions of others.
            self._face.keep_session(session)
            response.headers.append((http_rules.SESSION_ID, session.id))
        return response

    def _session_of(
        self, http: HttpRequest, caller: Caller, id: int | str | None = None
    ) -> AnySession | HttpResponse | None:
        ids = http.headers.get_all(http_rules.SESSION_ID)
        if not ids:
            return None
        session = self._face.find_session(ids[0], caller) if len(ids) == 1 else None
        if session is None:
            text = "This session is not known here (any more); send initialize to start a new one."
            return _refused(404, id, INVALID_REQUEST, text)
        return session

    def _delete(self, http: HttpRequest, caller: Caller) -> HttpResponse:
        if _is_modern_version(http):
            return _plain(405, "Only POST is served in this era.", [("Allow", "POST")])
        session = self._session_of(http, caller)
        if isinstance(session, HttpResponse):
            return session
        if session is None:
            return _refused(400, None, INVALID_REQUEST, "DELETE ends a session: send its Mcp-Session-Id.")
        self._face.end_session(session)
        return HttpResponse(204)

    def _get(self, http: HttpRequest, caller: Caller) -> HttpResponse | Exchange:
        """The session's own stream, for what belongs to no request."""
        if not http_rules.accepts_events(http.headers.get_all("accept")):
            return _refused(406, None, INVALID_REQUEST, "Send Accept: text/event-stream.")
        session = self._session_of(http, caller)
        if isinstance(session, HttpResponse):
            return session
        if session is None:
            text = "GET opens a session's stream: send its Mcp-Session-Id."
            return _plain(405, text, [("Allow", "POST, DELETE")])
        if not session.take_stream():
            text = "This session has its stream open already; read that one."
            return _refused(409, None, INVALID_REQUEST, text)
        http.cancel_on_hangup = True
        return Exchange(lambda writer: _run_stream(writer, session))


async def _run_stream(writer: ExchangeWriter, session: Session) -> None:
    try:
        events = _Events(session.revision >= PRIMED_SINCE)
        await writer.start(200, _EVENT_STREAM)
        await writer.send(events.opening() or b": \n\n")
        while True:
            messages: list[bytes] = []
            with trio.move_on_after(KEEP_ALIVE_SECONDS):
                messages = await session.wait_events()
            await writer.send(b"".join(map(events.event, messages)) or b": \n\n")
    finally:
        session.give_stream_back()


class _Events:
    """Frames messages as events; for the newest handshake revision they have ids, and streams are primed."""

    def __init__(self, primes: bool) -> None:
        self._stream = secrets.token_hex(4) if primes else ""
        self._count = 0

    def opening(self) -> bytes:
        """An event without data, whose id tells a client where it could resume; or nothing."""
        return b"id: %b\ndata: \n\n" % self._next_id() if self._stream else b""

    def event(self, message: bytes) -> bytes:
        flat = message.replace(b"\r", b" ").replace(b"\n", b" ")
        id_line = b"id: %b\n" % self._next_id() if self._stream else b""
        return b"event: message\n%bdata: %b\n\n" % (id_line, flat)

    def _next_id(self) -> bytes:
        self._count += 1
        return f"{self._stream}-{self._count}".encode()


Run = Callable[[Emit, SendMessage | None], Awaitable[bytes]]


async def _answer(
    request: Request, run: Run, *, is_modern: bool, streams: bool, primes: bool = False
) -> HttpResponse | Exchange:
    """
    The answer to one request.

    Args:
        streams: what is emitted must reach the client at once; else it is sent with the result.
    """
    if streams:
        return Exchange(lambda writer: _stream(writer, request, run, is_modern, _Events(primes)))
    emitted: list[bytes] = []

    def emit(method: str, params: bytes) -> None:
        if len(emitted) < MAX_QUEUED_EVENTS:
            emitted.append(codec.encode_notification(method, params))

    response = await _settle(request, run(emit, None), is_modern)
    if not emitted:
        return response
    events = _Events(primes)
    body = events.opening() + b"".join(map(events.event, [*emitted, response.body]))
    return HttpResponse(200, body, list(_EVENT_STREAM))


def _refused_post(headers: Headers) -> tuple[int, None, int, str] | None:
    """What is wrong with the headers of a POST, whatever its body."""
    if not http_rules.is_json(headers.get_all("content-type")):
        return 415, None, INVALID_REQUEST, "Send Content-Type: application/json."
    if not http_rules.accepts_both(headers.get_all("accept")):
        return 406, None, INVALID_REQUEST, "Send Accept: application/json, text/event-stream."
    return None


def _is_modern_version(http: HttpRequest) -> bool:
    return any(value not in LEGACY_REVISIONS for value in http.headers.get_all(http_rules.VERSION))


def _drop(_method: str, _params: bytes) -> None:
    """Nobody asked for notifications."""


async def _settle(request: Request, result: Awaitable[bytes], is_modern: bool) -> HttpResponse:
    """The response that carries a request's result or error; errors travel with 200 in the legacy era."""
    headers = [_JSON]
    try:
        return HttpResponse(200, codec.encode_result(request.id, await result), headers)
    except Malformed as error:
        return _refused(400 if is_modern else 200, request.id, error.code, error.message)
    except RuleBroken as fault:
        status = http_rules.status_of(fault.code) if is_modern else 200
        return _refused(status, request.id, fault.code, fault.message, fault.data)
    except CallError as error:
        return _failed(request, error, is_modern)
    except Exception:  # the border of one request
        log.exception("request_failed", method=request.method[:100])
        text = "Something failed here; the log has it under the correlation id."
        return _refused(500 if is_modern else 200, request.id, INTERNAL_ERROR, text)


def _failed(request: Request, error: CallError, is_modern: bool) -> HttpResponse:
    code, message, data = rpc_error(error)
    status = 200
    if isinstance(error, Unauthenticated | Forbidden):
        status = 401 if isinstance(error, Unauthenticated) else 403
    elif isinstance(error, RateLimited):
        status = 429
    elif is_modern:
        status = http_rules.status_of(code, 400) if isinstance(error, RpcFailed) else error.codes.http
    response = _refused(status, request.id, code, message, data)
    if status in (429, 503) and error.retry_after is not None:
        response.headers.append(("Retry-After", str(max(1, math.ceil(error.retry_after)))))
    return response


async def _stream(
    writer: ExchangeWriter, request: Request, run: Run, is_modern: bool, framing: _Events
) -> None:
    """
    Answer as events if anything is emitted before the result, else as plain JSON.

    Choosing late keeps the status codes of early errors.
    """
    events: deque[bytes] = deque(maxlen=MAX_QUEUED_EVENTS)
    wake = trio.Event()
    settled: list[HttpResponse] = []

    def send(message: bytes) -> None:
        events.append(message)
        wake.set()

    def emit(method: str, params: bytes) -> None:
        send(codec.encode_notification(method, params))

    async def settle() -> None:
        settled.append(await _settle(request, run(emit, send), is_modern))
        wake.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(settle)
        is_streaming = False
        while True:
            with trio.move_on_after(KEEP_ALIVE_SECONDS):
                await wake.wait()
            wake = trio.Event()
            if settled and not events and not is_streaming:
                await writer.respond(settled[0])
                return
            batch = list(events)
            events.clear()
            is_last = bool(settled)  # now: it may settle while we write
            if is_last:
                batch.append(settled[0].body)
            frames = b"".join(map(framing.event, batch)) or b": \n\n"
            try:
                if not is_streaming:
                    await writer.start(200, _EVENT_STREAM)
                    frames = framing.opening() + frames
                    is_streaming = True
                await writer.send(frames)
            except trio.BrokenResourceError:
                if is_modern:
                    raise
                return  # in the legacy era a disconnect cancels nothing: the work goes on to its end
            if is_last:
                return


def _refused(
    status: int,
    id: int | str | None,
    code: int,
    message: str,
    data: Mapping[str, object] | object = None,
) -> HttpResponse:
    return HttpResponse(status, codec.encode_error(id, code, message, data), [_JSON])


def _plain(status: int, text: str, headers: list[tuple[str, str]]) -> HttpResponse:
    body = codec.encode_error(None, INVALID_REQUEST, text)
    return HttpResponse(status, body, [_JSON, *headers])
