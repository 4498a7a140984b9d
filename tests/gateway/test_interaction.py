"""Questions of a child to the caller's client."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET, Raw

from museod.access.principal import Role, principal
from museod.errors import InvalidParams, RpcFailed
from museod.gateway.client import Client
from museod.gateway.interaction import (
    MAX_ROUNDS,
    RequestStates,
    input_required,
    retry_members,
    settle_for_legacy,
)
from museod.stores.sealing import Sealer
from museod.wire import codec

ANN, BOB = principal("ann", Role.CUSTOMER), principal("bob", Role.CUSTOMER)
FORM = {"method": "elicitation/create", "params": {"message": "Name?", "requestedSchema": {"type": "object"}}}


def asking(state: str | None = "state-of-the-child", **questions: Any) -> Raw:
    body: dict[str, Any] = {"resultType": "input_required", "inputRequests": questions or {"name": FORM}}
    if state is not None:
        body["requestState"] = state
    return Raw(codec.encode(body))


DONE = Raw(b'{"resultType":"complete","content":[{"type":"text","text":"\\"input_required\\""}]}')


def test_only_a_result_that_says_so_asks_for_input() -> None:
    assert input_required(DONE) is None
    found = input_required(asking())
    assert found is not None
    assert found.request_state == "state-of-the-child"


# ---- states of modern clients


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def states(clock: Clock | None = None) -> RequestStates:
    return RequestStates(Sealer([("k", b"k" * 32)]), clock=clock or Clock())


def sealed_state(of: RequestStates, result: Raw | None = None) -> str:
    closed = of.close(result or asking(), "shop", ANN, "tools/call", b"buy {}")
    state = codec.decode(closed)["requestState"]
    assert isinstance(state, str)
    return state


def test_a_state_comes_back_to_the_same_request_of_the_same_caller() -> None:
    of = states()
    state = sealed_state(of)

    assert "state-of-the-child" not in state
    assert of.open(state, "shop", ANN, "tools/call", b"buy {}") == "state-of-the-child"


@pytest.mark.parametrize(
    ("child", "caller", "method", "subject"),
    [
        ("other", ANN, "tools/call", b"buy {}"),
        ("shop", BOB, "tools/call", b"buy {}"),
        ("shop", principal("ann", Role.ADMIN), "tools/call", b"buy {}"),
        ("shop", ANN, "prompts/get", b"buy {}"),
        ("shop", ANN, "tools/call", b'buy {"n":2}'),
    ],
)
def test_a_state_of_another_request_is_refused(child: str, caller: Any, method: str, subject: bytes) -> None:
    of = states()
    state = sealed_state(of)
    with pytest.raises(InvalidParams, match="requestState"):
        of.open(state, child, caller, method, subject)


def test_a_forged_or_old_state_is_refused() -> None:
    clock = Clock()
    of = states(clock)
    state = sealed_state(of)
    for forged in (
        "",
        "x",
        state[:20] + ("A" if state[20] != "A" else "B") + state[21:],
        "state-of-the-child",
    ):
        with pytest.raises(InvalidParams):
            of.open(forged, "shop", ANN, "tools/call", b"buy {}")
    clock.now += 3601
    with pytest.raises(InvalidParams):
        of.open(state, "shop", ANN, "tools/call", b"buy {}")


def test_without_a_state_there_is_nothing_to_seal() -> None:
    assert states().close(asking(None), "shop", ANN, "tools/call", b"") == bytes(asking(None))


def test_answers_and_state_become_members_of_the_retry() -> None:
    assert retry_members(UNSET, None) == b""
    assert retry_members(Raw(b'{"a":1}'), "s") == b',"inputResponses":{"a":1},"requestState":"s"'


# ---- legacy clients


def nothing(_method: str, _params: bytes) -> None:
    raise AssertionError("nothing is emitted here")


def legacy_client(answers: dict[str, Any]) -> tuple[Client, list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    async def ask(method: str, params: bytes) -> Raw:
        seen.append((method, codec.decode(params)))
        answer = answers[method]
        if isinstance(answer, Exception):
            raise answer
        return Raw(codec.encode(answer))

    return Client(ANN, "2025-11-25", nothing, ask=ask), seen


async def test_a_legacy_client_is_asked_and_the_request_goes_again_with_its_answers() -> None:
    runs: list[bytes] = []

    async def again(members: bytes) -> Raw:
        runs.append(members)
        return DONE

    client, seen = legacy_client({"elicitation/create": {"action": "accept", "content": {"name": "Ann"}}})
    result = await settle_for_legacy(asking(), client, again)

    assert result is DONE
    assert seen == [("elicitation/create", FORM["params"])]
    assert codec.decode(b"{" + runs[0][1:] + b"}") == {
        "inputResponses": {"name": {"action": "accept", "content": {"name": "Ann"}}},
        "requestState": "state-of-the-child",
    }


async def test_several_questions_are_asked_together() -> None:
    async def again(members: bytes) -> Raw:
        assert set(codec.decode(b"{" + members[1:] + b"}")["inputResponses"]) == {"a", "b"}
        return DONE

    client, seen = legacy_client({"elicitation/create": {"action": "decline"}, "roots/list": {"roots": []}})
    questions = {"a": FORM, "b": {"method": "roots/list", "params": {}}}
    await settle_for_legacy(asking(None, **questions), client, again)

    assert sorted(method for method, _ in seen) == ["elicitation/create", "roots/list"]


async def test_an_elicitation_that_fails_is_a_cancel_and_anything_else_fails_the_call() -> None:
    async def again(members: bytes) -> Raw:
        assert b'{"action":"cancel"}' in members
        return DONE

    refusing = {"elicitation/create": RpcFailed(-1, "no"), "sampling/createMessage": RpcFailed(-1, "no")}
    client, _ = legacy_client(refusing)
    assert await settle_for_legacy(asking(), client, again) is DONE
    sampling = {"x": {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}}}
    with pytest.raises(RpcFailed, match="did not answer"):
        await settle_for_legacy(asking(None, **sampling), client, again)


async def test_a_client_that_cannot_be_asked_is_told_what_is_missing() -> None:
    async def again(_: bytes) -> Raw:
        raise AssertionError

    with pytest.raises(RpcFailed, match="elicitation/create"):
        await settle_for_legacy(asking(), Client(ANN, "2025-06-18", nothing), again)


async def test_a_child_that_never_stops_asking_is_stopped() -> None:
    runs = 0

    async def again(_: bytes) -> Raw:
        nonlocal runs
        runs += 1
        return asking()

    client, _ = legacy_client({"elicitation/create": {"action": "accept"}})
    with pytest.raises(RpcFailed, match="more than"):
        await settle_for_legacy(asking(), client, again)
    assert runs == MAX_ROUNDS


async def test_a_url_elicitation_carries_an_id_for_a_legacy_client() -> None:
    async def again(_: bytes) -> Raw:
        return DONE

    client, seen = legacy_client({"elicitation/create": {"action": "accept"}})
    url = {
        "method": "elicitation/create",
        "params": {"mode": "url", "message": "Go", "url": "https://x.example"},
    }
    await settle_for_legacy(asking(None, go=url), client, again)

    assert seen[0][1]["elicitationId"]
