"""
create_from_file: a list of products, read in a process with limits and handed to the shop as one job.

The first call is a dry run: it shows how the columns were understood, what would become of the rows, and
which cannot be taken. A real run waits for a yes. The shop's rows are ours by number, so every error is told
by the line of the file that was sent.
"""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import trio
from msgspec import Struct, field

from mcps.admin.intake.columns import IGNORED
from mcps.admin.intake.reading import Reader
from mcps.admin.intake.report import Options, Report
from mcps.admin.intake.table import Unreadable, shown
from mcps.admin.refusals import RIGHT, refusal
from mcps.admin.shop import Shop
from mcps.admin.uploads import UploadShelf
from mcps.kit.confirmation import ConfirmationRequired
from mcps.kit.context import Context
from mcps.kit.query.numbers import written
from mcps.kit.tool import Reply
from mcps.museo.errors import ApiUnavailable
from mcps.museo.writes import ImportJob
from museod.errors import CallError, InvalidArguments

MAX_ERRORS = 20  # the tool's contract; a person mends a file by them and tries again
FIRST_ERRORS = 5  # in the text
MAX_COLUMNS_STATED = 100  # a file has no more
POLL_SECONDS, MAX_POLL_SECONDS, POLL_GROWTH = 0.2, 2.0, 1.5
# Before the call's own deadline, so that its caller learns the import's id instead of nothing.
MARGIN_SECONDS = 10.0
JSON_LINES = "application/x-ndjson"


class ImportArguments(Struct, rename="camel"):
    """What create_from_file takes."""

    source: dict[str, str]
    mapping: dict[str, str] = field(default_factory=dict)
    dry_run: bool = True
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class Importer:
    """What imports share; `currency` is that of prices that name none."""

    shop: Shop
    uploads: UploadShelf
    currency: str = "EUR"
    reader: Reader = dataclasses.field(default_factory=Reader)

    async def run(self, arguments: ImportArguments, context: Context) -> Reply:
        """
        Import a file, or say what an import would do.

        Raises:
            Unauthenticated, Forbidden: the caller is no administrator.
            InvalidArguments: there is no such upload, or the mapping does not fit the file.
            Refusal: the file cannot be read, or is too large; the text says where and why.
            ConfirmationRequired: it is no dry run and nobody has said yes; nothing was written.

        Cancellation:
            A job that the shop has taken goes on; the same idempotencyKey finds it again.
        """
        actor = context.caller.require_admin(RIGHT)
        if len(arguments.mapping) > MAX_COLUMNS_STATED:
            raise InvalidArguments(f"mapping names more than {MAX_COLUMNS_STATED} columns. Drop some.")
        context.progress(0, None, "Reading the file")
        try:
            with self._opened(arguments.source, actor) as (file, options):
                report, body = await self.reader.read(file, self._options(options, arguments, context))
        except Unreadable as error:
            raise _worded(error) from None
        if not report.lines:
            raise _nothing_left(report)
        is_rehearsal = arguments.dry_run or not context.is_confirmed
        job = await self._start(body, is_rehearsal, arguments, context, actor)
        job = await self._finished(job, report, context)
        result = _result(job, report, is_rehearsal)
        if not arguments.dry_run and is_rehearsal:
            raise _question(result, report, arguments)
        return Reply(result, _text(result, report))

    @contextmanager
    def _opened(self, source: dict[str, str], actor: str) -> Iterator[tuple[int, dict[str, str]]]:
        """The file's descriptor, and what its sender said of it."""
        if "text" in source:
            with tempfile.TemporaryFile() as file:
                file.write(source["text"].encode())
                file.seek(0)
                yield file.fileno(), {"format": source["format"]}
            return
        with self.uploads.open(source.get("uploadId") or source.get("uri", ""), actor) as upload:
            yield upload.descriptor, {"charset": upload.about.charset}

    def _options(self, said: dict[str, str], arguments: ImportArguments, context: Context) -> Options:
        return Options(
            format=said.get("format", ""),
            charset=said.get("charset", ""),
            mapping=arguments.mapping,
            currency=self.currency,
            locale=context.locale().split("-")[0],
        )

    async def _start(
        self, body: bytes, is_rehearsal: bool, arguments: ImportArguments, context: Context, actor: str
    ) -> ImportJob:
        given = arguments.idempotency_key and f"{arguments.idempotency_key}:{is_rehearsal}"
        step = f"create_from_file:{is_rehearsal}:{hashlib.sha256(body).hexdigest()}"
        return await self.shop.start_import(
            body,
            JSON_LINES,
            idempotency_key=context.idempotency_key(step, given),
            dry_run=is_rehearsal,
            actor=actor,
        )

    async def _finished(self, job: ImportJob, report: Report, context: Context) -> ImportJob:
        """The job when it is over, or as it is shortly before our own deadline."""
        deadline = trio.current_effective_deadline() - MARGIN_SECONDS
        wait = POLL_SECONDS
        while not job.is_over and trio.current_time() + wait < deadline:
            _report_progress(job, report, context)
            await trio.sleep(wait)
            wait = min(MAX_POLL_SECONDS, wait * POLL_GROWTH)
            with suppress(ApiUnavailable):  # the import goes on without us; we look again
                job = await self.shop.import_job(job.id)
        _report_progress(job, report, context)
        return job


def _report_progress(job: ImportJob, report: Report, context: Context) -> None:
    counts = job.counts
    done = report.failed + counts.created + counts.updated + counts.skipped + counts.failed
    context.progress(done, report.rows, f"{done:,} of {report.rows:,} rows")


def _worded(error: Unreadable) -> CallError:
    if error.code == "invalid_request":
        return InvalidArguments(error.message, data={"apiCode": error.code})
    if error.code == "payload_too_large":
        return refusal(error.message, error.code, 413)
    return refusal(f"I cannot read this file: {error.message}", error.code, 422)


def _nothing_left(report: Report) -> CallError:
    told = [f"line {fault.line}: {fault.column} {fault.detail}" for fault in report.faults[:FIRST_ERRORS]]
    first = "; ".join(told)
    return refusal(
        f"None of the {report.rows:,} rows can be imported ({first}). Correct them, or say in mapping which "
        "column is which.",
        "import_unreadable",
        422,
        errors=_errors(report, None),
        mapping=report.mapping,
        columns=report.columns,
    )


def _errors(report: Report, job: ImportJob | None) -> list[dict[str, Any]]:
    """The first faults of the file and of the shop, by the lines of the file."""
    columns = {field: column for column, field in report.mapping.items()}
    errors: list[dict[str, Any]] = [
        {"row": fault.line, "column": fault.column, "detail": fault.detail} for fault in report.faults
    ]
    for fault in job.errors if job else ():
        known = 1 <= fault.row <= len(report.lines)
        column = columns.get(fault.column, fault.column)
        errors.append(
            {
                "row": report.lines[fault.row - 1] if known else fault.row,
                "column": column,
                "detail": fault.detail or fault.code,
            }
        )
    errors.sort(key=lambda error: error["row"])
    return [{name: value for name, value in error.items() if value != ""} for error in errors[:MAX_ERRORS]]


def _result(job: ImportJob, report: Report, is_rehearsal: bool) -> dict[str, Any]:
    status = job.status
    if status == "succeeded" and report.failed:
        status = "partially_succeeded"
    counts = job.counts
    return {
        "importId": job.id,
        "status": status,
        "dryRun": is_rehearsal,
        "counts": {
            "rows": report.rows,
            "created": counts.created,
            "updated": counts.updated,
            "skipped": counts.skipped,
            "failed": counts.failed + report.failed,
        },
        "errors": _errors(report, job),
        "mapping": report.mapping,
        "ignoredColumns": [column for column in report.columns if column not in report.mapping],
        "read": report.details,
        "samples": [_sample(product) for product in report.samples],
    }


def _sample(product: dict[str, Any]) -> dict[str, Any]:
    variant = product["variants"][0]
    return {
        "sku": variant["sku"],
        "title": next(iter(product["title"].values())),
        "price": variant["prices"][0],
    }


def _question(result: dict[str, Any], report: Report, arguments: ImportArguments) -> ConfirmationRequired:
    counts = result["counts"]
    summary = f"Import {report.rows:,} rows: {_counted(counts)}?"
    if result["errors"]:
        summary += f" Left out would be {_listed(result, 3)}."
    return ConfirmationRequired(
        summary,
        tool="create_from_file",
        # With every column spelled out: the yes is for this reading of the file.
        arguments={
            "source": arguments.source,
            "mapping": {column: report.mapping.get(column, IGNORED) for column in report.columns},
            "dryRun": False,
        },
        preview=result,
    )


def _counted(counts: dict[str, int]) -> str:
    parts = [f"{counts['created']:,} new", f"{counts['updated']:,} changed"]
    parts += [f"{counts['skipped']:,} unchanged"] if counts["skipped"] else []
    parts += [f"{counts['failed']:,} cannot be taken"] if counts["failed"] else []
    return ", ".join(parts)


def _listed(result: dict[str, Any], many: int) -> str:
    told = [
        f"line {error['row']} ({(error.get('column', '') + ' ' + error['detail']).strip()})"
        for error in result["errors"][:many]
    ]
    more = result["counts"]["failed"] - len(told)
    return ", ".join(told) + (f" and {more:,} more" if more > 0 else "")


def _text(result: dict[str, Any], report: Report) -> str:
    counts = result["counts"]
    if result["status"] in ("queued", "running"):
        return (
            f"The import {result['importId']} goes on in the shop ({_counted(counts)} so far). Call again "
            "with the same idempotencyKey to see how it ends."
        )
    head = "Nothing is written yet; the import would be" if result["dryRun"] else "Imported"
    lines = [f"{head}: {_counted(counts)} of {report.rows:,} rows."]
    lines.append(
        "Columns: " + ", ".join(f"{shown(column)} = {name}" for column, name in report.mapping.items())
    )
    if result["ignoredColumns"]:
        lines.append("Not read: " + ", ".join(map(shown, result["ignoredColumns"])))
    for one in result["samples"][:1]:
        price = written(one["price"]["amount"], one["price"]["currency"])
        lines.append(f"Such as {one['sku']}: {shown(one['title'])}, {price}")
    if result["errors"]:
        lines.append("Left out: " + _listed(result, FIRST_ERRORS) + ".")
    if result["read"].get("encoding") == "cp1252":
        lines.append("Read as Windows-1252; if letters look wrong, save the file as UTF-8.")
    if result["dryRun"]:
        lines.append("Call again with dryRun false to import; it asks for a yes.")
    return "\n".join(lines)
