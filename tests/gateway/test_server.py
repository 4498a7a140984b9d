"""The MCP face: one request of either era to one result."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio

from museod.access.principal import Role, principal
from museod.errors import CallError, ChildUnavailable, InvalidParams, RateLimited, RpcFailed
from museod.observe.context import correlation_id
from museod.wire import envelope
from museod.wire.handshake import Handshake
from museod.wire.messages import Malformed
from tests.fakes.children import FakeServer, echo, hang, tool
from tests.fakes.gateway import INITIALIZE, META, Gateway, open_gateway, request

ANN = principal("ann", Role.CUSTOMER)
BOB = principal("bob", Role.ADMIN)
SERVER_INFO = "io.modelcontextprotocol/serverInfo"


def nothing(_: str, __: bytes) -> None:
    raise AssertionError


async def modern(
    gateway: Gateway,
    method: str,
    *,
    meta: dict[str, Any] | None = None,
    emit: Any = nothing,
    caller: Any = ANN,
    **params: Any,
) -> dict[str, Any]:
    asked = request(method, **params, _meta={**META, **(meta or {})})
    with trio.fail_after(5):
        answer = await gateway.server.answer_modern(asked, caller, emit, envelope.read_meta(asked.params))
    plain: dict[str, Any] = json.loads(answer)
    return plain


async def legacy(gateway: Gateway, handshake: Handshake, method: str, **params: Any) -> dict[str, Any]:
    with trio.fail_after(5):
        answer = await gateway.server.answer_legacy(request(method, **params), ANN, nothing, handshake)
    plain: dict[str, Any] = json.loads(answer)
    return plain


def shop(**answers: Any) -> FakeServer:
    tools = [tool("echo"), tool("count", {"type": "object", "required": ["n"]}), *map(tool, answers)]
    return FakeServer(tools, answers={"echo": echo, "count": echo, **answers})


async def test_discover_tells_the_modern_version_alone_and_how_long_that_holds() -> None:
    async with open_gateway(shop()) as gateway:
        found = await modern(gateway, "server/discover")
    assert found["resultType"] == "complete"
    assert found["supportedVersions"] == ["2026-07-28"]
    assert found["cacheScope"] == "private"
    assert found["ttlMs"] >= 0
    assert found["_meta"][SERVER_INFO]["name"] == "museo-mcp-orchestrator"
    assert "serverInfo" not in found


async def test_a_list_shows_what_the_caller_may_call_in_order() -> None:
    allow = {"*": frozenset({Role.CUSTOMER, Role.ADMIN}), "count": frozenset({Role.ADMIN})}
    async with open_gateway(shop(), allow=allow) as gateway:
        for caller, names in ((ANN, ["echo"]), (BOB, ["count", "echo"]), (ANN, ["echo"])):
            found = await modern(gateway, "tools/list", caller=caller)
            assert [one["name"] for one in found["tools"]] == names
            assert (found["cacheScope"], found["resultType"]) == ("private", "complete")


@pytest.mark.parametrize("cursor", ["nonsense", "", 5, None])
async def test_a_bad_cursor_is_invalid_params(cursor: Any) -> None:
    async with open_gateway(shop()) as gateway:
        with pytest.raises(InvalidParams):
            await modern(gateway, "tools/list", cursor=cursor)


@pytest.mark.parametrize(
    "method",
    [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "tasks/list",
        "no/such",
        "Tools/List",
        "",
    ],
)
async def test_methods_that_the_modern_era_does_not_have(method: str) -> None:
    async with open_gateway(shop()) as gateway:
        with pytest.raises(CallError) as caught:
            await modern(gateway, method)
    assert caught.value.codes.mcp == -32601


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "name"),
        ({"name": 5}, "name"),
        ({"name": "absent"}, "absent"),
        ({"name": "x" * 9999}, "tools/list"),
    ],
)
async def test_a_call_that_names_no_tool_is_invalid_params(params: dict[str, Any], said: str) -> None:
    async with open_gateway(shop()) as gateway:
        with pytest.raises(InvalidParams, match=said) as caught:
            await modern(gateway, "tools/call", **params)
    assert len(caught.value.message) < 400


async def test_arguments_that_do_not_fit_are_a_result_that_a_model_can_read() -> None:
    async with open_gateway(shop()) as gateway:
        result = await modern(gateway, "tools/call", name="count", arguments={})
    assert result["isError"] is True
    assert result["structuredContent"]["kind"] == "invalid_params"
    assert result["structuredContent"]["correlationId"]
    assert '"n"' in result["content"][0]["text"]
    assert result["resultType"] == "complete"


async def test_a_child_that_is_away_is_a_result_with_the_time_to_wait() -> None:
    async with open_gateway(shop()) as gateway:
        child = gateway.children["shop"]
        gateway.children.leave(child, child.upstreams[0])
        result = await modern(gateway, "tools/call", name="echo", arguments={})
    assert result["isError"] is True
    assert result["structuredContent"]["kind"] == "mcp_not_available"
    assert result["structuredContent"]["retryAfterMs"] >= 1


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (-32602, -32602),
        (-32002, -32602),
        (-32000, -32603),
        (-32019, -32603),
        (-32042, -32603),
        (-32099, -32603),
        (-32603, -32603),
        (-31000, -31000),
        (7, 7),
    ],
)
async def test_a_childs_error_keeps_its_text_and_gets_a_number_of_this_era(theirs: int, ours: int) -> None:
    async def fail(_: dict[str, Any]) -> Any:
        raise RpcFailed(theirs, "their text", {"why": 1})

    async with open_gateway(shop(fail=fail)) as gateway:
        with pytest.raises(RpcFailed, match="their text") as caught:
            await modern(gateway, "tools/call", name="fail", arguments={})
    assert caught.value.code == ours


@pytest.mark.parametrize("answer", [[], "x", 5, None])
async def test_an_answer_that_is_no_result_is_the_childs_fault(answer: Any) -> None:
    async def odd(_: dict[str, Any]) -> Any:
        return answer

    async with open_gateway(shop(odd=odd)) as gateway:
        with pytest.raises(CallError) as caught:
            await modern(gateway, "tools/call", name="odd", arguments={})
    assert caught.value.codes.mcp == -32603


async def test_progress_comes_under_the_clients_own_token() -> None:
    told: list[tuple[str, Any]] = []

    async def work(params: dict[str, Any]) -> Any:
        assert server.connection is not None
        body = {"progressToken": params["_meta"]["progressToken"], "progress": 1, "_meta": {"x": 1}}
        server.connection.notify("notifications/progress", json.dumps(body).encode())
        return {"content": []}

    server = shop(work=work)
    async with open_gateway(server) as gateway:
        await modern(
            gateway,
            "tools/call",
            name="work",
            arguments={},
            meta={"progressToken": 10**30},
            emit=lambda method, params: told.append((method, json.loads(params))),
        )
    assert told == [("notifications/progress", {"progressToken": 10**30, "progress": 1})]


async def test_a_trace_of_the_client_becomes_the_correlation() -> None:
    seen: list[str] = []

    async def work(params: dict[str, Any]) -> Any:
        seen.append(params["_meta"]["traceparent"])
        return {"content": []}

    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    async with open_gateway(shop(work=work)) as gateway:
        for sent in (trace, "nonsense"):
            await modern(gateway, "tools/call", name="work", arguments={}, meta={"traceparent": sent})
    assert seen[0][:35] == trace[:35]
    assert seen[0] != trace
    assert "a" * 32 not in seen[1]
    assert correlation_id.get() == ""


@pytest.mark.parametrize("method", ["tools/list", "tools/call", "server/discover"])
async def test_too_many_requests_are_refused_with_the_time_to_wait(method: str) -> None:
    async with open_gateway(shop(), admit=lambda caller: 2.5 if caller is ANN else None) as gateway:
        with pytest.raises(RateLimited) as caught:
            await modern(gateway, method, name="echo", arguments={})
        await modern(gateway, method, caller=BOB, name="echo", arguments={})
    assert caught.value.retry_after == 2.5


async def test_while_draining_nothing_new_is_begun() -> None:
    async with open_gateway(shop()) as gateway:
        gateway.draining.set()
        with pytest.raises(ChildUnavailable, match="shutting down"):
            await modern(gateway, "tools/list")


async def test_a_refused_initialize_may_be_tried_again() -> None:
    waits: list[float | None] = [1.0, None]
    async with open_gateway(shop(), admit=lambda _: waits.pop(0)) as gateway:
        handshake = Handshake()
        with pytest.raises(RateLimited):
            await legacy(gateway, handshake, "initialize", **INITIALIZE)
        agreed = await legacy(gateway, handshake, "initialize", **INITIALIZE)
    assert agreed["protocolVersion"] == "2025-06-18"
    assert agreed["serverInfo"]["name"] == "museo-mcp-orchestrator"


async def test_legacy_results_and_lists_carry_nothing_modern() -> None:
    async with open_gateway(shop()) as gateway:
        handshake = Handshake()
        with pytest.raises(Malformed):
            await legacy(gateway, handshake, "tools/list")
        await legacy(gateway, handshake, "initialize", **INITIALIZE)
        listed = await legacy(gateway, handshake, "tools/list")
        called = await legacy(gateway, handshake, "tools/call", name="echo", arguments={"a": 1})
    for result in (listed, called):
        assert not {"resultType", "ttlMs", "cacheScope"} & result.keys()
        assert SERVER_INFO not in result.get("_meta", {})


async def test_cancelling_a_request_cancels_the_call() -> None:
    async with open_gateway(shop(hang=hang)) as gateway, trio.open_nursery() as nursery:
        nursery.start_soon(lambda: modern(gateway, "tools/call", name="hang", arguments={}))
        with trio.fail_after(5):
            while not gateway.children["shop"].in_flight:
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    assert gateway.children["shop"].in_flight == 0
