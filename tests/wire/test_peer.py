"""The JSON-RPC machine: two of them against each other over a network that re-orders, drops and repeats."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from museod.errors import LocalProtocolError
from museod.wire import codec
from museod.wire.messages import Notification, Request
from museod.wire.peer import Answered, Peer, Refused, Stray


def received(peer: Peer[Any], message: dict[str, Any] | bytes) -> Any:
    return peer.receive(message if isinstance(message, bytes) else json.dumps(message).encode())


class TwoPeers(RuleBasedStateMachine):
    """Both sides call and answer; each call carries its own name, and each answer repeats it."""

    def __init__(self) -> None:
        super().__init__()
        self.peers: list[Peer[str]] = [Peer(max_pending=6), Peer(max_pending=6)]
        self.wires: list[list[bytes]] = [[], []]  # wires[n] leads to peer n
        self.begun = 0
        self.waiting: list[set[str]] = [set(), set()]
        self.ids: list[dict[str, int]] = [{}, {}]
        self.settled: set[str] = set()
        self.asked: list[list[tuple[Any, str]]] = [[], []]  # requests that peer n has to answer
        self.is_open = True

    @precondition(lambda self: self.is_open)
    @rule(side=st.integers(0, 1))
    def call(self, side: int) -> None:
        self.begun += 1
        name = f"call {self.begun}"
        params = codec.encode({"name": name})
        if len(self.waiting[side]) >= 6:
            with pytest.raises(LocalProtocolError):
                self.peers[side].request("x", params, name)
            return
        id, message = self.peers[side].request("x", params, name)
        self.waiting[side].add(name)
        self.ids[side][name] = id
        self.wires[1 - side].append(message)

    @precondition(lambda self: self.is_open)
    @rule(side=st.integers(0, 1), place=st.integers(0, 1000), repeats=st.booleans())
    def deliver(self, side: int, place: int, repeats: bool) -> None:
        if not self.wires[side]:
            return
        place %= len(self.wires[side])
        message = self.wires[side][place] if repeats else self.wires[side].pop(place)
        event = self.peers[side].receive(message)
        if isinstance(event, Request):
            self.asked[side].append((event.id, codec.decode(event.params)["name"]))
        elif isinstance(event, Answered):
            assert event.context in self.waiting[side], "answered twice, or never asked"
            assert (event.result is None) != (event.error is None)
            if event.result is not None:
                assert codec.decode(event.result) == event.context
            self.waiting[side].discard(event.context)
            self.settled.add(event.context)
        elif isinstance(event, Refused):
            self.wires[1 - side].append(event.reply)
        else:
            assert isinstance(event, Stray)

    @precondition(lambda self: self.is_open)
    @rule(side=st.integers(0, 1), place=st.integers(0, 1000))
    def drop(self, side: int, place: int) -> None:
        if self.wires[side]:
            self.wires[side].pop(place % len(self.wires[side]))

    @precondition(lambda self: self.is_open)
    @rule(
        side=st.integers(0, 1), place=st.integers(0, 1000), how=st.sampled_from(["result", "error", "drop"])
    )
    def settle(self, side: int, place: int, how: str) -> None:
        if not self.asked[side]:
            return
        id, name = self.asked[side].pop(place % len(self.asked[side]))
        peer = self.peers[side]
        if how == "drop":
            assert peer.drop(id)
            reply = None
        elif how == "result":
            reply = peer.result(id, codec.encode(name))
        else:
            reply = peer.error(id, -1, name)
        assert (reply is None) == (how == "drop")
        assert peer.result(id, b"{}") is None, "answered twice"
        if reply is not None:
            self.wires[1 - side].append(reply)

    @precondition(lambda self: self.is_open)
    @rule(side=st.integers(0, 1), place=st.integers(0, 1000))
    def forget(self, side: int, place: int) -> None:
        if not self.waiting[side]:
            return
        name = sorted(self.waiting[side])[place % len(self.waiting[side])]
        assert self.peers[side].forget(self.ids[side][name])
        assert not self.peers[side].forget(self.ids[side][name])
        self.waiting[side].discard(name)

    @rule()
    def close(self) -> None:
        self.is_open = False
        for side, peer in enumerate(self.peers):
            assert set(peer.close()) == self.waiting[side]
            assert peer.waiting == peer.serving == 0
            self.waiting[side].clear()
            self.asked[side].clear()

    @invariant()
    def the_peers_count_what_is_open(self) -> None:
        for side, peer in enumerate(self.peers):
            assert peer.waiting == len(self.waiting[side])
            assert peer.serving == len(self.asked[side])
            ids = [id for id, _ in self.asked[side]]
            assert len(set(ids)) == len(ids)


# A repeated request message is a second request to the receiver once the first is settled, as JSON-RPC has
# it; its answer repeats the name of the call, and finds it settled (stray) or waiting (once).
TestTwoPeers = TwoPeers.TestCase
TestTwoPeers.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.binary(max_size=60))
def test_nothing_that_comes_raises(data: bytes) -> None:
    peer: Peer[str] = Peer()
    peer.request("x", b"", "mine")
    assert isinstance(peer.receive(data), Answered | Request | Notification | Refused | Stray)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"error": "boom"},
        {"error": {"code": "x", "message": "m"}},
        {"result": {}, "error": {"code": 1, "message": "m"}},
    ],
)
def test_a_garbled_answer_fails_its_call_and_is_never_answered(spoiled: dict[str, Any]) -> None:
    peer: Peer[str] = Peer()
    id, _ = peer.request("x", b"", "mine")
    message = {"jsonrpc": "2.0", "id": id, **spoiled}

    event = received(peer, message)

    assert isinstance(event, Answered)
    assert event.context == "mine"
    assert event.error is not None
    assert event.error.code == -32603
    assert received(peer, message) == Stray(id)


def test_ids_of_different_types_are_different_ids() -> None:
    peer: Peer[str] = Peer()
    assert isinstance(received(peer, {"jsonrpc": "2.0", "id": 1, "method": "x"}), Request)
    assert isinstance(received(peer, {"jsonrpc": "2.0", "id": "1", "method": "x"}), Request)
    assert isinstance(received(peer, {"jsonrpc": "2.0", "id": 1, "method": "x"}), Refused)
    assert peer.result("1", b"{}") == b'{"jsonrpc":"2.0","id":"1","result":{}}'
    assert peer.result(1, b"{}") == b'{"jsonrpc":"2.0","id":1,"result":{}}'
    assert received(peer, {"jsonrpc": "2.0", "id": "1", "result": {}}) == Stray("1")


def test_more_requests_than_allowed_are_refused_and_room_is_found_again() -> None:
    peer: Peer[str] = Peer(max_pending=2)
    for id in (1, 2):
        assert isinstance(received(peer, {"jsonrpc": "2.0", "id": id, "method": "x"}), Request)
    refused = received(peer, {"jsonrpc": "2.0", "id": 3, "method": "x"})
    assert isinstance(refused, Refused)
    assert json.loads(refused.reply)["id"] == 3
    assert peer.drop(1)
    assert not peer.drop(1)
    assert isinstance(received(peer, {"jsonrpc": "2.0", "id": 3, "method": "x"}), Request)


def test_notifications_pass() -> None:
    peer: Peer[str] = Peer()
    event = received(peer, {"jsonrpc": "2.0", "method": "n", "params": {"a": 1}})
    assert isinstance(event, Notification)
    assert peer.serving == 0
