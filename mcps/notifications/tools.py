"""The tools of the notifications server."""

from __future__ import annotations

from pathlib import Path

from mcps.kit.context import Context
from mcps.kit.tool import Reply, Tool, read_definitions, tool
from mcps.notifications.email import EmailArguments, Postman

DEFINITIONS = read_definitions(Path(__file__).with_name("tools.json"))


def notification_tools(postman: Postman) -> list[Tool]:
    """The tools, sending by `postman`."""

    @tool(DEFINITIONS["send_email"])
    async def send_email(arguments: EmailArguments, context: Context) -> Reply:
        return await postman.send(arguments, context)

    return [send_email]
