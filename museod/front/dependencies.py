"""What the daemon leans on, and whether it is there: asked now and then, never on the way of a request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import trio

from museod.errors import ChannelError, RemoteProtocolError
from museod.observe.logs import get_logger
from museod.transports.http_client import fetch

log = get_logger()

INTERVAL_SECONDS = 15.0
RETRY_SECONDS = 3.0  # while it is away: an operator who mends it wants to see so
DEADLINE_SECONDS = 5.0


class Dependencies:
    """The state of each dependency and since when, as /ready shows it."""

    def __init__(self) -> None:
        self._states: dict[str, dict[str, Any]] = {}

    def status(self) -> dict[str, dict[str, Any]]:
        """Name → {state: up|down|degraded, since}."""
        return self._states

    def note(self, name: str, state: str) -> None:
        """Take a new finding."""
        known = self._states.get(name)
        if known is None or known["state"] != state:
            self._states[name] = {"state": state, "since": datetime.now(UTC).isoformat(timespec="seconds")}
            log.info("dependency_changed", dependency=name, state=state)

    async def watch_http(self, name: str, url: str, *, on_change: Callable[[], None] | None = None) -> None:
        """Ask `url`/health for ever."""
        while True:
            state = await probe(url)
            before = self._states.get(name, {}).get("state")
            self.note(name, state)
            if on_change is not None and before != state:
                on_change()
            await trio.sleep(INTERVAL_SECONDS if state == "up" else RETRY_SECONDS)


async def probe(url: str) -> str:
    """`up`: `url`/health answers 2xx; `degraded`: it answers anything else; `down`: it does not answer."""
    try:
        answer = await fetch(f"{url.rstrip('/')}/health", timeout=DEADLINE_SECONDS)
    except RemoteProtocolError:
        return "degraded"
    except ChannelError:
        return "down"
    return "up" if 200 <= answer.status < 300 else "degraded"
