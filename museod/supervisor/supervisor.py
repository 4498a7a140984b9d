"""
All children: started in order and side by side, asked to stop in reverse order, changed while they run.

The children know nothing of each other, so there is one strategy, OTP's one_for_one: what happens to one
does not touch the others, unless it is `significant` and fails; then the whole supervisor ends.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import trio

from museod.errors import ChildFailed, SupervisorError
from museod.supervisor.guarding import open_guardian
from museod.supervisor.keeper import Attend, Surroundings, leaf_of
from museod.supervisor.pool import Pool
from museod.supervisor.process import Process, Usage, open_process
from museod.supervisor.reaper import Reaper, become_subreaper
from museod.supervisor.spec import ChildSpec
from museod.supervisor.states import ChildStatus

# As long as the daemon's own drain lasts by default (MCP_DRAIN_SECONDS).
DRAIN_SECONDS = 10.0


class Supervisor:
    """All children of one daemon; made by `open_supervisor`."""

    def __init__(
        self,
        nursery: trio.Nursery,
        surroundings: Surroundings,
        on_change: Callable[[ChildStatus], None] | None,
    ) -> None:
        self._nursery = nursery
        self._around = surroundings
        self._on_change = on_change
        self._pools: dict[str, Pool] = {}
        self._reloading = trio.Lock()

    def status(self) -> dict[str, ChildStatus]:
        """Each child's name and how it is doing, in the order of their specs."""
        return {name: pool.status() for name, pool in self._pools.items()}

    def usage(self) -> dict[str, Usage]:
        """What each running child takes; about 0.15 ms for each process."""
        usages = {name: pool.usage() for name, pool in self._pools.items()}
        return {name: usage for name, usage in usages.items() if usage is not None}

    async def restart(self, name: str) -> ChildStatus:
        """
        End a child, drained, and start it anew; its failures are forgotten, whatever state it is in.

        Returns how it is doing after the first verdict: ready, or failing again, or not ready in time.

        Raises:
            SupervisorError: there is no such child.
        """
        pool = self._pools.get(name)
        if pool is None:
            known = ", ".join(self._pools) or "none"
            raise SupervisorError(f"There is no child {name!r}. The children are: {known}.")
        await pool.restart()
        return pool.status()

    async def reload(self, specs: Sequence[ChildSpec]) -> None:
        """
        Run the children of `specs` from now on, and no others.

        Children whose command, environment or directory changed are renewed, drained first; all other
        changes apply to them as they run. Returns after the first verdict of everything that was started.
        Cancelled midway, it can be called again.

        Raises:
            SupervisorError: two specs bear one name; nothing was changed.
        """
        check_names(specs)
        async with self._reloading:
            former = self._pools
            self._pools = {spec.name: former.get(spec.name) or self._pool(spec) for spec in specs}
            await self._stop([pool for name, pool in former.items() if name not in self._pools])
            async with trio.open_nursery() as nursery:
                for spec in specs:
                    if spec.name in former:
                        nursery.start_soon(former[spec.name].change, spec)
                await self._start([pool for name, pool in self._pools.items() if name not in former])

    @asynccontextmanager
    async def open_extra(self, name: str) -> AsyncIterator[Process]:
        """
        One more process of a child, beside those that are kept; not restarted, ended with the block.

        Raises:
            SupervisorError: there is no such child.
            SpawnFailed: it could not be started.
        """
        pool = self._pools.get(name)
        if pool is None:
            raise SupervisorError(f"There is no child called {name}.")
        async with self._around.open_process(pool.spec, 1, next(self._around.numbers)) as process:
            yield process

    async def start(self, specs: Sequence[ChildSpec]) -> None:
        """Start the first children; see `reload`."""
        self._pools = {spec.name: self._pool(spec) for spec in specs}
        await self._start(list(self._pools.values()))

    async def stop(self) -> None:
        """End all children; returns when nothing of them is left."""
        await self._stop(list(self._pools.values()))

    def _pool(self, spec: ChildSpec) -> Pool:
        return Pool(spec, self._around, self._nursery, self._on_change)

    async def _start(self, pools: Sequence[Pool]) -> None:
        for pool in pools:
            await pool.spawn()
        for pool in pools:
            await pool.wait_verdict()

    async def _stop(self, pools: Sequence[Pool]) -> None:
        for pool in reversed(pools):
            pool.stop()
            # One scheduler tick each, so that they begin to stop in this order; then they stop side by side,
            # since none depends on another and each ladder may take seconds.
            await trio.lowlevel.checkpoint()
        for pool in pools:
            await pool.wait_stopped()


def check_names(specs: Sequence[ChildSpec]) -> None:
    """
    Check that the names can tell the children apart.

    Raises:
        SupervisorError: they can't.
    """
    names = [spec.name for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SupervisorError(f"Two children are called {', '.join(twice)}: rename one of them.")


@asynccontextmanager
async def open_supervisor(
    specs: Sequence[ChildSpec],
    attend: Attend,
    *,
    on_change: Callable[[ChildStatus], None] | None = None,
    instance_id: str,
    has_guardian: bool = True,
    drain_seconds: float = DRAIN_SECONDS,
) -> AsyncIterator[Supervisor]:
    """
    Run the children of `specs` while the block runs; entered when each has had its first verdict.

    Args:
        attend: called with each incarnation's process and a task status, and lives as long as it is of use:
            `started()` says that the child is ready, returning or raising ends the incarnation. It owns the
            process's two descriptors. It is cancelled when the incarnation must end, and may then let
            running calls finish.
        on_change: gets a child's status whenever something about it changed; must not block.
        instance_id: random, unique to this run; all descendants carry it in their environment.
        has_guardian: start a process that kills all of them should this one be killed. Not needed where
            systemd kills the whole cgroup.
        drain_seconds: what `attend` may take to end after it was cancelled, before its child is killed.

    Raises:
        SupervisorError: two specs bear one name.
        ChildFailed: a significant child has failed. The block is cancelled and all children are ended.

    Cancellation:
        Children are drained and ended, all within bounds, before the block is left.
    """
    check_names(specs)
    become_subreaper()
    reaper = Reaper(instance_id)
    surroundings = Surroundings(
        attend=attend,
        open_process=partial(open_process, instance_id=instance_id, reaper=reaper),
        numbers=itertools.count(1),
        random=random.SystemRandom().random,
        drain_seconds=drain_seconds,
    )
    failed: BaseException | None = None
    async with AsyncExitStack() as stack:
        if has_guardian:
            await stack.enter_async_context(open_guardian(instance_id))
        try:
            async with trio.open_nursery() as nursery:
                supervisor = Supervisor(nursery, surroundings, on_change)
                nursery.start_soon(reaper.run)
                try:
                    await supervisor.start(specs)
                    yield supervisor
                finally:
                    with trio.CancelScope(shield=True):
                        await supervisor.stop()
                    nursery.cancel_scope.cancel()
        except* ChildFailed as group:
            failed = leaf_of(group)
        finally:
            await reaper.sweep(is_last=True)
    if failed is not None:
        raise failed
