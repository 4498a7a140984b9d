"""One daemon, wired but not running."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing
from trio.testing import MockClock

from museod.access.principal import Role, principal
from museod.app.daemon import STATUS_SECONDS, Daemon, shown
from museod.config import Config, load_config
from museod.errors import ConfigError, Fault, StoreUnavailable
from museod.front.door import Listener
from museod.lifecycle import Lifecycle
from museod.observe.context import client_address
from museod.stores.base import ProcessState, ProcessStatus
from museod.stores.opening import IN_MEMORY, open_stores
from museod.stores.sealing import Sealer
from museod.supervisor.states import ChildStatus, State
from museod.transports.channel import open_memory_pair
from museod.transports.http1 import Headers, HttpRequest, HttpResponse
from tests.fakes.children import FakeServer, attached, tool
from tests.fakes.gateway import message

KEYS = [("k1", b"1" * 32)]
ANN = principal("ann", Role.CUSTOMER)
SERVERS = {"shop": {"command": "unused"}, "mail": {"command": "unused"}}


class FakeStatuses:
    """Where the children's state is kept; fails on demand."""

    def __init__(self) -> None:
        self.kept: dict[str, ProcessStatus] = {}
        self.tries: list[float] = []
        self.is_away = False

    async def put(self, name: str, status: ProcessStatus) -> None:
        await trio.lowlevel.checkpoint()
        self.tries.append(trio.current_time())
        if self.is_away:
            raise StoreUnavailable("away")
        self.kept[name] = status


class FakeSupervisor:
    """Statuses from a table."""

    def __init__(self, *names: str, state: State = State.READY) -> None:
        self.names, self.state = names, state
        self.done: list[str] = []

    def status(self) -> dict[str, ChildStatus]:
        return {
            name: ChildStatus(name, self.state, "2026-01-01T00:00:00Z", pid=7, restarts=2)
            for name in self.names
        }

    def usage(self) -> dict[str, Any]:
        return {}

    async def restart(self, name: str) -> None:
        self.done.append(f"restart {name}")
        await trio.lowlevel.checkpoint()

    async def reload(self, specs: Any) -> None:
        self.done.append("reload " + " ".join(spec.name for spec in specs))
        await trio.lowlevel.checkpoint()


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Config]:
    def load(servers: dict[str, Any] = SERVERS, **environ: str) -> Config:
        path = tmp_path / "servers.json"
        path.write_text(json.dumps({"mcpServers": servers}))
        settings = {"MCP_STATE_DIR": str(tmp_path), "MCP_AUTH": "guest", **environ}
        return load_config(settings, mcp_config=path)[0]

    return load


@asynccontextmanager
async def wired(config: Config, **options: Any) -> AsyncIterator[Daemon]:
    async with open_stores(IN_MEMORY, config.state_dir, KEYS) as stores:
        yield Daemon(config, Sealer(KEYS), stores, Lifecycle(), **options)


def get(path: str, host: str = "localhost") -> HttpRequest:
    return HttpRequest("GET", path, path, "", Headers([("Host", host)]), b"", "127.0.0.1", 1)


@pytest.mark.parametrize(
    ("environ", "is_stdio", "is_local"),
    [
        ({}, False, True),
        ({"MCP_HOST": "localhost"}, False, True),
        ({"MCP_HOST": "192.0.2.1", "MCP_JWT_SECRET": "s" * 40}, False, False),
        ({"MCP_AUTH": "required", "MCP_JWT_SECRET": "s" * 40}, False, False),
        ({"MCP_AUTH": "required", "MCP_JWT_SECRET": "s" * 40}, True, True),
    ],
)
async def test_where_everybody_is_at_home(
    environ: dict[str, str], is_stdio: bool, is_local: bool, configured: Callable[..., Config]
) -> None:
    async with wired(configured(**environ), is_stdio=is_stdio) as daemon:
        assert daemon.is_local is is_local
        assert daemon.children["shop"].policy.may_call("x", ANN) is is_local


async def test_the_rate_of_mcp_requests_is_per_caller_and_per_address_for_the_nameless(
    configured: Callable[..., Config],
) -> None:
    config = configured()
    limits = type(config.limits)(mcp_per_minute=2)
    guest = principal("", Role.GUEST)
    async with wired(config) as daemon:
        daemon.config = _with(config, limits=limits)
        waits = [daemon.admit_mcp(ANN) for _ in range(3)]
        assert waits[:2] == [None, None]
        assert waits[2] is not None
        assert waits[2] > 0
        assert daemon.admit_mcp(principal("bob", Role.CUSTOMER)) is None
        for address in ("10.0.0.1", "10.0.0.2"):
            client_address.set(address)
            assert [daemon.admit_mcp(guest) is None for _ in range(3)] == [True, True, False]
        daemon.config = _with(config, limits=type(config.limits)(mcp_per_minute=0))
        assert daemon.admit_mcp(ANN) is None


def _with(config: Config, **changes: Any) -> Config:
    return msgspec.structs.replace(config, **changes)


async def test_the_front_is_wired_to_all_of_it(configured: Callable[..., Config]) -> None:
    async with wired(configured()) as daemon:
        front = daemon.front()
        for path, status in (("/health", 200), ("/ready", 503), ("/metrics", 200), ("/nothing", 404)):
            response = await front.handle(get(path), Listener(is_loopback=True))
            assert isinstance(response, HttpResponse)
            assert response.status == status
        daemon.lifecycle.become_ready()
        with trio.fail_after(5):
            async with attached(daemon.children, "shop", FakeServer([tool("echo")])):
                response = await front.handle(get("/ready"), Listener(is_loopback=True))
        assert isinstance(response, HttpResponse)
        assert (response.status, json.loads(response.body)["status"]) == (200, "degraded")


async def test_an_mcp_client_on_a_channel_is_served_until_the_drain(
    configured: Callable[..., Config],
) -> None:
    ours, theirs = open_memory_pair()
    with trio.fail_after(5):
        async with wired(configured()) as daemon, trio.open_nursery() as nursery:
            nursery.start_soon(daemon.serve_mcp, theirs, principal("", Role.GUEST))
            ours.post(message("tools/list", meta={}))
            assert json.loads((await ours.receive())[0])["result"]["tools"] == []
            daemon.draining.set()


# ---------------------------------------------------------------- statuses


async def test_the_childrens_state_is_kept_in_the_store(
    configured: Callable[..., Config], autojump_clock: MockClock
) -> None:
    statuses = FakeStatuses()
    config = configured(MCP_NODE_NAME="n1")
    async with wired(config) as daemon:
        daemon.stores = replace(daemon.stores, statuses=statuses)
        daemon.supervisor = FakeSupervisor("shop", "mail")  # type: ignore[assignment]
        with trio.move_on_after(STATUS_SECONDS * 1.5):
            await daemon.write_statuses()
    assert set(statuses.kept) == {"shop@n1", "mail@n1"}
    assert statuses.kept["shop@n1"].status is ProcessState.RUNNING
    assert statuses.kept["shop@n1"].pid == 7
    assert statuses.kept["shop@n1"].stats["restarts"] == 2
    assert len(statuses.tries) == 4


async def test_a_store_that_is_away_and_a_child_that_is_reloaded_away_end_nothing(
    configured: Callable[..., Config], autojump_clock: MockClock
) -> None:
    statuses = FakeStatuses()
    statuses.is_away = True
    async with wired(configured()) as daemon:
        daemon.stores = replace(daemon.stores, statuses=statuses)
        daemon.supervisor = FakeSupervisor("gone", "shop")  # type: ignore[assignment]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(daemon.write_statuses)
            await trio.sleep(STATUS_SECONDS * 2.5)
            assert not statuses.kept
            statuses.is_away = False
            await trio.sleep(STATUS_SECONDS)
            assert set(statuses.kept) == {"gone", "shop"}
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (
            ChildStatus("a", State.READY, "now", pid=7, pids=(7, 8), restarts=1, uptime_seconds=1.26),
            {"state": "ready", "since": "now", "pid": 7, "pids": [7, 8], "restarts": 1, "uptimeSeconds": 1.3},
        ),
        (
            ChildStatus("a", State.BACKOFF, "now", next_try_seconds=0.44, reason="exit 1"),
            {
                "state": "backoff",
                "since": "now",
                "pid": None,
                "pids": [],
                "restarts": 0,
                "uptimeSeconds": 0.0,
                "nextTrySeconds": 0.4,
                "reason": "exit 1",
            },
        ),
    ],
)
def test_how_a_child_is_shown(status: ChildStatus, body: dict[str, Any]) -> None:
    assert shown(status) == body


async def test_a_change_of_a_child_reaches_the_gateway(configured: Callable[..., Config]) -> None:
    async with wired(configured()) as daemon:
        daemon.child_changed(ChildStatus("shop", State.FAILED, "now", next_try_seconds=30.0))
        assert daemon.children["shop"].retry_after == 30.0
        assert daemon.children["shop"].is_given_up
        daemon.child_changed(ChildStatus("unknown", State.FAILED, "now"))
        assert daemon.summary == "0 of 2 children serve"


# ---------------------------------------------------------------- reload


async def test_a_reload_takes_the_new_configuration_over(configured: Callable[..., Config]) -> None:
    new = configured({"shop": {"command": "x", "prefix": "s."}, "files": {"command": "y"}})
    async with wired(configured()) as daemon:
        supervisor = daemon.supervisor = FakeSupervisor("shop", "mail")  # type: ignore[assignment]
        daemon.load = lambda: new
        await daemon.reload()
        assert daemon.config is new
        assert list(daemon.children.serving) == ["shop", "files"]
        assert daemon.children["shop"].policy.prefix == "s."
        assert supervisor is not None
        assert supervisor.done == ["reload shop files"]


async def test_a_bad_configuration_changes_nothing(configured: Callable[..., Config]) -> None:
    def refuse() -> Config:
        raise ConfigError([Fault("museod.toml", "x", "no")])

    config = configured()
    async with wired(config) as daemon:
        supervisor = daemon.supervisor = FakeSupervisor("shop")  # type: ignore[assignment]
        daemon.load = refuse
        with pytest.raises(ConfigError):
            await daemon.reload()
        assert daemon.config is config
        assert list(daemon.children.serving) == ["shop", "mail"]
        assert supervisor is not None
        assert supervisor.done == []


async def test_restarting_a_child_goes_to_the_supervisor(configured: Callable[..., Config]) -> None:
    async with wired(configured()) as daemon:
        with pytest.raises(KeyError):
            await daemon.operations().restart("shop")
        supervisor = daemon.supervisor = FakeSupervisor("shop")  # type: ignore[assignment]
        await daemon.operations().restart("shop")
        assert supervisor is not None
        assert supervisor.done == ["restart shop"]
