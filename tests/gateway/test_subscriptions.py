"""Who hears of what: lists and resources of children, to clients of both eras."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from museod.access.principal import Role, principal
from museod.gateway.children import Children
from museod.gateway.policy import ChildPolicy
from museod.gateway.router import Router
from museod.gateway.server import Server
from museod.gateway.subscriptions import CONFIRM_SECONDS, Subscription, Subscriptions
from museod.stores.sealing import Sealer
from museod.wire import codec
from museod.wire.envelope import NO_META
from museod.wire.messages import Request
from tests.fakes.children import FakeServer, attached, tool

CALLER = principal("ann", Role.CUSTOMER)


class ServerWithResources(FakeServer):
    """One resource, and word of its changes to whoever listens."""

    confirms = True

    async def _result(self, method: str, params: dict[str, Any]) -> Any:
        if method == "resources/list":
            return {"resources": [{"uri": "test://a", "name": "A"}]}
        if method == "resources/templates/list":
            return {"resourceTemplates": []}
        if method == "subscriptions/listen":
            return await self._listen(params)
        if method in ("resources/subscribe", "resources/unsubscribe"):
            return {}
        result = await super()._result(method, params)
        if "capabilities" in result:
            result["capabilities"]["resources"] = {"subscribe": True, "listChanged": True}
        return result

    async def _listen(self, params: dict[str, Any]) -> Any:
        assert self.connection is not None
        if self.confirms:
            wanted = {"notifications": params["notifications"], "_meta": {}}
            self.connection.notify("notifications/subscriptions/acknowledged", codec.encode(wanted))
        await trio.sleep_forever()

    def update(self, uri: str) -> None:
        assert self.connection is not None
        self.connection.notify("notifications/resources/updated", codec.encode({"uri": uri}))


def hub() -> tuple[Subscriptions, Children]:
    children = Children([ChildPolicy("shop", allow={"*": frozenset(Role)})])
    return Subscriptions(children), children


def subscription(*uris: str, lists: frozenset[str] = frozenset()) -> tuple[Subscription, list[str]]:
    heard: list[str] = []
    return Subscription(on_list=heard.append, on_updated=heard.append, lists=lists, uris=set(uris)), heard


@pytest.mark.parametrize("is_modern", [True, False])
async def test_an_update_reaches_those_who_watch_that_resource_and_nobody_else(is_modern: bool) -> None:
    subscriptions, children = hub()
    server = ServerWithResources(is_modern=is_modern)
    watching, heard = subscription("test://a")
    other, unheard = subscription("test://b")
    with trio.fail_after(5):
        async with attached(children, "shop", server), trio.open_nursery() as nursery:
            nursery.start_soon(children["shop"].upstreams[0].watch, lambda: None)
            subscriptions.open(watching)
            subscriptions.open(other)
            await subscriptions.wait_watched(["test://a"])
            server.update("test://a")
            while not heard:
                await trio.lowlevel.checkpoint()
            subscriptions.close(watching)
            server.update("test://a")
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()

    assert heard == ["test://a"]
    assert unheard == []


async def test_a_child_that_never_confirms_holds_nobody_up_for_long(autojump_clock: MockClock) -> None:
    subscriptions, children = hub()
    server = ServerWithResources()
    server.confirms = False
    async with attached(children, "shop", server), trio.open_nursery() as nursery:
        nursery.start_soon(children["shop"].upstreams[0].watch, lambda: None)
        subscriptions.open(subscription("test://a")[0])
        started = trio.current_time()
        await subscriptions.wait_watched(["test://a"])
        assert trio.current_time() - started == CONFIRM_SECONDS
        nursery.cancel_scope.cancel()


async def test_only_the_list_that_changed_is_told_of_and_only_when_it_did() -> None:
    subscriptions, children = hub()
    everything, heard = subscription(lists=frozenset({"tools", "resources", "prompts"}))
    only_prompts, unheard = subscription(lists=frozenset({"prompts"}))
    subscriptions.open(everything)
    subscriptions.open(only_prompts)
    server = FakeServer([tool("a")])
    async with attached(children, "shop", server):
        assert heard == ["tools"]
    async with attached(children, "shop", server):
        assert heard == ["tools"]
    async with attached(children, "shop", FakeServer([tool("b")])):
        assert heard == ["tools", "tools"]
    assert unheard == []


def new_server(draining: trio.Event) -> tuple[Server, Children]:
    subscriptions, children = hub()
    seal = Sealer([("k", b"k" * 32)])
    server = Server(Router(children), subscriptions, cursor_key=b"c" * 32, seal=seal, draining=draining)
    return server, children


async def test_a_listen_begins_with_what_is_honoured_tags_everything_and_ends_with_the_drain() -> None:
    draining = trio.Event()
    server, children = new_server(draining)
    child = ServerWithResources([tool("a")])
    told: list[tuple[str, Any]] = []
    results: list[Any] = []

    def emit(method: str, params: bytes) -> None:
        told.append((method, codec.decode(params)))

    async def listen() -> None:
        wishes = {"toolsListChanged": True, "resourceSubscriptions": ["test://a"]}
        request = Request("L", "subscriptions/listen", codec.Raw(codec.encode({"notifications": wishes})))
        results.append(codec.decode(await server.answer_modern(request, CALLER, emit, NO_META)))

    with trio.fail_after(5):
        async with attached(children, "shop", child), trio.open_nursery() as nursery:
            nursery.start_soon(children["shop"].upstreams[0].watch, lambda: None)
            nursery.start_soon(listen)
            while not told:
                await trio.lowlevel.checkpoint()
            child.update("test://a")
            while len(told) < 2:
                await trio.lowlevel.checkpoint()
            draining.set()
            while not results:
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()

    tag = {"io.modelcontextprotocol/subscriptionId": "L"}
    assert told == [
        (
            "notifications/subscriptions/acknowledged",
            {
                "notifications": {"toolsListChanged": True, "resourceSubscriptions": ["test://a"]},
                "_meta": tag,
            },
        ),
        ("notifications/resources/updated", {"uri": "test://a", "_meta": tag}),
    ]
    assert results[0]["resultType"] == "complete"
    assert results[0]["_meta"]["io.modelcontextprotocol/subscriptionId"] == "L"
    assert not server.subscriptions._subscriptions
