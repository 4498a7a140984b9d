"""The official Python client of MCP, in both eras, over Streamable HTTP and over `museod stdio`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import PROGRAMS, ROOT, Daemon, clean_environment, echo_server

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]

CALLS = 11  # what the program makes: three in a row and eight at once
CLIENT_SECONDS = 90.0  # above the client's own deadline, so that its words are seen
REVISIONS = {"legacy": "2025-11-25", "2026-07-28": "2026-07-28", "auto": "2026-07-28"}
SERVER_NAME = "museo-mcp-orchestrator"


def run_client(
    era: str, tool: str, arguments: dict[str, Any], where: Sequence[str], **environment: str
) -> dict[str, Any]:
    """What the official client saw; its stderr fails the test when it failed."""
    program = str(PROGRAMS / "official_client.py")
    done = subprocess.run(
        [sys.executable, program, era, tool, json.dumps(arguments), *where],
        cwd=ROOT,
        env=clean_environment(**environment),
        capture_output=True,
        timeout=CLIENT_SECONDS,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def expect_echoes(seen: dict[str, Any], era: str, text: str) -> None:
    assert seen["revision"] == REVISIONS[era]
    # A client that pins the revision never asks who the server is.
    assert seen["server"] == (None if era == "2026-07-28" else SERVER_NAME)
    assert {"echo", "big", "slow", "pid"} <= set(seen["tools"])
    assert seen["texts"] == [text] * CALLS
    assert seen["isError"] is False


@pytest.mark.parametrize("era", list(REVISIONS))
def test_the_official_client_calls_tools_over_http(era: str, echo_daemon: Daemon) -> None:
    seen = run_client(era, "echo", {"text": "κόσμε ✓"}, ["--url", f"{echo_daemon.url}/mcp"])
    expect_echoes(seen, era, "κόσμε ✓")


@pytest.mark.parametrize("era", list(REVISIONS))
@pytest.mark.parametrize("child_era", ["modern child", "legacy child"])
def test_the_official_client_calls_tools_over_stdio(era: str, child_era: str, directory: Path) -> None:
    child = echo_server(*(["--legacy"] if child_era == "legacy child" else []))
    config = directory / "servers.json"
    config.write_text(json.dumps({"mcpServers": {"echo": child}}))
    command = [sys.executable, "-m", "museod", "stdio", "--mcp-config", str(config)]
    state = str(directory / "state")
    # Whoever starts a stdio daemon owns its credentials; foreign servers are for admins unless on loopback.
    settings = {"MCP_AUTH": "guest", "MCP_STATE_DIR": state, "PYTHONPATH": str(ROOT)}
    seen = run_client(era, "echo", {"text": "over stdio"}, ["--stdio", *command], **settings)
    expect_echoes(seen, era, "over stdio")


@pytest.mark.parametrize("era", list(REVISIONS))
def test_the_official_client_searches_the_shop(era: str, shop_daemon: Daemon) -> None:
    arguments = {"query": "iPhone 15", "locale": "en"}
    seen = run_client(era, "search_products", arguments, ["--url", f"{shop_daemon.url}/mcp"])
    assert seen["isError"] is False, seen
    assert all("iPhone 15" in text for text in seen["texts"])
    assert "delete_product" not in seen["tools"], "a guest is shown an admin tool"
