"""A transport for the official client, which has none of its own any more: MCP over WebSocket, on asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import mcp_types as t
from mcp.shared.message import SessionMessage
from pydantic import ValidationError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

MESSAGE_BYTES = 16 << 20


@asynccontextmanager
async def websocket_client(url: str) -> AsyncIterator[tuple[Any, Any]]:
    """One JSON-RPC message per text frame, under the subprotocol `mcp`."""
    incoming_writer, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, outgoing_reader = anyio.create_memory_object_stream[SessionMessage](0)
    async with connect(url, subprotocols=[Subprotocol("mcp")], max_size=MESSAGE_BYTES) as connection:

        async def read() -> None:
            async with incoming_writer:
                async for frame in connection:
                    try:
                        message = t.jsonrpc_message_adapter.validate_json(frame, by_name=False)
                    except ValidationError as error:
                        await incoming_writer.send(error)
                    else:
                        await incoming_writer.send(SessionMessage(message))

        async def write() -> None:
            async with outgoing_reader:
                async for sent in outgoing_reader:
                    try:
                        await connection.send(sent.message.model_dump_json(by_alias=True, exclude_unset=True))
                    except ConnectionClosed:
                        return

        async with anyio.create_task_group() as group:
            group.start_soon(read)
            group.start_soon(write)
            yield incoming, outgoing
            group.cancel_scope.cancel()
