"""What the daemon leans on, and whether it is there: asked now and then, never on the way of a request."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import trio

from museod.observe.logs import get_logger

log = get_logger()

INTERVAL_SECONDS = 15.0
RETRY_SECONDS = 3.0  # while it is away: an operator who mends it wants to see so
DEADLINE_SECONDS = 5.0
MAX_STATUS_LINE = 512


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
        parts = urlsplit(url)
        host, is_tls = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if is_tls else 80)
        shown = parts.netloc.rpartition("@")[2]  # never a password
        request = (
            f"GET {parts.path.rstrip('/')}/health HTTP/1.0\r\nHost: {shown}\r\nConnection: close\r\n\r\n"
        )
        with trio.fail_after(DEADLINE_SECONDS):
            stream: trio.abc.Stream
            if is_tls:
                stream = await trio.open_ssl_over_tcp_stream(host, port, https_compatible=True)
            else:
                stream = await trio.open_tcp_stream(host, port)
            async with stream:
                await stream.send_all(request.encode("ascii"))
                answer = b""
                while b"\r\n" not in answer and len(answer) < MAX_STATUS_LINE:
                    data = await stream.receive_some(MAX_STATUS_LINE)
                    if not data:
                        break
                    answer += data
    except (OSError, trio.TooSlowError, trio.BrokenResourceError, ssl.SSLError, ValueError):
        return "down"
    words = answer.split(b"\r\n", 1)[0].split(b" ")
    if len(words) < 2 or not words[0].startswith(b"HTTP/1."):
        return "degraded"
    return "up" if words[1].startswith(b"2") else "degraded"
