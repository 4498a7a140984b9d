"""`python -m mcps.admin`: the administration server on stdin and stdout."""

from __future__ import annotations

import os
import sys

from mcps.admin.tools import admin_tools
from mcps.kit.server import run, serve
from mcps.museo.auth import ServiceAccount
from mcps.museo.client import ADMIN_SCOPES, open_museo
from museod import __version__


async def main() -> None:
    """Serve until stdin ends. The shop is asked nothing before the first call."""
    account = ServiceAccount(
        os.environ.get("MCP_API_KEY", ""), os.environ.get("MCP_API_SECRET", ""), ADMIN_SCOPES
    )
    url = os.environ.get("MCP_MUSEO_API_URL") or "http://localhost:8000"
    async with open_museo(url, account) as shop:
        await serve("museo-admin", __version__, admin_tools(shop))


if __name__ == "__main__":
    sys.exit(run("admin", main))
