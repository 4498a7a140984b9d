"""`museod stdio --connect`: a host's stdin and stdout tied to a daemon that runs already."""

from __future__ import annotations

import sys

import trio

from museod.errors import ChannelError
from museod.transports.channel import MessageChannel
from museod.transports.client import connect_websocket
from museod.transports.stdio import open_stdio_channel


async def attach(url: str, token: str | None) -> None:
    """
    Carry messages both ways until one side ends; they are not looked at.

    Raises:
        ChannelError: the daemon cannot be reached, or went away.
    """
    async with (
        connect_websocket(url, subprotocol="mcp", token=token) as remote,
        open_stdio_channel(sys.stdin.fileno(), sys.stdout.fileno()) as host,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(_carry, host, remote, nursery.cancel_scope)
        nursery.start_soon(_carry, remote, host, nursery.cancel_scope)


async def _carry(source: MessageChannel, target: MessageChannel, scope: trio.CancelScope) -> None:
    try:
        while True:
            for message in await source.receive():
                target.post(message)
            await target.wait_drained()
    except ChannelError:
        scope.cancel()
