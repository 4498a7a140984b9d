"""One daemon: everything it is made of, wired together, and what is true of all of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import trio

from museod import systemd
from museod.access.jwks import RemoteKeys
from museod.access.limits import LocalLimits
from museod.access.principal import Principal
from museod.access.tokens import TokenReader, mint_guest
from museod.app.wiring import GUEST_KEY, policies_of, remote_keys, specs_of, token_reader
from museod.chat.engine import Engine
from museod.chat.session import SessionLimits
from museod.config import Config
from museod.errors import StoreError, SupervisorError
from museod.front.dependencies import Dependencies
from museod.front.discovery import Discovery
from museod.front.door import Door, is_loopback
from museod.front.operations import Operations
from museod.front.routes import Front
from museod.front.talk import Talk
from museod.front.uploads import Uploads
from museod.gateway.cache import ResultCache
from museod.gateway.children import Children
from museod.gateway.confirm import Confirmations
from museod.gateway.connection import Connection
from museod.gateway.http_face import HttpFace
from museod.gateway.leases import Leases
from museod.gateway.parking import Parking
from museod.gateway.router import Router
from museod.gateway.server import Server
from museod.gateway.sessions import named_guest
from museod.gateway.subscriptions import Subscriptions
from museod.lifecycle import Lifecycle
from museod.observe import metrics
from museod.observe.context import client_address
from museod.observe.logs import get_logger
from museod.stores.base import ProcessState, ProcessStatus, Stores
from museod.stores.sealing import Sealer
from museod.supervisor.process import Process
from museod.supervisor.states import ChildStatus, State
from museod.supervisor.supervisor import Supervisor
from museod.transports.channel import MessageChannel
from museod.transports.streamable import Streamable

log = get_logger()

CURSOR_KEY = "cursors"
STATUS_SECONDS = 5.0
DAY = 86_400.0


@dataclass(slots=True)
class Daemon:
    """Everything that one daemon is made of, wired but not running."""

    config: Config
    sealer: Sealer
    stores: Stores
    lifecycle: Lifecycle
    is_stdio: bool = False
    load: Callable[[], Config] | None = None
    children: Children = field(init=False)
    router: Router = field(init=False)
    server: Server = field(init=False)
    leases: Leases = field(init=False)
    parking: Parking = field(init=False)
    confirmations: Confirmations = field(init=False)
    remote_keys: RemoteKeys | None = field(init=False)
    tokens: TokenReader = field(init=False)
    limits: LocalLimits = field(init=False)
    dependencies: Dependencies = field(init=False)
    uploads: Uploads = field(init=False)
    draining: trio.Event = field(init=False)
    supervisor: Supervisor | None = None

    def __post_init__(self) -> None:
        self.children = Children(policies_of(self.config, is_local=self.is_local), on_metrics=_merge_metrics)
        self.router = Router(self.children, cache=ResultCache(self.stores.cache))
        self.limits = LocalLimits()
        self.draining = trio.Event()
        self.dependencies = Dependencies()
        self.uploads = Uploads(self.config.state_dir / "uploads")
        self.remote_keys = remote_keys(self.config)
        self.tokens = token_reader(self.config, self.sealer, self.remote_keys)
        self.leases = Leases(self.children, self._open_extra)
        self.parking = Parking()
        self.confirmations = Confirmations(self.stores.confirmations)
        self.server = Server(
            self.router,
            Subscriptions(self.children),
            cursor_key=self.sealer.derive(CURSOR_KEY),
            seal=self.sealer,
            admit=self.admit_mcp,
            draining=self.draining,
            leases=self.leases,
            parking=self.parking,
            confirmations=self.confirmations,
        )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach us and needs no token for it."""
        return self.is_stdio or (self.config.auth == "guest" and all(map(_is_local_host, self.config.hosts)))

    def admit_mcp(self, caller: Principal) -> float | None:
        """The seconds this caller must wait for its next MCP request."""
        rate = self.config.limits.mcp_per_minute
        if not rate:
            return None
        name = caller.sub or f"address:{client_address.get()}"
        wait = self.limits.take_nowait(f"mcp:{name}", rate, rate)
        if wait is not None:
            metrics.rate_limited_total.labels("mcp").inc()
        return wait

    async def take_message(self, name: str) -> float | None:
        """The seconds until the allowance `name` has one more chat message."""
        limits = self.config.limits
        shared = self.stores.limits or self.limits
        return await shared.take(f"chat:{name}", limits.messages_per_minute, limits.messages_burst)

    async def serve_mcp(
        self, channel: MessageChannel, caller: Principal, *, finish_seconds: float = 0.0
    ) -> None:
        """Serve one MCP client on a message channel until it leaves or we do."""
        known = named_guest(caller, secrets.token_urlsafe(12))
        in_flight = self.config.limits.in_flight_per_connection or 1024
        connection = Connection(
            channel, self.server, known, in_flight=in_flight, finish_seconds=finish_seconds
        )
        await connection.run(self.draining)

    def front(self) -> Front:
        """The front of the port and of the unix socket."""
        config = self.config
        door = Door(
            self.tokens,
            is_guest_mode=config.auth == "guest",
            origins=frozenset(config.allowed_origins),
            hosts=frozenset({*config.allowed_hosts, *config.hosts}),
            trusted_proxies=config.trusted_proxies,
            takes_query_tokens=config.query_tokens,
        )
        talk = Talk(
            engine=Engine(
                self.router,
                self.stores,
                retention_seconds=config.retention_days * DAY,
                currency=config.currency,
            ),
            tokens=self.tokens,
            mint_guest=lambda: mint_guest(self.sealer.derive(GUEST_KEY)),
            take=self.take_message,
            staff=lambda: frozenset(self.config.access.staff),
            limits=SessionLimits(
                in_flight=config.limits.in_flight_per_connection,
                invalid_per_minute=config.limits.invalid_frames_per_minute,
            ),
            draining=self.draining,
        )
        return Front(
            door,
            mcp=Streamable(HttpFace(self.server)),
            serve_mcp=self.serve_mcp,
            chat=talk,
            operations=self.operations(),
            privacy=self.stores,
            mcp_frame_bytes=config.limits.mcp_frame_bytes,
            chat_frame_bytes=config.limits.chat_frame_bytes,
            http_body_bytes=config.limits.http_body_bytes,
            uploads=self.uploads,
            discovery=Discovery(config.jwt_issuer, config.jwt_audience),
        )

    def operations(self) -> Operations:
        """What operators may see and do."""
        return Operations(
            stage=lambda: self.lifecycle.state.value,
            children=self._shown_children,
            dependencies=self.dependencies.status,
            is_serving=lambda: self.children.serving,
            refused_tools=lambda: [
                {"mcp": refusal.child, "tool": refusal.tool, "reason": refusal.reason}
                for refusal in self.router.catalogue.refusals
            ],
            restart=self._restart,
            metrics=self._render_metrics,
            reload=self.reload,
        )

    def _shown_children(self) -> dict[str, dict[str, object]]:
        if self.supervisor is None:
            return {}
        usages = self.supervisor.usage()
        shown_children = {}
        for name, status in self.supervisor.status().items():
            shown_children[name] = shown(status)
            if name in usages:
                shown_children[name]["rssBytes"] = usages[name].resident_bytes
                shown_children[name]["cpuSeconds"] = round(usages[name].cpu_seconds, 2)
        return shown_children

    def _statuses(self) -> dict[str, ChildStatus]:
        return self.supervisor.status() if self.supervisor is not None else {}

    def _open_extra(self, child: str) -> AbstractAsyncContextManager[Process]:
        if self.supervisor is None:
            raise SupervisorError("The supervisor is not running.")
        return self.supervisor.open_extra(child)

    async def _restart(self, name: str) -> None:
        if self.supervisor is None:
            raise KeyError(name)
        await self.supervisor.restart(name)

    def _render_metrics(self) -> bytes:
        if self.supervisor is not None:
            statuses = self.supervisor.status()
            for name, usage in self.supervisor.usage().items():
                metrics.child_used(name, {statuses[name].pid or 0: (usage.resident_bytes, usage.cpu_seconds)})
        for name in self.children.serving:
            metrics.in_flight.labels(name).set(self.children[name].in_flight)
        return metrics.render()

    async def reload(self) -> None:
        """
        Take over the children, limits and access of a new configuration; a bad one changes nothing.

        Raises:
            ConfigError: every fault of it.
        """
        if self.load is None:
            return
        systemd.notify_reloading()
        try:
            config = await trio.to_thread.run_sync(self.load)
            self.config = config
            self.children.reconfigure(policies_of(config, is_local=self.is_local))
            if self.supervisor is not None:
                await self.supervisor.reload(specs_of(config))
            log.info("configuration_reloaded", children=len(config.children))
        finally:
            systemd.notify(READY=1, STATUS=self.summary)

    @property
    def summary(self) -> str:
        """How it is, in one line."""
        serving = self.children.serving
        return f"{sum(serving.values())} of {len(serving)} children serve"

    def child_changed(self, status: ChildStatus) -> None:
        """The supervisor reports a change of a child."""
        self.children.state_changed(status.name, status.state.value, status.next_try_seconds)
        metrics.child_up.labels(status.name).set(status.state is State.READY)

    async def write_statuses(self) -> None:
        """Keep the children's state in the store, and uploads no longer than their hour."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.uploads.run)
            nursery.start_soon(self._write_statuses)

    async def _write_statuses(self) -> None:
        """Keep the children's state in the store, under the names of the design document."""
        while True:
            for name, status in self._statuses().items():
                key = f"{name}@{self.config.node_name}" if self.config.node_name else name
                is_known = name in self.children.serving  # a reload may just have taken it away
                stats = {
                    "restarts": status.restarts,
                    "uptimeSeconds": round(status.uptime_seconds, 1),
                    "inFlight": self.children[name].in_flight if is_known else 0,
                }
                stored = ProcessStatus(_STORED[status.state], status.pid, stats)
                try:
                    await self.stores.statuses.put(key, stored)
                except StoreError as error:
                    log.warning("status_not_stored", mcp=name, error=error)
                    break  # the others would fail the same way; the next round tries again
            await trio.sleep(STATUS_SECONDS)


_STORED = {
    State.STARTING: ProcessState.STOPPED,
    State.READY: ProcessState.RUNNING,
    State.BACKOFF: ProcessState.ERROR,
    State.FAILED: ProcessState.ERROR,
    State.STOPPED: ProcessState.STOPPED,
}


def shown(status: ChildStatus) -> dict[str, object]:
    """A child's state as /ready and /api/v1/processes show it."""
    body: dict[str, object] = {
        "state": status.state.value,
        "since": status.since,
        "pid": status.pid,
        "pids": list(status.pids),
        "restarts": status.restarts,
        "uptimeSeconds": round(status.uptime_seconds, 1),
    }
    if status.next_try_seconds is not None:
        body["nextTrySeconds"] = round(status.next_try_seconds, 1)
    if status.reason:
        body["reason"] = status.reason
    return body


def _merge_metrics(child: str, payload: bytes) -> None:
    metrics.merge_child_metrics(child, payload)


def _is_local_host(host: str) -> bool:
    return host == "localhost" or is_loopback(host)
