"""
What a child writes on stderr, as lines for the log: whole, bounded, without its own secrets. Pure.

A child may write a gigabyte, or no newline at all, or a secret that it was given. It is read to the end
whatever it writes (a full pipe would block it), so what is too much is counted instead of kept. Terminal
control characters and secrets of unknown value are the log's own business (`museod.observe`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# A traceback with two chained causes has under 200 lines; it passes whole.
BURST_LINES = 200
# More than anybody reads; at the longest lines it is 320 KiB/s, which a log takes without falling behind.
LINES_PER_SECOND = 20.0
# The longest line the log writes (`observe.redaction.MAX_TOTAL`).
LINE_BYTES = 16 * 1024
# Shorter values ("on", "8000") stand in ordinary text too.
_SECRET_CHARACTERS = 8
_SECRET_NAME = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|KEY|CREDENTIAL|DSN|AUTH|SID\b|_URL\b")


def secrets_of(env: Mapping[str, str]) -> tuple[bytes, ...]:
    """
    The values of a child's environment that must not stand in the log, longest first.

    A URL counts when it holds a password; the address of the shop is no secret.
    """
    found = {
        value.encode("utf-8", "surrogateescape")
        for name, value in env.items()
        if len(value) >= _SECRET_CHARACTERS
        and _SECRET_NAME.search(name.upper())
        and ("://" not in value or "@" in value)
    }
    return tuple(sorted(found, key=len, reverse=True))


class StderrLines:
    """
    Cuts a stream into lines, at most `BURST_LINES` at once and `LINES_PER_SECOND` in the long run.

    Keeps one unfinished line of at most `LINE_BYTES` and some counters, whatever comes.
    """

    def __init__(self, secrets: tuple[bytes, ...] = ()) -> None:
        self._secrets = secrets
        # A secret that straddles the cut is still whole, and found, when secrets are removed.
        self._kept_bytes = LINE_BYTES + max((len(secret) for secret in secrets), default=0)
        self._line = bytearray()
        self._cut = 0
        self._tokens = float(BURST_LINES)
        self._filled_at: float | None = None
        self._dropped_lines = 0
        self._dropped_bytes = 0

    @property
    def has_dropped(self) -> bool:
        """Whether `take_dropped` has something to tell."""
        return self._dropped_lines > 0

    def feed(self, data: bytes, now: float) -> list[bytes]:
        """The lines, without their newlines, that `data` completes and that may be logged at `now`."""
        if self._filled_at is not None:
            self._tokens = min(BURST_LINES, self._tokens + (now - self._filled_at) * LINES_PER_SECOND)
        self._filled_at = now
        lines: list[bytes] = []
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            if self._tokens < 1:
                start = self._drop(data, start)
                break
            self._keep(data[start:end])
            start = end + 1
            if line := self._take():
                self._tokens -= 1
                lines.append(line)
        self._keep(data[start:])
        return lines

    def finish(self) -> list[bytes]:
        """The last line, if the stream ended without a newline."""
        line = self._take()
        return [line] if line else []

    def take_dropped(self) -> tuple[int, int]:
        """How many lines and bytes were dropped since the last call."""
        dropped = self._dropped_lines, self._dropped_bytes
        self._dropped_lines = self._dropped_bytes = 0
        return dropped

    def _keep(self, part: bytes) -> None:
        room = self._kept_bytes - len(self._line)
        self._line += part[:room]
        self._cut += max(0, len(part) - room)

    def _take(self) -> bytes:
        line, cut = bytes(self._line), self._cut
        self._line.clear()
        self._cut = 0
        for secret in self._secrets:
            line = line.replace(secret, b"***")
        cut += max(0, len(line) - LINE_BYTES)
        line = line[:LINE_BYTES].strip()
        return line + b" ... (%d bytes more)" % cut if cut else line

    def _drop(self, data: bytes, start: int) -> int:
        """Count every complete line from `start` on as dropped; the start of the unfinished one."""
        last = data.rindex(b"\n") + 1
        self._dropped_lines += data.count(b"\n", start)
        self._dropped_bytes += len(self._line) + self._cut + last - start
        self._line.clear()
        self._cut = 0
        return last
