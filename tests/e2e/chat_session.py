"""One chat socket as a shopper's client has it, on trio-websocket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
from trio_websocket import WebSocketConnection

from tests.e2e.sockets import open_socket

ANSWER_SECONDS = 15.0  # a turn takes well under a second; children may be starting on a busy machine


class ChatSession:
    """Sends messages of one user and waits for the reply to each."""

    def __init__(self, connection: WebSocketConnection, user_id: str, locale: str) -> None:
        self._connection = connection
        self._user_id = user_id
        self._locale = locale
        self._count = 0

    async def say(self, text: str) -> dict[str, Any]:
        """The `response` frame to one message; an `error` frame fails the test."""
        frame = await self.exchange(text)
        assert frame["type"] == "response", frame
        return frame

    async def exchange(self, text: str) -> dict[str, Any]:
        """The one `response` or `error` frame to one message."""
        self._count += 1
        id = f"m{self._count}"
        message = {
            "type": "message",
            "id": id,
            "userId": self._user_id,
            "message": text,
            "clientType": "web-storefront",
            "locale": self._locale,
        }
        with trio.fail_after(ANSWER_SECONDS):
            await self._connection.send_message(json.dumps(message))
            while True:
                frame: dict[str, Any] = json.loads(await self._connection.get_message())
                if frame.get("id") == id and frame["type"] in ("response", "error"):
                    return frame


@asynccontextmanager
async def open_chat(port: int, user_id: str, locale: str = "en") -> AsyncIterator[ChatSession]:
    """A chat socket to the daemon on this port."""
    async with open_socket(port, "/chat") as connection:
        yield ChatSession(connection, user_id, locale)
