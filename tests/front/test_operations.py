"""Health, readiness, metrics, processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio

from museod.access.principal import Principal, Role, principal
from museod.errors import ConfigError, Fault, Forbidden, SpawnFailed
from museod.front.door import ANONYMOUS, Listener, Visitor
from museod.front.operations import Operations
from museod.transports.http1 import Headers, HttpRequest

CHILDREN = {"shop": {"state": "ready"}, "mail": {"state": "failed", "reason": "exit 1"}}


@dataclass
class FakeDaemon:
    """What operations ask of the daemon."""

    stage: str = "ready"
    serving: Mapping[str, bool] = field(default_factory=lambda: {"shop": True})
    dependencies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    refused: list[dict[str, str]] = field(default_factory=list)
    fault: Exception | None = None
    done: list[str] = field(default_factory=list)

    async def restart(self, name: str) -> None:
        await trio.lowlevel.checkpoint()
        if self.fault is not None:
            raise self.fault
        if name not in CHILDREN:
            raise KeyError(name)
        self.done.append(f"restart {name}")

    async def reload(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.fault is not None:
            raise self.fault
        self.done.append("reload")

    def operations(self) -> Operations:
        return Operations(
            stage=lambda: self.stage,
            children=lambda: CHILDREN,
            dependencies=lambda: self.dependencies,
            is_serving=lambda: self.serving,
            refused_tools=lambda: self.refused,
            restart=self.restart,
            metrics=lambda: b"up 1\n",
            reload=self.reload,
        )


def visitor(caller: Principal, *, near: bool = False) -> Visitor:
    request = HttpRequest("GET", "/", "/", "", Headers([("Host", "localhost")]), b"", "127.0.0.1", 1)
    return Visitor(caller, "127.0.0.1", True, request, Listener(is_loopback=near))


OPERATOR = visitor(principal("op", Role.OPERATOR))
ADMIN = visitor(principal("bob", Role.ADMIN))
CUSTOMER = visitor(principal("ann", Role.CUSTOMER))
NEAR = visitor(ANONYMOUS, near=True)


@pytest.mark.parametrize(
    ("daemon", "status", "code"),
    [
        (FakeDaemon(), "ok", 200),
        (FakeDaemon(stage="starting"), "starting", 503),
        (FakeDaemon(stage="draining"), "draining", 503),
        (FakeDaemon(stage="stopped"), "stopped", 503),
        (FakeDaemon(serving={"shop": True, "mail": False}), "degraded", 200),
        (FakeDaemon(serving={"shop": False, "mail": False}), "unavailable", 503),
        (FakeDaemon(serving={}), "ok", 200),
        (FakeDaemon(dependencies={"redis": {"state": "up"}}), "ok", 200),
        (FakeDaemon(dependencies={"redis": {"state": "down"}}), "degraded", 200),
        (FakeDaemon(dependencies={"api": {"state": "degraded"}}), "degraded", 200),
    ],
)
def test_readiness(daemon: FakeDaemon, status: str, code: int) -> None:
    for who in (None, OPERATOR):
        response = daemon.operations().ready(who)
        assert (response.status, json.loads(response.body)["status"]) == (code, status)
        assert ("Cache-Control", "no-store") in response.headers


@pytest.mark.parametrize(
    ("who", "sees"), [(None, False), (CUSTOMER, False), (OPERATOR, True), (ADMIN, True), (NEAR, True)]
)
def test_the_detail_is_for_operators_and_whoever_is_near(who: Visitor | None, sees: bool) -> None:
    refused = [{"mcp": "shop", "tool": "x", "reason": "clash"}]
    body = json.loads(FakeDaemon(refused=refused).operations().ready(who).body)
    if not sees:
        assert body == {"status": "ok"}
        return
    assert body["children"] == CHILDREN
    assert body["refusedTools"] == refused


def test_health_needs_nothing_and_tells_nothing() -> None:
    response = FakeDaemon(stage="draining").operations().health()
    assert response.status == 200
    assert set(json.loads(response.body)) == {"status", "version"}


def test_metrics_are_for_operators_and_whoever_is_near() -> None:
    operations = FakeDaemon().operations()
    for who in (OPERATOR, NEAR):
        assert operations.show_metrics(who).body == b"up 1\n"
    with pytest.raises(Forbidden):
        operations.show_metrics(CUSTOMER)


def test_processes_need_the_scope_even_from_near() -> None:
    operations = FakeDaemon().operations()
    assert json.loads(operations.show_processes(ADMIN).body) == {"processes": CHILDREN}
    for who in (NEAR, CUSTOMER):
        with pytest.raises(Forbidden, match="ops:read"):
            operations.show_processes(who)


@pytest.mark.parametrize("who", [CUSTOMER, ADMIN, NEAR])
async def test_only_an_operator_changes_anything(who: Visitor) -> None:
    daemon = FakeDaemon()
    for change in (
        daemon.operations().restart_process(who, "shop"),
        daemon.operations().reload_configuration(who),
    ):
        with pytest.raises(Forbidden, match="ops:write"):
            await change
    assert not daemon.done


async def test_a_restart_tells_how_the_child_is() -> None:
    daemon = FakeDaemon()
    response = await daemon.operations().restart_process(OPERATOR, "shop")
    assert (response.status, json.loads(response.body)) == (200, CHILDREN["shop"])
    unknown = await daemon.operations().restart_process(OPERATOR, "nobody")
    assert unknown.status == 404
    assert "shop, mail" in json.loads(unknown.body)["error"]["message"]
    daemon.fault = SpawnFailed("no such program")
    assert (await daemon.operations().restart_process(OPERATOR, "shop")).status == 503


async def test_a_reload_says_that_it_is_done_or_everything_that_is_wrong() -> None:
    daemon = FakeDaemon()
    assert (await daemon.operations().reload_configuration(OPERATOR)).status == 200
    daemon.fault = ConfigError([Fault("museod.toml", "port", "no"), Fault("env", "MCP_HOST", "bad")])
    refused = await daemon.operations().reload_configuration(OPERATOR)
    assert refused.status == 422
    message = json.loads(refused.body)["error"]["message"]
    assert "museod.toml: port: no" in message
    assert "MCP_HOST" in message


async def test_waiting_for_a_restart_or_a_reload_can_be_cancelled() -> None:
    async def hang(*_: object) -> None:
        await trio.sleep_forever()

    daemon = FakeDaemon()
    daemon.restart = daemon.reload = hang  # type: ignore[method-assign,assignment]
    for wait in (
        daemon.operations().restart_process(OPERATOR, "shop"),
        daemon.operations().reload_configuration(OPERATOR),
    ):
        with trio.move_on_after(0) as scope:
            await wait
        assert scope.cancelled_caught
