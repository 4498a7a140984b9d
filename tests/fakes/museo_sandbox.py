"""The stand-in shop as a real process, for tests that want the shop on a port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

LISTENING = b"listening on "
MAX_LOG_BYTES = 1024 * 1024  # the end of the log is what a test looks at


@dataclass
class Sandbox:
    """A running sandbox; `url` is its base address, `log` what it wrote since."""

    url: str
    process: trio.Process
    log: bytearray = field(default_factory=bytearray)
    _grown: trio.Event = field(default_factory=trio.Event)

    async def wait_logged(self, text: bytes) -> None:
        """Return once `text` stands in the log."""
        while text not in self.log:
            await self._grown.wait()

    async def keep_log(self) -> None:
        """Read what it writes, so that it never waits for us."""
        assert self.process.stderr is not None
        async for chunk in self.process.stderr:
            self.log += chunk
            del self.log[:-MAX_LOG_BYTES]
            self._grown.set()
            self._grown = trio.Event()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)


@asynccontextmanager
async def open_sandbox(*arguments: str, env: Mapping[str, str] | None = None) -> AsyncIterator[Sandbox]:
    """A sandbox on a free port of loopback; ended when the block is left, however that is."""
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "mcps.museo.sandbox", "--port", "0", *arguments],
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd(), **(env or {})},
    )
    assert process.stderr is not None
    try:
        with trio.fail_after(15):  # a loaded machine; it takes half a second
            url = await _wait_listening(process)
        async with trio.open_nursery() as nursery:
            sandbox = Sandbox(url, process)
            nursery.start_soon(sandbox.keep_log)
            yield sandbox
            process.terminate()
            with trio.move_on_after(5):
                await process.wait()
            nursery.cancel_scope.cancel()
    finally:
        process.kill()
        with trio.CancelScope(shield=True), trio.move_on_after(5):
            await process.wait()
        with trio.CancelScope(shield=True):
            await process.stderr.aclose()


async def _wait_listening(process: trio.Process) -> str:
    assert process.stderr is not None
    seen = b""
    while True:
        chunk = await process.stderr.receive_some()
        seen += chunk
        if not chunk:
            raise AssertionError(f"the sandbox did not start: {seen.decode(errors='replace')}")
        for line in seen.split(b"\n")[:-1]:
            if line.startswith(LISTENING):
                return line[len(LISTENING) :].decode("ascii")
