"""The words of the command line."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from museod import __version__
from museod.cli.output import say
from museod.errors import ConfigError, MuseodError

# command -> module and function; imported when it is run, because some of them load half the house
_COMMANDS = {
    "serve": ("daemon", "serve"),
    "stdio": ("daemon", "stdio"),
    "sandbox": ("daemon", "sandbox"),
    "check": ("check", "check"),
    "status": ("inspect", "status"),
    "reload": ("inspect", "reload"),
    "restart": ("inspect", "restart"),
    "tools": ("inspect", "tools"),
    "call": ("inspect", "call"),
    "chat": ("talk", "chat"),
    "token": ("tokens", "token"),
    "export": ("privacy", "export"),
    "erase": ("privacy", "erase"),
}
EXIT_FAILED = 1
EXIT_CONFIG = 78
EXIT_INTERRUPTED = 130


def main(argv: list[str] | None = None) -> None:
    """Run one command and exit with its code."""
    words = sys.argv[1:] if argv is None else argv
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        words = ["serve", *words]
    args = build_parser().parse_args(words)
    module, name = _COMMANDS[args.command]
    run = getattr(importlib.import_module(f"museod.cli.{module}"), name)
    sys.exit(_run(partial(run, args)))


def _run(run: Callable[[], int]) -> int:
    try:
        return run()
    except (KeyboardInterrupt, BrokenPipeError):
        return EXIT_INTERRUPTED
    except (MuseodError, BaseExceptionGroup) as error:
        told = _tellable(error)
        if told is None:
            raise
        if isinstance(told, ConfigError):
            for fault in told.faults:
                say(f"museod: {fault}")
            return EXIT_CONFIG
        say(f"museod: {told}")
        return EXIT_FAILED


def _tellable(error: BaseException) -> MuseodError | None:
    """The error of ours that a person should read, out of the groups that nurseries make; None for a bug."""
    if isinstance(error, MuseodError):
        return error
    if isinstance(error, BaseExceptionGroup):
        leaves = [_tellable(part) for part in error.exceptions]
        return leaves[0] if leaves and all(leaves) else None
    return None


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = argparse.ArgumentParser(
        prog="museod", description="The daemon between a shop and everybody who talks to it."
    )
    parser.add_argument("--version", action="version", version=f"museod {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    _add_daemon_commands(commands)
    _add_operator_commands(commands)
    _add_user_commands(commands)
    return parser


def _add_daemon_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = commands.add_parser("serve", help="run the daemon (the default command)")
    _add_configuration(serve)
    serve.add_argument("--host", help="where to listen; localhost is 127.0.0.1 and ::1 (MCP_HOST)")
    serve.add_argument(
        "--port", type=int, help="3300 unless MCP_ORCHESTRATOR_PORT says otherwise; 0: a free one"
    )
    serve.add_argument(
        "--reuse-port", action="store_true", help="share the port with other workers (needs Redis)"
    )

    stdio = commands.add_parser("stdio", help="serve MCP on stdin and stdout, for an MCP host")
    _add_configuration(stdio)
    stdio.add_argument(
        "--role", choices=["customer", "admin"], default="customer", help="who you are to the shop"
    )
    stdio.add_argument(
        "--connect", metavar="URL", help="attach to a running daemon, e.g. ws://localhost:3300/mcp"
    )

    sandbox = commands.add_parser("sandbox", help="run the stand-in shop alone")
    sandbox.add_argument("--port", type=int, default=8000)
    sandbox.add_argument("--state", metavar="FILE", help="keep the shop's data in this file")
    sandbox.add_argument("--fail", metavar="SPEC", help="inject faults; see the sandbox's own --help")


def _add_operator_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser("check", help="validate the configuration and reach everything it names")
    _add_configuration(check)
    check.add_argument("--strict", action="store_true", help="warnings are faults")
    check.add_argument(
        "--print", action="store_true", dest="prints", help="show the configuration, without secrets"
    )

    status = commands.add_parser("status", help="children and dependencies of the running daemon")
    _add_json(status)
    status.add_argument("--watch", action="store_true", help="again every two seconds")
    commands.add_parser("reload", help="read the configuration anew; waits until it is in force")
    restart = commands.add_parser("restart", help="restart one child, drained")
    restart.add_argument("child")

    token = commands.add_parser("token", help="mint a token from MCP_JWT_SECRET")
    token.add_argument("--role", choices=["customer", "admin", "operator", "service"], required=True)
    token.add_argument("--sub", required=True, help="the user id it speaks for")
    token.add_argument("--ttl", default="1h", help="how long it is good: 90s, 15m, 1h, 30d")
    token.add_argument("--scope", action="append", default=[], help="an extra scope; may be repeated")

    export = commands.add_parser("export", help="everything that is kept about a user, as JSON")
    export.add_argument("user")
    erase = commands.add_parser("erase", help="forget a user, everywhere")
    erase.add_argument("user")


def _add_user_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    tools = commands.add_parser("tools", help="the tools you may call")
    _add_json(tools)
    call = commands.add_parser("call", help="call one tool: museod call search_products query='iPhone 15'")
    call.add_argument("tool")
    call.add_argument("arguments", nargs="*", metavar="key=value")
    call.add_argument(
        "--json", dest="json_arguments", metavar="JSON", help="all arguments as one JSON object"
    )
    chat = commands.add_parser("chat", help="talk to the shop")
    chat.add_argument("--locale", default="en")
    chat.add_argument("--client-type", default="cli")
    chat.add_argument("message", nargs="*", help="one message; without it, a dialogue")


def _add_configuration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="museod.toml; replaces the shipped one")
    parser.add_argument(
        "--mcp-config",
        type=Path,
        metavar="FILE",
        help="servers.json; alone, it replaces the default children",
    )


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", dest="as_json", help="for programs")
