"""A server over a channel: both eras of the protocol, faults, cancellation, progress, many calls at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing
from msgspec import Struct

from mcps.kit.context import Context
from mcps.kit.harness import CLIENT, open_harness
from mcps.kit.server import attend
from mcps.kit.session import offer
from mcps.kit.tool import Definition, Reply, Tool, tool
from museod.errors import ApiFailed, RateLimited, RpcFailed
from museod.transports.channel import MemoryChannel, open_memory_pair
from museod.wire import codec
from museod.wire.eras import LEGACY_REVISIONS


class Say(Struct):
    text: str = ""


def definition(name: str) -> Definition:
    schema = {
        "type": "object",
        "properties": {"text": {"type": "string", "maxLength": 20}},
        "required": ["text"],
        "additionalProperties": False,
    }
    output = {"type": "object", "required": ["said"]}
    listing = {
        "name": name,
        "title": name.title(),
        "description": "Says it.",
        "inputSchema": schema,
        "outputSchema": output,
        "annotations": {"readOnlyHint": True},
    }
    return Definition(name, codec.encode(listing), codec.encode(schema), codec.encode(output))


class Stage:
    """Tools that show what a server does with them."""

    def __init__(self) -> None:
        self.started = trio.Event()
        self.go_on = trio.Event()
        self.was_cancelled = False
        self.running = 0

    def tools(self, *, timeout: float = 20.0) -> list[Tool]:
        @tool(definition("say"))
        async def say(arguments: Say, context: Context) -> Reply:
            return Reply({"said": arguments.text, "to": context.caller.sub}, f"You said {arguments.text}.")

        @tool(definition("wait"), timeout=timeout)
        async def wait(arguments: Say, context: Context) -> Reply:
            self.running += 1
            self.started.set()
            try:
                await self.go_on.wait()
            except trio.Cancelled:
                self.was_cancelled = True
                raise
            return Reply({"said": arguments.text}, "Done.")

        @tool(definition("fail"))
        async def fail(arguments: Say, context: Context) -> Reply:
            match arguments.text:
                case "api":
                    raise ApiFailed(
                        "The shop is closed; try again later.", retry_after=2.5, data={"apiCode": "x"}
                    )
                case "limit":
                    raise RateLimited("Too fast; wait a moment.", retry_after=1.0)
                case _:
                    raise ZeroDivisionError("secret detail")

        @tool(definition("count"))
        async def count(arguments: Say, context: Context) -> Reply:
            for done in (1, 2, 2, 1, 3):
                context.progress(done, 3, f"step {done}")
            return Reply({"said": "3"}, "3")

        return [say, wait, fail, count]


@asynccontextmanager
async def open_wire(stage: Stage) -> AsyncIterator[MemoryChannel]:
    """The client's end of a channel on which the stage is served."""
    ours, theirs = open_memory_pair()
    async with trio.open_nursery() as nursery:
        with trio.fail_after(5):
            await nursery.start(_serve, stage, theirs)
            yield ours
            nursery.cancel_scope.cancel()


async def _serve(stage: Stage, channel: MemoryChannel, *, task_status: trio.TaskStatus[None]) -> None:
    await attend(offer("stage", "1.2", stage.tools()), channel, task_status=task_status)


async def ask(wire: MemoryChannel, message: dict[str, Any] | bytes) -> dict[str, Any]:
    wire.post(message if isinstance(message, bytes) else codec.encode({"jsonrpc": "2.0", **message}))
    (answer,) = await wire.receive()
    return codec.decode(answer)  # type: ignore[no-any-return]


def modern(id: int, method: str, params: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    return {
        "id": id,
        "method": method,
        "params": {
            **(params or {}),
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
                **meta,
            },
        },
    }


def call(name: str, text: str = "hi") -> dict[str, Any]:
    return {"name": name, "arguments": {"text": text}}


async def opened(wire: MemoryChannel, revision: str) -> dict[str, Any]:
    params = {"protocolVersion": revision, "capabilities": {}, "clientInfo": CLIENT}
    answer = await ask(wire, {"id": 1, "method": "initialize", "params": params})
    wire.post(codec.encode({"jsonrpc": "2.0", "method": "notifications/initialized"}))
    return answer["result"]  # type: ignore[no-any-return]


# ---------------------------------------------------------------- the modern era


async def test_discover_says_the_version_and_what_is_offered() -> None:
    async with open_wire(Stage()) as wire:
        result = (await ask(wire, modern(1, "server/discover")))["result"]
    assert result["supportedVersions"] == ["2026-07-28"]
    assert result["capabilities"] == {"tools": {}}
    assert result["resultType"] == "complete"
    assert result["cacheScope"] == "public"
    assert result["ttlMs"] >= 0
    assert result["_meta"]["io.modelcontextprotocol/serverInfo"] == {"name": "stage", "version": "1.2"}
    assert "serverInfo" not in result


async def test_modern_list_carries_schemas_as_they_are_and_cache_hints() -> None:
    async with open_wire(Stage()) as wire:
        result = (await ask(wire, modern(1, "tools/list")))["result"]
    assert [entry["name"] for entry in result["tools"]] == ["say", "wait", "fail", "count"]
    assert result["tools"][0] == codec.decode(definition("say").listing)
    assert (result["resultType"], result["cacheScope"]) == ("complete", "public")
    assert "nextCursor" not in result


async def test_modern_call_answers_with_text_and_structure() -> None:
    async with open_wire(Stage()) as wire:
        result = (await ask(wire, modern(7, "tools/call", call("say"))))["result"]
    assert result["structuredContent"] == {"said": "hi", "to": ""}
    assert result["content"] == [{"type": "text", "text": "You said hi."}]
    assert result["isError"] is False
    assert result["resultType"] == "complete"
    assert "ttlMs" not in result


@pytest.mark.parametrize("missing", ["protocolVersion", "clientCapabilities"])
async def test_a_modern_request_without_a_required_key_is_refused(missing: str) -> None:
    request = modern(1, "tools/list")
    del request["params"]["_meta"][f"io.modelcontextprotocol/{missing}"]
    async with open_wire(Stage()) as wire:
        error = (await ask(wire, request))["error"]
    assert error["code"] == -32602
    assert missing in error["message"]


async def test_another_version_is_refused_with_those_we_speak() -> None:
    request = modern(1, "tools/list")
    request["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2031-01-01"
    async with open_wire(Stage()) as wire:
        error = (await ask(wire, request))["error"]
    assert error["code"] == -32022
    assert error["data"] == {"supported": ["2026-07-28"], "requested": "2031-01-01"}


@pytest.mark.parametrize(
    "method",
    [
        "ping",
        "initialize",
        "logging/setLevel",
        "resources/list",
        "prompts/get",
        "subscriptions/listen",
        "nope",
        "",
    ],
)
async def test_methods_that_are_not_offered_do_not_exist(method: str) -> None:
    async with open_wire(Stage()) as wire:
        assert (await ask(wire, modern(1, method)))["error"]["code"] == -32601


async def test_an_unknown_tool_is_a_protocol_error_that_names_the_known_ones() -> None:
    async with open_wire(Stage()) as wire:
        error = (await ask(wire, modern(1, "tools/call", call("shout"))))["error"]
    assert error["code"] == -32602
    assert "say" in error["message"]


@pytest.mark.parametrize("params", [{}, {"name": 5}, {"name": "say", "arguments": [1]}])
async def test_malformed_call_params_are_refused(params: dict[str, Any]) -> None:
    async with open_wire(Stage()) as wire:
        answer = await ask(wire, modern(1, "tools/call", params))
    assert answer.get("error", {}).get("code") == -32602 or answer["result"]["isError"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [({}, "text"), ({"text": 5}, "text"), ({"text": "x" * 21}, "text"), ({"text": "x", "loud": 1}, "loud")],
)
async def test_arguments_that_the_schema_refuses_are_a_result_naming_the_field(
    arguments: dict[str, Any], named: str
) -> None:
    async with open_wire(Stage()) as wire:
        params = {"name": "say", "arguments": arguments}
        result = (await ask(wire, modern(1, "tools/call", params)))["result"]
    assert result["isError"] is True
    assert named in result["content"][0]["text"]
    assert result["structuredContent"]["kind"] == "invalid_params"


async def test_a_cursor_that_we_never_gave_is_refused() -> None:
    async with open_wire(Stage()) as wire:
        assert (await ask(wire, modern(1, "tools/list", {"cursor": ""})))["error"]["code"] == -32602


async def test_an_unknown_log_level_is_refused() -> None:
    async with open_wire(Stage()) as wire:
        request = modern(1, "tools/list", None, **{"io.modelcontextprotocol/logLevel": "loud"})
        assert (await ask(wire, request))["error"]["code"] == -32602


# ---------------------------------------------------------------- the legacy era


@pytest.mark.parametrize("revision", LEGACY_REVISIONS)
async def test_a_handshake_opens_a_session_at_the_asked_revision(revision: str) -> None:
    async with open_wire(Stage()) as wire:
        result = await opened(wire, revision)
        assert result["protocolVersion"] == revision
        assert result["serverInfo"] == {"name": "stage", "version": "1.2"}
        assert "resultType" not in result
        assert (await ask(wire, {"id": 2, "method": "ping"}))["result"] == {}
        listed = (await ask(wire, {"id": 3, "method": "tools/list"}))["result"]
        called = (await ask(wire, {"id": 4, "method": "tools/call", "params": call("say")}))["result"]
    is_structured = revision >= "2025-06-18"
    assert set(listed) == {"tools"}
    assert ("outputSchema" in listed["tools"][0]) is is_structured
    assert ("structuredContent" in called) is is_structured
    assert ("annotations" in listed["tools"][0]) is (revision >= "2025-03-26")
    assert called["content"][0]["text"] == "You said hi."
    assert "_meta" not in called


async def test_an_unknown_revision_is_answered_with_our_newest_legacy_one() -> None:
    async with open_wire(Stage()) as wire:
        assert (await opened(wire, "1999-01-01"))["protocolVersion"] == LEGACY_REVISIONS[0]


async def test_nothing_but_ping_works_before_the_handshake() -> None:
    async with open_wire(Stage()) as wire:
        assert (await ask(wire, {"id": 1, "method": "ping"}))["result"] == {}
        error = (await ask(wire, {"id": 2, "method": "tools/list"}))["error"]
    assert error["code"] == -32602
    assert "initialize" in error["message"]


async def test_everything_sent_at_once_is_served_after_the_handshake() -> None:
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": CLIENT}
    messages: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": params},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/list"},
        {"id": 3, "method": "tools/call", "params": call("say")},
    ]
    async with open_wire(Stage()) as wire:
        for message in messages:
            wire.post(codec.encode({"jsonrpc": "2.0", **message}))
        answers: list[dict[str, Any]] = []
        while len(answers) < 3:
            answers += [codec.decode(answer) for answer in await wire.receive()]
    assert answers[0]["id"] == 1
    assert all("result" in answer for answer in answers)


async def test_requests_of_one_write_that_need_no_waiting_are_answered_in_turn() -> None:
    async with open_wire(Stage()) as wire:
        for number in range(50):
            wire.post(codec.encode({"jsonrpc": "2.0", **modern(number, "tools/call", call("say"))}))
        answers: list[bytes] = []
        while len(answers) < 50:
            answers += await wire.receive()
    assert [codec.decode(answer)["id"] for answer in answers] == list(range(50))


async def test_both_eras_are_served_on_one_connection() -> None:
    async with open_wire(Stage()) as wire:
        await opened(wire, "2025-11-25")
        assert (await ask(wire, modern(8, "tools/list")))["result"]["resultType"] == "complete"
        assert "resultType" not in (await ask(wire, {"id": 9, "method": "tools/list"}))["result"]


# ---------------------------------------------------------------- faults, cancellation, progress


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"nonsense", -32700),
        (b'{"jsonrpc":"2.0","id":1', -32700),
        (b"[]", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":5}}', -32602),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
    ],
)
async def test_a_malformed_line_is_answered_and_the_connection_goes_on(line: bytes, code: int) -> None:
    async with open_wire(Stage()) as wire:
        assert (await ask(wire, line))["error"]["code"] == code
        assert (await ask(wire, {"id": 2, "method": "ping"}))["result"] == {}


@pytest.mark.parametrize(
    "method", ["nope", "initialize", "notifications/initialized", "notifications/nope", ""]
)
async def test_a_notification_that_means_nothing_is_dropped(method: str) -> None:
    async with open_wire(Stage()) as wire:
        wire.post(codec.encode({"jsonrpc": "2.0", "method": method}))
        assert (await ask(wire, {"id": 2, "method": "ping"}))["result"] == {}


async def test_a_tools_own_error_is_a_result_with_kind_code_and_retry() -> None:
    async with open_harness(Stage().tools()) as harness:
        result = await harness.call("fail", {"text": "api"})
        limited = await harness.call("fail", {"text": "limit"})
    assert result.is_error
    assert result.text == "The shop is closed; try again later."
    data = result.structured_content
    assert (data["kind"], data["code"], data["retryAfterMs"], data["apiCode"]) == (
        "api_error",
        -32001,
        2500,
        "x",
    )
    assert limited.structured_content["code"] == -32003


async def test_a_bug_in_a_tool_tells_nothing_but_the_correlation_id() -> None:
    async with open_harness(Stage().tools()) as harness:
        meta = {"ai.museo/correlationId": "corr-12345678"}
        result = await harness.call("fail", {"text": "bug"}, meta=meta)
    assert result.is_error
    assert "secret" not in result.text
    assert "corr-12345678" in result.text
    assert result.structured_content["kind"] == "internal_error"


async def test_cancelling_a_request_stops_its_tool_and_nothing_is_sent_for_it() -> None:
    stage = Stage()
    async with open_wire(stage) as wire:
        wire.post(codec.encode({"jsonrpc": "2.0", **modern(5, "tools/call", call("wait"))}))
        await stage.started.wait()
        wire.post(
            codec.encode({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}})
        )
        assert (await ask(wire, modern(6, "tools/call", call("say"))))["id"] == 6
        assert stage.was_cancelled


async def test_calls_run_at_once_and_answer_in_the_order_they_finish() -> None:
    stage = Stage()
    async with open_harness(stage.tools()) as harness, trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(harness.call, "wait", {"text": str(number)})
        with trio.fail_after(5):
            while stage.running < 20:
                await trio.testing.wait_all_tasks_blocked()
        assert (await harness.call("say", {"text": "now"})).structured_content["said"] == "now"
        stage.go_on.set()


async def test_a_tool_over_its_time_is_stopped_and_the_call_may_be_repeated(autojump_clock: object) -> None:
    stage = Stage()
    async with open_harness(stage.tools(timeout=2.0)) as harness:
        result = await harness.call("wait", {"text": "x"})
    assert stage.was_cancelled
    assert result.is_error
    assert result.structured_content["kind"] == "mcp_not_available"


async def test_progress_reaches_whoever_gave_a_token_and_only_goes_forward() -> None:
    heard: list[dict[str, Any]] = []

    def hear(notification: Any) -> None:
        heard.append(codec.decode(notification.params))

    async with open_harness(Stage().tools(), on_notification=hear) as harness:
        await harness.call("count", {"text": ""}, meta={"progressToken": "t1"})
        await harness.call("count", {"text": ""})
    assert [report["progress"] for report in heard] == [1, 2, 3]
    assert heard[0] == {"progressToken": "t1", "progress": 1, "total": 3, "message": "step 1"}


async def test_the_caller_is_who_the_gateway_states() -> None:
    async with open_harness(Stage().tools()) as harness:
        result = await harness.call("say", {"text": "x"}, caller={"sub": "alice", "role": "customer"})
    assert result.structured_content["to"] == "alice"


async def test_a_statement_about_the_caller_that_does_not_fit_is_refused() -> None:
    async with open_harness(Stage().tools()) as harness:
        with pytest.raises(RpcFailed) as refused:
            await harness.call("say", {"text": "x"}, caller={"sub": "a", "role": "emperor"})
    assert refused.value.code == -32602


async def test_the_end_of_the_channel_is_awaited_by_what_came_before_it() -> None:
    ours, theirs = open_memory_pair()
    stage = Stage()
    ours.post(codec.encode({"jsonrpc": "2.0", **modern(1, "tools/call", call("wait"))}))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(attend, offer("stage", "1", stage.tools()), theirs)
        with trio.fail_after(5):
            await stage.started.wait()
            ours._sender.close()
            await trio.testing.wait_all_tasks_blocked()
            stage.go_on.set()
            (answer,) = await ours.receive()
    assert codec.decode(answer)["result"]["structuredContent"] == {"said": "hi"}


async def test_the_end_of_the_channel_does_not_wait_for_ever(autojump_clock: object) -> None:
    ours, theirs = open_memory_pair()
    stage = Stage()
    ours.post(codec.encode({"jsonrpc": "2.0", **modern(1, "tools/call", call("wait"))}))
    ours._sender.close()
    with trio.fail_after(10):
        await attend(offer("stage", "1", stage.tools()), theirs)
    assert stage.was_cancelled
