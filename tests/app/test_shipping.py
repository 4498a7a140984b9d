"""The log's way to a Loki on a real port."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import trio

from museod.app.shipping import shipped_logs
from museod.config import Config, load_config
from museod.observe import logs
from museod.observe.logs import get_logger
from museod.observe.metrics import log_dropped_total
from tests.fakes.loki import FakeLoki

log = get_logger()


class Sink(io.RawIOBase):
    """Stands for stderr."""

    def write(self, data: object, /) -> int:
        assert isinstance(data, memoryview)
        return len(data)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    writer = logs.configure("info", Sink())
    yield
    writer.close()
    logs.configure("info")


@pytest.fixture
def configured(tmp_path: Path) -> Callable[[int], Config]:
    def load(port: int) -> Config:
        settings = {"MCP_LOKI_HOST": "127.0.0.1", "MCP_LOKI_PORT": str(port)}
        return load_config({"MCP_STATE_DIR": str(tmp_path), "MCP_AUTH": "guest", **settings})[0]

    return load


def dropped() -> float:
    value: float = log_dropped_total._value.get()
    return value


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - another thread's condition
        await trio.sleep(0.02)


@pytest.mark.real
async def test_what_is_logged_arrives_masked_and_with_its_last_line(
    configured: Callable[[int], Config],
) -> None:
    loki = FakeLoki()
    with trio.fail_after(5), loki.running() as port:
        async with shipped_logs(configured(port)):
            log.info("first", mcp="intent", token="secret-token-value")
            await until(lambda: loki.events == ["first"])
            log.warning("last")
        log.info("too_late")
    assert loki.events == ["first", "last"]
    assert set(loki.pushes) == {204}
    assert "secret" not in str(loki.streams)
    assert (("level", "info"), ("mcp", "intent"), ("service", "museod")) in loki.streams


@pytest.mark.real
async def test_too_many_requests_and_failures_lose_nothing(configured: Callable[[int], Config]) -> None:
    loki, before = FakeLoki(), dropped()
    loki.refusals = [(429, "0"), (503, None)]
    with trio.fail_after(8), loki.running() as port:
        async with shipped_logs(configured(port)):
            for number in range(3000):
                log.info(f"event_{number}")
            await until(lambda: "loki_reached_again" in loki.events)
    assert [event for event in loki.events if event.startswith("event")] == [
        f"event_{n}" for n in range(3000)
    ]
    assert loki.pushes[:3] == [429, 503, 204]
    assert "loki_not_reached" in loki.events
    assert dropped() == before


@pytest.mark.real
async def test_a_loki_that_is_down_holds_up_nobody_and_gets_what_waited(
    configured: Callable[[int], Config],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    loki, before, seen = FakeLoki(), dropped(), list[bytes]()
    with trio.fail_after(8):
        async with shipped_logs(configured(port)):
            with logs.teed(seen.append):
                log.info("while_down")
                await until(lambda: any(b"loki_not_reached" in line for line in seen))
            with loki.running(port):
                await until(lambda: "while_down" in loki.events)
                log.info("while_up")
                await until(lambda: "while_up" in loki.events)
    assert dropped() == before


async def test_without_a_host_nothing_is_shipped(configured: Callable[[int], Config]) -> None:
    config, lines = configured(1), logs._output.tees
    async with shipped_logs(msgspec.structs.replace(config, loki_host=None)):
        assert logs._output.tees == lines


async def test_a_failure_inside_leaves_as_it_is(configured: Callable[[int], Config]) -> None:
    with trio.fail_after(5), pytest.raises(KeyError):
        async with shipped_logs(configured(1)):
            raise KeyError
