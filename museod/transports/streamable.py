"""
MCP over HTTP: one POST to one answer, of either era, as JSON or as a stream of events.

Spec 2026-07-28 and 2025-11-25, "Streamable HTTP". Owns headers, status codes and event framing; what a method
means is the `Face`'s. The caller of a request is opaque here.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, Protocol, TypeVar

import trio
from msgspec import UNSET

from museod.errors import CallError, Forbidden, RateLimited, RpcFailed, Unauthenticated
from museod.observe.logs import get_logger
from museod.transports.http1 import Exchange, ExchangeWriter, HttpRequest, HttpResponse
from museod.wire import codec, envelope, http_rules
from museod.wire.envelope import RequestMeta
from museod.wire.eras import ASSUMED_WITHOUT_HEADER, LEGACY_REVISIONS
from museod.wire.faults import rpc_error
from museod.wire.http_rules import RuleBroken
from museod.wire.messages import INTERNAL_ERROR, INVALID_REQUEST, Malformed, Notification, Request, Response

log = get_logger()

Caller = TypeVar("Caller", contravariant=True)
Emit = Callable[[str, bytes], None]
# Progress of one call that its client does not read fast enough: the oldest go first.
MAX_QUEUED_EVENTS = 256
# Proxies cut silent streams after a minute or less.
KEEP_ALIVE_SECONDS = 15.0
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

    async def answer(self, request: Request, emit: Emit, stop: Callable[[], None]) -> bytes:
        """One request's result; raises `CallError`, `Malformed`."""

    def notified(self, notification: Notification) -> None:
        """Take a notification."""


AnySession = TypeVar("AnySession", bound=Session)


class Face(Protocol[Caller, AnySession]):
    """What answers the requests that HTTP carries."""

    async def answer(self, request: Request, caller: Caller, emit: Emit, meta: RequestMeta) -> bytes:
        """One modern request's result; raises `CallError`."""

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
        allowed = "POST" if _is_modern_version(request) else "POST, DELETE"
        return _plain(405, "Only POST is served here.", [("Allow", allowed)])

    # ------------------------------------------------------------------ POST

    async def _post(self, request: HttpRequest, caller: Caller) -> HttpResponse | Exchange:
        headers = request.headers
        if not http_rules.is_json(headers.get_all("content-type")):
            return _refused(415, None, INVALID_REQUEST, "Send Content-Type: application/json.")
        if not http_rules.accepts_both(headers.get_all("accept")):
            text = "Send Accept: application/json, text/event-stream."
            return _refused(406, None, INVALID_REQUEST, text)
        try:
            message = codec.decode_message(request.body)
        except Malformed as error:
            return _refused(400, error.id, error.code, error.message)
        if isinstance(message, Response):
            return self._posted_response(request, caller)
        try:
            meta = envelope.read_meta(message.params)
        except Malformed as error:
            id = message.id if isinstance(message, Request) else None
            return _refused(400, id, error.code, error.message)
        if http_rules.is_modern(headers.get_all(http_rules.VERSION), meta):
            return await self._modern(request, message, caller, meta)
        return await self._legacy(request, message, caller, meta)

    def _posted_response(self, request: HttpRequest, caller: Caller) -> HttpResponse:
        session = self._session_of(request, caller)
        if isinstance(session, HttpResponse):
            return session
        if session is None:
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
        except RuleBroken as fault:
            return _refused(
                http_rules.status_of(fault.code), message.id, fault.code, fault.message, fault.data
            )
        http.cancel_on_hangup = True
        return await self._answer(
            message, lambda emit: self._face.answer(message, caller, emit, meta), meta, is_modern=True
        )

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
        return await self._answer(
            message, lambda emit: session.answer(message, emit, http.stop), meta, is_modern=False
        )

    async def _initialize(self, http: HttpRequest, message: Request, caller: Caller) -> HttpResponse:
        session = self._face.open_session(caller)
        is_agreed = False

        async def run() -> bytes:
            nonlocal is_agreed
            result = await session.answer(message, _drop, http.stop)
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

    # ------------------------------------------------------------------ answers

    async def _answer(
        self, request: Request, run: Callable[[Emit], Awaitable[bytes]], meta: RequestMeta, *, is_modern: bool
    ) -> HttpResponse | Exchange:
        if meta.progress_token is UNSET:
            return await _settle(request, run(_drop), is_modern)
        return Exchange(lambda exchange: _stream(exchange, request, run, is_modern))


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
    writer: ExchangeWriter, request: Request, run: Callable[[Emit], Awaitable[bytes]], is_modern: bool
) -> None:
    """
    Answer as events if anything is emitted before the result, else as plain JSON.

    Choosing late keeps the status codes of early errors.
    """
    events: deque[bytes] = deque(maxlen=MAX_QUEUED_EVENTS)
    wake = trio.Event()
    settled: list[HttpResponse] = []

    def emit(method: str, params: bytes) -> None:
        events.append(_event(codec.encode_notification(method, params)))
        wake.set()

    async def settle() -> None:
        settled.append(await _settle(request, run(emit), is_modern))
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
            try:
                if not is_streaming:
                    await writer.start(200, _EVENT_STREAM)
                    is_streaming = True
                batch = list(events)
                events.clear()
                if settled:
                    batch.append(_event(settled[0].body))
                await writer.send(b"".join(batch) or b": \n\n")
            except trio.BrokenResourceError:
                if is_modern:
                    raise
                return  # in the legacy era a disconnect cancels nothing: the work goes on to its end
            if settled:
                return


def _event(message: bytes) -> bytes:
    flat = message.replace(b"\r", b" ").replace(b"\n", b" ")
    return b"event: message\ndata: " + flat + b"\n\n"


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
