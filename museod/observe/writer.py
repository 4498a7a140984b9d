"""
The way of log lines out of the process: a bounded queue and one thread.

Owns the one place where the daemon waits for whoever reads its stderr. Must not know what a line holds.
"""

from __future__ import annotations

import select
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

QUEUE_BYTES = 4 * 1024 * 1024  # some 15,000 lines: several seconds of the worst storm, a pause of journald
FLUSH_SECONDS = (
    2.0  # at exit; well inside the drain deadline, and a stuck reader of stderr is no reason to stay
)


class RawStream(Protocol):
    """What lines are written to: a raw (unbuffered) binary stream."""

    def write(self, data: memoryview, /) -> int | None: ...

    def fileno(self) -> int: ...


class LineWriter:
    """
    A bounded queue of lines and the thread that writes them.

    Args:
        stream: gets whole batches of lines; may block for as long as it likes.
        on_drop: is called, in whatever thread, with the number of lines dropped just now.
        tell_drops: makes the line that says, once there is room again, how many were dropped.
        limit: ceiling of the queue in bytes.
    """

    def __init__(
        self,
        stream: RawStream,
        *,
        on_drop: Callable[[int], None] | None = None,
        tell_drops: Callable[[int], bytes] = b"%d lines dropped".__mod__,
        limit: int = QUEUE_BYTES,
    ) -> None:
        self.dropped = 0
        self._stream = stream
        self._on_drop = on_drop
        self._tell_drops = tell_drops
        self._limit = limit
        self._lines: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._untold = 0  # drops that no line of the log speaks of yet
        self._is_closed = False
        self._is_writing = False
        self._wake = threading.Condition()
        # A daemon thread: a reader of stderr that never reads again must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def post(self, line: bytes) -> None:
        """Queue one line (without its newline), or drop it when the queue is full or closed."""
        with self._wake:
            if not self._is_closed and self._waiting_bytes + len(line) <= self._limit:
                self._lines.append(line)
                self._waiting_bytes += len(line) + 1
                if not self._is_writing:
                    self._wake.notify()
                return
            self.dropped += 1
            self._untold += 1
        if self._on_drop is not None:
            self._on_drop(1)

    def close(self, timeout: float = FLUSH_SECONDS) -> bool:
        """Write out what waits, for at most `timeout` seconds; return whether all of it was written."""
        with self._wake:
            self._is_closed = True
            self._wake.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._is_writing = False
                while not self._lines and not self._untold and not self._is_closed:
                    self._wake.wait()
                if not self._lines and not self._untold:
                    return
                self._is_writing = True
                lines, untold = list(self._lines), self._untold
                self._lines.clear()
                self._waiting_bytes = self._untold = 0
            if untold:
                lines.append(self._tell_drops(untold))
            self._write(b"\n".join(lines) + b"\n", len(lines))

    def _write(self, batch: bytes, lines: int) -> None:
        rest = memoryview(batch)
        try:
            while rest:
                written = self._stream.write(rest)
                if written is None:
                    # Another process that shares our stderr made it non-blocking; this thread may wait.
                    select.select([], [self._stream], [], 1.0)
                rest = rest[written or 0 :]
        except (OSError, ValueError):
            # Nobody reads stderr any more (or it is closed): there is nowhere left to say so but the counter.
            self.dropped += lines
            if self._on_drop is not None:
                self._on_drop(lines)
