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
from tests.torture.raw_sockets import Ended, RawWebSocket
from tests.transports.frames import CLOSE, PING, TEXT, frame

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

    def exchange(self, case: Case) -> list[Answer]:
        """
        Send the case's message and then a good request; return the answers to the former.

        On a connection requests are answered in any order, so an answer that must come may come last.

        Raises:
            Disconnected: the connection ended.
            AssertionError: the probe was not answered, or an answer is malformed.
        """

    def close(self) -> None: ...


class HttpPeer:
    """Every message is a POST of its own on a fresh connection, with the headers that belong to it."""

    def __init__(self, port: int, path: str = "/mcp") -> None:
        self._port, self._path = port, path

    def exchange(self, case: Case) -> list[Answer]:
        status, answer = self.post(case.data)
        kind, _ = classify(answer)
        assert status < 500, f"status {status}: {answer!r}"
        assert STATUS.get(kind, status) == status, f"status {status} with {kind}"
        probe_id = probe_id_of(case)
        probe_status, probe_answer = self.post(encoded(request(id=probe_id)))
        assert probe_status == 200, f"the good request after it got status {probe_status}: {probe_answer!r}"
        assert classify(probe_answer) == (OK, probe_id), f"the good request after it got {probe_answer!r}"
        return [kind]

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
        if isinstance(method := message.get("method"), str) and is_plain(method):
            headers["Mcp-Method"] = method
        params = message.get("params")
        if isinstance(params, dict) and isinstance(name := params.get("name"), str):
            headers["Mcp-Name"] = header_value(name)
    return headers


def is_plain(text: str) -> bool:
    """Whether a header can carry this text as it is."""
    return len(text) <= HEADER_CHARACTERS and re.fullmatch(r"[!-~](?:[ -~]*[!-~])?", text) is not None


def header_value(text: str) -> str:
    """A name as MCP 2026-07-28 puts it in a header: plain, or base64 between sentinels."""
    text = text[:HEADER_CHARACTERS]
    if is_plain(text) and not text.startswith("=?base64?"):
        return text
    return f"=?base64?{base64.b64encode(text.encode('utf-8', 'replace')).decode()}?="


def fits_headers(data: bytes) -> bool:
    """
    Whether the headers tell what the body does.

    They cannot for a long name, nor for a method that is no plain text (methods are never encoded): the
    answer to those is rightly a mismatch.
    """
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return True
    if not isinstance(message, dict):
        return True
    method, params = message.get("method"), message.get("params")
    name = params.get("name") if isinstance(params, dict) else None
    return (not isinstance(method, str) or is_plain(method)) and len(str(name)) <= HEADER_CHARACTERS


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

    def exchange(self, case: Case) -> list[Answer]:
        return exchange(self, case)

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

    def exchange(self, case: Case) -> list[Answer]:
        return exchange(self, case)

    def close(self) -> None:
        self._socket.close()


def probe_id_of(case: Case) -> str:
    return f"probe after {case.name}"


def exchange(peer: StdioPeer | WebSocketPeer, case: Case) -> list[Answer]:
    """`Peer.exchange` on a connection that carries many messages."""
    probe_id = probe_id_of(case)
    peer.send(case.data)
    peer.send(encoded(request(id=probe_id)))
    must_answer = not case.allowed & {NOTHING, ANYTHING}
    answers: list[Answer] = []
    is_probe_answered = False
    while not is_probe_answered or (must_answer and not answers):
        message = peer.receive(ANSWER_SECONDS)
        assert message is not None, f"{'no answer' if is_probe_answered else 'probe unanswered'}: {answers}"
        if is_notification(message):
            continue
        kind, id = classify(message)
        if id == probe_id:
            assert kind == OK, f"the good request after it got {message[:200]!r}"
            is_probe_answered = True
        elif not (isinstance(id, str) and id.startswith("probe after ")):
            answers.append(kind)
    return answers


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
    answers = peer.exchange(case)
    if ANYTHING in case.allowed:
        return
    if not answers:
        answers = [NOTHING]
    assert len(answers) == 1, f"{len(answers)} answers: {answers}"
    assert answers[0] in case.allowed | more, f"got {answers[0]}, want {sorted(map(str, case.allowed))}"
