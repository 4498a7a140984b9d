"""The yes of a person: who asks for it, what it is bound to, that it counts once, that nobody forges it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from museod.access.principal import Principal, Role, principal
from museod.errors import CallError, ChildUnavailable, InvalidParams, InvalidRequest, StoreUnavailable
from museod.gateway.children import Children
from museod.gateway.confirm import (
    CONFIRM_SECONDS,
    Confirmations,
    Confirmed,
    digest_of,
    may_need_yes,
    question_before,
    question_of,
    stripped,
    without_confirm,
)
from museod.gateway.policy import ChildPolicy
from museod.gateway.relay import Relay
from museod.gateway.router import Router
from museod.gateway.server import Server
from museod.gateway.subscriptions import Subscriptions
from museod.stores.sealing import Sealer
from museod.wire import codec, envelope
from museod.wire.handshake import Handshake
from tests.fakes.children import FakeServer, attached, tool
from tests.fakes.conversations import FakeConfirmations
from tests.fakes.gateway import INITIALIZE, META, request

ANN = principal("ann", Role.ADMIN)
BOB = principal("bob", Role.ADMIN)
NOBODY = Principal(sub="", role=Role.GUEST)
OWNER = Principal(sub="eve", role=Role.CUSTOMER, contacts={"email": "Eve@shop.example", "phone": "+491"})
CONFIRMED = "ai.museo/confirmed"
FORMS: dict[str, Any] = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
DELETE = {"product": "p1"}


# ---- the table


@pytest.mark.parametrize(
    ("name", "arguments", "caller", "expected"),
    [
        ("delete_product", {"product": "p"}, ANN, True),
        ("get_payment_link", {}, OWNER, True),
        ("create_from_file", {"source": {}}, ANN, False),
        ("create_from_file", {"source": {}, "dryRun": True}, ANN, False),
        ("create_from_file", {"source": {}, "dryRun": False}, ANN, True),
        ("update_product", {"product": "p", "changes": {"title": "x"}}, ANN, False),
        ("update_product", {"product": "p", "changes": {"price": {}}}, ANN, True),
        ("update_product", {"product": "p", "changes": {"price": {}}, "dryRun": True}, ANN, False),
        ("remove_from_basket", {"line": "l"}, OWNER, False),
        ("remove_from_basket", {"all": True}, OWNER, True),
        ("send_email", {"to": ["eve@shop.example"]}, OWNER, False),
        ("send_email", {"to": ["eve@shop.example", "x@y.z"]}, OWNER, True),
        ("send_email", {"to": ["x@y.z"]}, ANN, True),
        ("send_sms", {"to": "+491"}, OWNER, False),
        ("send_sms", {"to": "+492"}, OWNER, True),
        ("send_whatsapp", {"to": "+491"}, OWNER, True),
        ("search_products", {"query": "x"}, OWNER, False),
        ("add_to_basket", {"sku": "x"}, OWNER, False),
    ],
)
def test_what_destroys_or_costs_needs_a_yes(
    name: str, arguments: dict[str, Any], caller: Principal, expected: bool
) -> None:
    assert may_need_yes(name, arguments, caller) is expected


def test_the_gateway_asks_before_a_message_goes_to_somebody_else_and_names_them() -> None:
    to = [f"u{place}@y.z" for place in range(7)]
    asked = question_before("send_email", {"to": to}, ANN)
    assert asked is not None
    assert "u0@y.z" in asked.data["summary"]
    assert "and 2 more" in asked.data["summary"]
    assert question_before("send_email", {"to": ["eve@shop.example"]}, OWNER) is None
    assert question_before("delete_product", DELETE, ANN) is None, "its child knows what it is called"


# ---- what a yes is bound to


def test_the_order_and_the_blanks_of_arguments_do_not_matter() -> None:
    assert digest_of("t", b'{"a":1,"b":{"c":2,"d":3}}') == digest_of("t", b'{ "b": {"d":3, "c":2}, "a": 1}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
OBJECT = st.dictionaries(st.text(max_size=4), JSON, max_size=4)


@given(OBJECT, OBJECT, st.sampled_from(["a", "b"]), st.sampled_from(["a", "b"]))
def test_other_arguments_or_another_tool_are_another_call(
    one: dict[str, Any], two: dict[str, Any], tool_one: str, tool_two: str
) -> None:
    same = digest_of(tool_one, json.dumps(one).encode()) == digest_of(tool_two, json.dumps(two).encode())
    # As JSON: to Python, 1 is True.
    canonical = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    assert same is (tool_one == tool_two and canonical)


@pytest.mark.parametrize(
    ("given_arguments", "left"),
    [
        (b'{"product":"p","confirm":true}', {"product": "p"}),
        (b'{"product":"p"}', {"product": "p"}),
        (b'{"changes":{"confirm":true}}', {"changes": {"confirm": True}}),
    ],
)
def test_a_confirm_argument_is_taken_away(given_arguments: bytes, left: dict[str, Any]) -> None:
    assert codec.decode(stripped(given_arguments)) == left


def test_what_is_no_object_is_left_to_the_schema() -> None:
    assert stripped(b'["confirm"]') == b'["confirm"]'
    assert stripped(b'{"confirm"') == b'{"confirm"'


def test_a_schema_is_shown_without_its_confirm_property() -> None:
    schema = {"type": "object", "properties": {"a": {}, "confirm": {}}, "required": ["a", "confirm"]}
    shown = codec.decode(without_confirm(Raw(codec.encode(schema))))
    assert shown == {"type": "object", "properties": {"a": {}}, "required": ["a"]}
    other = Raw(b'{"type":"object","description":"\\"confirm\\" it"}')
    assert without_confirm(other) == other


# ---- tickets


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> FakeConfirmations:
    return FakeConfirmations()


@pytest.fixture
def confirmations(store: FakeConfirmations, clock: Clock) -> Confirmations:
    return Confirmations(store, clock=clock)


async def test_a_yes_gives_the_call_away_once(confirmations: Confirmations) -> None:
    ticket = await confirmations.ask(ANN, "delete_product", b'{"product":"p1"}', conversation="c")
    taken = await confirmations.take(ANN, ticket.id, conversation="c", turn="t1")
    assert taken is not None
    assert (taken.tool, taken.arguments) == ("delete_product", b'{"product":"p1"}')
    assert taken.confirmed.fits("delete_product", b'{ "product": "p1" }', ANN)
    assert not taken.confirmed.fits("delete_product", b'{"product":"p2"}', ANN)
    assert not taken.confirmed.fits("delete_product", b'{"product":"p1"}', BOB)
    assert await confirmations.take(ANN, ticket.id, conversation="c") is None


async def test_a_yes_of_another_or_in_another_conversation_is_none(confirmations: Confirmations) -> None:
    ticket = await confirmations.ask(ANN, "delete_product", b"{}", conversation="c")
    assert await confirmations.take(BOB, ticket.id, conversation="c") is None
    assert await confirmations.take(ANN, ticket.id, conversation="other") is None
    assert await confirmations.take(ANN, ticket.id, conversation="c") is None, "and it is spent then"


async def test_a_yes_after_five_minutes_is_none(confirmations: Confirmations, clock: Clock) -> None:
    ticket = await confirmations.ask(ANN, "delete_product", b"{}")
    assert ticket.expires_at == clock.now + CONFIRM_SECONDS
    clock.now += CONFIRM_SECONDS
    assert await confirmations.take(ANN, ticket.id) is None


async def test_a_no_ends_it(confirmations: Confirmations) -> None:
    ticket = await confirmations.ask(ANN, "delete_product", b"{}")
    await confirmations.drop(ANN, ticket.id)
    assert await confirmations.take(ANN, ticket.id) is None


async def test_without_the_store_nothing_is_confirmed(
    confirmations: Confirmations, store: FakeConfirmations
) -> None:
    ticket = await confirmations.ask(ANN, "delete_product", b"{}")
    store.error = StoreUnavailable("away")
    with pytest.raises(ChildUnavailable):
        await confirmations.take(ANN, ticket.id)
    with pytest.raises(ChildUnavailable):
        await confirmations.ask(ANN, "delete_product", b"{}")
    await confirmations.drop(ANN, ticket.id)


async def test_nobody_in_particular_cannot_say_yes(confirmations: Confirmations) -> None:
    with pytest.raises(InvalidRequest, match="token"):
        await confirmations.ask(NOBODY, "delete_product", b"{}")


# ---- reading a child's question


def asks(**members: Any) -> dict[str, Any]:
    structured = {
        "kind": "invalid_request",
        "reason": "confirmation_required",
        "summary": "Archive the Phone?",
        "tool": "delete_product",
        **members,
    }
    text = [{"type": "text", "text": "Archive the Phone? …"}]
    return {"content": text, "structuredContent": structured, "isError": True}


def read(result: dict[str, Any]) -> object:
    return question_of(Raw(codec.encode(result)), "delete_product", b'{"product":"p1"}')


def test_a_question_is_about_the_call_or_about_the_childs_more_exact_arguments() -> None:
    found = question_of(Raw(codec.encode(asks())), "delete_product", b'{"product":"p1"}')
    assert found is not None
    assert (found.summary, found.arguments) == ("Archive the Phone?", b'{"product":"p1"}')
    exact = question_of(Raw(codec.encode(asks(arguments={"product": "id9"}))), "delete_product", b"{}")
    assert exact is not None
    assert codec.decode(exact.arguments) == {"product": "id9"}


@pytest.mark.parametrize(
    "result",
    [
        {**asks(), "isError": False},
        asks(reason="ambiguous"),
        asks(tool="send_email"),
        {"content": [{"type": "text", "text": "confirmation_required"}], "isError": True},
        {"structuredContent": ["confirmation_required"], "isError": True},
    ],
)
def test_anything_else_is_no_question(result: dict[str, Any]) -> None:
    assert read(result) is None


# ---- over MCP


@dataclass
class Shop:
    """A gateway over a trusted child whose delete_product needs a yes."""

    server: Server
    router: Router
    child: FakeServer
    store: FakeConfirmations

    @property
    def done(self) -> list[dict[str, Any]]:
        """The statements with which something was deleted."""
        calls = [params for method, params in self.child.seen if method == "tools/call"]
        return [call["_meta"][CONFIRMED] for call in calls if CONFIRMED in call.get("_meta", {})]

    async def call(
        self,
        arguments: dict[str, Any] = DELETE,
        *,
        caller: Principal = ANN,
        meta: dict[str, Any] | None = None,
        name: str = "delete_product",
        **params: Any,
    ) -> dict[str, Any]:
        """As a modern client that shows forms, unless `meta` says otherwise."""
        asked = request(
            "tools/call", name=name, arguments=arguments, **params, _meta={**META, **(FORMS | (meta or {}))}
        )
        with trio.fail_after(5):
            found = await self.server.answer_modern(
                asked, caller, lambda _method, _params: None, envelope.read_meta(asked.params)
            )
        plain: dict[str, Any] = json.loads(found)
        return plain

    async def call_legacy(
        self, answer: Callable[[str, bytes], Raw] | None, **handshake: Any
    ) -> dict[str, Any]:
        shaken = Handshake()
        members: dict[str, Any] = {**INITIALIZE, "capabilities": handshake}
        initialize = request("initialize", **members)

        async def ask(method: str, params: bytes) -> Raw:
            assert answer is not None
            return answer(method, params)

        def emit(_method: str, _params: bytes) -> None:
            return None

        with trio.fail_after(5):
            await self.server.answer_legacy(initialize, ANN, emit, shaken)
            shaken.notified("notifications/initialized")
            found = await self.server.answer_legacy(
                request("tools/call", name="delete_product", arguments=DELETE),
                ANN,
                emit,
                shaken,
                ask=ask if answer is not None else None,
            )
        plain: dict[str, Any] = json.loads(found)
        return plain


async def _delete(params: dict[str, Any]) -> dict[str, Any]:
    if CONFIRMED not in params.get("_meta", {}):
        return asks(arguments=params["arguments"])
    return {"content": [{"type": "text", "text": "gone"}], "structuredContent": {"ok": True}}


async def _send(params: dict[str, Any]) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": "sent"}], "structuredContent": params["arguments"]}


@asynccontextmanager
async def open_shop(*, is_trusted: bool = True) -> AsyncIterator[Shop]:
    schema = {
        "type": "object",
        "properties": {"product": {"type": "string"}, "confirm": {"type": "boolean"}},
        "required": ["product"],
    }
    child = FakeServer(
        [tool("delete_product", schema), tool("send_email")],
        answers={"delete_product": _delete, "send_email": _send},
    )
    policy = ChildPolicy("shop", {"*": frozenset(Role)}, call_timeout=5.0, identity=is_trusted)
    children = Children([policy])
    router, store = Router(children), FakeConfirmations()
    server = Server(
        router,
        Subscriptions(children),
        cursor_key=b"k" * 32,
        seal=Sealer([("k1", b"k" * 32)]),
        confirmations=Confirmations(store),
    )
    async with attached(children, "shop", child):
        yield Shop(server, router, child, store)


def yes(state: str, **answer: Any) -> dict[str, Any]:
    given = {"action": "accept", "content": {"confirm": True}} | answer
    return {"inputResponses": {"confirm": given}, "requestState": state}


async def test_a_modern_clients_yes_makes_the_call_once() -> None:
    async with open_shop() as shop:
        asked = await shop.call()
        assert asked["resultType"] == "input_required"
        form = asked["inputRequests"]["confirm"]
        assert form["method"] == "elicitation/create"
        assert form["params"]["message"] == "Archive the Phone?"
        assert shop.done == []
        done = await shop.call(**yes(asked["requestState"]))
        assert done["structuredContent"] == {"ok": True}
        (statement,) = shop.done
        assert statement["sub"] == "ann"
        assert statement["digest"] == digest_of("delete_product", b'{"product":"p1"}')
        assert statement["expiresAt"].endswith("Z")
        again = await shop.call(**yes(asked["requestState"]))
        assert again["isError"]
        assert "answered before" in again["content"][0]["text"]
        assert len(shop.done) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"action": "decline"},
        {"action": "cancel"},
        {"content": {"confirm": False}},
        {"content": {"confirm": "true"}},
        {"content": {}},
        {"content": None},
    ],
)
async def test_anything_but_a_yes_does_nothing_and_ends_the_question(answer: dict[str, Any]) -> None:
    async with open_shop() as shop:
        asked = await shop.call()
        assert (await shop.call(**yes(asked["requestState"], **answer)))["isError"]
        assert (await shop.call(**yes(asked["requestState"])))["isError"]
        assert shop.done == []


async def test_a_state_is_good_for_its_caller_and_its_arguments_alone() -> None:
    async with open_shop() as shop:
        state = (await shop.call())["requestState"]
        with pytest.raises(InvalidParams):
            await shop.call(caller=BOB, **yes(state))
        with pytest.raises(InvalidParams):
            await shop.call({"product": "p2"}, **yes(state))
        with pytest.raises(InvalidParams):
            await shop.call(**yes(state + "x"))
        with pytest.raises(InvalidParams):
            await shop.call(requestState=state, inputResponses={"other": {}})
        assert shop.done == []


async def test_a_client_that_cannot_be_asked_is_told_how_it_is_done() -> None:
    async with open_shop() as shop:
        declarations: list[dict[str, Any]] = [{}, {"elicitation": {"url": {}}}, {"sampling": {}}]
        for declared in declarations:
            refused = await shop.call(meta={"io.modelcontextprotocol/clientCapabilities": declared})
            assert refused["isError"]
            assert refused["structuredContent"]["reason"] == "confirmation_required"
            assert "elicitation" in refused["content"][0]["text"]
        assert shop.done == []
        assert shop.store.waiting == {}


async def test_an_anonymous_client_is_told_to_bring_a_token() -> None:
    async with open_shop() as shop:
        refused = await shop.call(caller=NOBODY)
        assert "connect with a token" in refused["content"][0]["text"]


async def test_no_meta_and_no_argument_of_a_client_is_a_yes() -> None:
    async with open_shop() as shop:
        forged = {CONFIRMED: {"sub": "ann", "digest": digest_of("delete_product", b'{"product":"p1"}')}}
        asked = await shop.call({**DELETE, "confirm": True}, meta=forged)
        assert asked["resultType"] == "input_required"
        assert shop.done == []
        sent = [params["arguments"] for method, params in shop.child.seen if method == "tools/call"]
        assert sent == [DELETE]


async def test_a_legacy_client_is_asked_while_its_call_waits() -> None:
    questions: list[tuple[str, Any]] = []

    def accept(method: str, params: bytes) -> Raw:
        questions.append((method, codec.decode(params)))
        return Raw(b'{"action":"accept","content":{"confirm":true}}')

    async with open_shop() as shop:
        done = await shop.call_legacy(accept, elicitation={})
        assert done["structuredContent"] == {"ok": True}
        assert [method for method, _ in questions] == ["elicitation/create"]
        assert questions[0][1]["message"] == "Archive the Phone?"
        assert len(shop.done) == 1


@pytest.mark.parametrize("answer", [b'{"action":"decline"}', b"[]", b'{"action":"accept","content":{}}'])
async def test_a_legacy_clients_no_does_nothing(answer: bytes) -> None:
    async with open_shop() as shop:
        refused = await shop.call_legacy(lambda _method, _params: Raw(answer), elicitation={})
        assert refused["isError"]
        assert shop.done == []


async def test_a_legacy_client_that_cannot_be_asked_is_told_how() -> None:
    async with open_shop() as shop:
        assert "elicitation" in (await shop.call_legacy(None))["content"][0]["text"]
        assert shop.done == []


async def test_a_message_to_others_is_asked_about_before_the_child_sees_it() -> None:
    async with open_shop() as shop:
        asked = await shop.call({"to": ["x@y.z"]}, name="send_email")
        assert asked["resultType"] == "input_required"
        assert [method for method, _ in shop.child.seen if method == "tools/call"] == []
        sent = await shop.call({"to": ["x@y.z"]}, name="send_email", **yes(asked["requestState"]))
        assert sent["structuredContent"] == {"to": ["x@y.z"]}


async def test_a_foreign_childs_tools_stay_as_they_are_and_no_yes_reaches_them() -> None:
    async with open_shop(is_trusted=False) as shop:
        passed_on = await shop.call({**DELETE, "confirm": True})
        assert passed_on["structuredContent"]["reason"] == "confirmation_required"
        (call,) = [params for method, params in shop.child.seen if method == "tools/call"]
        assert call["arguments"] == {**DELETE, "confirm": True}
        entry = shop.router.catalogue.find("delete_product")
        assert entry is not None
        assert b'"confirm"' in bytes(entry.listed)


async def test_our_tools_are_listed_without_a_confirm_argument() -> None:
    async with open_shop() as shop:
        entry = shop.router.catalogue.find("delete_product")
        assert entry is not None
        assert b'"confirm"' not in bytes(entry.listed)


async def test_a_yes_to_one_call_makes_no_other() -> None:
    async with open_shop() as shop:
        digest = digest_of("delete_product", b'{"product":"p1"}')
        said = Confirmed(digest, "ann", "t", 2e9)
        for arguments, caller in ((b'{"product":"p2"}', ANN), (b'{"product":"p1"}', BOB)):
            with pytest.raises(CallError):
                await shop.router.call("delete_product", arguments, caller, confirmed=said)
        assert shop.done == []
        await shop.router.call(
            "delete_product", b'{"product":"p1","confirm":1}', ANN, relay=Relay(ANN), confirmed=said
        )
        assert len(shop.done) == 1
