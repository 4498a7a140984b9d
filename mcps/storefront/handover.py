"""The request that a person of the shop takes a conversation over."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any

from msgspec import Struct

from mcps.kit.context import Context
from mcps.kit.tool import Reply

TICKET_CHARS = 10  # 50 bits: nobody guesses one, and a person can read it out


class HandoverArguments(Struct):
    """What handover_to_human takes."""

    reason: str = ""
    summary: str = ""
    channel: str = ""


async def request(arguments: HandoverArguments, context: Context) -> Reply:
    """
    The request, for whoever runs the conversation to act on: this server reaches nobody itself.

    Asking again in one conversation gives the same ticket. When somebody will answer is not known here.
    """
    ticket = _ticket(context)
    channel = arguments.channel or context.caller.client_type
    asked: dict[str, Any] = {
        "ticketId": ticket,
        "conversationId": context.caller.conversation_id,
        "reason": arguments.reason.strip(),
        "summary": arguments.summary.strip(),
        "channel": channel,
        "locale": context.locale(),
    }
    structured = {
        "ticketId": ticket,
        "expectedReplyMinutes": None,
        "status": "queued",
        "handover": {name: value for name, value in asked.items() if value},
    }
    text = (
        f"Your request for a colleague is noted as {ticket}. I can't say how soon somebody will answer; "
        "until then I am here for whatever I can help with."
    )
    return Reply(structured, text)


def _ticket(context: Context) -> str:
    caller = context.caller
    seed = caller.conversation_id or caller.turn_id
    if not seed:
        digest = secrets.token_bytes(16)  # belongs to no conversation: each is one of its own
    else:
        digest = hashlib.sha256(f"handover\0{caller.sub}\0{seed}".encode()).digest()
    return "H-" + base64.b32encode(digest).decode("ascii")[:TICKET_CHARS]
