"""`python -m mcps.storefront`: the storefront server on stdin and stdout."""

from __future__ import annotations

import os
import sys

from mcps.kit.server import run, serve
from mcps.museo.auth import ServiceAccount
from mcps.museo.client import STOREFRONT_SCOPES, open_museo
from mcps.storefront.tools import storefront_tools
from museod import __version__


async def main() -> None:
    """Serve until stdin ends. The shop is asked nothing before the first call."""
    account = ServiceAccount(
        os.environ.get("MCP_API_KEY", ""), os.environ.get("MCP_API_SECRET", ""), STOREFRONT_SCOPES
    )
    url = os.environ.get("MCP_MUSEO_API_URL") or "http://localhost:8000"
    async with open_museo(url, account) as shop:
        await serve("museo-storefront", __version__, storefront_tools(shop))


if __name__ == "__main__":
    sys.exit(run("storefront", main))
