"""Everything hostile in tests/torture, against the running daemon: over HTTP, WebSocket and stdio."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.daemon import ROOT, Daemon, clean_environment, echo_server
from tests.torture import http_cases, jsonrpc_cases, websocket_cases
from tests.torture.jsonrpc_cases import HEADERS
from tests.torture.peers import (
    Disconnected,
    HttpPeer,
    Peer,
    StdioPeer,
    WebSocketPeer,
    fits_headers,
    try_case,
)

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]

JSONRPC = jsonrpc_cases.cases()
MUTATIONS = 500
SEED = 20261122  # any number; fixed so that a failure can be met again


def named(case: object) -> str:
    return str(getattr(case, "name", case))


class Reconnecting:
    """A peer that is connected anew after a case broke it, so that one failure stays one."""

    def __init__(self, connect: Callable[[], Peer]) -> None:
        self._connect = connect
        self._peer: Peer | None = None

    def __enter__(self) -> Peer:
        if self._peer is None:
            self._peer = self._connect()
        return self._peer

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if error is not None:
            self.close()

    def close(self) -> None:
        if self._peer is not None:
            self._peer.close()
            self._peer = None


@pytest.fixture(scope="module")
def http_peer(echo_daemon: Daemon) -> Reconnecting:
    return Reconnecting(lambda: HttpPeer(echo_daemon.port))


@pytest.fixture(scope="module")
def websocket_peer(echo_daemon: Daemon) -> Iterator[Reconnecting]:
    peer = Reconnecting(lambda: WebSocketPeer(echo_daemon.port))
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def stdio_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reconnecting]:
    directory = tmp_path_factory.mktemp("stdio")
    config = directory / "servers.json"
    config.write_text(json.dumps({"mcpServers": {"echo": echo_server()}}))
    command = [sys.executable, "-m", "museod", "stdio", "--mcp-config", str(config)]
    environment = clean_environment(
        MCP_STATE_DIR=str(directory / "state"), MCP_LIMITS="off", PYTHONPATH=str(ROOT)
    )
    peer = Reconnecting(lambda: StdioPeer(command, environment, str(directory / "stdio.log")))
    yield peer
    peer.close()


@pytest.mark.parametrize("case", JSONRPC, ids=named)
def test_a_message_over_http_gets_its_answer(case: jsonrpc_cases.Case, http_peer: Reconnecting) -> None:
    with http_peer as peer:
        try_case(peer, case, more=frozenset() if fits_headers(case.data) else frozenset({HEADERS}))


@pytest.mark.parametrize("case", JSONRPC, ids=named)
def test_a_message_over_websocket_gets_its_answer(
    case: jsonrpc_cases.Case, websocket_peer: Reconnecting
) -> None:
    with websocket_peer as peer:
        if is_text(case.data):
            try_case(peer, case)
            return
        with pytest.raises(Disconnected) as ended:  # RFC 6455, 8.1
            try_case(peer, case)
        assert ended.value.code == 1007
    websocket_peer.close()


@pytest.mark.parametrize("case", JSONRPC, ids=named)
def test_a_message_over_stdio_gets_its_answer(case: jsonrpc_cases.Case, stdio_peer: Reconnecting) -> None:
    with stdio_peer as peer:
        try_case(peer, case)


@pytest.mark.parametrize("transport", ["http", "websocket", "stdio"])
def test_random_mutations_never_stop_the_service(transport: str, request: pytest.FixtureRequest) -> None:
    source: Reconnecting = request.getfixturevalue(f"{transport}_peer")
    for case in jsonrpc_cases.mutations(MUTATIONS, SEED):
        if transport == "websocket" and not is_text(case.data):
            continue  # closed with 1007 before it is a message
        with source as peer:
            try:
                try_case(peer, case)
            except (AssertionError, Disconnected) as error:
                pytest.fail(f"{case.name} {case.data!r}: {error}")


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("case", http_cases.cases(), ids=named)
def test_the_http_port_stands_its_ground(case: http_cases.Case, echo_daemon: Daemon) -> None:
    case.run(echo_daemon.port)
    http_cases.expect_good_answer(echo_daemon.port)


@pytest.mark.parametrize("case", websocket_cases.cases(), ids=named)
def test_the_websocket_face_stands_its_ground(case: websocket_cases.Case, echo_daemon: Daemon) -> None:
    case.run(echo_daemon.port)
    websocket_cases.probe(echo_daemon.port)
