"""What the suite is run against: the daemon in front of the fixture in either era, or the fixture alone."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from tests.e2e.daemon import HOST, PROGRAMS, clean_environment, free_port, running_daemon, wait_for

FIXTURE = str(PROGRAMS / "mcp_fixture.py")
START_SECONDS = 30.0

# The gateway declares the client's capabilities to a child of the handshake era once per process, so what
# it asks its clients needs processes of its own: `interactive`.
_LEGACY = """
[children.fixture]
command = [{python}, "-I", {fixture}, "--era", "legacy"]
era = "legacy"
interactive = true
"""


class Target(StrEnum):
    """Through what the suite reaches the fixture."""

    MODERN = "modern"
    LEGACY = "legacy"
    DIRECT = "direct"


@contextlib.contextmanager
def serving(target: Target, directory: Path) -> Iterator[str]:
    """The URL of a running target; its processes end with the block."""
    directory.mkdir(parents=True, exist_ok=True)
    if target is Target.DIRECT:
        with _fixture_alone(directory) as url:
            yield url
        return
    modern = {"fixture": {"command": sys.executable, "args": ["-I", FIXTURE]}}
    legacy = _LEGACY.format(python=json.dumps(sys.executable), fixture=json.dumps(FIXTURE))
    with running_daemon(
        directory,
        modern if target is Target.MODERN else None,
        config=legacy if target is Target.LEGACY else None,
        MCP_LIMITS="off",
    ) as daemon:
        yield f"{daemon.url}/mcp"
        daemon.stop_cleanly()


@contextlib.contextmanager
def _fixture_alone(directory: Path) -> Iterator[str]:
    port = free_port()
    with (directory / "fixture.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-I", FIXTURE, "--http", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=clean_environment(),
        )
    try:
        wait_for(lambda: is_listening(port), START_SECONDS, "the fixture does not listen")
        yield f"http://{HOST}:{port}/mcp"
    finally:
        process.kill()
        process.wait()


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), START_SECONDS):
        return True
    return False
