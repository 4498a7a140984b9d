"""The client and a shop that fails on demand, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from mcps.museo.client import MuseoClient, ServiceAccount, open_museo
from mcps.museo.errors import ApiLimited, ApiUnavailable
from mcps.museo.exchange import ExchangeLimits
from mcps.museo.sandbox.__main__ import DEV_KEY, DEV_SECRET
from tests.fakes.museo_sandbox import open_sandbox

pytestmark = pytest.mark.real

ACCOUNT = ServiceAccount(DEV_KEY, DEV_SECRET)
SKU = "BEA-CHI-LIP-004"


@asynccontextmanager
async def shopping(
    *faults: str, limits: ExchangeLimits | None = None
) -> AsyncIterator[tuple[MuseoClient, list[tuple[str, str]]]]:
    attempts: list[tuple[str, str]] = []
    arguments = [argument for fault in faults for argument in ("--fail", fault)]
    with trio.fail_after(30):
        async with (
            open_sandbox(*arguments) as sandbox,
            open_museo(
                sandbox.url,
                ACCOUNT,
                limits=limits,
                on_request=lambda endpoint, status, _seconds: attempts.append((endpoint, status)),
            ) as museo,
        ):
            yield museo, attempts


async def test_a_read_survives_two_failures() -> None:
    async with shopping("/api/v1/search:status=503,first=2") as (museo, attempts):
        page = await museo.search("iphone 15")

    assert page.items[0].title == "iPhone 15"
    assert [status for endpoint, status in attempts if endpoint == "search"] == ["503", "503", "200"]


async def test_an_answer_that_gets_lost_does_not_add_twice() -> None:
    async with shopping("POST /api/v1/basket:drop=1,first=2") as (museo, attempts):
        basket = await museo.add_item("alice", SKU, 1, idempotency_key="turn-1-step-1")

    assert basket.item_count == 1
    assert len([1 for endpoint, _ in attempts if endpoint == "addBasketItem"]) == 3


async def test_a_change_whose_answer_gets_lost_is_not_sent_again() -> None:
    async with shopping("PATCH /api/v1/basket:drop=1") as (museo, attempts):
        basket = await museo.add_item("alice", SKU, 1, idempotency_key="turn-1-step-1")
        with pytest.raises(ApiUnavailable) as caught:
            await museo.update_item("alice", basket.lines[0].id, 3, version=basket.version)
        after = await museo.basket("alice")

    assert caught.value.maybe_done
    assert after.lines[0].quantity == 3
    assert len([1 for endpoint, _ in attempts if endpoint == "updateBasketItem"]) == 1


async def test_nonsense_is_no_answer() -> None:
    async with shopping("/api/v1/catalog:garbage=1") as (museo, _):
        with pytest.raises(ApiUnavailable):
            await museo.product("iphone-15")


async def test_a_silent_shop_is_given_up_within_the_callers_deadline() -> None:
    async with shopping("/api/v1/search:latency=60s") as (museo, attempts):
        await museo.check()
        with trio.move_on_after(0.5) as scope, pytest.raises(ApiUnavailable):
            await museo.search("x")

    assert not scope.cancelled_caught
    assert attempts[-1] == ("search", "timeout")


async def test_a_shop_that_asks_to_wait_too_long_is_said() -> None:
    async with shopping("/api/v1/search:status=429,retry-after=120") as (museo, _):
        with pytest.raises(ApiLimited) as caught:
            await museo.search("x")

    assert caught.value.retry_after == 120


async def test_a_token_that_is_refused_is_renewed_without_the_caller_knowing() -> None:
    async with shopping("/api/v1/search:status=401,first=1") as (museo, attempts):
        await museo.search("iphone")

    assert attempts == [("issueToken", "200"), ("search", "401"), ("issueToken", "200"), ("search", "200")]


async def test_a_slow_token_is_fetched_once_for_everybody() -> None:
    async with shopping("/api/v1/auth:latency=300ms") as (museo, attempts), trio.open_nursery() as nursery:
        for n in range(50):
            nursery.start_soon(museo.basket, f"user{n}")

    assert attempts.count(("issueToken", "200")) == 1
    assert attempts.count(("getBasket", "200")) == 50


async def test_a_shop_that_died_is_said_at_once_and_used_again_when_it_is_back(tmp_path: object) -> None:
    limits = ExchangeLimits(attempts=1)
    with trio.fail_after(30):
        async with open_sandbox() as sandbox, open_museo(sandbox.url, ACCOUNT, limits=limits) as museo:
            await museo.search("x")
            sandbox.kill()
            await sandbox.process.wait()
            for _ in range(5):
                with pytest.raises(ApiUnavailable):
                    await museo.search("x")
            was_up = museo.is_up

            port = sandbox.url.rpartition(":")[2]
            async with open_sandbox("--port", port):
                while not museo.is_up:  # the breaker lets one try after a second
                    try:
                        await museo.check()
                    except ApiUnavailable as error:
                        await trio.sleep(error.retry_after or 0.05)
                assert (await museo.search("iphone 15")).items
            assert not was_up
