"""`python -m mcps.admin`: the administration server on stdin and stdout."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mcps.admin.intake.amounts import currency_of
from mcps.admin.tools import admin_tools
from mcps.kit.server import run, serve
from mcps.museo.auth import ServiceAccount
from mcps.museo.client import ADMIN_SCOPES, open_museo
from museod import __version__
from museod.errors import ConfigError, Fault


async def main() -> None:
    """Serve until stdin ends. The shop is asked nothing before the first call."""
    account = ServiceAccount(
        os.environ.get("MCP_API_KEY", ""), os.environ.get("MCP_API_SECRET", ""), ADMIN_SCOPES
    )
    url = os.environ.get("MCP_MUSEO_API_URL") or "http://localhost:8000"
    async with open_museo(url, account) as shop:
        await serve("museo-admin", __version__, admin_tools(shop, uploads=_uploads(), currency=_currency()))


def _uploads() -> Path | None:
    """Where the daemon that runs us keeps its callers' files."""
    state = os.environ.get("MCP_STATE_DIR")
    return Path(state) / "uploads" if state else None


def _currency() -> str:
    """
    The currency of prices that name none.

    Raises:
        ConfigError: MCP_CURRENCY is no currency.
    """
    currency = os.environ.get("MCP_CURRENCY") or "EUR"
    if currency_of(currency) != currency:
        raise ConfigError([Fault("environment", "MCP_CURRENCY", "must be a code of ISO 4217, such as EUR")])
    return currency


if __name__ == "__main__":
    sys.exit(run("admin", main))
