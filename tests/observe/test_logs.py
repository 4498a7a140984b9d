"""Log lines have the design document's shape, hold no secrets, and cost next to nothing below their level."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog.testing
import trio

from museod.observe import context, logs
from museod.observe.writer import LineWriter

log = logs.get_logger()


class FakeStream:
    def __init__(self) -> None:
        self.written = b""

    def write(self, data: memoryview, /) -> int:
        self.written += data
        return len(data)

    def fileno(self) -> int:
        return -1


class Log:
    """The configured log of one test; `entries()` flushes it and reads it."""

    def __init__(self, level: str) -> None:
        self.stream = FakeStream()
        self.writer: LineWriter = logs.configure(level, self.stream, pseudonym=lambda user: f"p-{user[:1]}")

    def entries(self) -> list[dict[str, Any]]:
        assert self.writer.close(5)
        return [json.loads(line) for line in self.stream.written.splitlines()]

    def entry(self) -> dict[str, Any]:
        (entry,) = self.entries()
        return entry


@pytest.fixture
def configured() -> Iterator[Callable[..., Log]]:
    yield lambda level="info": Log(level)
    # As at import: lines go to stderr at once, where pytest captures them with the test that caused them.
    logs.set_level("info")
    logs._output.sink = logs._Unqueued()


def test_a_line_is_a_log_entry(configured: Callable[..., Log]) -> None:
    out = configured()
    with context.bound(correlation="0123456789abcdef", user="alice"):
        log.info("child_restarted", mcp="intent", attempt=2, delay=0.8)

    entry = out.entry()

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.pop("timestamp"))
    assert entry == {
        "level": "info",
        "correlationId": "0123456789abcdef",
        "userId": "p-a",
        "mcp": "intent",
        "message": "child_restarted",
        "metadata": {"attempt": 2, "delay": 0.8},
    }


def test_what_is_not_known_is_left_out(configured: Callable[..., Log]) -> None:
    out = configured()
    log.info("daemon_started")

    entry = out.entry()

    assert entry["correlationId"] == ""
    assert entry["metadata"] == {}
    assert "userId" not in entry
    assert "mcp" not in entry


@pytest.mark.parametrize(
    ("method", "level"),
    [
        ("debug", "debug"),
        ("info", "info"),
        ("warning", "warn"),
        ("warn", "warn"),
        ("error", "error"),
        ("critical", "error"),
    ],
)
def test_levels_have_the_names_of_the_contract(
    method: str, level: str, configured: Callable[..., Log]
) -> None:
    out = configured("debug")
    getattr(log, method)("something_happened")

    assert out.entry()["level"] == level


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("debug", ["debug", "info", "warn", "error"]),
        ("info", ["info", "warn", "error"]),
        ("warn", ["warn", "error"]),
        ("error", ["error"]),
    ],
)
def test_a_level_hides_what_is_below_it(level: str, shown: list[str], configured: Callable[..., Log]) -> None:
    out = configured(level)
    log.debug("one_happened")
    log.info("two_happened")
    log.warning("three_happened")
    log.error("four_happened")

    assert [entry["level"] for entry in out.entries()] == shown


def test_a_hidden_line_evaluates_nothing_of_its_fields(configured: Callable[..., Log]) -> None:
    class Bomb:
        def __str__(self) -> str:
            raise AssertionError("a hidden line was rendered")

        __repr__ = __str__

    out = configured("info")
    log.debug("thing_happened", bomb=Bomb())

    assert out.entries() == []


def test_the_level_can_change_while_running(configured: Callable[..., Log]) -> None:
    out = configured("info")
    log.debug("hidden_happened")
    logs.set_level("debug")
    log.debug("shown_happened")

    assert out.entry()["message"] == "shown_happened"


def test_secrets_are_masked_on_every_way_into_a_line(configured: Callable[..., Log]) -> None:
    canary = "sk-ant-api03-CANARYCANARY"
    out = configured("debug")
    log.info(f"event_with {canary}", text=canary, token="CANARY", inner=[{"password": "CANARY"}])
    log.bind(authorization="CANARY", note=f"x {canary}").warning("bound_happened")
    try:
        raise ValueError(f"cannot use {canary}")
    except ValueError as error:
        log.exception("tool_failed", error=error)
    with context.bound(correlation=canary, user=canary):
        log.error("thing_failed", mcp=canary)
    logs.relay_child_line("intent", f"child says {canary}".encode())
    logs.relay_child_line(
        "intent",
        json.dumps({"level": "info", "message": "child_spoke", "metadata": {"api_key": "CANARY"}}).encode(),
    )

    assert len(out.entries()) == 6
    assert b"CANARY" not in out.stream.written


def test_a_newline_cannot_forge_a_line(configured: Callable[..., Log]) -> None:
    out = configured()
    forged = '\n{"timestamp":"now","level":"error","message":"forged"}\r\n\x1b[2J\u2028'
    log.info("frame_received", text=forged)

    entry = out.entry()

    assert out.stream.written.count(b"\n") == 1
    assert b"\x1b" not in out.stream.written
    assert entry["metadata"]["text"].startswith("\n{")


def test_an_exception_is_logged_with_its_traceback(configured: Callable[..., Log]) -> None:
    out = configured()
    secret_local = "CANARY-local"
    try:
        raise ExceptionGroup("two failed", [ValueError("first"), TypeError("second")])
    except ExceptionGroup:
        log.exception("connection_failed", size=len(secret_local))

    exception = out.entry()["metadata"]["exception"]

    assert exception["type"] == "ExceptionGroup"
    assert "ValueError: first" in exception["trace"]
    assert "TypeError: second" in exception["trace"]
    assert "in test_an_exception_is_logged" in exception["trace"]


def test_an_exception_can_be_handed_over(configured: Callable[..., Log]) -> None:
    out = configured()
    log.error("task_failed", exc_info=ValueError("gone"))

    assert "ValueError: gone" in out.entry()["metadata"]["exception"]["trace"]


def test_a_huge_traceback_keeps_its_end(configured: Callable[..., Log]) -> None:
    out = configured()
    log.error("task_failed", exc_info=ValueError("start " + "many words " * 50_000 + "the end"))

    trace = out.entry()["metadata"]["exception"]["trace"]

    assert len(trace) < logs.MAX_TRACE + 100
    assert trace.rstrip().endswith("the end")


def test_text_of_people_shows_at_debug_only(configured: Callable[..., Log]) -> None:
    configured("info")
    assert logs.debug_text("my name is Alice") == "<16 characters>"

    configured("debug")
    assert logs.debug_text("mail me at a@b.example") == "mail me at [email]"


def test_users_have_a_name_of_their_own_before_the_keys_are_known() -> None:
    code = """
from museod.observe import context, logs
with context.bound(user="alice"):
    logs.get_logger().info("first_happened")
    logs.get_logger().info("second_happened", user="alice")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30)
    first, second = (json.loads(line) for line in done.stderr.splitlines())

    assert done.stdout == b""
    assert first["userId"] == second["userId"] == second["metadata"]["user"]
    assert "alice" not in done.stderr.decode()


def test_a_new_pseudonym_replaces_the_remembered_ones(configured: Callable[..., Log]) -> None:
    configured()
    assert logs.pseudonym_of("alice") == "p-a"

    logs.set_pseudonym(lambda user: f"q-{user[:1]}")

    assert logs.pseudonym_of("alice") == "q-a"


def test_lines_are_flushed_at_exit() -> None:
    code = """
from museod.observe import logs
logs.configure("info")
for number in range(2000):
    logs.get_logger().info("line_written", number=number)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30)

    assert [json.loads(line)["metadata"]["number"] for line in done.stderr.splitlines()] == list(range(2000))


def test_sinks_get_every_line_while_their_block_runs(configured: Callable[..., Log]) -> None:
    configured()
    seen: list[bytes] = []
    with logs.teed(seen.append):
        log.info("inside_happened")
    log.info("outside_happened")

    assert [json.loads(line)["message"] for line in seen] == ["inside_happened"]


def test_structlogs_own_capture_works(configured: Callable[..., Log]) -> None:
    configured()
    with structlog.testing.capture_logs() as captured:
        log.info("thing_happened", number=1)

    assert captured == [{"event": "thing_happened", "number": 1, "log_level": "info"}]


async def test_each_task_logs_under_its_own_correlation_id(configured: Callable[..., Log]) -> None:
    out = configured()

    async def work(name: str) -> None:
        with context.bound(correlation=name * 8):
            await trio.lowlevel.checkpoint()
            log.info("work_done", name=name)

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(work, name)

    assert all(entry["correlationId"] == entry["metadata"]["name"] * 8 for entry in out.entries())


def test_a_line_of_a_child_keeps_its_meaning(configured: Callable[..., Log]) -> None:
    out = configured()
    line = {
        "timestamp": "then",
        "level": "warn",
        "correlationId": "0123456789abcdef",
        "userId": "keyed otherwise",
        "mcp": "admin",
        "message": "api_retried",
        "metadata": {"attempt": 2, "event": "x", "mcp": "admin", "user_id": "y"},
    }
    logs.relay_child_line("storefront", json.dumps(line).encode())

    entry = out.entry()

    del entry["timestamp"]
    assert entry == {
        "level": "warn",
        "correlationId": "0123456789abcdef",
        "mcp": "storefront",
        "message": "api_retried",
        "metadata": {"attempt": 2},
    }


@pytest.mark.parametrize(
    "line",
    [
        b"Traceback (most recent call last):",
        b'{"level":"info"}',
        b'{"level":"fatal","message":"thing_happened"}',
        b'{"level":"info","message":"Not an event name"}',
        b'{"level":"info","message":"thing_happened","metadata":[]}',
        b"{" * 5_000,
        b"\xff\xfe\x00",
        b'{"level":"info","message":"thing_happened"',
    ],
)
def test_any_other_line_of_a_child_is_text(line: bytes, configured: Callable[..., Log]) -> None:
    out = configured()
    logs.relay_child_line("storefront", line)

    entry = out.entry()

    assert entry["message"] == "child_wrote"
    assert entry["mcp"] == "storefront"
    assert entry["metadata"]["text"]


def test_an_invented_correlation_id_of_a_child_is_dropped(configured: Callable[..., Log]) -> None:
    out = configured()
    line = b'{"level":"info","message":"thing_happened","correlationId":"a b\\nc"}'
    logs.relay_child_line("storefront", line)

    assert out.entry()["correlationId"] == ""


def test_an_empty_line_of_a_child_is_nothing(configured: Callable[..., Log]) -> None:
    out = configured()
    logs.relay_child_line("storefront", b"  \t")

    assert out.entries() == []
