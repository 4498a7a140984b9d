"""A caller's own addresses, as a token states them: what a message to the caller may be sent to."""

from __future__ import annotations

import re
from collections.abc import Mapping

CHANNELS = ("email", "phone", "whatsapp")

# One line, one @, no blanks: enough to be no header injection. Whether it exists, a message to it tells.
_EMAIL = re.compile(r"[^\s@<>\",;:\\]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_NUMBER = re.compile(r"\+?[1-9][0-9]{5,14}")  # ITU-T E.164
_BLANKS = re.compile(r"[ ().\-]")


def contacts_of(claimed: Mapping[str, str]) -> dict[str, str]:
    """
    The contacts by channel, numbers without blanks; channels that we do not know are left out.

    Raises:
        ValueError: one is no address of its channel; the text names the channel, not the address.
    """
    contacts: dict[str, str] = {}
    for channel in CHANNELS:
        if channel not in claimed:
            continue
        address = claimed[channel].strip()
        if channel == "email":
            if len(address) > _MAX_EMAIL or not _EMAIL.fullmatch(address):
                raise ValueError("`email` is no e-mail address")
        else:
            address = _BLANKS.sub("", address[:64])
            if not _NUMBER.fullmatch(address):
                raise ValueError(f"`{channel}` is no number in international form, like +49301234567")
        contacts[channel] = address
    return contacts
