"""
The yes of a person to a destructive or costly call: who asks, what it is for, and that it counts once.

A child of ours that would destroy or cost something changes nothing and answers `confirmation_required`;
where the arguments alone show it, the gateway does so in its place. A yes, said in chat or to an MCP client's
form, makes a `Confirmed`; nothing else does, and a client's own `ai.museo/*` keys never reach a child.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from msgspec import Raw, Struct

from museod.access.principal import Principal
from museod.errors import ChildUnavailable, InvalidRequest, StoreError
from museod.observe.logs import get_logger
from museod.stores.base import Confirmations as Store
from museod.stores.records import from_timestamp
from museod.wire import codec

log = get_logger()

# Time to read a sentence and fetch one's glasses; later "yes" is more likely said about something else.
CONFIRM_SECONDS = 300.0
REASON = "confirmation_required"
MAX_SUMMARY_CHARS = 1000
MAX_RECIPIENTS_SHOWN = 5
_canonical = msgspec.json.Encoder(order="deterministic").encode


class AskedBy(Enum):
    """Who finds out whether a call needs a yes, and words the question."""

    CHILD = "child"
    """It takes the shop's present state: what it costs now, what the product is called."""
    GATEWAY = "gateway"
    """The arguments and the caller say it."""


Condition = Callable[[Mapping[str, Any], Principal], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """When a tool needs a yes; a child may find more reasons than `when` knows, never fewer."""

    when: Condition
    asked_by: AskedBy = AskedBy.CHILD


def _always(_arguments: Mapping[str, Any], _caller: Principal) -> bool:
    return True


def _imports_for_real(arguments: Mapping[str, Any], _caller: Principal) -> bool:
    return arguments.get("dryRun") is False  # the default is a dry run


def _changes_a_price(arguments: Mapping[str, Any], _caller: Principal) -> bool:
    changes = arguments.get("changes")
    dry = arguments.get("dryRun") is True
    return not dry and isinstance(changes, Mapping) and ("price" in changes or "variants" in changes)


def _empties(arguments: Mapping[str, Any], _caller: Principal) -> bool:
    return arguments.get("all") is True


def _to_others(channel: str) -> Condition:
    def is_third_party(arguments: Mapping[str, Any], caller: Principal) -> bool:
        own = caller.contacts.get(channel, "").strip().casefold()
        return any(address.strip().casefold() != own for address in recipients(arguments))

    return is_third_party


def recipients(arguments: Mapping[str, Any]) -> list[str]:
    """To whom a message goes."""
    to = arguments.get("to")
    found = [to] if isinstance(to, str) else to if isinstance(to, list) else []
    return [address for address in found if isinstance(address, str)]


TABLE: Mapping[str, Rule] = {
    "delete_product": Rule(_always),
    "update_product": Rule(_changes_a_price),  # the child compares: over 30 % needs a yes
    "create_from_file": Rule(_imports_for_real),
    "get_payment_link": Rule(_always),
    "remove_from_basket": Rule(_empties),
    "send_email": Rule(_to_others("email"), AskedBy.GATEWAY),
    "send_sms": Rule(_to_others("phone"), AskedBy.GATEWAY),
    "send_whatsapp": Rule(_to_others("whatsapp"), AskedBy.GATEWAY),
}


def may_need_yes(tool: str, arguments: Mapping[str, Any], caller: Principal) -> bool:
    """Whether the table knows `tool`, by its own name, as destructive or costly with these arguments."""
    rule = TABLE.get(tool)
    return rule is not None and rule.when(arguments, caller)


class ConfirmationRequired(InvalidRequest):
    """The gateway's own question; shaped like a child's."""

    def __init__(self, tool: str, arguments: Mapping[str, Any], summary: str) -> None:
        super().__init__(
            f"{summary} Nothing has been done yet: a person has to say yes first. In a chat, answer yes; an "
            "MCP client is asked by an elicitation.",
            data={"reason": REASON, "summary": summary, "tool": tool, "arguments": dict(arguments)},
        )


def question_before(tool: str, arguments: Any, caller: Principal) -> ConfirmationRequired | None:
    """The question that is asked before the child sees the call, if the gateway asks for this tool."""
    rule = TABLE.get(tool)
    if rule is None or rule.asked_by is not AskedBy.GATEWAY or not isinstance(arguments, dict):
        return None
    if not rule.when(arguments, caller):
        return None
    to = recipients(arguments)
    shown = ", ".join(to[:MAX_RECIPIENTS_SHOWN])
    more = f" and {len(to) - MAX_RECIPIENTS_SHOWN} more" if len(to) > MAX_RECIPIENTS_SHOWN else ""
    return ConfirmationRequired(tool, arguments, f"Send this message to {shown}{more}?"[:MAX_SUMMARY_CHARS])


# ---- what a child asks


@dataclass(frozen=True, slots=True)
class Question:
    """What would happen, and the very arguments that a yes is for."""

    summary: str
    arguments: bytes


class _Asked(Struct):
    reason: str = ""
    summary: str = ""
    tool: str = ""
    arguments: Raw = codec.EMPTY_OBJECT


class _Result(Struct, rename="camel"):
    is_error: bool = False
    structured_content: Raw = Raw(b"null")


_decode_result = msgspec.json.Decoder(_Result).decode
_decode_asked = msgspec.json.Decoder(_Asked).decode
_MARK = REASON.encode()


def question_of(result: Raw, tool: str, arguments: bytes | Raw) -> Question | None:
    """
    What the result of a trusted child asks, or None; cheap for all others.

    Args:
        tool: the child's own name of what was called; a question about another is none.
        arguments: what was called with, unless the child names more exact ones.
    """
    if _MARK not in bytes(result):
        return None
    try:
        found = _decode_result(result)
        asked = _decode_asked(found.structured_content)
    except msgspec.DecodeError:
        return None
    if not found.is_error or asked.reason != REASON or asked.tool not in ("", tool):
        return None
    exact = bytes(asked.arguments)
    is_named = exact.startswith(b"{") and exact != bytes(codec.EMPTY_OBJECT)
    return Question(asked.summary[:MAX_SUMMARY_CHARS], exact if is_named else bytes(arguments))


# ---- the yes


def digest_of(tool: str, arguments: bytes | Raw) -> str:
    """What a yes is bound to: the exposed name and the arguments, whatever their order and blanks."""
    return hashlib.sha256(_canonical([tool, codec.decode(arguments)])).hexdigest()


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A yes that was said. Made by `Confirmations.take` alone, which gives each away once."""

    digest: str
    sub: str
    turn: str
    expires_at: float

    def as_meta(self) -> dict[str, str]:
        """What the child is told."""
        until = from_timestamp(self.expires_at).isoformat().replace("+00:00", "Z")
        return {"digest": self.digest, "sub": self.sub, "turn": self.turn, "expiresAt": until}

    def fits(self, tool: str, arguments: bytes | Raw, caller: Principal) -> bool:
        """Whether it was said by this caller about exactly this call."""
        return self.sub == caller.sub and secrets.compare_digest(self.digest, digest_of(tool, arguments))


@dataclass(frozen=True, slots=True)
class Ticket:
    """A question that waits for its yes; `id` cannot be guessed."""

    id: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that may be made now, once, with these very arguments."""

    tool: str
    arguments: bytes
    confirmed: Confirmed


class _Waiting(Struct):
    tool: str
    arguments: Raw
    conversation: str
    expires_at: float


_decode_waiting = msgspec.json.Decoder(_Waiting).decode


class Confirmations:
    """Opens a ticket for each question and gives its call away to the first yes of the same person."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    async def ask(self, caller: Principal, tool: str, arguments: bytes, *, conversation: str = "") -> Ticket:
        """
        Let a call of `tool`, by its exposed name, wait for the caller's yes.

        Raises:
            InvalidRequest: the caller has no identity, or the arguments are too large to wait.
            ChildUnavailable: the store does not answer; nothing may be confirmed without it.
        """
        if caller.is_anonymous:
            raise InvalidRequest("This needs a person's yes: connect with a token and call again.")
        ticket = Ticket(secrets.token_urlsafe(18), self._clock() + CONFIRM_SECONDS)
        waiting = _Waiting(tool, Raw(arguments), conversation, ticket.expires_at)
        try:
            is_kept = await self._store.put(
                caller.sub, ticket.id, codec.encode(waiting), ttl_seconds=CONFIRM_SECONDS
            )
        except StoreError as error:
            raise _unavailable(error) from None
        if not is_kept:
            raise InvalidRequest("These arguments are too large to be confirmed; upload the file instead.")
        return ticket

    async def take(
        self, caller: Principal, ticket: str, *, conversation: str = "", turn: str = ""
    ) -> Taken | None:
        """
        The call that `ticket` stands for, to be made now; None if it is over, used, or another's.

        Raises:
            ChildUnavailable: the store does not answer.
        """
        try:
            value = await self._store.take(caller.sub, ticket)
        except StoreError as error:
            raise _unavailable(error) from None
        if value is None:
            return None
        waiting = _decode_waiting(value)
        if waiting.conversation != conversation or waiting.expires_at <= self._clock():
            return None
        arguments = bytes(waiting.arguments)
        digest = digest_of(waiting.tool, arguments)
        log.info("call_confirmed", tool=waiting.tool, digest=digest[:16])
        return Taken(
            waiting.tool, arguments, Confirmed(digest, caller.sub, turn or ticket, waiting.expires_at)
        )

    async def drop(self, caller: Principal, ticket: str) -> None:
        """The person said no, or went on to something else; a store that is away lets it end by itself."""
        try:
            await self._store.take(caller.sub, ticket)
        except StoreError as error:
            log.warning("confirmation_not_dropped", error=str(error))


def _unavailable(error: StoreError) -> ChildUnavailable:
    log.warning("confirmation_store_failed", error=str(error))
    return ChildUnavailable(
        "Confirmations cannot be kept right now, so nothing was done; try again in a moment.",
        retry_after=2.0,
        data={"mcp": "store"},
    )


# ---- the argument that no caller gives


def without_confirm(schema: Raw) -> Raw:
    """A tool's input schema without a property `confirm`: a yes is no argument."""
    if b'"confirm"' not in bytes(schema):
        return schema
    plain = codec.decode(schema)
    properties = plain.get("properties") if isinstance(plain, dict) else None
    if not isinstance(properties, dict) or "confirm" not in properties:
        return schema
    del properties["confirm"]
    if isinstance(required := plain.get("required"), list):
        plain["required"] = [name for name in required if name != "confirm"]
    return Raw(codec.encode(plain))


def stripped(arguments: bytes | Raw) -> bytes | Raw:
    """Arguments without a member `confirm`, whoever set it."""
    if b'"confirm"' not in bytes(arguments):
        return arguments
    try:
        plain = codec.decode(arguments)
    except msgspec.DecodeError:
        return arguments  # the schema's check words this
    if not isinstance(plain, dict) or "confirm" not in plain:
        return arguments
    del plain["confirm"]
    return codec.encode(plain)
