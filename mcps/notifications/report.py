"""The state of the outbox as a file that people and commands can read."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import trio

from museod.errors import StoreError
from museod.observe.logs import get_logger

log = get_logger()

MIN_SECONDS = 1.0  # between two writings, however much happens


class Report:
    """
    Writes `outbox.json`: counts by channel and state, the oldest that waits, dead letters with their reasons.

    Times are ISO, addresses masked. The file is replaced whole, so a reader never sees half of it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = trio.Event()
        self._changed.set()

    def note_change(self) -> None:
        """Say that the file is out of date."""
        self._changed.set()

    async def keep(self, summarize: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        """Write the file whenever something has changed, for ever."""
        while True:
            await self._changed.wait()
            self._changed = trio.Event()
            await self.write(summarize)
            await trio.sleep(MIN_SECONDS)

    async def write(self, summarize: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        """Write the file now; a failure is only logged."""
        try:
            await trio.to_thread.run_sync(self._write, await summarize())
        except (StoreError, OSError) as error:
            log.warning("outbox_not_reported", reason=str(error))

    def _write(self, summary: dict[str, Any]) -> None:
        oldest = summary["oldestQueuedAt"]
        dead = [
            {**letter, "acceptedAt": _iso(letter["acceptedAt"]), "givenUpAt": _iso(letter["givenUpAt"])}
            for letter in summary["deadLetters"]
        ]
        content = {
            "updatedAt": _iso(datetime.now(UTC).timestamp()),
            **summary,
            "oldestQueuedAt": None if oldest is None else _iso(oldest),
            "deadLetters": dead,
        }
        begun = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with open(begun, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
        begun.replace(self._path)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
