"""The storefront's tools on a sandbox of their own, a real process, with what a test needs around them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import trio

from mcps.kit.harness import Harness, open_harness
from mcps.museo.client import STOREFRONT_SCOPES, MuseoClient, ServiceAccount, open_museo
from mcps.storefront.tools import storefront_tools
from museod.wire.envelope import CONFIRMED
from museod.wire.tools import ToolResult
from tests.fakes.museo_sandbox import open_sandbox

ALICE = {"sub": "alice", "role": "customer", "conversationId": "c1"}
BOB = {"sub": "guest:bob", "role": "guest"}
PHONE = "IPHONE-15-128-BLACK"
SHORT_PHONE = "IPHONE-15-512-BLUE"  # three of them
SOLD_OUT_PHONE = "IPHONE-15-512-BLACK"

Between = Callable[[MuseoClient], Awaitable[object]]


class BusyShop:
    """The shop, where something happens right before each call of a method, as by another of one's tabs."""

    def __init__(self, shop: MuseoClient) -> None:
        self._shop = shop
        self.before: dict[str, list[Between]] = {}
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._shop, name)

        async def call(*arguments: Any, **more: Any) -> Any:
            self.calls.append(name)
            if self.before.get(name):
                await self.before[name].pop(0)(self._shop)
            return await method(*arguments, **more)

        return call


@dataclass
class Storefront:
    """The tools, called as a shopper."""

    harness: Harness
    shop: BusyShop
    url: str = ""

    async def control(self, method: str, path: str, content: object = None) -> None:
        """Something that only a stand-in shop can be told: another time, a provider that is down, …"""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as http:
            form = {"grant_type": "client_credentials"}
            reply = await http.post("/api/v1/auth/token", data=form, auth=("mcp_dev_key", "mcp_dev_secret"))
            headers = {"Authorization": f"Bearer {reply.json()['access_token']}"}
            done = await http.request(method, path, json=content, headers=headers)
            assert done.status_code < 300, done.text

    async def call(
        self,
        tool: str,
        caller: Mapping[str, Any] | None = ALICE,
        *,
        confirmed: bool = False,
        **arguments: Any,
    ) -> ToolResult:
        """One call; `confirmed` adds the gateway's statement of a yes."""
        meta = {CONFIRMED: {"digest": "d", "sub": caller["sub"], "turn": "t"}} if confirmed and caller else {}
        return await self.harness.call(tool, arguments, caller=caller, meta=meta)


@asynccontextmanager
async def open_storefront(*faults: str) -> AsyncIterator[Storefront]:
    """The tools on a sandbox of their own, which fails as `faults` say."""
    account = ServiceAccount("mcp_dev_key", "mcp_dev_secret", STOREFRONT_SCOPES)
    flags = [flag for fault in faults for flag in ("--fail", fault)]
    with trio.fail_after(30):
        async with open_sandbox(*flags) as sandbox, open_museo(sandbox.url, account) as client:
            shop = BusyShop(client)
            async with open_harness(storefront_tools(shop)) as harness:
                yield Storefront(harness, shop, sandbox.url)


@asynccontextmanager
async def open_storefront_without_shop() -> AsyncIterator[Storefront]:
    """The tools where no shop listens, for what is refused before one is asked."""
    account = ServiceAccount("k", "s", STOREFRONT_SCOPES)
    with trio.fail_after(20):
        async with open_museo("http://127.0.0.1:9", account) as client:
            shop = BusyShop(client)
            async with open_harness(storefront_tools(shop)) as harness:
                yield Storefront(harness, shop)


def codes(result: ToolResult) -> list[str]:
    """The codes of an answer's messages."""
    return [said["code"] for said in result.structured_content.get("messages", ())]
