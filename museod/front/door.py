"""
The door: Origin, Host and credentials of every request and upgrade, before anything reads its body.

Browsers are kept out by Origin and DNS rebinding by Host; who the caller is comes from a token, from the
file permissions of the unix socket, or, in guest mode, from nowhere.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from museod.access.principal import Principal, Role, principal
from museod.errors import CallError, Forbidden, InvalidRequest, Unauthenticated
from museod.transports.http1 import Headers, HttpRequest

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDING = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
_QUERY_TOKENS = frozenset({"token", "access_token"})
BEARER_SUBPROTOCOL = "bearer."
MAX_QUERY_FIELDS = 100  # ours have two
# Nobody in particular: may search and ask.
ANONYMOUS = principal("", Role.GUEST)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TokenReader(Protocol):
    """Turns a token into a caller."""

    def read(self, token: str) -> Principal:
        """Raises `Unauthenticated` with the remedy."""


class NotOurHost(InvalidRequest):
    """The Host header names somebody else (HTTP 421)."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a connection came in. `operator` is the caller that the unix socket's permissions vouch for."""

    is_loopback: bool
    operator: Principal | None = None

    @property
    def is_unix(self) -> bool:
        """Whether it is the unix socket."""
        return self.operator is not None


class Visitor(Struct):
    """
    Who is at the door.

    `has_token`: somebody vouches for `caller`. `address` is the client's, for rates.
    """

    caller: Principal
    address: str
    has_token: bool
    request: HttpRequest
    listener: Listener

    @property
    def is_trusted_loopback(self) -> bool:
        """Loopback peer, loopback Host, and nothing that says that somebody stands between."""
        return is_trusted_loopback(self.request, self.listener)

    @property
    def is_loopback_guest(self) -> bool:
        """Without a token, over trusted loopback, in guest mode."""
        return not self.has_token and self.is_trusted_loopback

    @property
    def subprotocols(self) -> list[str]:
        """What the upgrade offers, without tokens."""
        offered = offered_subprotocols(self.request)
        return [name for name in offered if not name.startswith(BEARER_SUBPROTOCOL)]


@dataclass(frozen=True, slots=True, eq=False)
class Door:
    """
    The rules of one daemon.

    Args:
        origins: allowed besides our own, as `scheme://host[:port]`; `*` allows any.
        hosts: allowed in Host besides loopback names, without port.
        trusted_proxies: networks whose forwarding headers are believed.
        takes_query_tokens: whether chat upgrades may carry `?token=`.
    """

    tokens: TokenReader
    is_guest_mode: bool
    origins: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    trusted_proxies: Sequence[Network] = field(default_factory=tuple)
    takes_query_tokens: bool = True

    def check(self, request: HttpRequest, listener: Listener) -> None:
        """
        Raises:
            NotOurHost: the Host header is not one of ours.
            Forbidden: the Origin is not allowed.
        """
        if not listener.is_unix:
            request.headers.derived(self._check_names)

    def _check_names(self, headers: Headers) -> None:
        host = (headers.get("host") or "").strip().lower()
        if "*" not in self.hosts and host_name(host) not in LOOPBACK_NAMES | self.hosts:
            raise NotOurHost("This host name is not served here; add it to MCP_ALLOWED_HOSTS.")
        origin = headers.get_all("origin")
        if origin and (len(origin) > 1 or not self._allows(origin[0].strip().lower(), host)):
            raise Forbidden("This Origin is not allowed; add it to MCP_ALLOWED_ORIGINS.")

    def _allows(self, origin: str, host: str) -> bool:
        if origin in self.origins or "*" in self.origins:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:  # such as an unfinished IPv6 address
            return False
        if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
            return False
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            return False
        if parts.netloc == host:
            return True
        return (
            self.is_guest_mode
            and parts.scheme == "http"
            and host_name(parts.netloc) in {"localhost", "127.0.0.1"}
        )

    def admit(self, request: HttpRequest, listener: Listener, *, is_chat: bool = False) -> Visitor:
        """
        Find out who calls.

        Args:
            is_chat: a chat upgrade, where the query may carry the token.

        Raises:
            Unauthenticated: no token where one is needed, or one that does not hold.
            InvalidRequest: two tokens, or one in a place where it would be logged by others.
        """
        if listener.operator is not None:
            return Visitor(listener.operator, "unix", True, request, listener)
        token = self._token(request, is_chat)
        if token is not None:
            caller = self.tokens.read(token)
        elif self.is_guest_mode:
            caller = ANONYMOUS
        else:
            raise Unauthenticated("Send a token: Authorization: Bearer <token>.")
        return Visitor(caller, self.client_address(request), token is not None, request, listener)

    def _token(self, request: HttpRequest, is_chat: bool) -> str | None:
        found = request.headers.derived(_tokens_in)
        if not request.query:
            return _single(found)
        found = list(found)
        try:
            fields = parse_qsl(request.query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
        except ValueError:
            raise InvalidRequest(f"A query has at most {MAX_QUERY_FIELDS} fields.") from None
        for name, value in fields:
            if name.lower() not in _QUERY_TOKENS:
                continue
            if not (is_chat and name == "token" and self.takes_query_tokens):
                raise InvalidRequest("Send the token as Authorization: Bearer <token>, never in the URL.")
            found.append(value)
        return _single(found)

    def client_address(self, request: HttpRequest) -> str:
        """The caller's address: the peer, or behind trusted proxies the right-most hop that is not one."""
        address = request.peer_host
        if not self.trusted_proxies:
            return address
        hops = [
            hop.strip() for value in request.headers.get_all("x-forwarded-for") for hop in value.split(",")
        ]
        while hops and self._is_proxy(address):
            address = hops.pop()
        return address

    def base_url(self, request: HttpRequest) -> str:
        """Scheme and authority under which the client sees us; of proxies only trusted ones may say which."""
        is_https = request.is_tls
        said = request.headers.tokens("x-forwarded-proto")
        if said and self._is_proxy(request.peer_host):
            is_https = said[-1] == "https"
        host = (request.headers.get("host") or "localhost").lower()
        return f"{'https' if is_https else 'http'}://{host}"

    def _is_proxy(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self.trusted_proxies)


def has_token(request: HttpRequest) -> bool:
    """Whether the headers bring a token, good or bad."""
    offered = request.headers.derived(_offered)
    return bool(request.headers.get("authorization")) or any(
        name.startswith(BEARER_SUBPROTOCOL) for name in offered
    )


def is_trusted_loopback(request: HttpRequest, listener: Listener) -> bool:
    """Loopback peer and Host and no sign of anybody in between; or the unix socket."""
    if listener.is_unix:
        return True
    if not listener.is_loopback or not is_loopback(request.peer_host):
        return False
    if any(request.headers.get(name) is not None for name in _FORWARDING):
        return False
    return host_name((request.headers.get("host") or "").lower()) in LOOPBACK_NAMES


def _single(tokens: Sequence[str]) -> str | None:
    if len(tokens) > 1:
        raise InvalidRequest("Send one token, in one place.")
    return tokens[0] if tokens else None


def _tokens_in(headers: Headers) -> list[str]:
    offered = headers.derived(_offered)
    return [
        *(_bearer(value) for value in headers.get_all("authorization")),
        *(name[len(BEARER_SUBPROTOCOL) :] for name in offered if name.startswith(BEARER_SUBPROTOCOL)),
    ]


def _bearer(value: str) -> str:
    scheme, _, token = value.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send a token: Authorization: Bearer <token>.")
    return token.strip()


def offered_subprotocols(request: HttpRequest) -> list[str]:
    """All names of Sec-WebSocket-Protocol, in order."""
    return list(request.headers.derived(_offered))


def _offered(headers: Headers) -> list[str]:
    values = headers.get_all("sec-websocket-protocol")
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def host_name(host: str) -> str:
    """A Host or netloc without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rsplit(":", 1)[0] if host.count(":") == 1 else host


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def status_of(error: CallError) -> int:
    """The HTTP status of an error at the door."""
    if isinstance(error, NotOurHost):
        return 421
    return 403 if isinstance(error, Forbidden) else error.codes.http
