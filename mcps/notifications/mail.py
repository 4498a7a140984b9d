"""One e-mail, built so that nothing in its fields can become a header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from museod.errors import InvalidArguments

# RFC 5321's lengths, and its dot-atoms; quoted local parts and address literals are for people who test mail.
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_LOCAL})@({_LABEL}(?:\.{_LABEL})+|localhost)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def checked_address(text: str, field: str) -> str:
    """
    `text` if it is an address that we can write to.

    Raises:
        InvalidArguments: it is none.
    """
    match = _ADDRESS.fullmatch(text) if len(text) <= 254 else None
    if match is None or len(match[1]) > 64:
        raise InvalidArguments(
            f"{field}: {text[:80]!r} is no valid e-mail address. Write it as name@example.com."
        )
    return text


def build(
    *,
    message_id: str,
    sender: str,
    to: Sequence[str],
    subject: str,
    body: str,
    is_html: bool,
    locale: str,
    date: datetime,
) -> EmailMessage:
    """
    The message, ready to be sent.

    Raises:
        InvalidArguments: an address is none, or the subject holds a line break or another control character.
    """
    if _CONTROL.search(subject):
        raise InvalidArguments(
            "subject: it holds a line break or a control character. Send one line of text."
        )
    message = EmailMessage()
    message["Message-ID"] = f"<{message_id}@{sender.rpartition('@')[2]}>"
    message["Date"] = format_datetime(date)
    message["From"] = _mailbox(sender, "from")
    message["To"] = [_mailbox(address, f"to.{place}") for place, address in enumerate(to)]
    message["Subject"] = subject
    message["Content-Language"] = locale
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps vacation notices from answering
    message.set_content(body, subtype="html" if is_html else "plain")
    return message


def _mailbox(text: str, field: str) -> Address:
    local, _, domain = checked_address(text, field).rpartition("@")
    return Address(username=local, domain=domain)
