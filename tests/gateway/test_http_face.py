"""Sessions of the handshake era as the HTTP endpoint sees them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
import trio.testing
from msgspec import Raw

from museod.access.principal import Role, principal
from museod.gateway.http_face import HttpFace, SessionFace
from museod.wire import envelope
from museod.wire.messages import Malformed, Notification
from tests.fakes.children import FakeServer, echo, hang, tool
from tests.fakes.gateway import INITIALIZE, META, open_gateway, request

ANN, BOB = principal("ann", Role.CUSTOMER), principal("bob", Role.CUSTOMER)


def shop() -> FakeServer:
    return FakeServer([tool("echo"), tool("hang")], answers={"echo": echo, "hang": hang})


def nothing(*_: object) -> None:
    raise AssertionError


async def answered(session: SessionFace, method: str, *, id: int = 1, **params: Any) -> dict[str, Any]:
    with trio.fail_after(5):
        raw = await session.answer(request(method, id=id, **params), nothing, None, nothing)
    plain: dict[str, Any] = json.loads(raw)
    return plain


async def opened(face: HttpFace) -> SessionFace:
    session = face.open_session(ANN)
    await answered(session, "initialize", **INITIALIZE)
    face.keep_session(session)
    return session


async def test_a_modern_request_needs_no_session() -> None:
    async with open_gateway(shop()) as gateway:
        asked = request("tools/list", _meta=META)
        meta = envelope.read_meta(asked.params)
        raw = await HttpFace(gateway.server).answer(asked, ANN, nothing, meta)
    assert [one["name"] for one in json.loads(raw)["tools"]] == ["echo", "hang"]


async def test_a_session_can_be_found_once_it_is_kept_and_by_its_owner_only() -> None:
    async with open_gateway(shop()) as gateway:
        face = HttpFace(gateway.server)
        session = face.open_session(ANN)
        assert face.find_session(session.id, ANN) is None
        face.keep_session(session)
        found = face.find_session(session.id, ANN)
        assert found is not None
        assert found.id == session.id
        assert face.find_session(session.id, BOB) is None
        face.end_session(session)
        assert face.find_session(session.id, ANN) is None


async def test_a_session_remembers_what_was_agreed() -> None:
    async with open_gateway(shop()) as gateway:
        face = HttpFace(gateway.server)
        session = await opened(face)
        again = face.find_session(session.id, ANN)
        assert again is not None
        assert again.revision == "2025-06-18"
        assert (await answered(again, "tools/call", name="echo", arguments={}))["isError"] is False
        with pytest.raises(Malformed):
            await answered(again, "initialize", **INITIALIZE)


async def test_an_id_in_use_is_refused_and_cancelling_stops_the_work_of_that_id_only() -> None:
    stopped: list[int] = []
    async with open_gateway(shop()) as gateway, trio.open_nursery() as nursery:
        session = await opened(HttpFace(gateway.server))
        for id in (7, 8):
            asked = request("tools/call", id=id, name="hang", arguments={})
            nursery.start_soon(session.answer, asked, nothing, None, lambda id=id: stopped.append(id))
        with trio.fail_after(5):
            while gateway.children["shop"].in_flight < 2:
                await trio.lowlevel.checkpoint()
        with pytest.raises(Malformed, match="in use"):
            await answered(session, "ping", id=7)
        for params in (
            b'{"requestId":7}',
            b'{"requestId":"7"}',
            b'{"requestId":99}',
            b"{}",
            b'{"requestId":[]}',
        ):
            session.notified(Notification("notifications/cancelled", Raw(params)))
        assert stopped == [7]
        nursery.cancel_scope.cancel()


async def test_ending_a_session_stops_all_that_runs_in_it() -> None:
    stopped: list[int] = []
    async with open_gateway(shop()) as gateway, trio.open_nursery() as nursery:
        face = HttpFace(gateway.server)
        session = await opened(face)
        for id in (1, 2, 3):
            asked = request("tools/call", id=id, name="hang", arguments={})
            nursery.start_soon(session.answer, asked, nothing, None, lambda id=id: stopped.append(id))
        with trio.fail_after(5):
            while gateway.children["shop"].in_flight < 3:
                await trio.lowlevel.checkpoint()
        face.end_session(session)
        assert sorted(stopped) == [1, 2, 3]
        nursery.cancel_scope.cancel()


async def test_changed_lists_wait_for_the_sessions_own_stream() -> None:
    async with open_gateway(shop()) as gateway:
        session = await opened(HttpFace(gateway.server))
        child = gateway.children["shop"]
        gateway.children.leave(child, child.upstreams[0])
        gateway.children.state_changed("shop", "failed", 30.0)
        assert session.take_stream()
        assert not session.take_stream()
        with trio.fail_after(5):
            told = [json.loads(data)["method"] for data in await session.wait_events()]
        assert told == ["notifications/tools/list_changed"]
        with trio.move_on_after(0) as scope:
            await session.wait_events()
        assert scope.cancelled_caught
        session.give_stream_back()
        assert session.take_stream()


async def test_a_cancelled_request_frees_its_id() -> None:
    async with open_gateway(shop()) as gateway:
        session = await opened(HttpFace(gateway.server))
        with trio.move_on_after(0):
            asked = request("tools/call", id=7, name="hang", arguments={})
            await session.answer(asked, nothing, None, nothing)
        assert await answered(session, "ping", id=7) == {}
