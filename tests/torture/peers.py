"""
Blunt clients that can send anything: one message over HTTP, WebSocket or stdio, and what comes back for it.

They need only a port on loopback or a command. Every wait has a deadline; nothing of the project is imported.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import select
import subprocess
import time
from collections.abc import Sequence
from typing import Protocol

from tests.torture.jsonrpc_cases import (
    ANYTHING,
    HEADERS,
    INVALID,
    METHOD,
    NOTHING,
    OK,
    PARAMS,
    PARSE,
    REVISION,
    VERSION,
    Answer,
    Case,
    classify,
    encoded,
    request,
)
from tests.torture.websocket_frames import CLOSE, PING, TEXT, Ended, RawWebSocket, frame

ANSWER_SECONDS = 5.0  # answers come in milliseconds; the rest is for a machine with other work
START_SECONDS = 30.0
BODY_BYTES = 8 << 20
HEADER_CHARACTERS = 4000  # beyond it a long name would be a test of the header limit instead

# The status of each JSON-RPC outcome on a modern POST (MCP 2026-07-28, "Error codes").
STATUS: dict[Answer, int] = {
    PARSE: 400,
    INVALID: 400,
    METHOD: 404,
    PARAMS: 400,
    HEADERS: 400,
    VERSION: 400,
    OK: 200,
    NOTHING: 202,
}


class Disconnected(Exception):
    """The other side ended the connection; `code` is a WebSocket's close code."""

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code


class Peer(Protocol):
    """One side of a connection that sends whole messages of any content."""

    def exchange(self, data: bytes, probe: bytes, probe_id: str) -> list[tuple[Answer, object]]:
        """
        Send `data` and then the good request `probe`; return every answer that came before the probe's.

        Raises:
            Disconnected: the connection ended.
            AssertionError: the probe was not answered, or an answer is malformed.
        """

    def close(self) -> None: ...


class HttpPeer:
    """Every message is a POST of its own on a fresh connection, with the headers that belong to it."""

    def __init__(self, port: int, path: str = "/mcp") -> None:
        self._port, self._path = port, path

    def exchange(self, data: bytes, probe: bytes, probe_id: str) -> list[tuple[Answer, object]]:
        status, answer = self.post(data)
        kind, id = classify(answer)
        assert status < 500, f"status {status}: {answer!r}"
        assert STATUS.get(kind, status) == status, f"status {status} with {kind}"
        probe_status, probe_answer = self.post(probe)
        assert probe_status == 200, f"the good request after it got status {probe_status}: {probe_answer!r}"
        assert classify(probe_answer) == (OK, probe_id), f"the good request after it got {probe_answer!r}"
        return [(kind, id)]

    def post(self, data: bytes) -> tuple[int, bytes | None]:
        """Status, and the JSON-RPC message in the body or at the end of its event stream."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", self._path, data, headers_for(data))
            response = connection.getresponse()
            body = response.read(BODY_BYTES)
            is_stream = "event-stream" in (response.getheader("content-type") or "")
        finally:
            connection.close()
        if is_stream:
            events = [line[5:].strip() for line in body.split(b"\n") if line.startswith(b"data:")]
            return response.status, events[-1] if events else None
        return response.status, body.strip() or None

    def close(self) -> None:
        """Nothing is held between messages."""


def headers_for(data: bytes) -> dict[str, str]:
    """The routing headers that a correct client would send with this body, as far as it can be read."""
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": REVISION,
        "Mcp-Method": "tools/list",
    }
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return headers
    if isinstance(message, dict):
        if isinstance(method := message.get("method"), str):
            headers["Mcp-Method"] = header_value(method)
        params = message.get("params")
        if isinstance(params, dict) and isinstance(name := params.get("name"), str):
            headers["Mcp-Name"] = header_value(name)
    return headers


def header_value(text: str) -> str:
    """Plain where that is possible, else base64 between the sentinels of MCP 2026-07-28."""
    text = text[:HEADER_CHARACTERS]
    if re.fullmatch(r"[!-~](?:[ -~]*[!-~])?", text) and not text.startswith("=?base64?"):
        return text
    return f"=?base64?{base64.b64encode(text.encode('utf-8', 'replace')).decode()}?="


def fits_headers(data: bytes) -> bool:
    """Whether no header had to be cut; a cut one is rightly answered as a mismatch."""
    return all(len(value) < HEADER_CHARACTERS for value in headers_for(data).values())


class StdioPeer:
    """A command's stdin and stdout, one message per line."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: str) -> None:
        with open(log, "ab") as sink:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, env=environment
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._to, self._from = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._to, False)
        self._buffer = b""
        warm_up(self)

    def send(self, data: bytes) -> None:
        unsent = memoryview(data.replace(b"\n", b" ") + b"\n")
        end = time.monotonic() + ANSWER_SECONDS
        while unsent:
            _, writable, _ = select.select([], [self._to], [], max(0.0, end - time.monotonic()))
            assert writable, "nobody reads our messages"
            try:
                unsent = unsent[os.write(self._to, unsent) :]
            except BrokenPipeError:
                raise Disconnected(f"ended with {self.process.poll()}") from None

    def receive(self, seconds: float) -> bytes | None:
        end = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            readable, _, _ = select.select([self._from], [], [], max(0.0, end - time.monotonic()))
            if not readable:
                return None
            data = os.read(self._from, 1 << 16)
            if not data:
                raise Disconnected(f"ended with {self.process.poll()}")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def exchange(self, data: bytes, probe: bytes, probe_id: str) -> list[tuple[Answer, object]]:
        self.send(data)
        self.send(probe)
        return answers_before(self, probe_id)

    def close(self) -> None:
        """End its input and wait for it: a stdio server leaves when its client does."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        try:
            self.process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


class WebSocketPeer:
    """One MCP connection over WebSocket, one message per text frame."""

    def __init__(self, port: int, path: str = "/mcp") -> None:
        self._socket = RawWebSocket(port, path, subprotocols=["mcp"])
        warm_up(self)

    def send(self, data: bytes) -> None:
        try:
            self._socket.send(frame(TEXT, data))
        except OSError as error:
            raise Disconnected(repr(error)) from None

    def receive(self, seconds: float) -> bytes | None:
        end = time.monotonic() + seconds
        while True:
            try:
                received = self._socket.receive(max(0.01, end - time.monotonic()))
            except Ended as error:
                raise Disconnected(str(error)) from None
            if received is None:
                return None
            opcode, payload = received
            if opcode == TEXT:
                return payload
            if opcode == CLOSE:
                code = int.from_bytes(payload[:2], "big") if payload else None
                raise Disconnected(f"closed with {code}: {payload[2:]!r}", code)
            assert opcode == PING, f"opcode {opcode}"

    def exchange(self, data: bytes, probe: bytes, probe_id: str) -> list[tuple[Answer, object]]:
        self.send(data)
        self.send(probe)
        return answers_before(self, probe_id)

    def close(self) -> None:
        self._socket.close()


def answers_before(peer: StdioPeer | WebSocketPeer, probe_id: str) -> list[tuple[Answer, object]]:
    """Every answer until the probe's; requests answered out of order still come within the deadline."""
    answers: list[tuple[Answer, object]] = []
    while True:
        message = peer.receive(ANSWER_SECONDS)
        assert message is not None, f"the good request after it was not answered; before it: {answers}"
        if is_notification(message):
            continue
        kind, id = classify(message)
        if id == probe_id:
            assert kind == OK, f"the good request after it got {message[:200]!r}"
            return answers
        answers.append((kind, id))


def is_notification(message: bytes) -> bool:
    decoded = json.loads(message)
    return isinstance(decoded, dict) and "method" in decoded and "id" not in decoded


def warm_up(peer: StdioPeer | WebSocketPeer) -> None:
    """Wait for one good answer, so that a program that still starts is not judged."""
    peer.send(encoded(request(id="warm-up")))
    message = peer.receive(START_SECONDS)
    assert message is not None, "no answer to a good request"
    assert classify(message) == (OK, "warm-up"), message


def try_case(peer: Peer, case: Case, *, more: frozenset[Answer] = frozenset()) -> None:
    """Run one case; the answers in `more` are allowed besides the case's own."""
    probe_id = f"probe after {case.name}"
    answers = peer.exchange(case.data, encoded(request(id=probe_id)), probe_id)
    if ANYTHING in case.allowed:
        return
    if not answers:
        answers = [(NOTHING, None)]
    assert len(answers) == 1, f"{len(answers)} answers: {answers}"
    assert answers[0][0] in case.allowed | more, f"got {answers[0][0]}, want {sorted(map(str, case.allowed))}"
