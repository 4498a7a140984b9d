"""Results that are given again: whose, for how long, and what ends them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from msgspec import Raw

from museod.access.principal import Principal, Role, principal
from museod.errors import StoreUnavailable
from museod.gateway.cache import MAX_RESULT_BYTES, ResultCache
from museod.gateway.children import Children
from museod.gateway.policy import ChildPolicy
from museod.gateway.router import Reply, Router, Turn
from museod.observe import metrics
from museod.stores.base import CacheEntry, RequestCache
from museod.stores.opening import IN_MEMORY
from museod.wire import codec
from tests.fakes.children import FakeServer, attached, tool
from tests.fakes.stores import Engine, FakeClock

ANN = principal("ann", Role.CUSTOMER)
BOB = principal("bob", Role.CUSTOMER)
NOBODY = principal("", Role.GUEST)
SECONDS = 30.0
OWN_META = Raw(b'{"com.example/wish":"other"}')
STANDARD_META = Raw(b'{"io.modelcontextprotocol/protocolVersion":"2026-07-28","progressToken":1}')


class Shop:
    """A child that counts: each answer is another one."""

    def __init__(self, store: RequestCache, clock: FakeClock, **options: Any) -> None:
        self.clock = clock
        self.server = FakeServer(
            [
                tool("find"),
                tool("mine"),
                tool("plain", annotations={"readOnlyHint": True}),
                tool("write"),
            ],
            answers=dict.fromkeys(("find", "mine", "plain", "write"), self._answer),
        )
        self.result: dict[str, Any] = {}
        self.during: Any = None
        self.runs = 0
        policy = ChildPolicy(
            "shop",
            allow={"*": frozenset(Role)},
            **{"cache": {"find": SECONDS, "mine": SECONDS}, "cache_shared": frozenset({"find"}), **options},
        )
        self.children = Children([policy])
        self.router = Router(self.children, cache=ResultCache(store))

    async def _answer(self, params: dict[str, Any]) -> Any:
        if self.during is not None:
            await self.during(params)
        self.runs += 1
        return {"content": [{"type": "text", "text": f"answer {self.runs}"}], **self.result}

    async def call(
        self, name: str, caller: Principal = ANN, arguments: bytes = b"{}", **options: Any
    ) -> Reply:
        return await self.router.call(name, arguments, caller, **options)


@asynccontextmanager
async def open_shop(directory: Path, **options: Any) -> AsyncIterator[Shop]:
    engine = Engine(IN_MEMORY, directory)
    async with engine.open() as stores:
        shop = Shop(options.pop("store", stores.cache), engine.clock, **options)
        async with attached(shop.children, "shop", shop.server):
            yield shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        yield opened


def counted(outcome: str) -> float:
    value = metrics.registry.get_sample_value("museod_cache_total", {"cache": "request", "outcome": outcome})
    return value or 0.0


def text(reply: Reply) -> str:
    return reply.result().text


async def test_a_named_tool_is_asked_once_and_its_bytes_are_given_again(shop: Shop) -> None:
    hits, misses, stored = counted("hit"), counted("miss"), counted("stored")
    first, second = await shop.call("find"), await shop.call("find")

    assert (first.cached, second.cached) == (False, True)
    assert bytes(first.raw) == bytes(second.raw)
    assert second.child == "shop"
    assert shop.runs == 1
    assert (counted("hit"), counted("miss"), counted("stored")) == (hits + 1, misses + 1, stored + 1)


async def test_a_tool_that_nobody_named_is_never_looked_up(shop: Shop) -> None:
    before = counted("miss")
    assert [(await shop.call("plain")).cached for _ in range(2)] == [False, False]
    assert (shop.runs, counted("miss")) == (2, before)


async def test_a_result_ends_with_its_seconds(shop: Shop) -> None:
    await shop.call("find")
    shop.clock.advance(SECONDS + 1)
    assert not (await shop.call("find")).cached


@pytest.mark.parametrize(
    ("name", "other", "is_same"),
    [
        ("find", BOB, True),
        ("find", NOBODY, True),
        ("mine", BOB, False),
        ("mine", principal("ann", Role.ADMIN), False),
        ("mine", ANN, True),
    ],
)
async def test_others_are_given_shared_results_only(
    name: str, other: Principal, is_same: bool, shop: Shop
) -> None:
    await shop.call(name, ANN)
    assert (await shop.call(name, other)).cached is is_same


async def test_nothing_is_kept_for_a_caller_who_is_nobody(shop: Shop) -> None:
    await shop.call("mine", NOBODY)
    assert not (await shop.call("mine", NOBODY)).cached


@pytest.mark.parametrize(
    ("arguments", "locale", "is_same"),
    [
        (b'{"b":[1,{"y":2,"x":1}],"a":"\\u00e9"}', "de", True),
        ('{ "a" : "é", "b" : [1, {"x": 1, "y": 2}] }'.encode(), "de", True),
        (b'{"b":[1,{"y":2,"x":1}],"a":"e"}', "de", False),
        (b'{"b":[{"y":2,"x":1},1],"a":"\\u00e9"}', "de", False),
        (b'{"b":[1,{"y":2,"x":1}],"a":"\\u00e9"}', "en", False),
    ],
)
async def test_the_same_question_is_the_same_arguments_in_any_order_and_the_same_language(
    arguments: bytes, locale: str, is_same: bool, shop: Shop
) -> None:
    question = b'{"b":[1,{"y":2,"x":1}],"a":"\\u00e9"}'
    await shop.call("find", ANN, question, turn=Turn(locale="de"))
    reply = await shop.call("find", ANN, arguments, turn=Turn(locale=locale))
    assert reply.cached is is_same


@pytest.mark.parametrize(
    "result",
    [
        {"isError": True},
        {"resultType": "input_required", "inputRequests": {}},
        {"structuredContent": "x" * MAX_RESULT_BYTES},
    ],
    ids=["failed", "a question", "too large"],
)
async def test_only_complete_results_of_a_fair_size_are_kept(result: dict[str, Any], shop: Shop) -> None:
    shop.result = result
    await shop.call("find")
    assert not (await shop.call("find")).cached


async def test_a_call_that_showed_progress_is_not_kept(shop: Shop) -> None:
    async def progress(params: dict[str, Any]) -> None:
        assert shop.server.connection is not None
        body = {"progressToken": params["_meta"]["progressToken"], "progress": 1}
        shop.server.connection.notify("notifications/progress", codec.encode(body))

    seen: list[object] = []
    shop.during = progress
    await shop.call("find", on_progress=seen.append)
    assert seen
    assert not (await shop.call("find", on_progress=seen.append)).cached


@pytest.mark.parametrize(("meta", "may_share"), [(STANDARD_META, True), (OWN_META, False)])
async def test_a_caller_who_tells_the_child_something_of_its_own_shares_nothing(
    meta: Raw, may_share: bool, shop: Shop
) -> None:
    await shop.call("find", ANN, meta=meta)
    assert (await shop.call("find", BOB)).cached is may_share
    assert (await shop.call("find", BOB, meta=meta)).cached is may_share


async def test_a_callers_write_ends_its_own_results_and_nobody_elses(shop: Shop) -> None:
    for caller in (ANN, BOB):
        await shop.call("mine", caller)
    await shop.call("find", ANN)
    before = counted("dropped")

    await shop.call("plain", ANN)
    assert (await shop.call("mine", ANN)).cached, "reading is no writing"
    await shop.call("write", ANN)

    assert counted("dropped") == before + 1
    assert not (await shop.call("mine", ANN)).cached
    assert (await shop.call("mine", BOB)).cached
    assert (await shop.call("find", ANN)).cached


async def test_what_was_being_read_during_a_write_is_not_kept(shop: Shop) -> None:
    is_reading, may_answer = trio.Event(), trio.Event()

    async def wait(params: dict[str, Any]) -> None:
        if params["name"] == "mine":
            is_reading.set()
            await may_answer.wait()

    shop.during = wait
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(shop.call, "mine")
            await is_reading.wait()
            await shop.call("write")
            may_answer.set()
    assert not (await shop.call("mine")).cached


async def test_a_write_that_was_cancelled_may_have_been_done(shop: Shop) -> None:
    await shop.call("mine")
    is_writing = trio.Event()

    async def hang(_: dict[str, Any]) -> None:
        is_writing.set()
        await trio.sleep_forever()

    shop.during = hang
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(shop.call, "write")
            await is_writing.wait()
            nursery.cancel_scope.cancel()
    shop.during = None
    assert not (await shop.call("mine")).cached


class BrokenStore:
    """Remembers until it breaks."""

    def __init__(self) -> None:
        self.is_broken = False
        self.kept: dict[tuple[str, str], bytes] = {}

    def _check(self) -> None:
        if self.is_broken:
            raise StoreUnavailable("away")

    async def get(self, owner: str, request_hash: str) -> CacheEntry:
        await trio.lowlevel.checkpoint()
        self._check()
        return CacheEntry(owner, request_hash, 0, self.kept.get((owner, request_hash)))

    async def set(self, entry: CacheEntry, value: bytes, *, ttl_seconds: float) -> None:
        await trio.lowlevel.checkpoint()
        self._check()
        self.kept[entry.owner, entry.request_hash] = value

    async def drop(self, owner: str) -> None:
        await trio.lowlevel.checkpoint()
        self._check()
        self.kept = {key: value for key, value in self.kept.items() if key[0] != owner}


class HangingStore(BrokenStore):
    """Never answers once it is broken."""

    def _check(self) -> None:
        return

    async def get(self, owner: str, request_hash: str) -> CacheEntry:
        if self.is_broken:
            await trio.sleep_forever()
        return await super().get(owner, request_hash)

    async def drop(self, owner: str) -> None:
        if self.is_broken:
            await trio.sleep_forever()
        await super().drop(owner)


@pytest.mark.parametrize("kind", [BrokenStore, HangingStore])
async def test_a_store_in_trouble_fails_no_call(kind: type[BrokenStore], tmp_path: Path) -> None:
    store = kind()
    async with open_shop(tmp_path, store=store) as shop:
        await shop.call("find")
        store.is_broken = True
        with trio.fail_after(5):
            assert text(await shop.call("find")) == "answer 2"
            assert text(await shop.call("write")) == "answer 3"
        store.is_broken = False
        assert text(await shop.call("find")) == "answer 1"


@pytest.mark.parametrize("kind", [BrokenStore, HangingStore])
async def test_what_a_store_could_not_drop_is_not_given_again(
    kind: type[BrokenStore], tmp_path: Path
) -> None:
    store = kind()
    async with open_shop(tmp_path, store=store) as shop:
        await shop.call("mine")
        store.is_broken = True
        await shop.call("write")
        assert not (await shop.call("mine")).cached
        store.is_broken = False
        assert not (await shop.call("mine")).cached
        assert (await shop.call("mine")).cached


async def test_a_hit_is_given_while_the_child_is_away(shop: Shop) -> None:
    await shop.call("find")
    child = shop.children["shop"]
    child.upstreams.clear()
    assert (await shop.call("find")).cached
