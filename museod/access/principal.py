"""The caller of one request: who it is, in which role, with which scopes, over which channel."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What a caller is to the shop."""

    GUEST = "guest"
    CUSTOMER = "customer"
    ADMIN = "admin"
    OPERATOR = "operator"
    SERVICE = "service"


SCOPES: dict[Role, frozenset[str]] = {
    Role.GUEST: frozenset(),
    Role.CUSTOMER: frozenset(),
    Role.ADMIN: frozenset({"ops:read", "privacy:admin"}),
    Role.OPERATOR: frozenset({"ops:read", "ops:write"}),
    Role.SERVICE: frozenset({"act_as"}),
}

RESERVED_PREFIXES = ("guest:", "whatsapp:", "instagram:", "local:")
_USER_ID = re.compile(r"(?:(?:guest|whatsapp|instagram|local):)?[A-Za-z0-9._@+-]{1,100}")


def is_user_id(text: str) -> bool:
    """Whether `text` is a user id as museod writes them."""
    return _USER_ID.fullmatch(text) is not None


def has_reserved_prefix(text: str) -> bool:
    """Whether only museod and connectors may set this id."""
    return text.startswith(RESERVED_PREFIXES)


def normal_user_id(sub: str) -> str:
    """`sub` itself where it is a user id, else `u-` and 26 characters of base32(SHA-256(sub))."""
    if is_user_id(sub):
        return sub
    digest = base64.b32encode(hashlib.sha256(sub.encode("utf-8", "surrogatepass")).digest()).decode("ascii")
    return "u-" + digest[:26].lower()


@dataclass(frozen=True, slots=True)
class Principal:
    """
    A caller, vouched for.

    `sub` is empty for a caller without any identity (a stateless guest): such a one may search and ask, and
    everything that belongs to somebody is refused with the remedy. `via` names the connector that speaks
    for this user. `contacts` are the caller's own addresses, by channel, as the token states them.
    """

    sub: str
    role: Role
    scopes: frozenset[str] = frozenset()
    channel: str = ""
    contacts: dict[str, str] = field(default_factory=dict)
    via: str = ""
    expires_at: float | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing can be kept for this caller."""
        return not self.sub

    def has_scope(self, scope: str) -> bool:
        """Whether the caller holds `scope`, by role or by token."""
        return scope in self.scopes

    def as_meta(self) -> dict[str, Any]:
        """What a trusted child is told in `_meta["ai.museo/caller"]`."""
        meta: dict[str, Any] = {"role": self.role.value, "scopes": sorted(self.scopes)}
        if self.sub:
            meta["sub"] = self.sub
        if self.contacts:
            meta["contacts"] = dict(self.contacts)
        return meta


def principal(
    sub: str, role: Role, *, channel: str = "", extra_scopes: frozenset[str] = frozenset()
) -> Principal:
    """A principal with the scopes of its role and `extra_scopes`."""
    return Principal(sub=sub, role=role, scopes=SCOPES[role] | extra_scopes, channel=channel)
