"""
What a stranger may send to the HTTP port, and how it must be answered.

Smuggling shapes, request lines and headers are the tables of the transport's own tests, here against the
whole daemon; bodies, pipelining, slowness and the rules of an MCP endpoint of 2026-07-28 follow. An
ambiguous request gets one answer at most and then the end of the connection: two answers to one request are
how a request is smuggled past a proxy. After every case a good request must still be answered.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.torture.jsonrpc_cases import META, REVISION
from tests.transports.test_http_torture import HEADERS, LINES, SMUGGLING

ANSWER_SECONDS = 5.0
# The daemon allows 5 s for a head and 10 s for a body; beyond that only a busy machine.
SLOW_SECONDS = 20.0
DRIP_SECONDS = 0.25
BODY_LIMIT = 4 << 20  # the daemon's default
READ_LIMIT = 8 << 20
STATUS_LINE = re.compile(rb"(?:^|(?<=\n)|(?<=\})|(?<=\r))HTTP/1\.[01] (\d{3})[ \r]")


@dataclass(frozen=True, slots=True)
class Case:
    """`run(port)` does it and raises AssertionError when the server did something else than it must."""

    name: str
    run: Callable[[int], None]


Row = tuple[str, Callable[[int], None]]


def cases() -> list[Case]:
    """The whole table."""
    groups = (_smuggling, _request_lines, _headers, _bodies, _pipelining, _slowness, _mcp)
    return [Case(name, run) for group in groups for name, run in group()]


def rpc(method: str = "tools/list", **params: Any) -> bytes:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"_meta": META, **params}}
    return json.dumps(message).encode()


def post(
    port: int,
    body: bytes | None = None,
    *,
    line: str = "POST /mcp HTTP/1.1",
    extra: Sequence[str] = (),
    close: bool = True,
    **replace: str | None,
) -> bytes:
    """A good modern POST, spoiled: `replace` changes headers (underscores for hyphens, None drops one)."""
    body = rpc() if body is None else body
    headers: dict[str, str | None] = {
        "Host": f"127.0.0.1:{port}",
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": REVISION,
        "Mcp-Method": "tools/list",
        "Content-Length": str(len(body)),
    }
    headers |= {name.replace("_", "-"): value for name, value in replace.items()}
    if close:
        headers["Connection"] = "close"
    lines = [line, *(f"{name}: {value}" for name, value in headers.items() if value is not None), *extra]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def spoiled(**options: Any) -> Callable[[int], bytes]:
    """`post` for whatever port the case will run against."""
    return lambda port: post(port, **options)


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that came back on one connection; interim answers (100) are left out of `statuses`."""

    statuses: list[int]
    is_closed: bool
    data: bytes


def talk(port: int, data: bytes, seconds: float = ANSWER_SECONDS) -> Answers:
    """Send all of it while reading all that comes, until the server closes or time is up."""
    connection = socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send() -> None:
        with contextlib.suppress(OSError):  # refused while we still send: the answer tells
            connection.sendall(data)

    received, is_closed = b"", False
    end = time.monotonic() + seconds
    sender = threading.Thread(target=send)
    connection.settimeout(seconds)
    sender.start()
    try:
        while len(received) < READ_LIMIT and (left := end - time.monotonic()) > 0:
            connection.settimeout(left)
            block = connection.recv(1 << 16)
            if not block:
                is_closed = True
                break
            received += block
    except TimeoutError:
        pass
    except OSError:
        is_closed = True
    finally:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)  # wakes the sender if nobody read what it sends
        sender.join()
        connection.close()
    statuses = [int(status) for status in STATUS_LINE.findall(received)]
    return Answers([status for status in statuses if status != 100], is_closed, received)


def expect_good_answer(port: int) -> None:
    answers = talk(port, post(port))
    assert answers.statuses == [200], f"a good request got {answers.statuses}: {answers.data[:200]!r}"


def refused(data: Callable[[int], bytes], *statuses: int) -> Callable[[int], None]:
    """One refusal and then the end of the connection; never two answers."""

    def run(port: int) -> None:
        answers = talk(port, data(port))
        assert len(answers.statuses) == 1, f"answers {answers.statuses}: {answers.data[:200]!r}"
        assert answers.statuses[0] in statuses, f"status {answers.statuses[0]}, want {statuses}"
        assert answers.is_closed, f"{answers.statuses} and the connection stays open"

    return run


def answered(data: Callable[[int], bytes], *statuses: int, body: bytes = b"") -> Callable[[int], None]:
    """Exactly one answer, with one of `statuses`, its text containing `body`."""

    def run(port: int) -> None:
        answers = talk(port, data(port))
        assert len(answers.statuses) == 1, f"answers {answers.statuses}: {answers.data[:200]!r}"
        assert answers.statuses[0] in statuses, f"status {answers.statuses[0]}: {answers.data[-300:]!r}"
        assert body in answers.data, f"no {body!r} in {answers.data[-300:]!r}"

    return run


def _smuggling() -> Iterator[Row]:
    """Framing that two readers may read differently (RFC 9112, sections 6 and 7); each with a stowaway."""

    def to_this_host(data: bytes) -> Callable[[int], bytes]:
        return lambda port: data.replace(b"Host: x\r\n", b"Host: 127.0.0.1:%d\r\n" % port, 1)

    for name, data in SMUGGLING.items():
        yield f"smuggling: {name}", refused(to_this_host(data), 400, 431, 501)


def _request_lines() -> Iterator[Row]:
    for name, (line, status) in LINES.items():
        yield f"request line: {name}", refused(spoiled(line=line), status)


def _headers() -> Iterator[Row]:
    for name, (lines, status) in HEADERS.items():
        yield f"header: {name}", refused(spoiled(extra=[lines]), status)
    yield "header: no host", refused(spoiled(Host=None), 400)


def _bodies() -> Iterator[Row]:
    over = str(BODY_LIMIT + 1)
    yield "body: announced over the limit", answered(spoiled(body=b"", Content_Length=over), 413)
    yield "body: chunks over the limit", _chunks_over_the_limit
    gzip = ["Content-Encoding: gzip"]
    yield "body: compressed", answered(spoiled(extra=gzip), 415, 400)
    expect = ["Expect: 100-continue"]
    yield "body: expects 100", answered(spoiled(extra=expect), 200)


def _chunks_over_the_limit(port: int) -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    head = post(port, b"", Content_Length=None, extra=["Transfer-Encoding: chunked"])
    answers = talk(port, head + chunk * (BODY_LIMIT // 65_536 + 4), 2 * ANSWER_SECONDS)
    assert answers.statuses[:1] == [413] or (not answers.statuses and answers.is_closed), answers.statuses


def _pipelining() -> Iterator[Row]:
    yield "pipelining: 20 requests in one write", _twenty
    yield "pipelining: the reader never reads", _never_reads


def _twenty(port: int) -> None:
    answers = talk(port, post(port, close=False) * 19 + post(port), 2 * ANSWER_SECONDS)
    assert answers.statuses == [200] * 20, answers.statuses


def _never_reads(port: int) -> None:
    """Somebody pipelines and reads nothing: others are served meanwhile."""
    with socket.socket() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.connect(("127.0.0.1", port))
        greedy.settimeout(0.5)  # then its send buffer is full: what the case is about
        with contextlib.suppress(OSError):
            for _ in range(3000):
                greedy.sendall(post(port, close=False))
        expect_good_answer(port)


def _slowness() -> Iterator[Row]:
    yield "slow: silence", _cut(lambda _: (b"", b""))
    yield "slow: head byte by byte", _cut(lambda port: (b"", post(port, b"")[:-4] + b"X" * 1000))
    yield "slow: body byte by byte", _cut(_slow_body)
    yield "slow: 200 half heads do not hurt others", _herd


def _slow_body(port: int) -> tuple[bytes, bytes]:
    whole = post(port, close=False)
    start = whole.index(b"\r\n\r\n") + 4
    return whole[:start], whole[start:-3]


def _cut(parts: Callable[[int], tuple[bytes, bytes]]) -> Callable[[int], None]:
    """The first part at once, the second byte by byte: the server ends it before `SLOW_SECONDS`."""

    def run(port: int) -> None:
        at_once, dripped = parts(port)
        with socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS) as connection:
            connection.sendall(at_once)
            connection.settimeout(DRIP_SECONDS)
            end = time.monotonic() + SLOW_SECONDS
            drops = iter(dripped)
            while time.monotonic() < end:
                try:
                    if (drop := next(drops, None)) is not None:
                        connection.sendall(bytes((drop,)))
                    if not connection.recv(4096):
                        return
                except TimeoutError:
                    continue
                except OSError:
                    return
        raise AssertionError(f"still open after {SLOW_SECONDS} s")

    return run


def _herd(port: int) -> None:
    with contextlib.ExitStack() as herd:
        for _ in range(200):
            slow = herd.enter_context(socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS))
            slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX: ")
        expect_good_answer(port)


def _mcp() -> Iterator[Row]:
    """MCP 2026-07-28, Streamable HTTP: origin, host, headers against body, and the status of each fault."""

    batch = b"[" + rpc() + b"]"
    call = rpc("tools/call", name="a", arguments={})
    yield "mcp: a good request", answered(spoiled(), 200)
    yield "mcp: foreign origin", answered(spoiled(extra=["Origin: https://evil.example"]), 403)
    yield "mcp: null origin", answered(spoiled(extra=["Origin: null"]), 403)
    yield "mcp: rebound host", answered(spoiled(Host="attacker.example"), 403, 421)
    yield "mcp: GET of the modern era", answered(spoiled(body=b"", line="GET /mcp HTTP/1.1"), 405)
    yield "mcp: DELETE of the modern era", answered(spoiled(body=b"", line="DELETE /mcp HTTP/1.1"), 405)
    yield "mcp: content type text/plain", answered(spoiled(Content_Type="text/plain"), 415, 400)
    yield "mcp: no accept", answered(spoiled(Accept=None), 406, 400)
    yield "mcp: no version header", answered(spoiled(MCP_Protocol_Version=None), 400)
    yield "mcp: unknown version", answered(spoiled(MCP_Protocol_Version="1900-01-01"), 400)
    yield (
        "mcp: method header of another method",
        answered(spoiled(Mcp_Method="tools/call"), 400, body=b"-32020"),
    )
    yield "mcp: no method header", answered(spoiled(Mcp_Method=None), 400, body=b"-32020")
    twice = ["Mcp-Method: tools/list"]
    yield "mcp: method header twice", answered(spoiled(extra=twice), 400, body=b"-32020")
    names = {"Mcp_Method": "tools/call", "Mcp_Name": "b"}
    yield "mcp: name header of another tool", answered(spoiled(body=call, **names), 400, body=b"-32020")
    nameless = {"Mcp_Method": "tools/call"}
    yield "mcp: no name header", answered(spoiled(body=call, **nameless), 400, body=b"-32020")
    unknown = spoiled(body=rpc("no/such"), Mcp_Method="no/such")
    yield "mcp: unknown method", answered(unknown, 404, body=b"-32601")
    yield "mcp: batch", answered(spoiled(body=batch), 400, body=b"-32600")
    response = b'{"jsonrpc":"2.0","id":1,"result":{}}'
    yield "mcp: posted response", answered(spoiled(body=response), 400)
    yield "mcp: no JSON", answered(spoiled(body=b"{"), 400, body=b"-32700")
    broken = b'{"jsonrpc":"2.0","id":1,"method":"\xff"}'
    yield "mcp: no UTF-8", answered(spoiled(body=broken), 400, body=b"-32700")
    query = spoiled(line="POST /mcp?access_token=x HTTP/1.1")
    yield "mcp: token in the query", answered(query, 400, 401)
