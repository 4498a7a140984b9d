"""A shop for the administration's tools: a few products and imports, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import trio

from mcps.museo.errors import ApiUnavailable
from mcps.museo.writes import ImportCounts, ImportFault, ImportJob, ProductMasterWrite


class UnaskedShop:
    """A shop that must not be asked: every method is a failed test."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the shop was asked for {name}")


class FakeImports(UnaskedShop):
    """
    Takes lists and works on them, a part with each question.

    `bad` SKUs fail; `outages` questions in a row are not answered; the same key finds the same job.
    """

    def __init__(self, *, bad: Sequence[str] = (), steps: int = 1, outages: int = 0) -> None:
        self.bad = set(bad)
        self.steps = steps
        self.outages = outages
        self.written: list[dict[str, Any]] = []
        self.started: list[dict[str, Any]] = []
        self._jobs: dict[str, tuple[ImportJob, int]] = {}

    async def start_import(
        self, data: bytes, content_type: str, *, idempotency_key: str, dry_run: bool = True, actor: str = ""
    ) -> ImportJob:
        await trio.lowlevel.checkpoint()
        known = next((job for key, (job, _) in self._jobs.items() if key == idempotency_key), None)
        self.started.append({"key": idempotency_key, "dry": dry_run, "actor": actor, "type": content_type})
        if known is not None:
            return known
        products = [msgspec.json.decode(line) for line in data.splitlines()]
        for product in products:
            msgspec.convert(product, ProductMasterWrite)
        faults = [
            ImportFault(row, "sku", "sku_taken", "is somebody else's")
            for row, product in enumerate(products, start=1)
            if product["variants"][0]["sku"] in self.bad
        ]
        good = len(products) - len(faults)
        if not dry_run:
            self.written += [one for one in products if one["variants"][0]["sku"] not in self.bad]
        final = ImportJob(
            f"imp_{len(self._jobs)}",
            "partially_succeeded" if faults else "succeeded",
            dry_run,
            ImportCounts(len(products), good, 0, 0, len(faults)),
            faults,
        )
        self._jobs[idempotency_key] = final, self.steps
        return msgspec.structs.replace(final, status="queued", counts=ImportCounts(len(products)), errors=[])

    async def import_job(self, id: str) -> ImportJob:
        await trio.lowlevel.checkpoint()
        if self.outages:
            self.outages -= 1
            raise ApiUnavailable()
        key, (job, left) = next((key, found) for key, found in self._jobs.items() if found[0].id == id)
        self._jobs[key] = job, left - 1
        if left > 1:
            part = job.counts.created * (self.steps - left + 1) // self.steps
            return msgspec.structs.replace(
                job, status="running", counts=ImportCounts(job.counts.rows, part), errors=[]
            )
        return job
