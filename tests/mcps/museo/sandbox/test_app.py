import pytest
import trio

from mcps.museo.sandbox.calls import SMALL_BODY
from mcps.museo.sandbox.shop import Shop
from museod.transports.http1 import Headers, HttpRequest, Upgrade
from tests.mcps.museo.calling import Answer, make_caller

ITEMS = "/api/v1/basket/items"
ONE = {"sku": "IPHONE-15-128-BLUE", "quantity": 1}
KEY = {"Idempotency-Key": "turn-0001-add"}


async def test_what_is_not_there_is_a_problem_and_not_a_guess() -> None:
    caller = make_caller()

    for path in ("/", "/api/v1/nothing", "/api/v1/order", "/api/v1/search/", "/api/v1/catalog/products/%ff"):
        answer = await caller("GET", path)
        assert (answer.status, answer.code) == (404, "invalid_request"), path
        assert answer.header("Content-Type") == "application/problem+json"


async def test_a_method_that_a_path_does_not_have_is_405_and_names_those_it_has() -> None:
    answer = await make_caller()("PUT", "/api/v1/basket")

    assert answer.status == 405
    assert answer.header("Allow") == "DELETE, GET"


async def test_every_answer_carries_the_correlation_id_and_the_budget() -> None:
    caller = make_caller(requests_per_minute=100)

    given = await caller("GET", "/api/v1/basket", headers={"X-Correlation-Id": "abcdef0123456789"})
    made = await caller("GET", "/api/v1/nothing", headers={"X-Correlation-Id": "bad id\twith spaces"})

    assert given.header("X-Correlation-Id") == "abcdef0123456789"
    assert made.header("X-Correlation-Id") == made.json["correlationId"] != ""
    assert given.header("RateLimit-Policy") == '"default";q=100;w=60'
    assert (given.header("RateLimit") or "").startswith('"default";r=99;t=')


async def test_a_spent_budget_is_429_with_the_seconds_to_wait(autojump_clock: trio.testing.MockClock) -> None:
    caller = make_caller(requests_per_minute=2)

    statuses = [(await caller("GET", "/api/v1/basket")).status for _ in range(3)]
    limited = await caller("GET", "/api/v1/basket")
    health = await caller("GET", "/health")
    await trio.sleep(float(limited.header("Retry-After") or 0))
    later = await caller("GET", "/api/v1/basket")

    assert statuses == [200, 200, 429]
    assert limited.code == "rate_limited"
    assert health.status == 200
    assert later.status == 200


@pytest.mark.parametrize("user", [None, "", "a b", "ä", "x" * 129, "../alice", "a\nb"])
async def test_a_shopper_must_be_named_properly(user: str | None) -> None:
    answer = await make_caller()("GET", "/api/v1/basket", headers={"X-Museo-User": user})

    assert (answer.status, answer.code) == (400, "invalid_request")
    assert answer.json["errors"][0]["pointer"] == "/X-Museo-User"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[::2]:80", ""]
)
async def test_a_name_of_somebody_else_is_not_answered(host: str) -> None:
    answer = await make_caller()("GET", "/health", headers={"Host": host})

    assert answer.status == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:1"])
async def test_loopback_names_are_answered(host: str) -> None:
    assert (await make_caller()("GET", "/health", headers={"Host": host})).status == 200


async def test_content_that_cannot_be_read_is_named() -> None:
    caller = make_caller()
    cases: list[tuple[bytes, dict[str, str], int, str]] = [
        (b"{", {}, 400, "invalid_request"),
        (b"\xff", {}, 400, "invalid_request"),
        (b"", {}, 400, "invalid_request"),
        (b"[" * 5000, {}, 400, "invalid_request"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (b" " * (SMALL_BODY + 1), {}, 413, "payload_too_large"),
    ]

    for body, headers, status, code in cases:
        answer = await caller("POST", ITEMS, body, headers=headers)
        assert (answer.status, answer.code) == (status, code), body[:20]


async def test_head_is_answered_like_get_so_that_the_server_can_cut_the_body() -> None:
    answer = await make_caller()("HEAD", "/api/v1/catalog/products/iphone-15")

    assert answer.status == 200
    assert answer.header("ETag")


async def test_the_same_key_has_one_effect_and_the_first_answer_again() -> None:
    caller = make_caller()

    first = await caller("POST", ITEMS, ONE, headers=KEY)
    second = await caller("POST", ITEMS, ONE, headers=KEY)

    assert second.json == first.json
    assert second.status == first.status == 201
    assert second.header("ETag") == '"1"'
    assert second.header("Idempotency-Replayed") == "true"
    assert (await caller("GET", "/api/v1/basket")).json["itemCount"] == 1


async def test_the_same_key_for_another_request_is_refused() -> None:
    caller = make_caller()
    await caller("POST", ITEMS, ONE, headers=KEY)

    answer = await caller("POST", ITEMS, {**ONE, "quantity": 2}, headers=KEY)

    assert (answer.status, answer.code) == (422, "idempotency_key_reuse")


async def test_a_key_belongs_to_one_shopper_and_one_day() -> None:
    caller = make_caller()
    await caller("POST", ITEMS, ONE, headers=KEY)

    other = await caller("POST", ITEMS, {**ONE, "quantity": 2}, headers={**KEY, "X-Museo-User": "bob"})
    caller.clock.advance(hours=25)
    caller = caller.with_scopes("basket:write")
    later = await caller("POST", ITEMS, {**ONE, "quantity": 2}, headers=KEY)

    assert other.status == 201
    assert later.json["lines"][0]["quantity"] == 3


async def test_a_refusal_is_not_remembered_because_it_had_no_effect() -> None:
    caller = make_caller()
    body = {"sku": "IPHONE-15-512-BLUE", "quantity": 3}
    await caller("POST", ITEMS, {**body, "quantity": 1})
    refused = await caller("POST", ITEMS, body, headers=KEY)
    await caller("DELETE", "/api/v1/basket", headers={"If-Match": '"1"'})

    again = await caller("POST", ITEMS, body, headers=KEY)

    assert refused.code == "insufficient_stock"
    assert again.status == 201


async def test_a_key_whose_first_request_still_runs_is_409(autojump_clock: trio.testing.MockClock) -> None:
    caller = make_caller(fail="latency=2s")
    answers: list[Answer] = []

    async def add() -> None:
        answers.append(await caller("POST", ITEMS, ONE, headers=KEY))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(add)
        nursery.start_soon(add)

    assert sorted(answer.status for answer in answers) == [201, 409]
    refused = next(answer for answer in answers if answer.status == 409)
    assert refused.code == "idempotency_in_progress"
    assert refused.header("Retry-After") == "1"
    assert (await caller("POST", ITEMS, ONE, headers=KEY)).status == 201


async def test_a_request_that_is_cancelled_leaves_its_key_free_and_no_effect(
    autojump_clock: trio.testing.MockClock,
) -> None:
    caller = make_caller(fail="POST /api/v1/basket:latency=60s")

    with trio.move_on_after(1):
        await caller("POST", ITEMS, ONE, headers=KEY)

    assert (await caller("GET", "/api/v1/basket")).json["lines"] == []
    assert (await caller("POST", ITEMS, ONE, headers=KEY)).status == 201


@pytest.mark.parametrize("key", ["short", "x" * 129])
async def test_a_key_has_8_to_128_characters(key: str) -> None:
    answer = await make_caller()("POST", ITEMS, ONE, headers={"Idempotency-Key": key})

    assert (answer.status, answer.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "invalid_token"),
        (429, "rate_limited"),
        (500, "internal"),
        (502, "unavailable"),
        (503, "unavailable"),
    ],
)
async def test_failures_on_demand_look_like_real_ones(status: int, code: str) -> None:
    answer = await make_caller(fail=f"status={status},retry-after=7")("GET", "/api/v1/basket")

    assert (answer.status, answer.code) == (status, code)
    assert answer.header("Retry-After") == "7"


async def test_a_failure_on_demand_has_no_effect_and_a_dropped_answer_has() -> None:
    failing = make_caller(fail="POST /:status=500")
    await failing("POST", ITEMS, ONE)
    assert (await failing("GET", "/api/v1/basket")).json["itemCount"] == 0

    dropping = make_caller(fail="POST /:drop=1,first=1")
    headers = {
        "Host": "127.0.0.1",
        "Authorization": f"Bearer {dropping.token}",
        "X-Museo-User": "alice",
        "Content-Type": "application/json",
        **KEY,
    }
    body = b'{"sku":"IPHONE-15-128-BLUE","quantity":1}'
    request = HttpRequest("POST", ITEMS, ITEMS, "", Headers(list(headers.items())), body, "127.0.0.1", 1)
    assert isinstance(await dropping.app(request), Upgrade)
    again = await dropping("POST", ITEMS, body, headers=KEY)
    assert again.header("Idempotency-Replayed") == "true"
    assert again.json["itemCount"] == 1


async def test_garbage_on_demand_is_no_json() -> None:
    answer = await make_caller(fail="garbage=1")("GET", "/api/v1/basket")

    assert answer.status == 200
    assert answer.response.body.startswith(b"<html>")


async def test_a_bug_in_a_handler_is_a_500_that_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    caller = make_caller()

    def broken(*_: object) -> None:
        raise RuntimeError("the secret is hunter2")

    monkeypatch.setattr(Shop, "baskets", property(broken), raising=False)
    answer = await caller("GET", "/api/v1/basket")

    assert (answer.status, answer.code) == (500, "internal")
    assert b"hunter2" not in answer.response.body
