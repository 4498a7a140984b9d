"""Sending one e-mail, once."""

from __future__ import annotations

import string
from collections.abc import Callable
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import msgspec
from msgspec import Struct, field

from mcps.kit.context import Context
from mcps.kit.tool import Reply
from mcps.notifications.delivery import Delivery, DeliveryFailed
from mcps.notifications.mail import build
from mcps.notifications.permission import require_may_write_to
from mcps.notifications.sent import KeyInUse, KeyReused, Receipt, SentLog
from museod.errors import ChildUnavailable, InvalidArguments
from museod.observe.logs import get_logger

log = get_logger()


class EmailArguments(Struct, rename="camel"):
    """What send_email takes."""

    to: list[str]
    subject: str
    idempotency_key: str
    template: str = ""
    variables: dict[str, str | float] = field(default_factory=dict)
    body: str = ""
    locale: str = ""
    html: bool = False


# Named bodies; `$name` is filled from `variables`.
TEMPLATES = {
    "basket_reminder": "Hello $name,\n\nthere is still something in your basket: $items.\n\n$link\n",
    "order_shipped": "Hello $name,\n\nyour order $order is on its way.\nTrack it here: $link\n",
    "back_in_stock": "Hello $name,\n\n$product is available again.\n\n$link\n",
    "payment_link": "Hello $name,\n\nyou can pay your order $order here:\n$link\n",
}


class Postman:
    """Builds, sends and remembers mails."""

    def __init__(
        self,
        delivery: Delivery,
        sent: SentLog,
        *,
        sender: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._delivery = delivery
        self._sent = sent
        self._sender = sender
        self._now = now

    async def send(self, arguments: EmailArguments, context: Context) -> Reply:
        """
        Send the mail, unless its key has sent it already: then the first receipt comes again.

        Raises:
            Unauthenticated, Forbidden: the caller may not write to these addresses.
            InvalidArguments: an address, the subject, the template or the key does not fit.
            ChildUnavailable: the mail server did not take it; the same key may try again.
        """
        require_may_write_to(context.caller, arguments.to, "email")
        message_id = token_hex(16)
        now = self._now()
        message = build(
            message_id=message_id,
            sender=self._sender,
            to=arguments.to,
            subject=arguments.subject,
            body=_body(arguments),
            is_html=arguments.html,
            locale=context.locale(arguments.locale),
            date=now,
        )
        owner, key = context.caller.sub, arguments.idempotency_key
        if known := self._claimed(owner, key, arguments):
            return _reply(known, "This was sent already; it was not sent again.")
        await self._deliver(owner, key, message, message_id)
        receipt = Receipt(message_id, "sent", self._delivery.provider, now.isoformat(timespec="seconds"))
        self._sent.complete(owner, key, receipt)
        log.info("mail_sent", provider=receipt.provider, recipients=len(arguments.to), message_id=message_id)
        count = "1 recipient" if len(arguments.to) == 1 else f"{len(arguments.to)} recipients"
        return _reply(receipt, f"The e-mail was sent to {count}.")

    def _claimed(self, owner: str, key: str, arguments: EmailArguments) -> Receipt | None:
        content = msgspec.json.encode(arguments)
        try:
            return self._sent.claim(owner, key, content)
        except KeyReused:
            raise InvalidArguments(
                "idempotencyKey: it was used for another message. Use a new key for each message."
            ) from None
        except KeyInUse:
            raise ChildUnavailable(
                "This message is being sent, or its sending was cut short. Whether it arrived is unknown: "
                "look before sending it again under another key.",
            ) from None

    async def _deliver(self, owner: str, key: str, message: Any, message_id: str) -> None:
        try:
            await self._delivery.deliver(message, message_id)
        except DeliveryFailed as error:
            log.warning("mail_not_sent", reason=str(error), maybe_sent=error.maybe_sent)
            if not error.maybe_sent:
                self._sent.release(owner, key)
            if error.is_final:
                raise InvalidArguments(
                    "to: the mail server does not accept this message or one of its recipients. "
                    "Check the addresses."
                ) from None
            text = "The mail server does not answer right now. Nothing was sent; try again in a minute."
            if error.maybe_sent:
                text = "The mail server stopped answering. Whether the message left is unknown; look first."
            raise ChildUnavailable(text, retry_after=None if error.maybe_sent else 60.0) from None


def _body(arguments: EmailArguments) -> str:
    if arguments.template and arguments.body:
        raise InvalidArguments("body: give a template or a body, not both.")
    if not arguments.template:
        if not arguments.body:
            raise InvalidArguments("body: it is missing. Give the text, or a template with its variables.")
        return arguments.body
    if arguments.template not in TEMPLATES:
        raise InvalidArguments(f"template: there is none of this name. There are: {', '.join(TEMPLATES)}.")
    try:
        return string.Template(TEMPLATES[arguments.template]).substitute(arguments.variables)
    except KeyError as error:
        raise InvalidArguments(f"variables: {error.args[0]} is missing; the template needs it.") from None


def _reply(receipt: Receipt, text: str) -> Reply:
    return Reply(msgspec.to_builtins(receipt), text)
