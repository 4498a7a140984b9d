"""Who may have a message sent to whom, and who is a third party."""

from __future__ import annotations

from collections.abc import Sequence

from mcps.kit.caller import Caller
from mcps.notifications.addresses import comparable, own_addresses
from mcps.notifications.provider import Channel
from museod.errors import Forbidden

_CALLED = {Channel.EMAIL: "e-mail address", Channel.SMS: "phone number", Channel.WHATSAPP: "WhatsApp number"}


def third_parties(caller: Caller, channel: Channel, addresses: Sequence[str]) -> list[str]:
    """
    Those of `addresses` that are not the caller's own, for a caller who may write to them.

    Administrators may write to anybody, everybody else to their own addresses only.

    Raises:
        Unauthenticated: the caller is anonymous.
        Forbidden: one of the addresses is not the caller's own. It is not repeated in the text.
    """
    caller.require_user("message")
    own = own_addresses(caller, channel)
    others = [address for address in addresses if comparable(channel, address) not in own]
    if not others or caller.is_admin:
        return others
    called = _CALLED[channel]
    if not own:
        raise Forbidden(
            f"You can only have messages sent to yourself, and I know no {called} of yours. "
            "Add one to your account first."
        )
    raise Forbidden(f"You can only have messages sent to yourself. Leave out all but your own {called}.")
