"""`museod chat`: a conversation in the terminal, through the running daemon."""

from __future__ import annotations

import argparse
import sys
import uuid
from typing import Any

from museod.cli.control import EXIT_UNREACHABLE, Control, Refused, Unreachable
from museod.cli.output import say, show

EXIT_FAILED = 1
PROMPT = "> "


def chat(args: argparse.Namespace) -> int:
    """Send one message, or hold a dialogue until the end of the input."""
    control = Control()
    try:
        if args.message:
            return 0 if _turn(control, args, " ".join(args.message)) else EXIT_FAILED
        while True:
            try:
                line = input(PROMPT if sys.stdin.isatty() else "")
            except EOFError:
                return 0
            if line.strip():
                _turn(control, args, line)
    except Unreachable as error:
        say(str(error))
        return EXIT_UNREACHABLE


def _turn(control: Control, args: argparse.Namespace, text: str) -> bool:
    frame: dict[str, Any] = {
        "type": "message",
        "id": str(uuid.uuid4()),
        "userId": control.user_id,
        "message": text,
        "clientType": args.client_type,
        "locale": args.locale,
    }
    try:
        for name, answer in control.events("/api/v1/messages", frame):
            if name == "progress":
                if sys.stderr.isatty():
                    say(f"… {answer['text']}")
            elif name in ("response", "error"):
                show(answer["message"])
                return name == "response"
    except Refused as error:
        say(str(error))
    return False
