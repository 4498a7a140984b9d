"""The command: `python -m mcps.museo.sandbox --port 8000 [--state FILE] [--fail SPEC]`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import trio

from mcps.museo.sandbox.app import DEFAULT_REQUESTS_PER_MINUTE
from mcps.museo.sandbox.faults import GRAMMAR, FaultRule, FaultSpecError, parse_faults
from mcps.museo.sandbox.issuer import Account
from mcps.museo.sandbox.server import LOOPBACK, Options, ServeError, serve
from mcps.museo.sandbox.state import IN_MEMORY, StateError
from museod.observe import logs

DEV_KEY = "mcp_dev_key"
DEV_SECRET = "mcp_dev_secret"  # noqa: S105 - well known, and good on loopback only


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox; the exit code is 0 after a signal, 1 when it cannot run, 2 for wrong usage."""
    options, log_level = _options(arguments)
    logs.configure(log_level)
    try:
        trio.run(serve, options, _announce)
    except (ServeError, StateError) as error:
        _tell(f"museo sandbox: {error}")
        return 1
    except KeyboardInterrupt:  # before it listened; afterwards SIGINT is a way to stop
        return 130
    return 0


def _announce(base_url: str) -> None:
    _tell(f"listening on {base_url}")


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _options(arguments: Sequence[str] | None) -> tuple[Options, str]:
    parser = argparse.ArgumentParser(
        prog="museo sandbox",
        description="A stand-in for the shop's API, on loopback, in one SQLite file.",
        epilog="faults on demand:\n\n" + GRAMMAR,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help=f"one of {', '.join(LOOPBACK)}")
    parser.add_argument("--port", type=_port, default=8000, help="0 takes a free one and prints it")
    parser.add_argument(
        "--state", default=IN_MEMORY, metavar="FILE", help="kept over restarts; default: memory"
    )
    parser.add_argument("--fail", type=_faults, action="append", default=[], metavar="SPEC", help="see below")
    parser.add_argument(
        "--requests-per-minute",
        type=_positive,
        default=DEFAULT_REQUESTS_PER_MINUTE,
        metavar="N",
        help=f"per service account, default {DEFAULT_REQUESTS_PER_MINUTE}",
    )
    parser.add_argument(
        "--log-level",
        choices=list(logs.LEVELS),
        default=os.environ.get("MCP_LOG_LEVEL") or "info",
        help="info logs every request; default MCP_LOG_LEVEL, else info",
    )
    given = parser.parse_args(arguments)
    if given.log_level not in logs.LEVELS:  # a default is not checked against the choices
        parser.error(f"MCP_LOG_LEVEL must be one of {', '.join(logs.LEVELS)}")
    options = Options(
        account=_account(parser),
        host=given.host,
        port=given.port,
        state=given.state,
        faults=[rule for rules in given.fail for rule in rules],
        requests_per_minute=given.requests_per_minute,
    )
    return options, given.log_level


def _account(parser: argparse.ArgumentParser) -> Account:
    key, secret = os.environ.get("MCP_API_KEY", ""), os.environ.get("MCP_API_SECRET", "")
    if bool(key) != bool(secret):
        parser.error("set MCP_API_KEY and MCP_API_SECRET together, or neither for the development account")
    return Account(key or DEV_KEY, secret or DEV_SECRET)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 0 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is no count; give a whole number from 1")
    return int(text)


def _faults(text: str) -> list[FaultRule]:
    try:
        return parse_faults(text)
    except FaultSpecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
