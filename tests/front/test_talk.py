"""The conversation behind the port: who speaks, what they may send, and the drain."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
import trio.testing

from museod.access.principal import Principal, Role, principal
from museod.chat.engine import Engine
from museod.chat.session import SessionLimits
from museod.errors import ChannelClosed, Unauthenticated
from museod.front.door import ANONYMOUS, Listener, Visitor
from museod.front.talk import Talk
from museod.transports.channel import MemoryChannel, open_memory_pair
from museod.transports.http1 import Headers, HttpRequest
from tests.fakes.conversations import FakeStores
from tests.fakes.tools import FakeTools, analysis

ANN = principal("ann", Role.CUSTOMER)
CONNECTOR = principal("whatsapp-connector", Role.SERVICE)


class FakeTokens:
    """Reads the one token that `mint_guest` makes."""

    def read(self, token: str) -> Principal:
        if token != "minted":
            raise Unauthenticated("Get a new one.")
        return principal("guest:new", Role.GUEST)


class FakeChat:
    """A talk over scripted tools; `waits` are the answers of the allowances, by name."""

    def __init__(self) -> None:
        self.tools = FakeTools(analyze_intent=analysis("greeting"))
        self.taken: list[str] = []
        self.waits: dict[str, float] = {}
        self.staff: frozenset[str] = frozenset()
        self.draining = trio.Event()
        self.talk = Talk(
            engine=Engine(self.tools, FakeStores().as_stores()),
            tokens=FakeTokens(),
            mint_guest=lambda: "minted",
            take=self.take,
            staff=lambda: self.staff,
            limits=SessionLimits(),
            draining=self.draining,
        )

    async def take(self, name: str) -> float | None:
        self.taken.append(name)
        await trio.lowlevel.checkpoint()
        return self.waits.get(name)


class FakeSocket(MemoryChannel):
    """A channel that remembers how it was closed."""

    code = 0

    async def close(self, code: int, reason: str) -> None:
        self.code = code
        await self.aclose()


def visitor(caller: Principal = ANN, *, has_token: bool = True, near: bool = False) -> Visitor:
    headers = Headers([("Host", "localhost")])
    request = HttpRequest("POST", "/", "/", "", headers, b"", "127.0.0.1", 1)
    return Visitor(caller, "10.0.0.9", has_token, request, Listener(is_loopback=near))


STRANGER = visitor(ANONYMOUS, has_token=False)
NEIGHBOUR = visitor(ANONYMOUS, has_token=False, near=True)


def frame(user: str = "ann", **members: Any) -> bytes:
    body = {
        "type": "message",
        "id": "1",
        "userId": user,
        "message": "hello",
        "clientType": "cli",
        "locale": "en",
    }
    return json.dumps({**body, **members}).encode()


async def answer(chat: FakeChat, body: bytes, who: Visitor) -> tuple[int, dict[str, Any]]:
    with trio.fail_after(5):
        response = await chat.talk.answer(body, who)
    return response.status, json.loads(response.body)


@pytest.mark.parametrize(
    ("who", "user", "status", "speaks_as"),
    [
        (visitor(), "ann", 200, "ann"),
        (visitor(), "bob", 403, None),
        (STRANGER, "ann", 200, "guest:new"),
        (NEIGHBOUR, "ann", 200, "guest:ann"),
        (visitor(CONNECTOR), "whatsapp:49123", 200, "whatsapp:49123"),
        (visitor(CONNECTOR), "local:root", 403, None),
    ],
)
async def test_for_whom_a_turn_is_answered(
    who: Visitor, user: str, status: int, speaks_as: str | None
) -> None:
    chat = FakeChat()
    found, body = await answer(chat, frame(user), who)
    assert found == status, body
    assert {caller.sub for caller in chat.tools.callers} == (set() if speaks_as is None else {speaks_as})


async def test_a_stranger_is_told_the_token_to_come_back_with_and_nobody_else_is() -> None:
    chat = FakeChat()
    _, body = await answer(chat, frame(), STRANGER)
    assert body["metadata"]["guestToken"] == "minted"
    for who in (visitor(), NEIGHBOUR):
        _, body = await answer(chat, frame(), who)
        assert "guestToken" not in body["metadata"]


async def test_the_list_of_staff_is_that_of_the_moment() -> None:
    chat = FakeChat()
    await answer(chat, frame("boss"), visitor(CONNECTOR))
    chat.staff = frozenset({"boss"})
    await answer(chat, frame("boss", id="2"), visitor(CONNECTOR))
    assert [chat.tools.callers[0].role, chat.tools.callers[-1].role] == [Role.CUSTOMER, Role.ADMIN]


@pytest.mark.parametrize(
    ("who", "taken"),
    [
        (visitor(), ["user:ann"]),
        (STRANGER, ["user:guest:new", "address:10.0.0.9"]),
        (NEIGHBOUR, ["user:guest:ann"]),
    ],
)
async def test_whose_allowance_a_message_takes(who: Visitor, taken: list[str]) -> None:
    chat = FakeChat()
    await answer(chat, frame(), who)
    assert chat.taken == taken


async def test_too_many_messages_are_told_when_to_come_back() -> None:
    chat = FakeChat()
    chat.waits = {"user:ann": 2.5}
    with trio.fail_after(5):
        response = await chat.talk.answer(frame(), visitor())
    assert response.status == 429
    assert Headers(response.headers).get("Retry-After") == "3"
    assert not chat.tools.calls


async def test_a_turn_as_events_ends_with_the_answer() -> None:
    sent: list[bytes] = []

    async def send(data: bytes) -> None:
        await trio.lowlevel.checkpoint()
        sent.append(data)

    response = FakeChat().talk.stream(frame(), visitor())
    assert Headers(response.headers).get("Content-Type") == "text/event-stream"
    with trio.fail_after(5):
        await response.run(send)
    name, _, data = sent[-1].rstrip().partition(b"\n")
    assert name == b"event: response"
    assert json.loads(data.removeprefix(b"data: "))["message"]


def sockets() -> tuple[MemoryChannel, FakeSocket]:
    ours, theirs = open_memory_pair()
    return ours, FakeSocket(theirs._sender, theirs._receiver)


async def test_a_socket_is_served_until_the_client_leaves() -> None:
    ours, theirs = sockets()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: FakeChat().talk.serve(theirs, visitor(), wants_stream=False))  # type: ignore[arg-type]
            ours.post(frame())
            assert json.loads((await ours.receive())[0])["type"] == "response"
            await ours.aclose()


async def test_a_drain_closes_an_idle_socket() -> None:
    chat = FakeChat()
    ours, theirs = sockets()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: chat.talk.serve(theirs, visitor(), wants_stream=False))  # type: ignore[arg-type]
            await trio.testing.wait_all_tasks_blocked()
            chat.draining.set()
            with pytest.raises(ChannelClosed):
                await ours.receive()
    assert theirs.code == 1001


async def test_serving_a_socket_can_be_cancelled() -> None:
    _, theirs = sockets()
    with trio.move_on_after(0) as scope:
        await FakeChat().talk.serve(theirs, visitor(), wants_stream=False)  # type: ignore[arg-type]
    assert scope.cancelled_caught
