"""A front with fakes behind it, and requests to it."""

from __future__ import annotations

import base64
from typing import Any

import trio

from museod.access.principal import Principal, Role, principal
from museod.errors import Unauthenticated
from museod.front.discovery import Discovery
from museod.front.door import Door, Listener, Visitor
from museod.front.operations import Operations
from museod.front.routes import Front
from museod.transports.channel import MessageChannel
from museod.transports.http1 import Exchange, Headers, HttpRequest, HttpResponse, StreamingResponse
from museod.transports.websocket import WebSocketChannel

LOOPBACK, OUTSIDE = Listener(is_loopback=True), Listener(is_loopback=False)
SOCKET = Listener(is_loopback=True, operator=principal("local:op", Role.OPERATOR))
CALLERS = {
    "ann": principal("ann", Role.CUSTOMER),
    "bob": principal("bob", Role.ADMIN),
    "op": principal("op", Role.OPERATOR),
}


CHILD = {"state": "ready", "since": "2026-01-01T00:00:00+00:00", "restarts": 0, "uptimeSeconds": 1.0}


class FakeTokens:
    def read(self, token: str) -> Principal:
        if token not in CALLERS:
            raise Unauthenticated("Get a new one.")
        return CALLERS[token]


class FakeHouse:
    """Everything behind the front, recording who came."""

    def __init__(self) -> None:
        self.came: list[tuple[str, Any]] = []
        self.error: Exception | None = None

    async def handle(self, request: HttpRequest, caller: Principal) -> HttpResponse | Exchange:
        self.came.append((f"mcp {request.method}", caller.sub))
        await trio.lowlevel.checkpoint()
        if self.error is not None:
            raise self.error
        return HttpResponse(200, b"{}")

    async def serve_mcp(self, channel: MessageChannel, caller: Principal) -> None:
        self.came.append(("mcp socket", caller.sub))

    async def serve(self, channel: WebSocketChannel, visitor: Visitor, *, wants_stream: bool) -> None:
        self.came.append(("chat socket", visitor.caller.sub))

    async def answer(self, body: bytes, visitor: Visitor) -> HttpResponse:
        self.came.append(("turn", visitor.caller.sub))
        await trio.lowlevel.checkpoint()
        return HttpResponse(200, b"{}")

    def stream(self, body: bytes, visitor: Visitor) -> StreamingResponse:
        async def run(_: object) -> None:
            raise AssertionError

        self.came.append(("stream", visitor.caller.sub))
        return StreamingResponse(200, run)

    async def export(self, user_id: str) -> dict[str, Any]:
        self.came.append(("export", user_id))
        await trio.lowlevel.checkpoint()
        return {"userId": user_id}

    async def erase(self, user_id: str) -> bool:
        self.came.append(("erase", user_id))
        await trio.lowlevel.checkpoint()
        return True

    async def take(self, request: HttpRequest, visitor: Visitor) -> HttpResponse:
        self.came.append(("upload", visitor.caller.sub))
        await trio.lowlevel.checkpoint()
        return HttpResponse(201, b"{}")

    async def restart(self, name: str) -> None:
        self.came.append(("restart", name))
        await trio.lowlevel.checkpoint()

    async def reload(self) -> None:
        self.came.append(("reload", ""))
        await trio.lowlevel.checkpoint()

    def front(self, *, is_guest_mode: bool = False, issuer: str | None = None) -> Front:
        operations = Operations(
            stage=lambda: "ready",
            children=lambda: {"shop": CHILD},
            dependencies=dict,
            is_serving=lambda: {"shop": True},
            refused_tools=list,
            restart=self.restart,
            metrics=lambda: b"up 1\n",
            reload=self.reload,
        )
        return Front(
            Door(FakeTokens(), is_guest_mode=is_guest_mode),
            mcp=self,
            serve_mcp=self.serve_mcp,
            chat=self,
            operations=operations,
            privacy=self,
            mcp_frame_bytes=1000,
            chat_frame_bytes=100,
            http_body_bytes=10_000,
            uploads=self,
            discovery=Discovery(issuer),
        )


def request(
    line: str,
    *headers: tuple[str, str],
    token: str | None = None,
    host: str = "localhost",
    peer: str = "127.0.0.1",
) -> HttpRequest:
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    bearer = [] if token is None else [("Authorization", f"Bearer {token}")]
    return HttpRequest(
        method, target, path, query, Headers([("Host", host), *bearer, *headers]), b"", peer, 1
    )


def upgrade(
    target: str, *headers: tuple[str, str], subprotocol: str | None = None, token: str | None = None
) -> HttpRequest:
    offered = [] if subprotocol is None else [("Sec-WebSocket-Protocol", subprotocol)]
    return request(
        f"GET {target}",
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", base64.b64encode(b"0123456789abcdef").decode()),
        *offered,
        *headers,
        token=token,
    )


async def ask(
    message: HttpRequest, listener: Listener = OUTSIDE, house: FakeHouse | None = None, **options: Any
) -> Any:
    with trio.fail_after(5):
        return await (house or FakeHouse()).front(**options).handle(message, listener)


def header(response: HttpResponse, name: str) -> str | None:
    return Headers(response.headers).get(name)
