"""Runs an MCP server over a channel, or over this process's own stdin and stdout."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import trio

from mcps.kit.session import Offer, Session, offer
from mcps.kit.tool import Tool
from museod.errors import ChannelBroken, ChannelClosed, ConfigError
from museod.observe import logs
from museod.observe.context import mcp
from museod.rpc import RpcConnection
from museod.transports.channel import MessageChannel
from museod.transports.stdio import open_stdio_channel

log = logs.get_logger()

# Requests of one host that run at once; the gateway's own ceiling per connection is the same.
MAX_CONCURRENT = 64
# After stdin ended: what was asked may still be answered (a host that pipes requests in and closes), yet
# well before a supervisor that waits for our exit loses its patience.
FINISH_SECONDS = 2.0


class _FinishingChannel:
    """
    A channel whose end is heard only after the requests that came before it are answered.

    It hands over one message per scheduler tick: tasks of one tick run in no order, and a host that sends
    several requests in one write may expect that those which need no waiting are answered in turn, the one
    that opens its session first.

    It reads from one channel and writes to another (which may be the same): a channel on two descriptors is
    over when either ends, and the end of stdin says nothing about stdout.
    """

    def __init__(self, reader: MessageChannel, writer: MessageChannel) -> None:
        self._reader = reader
        self._arrived: deque[bytes] = deque()
        self.connection: RpcConnection | None = None
        self.post = writer.post
        self.wait_drained = writer.wait_drained
        self.aclose = writer.aclose

    async def receive(self) -> list[bytes]:
        if self._arrived:
            await trio.lowlevel.checkpoint()
            return [self._arrived.popleft()]
        try:
            self._arrived.extend(await self._reader.receive())
        except ChannelClosed:
            if self.connection is not None:
                with trio.move_on_after(FINISH_SECONDS):
                    await self.connection.wait_idle()
            raise
        return [self._arrived.popleft()]


async def attend(
    offered: Offer,
    channel: MessageChannel,
    *,
    writer: MessageChannel | None = None,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """
    Serve `offered` on `channel` until the other side ends it.

    Args:
        writer: where answers go, if not to `channel`.

    Requests run concurrently, up to `MAX_CONCURRENT`; `notifications/cancelled` stops the tool it names.

    Raises:
        ChannelBroken: the other side broke the channel.
    """
    session = Session(offered)
    finishing = _FinishingChannel(channel, writer or channel)
    connection = RpcConnection(
        finishing,
        serve=session.serve,
        on_notification=session.on_notification,
        max_concurrent=MAX_CONCURRENT,
    )
    finishing.connection = connection
    session.connect(connection)
    await connection.run(task_status=task_status)


async def serve(
    name: str,
    version: str,
    tools: Sequence[Tool],
    *,
    instructions: str = "",
    warm_up: Callable[[], object] | None = None,
) -> None:
    """
    Serve `tools` on this process's stdin and stdout until stdin ends.

    Args:
        warm_up: what the first call would have to wait for; runs in a thread while the host shakes hands.
    """
    read_fd, write_fd = _own_pipes()
    async with (
        open_stdio_channel(os.open(os.devnull, os.O_RDONLY), write_fd) as writer,
        open_stdio_channel(read_fd, os.open(os.devnull, os.O_WRONLY)) as reader,
        trio.open_nursery() as nursery,
    ):
        if warm_up is not None:
            nursery.start_soon(trio.to_thread.run_sync, warm_up)
        await attend(offer(name, version, tools, instructions), reader, writer=writer)


def run(name: str, main: Callable[[], Awaitable[None]]) -> int:
    """
    Run a server's `main` and return the exit code of its process.

    Logs go to stderr as JSON lines, at MCP_LOG_LEVEL; `name` is the `mcp` they carry.
    """
    mcp.set(name)
    logs.configure(_log_level())
    code = 0
    try:
        trio.run(main)
    except* ConfigError as group:
        code = 78
        for error in group.exceptions:
            log.error("configuration_refused", faults=str(error))
    except* ChannelBroken as group:
        code = 1
        log.error("channel_broken", reason=str(group.exceptions[0]))
    except* KeyboardInterrupt:
        code = 130  # what a shell expects of a program that Ctrl-C ended
    return code


def _own_pipes() -> tuple[int, int]:
    """
    Stdin and stdout as descriptors of our own.

    In their old places stand /dev/null and stderr: a stray print of any library goes to the log, never
    between the messages.
    """
    read_fd, write_fd = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    os.dup2(2, 1)
    return read_fd, write_fd


def _log_level() -> str:
    level = os.environ.get("MCP_LOG_LEVEL", "info")
    return level if level in logs.LEVELS else "info"
