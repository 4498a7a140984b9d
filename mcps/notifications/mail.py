"""One e-mail, built so that nothing in its fields can become a header."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from mcps.notifications.provider import Handover

# Every server takes 7-bit content, with and without the extension for more.
POLICY = SMTP.clone(cte_type="7bit")


def build(handover: Handover, *, sender: str) -> EmailMessage:
    """
    The mail of a letter, the same in every attempt: its Message-ID is the delivery's id, its date the time
    when it was accepted. A receiver that gets it twice can tell.
    """
    letter = handover.letter
    message = EmailMessage(policy=POLICY)
    message["Message-ID"] = f"<{handover.delivery_id}@{sender.rpartition('@')[2]}>"
    message["Date"] = format_datetime(datetime.fromtimestamp(handover.accepted_at, UTC))
    message["From"] = _mailbox(sender)
    message["To"] = _mailbox(letter.address)
    message["Subject"] = letter.subject
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps vacation notices from answering
    if letter.is_promotional:
        message["List-Unsubscribe"] = f"<mailto:{sender}?subject=unsubscribe>"  # RFC 2369
    message.set_content(letter.body)
    if letter.html:
        message.add_alternative(letter.html, subtype="html")
    message["Content-Language"] = letter.locale  # set last: setting content clears what begins with Content-
    return message


def _mailbox(address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(username=local, domain=domain)
