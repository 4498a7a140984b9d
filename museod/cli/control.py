"""The running daemon as a command sees it: HTTP over its unix socket, else over MCP_URL with MCP_TOKEN."""

from __future__ import annotations

import base64
import getpass
import http.client
import json
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from museod.access.principal import normal_user_id
from museod.errors import MuseodError

CONNECT_SECONDS = 5.0
# The longest that a command waits for an answer: the longest call timeout in the shipped configuration.
ANSWER_SECONDS = 320.0
EXIT_UNREACHABLE = 69
MODERN = "2026-07-28"


class Unreachable(MuseodError):
    """No daemon answers; the text says where it was looked for."""


class Refused(MuseodError):
    """The daemon answered with an error; `kind` and `body` are its words."""

    def __init__(self, status: int, message: str, *, kind: str = "", body: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.body = body


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=CONNECT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(CONNECT_SECONDS)
        self.sock.connect(self._path)
        self.sock.settimeout(ANSWER_SECONDS)


class Control:
    """One running daemon."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._next_id = 0

    @property
    def user_id(self) -> str:
        """Whom we speak for: on the unix socket the login, else the token's subject, else a guest's name."""
        if any(path.exists() for path in socket_paths(self._environ)):
            return f"local:{getpass.getuser()}"
        return _subject(self._environ.get("MCP_TOKEN", "")) or getpass.getuser()

    def get(self, path: str) -> Any:
        """The JSON of a GET."""
        return self._json("GET", path, None)

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON of a POST."""
        return self._json("POST", path, body)

    def delete(self, path: str) -> None:
        """A DELETE."""
        self._json("DELETE", path, None)

    def ready(self) -> dict[str, Any]:
        """`/ready` with its detail, whatever its status."""
        try:
            return dict(self.get("/ready"))
        except Refused as error:
            if error.status == 503 and isinstance(error.body, dict) and "status" in error.body:
                return error.body
            raise

    def rpc(self, method: str, params: Mapping[str, Any], *, name: str | None = None) -> dict[str, Any]:
        """
        One modern MCP request; its result.

        Raises:
            Refused: with the JSON-RPC error's text.
        """
        self._next_id += 1
        meta = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "museod-cli", "version": "1"},
        }
        body = {"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": {**params, "_meta": meta}}
        headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
        if name is not None:
            headers["Mcp-Name"] = _header_value(name)
        answer = self._json("POST", "/mcp", body, headers)
        return dict(answer["result"])

    def events(self, path: str, body: Any) -> Iterator[tuple[str, Any]]:
        """The events of a streamed answer: name and JSON."""
        connection, response = self._request("POST", path, body, {"Accept": "text/event-stream"})
        try:
            if response.status >= 400:
                raise _refused(response.status, _plain(_read(response)))
            name = "message"
            for raw in response:
                line = raw.decode("utf-8").rstrip("\r\n")
                if line.startswith("event:"):
                    name = line[6:].strip()
                elif line.startswith("data:"):
                    yield name, json.loads(line[5:])
        finally:
            connection.close()

    def _json(self, method: str, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        connection, response = self._request(method, path, body, headers or {})
        try:
            answer = _plain(_read(response))
        finally:
            connection.close()
        if response.status >= 400:
            raise _refused(response.status, answer)
        return answer

    def _request(
        self, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection, sent = self._open()
        sent.update({"Accept": "application/json, text/event-stream", **headers})
        data = None
        if body is not None:
            data = json.dumps(body).encode("utf-8")
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, data, sent)
            return connection, connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unreachable(f"The daemon does not answer: {error}.") from None

    def _open(self) -> tuple[http.client.HTTPConnection, dict[str, str]]:
        tried = []
        url = self._environ.get("MCP_URL")
        for path in socket_paths(self._environ):
            if not path.exists():
                tried.append(str(path))
                continue
            connection: http.client.HTTPConnection = _UnixConnection(str(path))
            try:
                connection.connect()
            except OSError as error:
                connection.close()
                tried.append(f"{path} ({error.strerror})")
                continue
            return connection, {}
        if url:
            return _open_url(url, self._environ.get("MCP_TOKEN"))
        raise Unreachable(
            f"No daemon runs here: looked for {', '.join(tried)}. Start it with `museod serve`, set "
            "MCP_STATE_DIR to its state directory, or MCP_URL and MCP_TOKEN to reach one elsewhere."
        )


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"The daemon broke off its answer: {error}.") from None


def _plain(data: bytes) -> Any:
    try:
        return json.loads(data) if data.strip() else None
    except ValueError:
        raise Unreachable("What answers is no museod: its answer is no JSON. Check MCP_URL.") from None


def socket_paths(environ: Mapping[str, str]) -> list[Path]:
    """Where the unix socket of a daemon may be, in the order in which it is looked for."""
    paths = []
    if runtime := environ.get("RUNTIME_DIRECTORY"):
        paths.append(Path(runtime.split(":")[0]) / "museod.sock")
    if state := environ.get("MCP_STATE_DIR"):
        paths.append(Path(state).expanduser() / "museod.sock")
    else:
        paths.append(Path("~/.local/state/museod/museod.sock").expanduser())
        paths.append(Path("/run/museod/museod.sock"))
    return paths


def _open_url(url: str, token: str | None) -> tuple[http.client.HTTPConnection, dict[str, str]]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unreachable(f"MCP_URL is no http(s) address: {url}")
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=ANSWER_SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_SECONDS)
    return connection, {"Authorization": f"Bearer {token}"} if token else {}


def _refused(status: int, answer: Any) -> Refused:
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return Refused(status, f"The daemon answered with status {status}.", body=answer)
    data = error.get("data")
    kind = error.get("kind") or (data.get("kind") if isinstance(data, dict) else "") or ""
    return Refused(status, str(error.get("message", f"status {status}")), kind=kind, body=answer)


def _subject(token: str) -> str:
    """The `sub` of a JWT, unverified: the daemon judges the token, this only says the same as it does."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return normal_user_id(str(claims["sub"]))
    except (IndexError, KeyError, ValueError, TypeError):
        return ""


def _header_value(text: str) -> str:
    """A header value as MCP wants it: plain where it can be, else base64 in a sentinel."""
    if text.isascii() and text.isprintable() and text == text.strip() and not text.startswith("=?base64?"):
        return text
    return f"=?base64?{base64.b64encode(text.encode('utf-8')).decode('ascii')}?="
