"""
Which path goes to whom.

Every request passes the door first (all but /health). Errors are JSON in one shape; on `/mcp` they are
JSON-RPC errors, which is what MCP clients read.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote

import trio

from museod.access.principal import Principal, is_user_id, normal_user_id
from museod.errors import (
    CallError,
    ChannelError,
    InvalidParams,
    Kind,
    RateLimited,
    Unauthenticated,
)
from museod.front.discovery import Discovery, InsufficientScope
from museod.front.documents import Documents
from museod.front.door import (
    ANONYMOUS,
    Door,
    Listener,
    Visitor,
    has_token,
    is_trusted_loopback,
    offered_subprotocols,
    status_of,
)
from museod.front.operations import NO_STORE, Operations
from museod.front.pages import Pages
from museod.front.uploads import MAX_UPLOAD_BYTES
from museod.observe import metrics
from museod.observe.context import bound, client_address, correlation_id, is_correlation_id
from museod.observe.logs import get_logger
from museod.transports.channel import MessageChannel
from museod.transports.http1 import (
    Exchange,
    HttpRequest,
    HttpResponse,
    StreamingResponse,
    Upgrade,
    error_response,
    json_response,
)
from museod.transports.websocket import WebSocketChannel, check_upgrade, open_websocket
from museod.wire import codec
from museod.wire.faults import rpc_error

log = get_logger()

MCP_SUBPROTOCOL = "mcp"
CHAT_SUBPROTOCOL = "museo.chat"
_CHAT_PATHS = ("/", "/chat")
UPLOADS_PATH = "/api/v1/uploads"
TOKEN_EXPIRED = 4401  # a close code of our own (RFC 6455, section 7.4.2), after HTTP's 401
AnyResponse = HttpResponse | StreamingResponse | Exchange | Upgrade


class McpEndpoint(Protocol):
    """MCP over HTTP and over a socket."""

    async def handle(self, request: HttpRequest, caller: Principal) -> HttpResponse | Exchange:
        """One HTTP request to `/mcp`."""


class ChatEndpoint(Protocol):
    """The conversation over a socket and over HTTP."""

    async def serve(self, channel: WebSocketChannel, visitor: Visitor, *, wants_stream: bool) -> None:
        """One socket, until it ends."""

    async def answer(self, body: bytes, visitor: Visitor) -> HttpResponse:
        """One turn as JSON."""

    def stream(self, body: bytes, visitor: Visitor) -> StreamingResponse:
        """One turn as events."""


class Privacy(Protocol):
    """What is kept about a user."""

    async def export(self, user_id: str) -> dict[str, Any]:
        """Everything of a user."""

    async def erase(self, user_id: str) -> bool:
        """Forget it, everywhere; whether there was anything."""


class UploadEndpoint(Protocol):
    """Files that wait for a tool to read them."""

    async def take(self, request: HttpRequest, visitor: Visitor) -> HttpResponse:
        """Keep the body for its sender."""


class Front:
    """
    Answers every request of every listener.

    Args:
        serve_mcp: serves one MCP socket until it ends.
        mcp_frame_bytes, chat_frame_bytes: the most one frame may have, judged by its announced length.
    """

    def __init__(
        self,
        door: Door,
        *,
        mcp: McpEndpoint,
        serve_mcp: Callable[[MessageChannel, Principal], Awaitable[None]],
        chat: ChatEndpoint,
        operations: Operations,
        privacy: Privacy,
        mcp_frame_bytes: int,
        chat_frame_bytes: int,
        http_body_bytes: int,
        uploads: UploadEndpoint | None = None,
        discovery: Discovery | None = None,
    ) -> None:
        self._door = door
        self._mcp = mcp
        self._serve_mcp = serve_mcp
        self._chat = chat
        self._operations = operations
        self._privacy = privacy
        self._mcp_frame_bytes = mcp_frame_bytes
        self._chat_frame_bytes = chat_frame_bytes
        self._http_body_bytes = http_body_bytes
        self._uploads = uploads
        self._discovery = discovery or Discovery()
        self._pages = Pages()
        self._documents = Documents()

    def body_limit(self, method: str, path: str) -> int:
        """The most bytes a body may have."""
        if method in ("GET", "HEAD"):
            return 0
        if path == "/api/v1/messages":
            return self._chat_frame_bytes
        if path == UPLOADS_PATH:
            return MAX_UPLOAD_BYTES
        return self._http_body_bytes

    async def handle(self, request: HttpRequest, listener: Listener) -> AnyResponse:
        """Answer one request; only bugs raise."""
        if request.path == "/mcp" and request.method == "POST":
            return await self._guarded(request, listener, self._serve_mcp_post)  # the hot path comes first
        if request.path == "/health":
            return self._operations.health() if _is_read(request) else _wrong_method("GET, HEAD")
        if request.headers.get("upgrade") is not None and request.method == "GET":
            return await self._guarded(request, listener, self._upgrade)
        if request.path == "/mcp":
            return await self._guarded(request, listener, self._serve_mcp_post)
        given = request.headers.get("x-correlation-id") or ""
        with bound(correlation=given if is_correlation_id(given) else None) as correlation:
            response = await self._guarded(request, listener, self._serve_plain)
            if isinstance(response, HttpResponse | StreamingResponse):
                response.headers.append(("X-Correlation-Id", correlation))
            return response

    async def _guarded(
        self,
        request: HttpRequest,
        listener: Listener,
        serve: Callable[[HttpRequest, Listener], Awaitable[AnyResponse]],
    ) -> AnyResponse:
        try:
            self._door.check(request, listener)
            response = await serve(request, listener)
        except CallError as error:
            with bound(correlation=correlation_id.get() or None):
                response = self._refusal(request, error)
        metrics.http_requests_total.labels(_path_label(request.path), _status_label(response)).inc()
        return response

    def _refusal(self, request: HttpRequest, error: CallError) -> HttpResponse:
        headers: list[tuple[str, str]] = []
        challenge = self._discovery.challenge(
            error,
            request.path,
            self._door.base_url(request),
            scope=_scope_of(request),
            had_token=has_token(request),
        )
        if challenge is not None:
            headers.append(("WWW-Authenticate", challenge))
        if isinstance(error, RateLimited) and error.retry_after is not None:
            headers.append(("Retry-After", str(max(1, math.ceil(error.retry_after)))))
        status = status_of(error)
        if request.path == "/mcp":
            body = codec.encode_error(None, *rpc_error(error))
            return HttpResponse(status, body, [("Content-Type", "application/json"), *headers])
        return error_response(status, error.kind, error.message, headers)

    # ------------------------------------------------------------------ MCP and sockets

    async def _serve_mcp_post(self, request: HttpRequest, listener: Listener) -> AnyResponse:
        visitor = self._door.admit(request, listener)
        client_address.set(visitor.address)
        return await self._mcp.handle(request, visitor.caller)

    async def _upgrade(self, request: HttpRequest, listener: Listener) -> AnyResponse:
        refusal = check_upgrade(request)
        if refusal is not None:
            return refusal
        offered = offered_subprotocols(request)
        if MCP_SUBPROTOCOL in offered and request.path in ("/mcp", *_CHAT_PATHS):
            visitor = self._door.admit(request, listener)
            return self._mcp_socket(visitor)
        if request.path == "/mcp":
            raise InvalidParams("Offer the subprotocol mcp (Sec-WebSocket-Protocol: mcp) on this path.")
        if request.path not in _CHAT_PATHS:
            return error_response(404, Kind.METHOD_NOT_FOUND, "Sockets are served on /, /chat and /mcp.")
        visitor = self._door.admit(request, listener, is_chat=True)
        return self._chat_socket(request, visitor)

    def _mcp_socket(self, visitor: Visitor) -> Upgrade:
        async def serve(channel: WebSocketChannel) -> None:
            await self._serve_mcp(channel, visitor.caller)

        return _socket("mcp", visitor, serve, MCP_SUBPROTOCOL, self._mcp_frame_bytes)

    def _chat_socket(self, request: HttpRequest, visitor: Visitor) -> Upgrade:
        subprotocol = CHAT_SUBPROTOCOL if CHAT_SUBPROTOCOL in visitor.subprotocols else None
        wants_stream = parse_qs(request.query).get("stream", ["0"])[0] in ("1", "true")

        async def serve(channel: WebSocketChannel) -> None:
            await self._chat.serve(channel, visitor, wants_stream=wants_stream)

        return _socket("chat", visitor, serve, subprotocol, self._chat_frame_bytes)

    # ------------------------------------------------------------------ everything else

    async def _serve_plain(self, request: HttpRequest, listener: Listener) -> AnyResponse:
        path = request.path
        if path == "/ready":
            return self._ready(request, listener) if _is_read(request) else _wrong_method("GET, HEAD")
        page = (
            self._pages.find(request)
            or self._documents.find(request)
            or self._discovery.find(path, self._door.base_url(request))
        )
        if page is not None:
            return page if _is_read(request) else _wrong_method("GET, HEAD")
        if path == "/metrics":
            return self._show_metrics(request, listener) if _is_read(request) else _wrong_method("GET, HEAD")
        if path == "/api/v1/messages":
            return await self._message(request, listener)
        if path.startswith("/api/v1/conversations/"):
            return await self._conversation(
                request, listener, unquote(path.removeprefix("/api/v1/conversations/"))
            )
        if path == UPLOADS_PATH and self._uploads is not None:
            if request.method != "POST":
                return _wrong_method("POST")
            return await self._uploads.take(request, self._door.admit(request, listener))
        if path == "/api/v1/reload":
            if request.method != "POST":
                return _wrong_method("POST")
            return await self._operations.reload_configuration(self._door.admit(request, listener))
        if path == "/api/v1/processes" or path.startswith("/api/v1/processes/"):
            return await self._processes(request, listener)
        return error_response(404, Kind.METHOD_NOT_FOUND, "There is nothing at this path.")

    def _ready(self, request: HttpRequest, listener: Listener) -> HttpResponse:
        try:
            return self._operations.ready(self._near_or_admitted(request, listener))
        except Unauthenticated:
            return self._operations.ready(None)

    def _show_metrics(self, request: HttpRequest, listener: Listener) -> HttpResponse:
        return self._operations.show_metrics(self._near_or_admitted(request, listener))

    def _near_or_admitted(self, request: HttpRequest, listener: Listener) -> Visitor:
        """Who calls; over trusted loopback without a token that holds, nobody in particular."""
        try:
            return self._door.admit(request, listener)
        except Unauthenticated:
            if not is_trusted_loopback(request, listener):
                raise
            return Visitor(ANONYMOUS, request.peer_host, False, request, listener)

    async def _message(self, request: HttpRequest, listener: Listener) -> AnyResponse:
        if request.method != "POST":
            return _wrong_method("POST")
        visitor = self._door.admit(request, listener)
        accept = ",".join(request.headers.get_all("accept")).lower()
        request.cancel_on_hangup = True
        if "text/event-stream" in accept:
            return self._chat.stream(request.body, visitor)
        return await self._chat.answer(request.body, visitor)

    async def _conversation(self, request: HttpRequest, listener: Listener, user_id: str) -> HttpResponse:
        if request.method not in ("GET", "DELETE"):
            return _wrong_method("GET, DELETE")
        if not is_user_id(user_id):
            raise InvalidParams("The path must end in a user id.")
        visitor = self._door.admit(request, listener)
        caller = visitor.caller
        owns = not caller.is_anonymous and normal_user_id(caller.sub) == user_id
        if not owns and not caller.has_scope("privacy:admin") and not listener.is_unix:
            text = "This is somebody else's conversation; the scope privacy:admin is needed."
            raise InsufficientScope(text, "privacy:admin")
        if request.method == "GET":
            return json_response(200, await self._privacy.export(user_id), NO_STORE)
        await self._privacy.erase(user_id)
        return HttpResponse(204)

    async def _processes(self, request: HttpRequest, listener: Listener) -> HttpResponse:
        visitor = self._door.admit(request, listener)
        parts = request.path.removeprefix("/api/v1/processes").strip("/").split("/")
        if parts == [""]:
            return (
                self._operations.show_processes(visitor) if _is_read(request) else _wrong_method("GET, HEAD")
            )
        if len(parts) == 2 and parts[1] == "restart":
            if request.method != "POST":
                return _wrong_method("POST")
            return await self._operations.restart_process(visitor, unquote(parts[0]))
        return error_response(404, Kind.METHOD_NOT_FOUND, "There is nothing at this path.")


def _socket(
    kind: str,
    visitor: Visitor,
    serve: Callable[[WebSocketChannel], Awaitable[None]],
    subprotocol: str | None,
    frame_bytes: int,
) -> Upgrade:
    """A socket that `serve` has until it returns, its client leaves, or its token's time is over."""

    async def run(stream: trio.abc.Stream, head: bytes, leftover: bytes) -> None:
        client_address.set(visitor.address)
        async with open_websocket(
            stream, head, leftover, subprotocol=subprotocol, max_message_bytes=frame_bytes
        ) as channel:
            with metrics.ws_connections.labels(kind).track_inprogress():
                async with trio.open_nursery() as nursery:
                    if visitor.caller.expires_at is not None:
                        nursery.start_soon(_close_at, channel, visitor.caller.expires_at)
                    try:
                        await serve(channel)
                    except ChannelError as error:
                        log.debug("socket_broken", kind=kind, reason=str(error))
                    nursery.cancel_scope.cancel()

    return Upgrade(run)


async def _close_at(channel: WebSocketChannel, expires_at: float) -> None:
    await trio.sleep(max(0.0, expires_at - time.time()))
    await channel.close(TOKEN_EXPIRED, "the token has expired; connect with a new one")


def _scope_of(request: HttpRequest) -> str:
    """What an operation needs that nobody may do without it; empty where it depends on more."""
    if request.path == "/metrics":
        return "ops:read"
    if request.path == "/api/v1/processes" or request.path.startswith("/api/v1/processes/"):
        return "ops:read" if _is_read(request) else "ops:write"
    return "ops:write" if request.path == "/api/v1/reload" else ""


def _is_read(request: HttpRequest) -> bool:
    return request.method in ("GET", "HEAD")


def _wrong_method(allowed: str) -> HttpResponse:
    return error_response(405, Kind.METHOD_NOT_FOUND, f"Use {allowed} here.", [("Allow", allowed)])


_LABELLED = ("/mcp", "/health", "/ready", "/metrics", "/api/v1/messages", UPLOADS_PATH, "/")


def _path_label(path: str) -> str:
    return path if path in _LABELLED else "other"


def _status_label(response: AnyResponse) -> str:
    if isinstance(response, HttpResponse | StreamingResponse):
        return str(response.status)
    return "101" if isinstance(response, Upgrade) else "200"
