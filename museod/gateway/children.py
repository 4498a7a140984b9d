"""
The gateway's side of all configured children: their processes, their breakers, and the one catalogue.

`attend` is what app hands to the supervisor: it publishes a process when it is ready and takes it back when
it is gone. A child's tools stay listed while it restarts and vanish when it is given up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import trio

from museod.access.principal import Role
from museod.errors import ChannelClosed, ChildUnavailable
from museod.gateway.breaker import Breaker, BreakerState
from museod.gateway.catalogue import Catalogue, ChildTools, build_catalogue
from museod.gateway.policy import ChildPolicy
from museod.gateway.upstream import ChildProcess, Upstream
from museod.observe import metrics
from museod.observe.logs import get_logger
from museod.transports.stdio import open_stdio_channel
from museod.wire.listings import Hints, Kind, Listed
from museod.wire.tools import ListedTool

log = get_logger()

# What a caller is told to wait when nobody knows better: about a child's own start-up time.
DEFAULT_RETRY_SECONDS = 1.0


class PipedProcess(ChildProcess, Protocol):
    """A supervised process whose pipes we take over."""

    @property
    def stdin_fd(self) -> int:
        """Where we write."""

    @property
    def stdout_fd(self) -> int:
        """Where we read."""


class Child:
    """One configured child as the gateway sees it."""

    def __init__(self, policy: ChildPolicy) -> None:
        self.policy = policy
        self.breaker = Breaker()
        self.upstreams: list[Upstream] = []
        self.tools: tuple[ListedTool, ...] = ()
        self.lists: dict[Kind, tuple[Listed, ...]] = {}
        self.hints: dict[Kind, Hints] = {}
        self.is_given_up = False
        self.is_published = False
        self.retry_after = DEFAULT_RETRY_SECONDS
        self._arrived = trio.Event()

    @property
    def in_flight(self) -> int:
        """Calls that wait for this child now, over all its processes."""
        return sum(upstream.in_flight for upstream in self.upstreams)

    def least_busy(self) -> Upstream:
        """
        The process that should take the next call.

        Raises:
            ChildUnavailable: there is none now; says when to try again.
        """
        if not self.upstreams:
            raise self.unavailable()
        if len(self.upstreams) == 1:
            return self.upstreams[0]
        return min(self.upstreams, key=lambda upstream: upstream.in_flight)

    def unavailable(self) -> ChildUnavailable:
        """What a caller is told while no process of this child serves."""
        name = self.policy.child
        if self.is_given_up:
            seconds = max(1, round(self.retry_after))
            text = f"The {name} service failed too often and is tried again in {seconds} s."
        else:
            text = f"The {name} service is restarting; try again in a moment."
        return ChildUnavailable(text, retry_after=self.retry_after, data={"mcp": name})

    async def wait_available(self) -> Upstream:
        """The next process that serves; put a deadline around it."""
        while not self.upstreams:
            await self._arrived.wait()
        return self.least_busy()

    def add(self, upstream: Upstream) -> None:
        """A process is ready."""
        self.upstreams.append(upstream)
        self.is_given_up = False
        self.breaker.reset()
        self._arrived.set()
        self._arrived = trio.Event()


class Children:
    """
    All configured children, in the order of the configuration.

    Args:
        policies: one per child.
        on_metrics: called with (child, payload) for the metrics notifications of trusted children.
    """

    def __init__(
        self,
        policies: Sequence[ChildPolicy],
        *,
        on_metrics: Callable[[str, bytes], None] | None = None,
    ) -> None:
        self._children = {policy.child: Child(policy) for policy in policies}
        self._on_metrics = on_metrics
        self._watchers: dict[object, Callable[[Catalogue], None]] = {}
        self.catalogue = Catalogue()
        self.arrivals: list[Callable[[Child, Upstream], None]] = []
        """Told of each process that begins to serve."""

    def __getitem__(self, name: str) -> Child:
        return self._children[name]

    @property
    def serving(self) -> Mapping[str, bool]:
        """Each child's name, and whether at least one process of it serves."""
        return {name: bool(child.upstreams) for name, child in self._children.items()}

    @property
    def is_incomplete(self) -> bool:
        """Whether some child has not listed anything yet and is not given up: what it has is not known."""
        return any(not child.is_published and not child.is_given_up for child in self._children.values())

    @property
    def treats_all_alike(self) -> bool:
        """Whether every role may use everything, so that lists are the same for all."""
        every_role = frozenset(Role)
        return all(
            roles == every_role for child in self._children.values() for roles in child.policy.allow.values()
        )

    def having(self, capability: str) -> list[str]:
        """The children that serve now and declare `capability`, in their order."""
        return [
            name
            for name, child in self._children.items()
            if child.upstreams and child.upstreams[0].has(capability)
        ]

    def with_list(self, kind: Kind) -> list[Child]:
        """The children that have items of a list."""
        return [
            child
            for child in self._children.values()
            if (child.tools if kind is Kind.TOOLS else child.lists.get(kind))
        ]

    def subscribe(self, watcher: Callable[[Catalogue], None]) -> Callable[[], None]:
        """Call `watcher` with each new catalogue, until the returned function is called."""
        key = object()
        self._watchers[key] = watcher

        def unsubscribe() -> None:
            self._watchers.pop(key, None)

        return unsubscribe

    def reconfigure(self, policies: Sequence[ChildPolicy]) -> None:
        """Take over new policies: known children keep their processes, unknown ones begin empty."""
        known = self._children
        self._children = {}
        for policy in policies:
            child = known.get(policy.child) or Child(policy)
            child.policy = policy
            self._children[policy.child] = child
        self._publish()

    async def attend(
        self, process: PipedProcess, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """
        Serve one process from its start to its end; `started()` once its tools are published.

        Raises:
            RpcFailed, CallTimeout, RemoteProtocolError, ChannelError, ChildHung: why it is of no use (any
                more); the supervisor restarts it.
        """
        child = self._children[process.name]
        on_metrics = self._on_metrics
        report = None
        if child.policy.identity and on_metrics is not None:

            def report(payload: bytes) -> None:
                on_metrics(process.name, payload)

        async with open_stdio_channel(process.stdout_fd, process.stdin_fd) as channel:
            upstream = Upstream(process, channel, era=child.policy.era, on_metrics=report)
            carrying = trio.CancelScope(shield=True)
            async with trio.open_nursery() as nursery:
                await nursery.start(self._carry, upstream, carrying)
                try:
                    await upstream.open()
                    self.arrive(child, upstream)
                    task_status.started()
                    await upstream.watch(lambda: self._relisted(child, upstream))
                finally:
                    self.leave(child, upstream)
                    if trio.current_effective_deadline() == -math.inf:
                        # Cancelled (which arrives as a group, from watch()): a planned end. No new call
                        # comes, and those that run may finish. The supervisor bounds this by ending the
                        # process, which ends the calls.
                        with trio.CancelScope(shield=True):
                            await upstream.wait_idle()
                    carrying.cancel()

    async def _carry(
        self,
        upstream: Upstream,
        carrying: trio.CancelScope,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        with carrying:
            await upstream.run(task_status=task_status)
            raise ChannelClosed("The child closed its output.")

    def arrive(self, child: Child, upstream: Upstream) -> None:
        """A process is ready: publish it and its tools."""
        child.add(upstream)
        metrics.breaker_state.labels(child.policy.child).set(BreakerState.CLOSED.value)
        self._relisted(child, upstream)
        for tell in self.arrivals:
            tell(child, upstream)

    def _relisted(self, child: Child, upstream: Upstream) -> None:
        child.hints = dict(upstream.hints)
        same_tools = [tool.raw for tool in child.tools] == [tool.raw for tool in upstream.tools]
        if same_tools and child.lists == upstream.lists and child.is_published:
            return
        child.tools, child.lists, child.is_published = upstream.tools, dict(upstream.lists), True
        self._publish()

    def leave(self, child: Child, upstream: Upstream) -> None:
        """A process is gone; its tools stay listed until the child is given up."""
        if upstream in child.upstreams:
            child.upstreams.remove(upstream)

    def state_changed(self, name: str, state: str, next_try_seconds: float | None) -> None:
        """
        The supervisor reports a child's state.

        A child that is failed or stopped loses its tools from the catalogue until it serves again.
        """
        child = self._children.get(name)
        if child is None:
            return
        child.retry_after = next_try_seconds or DEFAULT_RETRY_SECONDS
        is_given_up = state in ("failed", "stopped")
        if is_given_up and not child.upstreams and child.is_published:
            child.tools, child.lists, child.is_published = (), {}, False
            self._publish()
        child.is_given_up = is_given_up

    def _publish(self) -> None:
        listings = [
            ChildTools(name, child.tools, child.policy.prefix, child.lists, child.policy.identity)
            for name, child in self._children.items()
        ]
        catalogue = build_catalogue(listings, version=self.catalogue.version + 1)
        for refusal in catalogue.refusals:
            log.warning("tool_refused", mcp=refusal.child, tool=refusal.tool, reason=refusal.reason)
        self.catalogue = catalogue
        for watcher in list(self._watchers.values()):
            watcher(catalogue)
