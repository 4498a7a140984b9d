"""The daemon and the services that it asks itself: the identity provider and Loki, away and back."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import (
    ROOT,
    Daemon,
    clean_environment,
    echo_server,
    free_port,
    running_daemon,
    wait_for,
)
from tests.fakes.identity import Provider
from tests.fakes.loki import FakeLoki

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ISSUER = "https://id.example"
# The provider is asked again 2, 4 and 8 s after the first failures; a daemon is ready after the first or two.
RECOVERY_SECONDS = 20.0


def processes(daemon: Daemon, token: str | None = None) -> tuple[int, Any]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return daemon.ask("/api/v1/processes", **headers)


def test_an_identity_provider_that_is_away_at_the_start_is_found_again(directory: Path) -> None:
    provider, port = Provider(), free_port()
    operator = provider.sign("one", {"role": "operator"})
    with running_daemon(
        directory,
        {"echo": echo_server()},
        MCP_AUTH="required",
        MCP_JWKS_URL=f"http://127.0.0.1:{port}/keys",
        MCP_JWT_ISSUER=ISSUER,
    ) as daemon:
        status, body = processes(daemon, operator)
        assert (status, "MCP_JWKS_URL" in body["error"]["message"]) == (401, True)
        ready = daemon.ask("/ready")[1]
        assert (ready["status"], ready["dependencies"]["jwks"]["state"]) == ("degraded", "down")
        with provider.running_in_a_thread(port):
            wait_for(lambda: processes(daemon, operator)[0] == 200, RECOVERY_SECONDS, "the provider is back")
            assert daemon.ask("/ready")[1]["dependencies"]["jwks"]["state"] == "up"
            assert processes(daemon, provider.sign("one"))[0] == 403
            assert processes(daemon, provider.sign("one", {"iss": "https://evil.example"}))[0] == 401
            provider.kids = ["two"]
            rotated = provider.sign("two", {"role": "operator"})
            assert processes(daemon, rotated)[0] == 401
            wait_for(lambda: processes(daemon, rotated)[0] == 200, RECOVERY_SECONDS, "the new key is known")
            assert processes(daemon, operator)[0] == 401
        assert processes(daemon, rotated)[0] == 200
        metadata = daemon.ask("/.well-known/oauth-protected-resource/mcp")[1]
        assert (metadata["resource"], metadata["authorization_servers"]) == (f"{daemon.url}/mcp", [ISSUER])
        daemon.stop_cleanly()


@pytest.mark.parametrize(("is_away", "state", "code"), [(False, "up", 0), (True, "down", 1)])
def test_check_reaches_the_identity_provider(directory: Path, is_away: bool, state: str, code: int) -> None:
    servers = directory / "servers.json"
    servers.write_text(json.dumps({"mcpServers": {"echo": echo_server()}}))
    with Provider().running_in_a_thread() as url:
        url = f"http://127.0.0.1:{free_port()}/keys" if is_away else url
        environment = clean_environment(
            MCP_STATE_DIR=str(directory / "state"), MCP_AUTH="guest", MCP_JWKS_URL=url
        )
        command = [sys.executable, "-m", "museod", "check", "--mcp-config", str(servers)]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == code, done.stderr
    assert f"jwks {url}: {state}" in done.stdout.splitlines()


def with_loki(directory: Path, port: int) -> AbstractContextManager[Daemon]:
    servers = {"echo": echo_server()}
    return running_daemon(directory, servers, MCP_LOKI_HOST="127.0.0.1", MCP_LOKI_PORT=str(port))


def test_the_log_arrives_at_loki_from_the_first_line_to_the_last(directory: Path) -> None:
    loki = FakeLoki()
    with loki.running() as port, with_loki(directory, port) as daemon:
        daemon.stop_cleanly()
        written = [line for line in daemon.log.read_text().splitlines() if line.startswith("{")]
    assert written
    assert sorted(loki.lines) == sorted(written)
    assert {dict(labels)["service"] for labels in loki.streams} == {"museod"}


def test_a_loki_that_is_away_holds_up_neither_start_nor_end(directory: Path) -> None:
    with with_loki(directory, free_port()) as daemon:
        assert daemon.ask("/ready")[1]["status"] == "ok"
        daemon.stop_cleanly()
        assert "loki_not_reached" in daemon.log.read_text()
