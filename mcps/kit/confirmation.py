"""
The yes that a destructive or costly call needs, as the gateway states it in `_meta["ai.museo/confirmed"]`.

The gateway makes the statement after a person's yes, for exactly this tool and these arguments, and strips it
from whatever its clients send; so a tool asks only whether it is there. Without it the tool changes nothing
and raises `ConfirmationRequired` with a preview of what it would do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, field

from mcps.kit.caller import Caller
from museod.errors import InvalidRequest
from museod.wire.envelope import CONFIRMED

REASON = "confirmation_required"


class ConfirmationRequired(InvalidRequest):
    """
    Nothing was done, because a person has to say yes first.

    Args:
        summary: what would happen, as a question, in one or two sentences.
        tool: the tool that was called.
        arguments: what the yes should be for. They may be more exact than those that came (the total that
            was shown), so that nobody confirms one thing and gets another.
        preview: members of the tool's ordinary answer that show what would happen.
    """

    def __init__(
        self,
        summary: str,
        *,
        tool: str,
        arguments: Mapping[str, Any],
        preview: Mapping[str, Any] | None = None,
    ) -> None:
        text = (
            f"{summary} Nothing has been done yet: the shopper has to say yes first. In a chat, answer yes; "
            "an MCP client is asked by the server and passes the answer on."
        )
        data = {
            **(preview or {}),
            "reason": REASON,
            "needsConfirmation": True,
            "summary": summary,
            "tool": tool,
            "arguments": dict(arguments),
        }
        super().__init__(text, data=data)


class _Statement(Struct, frozen=True):
    sub: str | UnsetType = UNSET


class _Meta(Struct, frozen=True):
    confirmed: Raw | UnsetType = field(default=UNSET, name=CONFIRMED)


_decode_meta = msgspec.json.Decoder(_Meta).decode
_decode_statement = msgspec.json.Decoder(_Statement).decode


def is_confirmed(meta: Raw | UnsetType, caller: Caller) -> bool:
    """
    Whether a request's `_meta` states a yes of this very caller.

    Only an object is a statement (true, text and null are none), and one that names another person is none
    for this one.
    """
    if isinstance(meta, UnsetType):
        return False
    stated = _decode_meta(meta).confirmed
    if isinstance(stated, UnsetType):
        return False
    try:
        statement = _decode_statement(stated)
    except msgspec.DecodeError:
        return False
    return isinstance(statement.sub, UnsetType) or statement.sub == caller.sub
