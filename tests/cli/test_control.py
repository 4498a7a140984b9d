"""The running daemon as a command sees it, over real sockets."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from museod.cli.control import Control, Refused, Unreachable, socket_paths
from museod.wire import http_rules

pytestmark = pytest.mark.real

Answer = tuple[int, bytes]


class FakeDaemon:
    """Answers by path, and keeps what it was asked."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


def _handler(owner: list[FakeDaemon]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            [daemon] = owner
            daemon.asked.append((f"{self.command} {self.path}", dict(self.headers.items()), body))
            status, data = daemon.answers.get(
                self.path, (404, b'{"error":{"kind":"x","message":"Nothing."}}')
            )
            self.send_response(status)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - named by http.server

        def address_string(self) -> str:
            return ""

        def log_message(self, *_: object) -> None:
            return

    return Handler


class UnixHttpServer(socketserver.UnixStreamServer):
    server_name, server_port = "localhost", 0


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    owner: list[FakeDaemon] = []
    with HTTPServer(("127.0.0.1", 0), _handler(owner)) as server:
        owner.append(FakeDaemon(server))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield owner[0]
        server.shutdown()
        thread.join()


@pytest.fixture
def environ(daemon: FakeDaemon, tmp_path: Path) -> dict[str, str]:
    return {"MCP_URL": daemon.url, "MCP_STATE_DIR": str(tmp_path)}


def test_where_the_socket_is_looked_for() -> None:
    assert socket_paths({"RUNTIME_DIRECTORY": "/run/a:/run/b", "MCP_STATE_DIR": "/s"}) == [
        Path("/run/a/museod.sock"),
        Path("/s/museod.sock"),
    ]
    assert socket_paths({})[-1] == Path("/run/museod/museod.sock")


def test_json_goes_both_ways_with_the_token(daemon: FakeDaemon, environ: dict[str, str]) -> None:
    daemon.answers = {"/a": (200, b'{"n":[1]}'), "/empty": (204, b"")}
    control = Control({**environ, "MCP_TOKEN": "good"})
    assert control.get("/a") == {"n": [1]}
    assert control.post("/a", {"ü": 1}) == {"n": [1]}
    control.delete("/empty")
    assert [line for line, _, _ in daemon.asked] == ["GET /a", "POST /a", "DELETE /empty"]
    assert daemon.asked[0][1]["Authorization"] == "Bearer good"
    assert daemon.asked[1][2] == {"ü": 1}
    Control(environ).get("/a")
    assert "Authorization" not in daemon.asked[-1][1]


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (403, b'{"error":{"kind":"authentication_error","message":"No."}}', "authentication_error", "No."),
        (
            401,
            b'{"jsonrpc":"2.0","id":null,"error":{"code":-31002,"message":"Who?","data":{"kind":"k"}}}',
            "k",
            "Who?",
        ),
        (500, b"", "", "status 500"),
        (500, b"[]", "", "status 500"),
        (500, b'{"error":"plain"}', "", "status 500"),
    ],
)
def test_a_refusal_is_told_in_the_daemons_words(
    status: int, body: bytes, kind: str, said: str, daemon: FakeDaemon, environ: dict[str, str]
) -> None:
    daemon.answers = {"/a": (status, body)}
    for ask in (lambda: Control(environ).get("/a"), lambda: list(Control(environ).events("/a", {}))):
        with pytest.raises(Refused, match=said) as caught:
            ask()
        assert (caught.value.status, caught.value.kind) == (status, kind)


def test_what_answers_but_is_no_museod_is_said_so(daemon: FakeDaemon, environ: dict[str, str]) -> None:
    daemon.answers = {"/a": (200, b"<html>hello</html>")}
    with pytest.raises(Unreachable, match="MCP_URL"):
        Control(environ).get("/a")


def test_readiness_is_read_whatever_its_status(daemon: FakeDaemon, environ: dict[str, str]) -> None:
    daemon.answers = {"/ready": (503, b'{"status":"starting"}')}
    assert Control(environ).ready() == {"status": "starting"}
    daemon.answers = {"/ready": (503, b'{"error":{"message":"Away."}}')}
    with pytest.raises(Refused, match="Away"):
        Control(environ).ready()


def test_events_are_read_by_name(daemon: FakeDaemon, environ: dict[str, str]) -> None:
    daemon.answers = {
        "/e": (200, b'event: progress\ndata: {"a":1}\n\n: alive\n\nevent: response\ndata: {"b":2}\n\n')
    }
    assert list(Control(environ).events("/e", {})) == [("progress", {"a": 1}), ("response", {"b": 2})]


@pytest.mark.parametrize("name", ["search", "sück", " edge ", "=?base64?x?=", "a\nb", None])
def test_an_mcp_request_carries_envelope_and_headers_that_agree(
    name: str | None, daemon: FakeDaemon, environ: dict[str, str]
) -> None:
    daemon.answers = {"/mcp": (200, b'{"jsonrpc":"2.0","id":1,"result":{"ok":true}}')}
    assert Control(environ).rpc("tools/call", {"name": name}, name=name) == {"ok": True}
    _, headers, body = daemon.asked[0]
    assert headers["Mcp-Method"] == body["method"] == "tools/call"
    meta = body["params"]["_meta"]
    assert headers["MCP-Protocol-Version"] == meta["io.modelcontextprotocol/protocolVersion"]
    assert http_rules.accepts_both([headers["Accept"]])
    if name is None:
        assert "Mcp-Name" not in headers
    else:
        assert http_rules.decode_header_value(headers["Mcp-Name"]) == name


def test_the_unix_socket_comes_first_and_a_dead_one_is_passed_by(
    daemon: FakeDaemon, environ: dict[str, str], tmp_path: Path
) -> None:
    daemon.answers = {"/a": (200, b'"tcp"')}
    path = tmp_path / "museod.sock"
    owner: list[FakeDaemon] = []
    with UnixHttpServer(str(path), _handler(owner)) as server:
        near = FakeDaemon(server)  # type: ignore[arg-type]
        near.answers = {"/a": (200, b'"unix"')}
        owner.append(near)
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert Control({**environ, "MCP_TOKEN": "t"}).get("/a") == "unix"
        thread.join()
    assert "Authorization" not in near.asked[0][1]
    assert path.exists()
    assert Control(environ).get("/a") == "tcp"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "museod serve"),
        ("ftp://x", "no http"),
        ("http://", "no http"),
        ("http://127.0.0.1:1", "does not answer"),
    ],
)
def test_where_nobody_answers_the_remedy_is_named(url: str | None, said: str, tmp_path: Path) -> None:
    environ = {"MCP_STATE_DIR": str(tmp_path), **({} if url is None else {"MCP_URL": url})}
    with pytest.raises(Unreachable, match=said):
        Control(environ).get("/a")
