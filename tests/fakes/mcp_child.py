"""A server as a real process, spoken to over its pipes with newline JSON, as any MCP host would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import trio

from museod.wire import codec, envelope
from museod.wire.lines import LineReader

CLIENT = {"name": "test-host", "version": "1"}
START_SECONDS = 20.0  # on a machine that runs other tests beside this one


class ChildHost:
    """The host's side of one child."""

    def __init__(self, process: trio.Process) -> None:
        self.process = process
        self._lines = LineReader()
        self._arrived: list[bytes] = []
        self._next_id = 0

    async def write(self, line: bytes) -> None:
        """Send one line as it is."""
        assert self.process.stdin is not None
        await self.process.stdin.send_all(line + b"\n")

    async def read(self) -> dict[str, Any]:
        """The next message of the child."""
        assert self.process.stdout is not None
        while not self._arrived:
            data = await self.process.stdout.receive_some()
            assert data, "the child closed its stdout"
            self._arrived += self._lines.feed(bytes(data))
        return codec.decode(self._arrived.pop(0))  # type: ignore[no-any-return]

    async def request(
        self, method: str, params: Mapping[str, Any] | None = None, **meta: Any
    ) -> dict[str, Any]:
        """One modern request, and its whole answer."""
        self._next_id += 1
        encoded = envelope.request_params(params or {}, client_info=CLIENT, meta=meta)
        await self.write(codec.encode_request(self._next_id, method, encoded))
        answer = await self.read()
        assert answer["id"] == self._next_id
        return answer

    async def call(
        self, tool: str, arguments: Mapping[str, Any], *, caller: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """One tool call's result, on behalf of `caller`."""
        meta = {envelope.CALLER: caller} if caller is not None else {}
        answer = await self.request("tools/call", {"name": tool, "arguments": arguments}, **meta)
        return answer["result"]  # type: ignore[no-any-return]

    async def finish(self) -> int:
        """Close the child's stdin and wait for its exit code."""
        assert self.process.stdin is not None
        await self.process.stdin.aclose()
        return await self.process.wait()


@asynccontextmanager
async def open_child(module: str, **env: str) -> AsyncIterator[ChildHost]:
    """Run `python -m module` with hardly any environment; it is killed at the end of the block."""
    surroundings = {"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd(), **env}
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=surroundings,
    )
    try:
        with trio.fail_after(START_SECONDS):
            yield ChildHost(process)
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                await stream.aclose()
