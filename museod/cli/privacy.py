"""`museod export` and `museod erase`: through the daemon when one runs, else in its state directory."""

from __future__ import annotations

import argparse
import os
from typing import Any
from urllib.parse import quote

import trio

from museod.access.principal import is_user_id
from museod.app.running import open_daemon
from museod.cli.control import Control, Refused, Unreachable
from museod.cli.output import say, show, show_json
from museod.config import load_config
from museod.stores.statedir import lock_state_dir

EXIT_FAILED = 1
EXIT_USAGE = 2


def export(args: argparse.Namespace) -> int:
    """Print everything that is kept about a user."""
    return _run(args.user, erases=False)


def erase(args: argparse.Namespace) -> int:
    """Forget a user."""
    return _run(args.user, erases=True)


def _run(user: str, *, erases: bool) -> int:
    if not is_user_id(user):
        say(f"museod: {user!r} is no user id")
        return EXIT_USAGE
    control, path = Control(), f"/api/v1/conversations/{quote(user, safe='')}"
    try:
        if erases:
            control.delete(path)
            show("erased")
        else:
            show_json(control.get(path))
        return 0
    except Unreachable:
        pass  # nobody holds the state directory: we may
    except Refused as error:
        say(str(error))
        return EXIT_FAILED
    config, _ = load_config(os.environ, listens=False)

    async def work() -> Any:
        async with open_daemon(config, is_exclusive=True) as daemon:
            if erases:
                return await daemon.stores.erase(user)
            return await daemon.stores.export(user)

    with lock_state_dir(config.state_dir):
        found = trio.run(work)
    if erases:
        show("erased" if found else "nothing was kept")
    else:
        show_json(found)
    return 0
