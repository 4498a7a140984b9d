"""create_from_file: dry run, confirmation, lines of errors, progress, uploads of the caller only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mcps.admin.tools import admin_tools
from mcps.admin.uploads import KEEP_SECONDS, directory_name
from mcps.kit.harness import Harness, open_harness
from museod.front import uploads as daemon_uploads
from museod.wire import codec
from museod.wire.envelope import CONFIRMED
from museod.wire.messages import Notification
from museod.wire.tools import ToolResult
from tests.fakes.admin_shop import FakeImports
from tests.fakes.workbooks import HOSTILE, workbook

pytestmark = pytest.mark.real  # files are read in a process of their own

ROOT = {"sub": "root", "role": "admin"}
CSV = "sku;titel;preis;notiz\nA;Lampe;5,00;x\nB;;6,00;\nC;Tisch;7,00;\nD;Stuhl;gratis;\n"
UPLOAD = "up_" + "0" * 32


def keep(state: Path, data: bytes, *, sub: str = "root", upload_id: str = UPLOAD, charset: str = "") -> Path:
    """A file as the daemon keeps it."""
    home = state / directory_name(sub)
    home.mkdir(parents=True, exist_ok=True)
    (home / f"{upload_id}.json").write_bytes(codec.encode({"name": "list.csv", "charset": charset}))
    path = home / upload_id
    path.write_bytes(data)
    return path


async def run(
    harness: Harness, source: dict[str, str] | None = None, *, confirmed: bool = False, **more: Any
) -> ToolResult:
    arguments = {"source": source or {"text": CSV, "format": "csv"}, **more}
    caller = {"locale": "de", **ROOT, "turnId": "turn-7"}
    meta = {CONFIRMED: {"sub": "root"}} if confirmed else {}
    return await harness.call("create_from_file", arguments, caller=caller, meta=meta)


async def test_the_first_call_is_a_dry_run_that_shows_how_the_file_was_understood() -> None:
    shop = FakeImports(bad=["C"])
    async with open_harness(admin_tools(shop)) as harness:
        shown = await run(harness)
    content = shown.structured_content
    assert (content["dryRun"], content["status"]) == (True, "partially_succeeded")
    assert content["counts"] == {"rows": 4, "created": 1, "updated": 0, "skipped": 0, "failed": 3}
    assert content["mapping"] == {"sku": "sku", "titel": "title", "preis": "price"}
    assert content["ignoredColumns"] == ["notiz"]
    assert [(error["row"], error["column"]) for error in content["errors"]] == [
        (3, "titel"),
        (4, "sku"),
        (5, "preis"),
    ]
    assert content["samples"][0] == {
        "sku": "A",
        "title": "Lampe",
        "price": {"amount": 500, "currency": "EUR"},
    }
    assert shop.written == []
    assert "Nothing is written yet" in shown.text


async def test_a_real_run_without_a_yes_changes_nothing_and_asks_for_exactly_this_import() -> None:
    shop = FakeImports()
    async with open_harness(admin_tools(shop)) as harness:
        asked = await run(harness, dryRun=False)
        content = asked.structured_content
        assert asked.is_error
        assert (content["kind"], content["reason"]) == ("invalid_request", "confirmation_required")
        assert content["summary"].startswith("Import 4 rows: 2 new, 0 changed, 2 cannot be taken?")
        assert content["arguments"]["mapping"] == {
            "sku": "sku",
            "titel": "title",
            "preis": "price",
            "notiz": "ignore",
        }
        assert shop.written == []
        assert [start["dry"] for start in shop.started] == [True]
        done = await harness.call(
            "create_from_file", content["arguments"], caller=ROOT, meta={CONFIRMED: {"sub": "root"}}
        )
    assert not done.is_error, done.text
    assert [product["title"] for product in shop.written] == [{"en": "Lampe"}, {"en": "Tisch"}]
    assert shop.started[-1] | {"key": ""} == {
        "key": "",
        "dry": False,
        "actor": "root",
        "type": "application/x-ndjson",
    }


@pytest.mark.parametrize("confirmed", [{"sub": "eve"}, True, "yes", None, 1])
async def test_a_yes_of_somebody_else_or_no_statement_is_no_yes(confirmed: object) -> None:
    shop = FakeImports()
    async with open_harness(admin_tools(shop)) as harness:
        asked = await harness.call(
            "create_from_file",
            {"source": {"text": CSV, "format": "csv"}, "dryRun": False},
            caller=ROOT,
            meta={CONFIRMED: confirmed},
        )
    assert asked.structured_content["reason"] == "confirmation_required"
    assert shop.written == []


async def test_a_repeated_import_of_one_turn_is_one_import() -> None:
    shop = FakeImports()
    async with open_harness(admin_tools(shop)) as harness:
        for _ in range(2):
            done = await run(harness, confirmed=True, dryRun=False)
            assert done.structured_content["counts"]["created"] == 2
    assert len({start["key"] for start in shop.started}) == 1
    assert len(shop.written) == 2


async def test_progress_is_told_and_a_shop_that_pauses_is_waited_for() -> None:
    told: list[dict[str, Any]] = []

    def note(notification: Notification) -> None:
        told.append(codec.decode(notification.params))

    shop = FakeImports(steps=3, outages=1)
    async with open_harness(admin_tools(shop), on_notification=note) as harness:
        arguments = {"source": {"text": CSV, "format": "csv"}}
        params = {"name": "create_from_file", "arguments": arguments}
        result = await harness.request("tools/call", params, **{"progressToken": 5, "ai.museo/caller": ROOT})
    assert not result["isError"]
    steps = [one["progress"] for one in told]
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, 4)
    assert told[-1]["message"] == "4 of 4 rows"


async def test_an_upload_of_the_caller_is_read_with_its_declared_charset(tmp_path: Path) -> None:
    keep(tmp_path, "sku;titel;preis\nA;Größe €;5\n".encode("iso8859-15"), charset="iso8859-15")
    async with open_harness(admin_tools(FakeImports(), uploads=tmp_path)) as harness:
        for source in ({"uri": UPLOAD}, {"uri": f"upload:{UPLOAD}"}, {"uploadId": UPLOAD}):
            shown = await run(harness, source)
            assert shown.structured_content["samples"][0]["title"] == "Größe €"
            assert shown.structured_content["read"]["encoding"] == "iso8859-15"


async def test_a_workbook_is_imported_and_a_hostile_one_refused(tmp_path: Path) -> None:
    path = keep(tmp_path, workbook([("A", "Lamp", 5, 1), ("B", "Table", "=1+1", 1)]))
    async with open_harness(admin_tools(FakeImports(), uploads=tmp_path)) as harness:
        shown = await run(harness, {"uri": UPLOAD})
        assert shown.structured_content["errors"] == [
            {"row": 3, "column": "price", "detail": "C3 holds a formula; write its value there"}
        ]
        path.write_bytes(HOSTILE["far cell"][0])
        refused = await run(harness, {"uri": UPLOAD})
    assert refused.structured_content["apiCode"] == "payload_too_large"
    assert "1048576" in refused.text


@pytest.mark.parametrize(
    "named",
    [
        "up_" + "1" * 32,
        "../" + UPLOAD,
        f"{UPLOAD}.json",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://169.254.169.254/latest",
        "",
        "up_" + "0" * 31,
        UPLOAD + "\0",
    ],
)
async def test_nothing_but_an_upload_of_the_caller_can_be_named(tmp_path: Path, named: str) -> None:
    keep(tmp_path, CSV.encode(), sub="eve")
    async with open_harness(admin_tools(FakeImports(), uploads=tmp_path)) as harness:
        refused = await run(harness, {"uri": named})
    assert refused.structured_content["kind"] == "invalid_params"
    assert refused.structured_content["reason"] in ("not_an_upload", "upload_not_found")


async def test_the_upload_of_another_administrator_is_not_there(tmp_path: Path) -> None:
    keep(tmp_path, CSV.encode(), sub="eve")
    async with open_harness(admin_tools(FakeImports(), uploads=tmp_path)) as harness:
        refused = await run(harness, {"uri": UPLOAD})
    assert refused.structured_content["reason"] == "upload_not_found"


async def test_an_upload_is_gone_after_its_hour_and_a_link_is_none(tmp_path: Path) -> None:
    path = keep(tmp_path, CSV.encode())
    os.utime(path, (path.stat().st_mtime - KEEP_SECONDS,) * 2)
    link = path.with_name("up_" + "2" * 32)
    link.symlink_to("/etc/passwd")
    async with open_harness(admin_tools(FakeImports(), uploads=tmp_path)) as harness:
        for upload_id in (UPLOAD, link.name):
            refused = await run(harness, {"uri": upload_id})
            assert refused.structured_content["reason"] == "upload_not_found"
            assert "one hour" in refused.text


async def test_without_a_daemon_there_are_no_uploads() -> None:
    async with open_harness(admin_tools(FakeImports())) as harness:
        refused = await run(harness, {"uri": UPLOAD})
    assert refused.structured_content["reason"] == "upload_not_found"


@pytest.mark.parametrize("sub", ["root", "é", "u-abc", "a@b.c"])
def test_daemon_and_child_derive_the_same_directory(sub: str) -> None:
    assert directory_name(sub) == daemon_uploads.directory_name(sub)
    assert KEEP_SECONDS == daemon_uploads.KEEP_SECONDS


@pytest.mark.parametrize(
    ("text", "more", "code", "says"),
    [
        ("a;b\n1;2\n", {}, "import_unreadable", "No column is known"),
        ('sku;title\n"A;b\n', {}, "import_unreadable", "Line 2"),
        ("sku;title;price\nA;;1\n", {}, "import_unreadable", "None of the 1 rows"),
        ("sku\n" + "A\n" * 10_001, {}, "payload_too_large", "10,000 rows"),
        (CSV, {"mapping": {"nowhere": "sku"}}, "invalid_request", "does not have"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_with_its_place(
    text: str, more: dict[str, Any], code: str, says: str
) -> None:
    async with open_harness(admin_tools(FakeImports())) as harness:
        refused = await run(harness, {"text": text, "format": "csv"}, **more)
    assert refused.is_error
    assert refused.structured_content["apiCode"] == code
    assert says in refused.text
