"""Whom a tool acts for, as the gateway states it in `_meta["ai.museo/caller"]`."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Raw, Struct, UnsetType, field

from museod.errors import Forbidden, InvalidParams, Unauthenticated
from museod.wire.envelope import CALLER

Role = Literal["guest", "customer", "admin", "operator", "service"]


class Caller(Struct, frozen=True, rename="camel"):
    """
    One caller. Only the process that owns our pipe can state it, and museod strips it from its clients.

    Without a statement the caller is an anonymous guest: such a one may search and ask. `contacts` are the
    caller's own addresses by channel.
    """

    sub: str = ""
    role: Role = "guest"
    scopes: tuple[str, ...] = ()
    locale: str = ""
    client_type: str = ""
    conversation_id: str = ""
    turn_id: str = ""
    contacts: dict[str, str] = field(default_factory=dict)

    @property
    def is_admin(self) -> bool:
        """Whether the caller administers the shop."""
        return self.role == "admin"

    def require_user(self, what: str) -> str:
        """
        The caller's user id, for `what` ("a basket") belongs to somebody.

        Raises:
            Unauthenticated: the caller is anonymous.
        """
        if not self.sub:
            raise Unauthenticated(
                f"I can't tell whose {what} this is. Sign in, or connect with a guest token, and ask again."
            )
        return self.sub

    def require_admin(self, what: str) -> str:
        """
        The administrator's user id; `what` says what only an administrator may do.

        Raises:
            Unauthenticated: the caller is anonymous.
            Forbidden: the caller is known, and no administrator.
        """
        if not self.sub:
            raise Unauthenticated(f"Only an administrator may {what}. Sign in with an administrator's token.")
        if not self.is_admin:
            raise Forbidden(
                f"You do not have the right to {what}. Ask an administrator, or sign in as one.",
                data={"requiredRole": "admin"},
            )
        return self.sub


ANONYMOUS = Caller()

_decode = msgspec.json.Decoder(Caller).decode


def read_caller(stated: Raw | UnsetType) -> Caller:
    """
    The caller that `_meta` states, or the anonymous guest.

    Raises:
        InvalidParams: the statement does not fit; guessing at an identity would be worse than refusing.
    """
    if isinstance(stated, UnsetType):
        return ANONYMOUS
    try:
        return _decode(stated)
    except msgspec.DecodeError as error:
        raise InvalidParams(f"_meta[{CALLER!r}] does not fit: {error}. Correct it or leave it out.") from None
