"""The door: Host, Origin, tokens, addresses."""

from __future__ import annotations

import contextlib
import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.access.principal import Principal, Role, principal
from museod.errors import CallError, Forbidden, InvalidRequest, RateLimited, Unauthenticated
from museod.front.door import ANONYMOUS, Door, Listener, NotOurHost, host_name, is_trusted_loopback, status_of
from museod.transports.http1 import Headers, HttpRequest

LOOPBACK, OUTSIDE = Listener(is_loopback=True), Listener(is_loopback=False)
OPERATOR = principal("local:ann", Role.OPERATOR)
SOCKET = Listener(is_loopback=True, operator=OPERATOR)


class FakeTokens:
    def read(self, token: str) -> Principal:
        if token != "good":
            raise Unauthenticated("Get a new one.")
        return principal("ann", Role.CUSTOMER)


def door(**options: Any) -> Door:
    return Door(FakeTokens(), **{"is_guest_mode": False, **options})


def request(
    *headers: tuple[str, str], query: str = "", peer: str = "127.0.0.1", host: str | None = "localhost:3300"
) -> HttpRequest:
    named = [] if host is None else [("Host", host)]
    return HttpRequest("GET", "/", "/", query, Headers([*named, *headers]), b"", peer, 1)


# ---------------------------------------------------------------- Host and Origin


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("localhost:3300", True),
        ("LOCALHOST:3300", True),
        ("127.0.0.1:3300", True),
        ("[::1]:3300", True),
        ("shop.example", True),
        ("shop.example:443", True),
        ("evil.example", False),
        ("evil.example:3300", False),
        ("localhost.evil.example", False),
        ("shop.example.evil.example", False),
        ("127.0.0.2", False),
        ("", False),
        (None, False),
    ],
)
def test_only_our_hosts_are_served(host: str | None, ours: bool) -> None:
    rules = door(hosts=frozenset({"shop.example"}))
    if ours:
        rules.check(request(host=host), OUTSIDE)
    else:
        with pytest.raises(NotOurHost) as caught:
            rules.check(request(host=host), OUTSIDE)
        assert status_of(caught.value) == 421


ALLOWED = {"origins": frozenset({"https://admin.example"}), "hosts": frozenset({"shop.example"})}


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("http://localhost:3300", "localhost:3300", True),
        ("https://shop.example", "shop.example", True),
        ("https://admin.example", "shop.example", True),
        ("HTTPS://ADMIN.EXAMPLE", "shop.example", True),
        ("null", "localhost:3300", False),
        ("", "localhost:3300", False),
        ("https://evil.example", "localhost:3300", False),
        ("http://localhost:3000", "localhost:3300", False),
        ("https://admin.example.evil.example", "shop.example", False),
        ("https://admin.example@evil.example", "shop.example", False),
        ("file://localhost:3300", "localhost:3300", False),
        ("chrome-extension://localhost:3300", "localhost:3300", False),
        ("http://localhost:3300/path", "localhost:3300", False),
        ("http://localhost:3300?q", "localhost:3300", False),
        ("http://[::1", "localhost:3300", False),
        ("http://[", "localhost:3300", False),
        ("http://", "localhost:3300", False),
    ],
)
def test_a_present_origin_must_be_allowed(origin: str, host: str, allowed: bool) -> None:
    message = request(("Origin", origin), host=host)
    if allowed:
        door(**ALLOWED).check(message, LOOPBACK)
    else:
        with pytest.raises(Forbidden) as caught:
            door(**ALLOWED).check(message, LOOPBACK)
        assert status_of(caught.value) == 403


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:5173", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("https://localhost:5173", False),
        ("http://localhost:x@evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://evil.example", False),
        ("null", False),
    ],
)
def test_guest_mode_also_lets_local_pages_in(origin: str, allowed: bool) -> None:
    guests = door(is_guest_mode=True)
    if allowed:
        guests.check(request(("Origin", origin)), LOOPBACK)
    else:
        with pytest.raises(Forbidden):
            guests.check(request(("Origin", origin)), LOOPBACK)


def test_two_origins_are_none_of_ours_and_no_origin_is_no_browser() -> None:
    door().check(request(), LOOPBACK)
    both = request(("Origin", "http://localhost:3300"), ("Origin", "http://localhost:3300"))
    with pytest.raises(Forbidden):
        door().check(both, LOOPBACK)


def test_the_unix_socket_is_guarded_by_its_permissions_alone() -> None:
    door().check(request(("Origin", "null"), host="evil.example"), SOCKET)


def test_a_star_allows_any() -> None:
    rules = door(origins=frozenset("*"), hosts=frozenset("*"))
    rules.check(request(("Origin", "https://anywhere.example"), host="else.example"), OUTSIDE)


@given(st.text(alphabet="abc:[]@/.?#%*1 ", max_size=20), st.text(alphabet="abc:[].1", max_size=10))
def test_no_origin_and_no_host_is_more_than_refused(origin: str, host: str) -> None:
    for value in (origin, "http://" + origin):
        with contextlib.suppress(Forbidden, NotOurHost):
            door(is_guest_mode=True).check(request(("Origin", value), host=host), LOOPBACK)


# ---------------------------------------------------------------- who calls


BEARER = ("Authorization", "Bearer good")
SUBPROTOCOL = ("Sec-WebSocket-Protocol", "museo.chat, bearer.good")


@pytest.mark.parametrize(
    ("headers", "query", "is_chat"),
    [
        ([BEARER], "", False),
        ([("Authorization", "bearer  good ")], "", False),
        ([SUBPROTOCOL], "", False),
        ([], "token=good", True),
        ([], "userId=ann&token=good&stream=1", True),
    ],
)
def test_where_a_token_may_be(headers: list[tuple[str, str]], query: str, is_chat: bool) -> None:
    visitor = door().admit(request(*headers, query=query), OUTSIDE, is_chat=is_chat)
    assert (visitor.caller.sub, visitor.has_token) == ("ann", True)
    assert not any(name.startswith("bearer.") for name in visitor.subprotocols)


@pytest.mark.parametrize(
    ("headers", "query", "is_chat", "error"),
    [
        ([], "", False, Unauthenticated),
        ([("Authorization", "Bearer bad")], "", False, Unauthenticated),
        ([("Authorization", "Basic good")], "", False, Unauthenticated),
        ([("Authorization", "good")], "", False, Unauthenticated),
        ([("Authorization", "Bearer ")], "", False, Unauthenticated),
        ([("Sec-WebSocket-Protocol", "bearer.bad")], "", True, Unauthenticated),
        ([], "token=bad", True, Unauthenticated),
        ([], "token=good", False, InvalidRequest),
        ([], "Token=good", True, InvalidRequest),
        ([], "access_token=good", True, InvalidRequest),
        ([BEARER, BEARER], "", False, InvalidRequest),
        ([BEARER, SUBPROTOCOL], "", True, InvalidRequest),
        ([BEARER], "token=good", True, InvalidRequest),
        ([], "token=good&token=good", True, InvalidRequest),
        ([], "&".join(["a=1"] * 101), True, InvalidRequest),
    ],
)
def test_where_it_may_not(
    headers: list[tuple[str, str]], query: str, is_chat: bool, error: type[CallError]
) -> None:
    with pytest.raises(error) as caught:
        door().admit(request(*headers, query=query), LOOPBACK, is_chat=is_chat)
    assert "good" not in caught.value.message


def test_query_tokens_can_be_switched_off() -> None:
    with pytest.raises(InvalidRequest):
        door(takes_query_tokens=False).admit(request(query="token=good"), OUTSIDE, is_chat=True)


def test_in_guest_mode_nobody_needs_a_token_but_a_bad_one_is_still_bad() -> None:
    guests = door(is_guest_mode=True)
    visitor = guests.admit(request(), OUTSIDE)
    assert (visitor.caller, visitor.has_token) == (ANONYMOUS, False)
    with pytest.raises(Unauthenticated):
        guests.admit(request(("Authorization", "Bearer bad")), LOOPBACK)


def test_the_unix_socket_vouches_for_its_operator() -> None:
    visitor = door().admit(request(host=None), SOCKET)
    assert visitor.caller is OPERATOR
    assert visitor.is_trusted_loopback
    assert not visitor.is_loopback_guest


# ---------------------------------------------------------------- how near


@pytest.mark.parametrize(
    ("listener", "peer", "host", "headers", "trusted"),
    [
        (LOOPBACK, "127.0.0.1", "localhost:3300", [], True),
        (LOOPBACK, "::1", "[::1]:3300", [], True),
        (LOOPBACK, "127.0.0.1", "shop.example", [], False),
        (LOOPBACK, "127.0.0.1", None, [], False),
        (OUTSIDE, "127.0.0.1", "localhost", [], False),
        (LOOPBACK, "10.0.0.1", "localhost", [], False),
        (LOOPBACK, "", "localhost", [], False),
        (LOOPBACK, "127.0.0.1", "localhost", [("X-Forwarded-For", "127.0.0.1")], False),
        (LOOPBACK, "127.0.0.1", "localhost", [("Forwarded", "for=127.0.0.1")], False),
        (LOOPBACK, "127.0.0.1", "localhost", [("Via", "1.1 proxy")], False),
        (LOOPBACK, "127.0.0.1", "localhost", [("X-Real-Ip", "")], False),
        (SOCKET, "unix", None, [("Via", "x")], True),
    ],
)
def test_loopback_is_trusted_only_when_nobody_stands_between(
    listener: Listener, peer: str, host: str | None, headers: list[tuple[str, str]], trusted: bool
) -> None:
    message = request(*headers, peer=peer, host=host)
    assert is_trusted_loopback(message, listener) is trusted
    visitor = door(is_guest_mode=True).admit(message, listener)
    assert visitor.is_loopback_guest is (trusted and listener.operator is None)


PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
        ("fd00::1", ["203.0.113.9"], "203.0.113.9"),
        ("203.0.113.5", ["1.1.1.1"], "203.0.113.5"),
        ("10.0.0.1", ["nonsense"], "nonsense"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    ],
)
def test_behind_proxies_the_caller_is_the_right_most_hop_that_is_none(
    peer: str, forwarded: list[str], address: str
) -> None:
    message = request(*(("X-Forwarded-For", value) for value in forwarded), peer=peer)
    assert door(trusted_proxies=PROXIES).client_address(message) == address
    assert door().client_address(message) == peer


@pytest.mark.parametrize(
    ("text", "name"),
    [("a:1", "a"), ("a", "a"), ("[::1]:1", "::1"), ("[::1]", "::1"), ("::1", "::1"), ("", ""), ("[", "")],
)
def test_the_name_in_a_host(text: str, name: str) -> None:
    assert host_name(text) == name


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unauthenticated("x"), 401),
        (Forbidden("x"), 403),
        (NotOurHost("x"), 421),
        (InvalidRequest("x"), 400),
        (RateLimited("x", retry_after=1), 429),
    ],
)
def test_the_status_of_an_error_at_the_door(error: CallError, status: int) -> None:
    assert status_of(error) == status
