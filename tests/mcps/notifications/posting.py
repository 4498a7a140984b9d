"""A postman over a real outbox, with providers and a clock that tests hold in their hands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio

from mcps.kit.harness import Harness, open_harness
from mcps.notifications.consent import Consent
from mcps.notifications.outbox import Outbox
from mcps.notifications.provider import Channel, Handover, NotSent, Pace, Provider, Verdict
from mcps.notifications.quiet import QuietHours
from mcps.notifications.report import Report
from mcps.notifications.retries import RetryPolicy
from mcps.notifications.sending import Postman
from mcps.notifications.tools import notification_tools
from mcps.notifications.worker import LEASE_SECONDS, Rules, Worker, open_worker
from museod.stores.sealing import Sealer
from museod.wire.envelope import CONFIRMED
from museod.wire.tools import ToolResult

ROOT = {"sub": "root", "role": "admin"}
JANE = {
    "sub": "jane",
    "role": "customer",
    "contacts": {"email": "Jane@Example.com", "phone": "+49301234567"},
}
SEALER = Sealer([("k", b"k" * 32)])
# So short that a test waits for nothing but the condition it names.
QUICK = RetryPolicy(first_seconds=0.01, max_seconds=0.02, pause_first_seconds=0.01, pause_max_seconds=0.02)

MAIL: dict[str, Any] = {
    "to": ["jane@example.com"],
    "subject": "Your order",
    "body": "It is on its way.",
    "idempotencyKey": "order-1-shipped",
}
SMS: dict[str, Any] = {"to": "+49301234567", "body": "On its way.", "idempotencyKey": "order-1-shipped"}
SHIPPED: dict[str, Any] = {
    "template": "order_shipped",
    "variables": {"name": "Jane", "order": "M-1", "link": "https://shop.example/o/1"},
}


class FakeProvider:
    """Keeps what it is given, and fails as it is told: each failure once, in order."""

    name = "fake"
    pace = Pace(1e6, 1_000, 4)
    max_unknown = 3

    def __init__(self) -> None:
        self.handovers: list[Handover] = []
        self.failures: list[Exception] = []
        self.is_down = False
        self._changed = trio.Event()

    @property
    def addresses(self) -> list[str]:
        return [handover.letter.address for handover in self.handovers]

    async def send(self, handover: Handover) -> str:
        await trio.lowlevel.checkpoint()
        if self.is_down:
            raise NotSent(Verdict.AWAY, "down")
        if self.failures:
            raise self.failures.pop(0)
        self.handovers.append(handover)
        self._changed.set()
        self._changed = trio.Event()
        return f"ref-{len(self.handovers)}"

    async def wait_sent(self, count: int) -> None:
        while len(self.handovers) < count:
            await self._changed.wait()


class HangingProvider(FakeProvider):
    """Takes a letter and never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.began = trio.Event()

    async def send(self, handover: Handover) -> str:
        self.began.set()
        await trio.sleep_forever()
        raise AssertionError


@dataclass
class Post:
    """What a test may hold on to."""

    harness: Harness
    worker: Worker
    outbox: Outbox
    provider: Any
    directory: Path

    async def call(
        self, tool: str, arguments: Mapping[str, Any], caller: Mapping[str, Any] = JANE, *, yes: bool = False
    ) -> ToolResult:
        meta = {CONFIRMED: {"digest": "d", "sub": caller["sub"], "expiresAt": 9e9}} if yes else {}
        return await self.harness.call(tool, arguments, caller=caller, meta=meta)

    async def counts(self) -> dict[str, dict[str, int]]:
        """How many deliveries there are, by channel and state."""
        summary = await self.worker.store(Outbox.summary)
        counts: dict[str, dict[str, int]] = summary["counts"]
        return counts

    async def wait_counts(self, expected: Mapping[str, Mapping[str, int]]) -> None:
        """Return once the outbox holds this; nothing tells of what is on the disk, so it is looked at."""
        while await self.counts() != expected:  # noqa: ASYNC110 - other processes may bring it about
            await trio.sleep(0.005)


@asynccontextmanager
async def open_post(
    directory: Path,
    provider: Provider | Mapping[Channel, Provider] | None = None,
    *,
    quiet: QuietHours | None = None,
    now: Callable[[], float] | None = None,
    policy: RetryPolicy = QUICK,
    lease_seconds: float = LEASE_SECONDS,
) -> AsyncIterator[Post]:
    """The whole server but its pipes, over the outbox in `directory`."""
    provider = provider or FakeProvider()
    providers = dict(provider) if isinstance(provider, Mapping) else dict.fromkeys(Channel, provider)
    rules = Rules(Consent(directory / "consent.csv"), quiet)
    outbox = Outbox(directory / "outbox.sqlite3", SEALER, lease_seconds=lease_seconds)
    clock = {} if now is None else {"now": now}
    with closing(outbox):
        report = Report(directory / "outbox.json")
        async with (
            open_worker(outbox, providers, rules, report, policy=policy, **clock) as worker,
            open_harness(notification_tools(Postman(worker))) as harness,
        ):
            yield Post(harness, worker, outbox, provider, directory)
