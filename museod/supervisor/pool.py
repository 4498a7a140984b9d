"""
All instances of one child, taken together: one status, one restart, one change.

Instances are replaced one after another, so that a pool serves while it is renewed.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from museod.supervisor.keeper import Keeper, Surroundings, now_text
from museod.supervisor.process import Usage
from museod.supervisor.spec import ChildSpec
from museod.supervisor.states import ChildStatus, State, best_of


class Pool:
    """
    The keepers of one child.

    Args:
        nursery: where its keepers live.
        on_change: gets the child's status with every change of an instance.
    """

    def __init__(
        self,
        spec: ChildSpec,
        surroundings: Surroundings,
        nursery: trio.Nursery,
        on_change: Callable[[ChildStatus], None] | None,
    ) -> None:
        self.spec = spec
        self._around = surroundings
        self._nursery = nursery
        self._tell = on_change
        self._state = State.STARTING
        self._lock = trio.Lock()  # one renewal at a time
        self._keepers: list[Keeper] = []
        self._since = now_text()

    async def spawn(self) -> None:
        """Make the first attempt to start each instance that there is not yet, one after another."""
        while len(self._keepers) < self.spec.instances:
            keeper = Keeper(self.spec, len(self._keepers) + 1, self._around, self._changed)
            self._keepers.append(keeper)
            self._nursery.start_soon(keeper.run)
            await keeper.spawned.wait()

    async def wait_verdict(self) -> None:
        """Return when each instance has had its first verdict."""
        for keeper in self._keepers:
            await keeper.wait_verdict()

    async def restart(self) -> None:
        """Renew all instances in turn; former failures are forgotten."""
        async with self._lock:
            for keeper in self._keepers:
                await keeper.restart()

    async def change(self, spec: ChildSpec) -> None:
        """
        Follow `spec`: surplus instances end, others are renewed if they must be, missing ones start.

        Cancellation:
            What was not reached is done by the next `change`, to the same spec or another.
        """
        async with self._lock:
            self.spec = spec
            surplus = self._keepers[spec.instances :]
            for keeper in reversed(surplus):
                keeper.stop()
            for keeper in surplus:
                await keeper.wait_stopped()
            del self._keepers[spec.instances :]
            for keeper in self._keepers:
                keeper.change(spec)
                if keeper.is_outdated:
                    await keeper.restart()
            await self.spawn()
            self._changed()
        await self.wait_verdict()

    def stop(self) -> None:
        """Ask all instances to end for good."""
        for keeper in reversed(self._keepers):
            keeper.stop()

    async def wait_stopped(self) -> None:
        """Return when all have ended."""
        for keeper in self._keepers:
            await keeper.wait_stopped()

    def status(self) -> ChildStatus:
        """How the child is doing now."""
        now = trio.current_time()
        running = sorted(
            (keeper.process for keeper in self._keepers if keeper.process is not None),
            key=lambda process: process.started_at,
        )
        waiting = [keeper.next_try_at for keeper in self._keepers if keeper.next_try_at is not None]
        # An instance that is not ready tells more than what once happened to one that is.
        ailing_first = sorted(self._keepers, key=lambda keeper: keeper.state is State.READY)
        return ChildStatus(
            name=self.spec.name,
            state=self._state,
            since=self._since,
            pid=running[0].pid if running else None,
            pids=tuple(process.pid for process in running),
            restarts=sum(keeper.restarts for keeper in self._keepers),
            next_try_seconds=max(0.0, min(waiting) - now) if waiting else None,
            reason=next((keeper.reason for keeper in ailing_first if keeper.reason), None),
            uptime_seconds=now - running[0].started_at if running else 0.0,
        )

    def usage(self) -> Usage | None:
        """What all instances take together; None if none runs."""
        taken = [
            usage
            for keeper in self._keepers
            if keeper.process and (usage := keeper.process.usage()) is not None
        ]
        if not taken:
            return None
        return Usage(sum(usage.resident_bytes for usage in taken), sum(usage.cpu_seconds for usage in taken))

    def _changed(self) -> None:
        state = best_of(keeper.state for keeper in self._keepers)
        if state is not self._state:
            self._state = state
            self._since = now_text()
        if self._tell is not None:
            self._tell(self.status())
