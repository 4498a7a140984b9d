"""WebSocket connections of the tests, on trio-websocket: another implementation than the server's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio
from trio_websocket import WebSocketConnection, wrap_client_stream

HOST = "127.0.0.1"
MESSAGE_BYTES = 16 << 20
CLOSE_SECONDS = 2.0


@asynccontextmanager
async def open_socket(
    port: int, path: str, subprotocols: Sequence[str] = ()
) -> AsyncIterator[WebSocketConnection]:
    """
    A connection to the daemon on this port.

    The TCP stream is ours to close: the library leaves it open when the server says goodbye first.
    """
    async with await trio.open_tcp_stream(HOST, port) as stream, trio.open_nursery() as nursery:
        connection = await wrap_client_stream(
            nursery,
            stream,
            f"{HOST}:{port}",
            path,
            subprotocols=list(subprotocols) or None,
            max_message_size=MESSAGE_BYTES,
        )
        try:
            yield connection
        finally:
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await connection.aclose()
            nursery.cancel_scope.cancel()
