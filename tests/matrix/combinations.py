"""Through what the official client reaches the fixture: transport, era of the client, era of the child."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Any

from tests.e2e.daemon import PROGRAMS, ROOT, Daemon, clean_environment, wait_for

CLIENT = Path(__file__).with_name("client.py")
FIXTURE = str(PROGRAMS / "mcp_fixture.py")
CLIENT_SECONDS = 400.0  # all features at their own limit, so that the program's words are seen
CANCELLED_SECONDS = 5.0
ERAS = ("legacy", "2026-07-28")
CANCELLED = "CANCELLED slow"  # what the fixture's slow tool says when it is told to stop


class Transport(StrEnum):
    """What carries the client's messages; direct: the fixture's own stdio, with no daemon between."""

    DIRECT = "direct"
    STDIO = "stdio"
    HTTP = "http"
    WEBSOCKET = "websocket"


@dataclass(frozen=True, slots=True)
class Combination:
    """One way from a client to the fixture."""

    transport: Transport
    client: str
    child: str

    @property
    def name(self) -> str:
        return f"{self.client} client, {self.transport.value}, {self.child} child"

    @property
    def is_legacy_client(self) -> bool:
        return self.client == "legacy"


COMBINATIONS = (
    *(Combination(Transport.DIRECT, era, era) for era in ERAS),
    *(
        Combination(transport, client, child)
        for transport in (Transport.STDIO, Transport.HTTP, Transport.WEBSOCKET)
        for client, child in product(ERAS, ERAS)
    ),
)


@dataclass(frozen=True, slots=True)
class Observed:
    """What the client saw of each feature, and whether the child heard of the cancellation."""

    outcomes: dict[str, Any]
    was_child_told: bool

    def seen(self, feature: str) -> Any:
        """
        What the client saw.

        Raises:
            AssertionError: the feature failed; the text says how.
        """
        outcome = self.outcomes[feature]
        assert "error" not in outcome, outcome["error"]
        return outcome["seen"]


def configuration(child_era: str, tag: str) -> str:
    """A museod.toml with the fixture as its only child."""
    era = "legacy" if child_era == "legacy" else "modern"
    arguments = ["-I", FIXTURE, "--tag", tag, "--extra-slow", "--era", era]
    return (
        "[children.fixture]\n"
        f"command = {json.dumps([sys.executable, *arguments])}\n"
        f'era = "{era}"\n'
        f"interactive = {json.dumps(era == 'legacy')}\n"
    )


def observe_daemon(combination: Combination, daemon: Daemon) -> Observed:
    """Over a port of a running daemon."""
    address = f"{daemon.url}/mcp"
    where = ["--url", address]
    if combination.transport is Transport.WEBSOCKET:
        where = ["--websocket", address.replace("http", "ws", 1)]

    def count() -> int:
        return daemon.log.read_text(errors="replace").count(CANCELLED)

    before = count()
    outcomes, _ = _run(combination, where)
    try:
        wait_for(lambda: count() > before, CANCELLED_SECONDS, "the child was not told")
    except AssertionError:
        return Observed(outcomes, was_child_told=False)
    return Observed(outcomes, was_child_told=True)


def observe_stdio(combination: Combination, directory: Path) -> Observed:
    """Over the stdin and stdout of a daemon, or of the fixture itself."""
    if combination.transport is Transport.DIRECT:
        era = "legacy" if combination.child == "legacy" else "modern"
        command = [sys.executable, "-I", FIXTURE, "--extra-slow", "--era", era]
    else:
        config = directory / "museod.toml"
        config.write_text(configuration(combination.child, "stdio"))
        command = [sys.executable, "-m", "museod", "stdio", "--config", str(config)]
    settings = {"MCP_AUTH": "guest", "MCP_STATE_DIR": str(directory / "state"), "PYTHONPATH": str(ROOT)}
    outcomes, log = _run(combination, ["--stdio", *command], **settings)
    return Observed(outcomes, was_child_told=CANCELLED in log)


def _run(combination: Combination, where: Sequence[str], **environment: str) -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, str(CLIENT), combination.client, *where],
        cwd=ROOT,
        env=clean_environment(**environment),
        capture_output=True,
        timeout=CLIENT_SECONDS,
    )
    log = done.stderr.decode(errors="replace")
    assert done.returncode == 0, log[-3000:]
    return json.loads(done.stdout), log
