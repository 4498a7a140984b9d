"""The programs under measurement as running processes: the daemon, its peer, the echo servers, the shop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import load
from tests.bench.load import Client, Request, Target
from tests.bench.machine import Cores, free_port
from tests.bench.processes import descendants

ROOT = Path(__file__).resolve().parents[2]
ECHO_CHILD = ROOT / "tests" / "programs" / "echo_child.py"
START_SECONDS = 60.0  # give up on a program that never answers
STOP_SECONDS = 15.0  # the daemon's drain and its children's grace, with room
INSTALL_SECONDS = 600.0  # from a slow mirror
PROBE_SECONDS = 3.0  # one attempt while a program starts or restarts
PROBE_PAUSE_SECONDS = 0.01


class NeverAnswered(Exception):
    """A program did not give one good answer in time; the text holds its last words."""


@dataclass(slots=True)
class Running:
    """One started program; its log is kept to explain a failure."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    started_at: float

    @property
    def pid(self) -> int:
        return self.process.pid

    def target(self, path: str = "/mcp", **more: Any) -> Target:
        scheme = "ws" if more.get("transport") == "websocket" else "http"
        return Target(f"{scheme}://127.0.0.1:{self.port}{path}", **more)

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-1500:]


@contextlib.contextmanager
def started(
    command: Sequence[str],
    *,
    port: int,
    cores: Cores,
    directory: Path,
    environment: Mapping[str, str] | None = None,
    is_pinned: bool = True,
) -> Iterator[Running]:
    """Run a program, on the gateway's core if pinned; stopped with SIGTERM, and killed if it stays."""
    log = directory / f"{Path(command[0]).name}-{port}.log"
    where = cores.spawning_on_gateway_core() if is_pinned else cores.spawning_anywhere()
    with log.open("wb") as sink, where:
        started_at = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=ROOT,
            env=dict(environment or _clean_environment()),
        )
    running = Running(process, port, log, started_at)
    try:
        yield running
    finally:
        below = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            for pid in below:  # what a killed gateway left behind
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _clean_environment(**ours: str) -> dict[str, str]:
    """This environment without settings of somebody's own daemon."""
    return {key: value for key, value in os.environ.items() if not key.startswith("MCP_")} | ours


def echo_command(cores: Cores, *more: str) -> list[str]:
    return [sys.executable, "-I", str(ECHO_CHILD), *cores.child_options(), *more]


@contextlib.contextmanager
def museod(cores: Cores, *, children: int = 1, idle_children: int = 0) -> Iterator[Running]:
    """
    The daemon with echo children only, limits lifted, everything else switched on.

    With more than one child each gets a prefix (`c0_`, `c1_` …); with one, the tools keep their names.
    """
    total = children + idle_children
    first, *more = echo_command(cores)
    servers = {
        f"echo{number}": {"command": first, "args": more} | ({"prefix": f"c{number}_"} if total > 1 else {})
        for number in range(total)
    }
    with tempfile.TemporaryDirectory(prefix="museod-bench-") as name:
        directory = Path(name)
        config = directory / "servers.json"
        config.write_text(json.dumps({"mcpServers": servers}))
        port = free_port()
        command = [sys.executable, "-m", "museod", "serve", "--host", "127.0.0.1", "--port", str(port)]
        with started(
            [*command, "--mcp-config", str(config)],
            port=port,
            cores=cores,
            directory=directory,
            environment=_clean_environment(
                MCP_AUTH="guest",
                MCP_LIMITS="off",
                MCP_LOG_LEVEL="warn",
                MCP_STATE_DIR=str(directory / "state"),
            ),
        ) as running:
            yield running


@contextlib.contextmanager
def shop_museod(cores: Cores, sandbox_port: int) -> Iterator[Running]:
    """The daemon with its own four children, in front of a sandbox shop that already runs."""
    with tempfile.TemporaryDirectory(prefix="museod-bench-") as name:
        directory, port = Path(name), free_port()
        with started(
            [sys.executable, "-m", "museod", "serve", "--host", "127.0.0.1", "--port", str(port)],
            port=port,
            cores=cores,
            is_pinned=False,
            directory=directory,
            environment=_clean_environment(
                MCP_AUTH="guest",
                MCP_LIMITS="off",
                MCP_LOG_LEVEL="warn",
                MCP_STATE_DIR=str(directory / "state"),
                MCP_MUSEO_API_URL=f"http://127.0.0.1:{sandbox_port}",
            ),
        ) as running:
            yield running


@contextlib.contextmanager
def sandbox(cores: Cores) -> Iterator[Running]:
    """The stand-in shop."""
    with tempfile.TemporaryDirectory(prefix="museod-bench-") as name:
        port = free_port()
        with started(
            [sys.executable, "-m", "museod", "sandbox", "--port", str(port)],
            port=port,
            cores=cores,
            is_pinned=False,
            directory=Path(name),
        ) as running:
            yield running


@contextlib.contextmanager
def echo_server(kind: str, cores: Cores) -> Iterator[Running]:
    """One of the bare echo servers of `ceilings`."""
    with tempfile.TemporaryDirectory(prefix="museod-bench-") as name:
        port = free_port()
        with started(
            [sys.executable, "-m", "tests.bench.ceilings", kind, str(port)],
            port=port,
            cores=cores,
            directory=Path(name),
        ) as running:
            yield running


@contextlib.contextmanager
def mcp_proxy(cores: Cores) -> Iterator[Running]:
    """The PyPI package mcp-proxy in a virtual environment of its own, in front of the same echo child."""
    with tempfile.TemporaryDirectory(prefix="museod-bench-") as name:
        directory, port = Path(name), free_port()
        _run_or_raise([sys.executable, "-m", "venv", str(directory / "venv")])
        _run_or_raise([str(directory / "venv/bin/pip"), "install", "--quiet", "mcp-proxy"])
        command = [str(directory / "venv/bin/mcp-proxy"), "--host", "127.0.0.1", "--port", str(port), "--"]
        with started(
            [*command, *echo_command(cores, "--legacy")], port=port, cores=cores, directory=directory
        ) as running:
            yield running


def _run_or_raise(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, timeout=INSTALL_SECONDS)
    if done.returncode:
        raise NeverAnswered(f"{' '.join(command)}: {done.stderr.decode(errors='replace')[-1500:]}")


async def first_good_answer(
    running: Running, target: Target, request: Request, expected: bytes, *, since: float | None = None
) -> float:
    """
    Seconds from `since` (default: the program's start) to its first good answer on a fresh connection.

    Raises:
        NeverAnswered: the program ended, or `START_SECONDS` passed.
    """
    begun = running.started_at if since is None else since
    last = "no connection"
    while time.perf_counter() - begun < START_SECONDS and running.process.poll() is None:
        client = Client(target)
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await client.open()
                _, body = await client.call(request)
            if expected in body:
                return time.perf_counter() - begun
            last = body[:300].decode("latin-1")
        except (OSError, TimeoutError) as error:
            last = repr(error)
        finally:
            client.close()
        await asyncio.sleep(PROBE_PAUSE_SECONDS)
    raise NeverAnswered(f"{target.url}: {last}\n{running.last_words()}")


def wait_until_good(running: Running, target: Target) -> float:
    """`first_good_answer` of the echo tool, for callers without a loop."""
    return load.run(first_good_answer(running, target, load.echo_request(target), load.MARKER.encode()))
