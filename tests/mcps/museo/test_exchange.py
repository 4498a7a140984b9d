"""How the client behaves when the shop and the network do not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
import trio

from mcps.museo.errors import ApiLimited, ApiRejected, ApiUnauthorized, ApiUnavailable
from mcps.museo.exchange import (
    MAX_RESPONSE_BYTES,
    ApiRequest,
    Exchange,
    ExchangeLimits,
    open_exchange,
)
from museod.errors import ConfigError, Kind
from museod.observe import context

GET = ApiRequest("GET", "/x", "getX", may_repeat=True)
KEYED = ApiRequest("POST", "/x", "postX", content=b"{}", may_repeat=True)
PATCH = ApiRequest("PATCH", "/x", "patchX", content=b"{}")

Step = httpx.Response | Exception | Callable[[], Any]


def ok(value: object = "fine") -> httpx.Response:
    return httpx.Response(200, json={"value": value})


def problem(
    status: int, code: str, headers: dict[str, str] | None = None, **members: object
) -> httpx.Response:
    content = {"type": "t", "title": "no", "status": status, "code": code, **members}
    return httpx.Response(status, content=msgspec.json.encode(content), headers=headers)


class FakeShop(httpx.AsyncBaseTransport):
    """Answers with the steps it is given, one by one; the last one again and again."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        step = self.steps[min(len(self.requests), len(self.steps) - 1)]
        self.requests.append(request)
        if isinstance(step, Exception):
            raise step
        if isinstance(step, httpx.Response):
            return httpx.Response(step.status_code, headers=step.headers, content=step.content)
        response = await step()
        assert isinstance(response, httpx.Response)
        return response


async def hang() -> httpx.Response:
    await trio.sleep_forever()
    raise AssertionError


@asynccontextmanager
async def exchanging(
    shop: httpx.AsyncBaseTransport, **limits: float
) -> AsyncIterator[tuple[Exchange, list[tuple[str, str]]]]:
    seen: list[tuple[str, str]] = []
    async with open_exchange(
        "http://shop.test",
        limits=ExchangeLimits(**limits),  # type: ignore[arg-type]
        transport=shop,
        on_request=lambda endpoint, status, _seconds: seen.append((endpoint, status)),
    ) as exchange:
        yield exchange, seen


async def test_a_good_answer_is_decoded(autojump_clock: object) -> None:
    async with exchanging(FakeShop(ok())) as (exchange, seen):
        assert await exchange.send(GET, dict) == {"value": "fine"}
    assert seen == [("getX", "200")]


LOST = [
    httpx.ReadError("reset"),
    httpx.RemoteProtocolError("cut"),
    httpx.ReadTimeout("slow"),
    httpx.Response(500, text="oops"),
    httpx.Response(502, text="<html>"),
    httpx.Response(504),
    httpx.Response(200, text="<html>"),
    httpx.Response(200, content=b"\xff\xfe"),
    httpx.Response(302, headers={"Location": "http://169.254.169.254/"}),
    httpx.Response(404, text="no JSON: not our API"),
]


@pytest.mark.parametrize("step", LOST, ids=str)
@pytest.mark.parametrize("request_", [GET, KEYED], ids=["get", "keyed"])
async def test_what_has_no_second_effect_is_repeated_after_a_lost_answer(
    autojump_clock: object, step: Step, request_: ApiRequest
) -> None:
    shop = FakeShop(step, step, ok())
    async with exchanging(shop) as (exchange, _):
        assert await exchange.send(request_, dict) == {"value": "fine"}
    assert len(shop.requests) == 3


@pytest.mark.parametrize("step", LOST, ids=str)
async def test_a_change_without_a_key_is_sent_once_and_may_have_been_done(
    autojump_clock: object, step: Step
) -> None:
    shop = FakeShop(step, ok())
    async with exchanging(shop) as (exchange, _):
        with pytest.raises(ApiUnavailable) as caught:
            await exchange.send(PATCH, dict)
    assert len(shop.requests) == 1
    assert caught.value.maybe_done


async def test_what_was_never_sent_is_sent_again_whatever_it_is(autojump_clock: object) -> None:
    shop = FakeShop(httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), ok())
    async with exchanging(shop) as (exchange, seen):
        assert await exchange.send(PATCH, dict) == {"value": "fine"}
    assert [status for _, status in seen] == ["not_connected", "not_connected", "200"]


async def test_attempts_are_three_and_no_more(autojump_clock: object) -> None:
    shop = FakeShop(httpx.ConnectError("refused"))
    async with exchanging(shop) as (exchange, _):
        with pytest.raises(ApiUnavailable) as caught:
            await exchange.send(GET, dict)
    assert len(shop.requests) == 3
    assert caught.value.kind is Kind.API_ERROR
    assert not caught.value.maybe_done


async def test_a_redirect_is_never_followed(autojump_clock: object) -> None:
    shop = FakeShop(httpx.Response(307, headers={"Location": "http://evil.test/"}))
    async with exchanging(shop, attempts=1) as (exchange, _):
        with pytest.raises(ApiUnavailable):
            await exchange.send(KEYED, dict)
    assert {request.url.host for request in shop.requests} == {"shop.test"}


async def test_retry_after_is_waited_for_within_the_deadline(autojump_clock: object) -> None:
    shop = FakeShop(problem(429, "rate_limited", {"Retry-After": "3"}), ok())
    async with exchanging(shop) as (exchange, _):
        began = trio.current_time()
        await exchange.send(PATCH, dict)  # 429 says that nothing was done
        assert 3.0 <= trio.current_time() - began < 4.0


async def test_a_wait_beyond_the_deadline_is_said_at_once(autojump_clock: object) -> None:
    shop = FakeShop(problem(429, "rate_limited", {"Retry-After": "60"}))
    async with exchanging(shop) as (exchange, _):
        began = trio.current_time()
        with pytest.raises(ApiLimited) as caught:
            await exchange.send(GET, dict)
        assert trio.current_time() - began < 1.0
    assert caught.value.retry_after == 60.0
    assert caught.value.kind is Kind.RATE_LIMIT_ERROR


@pytest.mark.parametrize("text", ["", "soon", "-1", "9999999", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_a_retry_after_that_means_nothing_is_ignored(autojump_clock: object, text: str) -> None:
    shop = FakeShop(problem(503, "unavailable", {"Retry-After": text}), ok())
    async with exchanging(shop) as (exchange, _):
        began = trio.current_time()
        await exchange.send(GET, dict)
        assert trio.current_time() - began < 1.0


async def test_a_silent_shop_costs_one_attempt_and_not_the_whole_deadline(autojump_clock: object) -> None:
    shop = FakeShop(hang, ok())
    async with exchanging(shop, attempt_seconds=2.0) as (exchange, seen):
        began = trio.current_time()
        assert await exchange.send(GET, dict) == {"value": "fine"}
        assert 2.0 <= trio.current_time() - began < 2.5
    assert seen[0] == ("getX", "timeout")


async def test_the_callers_own_deadline_counts_and_it_hears_why(autojump_clock: object) -> None:
    async with exchanging(FakeShop(hang)) as (exchange, _):
        with trio.fail_after(1.0), pytest.raises(ApiUnavailable):
            await exchange.send(GET, dict)
        assert trio.current_time() < 1.0


async def test_a_caller_that_leaves_closes_the_call(autojump_clock: object) -> None:
    async with exchanging(FakeShop(hang)) as (exchange, seen), trio.open_nursery() as nursery:
        nursery.start_soon(exchange.send, GET, dict)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    assert seen == [("getX", "cancelled")]


async def test_a_flood_is_cut_at_its_ceiling(autojump_clock: object) -> None:
    sent = 0

    class Flood(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal sent
            while True:
                await trio.lowlevel.checkpoint()
                sent += 65_536
                yield b" " * 65_536

    async def flood() -> httpx.Response:
        return httpx.Response(200, stream=Flood())

    async with exchanging(FakeShop(flood), attempts=1) as (exchange, seen):
        with pytest.raises(ApiUnavailable):
            await exchange.send(GET, dict)
    assert MAX_RESPONSE_BYTES < sent <= MAX_RESPONSE_BYTES + 2 * 65_536
    assert seen == [("getX", "too_large")]


async def test_a_packed_answer_is_not_unpacked(autojump_clock: object) -> None:
    async def packed() -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"\x1f\x8b"))

    shop = FakeShop(packed)
    async with exchanging(shop, attempts=1) as (exchange, _):
        with pytest.raises(ApiUnavailable):
            await exchange.send(GET, dict)
    assert shop.requests[0].headers["Accept-Encoding"] == "identity"


async def test_a_refusal_carries_the_problem_and_is_not_repeated(autojump_clock: object) -> None:
    shop = FakeShop(problem(409, "insufficient_stock", available=2, detail="Only 2 left.", surprise=[1]))
    async with exchanging(shop) as (exchange, _):
        with pytest.raises(ApiRejected, match="Only 2 left") as caught:
            await exchange.send(GET, dict)
    assert len(shop.requests) == 1
    assert (caught.value.status, caught.value.code) == (409, "insufficient_stock")
    assert caught.value.problem.available == 2
    assert not caught.value.retryable


async def test_a_payment_provider_that_is_down_is_an_answer_of_the_shop(autojump_clock: object) -> None:
    async with exchanging(FakeShop(problem(503, "provider_unavailable"))) as (exchange, _):
        with pytest.raises(ApiRejected) as caught:
            await exchange.send(GET, dict)
    assert caught.value.code == "provider_unavailable"


async def test_a_first_request_that_still_runs_is_waited_for(autojump_clock: object) -> None:
    shop = FakeShop(problem(409, "idempotency_in_progress", {"Retry-After": "1"}), ok())
    async with exchanging(shop) as (exchange, _):
        assert await exchange.send(KEYED, dict) == {"value": "fine"}


async def test_a_scope_that_is_missing_needs_an_operator(autojump_clock: object) -> None:
    async with exchanging(FakeShop(problem(403, "insufficient_scope", detail="needs x:y"))) as (exchange, _):
        with pytest.raises(ApiUnauthorized, match="x:y"):
            await exchange.send(GET, dict)


async def test_a_refused_token_is_renewed_once(autojump_clock: object) -> None:
    shop = FakeShop(problem(401, "invalid_token"), ok())
    tokens = iter(["old", "new"])
    rejected: list[str] = []

    async def authorize() -> str:
        return next(tokens)

    async with exchanging(shop) as (exchange, _):
        assert await exchange.send(PATCH, dict, authorize=authorize, reject=rejected.append)
    assert rejected == ["old"]
    assert [request.headers["Authorization"] for request in shop.requests] == ["Bearer old", "Bearer new"]


async def test_a_token_that_is_refused_twice_needs_an_operator(autojump_clock: object) -> None:
    shop = FakeShop(problem(401, "invalid_token"))

    async def authorize() -> str:
        return "token"

    async with exchanging(shop) as (exchange, _):
        with pytest.raises(ApiUnauthorized):
            await exchange.send(GET, dict, authorize=authorize, reject=lambda _: None)
    assert len(shop.requests) == 2


async def test_failures_in_a_row_open_the_breaker_and_one_trial_closes_it(autojump_clock: object) -> None:
    shop = FakeShop(*[httpx.Response(500)] * 5, ok())
    async with exchanging(shop, attempts=1) as (exchange, _):
        for _ in range(5):
            with pytest.raises(ApiUnavailable):
                await exchange.send(GET, dict)
        with pytest.raises(ApiUnavailable) as caught:
            await exchange.send(GET, dict)
        assert len(shop.requests) == 5  # the sixth was not sent
        assert caught.value.retry_after == pytest.approx(1.0)

        await trio.sleep(1.0)
        assert await exchange.send(GET, dict) == {"value": "fine"}
        assert await exchange.send(GET, dict) == {"value": "fine"}


async def test_refusals_and_limits_never_open_the_breaker(autojump_clock: object) -> None:
    refusals = [problem(404, "product_not_found"), problem(429, "rate_limited", {"Retry-After": "99"})]
    async with exchanging(FakeShop(*refusals * 10, ok())) as (exchange, _):
        for _ in range(20):
            with pytest.raises((ApiRejected, ApiLimited)):
                await exchange.send(GET, dict)
        assert await exchange.send(GET, dict) == {"value": "fine"}


async def test_the_context_of_the_work_goes_with_it(autojump_clock: object) -> None:
    shop = FakeShop(ok())
    async with exchanging(shop) as (exchange, _):
        with context.bound() as correlation:
            await exchange.send(GET, dict)
        await exchange.send(GET, dict)
    inside, outside = shop.requests
    assert inside.headers["X-Correlation-Id"] == correlation
    assert inside.headers["traceparent"].split("-")[1] == correlation
    assert "X-Correlation-Id" not in outside.headers


@pytest.mark.parametrize(
    "url",
    ["", "shop.test", "ftp://shop.test", "http://", "http://user:pw@shop.test", "http://shop.test?x=1", "\0"],
)
async def test_an_address_that_cannot_be_used_is_a_configuration_fault(url: str) -> None:
    with pytest.raises(ConfigError, match="MCP_MUSEO_API_URL"):
        async with open_exchange(url):
            pass


async def test_a_base_path_is_kept(autojump_clock: object) -> None:
    shop = FakeShop(ok())
    async with open_exchange("http://shop.test/museo/", transport=shop) as exchange:
        await exchange.send(GET, dict)
    assert shop.requests[0].url.path == "/museo/x"
