"""
The ceilings: what Trio can do on this machine with nothing of a gateway in between.

    python -m tests.bench.ceilings http PORT          echo of POST bodies, httptools on non-blocking sockets
    python -m tests.bench.ceilings websocket PORT     echo of text messages, `websockets` sans-I/O protocol
    python -m tests.bench.ceilings pipe CALLERS WARM SECONDS CHILD…   calls over one child's pipes

The two servers print nothing and run until they are killed. `pipe` prints one JSON object:
calls_per_second, p50_us, p99_us, gateway_us (processor microseconds per call of this process).
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import httptools
import outcome
import trio
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

READ_BYTES = 64 * 1024
PIPE_READ_BYTES = 256 * 1024
MESSAGE_BYTES = 4 * 1024 * 1024  # the daemon's own limit


async def receive(connection: socket.socket) -> bytes:
    while True:
        try:
            return connection.recv(READ_BYTES)
        except BlockingIOError:
            await trio.lowlevel.wait_readable(connection)
        except OSError:
            return b""


async def send_all(connection: socket.socket, data: bytes) -> None:
    unsent = memoryview(data)
    while unsent:
        try:
            unsent = unsent[connection.send(unsent) :]
        except BlockingIOError:
            await trio.lowlevel.wait_writable(connection)


class EchoRequest:
    """Collects one request of the parser."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.is_whole = False

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        self.is_whole = True


async def echo_http(connection: socket.socket) -> None:
    request = EchoRequest()
    parser = httptools.HttpRequestParser(request)
    while True:
        while not request.is_whole:
            data = await receive(connection)
            if not data:
                return
            parser.feed_data(data)
        body = b"".join(request.parts)
        request.parts.clear()
        request.is_whole = False
        await send_all(
            connection,
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body),
        )


async def echo_websocket(connection: socket.socket) -> None:
    protocol = ServerProtocol(max_size=MESSAGE_BYTES)
    fragments: list[bytes] = []
    while data := await receive(connection):
        protocol.receive_data(data)
        for event in protocol.events_received():
            if isinstance(event, Request):
                protocol.send_response(protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.CONT):
                fragments.append(bytes(event.data))
                if event.fin:
                    protocol.send_text(b"".join(fragments))
                    fragments.clear()
        await send_all(connection, b"".join(protocol.data_to_send()))


async def serve(echo: Callable[[socket.socket], Awaitable[None]], port: int) -> None:
    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    listener.setblocking(False)

    async def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # the load client resets its connections
            await echo(connection)

    async with trio.open_nursery() as nursery:
        while True:
            await trio.lowlevel.wait_readable(listener)
            connection, _ = listener.accept()
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            nursery.start_soon(one, connection)


async def call_over_pipe(callers: int, warm: float, seconds: float, command: list[str]) -> dict[str, float]:
    """Calls over one child's pipes from `callers` tasks: parked tasks, coalesced writes, block reads."""
    waiting: dict[int, trio.lowlevel.Task] = {}
    outbox: list[bytes] = []
    latencies: list[float] = []
    wake = trio.Event()
    last_id = 100_000_000

    async with trio.open_nursery() as nursery:
        child = await trio.lowlevel.open_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdin is not None and child.stdout is not None  # noqa: PT018 - asked for just above
        to_child, from_child = child.stdin, child.stdout

        async def write() -> None:
            nonlocal wake
            while True:
                if not outbox:
                    wake = trio.Event()
                    await wake.wait()
                lines = b"".join(outbox)
                outbox.clear()
                await to_child.send_all(lines)

        async def read() -> None:
            tail = b""
            while data := await from_child.receive_some(PIPE_READ_BYTES):
                lines = (tail + data).split(b"\n")
                tail = lines.pop()
                for line in lines:
                    at = line.find(b'"id":') + 5
                    if (task := waiting.pop(int(line[at : at + 9]), None)) is not None:
                        trio.lowlevel.reschedule(task, outcome.Value(line))

        async def call() -> None:
            nonlocal last_id
            task = trio.lowlevel.current_task()
            while True:
                last_id += 1
                id = last_id

                def abandon(_: object, id: int = id) -> trio.lowlevel.Abort:
                    waiting.pop(id, None)  # a late answer must not wake a task that has gone on
                    return trio.lowlevel.Abort.SUCCEEDED

                waiting[id] = task
                started = time.perf_counter()
                outbox.append(
                    b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo",'
                    b'"arguments":{"text":"pong-7f3a"}}}\n' % id
                )
                wake.set()
                await trio.lowlevel.wait_task_rescheduled(abandon)
                latencies.append(time.perf_counter() - started)

        try:
            nursery.start_soon(read)
            nursery.start_soon(write)
            for _ in range(callers):
                nursery.start_soon(call)
            await trio.sleep(warm)
            latencies.clear()
            used, started = time.process_time(), time.perf_counter()
            await trio.sleep(seconds)
            used, elapsed = time.process_time() - used, time.perf_counter() - started
            measured = sorted(latencies)
        finally:
            nursery.cancel_scope.cancel()
            child.kill()
            with trio.CancelScope(shield=True):
                await child.wait()
    calls = len(measured)
    return {
        "calls_per_second": round(calls / elapsed, 1),
        "p50_us": round(measured[calls // 2] * 1e6, 1),
        "p99_us": round(measured[min(calls - 1, calls * 99 // 100)] * 1e6, 1),
        "gateway_us": round(used / calls * 1e6, 1),
    }


def main(arguments: list[str]) -> None:
    match arguments:
        case ["http", port]:
            trio.run(serve, echo_http, int(port))
        case ["websocket", port]:
            trio.run(serve, echo_websocket, int(port))
        case ["pipe", callers, warm, seconds, *command] if command:
            measured = trio.run(call_over_pipe, int(callers), float(warm), float(seconds), command)
            print(json.dumps(measured), flush=True)  # noqa: T201 - the answer to whoever runs this
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
