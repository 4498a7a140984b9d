"""A long list through everything: uploaded over HTTP, imported through the daemon, while shoppers search."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import trio

from museod.access.principal import Role
from museod.access.tokens import mint, mint_guest
from museod.wire.envelope import CALLER, CONFIRMED
from tests.e2e.daemon import HOST, Daemon, Shop, all_ready, running_daemon, running_shop
from tests.e2e.mcp_session import McpSession
from tests.e2e.sockets import open_socket
from tests.fakes.mcp_child import open_child
from tests.fakes.workbooks import HOSTILE

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]

SECRET = "test-secret-of-more-than-32-bytes-000"
ROWS, BAD = 10_000, 37
MAX_CHILD_BYTES = 160 * 2**20  # the server idles near 60 MiB; the file and its products are 10 MiB at most


def long_list() -> bytes:
    """10,000 rows as a German spreadsheet saves them, each 270th without a price."""
    lines = ["Artikelnummer;Bezeichnung;Preis;Bestand;Marke;Farbe"]
    for number in range(ROWS):
        is_bad = number % 270 == 5 and number // 270 < BAD
        price = "gratis" if is_bad else f"{number % 900 + 1},{number % 100:02} €"
        lines.append(f'IMP-{number:05};"Lampe Nr. {number}; groß";{price};{number % 50};Lux;weiß')
    return "\r\n".join(lines).encode("cp1252")


def token(sub: str, role: Role) -> str:
    return mint(SECRET, sub, role, ttl_seconds=3600)


def post(daemon: Daemon, body: bytes, *, bearer: str | None, kind: str = "text/csv") -> tuple[int, Any]:
    connection = http.client.HTTPConnection(HOST, daemon.port, timeout=20)
    headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    try:
        connection.request("POST", "/api/v1/uploads?name=list.csv", body=body, headers=headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[Daemon]:
    with running_daemon(
        tmp_path_factory.mktemp("daemon"),
        until=all_ready,
        MCP_AUTH="required",
        MCP_JWT_SECRET=SECRET,
        MCP_MUSEO_API_URL=shop.url,
        MCP_API_KEY="mcp_dev_key",
        MCP_API_SECRET="mcp_dev_secret",
        MCP_LIMITS="off",
    ) as running:
        yield running
        running.stop_cleanly()


def test_only_an_administrator_leaves_a_file_and_only_up_to_ten_mebibytes(daemon: Daemon) -> None:
    body = b"sku;title;price\nA;a;1\n"
    assert post(daemon, body, bearer=None)[0] == 401
    assert post(daemon, body, bearer="nonsense")[0] == 401
    assert post(daemon, body, bearer=mint_guest(b"k" * 32))[0] == 401
    for role in (Role.CUSTOMER, Role.OPERATOR, Role.SERVICE):
        status, refused = post(daemon, body, bearer=token("eve", role))
        assert status == 403
        assert "authentication_error" in json.dumps(refused)
    assert not list((daemon.state / "uploads").glob("*/*"))
    status, kept = post(daemon, body, bearer=token("root", Role.ADMIN))
    assert (status, kept["bytes"]) == (201, len(body))
    assert post(daemon, b"x" * 10 * 2**20, bearer=token("big", Role.ADMIN))[0] == 201
    assert post(daemon, b"x" * (10 * 2**20 + 1), bearer=token("big", Role.ADMIN))[0] == 413
    get = daemon.ask("/api/v1/uploads", Authorization=f"Bearer {token('root', Role.ADMIN)}")
    assert get[0] == 405


async def test_ten_thousand_rows_are_rehearsed_while_shoppers_search(
    daemon: Daemon, record_testsuite_property: Any
) -> None:
    upload_id = post(daemon, long_list(), bearer=token("root", Role.ADMIN))[1]["uploadId"]
    stolen = post(daemon, long_list(), bearer=token("other", Role.ADMIN))[1]["uploadId"]
    hostile = post(daemon, HOSTILE["bomb"][0], bearer=token("root", Role.ADMIN))[1]["uploadId"]
    with trio.fail_after(110):
        async with (
            open_socket(daemon.port, "/mcp", ["mcp", f"bearer.{token('root', Role.ADMIN)}"]) as admin_socket,
            open_socket(
                daemon.port, "/mcp", ["mcp", f"bearer.{token('ann', Role.CUSTOMER)}"]
            ) as shopper_socket,
            trio.open_nursery() as nursery,
        ):
            admin, shopper = McpSession(admin_socket), McpSession(shopper_socket)
            nursery.start_soon(admin.read)
            nursery.start_soon(shopper.read)
            number = 0

            async def search() -> float:
                nonlocal number
                number += 1
                started = time.perf_counter()
                found = await shopper.call("search_products", query=f"iphone {number}")  # never from a cache
                assert not found.get("isError"), found["content"]
                return time.perf_counter() - started

            alone = [await search() for _ in range(30)]
            during: list[float] = []
            searching = trio.CancelScope()
            nursery.start_soon(_keep, searching, search, during)
            started = time.perf_counter()
            result = await admin.call("create_from_file", source={"uri": upload_id})
            seconds = time.perf_counter() - started
            refused = await admin.call("create_from_file", source={"uri": hostile})
            foreign = await admin.call("create_from_file", source={"uri": stolen})
            searching.cancel()
            nursery.cancel_scope.cancel()
    content = result["structuredContent"]
    assert content["counts"]["rows"] == ROWS
    assert content["counts"]["failed"] == BAD
    assert content["counts"]["created"] == ROWS - BAD
    assert [error["row"] for error in content["errors"]] == [7 + 270 * n for n in range(20)]
    assert content["errors"][0]["detail"] == "'gratis' is no price; write one such as 12.50"
    assert "unpacks to more than 64 MiB" in refused["content"][0]["text"]
    assert foreign["structuredContent"]["reason"] == "upload_not_found"
    assert len(during) >= 10, "nobody could search meanwhile"
    resident = psutil.Process(daemon.child("admin")["pid"]).memory_info().rss
    assert resident < MAX_CHILD_BYTES
    figures = {
        "rehearsal_seconds": round(seconds, 2),
        "admin_resident_mib": resident // 2**20,
        "search_median_ms_alone": round(statistics.median(alone) * 1000, 1),
        "search_median_ms_during": round(statistics.median(during) * 1000, 1),
        "search_worst_ms_alone": round(max(alone) * 1000, 1),
        "search_worst_ms_during": round(max(during) * 1000, 1),
        "searches_during": len(during),
    }
    for name, figure in figures.items():
        record_testsuite_property(name, figure)


async def _keep(scope: trio.CancelScope, search: Any, times: list[float]) -> None:
    with scope:
        while True:
            times.append(await search())


async def test_ten_thousand_rows_are_written_after_a_yes_and_found_unchanged_the_second_time(
    shop: Shop, record_testsuite_property: Any
) -> None:
    env = {"MCP_MUSEO_API_URL": shop.url, "MCP_API_KEY": "mcp_dev_key", "MCP_API_SECRET": "mcp_dev_secret"}
    source = {"text": long_list().decode("cp1252"), "format": "csv"}
    arguments = {"source": source, "dryRun": False}
    with trio.fail_after(110):
        async with open_child("mcps.admin", **env) as child:
            caller = {CALLER: {"sub": "root", "role": "admin"}, CONFIRMED: {"sub": "root"}}
            for created in (ROWS - BAD, 0):
                started = time.perf_counter()
                call = {"name": "create_from_file", "arguments": arguments}
                answer = (await child.request("tools/call", call, **caller))["result"]["structuredContent"]
                seconds = time.perf_counter() - started
                assert answer["status"] == "partially_succeeded"
                assert (answer["counts"]["created"], answer["counts"]["failed"]) == (created, BAD)
                record_testsuite_property(f"import_seconds_{created}", round(seconds, 2))
            shown = await child.request(
                "tools/call", {"name": "list_products", "arguments": {"query": "IMP-00042"}}, **caller
            )
    assert shown["result"]["structuredContent"]["items"][0]["title"] == "Lampe Nr. 42; groß"
