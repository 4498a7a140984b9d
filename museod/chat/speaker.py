"""Whom a chat frame speaks for: the one rule between a connection's caller and a frame's `userId`."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from museod.access.principal import Principal, Role, has_reserved_prefix
from museod.errors import Forbidden, Unauthenticated

GUEST = "guest:"
# What a connector may vouch for: people of its own channel. `local:` is whoever started the daemon's own
# process and `guest:` a stranger on this port; neither can come through a connector.
_CONNECTOR_PREFIXES = ("whatsapp:", "instagram:")


def acting_caller(
    frame_user_id: str,
    principal: Principal | None,
    *,
    staff: Set[str] = frozenset(),
    loopback_guest: bool = False,
    channel: str = "",
) -> Principal:
    """
    The caller in whose name one frame is answered.

    Args:
        frame_user_id: the frame's claim, a well-formed user id.
        principal: who the connection was authenticated as; None without a token where none is needed.
        staff: user ids that are admin when a connector speaks for them.
        loopback_guest: the connection came over loopback in guest mode, without a token: the claim is
            believed, within the guests' own namespace.
        channel: the frame's client type; it grants nothing.

    Raises:
        Unauthenticated: nobody vouches for this connection.
        Forbidden: the claim is somebody else's; the text names the remedy.
    """
    if principal is None or (loopback_guest and principal.role is Role.GUEST):
        if not loopback_guest:
            raise Unauthenticated("Connect with a token (Authorization: Bearer …).")
        return _loopback_guest(frame_user_id, channel)
    if principal.has_scope("act_as") and frame_user_id != principal.sub:
        return _spoken_for(frame_user_id, principal, staff, channel)
    if principal.role is Role.GUEST and principal.sub:
        return replace(principal, channel=channel)  # a stranger's claim is only a hint
    if principal.is_anonymous:
        raise Unauthenticated("Connect with a token (Authorization: Bearer …).")
    if frame_user_id != principal.sub:
        raise Forbidden(
            f'The token belongs to "{principal.sub}": send that as userId.',
            data={"expectedUser": principal.sub},
        )
    return replace(principal, channel=channel)


def _loopback_guest(claim: str, channel: str) -> Principal:
    name = claim.removeprefix(GUEST)
    if has_reserved_prefix(name):
        raise Forbidden(
            "Prefixes like whatsapp: are set by connectors only: send a userId without one.",
            data={"reservedPrefix": True},
        )
    return Principal(sub=GUEST + name, role=Role.GUEST, channel=channel)


def _spoken_for(claim: str, connector: Principal, staff: Set[str], channel: str) -> Principal:
    if has_reserved_prefix(claim) and not claim.startswith(_CONNECTOR_PREFIXES):
        raise Forbidden(
            "A connector speaks for shop users, whatsapp: and instagram: ids only.",
            data={"reservedPrefix": True},
        )
    role = Role.ADMIN if claim in staff else Role.CUSTOMER
    return Principal(sub=claim, role=role, channel=channel, via=connector.sub)
