"""`museod token`."""

from __future__ import annotations

import argparse
import os
import re

from museod.access.principal import Role
from museod.access.tokens import mint
from museod.cli.output import say, show
from museod.config import load_config

EXIT_USAGE = 2
EXIT_CONFIG = 78
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def token(args: argparse.Namespace) -> int:
    """Print a token."""
    seconds = _seconds(args.ttl)
    if seconds is None:
        say("museod token: --ttl wants a number and a unit: 90s, 15m, 1h or 30d")
        return EXIT_USAGE
    config, _ = load_config(os.environ, listens=False)
    if not config.jwt_secrets:
        say("museod token: MCP_JWT_SECRET is not set; give it the secret that the daemon has")
        return EXIT_CONFIG
    try:
        text = mint(
            config.jwt_secrets[0].reveal(),
            args.sub,
            Role(args.role),
            ttl_seconds=seconds,
            scopes=args.scope,
            issuer=config.jwt_issuer,
            audience=config.jwt_audience,
        )
    except ValueError as error:
        say(f"museod token: {error}")
        return EXIT_USAGE
    show(text)
    return 0


def _seconds(text: str) -> float | None:
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    return None if match is None else int(match.group(1)) * _UNITS[match.group(2)]
