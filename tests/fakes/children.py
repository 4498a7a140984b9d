"""Children in memory: a scripted MCP server behind a channel pair, for the gateway's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import trio

from museod.errors import MethodNotFound, RpcFailed
from museod.gateway.children import Children
from museod.gateway.upstream import Upstream
from museod.rpc import RpcConnection
from museod.transports.channel import MemoryChannel, open_memory_pair
from museod.wire import codec
from museod.wire.messages import Request

ANY_OBJECT = {"type": "object"}


def tool(name: str, schema: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """One tool of a list."""
    return {"name": name, "inputSchema": dict(schema or ANY_OBJECT), **members}


@dataclass
class FakeProcess:
    """What the gateway needs of a supervised process."""

    name: str
    label: str = ""
    used: float | None = 0.0

    def __post_init__(self) -> None:
        self.label = self.label or self.name

    def cpu_seconds(self) -> float | None:
        return self.used


@dataclass
class FakeServer:
    """
    A scripted MCP server.

    `answers[tool]` is called with the params of `tools/call` and returns a result, or raises. `seen` holds
    (method, params) of all that came, `cancelled` the ids of cancellations.
    """

    tools: list[dict[str, Any]] = field(default_factory=list)
    is_modern: bool = True
    answers: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    page_size: int = 1000
    connection: RpcConnection | None = None

    async def serve(self, request: Request) -> bytes:
        params = codec.decode(request.params) if request.params else {}
        self.seen.append((request.method, params))
        await trio.lowlevel.checkpoint()
        return codec.encode(await self._result(request.method, params))

    async def _result(self, method: str, params: dict[str, Any]) -> Any:
        if method == "server/discover" and self.is_modern:
            return {
                "resultType": "complete",
                "supportedVersions": ["2026-07-28"],
                "capabilities": {"tools": {}},
                "ttlMs": 0,
                "cacheScope": "public",
            }
        if method == "initialize" and not self.is_modern:
            return {
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "fake", "version": "1"},
            }
        if method == "ping":
            return {}
        if method == "tools/list":
            start = int(params.get("cursor", 0))
            page: dict[str, Any] = {"tools": self.tools[start : start + self.page_size]}
            if start + self.page_size < len(self.tools):
                page["nextCursor"] = str(start + self.page_size)
            return page
        if method == "tools/call":
            answer = self.answers.get(params["name"])
            if answer is None:
                raise RpcFailed(-32602, f"unknown tool {params['name']}")
            return await answer(params)
        raise MethodNotFound(f"no {method}")


async def echo(params: dict[str, Any]) -> Any:
    """The arguments as text, and the `_meta` that the child got."""
    return {
        "content": [{"type": "text", "text": codec.encode(params["arguments"]).decode()}],
        "structuredContent": {"meta": params.get("_meta", {})},
        "isError": False,
    }


async def hang(_: dict[str, Any]) -> Any:
    """Never answers."""
    await trio.sleep_forever()


@asynccontextmanager
async def attached(
    children: Children, name: str, server: FakeServer, **options: Any
) -> AsyncIterator[MemoryChannel]:
    """
    `server` behind the child `name`, as a supervised process would be.

    Yields the server's end of the pipe: closing it is the process dying.
    """
    ours, theirs = open_memory_pair()
    child = children[name]
    process = FakeProcess(name)
    upstream = Upstream(process, ours, era=child.policy.era, **options)
    server.connection = RpcConnection(theirs, serve=server.serve)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.connection.run)
        await nursery.start(upstream.run)
        await upstream.open()
        children.arrive(child, upstream)
        try:
            yield theirs
        finally:
            children.leave(child, upstream)
            nursery.cancel_scope.cancel()
