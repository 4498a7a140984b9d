"""The real daemon (and the sandbox shop) as processes of a test: start, ask, stop, nothing left behind."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio

from tests.bench.processes import descendants

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "tests" / "programs"
START_SECONDS = 30.0  # the shop's four children need about two on a quiet machine
STOP_SECONDS = 25.0  # drain (10 s) and the children's graces, with room
GONE_SECONDS = 15.0  # the guardian's own limit is 10 s
ASK_SECONDS = 5.0
POLL_SECONDS = 0.02
HOST = "127.0.0.1"


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def clean_environment(**ours: str) -> dict[str, str]:
    """This environment without settings of somebody's own daemon."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MCP_", "MUSEOD_"))}
    return kept | ours


def echo_server(*options: str) -> dict[str, Any]:
    """The `mcpServers` entry of the echo child."""
    return {"command": sys.executable, "args": ["-I", str(PROGRAMS / "echo_child.py"), *options]}


def chaos_server(mode: str, seconds: float) -> dict[str, Any]:
    """The `mcpServers` entry of a child that turns after `seconds` (-1: at its first call)."""
    return {"command": sys.executable, "args": ["-I", str(PROGRAMS / "chaos_child.py"), mode, str(seconds)]}


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for all time: its pid may be given away again, its start time not."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        fields = _stat(pid)
        return None if fields is None else cls(pid, fields[19])

    @property
    def is_alive(self) -> bool:
        fields = _stat(self.pid)
        return fields is not None and fields[19] == self.started and fields[0] != "Z"


def _stat(pid: int) -> list[str] | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat[stat.rindex(")") + 2 :].split()


def identities(pids: Iterable[int]) -> set[Identity]:
    return {found for pid in pids if (found := Identity.of(pid)) is not None}


def pids_with_argument(text: str) -> list[int]:
    """Every process whose command line holds `text` as an argument of its own; forks keep it."""
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdigit() and text.encode() in Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0"):
                found.append(int(entry))
    return found


def wait_for(condition: Callable[[], bool], seconds: float, what: str | Callable[[], str]) -> None:
    """
    Poll until the condition holds.

    Raises:
        AssertionError: it did not within `seconds`; the text says `what` was waited for, as it is by then.
    """
    end = time.monotonic() + seconds
    while not condition():
        late = time.monotonic() >= end
        assert not late, f"after {seconds} s: {what if isinstance(what, str) else what()}"
        time.sleep(POLL_SECONDS)


async def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """`wait_for` beside other tasks: the condition runs in a thread."""
    with trio.move_on_after(seconds):
        while not await trio.to_thread.run_sync(condition):  # noqa: ASYNC110 - another process's condition
            await trio.sleep(POLL_SECONDS)
        return
    raise AssertionError(f"after {seconds} s: {what}")


@dataclass(slots=True)
class Daemon:
    """A started `museod serve`; `tag` marks every process of this run that carries it in its arguments."""

    process: subprocess.Popen[bytes]
    port: int
    state: Path
    log: Path
    tag: str
    seen: set[Identity] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, Any]:
        """Status and decoded JSON (or text) of one plain request."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=ASK_SECONDS)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        is_json = "json" in (response.getheader("content-type") or "")
        return response.status, json.loads(body) if is_json else body.decode()

    def is_ready(self) -> bool:
        """Whether /ready says 200 now."""
        assert self.process.poll() is None, f"exit {self.process.returncode}: {self.last_words()}"
        try:
            return self.ask("/ready")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def child(self, name: str) -> dict[str, Any]:
        """What /ready tells of one child."""
        status: dict[str, Any] = self.ask("/ready")[1]["children"][name]
        return status

    def has_state(self, name: str, *states: str) -> bool:
        return self.child(name)["state"] in states

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def watch(self) -> set[Identity]:
        """Remember every process below the daemon, and those that carry its tag; returns all remembered."""
        self.seen |= identities([*descendants(self.pid), *pids_with_argument(self.tag)])
        return self.seen

    def left_over(self) -> set[Identity]:
        """What is still alive of everything remembered, and of what carries the tag now."""
        self.seen |= identities(pids_with_argument(self.tag))
        return {identity for identity in self.seen if identity.is_alive}

    def expect_nothing_left(self, seconds: float = GONE_SECONDS) -> None:
        wait_for(lambda: not self.left_over(), seconds, lambda: f"processes left: {self.left_over()}")

    def stop(self) -> int:
        """SIGTERM, and the exit code; the daemon is killed if it does not leave in time."""
        self.watch()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"no exit {STOP_SECONDS} s after SIGTERM: {self.last_words()}") from None

    def stop_cleanly(self) -> None:
        """SIGTERM ends it with 0 and leaves no process."""
        code = self.stop()
        assert code == 0, f"exit {code}: {self.last_words()}"
        self.expect_nothing_left()

    def destroy(self) -> None:
        """Whatever a failed test left: killed, so that the next test starts on a clean machine."""
        self.watch()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for identity in self.left_over():
            with contextlib.suppress(ProcessLookupError):
                os.kill(identity.pid, signal.SIGKILL)


async def wait_in_flight(daemon: Daemon, name: str, count: int) -> None:
    """Until the daemon itself counts `count` calls in flight to this child."""

    def has_arrived() -> bool:
        line = f'museod_in_flight{{mcp="{name}"}} '
        metrics: str = daemon.ask("/metrics")[1]
        values = [row.removeprefix(line) for row in metrics.splitlines() if row.startswith(line)]
        return sum(map(float, values)) >= count

    await wait_until(has_arrived, ASK_SECONDS, f"fewer than {count} calls in flight to {name}")


def all_ready(daemon: Daemon) -> bool:
    """Whether every child is ready, not only the first."""
    if not daemon.is_ready():
        return False
    children = daemon.ask("/ready")[1]["children"]
    return bool(children) and all(child["state"] == "ready" for child in children.values())


def start_daemon(
    directory: Path,
    servers: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    port: int | None = None,
    config: str | None = None,
    **environment: str,
) -> Daemon:
    """
    Start `museod serve` without waiting for it.

    Args:
        directory: for its state, its log and its configuration; the same one again is the same daemon
            restarted.
        servers: the `mcpServers` map; None runs the default children. Every entry gets the run's tag.
        config: text of a museod.toml.
        environment: settings on top of guest mode with the embedded store.
    """
    tag = uuid.uuid4().hex
    state = directory / "state"
    arguments = ["serve", "--host", HOST, "--port", str(port or free_port())]
    if servers is not None:
        tagged = {name: {**server, "args": _tagged(server["args"], tag)} for name, server in servers.items()}
        path = directory / "servers.json"
        path.write_text(json.dumps({"mcpServers": tagged}))
        arguments += ["--mcp-config", str(path)]
    if config is not None:
        (directory / "museod.toml").write_text(config)
        arguments += ["--config", str(directory / "museod.toml")]
    log = directory / "daemon.log"
    settings = {"MCP_AUTH": "guest", "MCP_STATE_DIR": str(state), "MCP_LOG_LEVEL": "info", **environment}
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "museod", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=ROOT,
            env=clean_environment(**settings),
        )
    return Daemon(process, int(arguments[arguments.index("--port") + 1]), state, log, tag)


def _tagged(arguments: Sequence[str], tag: str) -> list[str]:
    """The tag as first argument of the program, behind `-I` and its path."""
    return [*arguments[:2], "--tag", tag, *arguments[2:]]


@contextlib.contextmanager
def running_daemon(
    directory: Path,
    servers: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    until: Callable[[Daemon], bool] = Daemon.is_ready,
    port: int | None = None,
    config: str | None = None,
    **environment: str,
) -> Iterator[Daemon]:
    """A daemon that is ready; whatever the test leaves of it is killed, and nothing is asserted then."""
    daemon = start_daemon(directory, servers, port=port, config=config, **environment)
    try:
        wait_for(lambda: until(daemon), START_SECONDS, lambda: "not ready: " + daemon.last_words())
        daemon.watch()
        yield daemon
    finally:
        daemon.destroy()


@dataclass(frozen=True, slots=True)
class Shop:
    """A running sandbox."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


@contextlib.contextmanager
def running_shop(directory: Path) -> Iterator[Shop]:
    """`museod sandbox` as a real process, listening."""
    port = free_port()
    log = directory / "sandbox.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "museod", "sandbox", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=ROOT,
            env=clean_environment(),
        )

    def is_listening() -> bool:
        assert process.poll() is None, f"sandbox: exit {process.returncode}: {log.read_text()[-2000:]}"
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), ASK_SECONDS):
            return True
        return False

    try:
        wait_for(is_listening, START_SECONDS, "the sandbox does not listen")
        yield Shop(process, port)
    finally:
        below = identities(descendants(process.pid))
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()
            process.wait()
            for identity in below:
                if identity.is_alive:
                    os.kill(identity.pid, signal.SIGKILL)
