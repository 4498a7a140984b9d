"""The log on its way to Loki, where one is configured."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from museod.config import Config
from museod.observe import metrics
from museod.observe.logs import teed
from museod.observe.loki import Loki, Pushed
from museod.transports.http_client import fetch
from museod.transports.lifetime import running_beside

PUSH_PATH = "/loki/api/v1/push"
PUSH_SECONDS = 10.0  # for half a megabyte, gzipped, to a Loki that is busy
_HEADERS = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]


@asynccontextmanager
async def shipped_logs(config: Config) -> AsyncIterator[None]:
    """Ship what is logged while the block runs; its end waits for a moment until all of it is there."""
    if config.loki_host is None:
        yield
        return
    loki = Loki(_Pusher(config.loki_host, config.loki_port).push, on_drop=metrics.log_dropped_total.inc)
    try:
        with teed(loki.post):
            async with running_beside(loki.run):
                yield
    finally:
        await loki.finish()


class _Pusher:
    """Posts batches to one Loki."""

    def __init__(self, host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        self._url = f"http://{shown}:{port}{PUSH_PATH}"

    async def push(self, body: bytes) -> Pushed:
        answer = await fetch(self._url, method="POST", body=body, headers=_HEADERS, timeout=PUSH_SECONDS)
        after = answer.headers.get("retry-after") or ""
        return Pushed(answer.status, float(after) if after.isascii() and after.isdigit() else None)
