"""One socket: frames in, answers out in order; limits, cancelling, drain, and what outlives nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from museod.access.principal import Principal, Role, principal
from museod.chat.engine import Engine
from museod.chat.messages import EventFrame
from museod.chat.session import ChatSession, SessionLimits
from museod.chat.speaker import acting_caller
from museod.errors import StoreUnavailable
from museod.transports.channel import MemoryChannel, open_memory_pair
from tests.fakes.conversations import FakeStores
from tests.fakes.tools import FakeTools, HangingTools, analysis, basket

ALICE = principal("alice", Role.CUSTOMER)
CONNECTOR = principal("bridge", Role.SERVICE)


class SocketEnd:
    """The server's end of a memory pair, with a close that says why."""

    def __init__(self, channel: MemoryChannel) -> None:
        self._channel = channel
        self.post = channel.post
        self.wait_drained = channel.wait_drained
        self.receive = channel.receive
        self.aclose = channel.aclose
        self.closed: tuple[int, str] | None = None

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)
        await self._channel.aclose()


class Client:
    """The other end: sends objects, receives objects, each wait bounded."""

    def __init__(self, channel: MemoryChannel, server: SocketEnd, session: ChatSession) -> None:
        self.channel, self.server, self.session = channel, server, session
        self._waiting: list[dict[str, Any]] = []

    def send(self, frame: object) -> None:
        self.channel.post(frame if isinstance(frame, bytes) else json.dumps(frame).encode())

    def say(self, text: str, id: str = "", user: str = "alice", **more: Any) -> None:
        frame = {
            "type": "message",
            "userId": user,
            "message": text,
            "clientType": "cli",
            "locale": "en",
            **more,
        }
        self.send({**frame, "id": id} if id else frame)

    async def receive(self) -> dict[str, Any]:
        with trio.fail_after(5):
            while not self._waiting:
                self._waiting += [json.loads(one) for one in await self.channel.receive()]
        return self._waiting.pop(0)


@asynccontextmanager
async def serving(
    tools: FakeTools, caller: Principal = ALICE, *, loopback_guest: bool = False, **options: Any
) -> AsyncIterator[Client]:
    near, far = open_memory_pair()
    server = SocketEnd(near)

    def caller_for(user_id: str, channel: str) -> Principal:
        return acting_caller(user_id, caller, loopback_guest=loopback_guest, channel=channel)

    session = ChatSession(server, Engine(tools, FakeStores().as_stores()), caller_for, **options)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(session.run)
        yield Client(far, server, session)
        nursery.cancel_scope.cancel()


def greeter() -> FakeTools:
    return FakeTools(analyze_intent=analysis("greeting"))


async def test_a_message_is_answered_under_its_id() -> None:
    async with serving(greeter()) as client:
        client.say("hello", "m1")
        answer = await client.receive()
        assert (answer["type"], answer["id"]) == ("response", "m1")
        assert answer["metadata"]["intent"] == "greeting"


async def test_a_message_without_an_id_gets_one() -> None:
    async with serving(greeter()) as client:
        client.say("hello")
        assert (await client.receive())["id"]


async def test_a_ping_is_answered_while_a_message_is_worked_on() -> None:
    tools = HangingTools("analyze_intent")
    async with serving(tools) as client:
        client.say("hello", "m1")
        client.send({"type": "ping"})
        assert await client.receive() == {"type": "pong"}


async def test_a_bad_frame_gets_an_error_and_the_socket_stays_open() -> None:
    async with serving(greeter()) as client:
        client.send(b"{nonsense")
        client.send({"type": "message", "id": "m1", "userId": "alice", "locale": "fr"})
        client.say("hello", "m2")
        first, second, third = [await client.receive() for _ in range(3)]
        assert (first["code"], first["id"], first["metadata"]["kind"]) == (-32700, None, "parse_error")
        assert (second["code"], second["id"]) == (-32602, "m1")
        assert "« message »" in second["message"]
        assert third["type"] == "response"


async def test_too_many_bad_frames_a_minute_close_the_socket() -> None:
    async with serving(greeter(), limits=SessionLimits(invalid_per_minute=3)) as client:
        for _ in range(3):
            client.send(b"nonsense")
            assert (await client.receive())["type"] == "error"
        assert client.server.closed is None
        client.send(b"nonsense")
        assert (await client.receive())["type"] == "error"
        with pytest.raises(Exception, match="closed"), trio.fail_after(5):
            await client.channel.receive()
        assert client.server.closed == (1008, "too many invalid frames")


async def test_bad_frames_are_forgotten_after_a_minute(autojump_clock: trio.testing.MockClock) -> None:
    async with serving(greeter(), limits=SessionLimits(invalid_per_minute=2)) as client:
        for _ in range(6):
            client.send(b"nonsense")
            assert (await client.receive())["type"] == "error"
            await trio.sleep(31)
        assert client.server.closed is None


async def test_answers_to_one_person_come_in_the_order_of_the_questions() -> None:
    async with serving(greeter()) as client:
        for number in range(20):
            client.say("hello", f"m{number}")
        assert [(await client.receive())["id"] for _ in range(20)] == [f"m{number}" for number in range(20)]


async def test_one_persons_wait_is_not_anothers() -> None:
    tools = HangingTools("get_basket")
    tools.answers["analyze_intent"] = lambda asked: analysis(
        "basket.view" if asked["message"] == "basket" else "greeting"
    )
    async with serving(tools, CONNECTOR) as client:
        client.say("basket", "m1", user="whatsapp:1")
        with trio.fail_after(5):
            await tools.asked.wait()
        client.say("hello", "m2", user="whatsapp:1")
        client.say("hello", "m3", user="whatsapp:2")
        assert (await client.receive())["id"] == "m3"


async def test_a_cancelled_message_is_told_so_and_the_next_one_is_answered() -> None:
    tools = HangingTools("get_basket")
    tools.answers["analyze_intent"] = lambda asked: analysis(
        "basket.view" if asked["message"] == "basket" else "greeting"
    )
    async with serving(tools) as client:
        client.say("basket", "m1")
        client.say("hello", "m2")
        with trio.fail_after(5):
            await tools.asked.wait()
        client.send({"type": "cancel", "id": "m1"})
        first, second = await client.receive(), await client.receive()
        assert (first["id"], first["type"], first["code"]) == ("m1", "error", -32600)
        assert (second["id"], second["type"]) == ("m2", "response")
        assert tools.was_cancelled


async def test_cancelling_what_is_answered_already_says_nothing() -> None:
    async with serving(greeter()) as client:
        client.send({"type": "cancel", "id": "unknown"})
        client.send({"type": "ping"})
        assert await client.receive() == {"type": "pong"}


async def test_messages_in_flight_are_bounded() -> None:
    tools = HangingTools("analyze_intent")
    async with serving(tools, limits=SessionLimits(in_flight=2)) as client:
        for number in range(3):
            client.say("hello", f"m{number}")
        refused = await client.receive()
        assert (refused["id"], refused["code"]) == ("m2", -32003)
        assert refused["retryAfterMs"] == 1000
        assert client.session.in_flight == 2


async def test_a_rate_limit_is_told_with_the_time_to_wait() -> None:
    async def admit(caller: Principal) -> float | None:
        return None if caller.sub == "bob" else 1.5

    async with serving(greeter(), admit=admit) as client:
        client.say("hello", "m1")
        refused = await client.receive()
        assert (refused["code"], refused["retryAfterMs"]) == (-32003, 1500)
        assert "2 seconds" in refused["message"]


async def test_a_limit_that_cannot_be_asked_limits_nobody() -> None:
    async def admit(_caller: Principal) -> float | None:
        raise StoreUnavailable("away")

    async with serving(greeter(), admit=admit) as client:
        client.say("hello")
        assert (await client.receive())["type"] == "response"


async def test_nobody_speaks_for_somebody_else() -> None:
    tools = greeter()
    async with serving(tools) as client:
        client.say("hello", "m1", user="bob")
        refused = await client.receive()
        assert (refused["id"], refused["code"]) == ("m1", -32002)
        assert "“alice”" in refused["message"]
        assert tools.calls == []


async def test_a_guest_on_loopback_is_a_guest_under_its_name() -> None:
    tools = greeter()
    stranger = Principal(sub="", role=Role.GUEST)
    async with serving(tools, stranger, loopback_guest=True) as client:
        client.say("hello", user="user123")
        assert (await client.receive())["type"] == "response"
        assert tools.callers[0].sub == "guest:user123"


async def test_a_new_guest_is_told_its_token_once() -> None:
    guest = principal("guest:r4nd0m", Role.GUEST)
    async with serving(greeter(), guest, guest_token="t0ken") as client:
        client.say("hello")
        client.say("hello")
        first, second = await client.receive(), await client.receive()
        assert first["metadata"]["guestToken"] == "t0ken"
        assert "guestToken" not in second["metadata"]


async def test_progress_comes_only_to_those_who_asked() -> None:
    tools = FakeTools(analyze_intent=analysis("basket.view"), get_basket={"basket": basket()})
    async with serving(tools) as client:
        client.say("basket", "m1")
        assert (await client.receive())["type"] == "response"
        client.say("basket", "m2", stream=True)
        assert [(await client.receive())["type"] for _ in range(3)] == ["progress", "progress", "response"]
    async with serving(tools, streams=True) as client:
        client.say("basket", "m3")
        progress = await client.receive()
        assert progress == {
            "type": "progress",
            "id": "m3",
            "stage": "understanding",
            "text": "I am reading your message …",
        }


async def test_feedback_is_counted_and_not_answered() -> None:
    from museod.observe import metrics

    counter = metrics.intent_feedback_total.labels("false")
    before = counter._value.get()
    async with serving(greeter()) as client:
        client.send({"type": "feedback", "id": "m1", "correct": False, "intent": "basket.view"})
        client.send({"type": "ping"})
        assert await client.receive() == {"type": "pong"}
        assert counter._value.get() == before + 1


async def test_a_handover_takes_the_scope_for_it() -> None:
    async with serving(greeter()) as client:
        client.send({"type": "handover", "userId": "bob", "action": "take"})
        assert "handover:agent" in (await client.receive())["message"]


async def test_draining_answers_what_is_in_flight_then_closes() -> None:
    gate = trio.Event()
    tools = greeter()
    plain_call = tools.call

    async def call(*args: Any, **options: Any) -> Any:
        await gate.wait()
        return await plain_call(*args, **options)

    tools.call = call  # type: ignore[method-assign]
    async with serving(tools) as client:
        client.say("hello", "m1")
        client.send({"type": "ping"})
        assert await client.receive() == {"type": "pong"}
        client.session.drain(3.0)
        client.say("hello", "m2")
        refused = await client.receive()
        assert (refused["id"], refused["code"], refused["retryAfterMs"]) == ("m2", -32000, 3000)
        assert client.server.closed is None
        gate.set()
        assert (await client.receive())["id"] == "m1"
        with pytest.raises(Exception, match="closed"), trio.fail_after(5):
            await client.channel.receive()
        assert client.server.closed == (1001, "restarting")


async def test_an_idle_socket_drains_at_once() -> None:
    async with serving(greeter()) as client:
        client.send({"type": "ping"})
        await client.receive()
        client.session.drain(3.0)
        with pytest.raises(Exception, match="closed"), trio.fail_after(5):
            await client.channel.receive()


async def test_a_client_that_leaves_cancels_what_it_asked_for() -> None:
    tools = HangingTools("analyze_intent")
    async with serving(tools) as client:
        client.say("hello")
        with trio.fail_after(5):
            await tools.asked.wait()
        await client.channel.aclose()
        await trio.testing.wait_all_tasks_blocked()
        assert tools.was_cancelled
        assert client.session.in_flight == 0


async def test_an_event_is_sent_unasked() -> None:
    async with serving(greeter()) as client:
        client.send({"type": "ping"})
        await client.receive()
        client.session.tell(EventFrame("token_expiring", {"inSeconds": 60}))
        assert await client.receive() == {"type": "event", "kind": "token_expiring", "inSeconds": 60}


# ---- humans of the shop


AGENT = principal("ann", Role.CUSTOMER, extra_scopes=frozenset({"handover:agent"}))


@asynccontextmanager
async def two_sockets(tools: FakeTools) -> AsyncIterator[tuple[Client, Client, Engine]]:
    """A customer's socket and that of a human of the shop, on one engine."""
    engine = Engine(tools, FakeStores().as_stores())
    clients = []
    async with trio.open_nursery() as nursery:
        for caller in (ALICE, AGENT):
            near, far = open_memory_pair()
            server = SocketEnd(near)

            def caller_for(user_id: str, channel: str, caller: Principal = caller) -> Principal:
                return acting_caller(user_id, caller, channel=channel)

            session = ChatSession(server, engine, caller_for, principal=caller)
            nursery.start_soon(session.run)
            clients.append(Client(far, server, session))
        yield clients[0], clients[1], engine
        nursery.cancel_scope.cancel()


async def test_a_human_takes_a_conversation_over_and_both_sides_hear_each_other() -> None:
    async with two_sockets(greeter()) as (alice, ann, _):
        alice.say("hello", "m1")
        assert (await alice.receive())["type"] == "response"
        ann.send({"type": "handover", "userId": "alice", "action": "take"})
        taken = await ann.receive()
        assert (taken["type"], taken["kind"], taken["state"]) == ("event", "handover", "human")
        assert taken["summary"]["turns"][0]["text"] == "hello"
        told = await alice.receive()
        assert (told["kind"], told["state"]) == ("handover", "human")
        alice.say("are you there?", "m2")
        assert "colleague" in (await alice.receive())["message"]
        heard = await ann.receive()
        assert (heard["kind"], heard["from"], heard["text"]) == ("human", "user", "are you there?")
        ann.send({"type": "handover", "userId": "alice", "action": "say", "text": "Yes, Ann here."})
        assert (await ann.receive())["delivered"] == 1
        said = await alice.receive()
        assert (said["kind"], said["from"], said["text"]) == ("human", "human", "Yes, Ann here.")
        ann.send({"type": "handover", "userId": "alice", "action": "return"})
        assert (await ann.receive())["state"] == "returned"
        assert (await alice.receive())["state"] == "returned"


async def test_a_customer_cannot_take_a_conversation_over() -> None:
    async with two_sockets(greeter()) as (alice, _, __):
        alice.send({"type": "handover", "userId": "bob", "action": "take"})
        refused = await alice.receive()
        assert (refused["type"], refused["code"]) == ("error", -32002)


async def test_a_socket_that_has_gone_is_told_nothing() -> None:
    async with two_sockets(greeter()) as (alice, ann, engine):
        alice.say("hello", "m1")
        await alice.receive()
        await alice.channel.aclose()
        with trio.fail_after(5):
            while engine.presence.tell("alice", EventFrame("human", {})):
                await trio.testing.wait_all_tasks_blocked()
        ann.send({"type": "handover", "userId": "alice", "action": "take"})
        assert (await ann.receive())["delivered"] == 0
