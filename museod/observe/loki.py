"""
Log lines to Loki's push API: batched, bounded, and never waited for.

Lines come as the log writes them, masked already, through `museod.observe.logs.teed`. What Loki cannot take
at once is kept up to a ceiling and tried again; what is beyond it is dropped and counted. How a batch is sent
is handed in: HTTP lives on a higher floor.
"""

from __future__ import annotations

import gzip
import random
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
import trio
from msgspec import Struct

from museod.errors import MuseodError
from museod.observe.logs import get_logger

log = get_logger()

SERVICE = "museod"
INTERVAL_SECONDS = 1.0  # Loki wants few and large requests, a person who follows the log wants to see it soon
BATCH_BYTES = 512 * 1024  # some 2,000 lines; Loki takes 4 MiB a second from one tenant unless told otherwise
QUEUE_BYTES = 8 * 1024 * 1024  # some 30,000 lines: ten minutes of a busy shop while Loki restarts
FLUSH_SECONDS = 2.0  # at exit, as for stderr
RETRY_SECONDS = 0.5
MAX_RETRY_SECONDS = 30.0  # a Loki that is back gets what waited within half a minute
_LINE_OVERHEAD = (
    64  # what a short line costs in memory beyond its bytes, so that a million of them are bounded
)
_TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class Pushed:
    """Loki's answer to one batch; `retry_after` in seconds, if it named a time."""

    status: int
    retry_after: float | None = None


Push = Callable[[bytes], Awaitable[Pushed]]


class _Labels(Struct):
    level: str = "info"
    mcp: str = ""


_decode_labels = msgspec.json.Decoder(_Labels).decode
_Batch = list[tuple[int, bytes]]


def encode_batch(batch: _Batch) -> bytes:
    """
    Lines with their nanoseconds since 1970, as a gzipped body for `POST /loki/api/v1/push`.

    The labels are few by design: service, level and child. Everything else is in the line, for `| json`.
    """
    streams: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for nanoseconds, line in batch:
        try:
            labels = _decode_labels(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            labels = _Labels()
        values = streams.setdefault((labels.level, labels.mcp), [])
        values.append((str(nanoseconds), line.decode("utf-8", "replace")))
    body = [
        {"stream": {"service": SERVICE, "level": level} | ({"mcp": mcp} if mcp else {}), "values": values}
        for (level, mcp), values in streams.items()
    ]
    return gzip.compress(msgspec.json.encode({"streams": body}), compresslevel=5, mtime=0)


class Loki:
    """
    A bounded queue in front of one Loki.

    Args:
        push: sends one encoded batch; raises `MuseodError` where Loki does not answer, within a deadline.
        on_drop: told how many lines were dropped just now, in whatever thread.
        limit: ceiling of all lines that wait, in bytes.
    """

    def __init__(self, push: Push, *, on_drop: Callable[[int], object], limit: int = QUEUE_BYTES) -> None:
        self._push = push
        self._on_drop = on_drop
        self._limit = limit
        self._lines: deque[tuple[int, bytes]] = deque()
        self._batch: _Batch = []  # taken from the queue and not yet delivered; a cancelled try keeps it
        self._waiting_bytes = 0
        self._lock = threading.Lock()  # log calls come from any thread
        self._is_reached = True

    def post(self, line: bytes) -> None:
        """Queue one line, or drop it when the queue is full; from any thread, and without waiting."""
        with self._lock:
            has_room = self._waiting_bytes + _cost(line) <= self._limit
            if has_room:
                self._lines.append((time.time_ns(), line))
                self._waiting_bytes += _cost(line)
        if not has_room:
            self._on_drop(1)

    async def run(self) -> None:
        """Deliver what comes, for ever; cancelled, it loses nothing that `finish` could not deliver."""
        while True:
            await trio.sleep(INTERVAL_SECONDS)
            await self._deliver()

    async def finish(self, seconds: float = FLUSH_SECONDS) -> None:
        """Deliver what waits, for at most `seconds` and whatever else is cancelled; the rest is dropped."""
        with trio.move_on_after(seconds, shield=True):
            await self._deliver()
        with self._lock:
            left = len(self._batch) + len(self._lines)
            self._batch.clear()
            self._lines.clear()
            self._waiting_bytes = 0
        if left:
            self._on_drop(left)

    async def _deliver(self) -> None:
        while self._take():
            body = await trio.to_thread.run_sync(encode_batch, self._batch)
            delay = RETRY_SECONDS
            while (wait := await self._try(body, delay)) is not None:
                await trio.sleep(wait)
                delay = min(MAX_RETRY_SECONDS, 2 * delay)
            self._release()

    async def _try(self, body: bytes, delay: float) -> float | None:
        """Send the batch once; the seconds until it should be sent again, or None when it is settled."""
        after = None
        try:
            pushed = await self._push(body)
        except MuseodError as error:
            reason = str(error)
        else:
            if 200 <= pushed.status < 300:
                self._note_reached()
                return None
            reason, after = f"it answers with status {pushed.status}", pushed.retry_after
            if pushed.status < 500 and pushed.status != _TOO_MANY_REQUESTS:
                # Sent again it would be refused again, and everything behind it would wait.
                self._on_drop(len(self._batch))
                log.warning("loki_refused_lines", reason=reason, lines=len(self._batch))
                return None
        if self._is_reached:  # once, not with every try: this line waits in the same queue
            self._is_reached = False
            log.warning("loki_not_reached", reason=reason)
        if after is not None:
            return min(MAX_RETRY_SECONDS, max(delay, after))
        return delay * random.uniform(0.75, 1.25)  # noqa: S311 - nodes must not come back all at once

    def _note_reached(self) -> None:
        if not self._is_reached:
            self._is_reached = True
            log.info("loki_reached_again")

    def _take(self) -> bool:
        """Fill the batch from the queue, unless one is left of a cancelled try; whether there is one."""
        if self._batch:
            return True
        with self._lock:
            size = 0
            while self._lines and (not size or size + len(self._lines[0][1]) <= BATCH_BYTES):
                entry = self._lines.popleft()
                self._batch.append(entry)
                size += len(entry[1])
        return bool(self._batch)

    def _release(self) -> None:
        with self._lock:
            self._waiting_bytes -= sum(_cost(line) for _, line in self._batch)
            self._batch.clear()


def _cost(line: bytes) -> int:
    return len(line) + _LINE_OVERHEAD
