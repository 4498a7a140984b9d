"""
Imports: a file is taken at once, read in a process of its own, and applied a few rows at a time.

Jobs and their files are in the state file until they are over: what a kill interrupts begins anew at the
next start, and rows that were applied before are found unchanged then. Between two handfuls of rows every
other request has its turn.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime

import msgspec
import trio
from msgspec import UNSET

from mcps.museo.models import ProductMaster
from mcps.museo.sandbox import ids
from mcps.museo.sandbox.calls import converted
from mcps.museo.sandbox.masters import Masters, merged, writable
from mcps.museo.sandbox.problems import ProblemError
from mcps.museo.sandbox.rows import CPU_SECONDS, Row
from mcps.museo.sandbox.shelf import Shelf
from mcps.museo.sandbox.state import State
from mcps.museo.writes import ImportCounts, ImportFault, ImportJob, ProductMasterWrite
from museod.observe.logs import get_logger

log = get_logger()

MAX_WAITING = 10  # files of 10 MiB each
MAX_KEPT = 100  # jobs that are over and can still be asked about
MAX_ERRORS = 100  # the contract's limit
SLICE_SECONDS = 0.004  # of rows between two turns of the others: nobody notices
READ_SECONDS = CPU_SECONDS + 30.0  # a busy machine; the process ends itself long before

_ROWS = msgspec.msgpack.Decoder(tuple[list[Row], ImportFault | None])


class Imports:
    """The queue of imports; `run` works it off, one after the other."""

    def __init__(self, state: State, shelf: Shelf, masters: Masters) -> None:
        self._state = state
        self._db = state.db
        self._shelf = shelf
        self._masters = masters
        self._has_work = trio.Event()

    def start(self, kind: str, content: bytes, actor: str, *, dry_run: bool) -> ImportJob:
        """
        Take a file; the job is queued.

        Raises:
            ProblemError: too many wait.
        """
        with self._state.transaction():
            waiting = self._db.execute("SELECT count(*) FROM imports WHERE content IS NOT NULL").fetchone()[0]
            if waiting >= MAX_WAITING:
                detail = f"{MAX_WAITING} imports are waiting already; try again when one is over."
                raise ProblemError("rate_limited", detail, headers=[("Retry-After", "5")])
            job = ImportJob(ids.new_id("imp"), "queued", dry_run, ImportCounts())
            self._db.execute(
                "INSERT INTO imports (id, kind, actor, job, content) VALUES (?, ?, ?, ?, ?)",
                (job.id, kind, actor, msgspec.json.encode(job), content),
            )
            self._db.execute(
                "DELETE FROM imports WHERE content IS NULL AND number <="
                " (SELECT max(number) FROM imports) - ?",
                (MAX_KEPT,),
            )
        self._has_work.set()
        return job

    def job(self, id: str) -> ImportJob:
        """
        How a job is getting on.

        Raises:
            ProblemError: there is none.
        """
        row = self._db.execute("SELECT job FROM imports WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise ProblemError("invalid_request", "There is no such import; start it again.", status=404)
        return msgspec.json.decode(row[0], type=ImportJob)

    async def run(self, clock: Callable[[], datetime]) -> None:
        """Work off jobs until cancelled, those of before the start first."""
        while True:
            row = self._db.execute(
                "SELECT id, kind, actor, job, content FROM imports WHERE content IS NOT NULL"
                " ORDER BY number LIMIT 1"
            ).fetchone()
            if row is None:
                self._has_work = trio.Event()
                await self._has_work.wait()
                continue
            id, kind, actor, job, content = row
            begun = msgspec.json.decode(job, type=ImportJob)
            try:
                await self._work(begun, kind, content, actor, clock)
            except Exception as error:  # the border of one import: a bug in it must not end the shop
                log.error("import_failed", job=id, exc_info=error)
                fault = ImportFault(code="internal", detail="Something failed in the sandbox; see its log.")
                self._keep(_ended(begun, [fault], ImportCounts(), "failed", clock()), is_over=True)
            log.info("import_finished", job=id, kind=kind)

    async def _work(
        self, job: ImportJob, kind: str, content: bytes, actor: str, clock: Callable[[], datetime]
    ) -> None:
        job = ImportJob(job.id, "running", job.dry_run, ImportCounts(), started_at=ids.timestamp(clock()))
        self._keep(job)
        rows, fault = await _read(kind, content)
        if fault is not None:
            self._keep(_ended(job, [fault], ImportCounts(), "failed", clock()), is_over=True)
            return
        applying = _Applying(self._shelf, self._masters, actor, is_dry=job.dry_run)
        with self._shelf.finder.filling():
            position = 0
            while position < len(rows):
                end = trio.current_time() + SLICE_SECONDS
                with self._state.transaction():
                    while position < len(rows) and trio.current_time() < end:
                        applying.take(rows[position], clock())
                        position += 1
                    self._keep(msgspec.structs.replace(job, counts=applying.counts()))
                # As long as the slice: half of the time belongs to the others, however many rows there are.
                await trio.sleep(SLICE_SECONDS)
        counts = applying.counts()
        status = "succeeded" if not counts.failed else "partially_succeeded"
        if counts.failed == counts.rows:
            status = "failed"
        self._keep(_ended(job, applying.faults, counts, status, clock()), is_over=True)

    def _keep(self, job: ImportJob, *, is_over: bool = False) -> None:
        with self._state.transaction():
            encoded = msgspec.json.encode(job)
            self._db.execute("UPDATE imports SET job = ? WHERE id = ?", (encoded, job.id))
            if is_over:
                self._db.execute("UPDATE imports SET content = NULL WHERE id = ?", (job.id,))


class _Applying:
    """One job's rows on their way to the shelf; a dry run keeps to itself what would be."""

    def __init__(self, shelf: Shelf, masters: Masters, actor: str, *, is_dry: bool) -> None:
        self._shelf = shelf
        self._masters = masters
        self._actor = actor
        self._is_dry = is_dry
        self._planned: dict[str, ProductMaster] = {}  # by SKU and slug
        self._seen: dict[str, int] = {}  # SKU -> the row that had it
        self.faults: list[ImportFault] = []
        self._created = self._updated = self._skipped = self._failed = 0

    def counts(self) -> ImportCounts:
        """What became of the rows so far."""
        rows = self._created + self._updated + self._skipped + self._failed
        return ImportCounts(rows, self._created, self._updated, self._skipped, self._failed)

    def take(self, row: Row, now: datetime) -> None:
        """Apply one row, or note why not."""
        try:
            if row.fault is not None or row.content is None:
                self._fail(row.fault or ImportFault(row.number))
                return
            former, content, is_new = self._upsert(row)
            master = (
                self._masters.made(content, now)
                if former is None
                else self._masters.changed(former, content, now)
            )
        except ProblemError as problem:
            pointer, detail = problem.pointers[0] if problem.pointers else ("", problem.detail)
            self._fail(ImportFault(row.number, pointer.lstrip("/").replace("/", "."), problem.code, detail))
            return
        for variant in content.variants if row.is_whole else ():
            self._seen[variant.sku] = row.number
        if master is former:
            self._skipped += 1
            return
        self._created += is_new
        self._updated += not is_new
        if self._is_dry:
            for key in (master.slug, *(variant.sku for variant in master.variants)):
                self._planned[key] = master
        else:
            self._masters.save(master, "import", self._actor, now)

    def _upsert(self, row: Row) -> tuple[ProductMaster | None, ProductMasterWrite, bool]:
        """The product that a row is about, None for a new one; its content then; whether its SKU is new."""
        given = dict(row.content or {})
        if row.is_whole:
            content = converted(given, ProductMasterWrite)
            former = next((f for v in content.variants if (f := self._find(v.sku))), None)
            for variant in content.variants:
                self._see(variant.sku, row.number, is_kept=False)
            if former is not None and content.status is UNSET:
                content = msgspec.structs.replace(content, status=former.status)
            return former, content, former is None
        variant = given.pop("variant")
        sku = str(variant["sku"])
        self._see(sku, row.number)
        former = self._find(sku)
        is_new = former is None
        if former is None and given.get("slug"):
            former = self._find(str(given["slug"]))
        base = writable(former) if former else {}
        whole = merged(base, given)
        whole["variants"] = _with_variant(base.get("variants", []), variant)
        if variant.get("options"):
            axes = list(whole.get("optionAxes", []))
            whole["optionAxes"] = axes + [axis for axis in variant["options"] if axis not in axes]
        return former, converted(whole, ProductMasterWrite), is_new

    def _see(self, sku: str, number: int, *, is_kept: bool = True) -> None:
        if sku in self._seen:
            detail = f"SKU {sku} stands in row {self._seen[sku]} already."
            raise ProblemError("sku_taken", detail, pointers=[("/sku", detail)])
        if is_kept:
            self._seen[sku] = number

    def _find(self, key: str) -> ProductMaster | None:
        if key in self._planned:
            return self._planned[key]
        item = self._shelf.get(key)
        return item.master if item else None

    def _fail(self, fault: ImportFault) -> None:
        self._failed += 1
        if len(self.faults) < MAX_ERRORS:
            self.faults.append(fault)


def _with_variant(variants: list[dict[str, object]], given: dict[str, object]) -> list[dict[str, object]]:
    """The variants with what a row says about one of them; prices of other currencies stay."""
    former = next((variant for variant in variants if variant["sku"] == given["sku"]), None)
    changed = {**(former or {}), **given}
    if former and "prices" in given:
        prices: dict[str, object] = {}
        for price in [*former["prices"], *given["prices"]]:  # type: ignore[misc]
            prices[price["currency"]] = price
        changed["prices"] = list(prices.values())
    if former is None:
        return [*variants, changed]
    return [changed if variant is former else variant for variant in variants]


def _ended(
    job: ImportJob, faults: list[ImportFault], counts: ImportCounts, status: str, now: datetime
) -> ImportJob:
    return msgspec.structs.replace(
        job, status=status, errors=faults, counts=counts, finished_at=ids.timestamp(now)
    )


async def _read(kind: str, content: bytes) -> tuple[list[Row], ImportFault | None]:
    """The rows of a file, read by a process that can neither take all memory nor all time."""
    unreadable = ImportFault(code="import_unreadable", detail="The file cannot be read within its limits.")
    with trio.move_on_after(READ_SECONDS):
        done = await trio.run_process(
            [sys.executable, "-m", "mcps.museo.sandbox.rows", kind],
            stdin=content,
            capture_stdout=True,
            stderr=subprocess.DEVNULL,
            check=False,
            # Without our secrets: what reads a stranger's file needs none.
            env={name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        )
        try:
            # Ten thousand rows are some 20 ms of decoding: not on the loop.
            return await trio.to_thread.run_sync(_ROWS.decode, done.stdout)
        except msgspec.DecodeError:
            log.warning("import_reader_failed", kind=kind, code=done.returncode)
    return [], unreadable
