"""
An MCP server on the official Python SDK with everything that the conformance suite of MCP looks for.

    mcp_fixture.py                  stdio; the client's first request decides the era
    mcp_fixture.py --era legacy     stdio, with the initialize handshake only
    mcp_fixture.py --era modern     stdio, without it
    mcp_fixture.py --http PORT      Streamable HTTP on 127.0.0.1, to run the suite without a gateway

Further options offer a part of it (`--only tools,prompts`), under other names (`--prefix`, `--name`), in
pages (`--page-size`), or make it misbehave (`--die-on TOOL`, `--extra-slow`). `--tag` marks its process and
is not read. Nothing but the protocol goes to stdout.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import os
import sys
import warnings
from pathlib import Path
from typing import Any, TypeVar

# It is started by its path, also with -I, from any directory.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import anyio
import mcp_types as t
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.runner import serve_loop
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import ListenHandler
from mcp.shared.exceptions import MCPError

from tests.programs.fixture import contents
from tests.programs.fixture.asking import MODERN, Call, is_modern
from tests.programs.fixture.changes import Announce
from tests.programs.fixture.contents import done
from tests.programs.fixture.prompts import PROMPTS
from tests.programs.fixture.tools import TOOLS, offer_changes, offer_slow

PARTS = ("tools", "prompts", "resources", "completions", "logging")
ADDED_TOOL, ADDED_PROMPT = "added_tool", "added_prompt"
EXIT_AS_TOLD = 3
NOT_FOUND_BEFORE_2026 = -32002
_CURSOR = "offset:"

Item = TypeVar("Item")


class Fixture:
    """The handlers, as the options want them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._name: str = options.name
        self._prefix: str = options.prefix
        self._page_size: int = options.page_size
        self._die_on: str = options.die_on
        self.announce = Announce()
        offer_changes(self.announce)
        if options.extra_slow:
            offer_slow()

    # ------------------------------------------------------------ tools

    async def list_tools(self, _context: Any, params: Any) -> t.ListToolsResult:
        names = sorted([*TOOLS, ADDED_TOOL] if self.announce.has_tool else TOOLS)
        tools = [TOOLS.get(name, TOOLS["test_simple_text"]).listed(self._prefix + name) for name in names]
        shown, cursor = self._page(tools, params)
        return t.ListToolsResult(tools=shown, next_cursor=cursor, ttl_ms=60_000, cache_scope="public")

    async def call_tool(self, context: Any, params: Any) -> t.CallToolResult | t.InputRequiredResult:
        tool = TOOLS.get(self._own_name(params.name))
        if tool is None:
            raise MCPError(code=t.INVALID_PARAMS, message=f"Unknown tool: {params.name}")
        if params.name == self._die_on:
            os._exit(EXIT_AS_TOLD)
        arguments = params.arguments or {}
        missing = [name for name in tool.schema.get("required", []) if name not in arguments]
        if missing:
            return done(f"Missing argument(s): {', '.join(missing)}", is_error=True)
        return await tool.run(Call(context, params, arguments))

    # ------------------------------------------------------------ prompts

    async def list_prompts(self, _context: Any, params: Any) -> t.ListPromptsResult:
        names = sorted([*PROMPTS, ADDED_PROMPT] if self.announce.has_prompt else PROMPTS)
        prompts = [
            PROMPTS.get(name, PROMPTS["test_simple_prompt"]).listed(self._prefix + name) for name in names
        ]
        shown, cursor = self._page(prompts, params)
        return t.ListPromptsResult(prompts=shown, next_cursor=cursor, ttl_ms=60_000, cache_scope="public")

    async def get_prompt(self, context: Any, params: Any) -> t.GetPromptResult | t.InputRequiredResult:
        prompt = PROMPTS.get(self._own_name(params.name))
        arguments = params.arguments or {}
        if prompt is None or any(name not in arguments for name in prompt.arguments):
            text = f"Unknown prompt or missing argument: {params.name}"
            raise MCPError(code=t.INVALID_PARAMS, message=text)
        return await prompt.run(Call(context, params, arguments))

    async def complete(self, _context: Any, params: Any) -> t.CompleteResult:
        begun = params.argument.value
        # The last one names the server, so that a client of several can tell them apart.
        known = ["paris", "park", "party", f"{begun}-{self._name}"]
        values = [value for value in known if value.startswith(begun)]
        return t.CompleteResult(completion=t.Completion(values=values, total=len(values), has_more=False))

    # ------------------------------------------------------------ resources

    async def list_resources(self, _context: Any, params: Any) -> t.ListResourcesResult:
        resources = list(contents.RESOURCES)
        if self.announce.has_resource:
            resources.append(contents.resource(contents.ADDED))
        shown, cursor = self._page(resources, params)
        return t.ListResourcesResult(resources=shown, next_cursor=cursor, ttl_ms=60_000, cache_scope="public")

    async def list_templates(self, _context: Any, params: Any) -> t.ListResourceTemplatesResult:
        shown, cursor = self._page(contents.TEMPLATES, params)
        return t.ListResourceTemplatesResult(
            resource_templates=shown, next_cursor=cursor, ttl_ms=60_000, cache_scope="public"
        )

    async def read_resource(self, context: Any, params: Any) -> t.ReadResourceResult:
        uri = str(params.uri)
        found = contents.read(uri, self._name)
        if found is None:
            code = t.INVALID_PARAMS if is_modern(context) else NOT_FOUND_BEFORE_2026
            raise MCPError(code=code, message="Resource not found", data={"uri": uri})
        return t.ReadResourceResult(contents=[found], ttl_ms=1000, cache_scope="private")

    # ------------------------------------------------------------ both

    def _own_name(self, name: str) -> str:
        # What comes and goes can always be used: of several processes only one may have been told to list it.
        own = name.removeprefix(self._prefix) if name.startswith(self._prefix) else ""
        return {ADDED_TOOL: "test_simple_text", ADDED_PROMPT: "test_simple_prompt"}.get(own, own)

    def _page(self, items: list[Item], params: Any) -> tuple[list[Item], str | None]:
        cursor = getattr(params, "cursor", None)
        start = 0 if cursor is None else _offset(cursor)
        if not self._page_size:
            return items, None
        end = start + self._page_size
        return items[start:end], _cursor(end) if end < len(items) else None


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"{_CURSOR}{offset}".encode()).decode()


def _offset(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor.encode()).decode().removeprefix(_CURSOR))
    except (ValueError, binascii.Error):
        raise MCPError(code=t.INVALID_PARAMS, message="Invalid cursor") from None


async def acknowledge(_context: Any, _params: Any) -> t.EmptyResult:
    return t.EmptyResult()


async def refuse_handshake(ctx: Any, call_next: Any) -> Any:
    """Middleware of a server that knows the modern era only."""
    if ctx.method == "initialize":
        raise MCPError(
            code=t.UNSUPPORTED_PROTOCOL_VERSION,
            message="Unsupported protocol version",
            data={"supported": [MODERN], "requested": (ctx.params or {}).get("protocolVersion", "")},
        )
    return await call_next(ctx)


def build(options: argparse.Namespace) -> Server[Any]:
    """The server of these options."""
    parts = options.only.split(",") if options.only else PARTS
    fixture = Fixture(options)
    handlers: dict[str, Any] = {"on_subscriptions_listen": ListenHandler(fixture.announce.bus)}
    if "tools" in parts:
        handlers |= {"on_list_tools": fixture.list_tools, "on_call_tool": fixture.call_tool}
    if "prompts" in parts:
        handlers |= {"on_list_prompts": fixture.list_prompts, "on_get_prompt": fixture.get_prompt}
    if "resources" in parts:
        handlers |= {
            "on_list_resources": fixture.list_resources,
            "on_list_resource_templates": fixture.list_templates,
            "on_read_resource": fixture.read_resource,
            "on_subscribe_resource": acknowledge,
            "on_unsubscribe_resource": acknowledge,
        }
    if "completions" in parts:
        handlers["on_completion"] = fixture.complete
    name = options.name
    server: Server[Any] = Server(
        name, version="1.0.0", instructions=f"{name}: conformance fixture", **handlers
    )
    if "logging" in parts:
        server.add_request_handler("logging/setLevel", t.SetLevelRequestParams, acknowledge)
    if options.era == "modern":
        server.middleware.append(refuse_handshake)
    return server


async def serve_stdio(server: Server[Any], era: str) -> None:
    """Serve one client on stdin and stdout."""
    changes = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
    agreed = server.create_initialization_options(changes)
    async with stdio_server() as (incoming, outgoing):
        if era == "legacy":
            async with server.lifespan(server) as state:
                await serve_loop(server, incoming, outgoing, lifespan_state=state, init_options=agreed)
        else:
            await server.run(incoming, outgoing, agreed)


def main() -> None:
    parser = argparse.ArgumentParser(description="An MCP server for the conformance suite.")
    parser.add_argument("--name", default="museod-fixture")
    parser.add_argument("--era", choices=["dual", "legacy", "modern"], default="dual")
    parser.add_argument("--http", type=int, metavar="PORT")
    parser.add_argument("--only", default="", help=f"some of {','.join(PARTS)}")
    parser.add_argument("--prefix", default="", help="before the names of tools and prompts")
    parser.add_argument("--page-size", type=int, default=0, help="items per page of every list; 0: all")
    parser.add_argument("--die-on", default="", metavar="TOOL", help="exit in the middle of this call")
    parser.add_argument("--extra-slow", action="store_true", help="offer the tool `slow`")
    parser.add_argument("--tag", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # deprecated parts of the protocol are what we are here for
    server = build(options)
    if options.http:
        import uvicorn

        app = server.streamable_http_app(host="127.0.0.1")
        # h11 trims header values as RFC 9110, 5.5 has it; uvicorn's other parser does not.
        uvicorn.run(app, host="127.0.0.1", port=options.http, http="h11", log_level="warning")
    else:
        anyio.run(serve_stdio, server, options.era)


if __name__ == "__main__":
    main()
