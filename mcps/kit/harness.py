"""Calls a server inside this process, over an in-memory channel: for tests, and for trying a tool out."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio

from mcps.kit.server import attend
from mcps.kit.session import offer
from mcps.kit.tool import Tool
from museod.errors import LocalProtocolError
from museod.rpc import OnNotification, RpcConnection
from museod.transports.channel import open_memory_pair
from museod.wire import codec, envelope
from museod.wire.schema import ArgumentsSchema
from museod.wire.tools import ToolResult, decode_tool_result

CLIENT = {"name": "harness", "version": "1"}


class Harness:
    """A modern client of one server; `connection` is there for whatever it does not offer."""

    def __init__(self, connection: RpcConnection, tools: Sequence[Tool]) -> None:
        self.connection = connection
        self._tools = {tool.name: tool for tool in tools}
        self._turns = itertools.count(1)

    async def request(self, method: str, params: Mapping[str, Any] | None = None, **meta: Any) -> Any:
        """One modern request's decoded result; `meta` are further keys of `_meta`."""
        encoded = envelope.request_params(params or {}, client_info=CLIENT, meta=meta)
        return codec.decode(await self.connection.call(method, encoded, timeout=5))

    async def call(
        self,
        tool: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        caller: Mapping[str, Any] | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> ToolResult:
        """
        Call a tool as `caller` (what the gateway would state; a fresh turnId unless it has one).

        Raises:
            LocalProtocolError: the tool's answer does not fit its own outputSchema.
        """
        more: dict[str, Any] = dict(meta or {})
        if caller is not None:
            more[envelope.CALLER] = {"turnId": f"turn-{next(self._turns)}", **caller}
        params = envelope.request_params(
            {"name": tool, "arguments": arguments or {}}, client_info=CLIENT, meta=more
        )
        result = decode_tool_result(await self.connection.call("tools/call", params, timeout=5))
        self._check(tool, result)
        return result

    def _check(self, tool: str, result: ToolResult) -> None:
        schema = self._tools[tool].definition.output_schema
        if result.is_error or schema is None:
            return
        faults = ArgumentsSchema(schema).faults(result.structured_content)
        if faults:
            raise LocalProtocolError(f"{tool} answers against its own schema: {'; '.join(faults)}")
        if not result.text:
            raise LocalProtocolError(f"{tool} answers without a text")


@asynccontextmanager
async def open_harness(
    tools: Sequence[Tool], *, name: str = "harnessed", on_notification: OnNotification | None = None
) -> AsyncIterator[Harness]:
    """Serve `tools` in a background task and yield a client of them."""
    ours, theirs = open_memory_pair()
    connection = RpcConnection(ours, on_notification=on_notification)
    async with trio.open_nursery() as nursery:
        await nursery.start(_attend, tools, name, theirs)
        await nursery.start(connection.run)
        yield Harness(connection, tools)
        nursery.cancel_scope.cancel()


async def _attend(
    tools: Sequence[Tool], name: str, channel: Any, *, task_status: trio.TaskStatus[None]
) -> None:
    await attend(offer(name, "1", tools), channel, task_status=task_status)
