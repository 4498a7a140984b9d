"""The operations that start an import and ask about it."""

from __future__ import annotations

from mcps.museo.sandbox import rows
from mcps.museo.sandbox.calls import JSON, LARGE_BODY, Call, Route, json_reply, media_type
from mcps.museo.sandbox.problems import ProblemError, bad_request
from mcps.museo.sandbox.shop import Shop
from museod.transports.http1 import HttpResponse

KINDS = {
    "text/csv": rows.CSV,
    JSON: rows.JSON,
    "application/x-ndjson": rows.LINES,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": rows.XLSX,
}
_FIRST_BYTES = {rows.JSON: b"[", rows.LINES: b"{", rows.XLSX: b"PK\x03\x04"}


def start_import(shop: Shop, call: Call) -> HttpResponse:
    """The job of a file that was taken; nothing but its kind has been looked at."""
    if call.idempotency_key is None:
        detail = "Send an Idempotency-Key, so that a repetition starts no second import."
        raise bad_request(detail, pointer="/Idempotency-Key")
    kind = KINDS.get(media_type(call))
    if kind is None:
        raise ProblemError("unsupported_media_type", f"Send one of {', '.join(KINDS)}.")
    begin = call.body[:4_096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not begin.startswith(_FIRST_BYTES.get(kind, b"")) or not begin:
        raise ProblemError("import_unreadable", f"This is no {kind} file; check what was sent.")
    is_dry = call.query.boolean("dryRun")
    job = shop.imports.start(kind, call.body, call.actor, dry_run=is_dry is not False)
    response = json_reply(call, 202, job)
    response.headers += [("Location", f"{_IMPORTS}/{job.id}"), ("Retry-After", "1")]
    return response


def get_import(shop: Shop, call: Call) -> HttpResponse:
    """How the job is getting on."""
    return json_reply(call, 200, shop.imports.job(call.parameters["id"]))


_IMPORTS = "/api/v1/admin/products/imports"

ROUTES = (
    Route(
        "POST",
        _IMPORTS,
        "adminStartImport",
        start_import,
        scope="admin:products:write",
        query=("dryRun",),
        writes=True,
        body_limit=LARGE_BODY,
    ),
    Route("GET", _IMPORTS + "/{id}", "adminGetImport", get_import, scope="admin:products:read"),
)
