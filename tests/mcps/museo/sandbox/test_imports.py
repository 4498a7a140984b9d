from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from tests.mcps.museo.calling import Answer, Caller, make_caller

pytestmark = pytest.mark.real  # each file is read by a process of its own

IMPORTS = "/api/v1/admin/products/imports"
SKU = "IPHONE-15-128-BLACK"


@asynccontextmanager
async def importing() -> AsyncIterator[Caller]:
    caller = make_caller()
    with trio.fail_after(30):  # a loaded machine; starting a reader takes a quarter of a second
        async with trio.open_nursery() as nursery:
            nursery.start_soon(caller.app.run)
            yield caller
            nursery.cancel_scope.cancel()


async def send(
    caller: Caller, content: bytes, kind: str = "text/csv", *, key: str = "key-00001", dry: bool = False
) -> Answer:
    return await caller(
        "POST",
        f"{IMPORTS}?dryRun={str(dry).lower()}",
        content,
        headers={"Content-Type": kind, "Idempotency-Key": key},
    )


async def over(caller: Caller, answer: Answer) -> dict[str, Any]:
    """The job once it has ended."""
    while True:
        job: dict[str, Any] = (await caller("GET", f"{IMPORTS}/{answer.json['id']}")).json
        if job["finishedAt"]:
            return job
        await trio.sleep(0.01)


def counts(job: dict[str, Any]) -> tuple[int, ...]:
    return tuple(job["counts"][name] for name in ("rows", "created", "updated", "skipped", "failed"))


async def test_rows_become_products_and_changes_of_products() -> None:
    table = f"sku,title,price,stock,status\nNEW-1,Paper Moon,12.50,3,active\n{SKU},,999,,\nBAD,,1.00,,\n"
    async with importing() as caller:
        answer = await send(caller, table.encode())
        job = await over(caller, answer)
        again = await over(caller, await send(caller, table.encode(), key="key-00002"))
        new = (await caller("GET", "/api/v1/catalog/products/NEW-1")).json
        old = (await caller("GET", f"/api/v1/catalog/products/{SKU}")).json

    assert (answer.status, answer.json["status"], answer.header("Retry-After")) == (202, "queued", "1")
    assert (job["status"], counts(job)) == ("partially_succeeded", (3, 1, 1, 0, 1))
    assert [(fault["row"], fault["code"]) for fault in job["errors"]] == [(4, "validation_failed")]
    assert new["variants"][0]["price"] == {"amount": 1_250, "currency": "EUR"}
    [changed] = [variant for variant in old["variants"] if variant["sku"] == SKU]
    assert (changed["price"]["amount"], changed["available"], len(old["variants"])) == (99_900, 25, 9)
    assert counts(again) == (3, 0, 0, 2, 1)


async def test_a_dry_run_counts_and_does_nothing() -> None:
    table = b"sku,title,price,slug,option.size\nN-1,Zyx,1.00,zyx,S\nN-2,,2.00,zyx,L\nN-2,,3.00,zyx,M\n"
    async with importing() as caller:
        dry = await over(caller, await send(caller, table, dry=True))
        nothing = await caller("GET", "/api/v1/admin/products/masters?q=zyx")
        real = await over(caller, await send(caller, table, key="key-00002"))
        [made] = (await caller("GET", "/api/v1/admin/products/masters?q=zyx")).json["items"]

    assert (dry["dryRun"], counts(dry), nothing.json["items"]) == (True, (3, 2, 0, 0, 1), [])
    assert counts(real) == counts(dry)
    assert [variant["sku"] for variant in made["variants"]] == ["N-1", "N-2"]
    assert real["errors"][0]["code"] == "sku_taken"


async def test_whole_products_replace_those_of_their_skus() -> None:
    lines = (
        b'{"title":{"en":"Moon"},"status":"active","variants":[{"sku":"N-1","prices":[{"amount":1,"currency":"EUR"}]}]}\n'
        b'{"title":{"en":"Sun"},"variants":[{"sku":"N 2","prices":[]}]}\n'
    )
    async with importing() as caller:
        job = await over(caller, await send(caller, lines, "application/x-ndjson"))
        renamed = await over(
            caller,
            await send(caller, lines.replace(b"Moon", b"Luna"), "application/x-ndjson", key="key-00002"),
        )
        luna = (await caller("GET", "/api/v1/catalog/products/N-1")).json

    assert (counts(job), counts(renamed)) == ((2, 1, 0, 0, 1), (2, 0, 1, 0, 1))
    assert (job["errors"][0]["row"], job["errors"][0]["column"]) == (2, "variants.0.sku")
    assert luna["title"] == "Luna"


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"x", "text/plain", 415, "unsupported_media_type"),
        (b"not a workbook", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 422, None),
        (b"{}", "application/json", 422, None),
        (b"", "text/csv", 422, None),
        (b"sku\n" + b" " * 11_000_000, "text/csv", 413, "payload_too_large"),
    ],
)
async def test_what_is_no_file_of_products_is_refused_at_once(
    content: bytes, kind: str, status: int, code: str | None
) -> None:
    answer = await send(make_caller(), content, kind)

    assert (answer.status, answer.code) == (status, code or "import_unreadable")


async def test_a_file_that_turns_out_to_be_none_fails_as_a_job() -> None:
    async with importing() as caller:
        job = await over(caller, await send(caller, b"title\nMoon\n"))

    assert (job["status"], job["errors"][0]["code"]) == ("failed", "import_unreadable")


async def test_a_repetition_with_its_key_is_the_same_job_and_without_one_is_refused() -> None:
    caller = make_caller()

    first, second = await send(caller, b"sku\nA\n"), await send(caller, b"sku\nA\n")
    bare = await caller("POST", IMPORTS, b"sku\nA\n", headers={"Content-Type": "text/csv"})
    missing = await caller("GET", f"{IMPORTS}/imp_none")

    assert first.json == second.json
    assert (bare.status, missing.status) == (400, 404)


async def test_only_so_many_files_wait() -> None:
    caller = make_caller()  # nobody works them off

    answers = [await send(caller, b"sku\nA\n", key=f"key-{n:05d}") for n in range(11)]

    assert [answer.status for answer in answers] == [202] * 10 + [429]
    assert answers[-1].header("Retry-After")


async def test_a_job_that_was_cut_off_begins_anew() -> None:
    caller = make_caller()
    answer = await send(caller, b"sku,title,price\nN-1,Moon,1.00\n")
    with trio.fail_after(30):
        with trio.CancelScope() as first:
            first.cancel()  # as soon as it waits for anything
            await caller.app.run()
        cut = (await caller("GET", f"{IMPORTS}/{answer.json['id']}")).json
        async with trio.open_nursery() as nursery:
            nursery.start_soon(caller.app.run)
            job = await over(caller, answer)
            nursery.cancel_scope.cancel()

    assert (cut["finishedAt"], job["status"]) == (None, "succeeded")
