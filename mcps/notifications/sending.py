"""From a call to the outbox: checked, permitted, worded, accepted; then what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from mcps.kit.confirmation import ConfirmationRequired
from mcps.kit.context import Context
from mcps.kit.tool import Reply
from mcps.notifications.addresses import comparable
from mcps.notifications.consent import Purpose
from mcps.notifications.outbox import KeyReused, OutboxFull, TooMany
from mcps.notifications.permission import third_parties
from mcps.notifications.provider import Channel, Letter
from mcps.notifications.records import Item, Receipt
from mcps.notifications.worker import Worker
from museod.errors import ChildUnavailable, InvalidArguments, RateLimited, StoreError
from museod.observe.logs import get_logger

log = get_logger()

# How long a call waits for its message to leave before it answers "queued"; a provider takes about a second.
SETTLE_SECONDS = 3.0
# Whoever is no administrator writes to himself: more in an hour is a loop that costs the shop money.
OWN_PER_HOUR = 20
MAX_BODY = 10_000  # characters, as the schema has it for a caller's own text

_CALLED = {Channel.EMAIL: "e-mail", Channel.SMS: "SMS", Channel.WHATSAPP: "WhatsApp message"}
_WHY_NOT = {
    "no_consent": "This customer has not agreed to {channel} messages of this kind.",
    "unsubscribed": "This customer does not want {channel} messages.",
    "already_told": "This customer has had this very message within the last day.",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What one call wants, checked: the letters, one per person, and why they are sent.

    `event` names what they tell, for templates; `arguments` are the call's own.
    """

    tool: str
    channel: Channel
    letters: Sequence[Letter]
    purpose: Purpose
    idempotency_key: str
    arguments: Struct
    event: str = ""


class Postman:
    """Takes messages in and says what became of them."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def send(self, wish: Wish, context: Context) -> Reply:
        """
        Accept a message, unless its key has brought it already: then its present state is the answer.

        Raises:
            Unauthenticated, Forbidden: the caller may not write to these people.
            ConfirmationRequired: somebody else is written to, and no person has said yes.
            InvalidArguments: the key stands for another message, or the provider refuses this one.
            RateLimited: too many messages in an hour.
            ChildUnavailable: the outbox cannot take it; nothing was accepted.
        """
        addresses = [letter.address for letter in wish.letters]
        others = third_parties(context.caller, wish.channel, addresses)
        owner, content = context.caller.sub, _content(wish)
        try:
            receipt, is_known = await self._accept(wish, owner, content, others, context)
        except KeyReused:
            raise InvalidArguments(
                "idempotencyKey: it was used for another message. Use a new key for each message."
            ) from None
        except OutboxFull:
            raise ChildUnavailable(
                "Too many messages wait already; this one was not accepted. Try again later.",
                retry_after=600.0,
            ) from None
        except TooMany:
            raise RateLimited(
                f"You had {OWN_PER_HOUR} messages sent within an hour; wait before you send more.",
                retry_after=3600.0,
            ) from None
        except StoreError as error:
            log.error("message_not_accepted", reason=str(error))
            raise ChildUnavailable(
                "The message could not be stored, so it was not accepted. Try again in a minute.",
                retry_after=60.0,
            ) from None
        if not is_known:
            log.info("message_accepted", tool=wish.tool, message_id=receipt.message_id, people=len(addresses))
        return _answer(receipt, wish.channel, is_known=is_known)

    async def _accept(
        self, wish: Wish, owner: str, content: bytes, others: Sequence[str], context: Context
    ) -> tuple[Receipt, bool]:
        worker = self._worker
        # One key per event may serve all channels: an order's mail and its SMS are two messages.
        key = f"{wish.tool}\0{wish.idempotency_key}"
        known = await worker.store(lambda outbox: outbox.find(owner, key, content))
        if known is not None:
            return known, True
        if others and not context.is_confirmed:
            raise _confirmation(wish, others)
        now = worker.now()
        theirs = {comparable(wish.channel, address) for address in others}

        def accept(outbox: Any) -> tuple[Receipt, bool]:
            items = [self._item(wish, letter, theirs, now) for letter in wish.letters]
            accepted: tuple[Receipt, bool] = outbox.accept(
                owner,
                key,
                content,
                items,
                channel=wish.channel,
                provider=worker.providers[wish.channel].name,
                now=now,
                per_hour=None if context.caller.is_admin else OWN_PER_HOUR,
            )
            return accepted

        receipt, is_known = await worker.store(accept)
        worker.wake(wish.channel)
        # While the provider is away there is nothing to wait for.
        if not worker.is_away(wish.channel) and (receipt.next_at is None or receipt.next_at <= now):
            receipt = await worker.wait_settled(receipt, wish.channel, SETTLE_SECONDS)
        return receipt, is_known

    def _item(self, wish: Wish, letter: Letter, theirs: set[str], now: float) -> Item:
        rules, channel = self._worker.rules, wish.channel
        # Whoever has a message sent to himself, whatever it is, has asked for it and is awake.
        is_own = comparable(channel, letter.address) not in theirs
        purpose = Purpose.TRANSACTIONAL if is_own else wish.purpose
        quiet_end = rules.quiet_end(channel, purpose, now)
        return Item(
            letter,
            purpose.value,
            next_at=now if quiet_end is None else quiet_end,
            event=wish.event,
            suppressed=rules.refusal(channel, letter.address, purpose),
        )


def _content(wish: Wish) -> bytes:
    """What makes a message this message; the key itself is no part of it."""
    fields: Mapping[str, Any] = msgspec.to_builtins(wish.arguments)
    return msgspec.json.encode([wish.tool, fields], order="deterministic")


def _confirmation(wish: Wish, others: Sequence[str]) -> ConfirmationRequired:
    letter = wish.letters[0]
    shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    about = f"“{letter.subject}”" if letter.subject else f"“{letter.body[:160]}”"
    summary = f"Send the {_CALLED[wish.channel]} {about} to {shown}?"
    arguments = msgspec.to_builtins(wish.arguments)
    return ConfirmationRequired(
        summary,
        tool=wish.tool,
        arguments={name: value for name, value in arguments.items() if value not in ("", {}, False)},
        preview={"to": list(others), "text": letter.body},
    )


def _answer(receipt: Receipt, channel: Channel, *, is_known: bool) -> Reply:
    """
    The receipt for programs and people.

    Raises:
        InvalidArguments: nobody gets the message, because the provider refuses it.
    """
    if receipt.dead and not (receipt.queued or receipt.sent):
        raise InvalidArguments(_refusal(receipt, channel), data={"messageId": receipt.message_id})
    status = "queued" if receipt.queued else "sent" if receipt.sent else "suppressed"
    structured: dict[str, Any] = {
        "messageId": receipt.message_id,
        "status": status,
        "provider": receipt.provider,
        "acceptedAt": _iso(receipt.accepted_at),
        "counts": {
            "queued": receipt.queued,
            "sent": receipt.sent,
            "suppressed": receipt.suppressed,
            "failed": receipt.dead,
        },
    }
    if receipt.reasons:
        structured["reasons"] = list(receipt.reasons)
    if receipt.queued and receipt.next_at is not None:
        structured["nextAttemptAt"] = _iso(receipt.next_at)
    return Reply(structured, _text(receipt, channel, status, is_known=is_known))


def _text(receipt: Receipt, channel: Channel, status: str, *, is_known: bool) -> str:
    called = _CALLED[channel]
    people = receipt.queued + receipt.sent
    whom = "" if people <= 1 else f" to {people} people"
    if is_known:
        said = {
            "sent": f"Already sent: the {called} left before and was not sent again.",
            "queued": f"The {called} is already accepted and waits to be sent; it was not accepted twice.",
            "suppressed": "",
        }[status]
    else:
        said = {
            "sent": f"The {called} was sent{whom}.",
            "queued": f"The {called} is accepted; I will send it{whom} as soon as the service answers.",
            "suppressed": "",
        }[status]
        if status == "queued" and receipt.next_at and receipt.next_at - receipt.accepted_at > 60:
            said = f"The {called} is accepted and will be sent{whom} at {_iso(receipt.next_at)}."
    notes = [
        _WHY_NOT[reason].format(channel=channel.value)
        for reason in ",".join(receipt.reasons).split(",")
        if reason in _WHY_NOT
    ]
    if receipt.dead:
        notes.append(f"{receipt.dead} could not be reached: the service refuses the address.")
    return " ".join([said, *notes]).strip()


def _refusal(receipt: Receipt, channel: Channel) -> str:
    reasons = ",".join(receipt.reasons)
    if "code 131047" in reasons:
        return (
            "withinSession: the 24 hours since this person's last message are over. WhatsApp only allows "
            "approved templates now; call again with a template and withinSession false."
        )
    return (
        f"to: the service does not accept this {_CALLED[channel]} or its recipient ({reasons}). "
        "Check the address; it was given up."
    )


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
