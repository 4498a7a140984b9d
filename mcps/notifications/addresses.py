"""E-mail addresses and telephone numbers: checked, compared, and masked for whoever reads logs."""

from __future__ import annotations

import re

from mcps.kit.caller import Caller
from mcps.notifications.provider import Channel
from museod.errors import InvalidArguments

# RFC 5321's lengths, and its dot-atoms; quoted local parts and address literals are for people who test mail.
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_LOCAL})@({_LABEL}(?:\.{_LABEL})+|localhost)")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164
# Under which names a caller's own addresses are known, per channel. A phone usually has WhatsApp too.
_OWN = {
    Channel.EMAIL: ("email",),
    Channel.SMS: ("phone",),
    Channel.WHATSAPP: ("whatsapp", "phone"),
}
# The prefix of user ids that the WhatsApp connector vouches for; no token can carry it.
_WHATSAPP_USER = "whatsapp:"


def checked_address(text: str, field: str) -> str:
    """
    An e-mail address that we can write to, its domain in ASCII.

    Raises:
        InvalidArguments: it is none.
    """
    address = _with_ascii_domain(text) if len(text) <= 254 else ""
    match = _ADDRESS.fullmatch(address) if len(address) <= 254 else None
    if match is None or len(match[1]) > 64:
        raise InvalidArguments(
            f"{field}: {text[:80]!r} is no valid e-mail address. Write it as name@example.com."
        )
    return address


def checked_number(text: str, field: str) -> str:
    """
    A telephone number that we can write to.

    Raises:
        InvalidArguments: it is none.
    """
    if _NUMBER.fullmatch(text) is None:
        raise InvalidArguments(
            f"{field}: {text[:40]!r} is no valid number. Write it with the country code, as +49301234567."
        )
    return text


def comparable(channel: Channel, address: str) -> str:
    """The one spelling under which two writings of an address are the same person's."""
    if channel is Channel.EMAIL:
        return _with_ascii_domain(address.strip()).casefold()
    return "+" + re.sub(r"[^0-9]", "", address)


def own_addresses(caller: Caller, channel: Channel) -> set[str]:
    """The caller's own addresses of a channel, comparable."""
    own = {comparable(channel, caller.contacts[name]) for name in _OWN[channel] if name in caller.contacts}
    if channel is Channel.WHATSAPP and caller.sub.startswith(_WHATSAPP_USER):
        own.add(comparable(channel, caller.sub.removeprefix(_WHATSAPP_USER)))
    return own - {"", "+"}


def masked(address: str) -> str:
    """Enough to recognise a known address, too little to write to it."""
    local, at, domain = address.rpartition("@")
    if at:
        return f"{local[:1]}***@{domain}"
    return f"{address[:3]}***{address[-2:]}"


def _with_ascii_domain(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not at or domain.isascii():
        return text
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return text
