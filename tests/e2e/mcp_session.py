"""MCP over WebSocket as a client of the tests speaks it: trio-websocket, one task that reads, calls by id."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from tests.e2e.sockets import open_socket
from tests.torture.jsonrpc_cases import META


class CallFailed(Exception):
    """The answer is a JSON-RPC error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code: int = error["code"]
        self.kind: str | None = (error.get("data") or {}).get("kind")


class ConnectionLost(Exception):
    """The connection ended before the answer came."""


class McpSession:
    """A modern client: no handshake, every request stands alone."""

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection
        self._answers: dict[int, dict[str, Any]] = {}
        self._arrived = trio.Condition()
        self._last_id = 0
        self._is_over = False

    async def read(self) -> None:
        """Take in answers until the connection ends."""
        try:
            while True:
                message = json.loads(await self._connection.get_message())
                async with self._arrived:
                    if "id" in message:
                        self._answers[message["id"]] = message
                    self._arrived.notify_all()
        except ConnectionClosed:
            async with self._arrived:
                self._is_over = True
                self._arrived.notify_all()

    async def start(self, method: str, **params: Any) -> int:
        """Send a request; returns its id for `answer`."""
        self._last_id += 1
        message = {
            "jsonrpc": "2.0",
            "id": self._last_id,
            "method": method,
            "params": {"_meta": META, **params},
        }
        id = self._last_id
        try:
            await self._connection.send_message(json.dumps(message))
        except ConnectionClosed:
            raise ConnectionLost from None
        return id

    async def answer(self, id: int) -> dict[str, Any]:
        """
        The result of a started request.

        Raises:
            CallFailed: it is an error.
            ConnectionLost: the connection ended first.
        """
        async with self._arrived:
            while id not in self._answers:
                if self._is_over:
                    raise ConnectionLost
                await self._arrived.wait()
        message = self._answers.pop(id)
        if "error" in message:
            raise CallFailed(message["error"])
        result: dict[str, Any] = message["result"]
        return result

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The result of one tools/call."""
        return await self.answer(await self.start("tools/call", name=tool, arguments=arguments))


def text_of(result: dict[str, Any]) -> str:
    """All text of a tool's result."""
    return "\n".join(block["text"] for block in result["content"] if block["type"] == "text")


def kind_of(result: dict[str, Any]) -> str | None:
    """The kind of failure of a result with isError, None for a success."""
    if not result.get("isError"):
        return None
    kind: str | None = (result.get("structuredContent") or {}).get("kind")
    return kind


@asynccontextmanager
async def open_session(port: int) -> AsyncIterator[McpSession]:
    """An MCP connection to the daemon on this port."""
    async with open_socket(port, "/mcp", ["mcp"]) as connection, trio.open_nursery() as nursery:
        session = McpSession(connection)
        nursery.start_soon(session.read)
        yield session
        nursery.cancel_scope.cancel()
