"""`serve`, `stdio` and `sandbox`: what keeps running."""

from __future__ import annotations

import argparse
import getpass
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial

import trio

from museod.access.principal import Principal, Role, principal
from museod.app.bridge import attach
from museod.app.running import serve as run_daemon
from museod.app.running import serve_stdio
from museod.app.wiring import caller_of_token
from museod.cli.output import say
from museod.config import Config, load_config

EXIT_FAILED = 1


def serve(args: argparse.Namespace) -> int:
    """Run the daemon until it is told to stop."""
    load = partial(_load, args)
    config = load()

    def tell(addresses: Sequence[str]) -> None:
        say(f"museod serves on {' and '.join(addresses)}")

    try:
        trio.run(partial(run_daemon, config, load=load, on_listening=tell))
    except OSError as error:
        say(f"museod: cannot listen on port {config.port}: {error.strerror or error}")
        return EXIT_FAILED
    return 0


def stdio(args: argparse.Namespace) -> int:
    """Serve MCP on stdin and stdout."""
    if args.connect:
        trio.run(attach, args.connect, os.environ.get("MCP_TOKEN"))
        return 0
    config = _load(args, listens=False)
    trio.run(serve_stdio, config, _stdio_caller(config, args.role))
    return 0


def _stdio_caller(config: Config, role: str) -> Principal:
    """Whoever MCP_TOKEN speaks for, else the person who started the process: they own its credentials."""
    if config.token is not None:
        return caller_of_token(config, config.token.reveal())
    return principal(f"local:{getpass.getuser()}", Role(role))


def sandbox(args: argparse.Namespace) -> int:
    """Run the stand-in shop in this process's place."""
    command = [sys.executable, "-m", "mcps.museo.sandbox", "--port", str(args.port)]
    if args.state:
        command += ["--state", args.state]
    if args.fail:
        command += ["--fail", args.fail]
    if os.name == "posix":
        os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell
    return subprocess.run(command, check=False).returncode


def _load(args: argparse.Namespace, *, listens: bool = True) -> Config:
    config, warnings = load_config(
        os.environ,
        config_file=args.config,
        mcp_config=args.mcp_config,
        overrides={
            "host": getattr(args, "host", None),
            "port": getattr(args, "port", None),
            "reuse_port": getattr(args, "reuse_port", False),
        },
        listens=listens,
    )
    for warning in warnings:
        say(f"museod: warning: {warning}")
    return config
