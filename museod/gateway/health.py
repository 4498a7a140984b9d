"""
Whether a process is still there in more than name.

A busy process and one that merely says nothing are left alone, however long. Only one that answered probes
before, has let a caller down since, and now neither says anything nor uses the processor, counts as hung.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import trio

from museod.errors import CallTimeout, ProtocolError, RpcFailed
from museod.observe.logs import get_logger

log = get_logger()

INTERVAL_SECONDS = 30.0
TIMEOUT_SECONDS = 10.0
FAILURES = 3


class ChildHung(ProtocolError):
    """The process answered before, failed a caller since, and shows no sign of life at all."""


class Watched(Protocol):
    """What health needs to know of a process."""

    @property
    def label(self) -> str:
        """Its name in logs."""

    @property
    def in_flight(self) -> int:
        """Calls that wait for it."""

    def signs_of_life(self) -> tuple[float, float | None]:
        """When it last said anything, and the processor time that it has used."""


class Health:
    """
    The health of one process.

    Args:
        probe: asks it for something harmless; raises `CallTimeout` for silence, `RpcFailed` for an error.
    """

    def __init__(self, watched: Watched, probe: Callable[[], Awaitable[object]]) -> None:
        self._watched = watched
        self._probe = probe
        self.is_responsive = True
        self._has_failed_a_caller = False
        self._has_answered = False

    def failed_a_caller(self) -> None:
        """A call of somebody's was not answered in time."""
        self._has_failed_a_caller = True

    async def follow(self) -> None:
        """
        Probe while nobody else waits for it, for ever.

        Raises:
            ChildHung: see the head of this module.
        """
        unanswered = 0
        while True:
            await trio.sleep(INTERVAL_SECONDS)
            if self._watched.in_flight:
                continue
            before = self._watched.signs_of_life()
            if await self._answers():
                unanswered, self._has_failed_a_caller, self._has_answered = 0, False, True
            else:
                unanswered += 1
                is_still = self._watched.signs_of_life() == before and not self._watched.in_flight
                if unanswered >= FAILURES and is_still and self._has_answered and self._has_failed_a_caller:
                    raise ChildHung("it answers neither calls nor probes and uses no processor time")
            if self.is_responsive != (unanswered == 0):
                self.is_responsive = unanswered == 0
                log.warning("child_health_changed", mcp=self._watched.label, responsive=self.is_responsive)

    async def _answers(self) -> bool:
        try:
            await self._probe()
        except CallTimeout:
            return False
        except RpcFailed:
            return True  # an error is an answer
        return True
