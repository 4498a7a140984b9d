"""
The official Python client of MCP against a server, in either era, over Streamable HTTP or stdio.

    official_client.py ERA TOOL ARGUMENTS (--url URL | --stdio COMMAND [ARGUMENT …])

ERA is `legacy`, `2026-07-28`, or `auto`; ARGUMENTS a JSON object. It connects, lists the tools, calls TOOL
three times one after the other and eight times at once, and prints one JSON object: `revision`, `server`,
`tools`, `texts` (of all calls), and `isError` (whether any failed). It runs on asyncio, as its users do,
and therefore in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from typing import Any

import anyio
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult

IN_SEQUENCE, AT_ONCE = 3, 8
SECONDS = 60.0  # for everything, including the start of a stdio server


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if block.type == "text")


async def exercise(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What one connected client sees."""
    tools = await client.list_tools()
    results = [await client.call_tool(tool, arguments) for _ in range(IN_SEQUENCE)]

    async def call() -> None:
        results.append(await client.call_tool(tool, arguments))

    async with anyio.create_task_group() as group:
        for _ in range(AT_ONCE):
            group.start_soon(call)
    info = client.server_info
    return {
        "revision": client.protocol_version,
        "server": info.name if info is not None else None,
        "tools": sorted(listed.name for listed in tools.tools),
        "texts": [text_of(result) for result in results],
        "isError": any(result.is_error for result in results),
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description="The official MCP client against a server.")
    parser.add_argument("era", choices=["legacy", "2026-07-28", "auto"])
    parser.add_argument("tool")
    parser.add_argument("arguments", type=json.loads)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url")
    where.add_argument("--stdio", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.url:
        server: str | StdioServerParameters = options.url
    else:
        command, *arguments = options.stdio
        ours = {key: value for key, value in os.environ.items() if key.startswith(("MCP_", "PYTHON"))}
        server = StdioServerParameters(command=command, args=arguments, env=ours)
    async with asyncio.timeout(SECONDS), Client(server, mode=options.era) as client:
        seen = await exercise(client, options.tool, options.arguments)
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
