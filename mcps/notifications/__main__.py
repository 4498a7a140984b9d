"""`python -m mcps.notifications`: the notifications server on stdin and stdout."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

from mcps.kit.server import run, serve
from mcps.notifications.delivery import Delivery, Mailbox, Smtp, read_sender, read_server
from mcps.notifications.email import Postman
from mcps.notifications.sent import SentLog
from mcps.notifications.tools import notification_tools
from museod import __version__
from museod.errors import ConfigError, Fault


def state_directory() -> Path:
    """
    MCP_STATE_DIR, made if it is not there; without it, the user's own state directory (XDG).

    Raises:
        ConfigError: it cannot be made.
    """
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    path = Path(os.environ.get("MCP_STATE_DIR") or f"{home}/museod").expanduser() / "notifications"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise ConfigError(
            [Fault("environment", "MCP_STATE_DIR", f"name a directory that can be written ({error})")]
        ) from None
    return path


async def main() -> None:
    """Serve until stdin ends."""
    url = os.environ.get("MCP_SMTP_URL", "")
    state = state_directory()
    delivery: Delivery = Smtp(read_server(url)) if url else Mailbox(state.parent / "mailbox")
    sender = read_sender(os.environ.get("MCP_SMTP_FROM") or "shop@localhost")
    with closing(SentLog(state / "sent.sqlite3")) as sent:
        postman = Postman(delivery, sent, sender=sender)
        await serve("museo-notifications", __version__, notification_tools(postman))


if __name__ == "__main__":
    sys.exit(run("notifications", main))
