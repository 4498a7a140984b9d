"""What the protected resource metadata says of us, under whatever name we are reached."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest

from museod.access.principal import Principal
from museod.errors import Forbidden, InvalidParams, Unauthenticated
from museod.front.discovery import METADATA_PATH, Discovery, InsufficientScope
from museod.front.door import Door
from museod.transports.http1 import Headers, HttpRequest

BASE = "https://shop.example"
ISSUER = "https://id.example"


def shown(discovery: Discovery, path: str = METADATA_PATH) -> dict[str, Any]:
    response = discovery.find(path, BASE)
    assert response is not None
    assert dict(response.headers)["Content-Type"] == "application/json"
    body: dict[str, Any] = json.loads(response.body)
    return body


@pytest.mark.parametrize(
    ("audience", "path", "resource"),
    [
        (None, "", BASE),
        (None, "/mcp", f"{BASE}/mcp"),
        ("museod", "/mcp", f"{BASE}/mcp"),
        ("https://public.example/mcp", "/mcp", "https://public.example/mcp"),
        ("https://public.example/mcp", "", "https://public.example/mcp"),
    ],
)
def test_the_resource_is_what_tokens_are_made_for(audience: str | None, path: str, resource: str) -> None:
    body = shown(Discovery(ISSUER, audience), METADATA_PATH + path)
    assert body["resource"] == resource
    assert body["authorization_servers"] == [ISSUER]
    assert body["bearer_methods_supported"] == ["header"]
    assert [] not in body.values()  # RFC 9728, 3.2: what would be empty is left out


@pytest.mark.parametrize(
    ("audience", "path", "url"),
    [
        (None, "/mcp", f"{BASE}{METADATA_PATH}/mcp"),
        (None, "/metrics", f"{BASE}{METADATA_PATH}"),
        ("https://public.example/mcp", "/metrics", f"https://public.example{METADATA_PATH}/mcp"),
        ("https://public.example", "/mcp", f"https://public.example{METADATA_PATH}"),
        ("museod", "/mcp", f"{BASE}{METADATA_PATH}/mcp"),
    ],
)
def test_a_challenge_leads_to_metadata_that_we_serve(audience: str | None, path: str, url: str) -> None:
    discovery = Discovery(ISSUER, audience)
    assert discovery.metadata_url(path, BASE) == url
    assert discovery.find(url.partition(".example")[2], BASE) is not None


def test_only_what_a_token_could_change_is_a_challenge() -> None:
    discovery = Discovery()

    def challenge(error: Any) -> str | None:
        return discovery.challenge(error, "/mcp", BASE, had_token=False)

    assert challenge(Forbidden("This Origin is not allowed.")) is None
    assert challenge(InvalidParams("x")) is None
    assert challenge(Unauthenticated("x")) == 'Bearer realm="museod"'
    both = challenge(InsufficientScope("x", "ops:read ops:write"))
    assert both == 'Bearer error="insufficient_scope", scope="ops:read ops:write", realm="museod"'


class NoTokens:
    def read(self, token: str) -> Principal:
        raise Unauthenticated("x")


@pytest.mark.parametrize(
    ("peer", "headers", "is_tls", "base"),
    [
        ("10.0.0.1", {"Host": "Shop.Example:8443"}, True, "https://shop.example:8443"),
        ("10.0.0.1", {"Host": "shop.example"}, False, "http://shop.example"),
        ("10.0.0.1", {"Host": "shop.example", "X-Forwarded-Proto": "https"}, False, "http://shop.example"),
        ("10.9.9.9", {"Host": "shop.example", "X-Forwarded-Proto": "https"}, False, "https://shop.example"),
        ("10.9.9.9", {"Host": "shop.example", "X-Forwarded-Proto": "http"}, True, "http://shop.example"),
        ("10.9.9.9", {"Host": "shop.example"}, True, "https://shop.example"),
        ("10.0.0.1", {}, False, "http://localhost"),
    ],
)
def test_how_a_client_sees_us(peer: str, headers: dict[str, str], is_tls: bool, base: str) -> None:
    door = Door(NoTokens(), False, trusted_proxies=[ipaddress.ip_network("10.9.9.9")])
    request = HttpRequest("GET", "/", "/", "", Headers(list(headers.items())), b"", peer, 1, is_tls)
    assert door.base_url(request) == base
