"""
The official Python client of MCP, trying every feature of the fixture server through the daemon.

    client.py ERA (--url URL | --websocket URL | --stdio COMMAND [ARGUMENT …])

ERA is `legacy` or `2026-07-28`. It prints one JSON object: for each feature `{"seen": …}`, or `{"error": …}`
with what went wrong. It runs on asyncio, as its users do, and therefore in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import warnings
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

# It is started by its path, from any directory.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mcp_types as t
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.exceptions import MCPError

from tests.matrix.websocket import websocket_client

FEATURE_SECONDS = 8.0  # the slowest passes in one
OPEN_SECONDS = 40.0  # a stdio daemon starts its child first, on a machine that may be busy
WATCHED = "test://watched-resource"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"
LEVEL: t.LoggingLevel = "info"
PERSON = {"username": "ada", "email": "ada@example.org", "name": "Ada", "color": "teal", "context": "shop"}
FEATURES: dict[str, Callable[[Any], Awaitable[Any]]] = {}

Feature = Callable[["Person"], Awaitable[Any]]


class Person:
    """
    A connected client and what has been told to it.

    Args:
        answers: whether it declares that its user and its model can be asked, and does answer.
    """

    def __init__(self, server: Any, era: str, *, answers: bool) -> None:
        self.era = era
        self.logs: list[t.LoggingMessageNotificationParams] = []
        self.events: list[Any] = []
        self.arrived = asyncio.Condition()
        asked: dict[str, Any] = {}
        if answers:
            asked = {
                "elicitation_callback": self._fill_in,
                "sampling_callback": self._sample,
                "list_roots_callback": self._list_roots,
            }
        self.client = Client(
            server,
            mode="legacy" if era == "legacy" else "2026-07-28",
            logging_callback=self._logged,
            message_handler=self._told,
            cache=None,
            **asked,
        )

    @property
    def is_legacy(self) -> bool:
        return self.era == "legacy"

    async def _fill_in(self, _context: Any, params: t.ElicitRequestParams) -> t.ElicitResult:
        assert isinstance(params, t.ElicitRequestFormParams)
        wanted = params.requested_schema.get("properties", {})
        return t.ElicitResult(
            action="accept", content={name: PERSON[name] for name in wanted if name in PERSON}
        )

    async def _sample(self, _context: Any, params: t.CreateMessageRequestParams) -> t.CreateMessageResult:
        block = params.messages[0].content
        assert isinstance(block, t.TextContent)
        content = t.TextContent(type="text", text=f"you asked: {block.text}")
        return t.CreateMessageResult(role="assistant", content=content, model="model")

    async def _list_roots(self, _context: Any) -> t.ListRootsResult:
        return t.ListRootsResult(roots=[t.Root.model_validate({"uri": "file:///home/ada", "name": "home"})])

    async def _logged(self, params: t.LoggingMessageNotificationParams) -> None:
        async with self.arrived:
            self.logs.append(params)
            self.arrived.notify_all()

    async def _told(self, message: Any) -> None:
        async with self.arrived:
            self.events.append(message)
            self.arrived.notify_all()

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        async with self.arrived:
            await self.arrived.wait_for(condition)


def feature(run: Feature) -> Feature:
    """Try the function under its own name."""
    FEATURES[run.__name__] = run
    return run


def plain(model: Any) -> Any:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def called(person: Person, tool: str, **arguments: Any) -> Any:
    """Blocks, structured content and failure of one call."""
    result = plain(await person.client.call_tool(tool, arguments))
    return {
        "content": [{**block, "_meta": None} for block in result["content"]],
        "structured": result.get("structuredContent"),
        "isError": result.get("isError", False),
    }


# ---------------------------------------------------------------- tools


@feature
async def tools_list(person: Person) -> Any:
    return [tool.name for tool in (await person.client.list_tools()).tools]


@feature
async def tool_text(person: Person) -> Any:
    return await called(person, "test_simple_text")


@feature
async def tool_image(person: Person) -> Any:
    return await called(person, "test_image_content")


@feature
async def tool_audio(person: Person) -> Any:
    return await called(person, "test_audio_content")


@feature
async def tool_mixed(person: Person) -> Any:
    return await called(person, "test_multiple_content_types")


@feature
async def tool_structured(person: Person) -> Any:
    return await called(person, "test_structured", n=21)


@feature
async def tool_error(person: Person) -> Any:
    return await called(person, "test_error_handling")


@feature
async def tool_unknown(person: Person) -> Any:
    try:
        await person.client.call_tool("no_such_tool", {})
    except MCPError as error:
        return error.error.code
    return None


@feature
async def progress(person: Person) -> Any:
    steps: list[Any] = []

    async def report(progress: float, total: float | None, message: str | None) -> None:
        steps.append([progress, total, message])

    await person.client.call_tool("test_tool_with_progress", {}, progress_callback=report)
    return steps


@feature
async def cancellation(person: Person) -> Any:
    is_running = asyncio.Event()

    async def report(progress: float, total: float | None, message: str | None) -> None:
        is_running.set()

    call = asyncio.create_task(person.client.call_tool("slow", {"seconds": 60}, progress_callback=report))
    await is_running.wait()
    call.cancel()
    was_cancelled = (await asyncio.gather(call, return_exceptions=True))[0]
    after = await called(person, "test_simple_text")
    return [type(was_cancelled).__name__, after["isError"]]


# ---------------------------------------------------------------- resources


@feature
async def resources_list(person: Person) -> Any:
    return [str(resource.uri) for resource in (await person.client.list_resources()).resources]


@feature
async def resource_templates(person: Person) -> Any:
    listed = await person.client.list_resource_templates()
    return [template.uri_template for template in listed.resource_templates]


async def read(person: Person, uri: str) -> Any:
    contents = (await person.client.read_resource(uri)).contents
    return [{key: value for key, value in plain(content).items() if key != "_meta"} for content in contents]


@feature
async def resource_text(person: Person) -> Any:
    return await read(person, "test://static-text")


@feature
async def resource_binary(person: Person) -> Any:
    return await read(person, "test://static-binary")


@feature
async def resource_of_template(person: Person) -> Any:
    return await read(person, "test://template/7/data")


@feature
async def resource_missing(person: Person) -> Any:
    try:
        await person.client.read_resource("test://nothing-here")
    except MCPError as error:
        return error.error.code
    return None


@feature
async def resource_updates(person: Person) -> Any:
    """Whether a watched resource's update is told, and only to who watches."""
    if not person.is_legacy:
        async with person.client.listen(resource_subscriptions=[WATCHED]) as changes:
            await person.client.call_tool("test_trigger_resource_change", {})
            async for event in changes:
                return [type(event).__name__, str(getattr(event, "uri", ""))]
        return "the stream ended"
    await person.client.subscribe_resource(WATCHED)
    await person.client.call_tool("test_trigger_resource_change", {})

    def updates() -> list[Any]:
        return [event for event in person.events if isinstance(event, t.ResourceUpdatedNotification)]

    await person.wait_for(lambda: bool(updates()))
    await person.client.unsubscribe_resource(WATCHED)
    return ["ResourceUpdated", str(updates()[0].params.uri)]


# ---------------------------------------------------------------- prompts and completion


@feature
async def prompts_list(person: Person) -> Any:
    return [prompt.name for prompt in (await person.client.list_prompts()).prompts]


async def got(person: Person, prompt: str, **arguments: str) -> Any:
    messages = (await person.client.get_prompt(prompt, arguments)).messages
    return [message.content.type for message in messages], [
        message.content.text for message in messages if isinstance(message.content, t.TextContent)
    ]


@feature
async def prompt_with_arguments(person: Person) -> Any:
    return await got(person, "test_prompt_with_arguments", arg1="one", arg2="two")


@feature
async def prompt_with_resource(person: Person) -> Any:
    return await got(person, "test_prompt_with_embedded_resource", resourceUri="test://example")


@feature
async def prompt_with_image(person: Person) -> Any:
    return await got(person, "test_prompt_with_image")


@feature
async def completion(person: Person) -> Any:
    reference = t.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
    result = await person.client.complete(reference, {"name": "arg1", "value": "par"})
    return result.completion.values


@feature
async def completion_of_template(person: Person) -> Any:
    reference = t.ResourceTemplateReference(type="ref/resource", uri="test://template/{id}/data")
    result = await person.client.complete(reference, {"name": "id", "value": "par"})
    return result.completion.values


# ---------------------------------------------------------------- logging


@feature
async def logging(person: Person) -> Any:
    if person.is_legacy:
        await person.client.set_logging_level(LEVEL)
        await person.client.call_tool("test_tool_with_logging", {})
    else:
        wanted: Any = {LOG_LEVEL: LEVEL}
        await person.client.call_tool("test_tool_with_logging", {}, meta=wanted)
    await person.wait_for(lambda: len(person.logs) >= 3)
    return [[message.level, message.data] for message in person.logs]


# ---------------------------------------------------------------- changes


async def change(person: Person, trigger: str, kind: type[Any], **wanted: Any) -> bool:
    """Whether the change that a tool makes is told."""
    if not person.is_legacy:
        async with person.client.listen(**wanted) as changes:
            await person.client.call_tool(trigger, {})
            async for _ in changes:
                return True
        return False
    before = len(person.events)
    await person.client.call_tool(trigger, {})
    await person.wait_for(lambda: any(isinstance(event, kind) for event in person.events[before:]))
    return True


@feature
async def tools_changed(person: Person) -> Any:
    before = await tools_list(person)
    is_told = await change(
        person, "test_trigger_tool_change", t.ToolListChangedNotification, tools_list_changed=True
    )
    return [is_told, sorted(set(before) ^ set(await tools_list(person)))]


@feature
async def prompts_changed(person: Person) -> Any:
    before = await prompts_list(person)
    is_told = await change(
        person, "test_trigger_prompt_change", t.PromptListChangedNotification, prompts_list_changed=True
    )
    return [is_told, sorted(set(before) ^ set(await prompts_list(person)))]


@feature
async def resources_changed(person: Person) -> Any:
    before = await resources_list(person)
    is_told = await change(
        person,
        "test_trigger_resource_change",
        t.ResourceListChangedNotification,
        resources_list_changed=True,
    )
    return [is_told, sorted(set(before) ^ set(await resources_list(person)))]


# ---------------------------------------------------------------- questions to the client

# These are tried by a client that says that it can be asked; all others by one that cannot.
ASKING = (
    "elicitation",
    "sampling",
    "roots",
    "several_rounds",
    "prompt_that_asks",
)


@feature
async def elicitation(person: Person) -> Any:
    return await called(person, "test_elicitation", message="Who are you?")


@feature
async def sampling(person: Person) -> Any:
    return await called(person, "test_sampling", prompt="What is it?")


@feature
async def roots(person: Person) -> Any:
    return await called(person, "test_input_required_result_list_roots")


@feature
async def several_rounds(person: Person) -> Any:
    return await called(person, "test_input_required_result_multi_round")


@feature
async def prompt_that_asks(person: Person) -> Any:
    return await got(person, "test_input_required_result_prompt")


# ---------------------------------------------------------------- running


async def tried(person: Person, name: str) -> dict[str, Any]:
    try:
        async with asyncio.timeout(FEATURE_SECONDS):
            return {"seen": await FEATURES[name](person)}
    except TimeoutError:
        return {"error": f"nothing came within {FEATURE_SECONDS:.0f} s"}
    except Exception as error:  # each feature is on its own
        return {"error": f"{type(error).__name__}: {error}"}


def server_of(options: argparse.Namespace) -> Any:
    if options.url:
        return options.url
    if options.websocket:
        return websocket_client(options.websocket)
    command, *arguments = options.stdio
    ours = {key: value for key, value in os.environ.items() if key.startswith(("MCP_", "PYTHON"))}
    return stdio_client(StdioServerParameters(command=command, args=arguments, env=ours))


async def main() -> None:
    parser = argparse.ArgumentParser(description="The official MCP client, feature by feature.")
    parser.add_argument("era", choices=["legacy", "2026-07-28"])
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url")
    where.add_argument("--websocket")
    where.add_argument("--stdio", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # deprecated parts of the protocol are what we are here for
    outcomes: dict[str, Any] = {}
    for answers in (False, True):
        names = [name for name in FEATURES if (name in ASKING) is answers]
        async with AsyncExitStack() as stack:
            person = Person(server_of(options), options.era, answers=answers)
            async with asyncio.timeout(OPEN_SECONDS):
                await stack.enter_async_context(person.client)
            for name in names:
                outcomes[name] = await tried(person, name)
    sys.stdout.write(json.dumps(outcomes) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
