"""Which path goes to whom, and how each refusal looks."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio

from museod.access.principal import Principal
from museod.errors import Forbidden, RateLimited
from museod.front.door import Listener
from museod.transports.http1 import Exchange, HttpRequest, HttpResponse, StreamingResponse, Upgrade
from tests.fakes.front import LOOPBACK, OUTSIDE, SOCKET, FakeHouse, ask, header, request, upgrade


def error_of(response: HttpResponse) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(response.body)["error"]
    return error


# ---------------------------------------------------------------- paths


@pytest.mark.parametrize(
    ("line", "token", "came"),
    [
        ("POST /mcp", "ann", ("mcp POST", "ann")),
        ("GET /mcp", "ann", ("mcp GET", "ann")),
        ("DELETE /mcp", "ann", ("mcp DELETE", "ann")),
        ("POST /api/v1/messages", "ann", ("turn", "ann")),
        ("GET /api/v1/conversations/ann", "ann", ("export", "ann")),
        ("DELETE /api/v1/conversations/ann", "ann", ("erase", "ann")),
        ("DELETE /api/v1/conversations/guest%3Ax", "bob", ("erase", "guest:x")),
        ("POST /api/v1/processes/shop/restart", "op", ("restart", "shop")),
        ("POST /api/v1/reload", "op", ("reload", "")),
    ],
)
async def test_who_serves_a_path(line: str, token: str, came: tuple[str, str]) -> None:
    house = FakeHouse()
    response = await ask(request(line, token=token), house=house)
    assert response.status in (200, 204)
    assert house.came == [came]
    anonymous = await ask(request(line), house=house)
    assert anonymous.status == 401
    assert house.came == [came]


@pytest.mark.parametrize(
    ("line", "allow"),
    [
        ("POST /health", "GET, HEAD"),
        ("DELETE /ready", "GET, HEAD"),
        ("POST /metrics", "GET, HEAD"),
        ("POST /", "GET, HEAD"),
        ("GET /api/v1/messages", "POST"),
        ("PUT /api/v1/conversations/ann", "GET, DELETE"),
        ("POST /api/v1/processes", "GET, HEAD"),
        ("GET /api/v1/processes/shop/restart", "POST"),
        ("GET /api/v1/reload", "POST"),
    ],
)
async def test_a_wrong_method_names_the_right_ones(line: str, allow: str) -> None:
    response = await ask(request(line, token="op"))
    assert (response.status, header(response, "Allow")) == (405, allow)


@pytest.mark.parametrize(
    "line",
    [
        "GET /nothing",
        "GET /api",
        "GET /api/v1/processes/shop",
        "POST /api/v1/processes/a/b/restart",
        "GET /web/x.js",
    ],
)
async def test_nothing_is_there(line: str) -> None:
    response = await ask(request(line, token="op"))
    assert response.status == 404
    assert error_of(response)["message"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_health_needs_no_host_and_no_token(method: str) -> None:
    response = await ask(request(f"{method} /health", host="evil.example"))
    assert response.status == 200


@pytest.mark.parametrize("line", ["GET /ready", "GET /", "POST /mcp", "GET /metrics"])
async def test_a_foreign_host_or_origin_gets_nothing_else(line: str) -> None:
    assert (await ask(request(line, token="op", host="evil.example"))).status == 421
    assert (await ask(request(line, ("Origin", "null"), token="op"))).status == 403
    assert (await ask(request(line, ("Origin", "http://["), token="op"))).status == 403


@pytest.mark.parametrize(
    ("listener", "token", "ready_detail", "metrics_status"),
    [
        (OUTSIDE, None, False, 401),
        (OUTSIDE, "ann", False, 403),
        (OUTSIDE, "bad", False, 401),
        (OUTSIDE, "op", True, 200),
        (LOOPBACK, None, True, 200),
        (LOOPBACK, "bad", True, 200),
        (SOCKET, None, True, 200),
    ],
)
async def test_who_may_look_inside(
    listener: Listener, token: str | None, ready_detail: bool, metrics_status: int
) -> None:
    ready = await ask(request("GET /ready", token=token), listener)
    assert ready.status == 200
    assert ("children" in json.loads(ready.body)) is ready_detail
    assert (await ask(request("GET /metrics", token=token), listener)).status == metrics_status


@pytest.mark.parametrize(
    ("user", "token", "listener", "status"),
    [
        ("ann", "ann", OUTSIDE, 200),
        ("bob", "ann", OUTSIDE, 403),
        ("ann", "bob", OUTSIDE, 200),
        ("ann", "op", OUTSIDE, 403),
        ("ann", None, SOCKET, 200),
        ("a%2Fb", "bob", OUTSIDE, 400),
        ("", "bob", OUTSIDE, 400),
    ],
)
async def test_whose_conversation_one_may_see(
    user: str, token: str | None, listener: Listener, status: int
) -> None:
    response = await ask(request(f"GET /api/v1/conversations/{user}", token=token), listener)
    assert response.status == status
    if status == 200:
        assert header(response, "Cache-Control") == "no-store"


async def test_a_guest_owns_nothing_over_http() -> None:
    response = await ask(request("GET /api/v1/conversations/ann"), LOOPBACK, is_guest_mode=True)
    assert response.status == 403


async def test_a_turn_may_be_streamed_and_is_cancelled_by_hanging_up() -> None:
    house = FakeHouse()
    message = request("POST /api/v1/messages", ("Accept", "application/json, Text/Event-Stream"), token="ann")
    assert isinstance(await ask(message, house=house), StreamingResponse)
    assert house.came == [("stream", "ann")]
    assert message.cancel_on_hangup


# ---------------------------------------------------------------- refusals


WELL_KNOWN = "/.well-known/oauth-protected-resource"
ISSUER = "https://id.example"


@pytest.mark.parametrize(
    ("line", "token", "status", "challenge"),
    [
        ("POST /mcp", None, 401, ""),
        ("POST /api/v1/messages", None, 401, ""),
        ("POST /mcp", "bad", 401, 'error="invalid_token", '),
        ("GET /metrics", None, 401, 'scope="ops:read", '),
        ("GET /api/v1/processes", "bad", 401, 'error="invalid_token", scope="ops:read", '),
        ("POST /api/v1/processes/shop/restart", None, 401, 'scope="ops:write", '),
        ("POST /api/v1/reload", "ann", 403, 'error="insufficient_scope", scope="ops:write", '),
        ("GET /metrics", "ann", 403, 'error="insufficient_scope", scope="ops:read", '),
        ("GET /api/v1/conversations/bob", "ann", 403, 'error="insufficient_scope", scope="privacy:admin", '),
    ],
)
async def test_a_refused_caller_is_told_what_is_missing_and_where_to_get_it(
    line: str, token: str | None, status: int, challenge: str
) -> None:
    plain = await ask(request(line, token=token))
    assert (plain.status, header(plain, "WWW-Authenticate")) == (status, f'Bearer {challenge}realm="museod"')
    led = await ask(request(line, token=token), issuer=ISSUER)
    metadata = f"http://localhost{WELL_KNOWN}{'/mcp' if line.endswith('/mcp') else ''}"
    assert header(led, "WWW-Authenticate") == f'Bearer {challenge}resource_metadata="{metadata}"'
    shown = await ask(request(f"GET {metadata.removeprefix('http://localhost')}"), issuer=ISSUER)
    assert json.loads(shown.body)["authorization_servers"] == [ISSUER]


async def test_a_socket_is_refused_with_the_same_challenge() -> None:
    response = await ask(upgrade("/mcp", subprotocol="mcp, bearer.bad"), issuer=ISSUER)
    expected = f'Bearer error="invalid_token", resource_metadata="http://localhost{WELL_KNOWN}/mcp"'
    assert header(response, "WWW-Authenticate") == expected


@pytest.mark.parametrize(
    ("line", "issuer", "status"),
    [
        (f"GET {WELL_KNOWN}", ISSUER, 200),
        (f"HEAD {WELL_KNOWN}/mcp", ISSUER, 200),
        (f"POST {WELL_KNOWN}", ISSUER, 405),
        (f"GET {WELL_KNOWN}/other", ISSUER, 404),
        (f"GET {WELL_KNOWN}", None, 404),
        (f"GET {WELL_KNOWN}", "our-own-issuer", 404),
    ],
)
async def test_where_tokens_come_from_is_public_when_it_is_known(
    line: str, issuer: str | None, status: int
) -> None:
    assert (await ask(request(line), issuer=issuer)).status == status


async def test_refusals_on_the_mcp_endpoint_are_json_rpc_errors() -> None:
    response = await ask(request("POST /mcp"))
    body = json.loads(response.body)
    assert (body["jsonrpc"], body["id"], body["error"]["code"]) == ("2.0", None, -31002)
    assert body["error"]["data"]["kind"] == "authentication_error"
    assert body["error"]["data"]["correlationId"]


@pytest.mark.parametrize(
    "message", [request("GET /metrics"), request("POST /api/v1/messages"), upgrade("/chat")]
)
async def test_every_other_refusal_has_one_shape(message: HttpRequest) -> None:
    error = error_of(await ask(message))
    assert error["kind"] == "authentication_error"
    assert error["message"]
    assert error["correlationId"]


async def test_too_much_is_told_when_to_come_back() -> None:
    house = FakeHouse()
    house.error = RateLimited("Too many.", retry_after=1.2)
    response = await ask(request("POST /mcp", token="ann"), house=house)
    assert (response.status, header(response, "Retry-After")) == (429, "2")


async def test_known_but_not_allowed_is_403_without_a_challenge() -> None:
    house = FakeHouse()
    house.error = Forbidden("No.")
    response = await ask(request("POST /mcp", token="ann"), house=house)
    assert (response.status, header(response, "WWW-Authenticate")) == (403, None)


@pytest.mark.parametrize(
    "line", ["POST /mcp?token=ann", "GET /metrics?access_token=op", "POST /api/v1/messages?Token=x"]
)
async def test_a_token_in_the_url_is_refused(line: str) -> None:
    response = await ask(request(line))
    assert response.status == 400
    assert b"Authorization" in response.body


@pytest.mark.parametrize(
    ("given", "taken"),
    [("trace-12345678", True), ("short", False), ("bad\x01value-1234", False), (None, False)],
)
async def test_a_callers_correlation_id_is_taken_over_if_it_is_fit(given: str | None, taken: bool) -> None:
    headers = [] if given is None else [("X-Correlation-Id", given)]
    response = await ask(request("GET /ready", *headers))
    shown = header(response, "X-Correlation-Id")
    assert shown
    assert (shown == given) is taken


# ---------------------------------------------------------------- sockets


@pytest.mark.parametrize(
    ("target", "subprotocol", "token", "status"),
    [
        ("/chat", None, "ann", 101),
        ("/", "museo.chat", "ann", 101),
        ("/chat", "museo.chat, bearer.ann", None, 101),
        ("/chat?token=ann", None, None, 101),
        ("/?userId=x&token=ann", None, None, 101),
        ("/mcp", "mcp", "ann", 101),
        ("/mcp", "mcp, bearer.ann", None, 101),
        ("/", "mcp", "ann", 101),
        ("/mcp", None, "ann", 400),
        ("/mcp", "museo.chat", "ann", 400),
        ("/mcp?token=ann", "mcp", None, 400),
        ("/?token=ann", "mcp", None, 400),
        ("/chat", None, None, 401),
        ("/mcp", "mcp", None, 401),
        ("/other", None, "ann", 404),
        ("/other", "mcp", "ann", 404),
    ],
)
async def test_which_socket_is_opened_for_whom(
    target: str, subprotocol: str | None, token: str | None, status: int
) -> None:
    response = await ask(upgrade(target, subprotocol=subprotocol, token=token))
    found = 101 if isinstance(response, Upgrade) else response.status
    assert found == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [([("Upgrade", "h2c")], 426), ([("Upgrade", "websocket"), ("Connection", "Upgrade")], 426)],
)
async def test_what_is_no_good_handshake_is_refused(headers: list[tuple[str, str]], status: int) -> None:
    assert (await ask(request("GET /chat", *headers, token="ann"))).status == status


async def test_a_foreign_page_opens_no_socket() -> None:
    for origin in ("https://evil.example", "null", "http://localhost:1"):
        response = await ask(upgrade("/chat", ("Origin", origin), token="ann"))
        assert response.status == 403


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("GET", "/mcp", 0),
        ("HEAD", "/", 0),
        ("POST", "/api/v1/messages", 100),
        ("POST", "/mcp", 10_000),
        ("DELETE", "/mcp", 10_000),
    ],
)
def test_how_much_a_body_may_have(method: str, path: str, limit: int) -> None:
    assert FakeHouse().front().body_limit(method, path) == limit


async def test_a_request_can_be_cancelled_while_it_is_served() -> None:
    class Hanging(FakeHouse):
        async def handle(self, request: HttpRequest, caller: Principal) -> HttpResponse | Exchange:
            await trio.sleep_forever()
            raise AssertionError

    with trio.move_on_after(0) as scope:
        await Hanging().front().handle(request("POST /mcp", token="ann"), OUTSIDE)
    assert scope.cancelled_caught
