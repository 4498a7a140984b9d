"""Who may have a message sent to whom."""

from __future__ import annotations

from collections.abc import Sequence

from mcps.kit.caller import Caller
from museod.errors import Forbidden


def require_may_write_to(caller: Caller, addresses: Sequence[str], channel: str) -> None:
    """
    Return when `caller` may have messages sent to all of `addresses`.

    Administrators write to anybody, everybody else to their own addresses only.

    Raises:
        Unauthenticated: the caller is anonymous.
        Forbidden: one of the addresses is not the caller's own. It is not repeated in the text.
    """
    caller.require_user("message")
    if caller.is_admin:
        return
    own = {address.strip().casefold() for key, address in caller.contacts.items() if key == channel}
    if not own:
        raise Forbidden(
            f"I know no {channel} address of yours, and messages go to your own only. "
            "Add one to your account first."
        )
    if any(address.strip().casefold() not in own for address in addresses):
        raise Forbidden(f"You can only have messages sent to yourself. Leave out all but your own {channel}.")
