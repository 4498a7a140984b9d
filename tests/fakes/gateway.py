"""A whole gateway over children in memory, for the tests of its faces."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import trio
from msgspec import Raw

from museod.access.principal import Principal, Role
from museod.gateway.children import Children
from museod.gateway.policy import ChildPolicy
from museod.gateway.router import Router
from museod.gateway.server import Server
from museod.gateway.subscriptions import Subscriptions
from museod.stores.sealing import Sealer
from museod.wire.messages import Request
from tests.fakes.children import FakeServer, attached

MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
KEY = b"k" * 32


@dataclass
class Gateway:
    """The parts of a gateway with one child, `shop`, that everybody may call."""

    children: Children
    router: Router
    server: Server
    draining: trio.Event


@asynccontextmanager
async def open_gateway(
    shop: FakeServer,
    *,
    allow: dict[str, frozenset[Role]] | None = None,
    admit: Callable[[Principal], float | None] | None = None,
) -> AsyncIterator[Gateway]:
    """A gateway whose child is ready."""
    children = Children([ChildPolicy("shop", allow or {"*": frozenset(Role)}, call_timeout=5.0)])
    router, draining = Router(children), trio.Event()
    server = Server(
        router,
        Subscriptions(children),
        cursor_key=KEY,
        seal=Sealer([("k1", KEY)]),
        admit=admit,
        draining=draining,
    )
    async with attached(children, "shop", shop):
        yield Gateway(children, router, server, draining)


def message(method: str, *, id: object = 1, meta: dict[str, Any] | None = None, **params: Any) -> bytes:
    """A request as its client sends it; with `meta`, one of the modern era."""
    body = params if meta is None else {**params, "_meta": {**META, **meta}}
    return json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": body}).encode()


def request(method: str, *, id: int | str = 1, **params: Any) -> Request:
    """The same as the server gets it."""
    return Request(id, method, Raw(json.dumps(params).encode()))


INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}
