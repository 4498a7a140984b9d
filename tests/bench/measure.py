"""The measurements: windows of calls, idle sessions, starts, kills, growth. Each returns plain figures."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from tests.bench import gateway, load
from tests.bench.gateway import NeverAnswered, Running
from tests.bench.load import Client, Request, Result, Target
from tests.bench.machine import Cores
from tests.bench.processes import measured_children, own_processes, proportional_bytes

LARGE = 256 * 1024
LARGE_MARK = b"0123456789abcdef0123456789abcdef"
FOREIGN_CORES = 0.25  # a window in which others used more than this is measured again …
FOREIGN_RETRIES = 2  # … this often at most: on a busy machine the run must still end
SETTLE_SECONDS = 1.0  # before memory is read: garbage of the handshakes is gone by then
KILL_SECONDS = 30.0
KILLS = 3  # restarts within a minute that stay below the supervisor's own ceiling of five
MANY_CONNECTIONS = 1000
MANY_CHILDREN, FEW_CHILDREN = 40, 4
IDLE_SESSIONS = 200


@dataclass(frozen=True, slots=True)
class Shape:
    """How one window calls."""

    name: str
    connections: int
    in_flight: int = 1
    is_large: bool = False


C1, C16, C64 = Shape("C1", 1), Shape("C16", 16), Shape("C64", 64)
PIPELINED = Shape("1x64", 1, in_flight=64)
LARGE_C4 = Shape("256KiB C4", 4, is_large=True)


@dataclass(frozen=True, slots=True)
class Subject:
    """Something under load: a face of a gateway, or a bare echo server (`target.bare`)."""

    name: str
    running: Running
    target: Target
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long and how often."""

    repetitions: int
    seconds: float
    warm_seconds: float
    retries: int = FOREIGN_RETRIES


Figures = dict[str, float]
Report = Callable[[str], None]


def measure_window(subject: Subject, shape: Shape, pace: Pace) -> Result:
    """One window, repeated while others disturb it; of several disturbed ones the least disturbed."""
    target = subject.target
    if not shape.is_large:
        request, expected = load.echo_request(target), load.MARKER.encode()
    elif target.bare:  # an echo server gives back what it gets, so the request itself must be large
        request = load.call_request(target, "echo", {"text": (LARGE_MARK.decode() * (LARGE // 32))})
        expected = LARGE_MARK
    else:
        request, expected = load.call_request(target, "big", {"n": LARGE}), LARGE_MARK
    results: list[Result] = []
    for _ in range(1 + pace.retries):
        results.append(
            load.run(
                load.run_window(
                    target,
                    request,
                    expected,
                    gateway_pid=subject.running.pid,
                    connections=shape.connections,
                    in_flight=shape.in_flight,
                    warm_seconds=pace.warm_seconds,
                    seconds=pace.seconds,
                )
            )
        )
        if results[-1].foreign_cores <= FOREIGN_CORES:
            break
    return min(results, key=lambda result: result.foreign_cores)


def median_of(results: Sequence[Result]) -> dict[str, object]:
    """Field by field; errors are added up, because one is too many."""
    merged: dict[str, object] = {
        field.name: statistics.median(getattr(result, field.name) for result in results)
        for field in fields(Result)
        if field.name not in ("errors", "error_sample")
    }
    merged["errors"] = sum(result.errors for result in results)
    merged["error_sample"] = next((result.error_sample for result in results if result.error_sample), "")
    merged["repetitions"] = [asdict(result) for result in results]
    return merged


def measure_windows(subjects: Sequence[Subject], pace: Pace, say: Report) -> dict[str, dict[str, object]]:
    """Every shape of every subject, interleaved: each repetition goes through all of them once."""
    cells = [(subject, shape) for subject in subjects for shape in subject.shapes]
    results: dict[tuple[str, str], list[Result]] = {}
    for repetition in range(pace.repetitions):
        say(f"repetition {repetition + 1} of {pace.repetitions}: {len(cells)} windows")
        for subject, shape in cells:
            try:
                result = measure_window(subject, shape, pace)
            except (OSError, TimeoutError) as error:
                say(f"  {subject.name} {shape.name}: {error!r}")
                continue
            results.setdefault((subject.name, shape.name), []).append(result)
    merged: dict[str, dict[str, object]] = {}
    for (subject_name, shape_name), several in results.items():
        merged.setdefault(subject_name, {})[shape_name] = median_of(several)
    return merged


def measure_pipe(cores: Cores, pace: Pace) -> dict[str, Figures]:
    """The raw pipe round trip to the echo child at 1 and 64 callers, without any gateway."""
    found: dict[str, Figures] = {}
    for shape in (C1, C64):
        results = []
        for _ in range(pace.repetitions):
            command = [sys.executable, "-m", "tests.bench.ceilings", "pipe", str(shape.connections)]
            timing = [str(pace.warm_seconds), str(pace.seconds)]
            with cores.spawning_on_gateway_core():
                process = subprocess.Popen(
                    [*command, *timing, *gateway.echo_command(cores)],
                    cwd=gateway.ROOT,
                    stdout=subprocess.PIPE,
                )
            output, _ = process.communicate(timeout=gateway.START_SECONDS)
            results.append(json.loads(output))
        found[shape.name] = {key: statistics.median(result[key] for result in results) for key in results[0]}
    return found


def child_start_seconds(cores: Cores, repetitions: int) -> float:
    """From spawning the echo child to its first answer, with nobody in between."""
    taken = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        child = subprocess.Popen(gateway.echo_command(cores), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child.communicate(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n', timeout=gateway.START_SECONDS)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


async def _idle_bytes(running: Running, target: Target, sessions: int) -> float:
    """Memory of the gateway per open and silent session."""
    clients = [Client(target) for _ in range(sessions + 1)]
    try:
        await clients[0].open(with_stream=True)  # what only the first session costs is no cost per session
        await asyncio.sleep(SETTLE_SECONDS)
        before = proportional_bytes(own_processes(running.pid))
        for client in clients[1:]:
            await client.open(with_stream=True)
        await asyncio.sleep(SETTLE_SECONDS)
        after = proportional_bytes(own_processes(running.pid))
    finally:
        for client in clients:
            client.close()
    return (after - before) / sessions


def measure_idle(cores: Cores, repetitions: int) -> dict[str, float]:
    """KiB per idle session of each kind, each on a fresh daemon so that no freed memory is reused."""
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "HTTP": ("/mcp", {"transport": "http"}),
        "WebSocket": ("/mcp", {"transport": "websocket"}),
        "chat": ("/chat", {"transport": "websocket", "subprotocol": None, "bare": True}),
    }
    found = {}
    for kind, (path, options) in kinds.items():
        sizes = []
        for _ in range(repetitions):
            with gateway.museod(cores) as running:
                gateway.wait_until_good(running, running.target())
                target = running.target(path, **options)
                sizes.append(load.run(_idle_bytes(running, target, IDLE_SESSIONS)))
        found[kind] = round(statistics.median(sizes) / 1024, 1)
    return found


def measure_start(cores: Cores, repetitions: int) -> float:
    """Cold start of the daemon with one echo child, to the first answered call."""
    taken = []
    for _ in range(repetitions):
        with gateway.museod(cores) as running:
            taken.append(gateway.wait_until_good(running, running.target()))
    return round(statistics.median(taken), 3)


def measure_shop_start(cores: Cores, repetitions: int) -> float:
    """Cold start of the daemon with its own four children, to the first answered product search."""
    taken = []
    with gateway.sandbox(cores) as shop:
        load.run(_wait_for_http(shop))
        for _ in range(repetitions):
            with gateway.shop_museod(cores, shop.port) as running:
                target = running.target(era="modern")
                request = load.call_request(target, "search_products", {"query": "phone", "locale": "en"})
                answer = gateway.first_good_answer(running, target, request, b'"isError":false')
                taken.append(load.run(answer))
    return round(statistics.median(taken), 3)


async def _wait_for_http(running: Running) -> None:
    async with asyncio.timeout(gateway.START_SECONDS):
        while True:
            if running.process.poll() is not None:
                raise NeverAnswered(running.last_words())
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", running.port)
                writer.close()
                return
            await asyncio.sleep(gateway.PROBE_PAUSE_SECONDS)


async def _kill_and_wait(running: Running, targets: Sequence[Target]) -> list[float | None]:
    """SIGKILL the child; per held session the seconds to its next good answer, None when it was lost."""
    clients = [Client(target) for target in targets]
    try:
        for client in clients:
            await client.open()
            await client.call(load.echo_request(client.target))
        killed = measured_children(running.pid)
        if not killed:
            raise NeverAnswered("The gateway runs no child that could be killed.")
        begun = time.perf_counter()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return list(await asyncio.gather(*(_good_again(client, begun) for client in clients)))
    finally:
        for client in clients:
            client.close()


async def _good_again(client: Client, begun: float) -> float | None:
    request: Request = load.echo_request(client.target)
    while time.perf_counter() - begun < KILL_SECONDS:
        try:
            _, body = await client.call(request, seconds=gateway.PROBE_SECONDS)
        except (OSError, TimeoutError):
            return None  # this session is gone; a client would have to begin anew
        if load.MARKER.encode() in body:
            return time.perf_counter() - begun
        await asyncio.sleep(gateway.PROBE_PAUSE_SECONDS)
    return None


def measure_kill(cores: Cores, repetitions: int) -> dict[str, float | None]:
    """Seconds from kill -9 of the child to the first good answer, on sessions held throughout."""
    with gateway.museod(cores) as running:
        gateway.wait_until_good(running, running.target())
        targets = [running.target(), running.target(transport="websocket")]
        rounds = [load.run(_kill_and_wait(running, targets)) for _ in range(min(repetitions, KILLS))]
    found: dict[str, float | None] = {}
    for kind, seconds in zip(("HTTP", "WebSocket"), zip(*rounds, strict=True), strict=True):
        kept = [value for value in seconds if value is not None]
        found[kind] = round(statistics.median(kept), 3) if len(kept) == len(seconds) else None
    return found


@contextlib.contextmanager
def _many_children(cores: Cores, idle: int) -> Iterator[Running]:
    with gateway.museod(cores, idle_children=idle) as running:
        target = running.target(tool_prefix="c0_")
        gateway.wait_until_good(running, target)
        yield running


def measure_growth(cores: Cores, pace: Pace) -> dict[str, float]:
    """
    Gateway CPU per call as a ratio: 1,000 connections to 64, and 40 children to 4, interleaved.

    The children beyond the first are idle: what is asked is whether their mere presence costs.
    """
    many_connections = Shape("C1000", MANY_CONNECTIONS)
    with (
        _many_children(cores, FEW_CHILDREN - 1) as few,
        _many_children(cores, MANY_CHILDREN - 1) as many,
    ):
        base = Subject("few", few, few.target(tool_prefix="c0_"), (C64,))
        wide = Subject("wide", few, few.target(tool_prefix="c0_"), (many_connections,))
        crowd = Subject("crowd", many, many.target(tool_prefix="c0_"), (C64,))
        costs: dict[str, list[float]] = {"few": [], "wide": [], "crowd": []}
        for _ in range(pace.repetitions):
            for subject in (base, wide, crowd):
                result = measure_window(subject, subject.shapes[0], pace)
                costs[subject.name].append(result.gateway_us)
    middle = {name: statistics.median(values) for name, values in costs.items()}
    if not all(middle.values()):
        raise NeverAnswered(f"A window had no good call: {middle}")
    return {
        "connections": round(middle["wide"] / middle["few"], 2),
        "children": round(middle["crowd"] / middle["few"], 2),
    }
