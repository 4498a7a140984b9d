"""Whom a frame speaks for: the table of section "Who may do what" of the contract."""

from __future__ import annotations

import pytest

from museod.access.principal import Principal, Role, principal
from museod.chat.speaker import acting_caller
from museod.errors import CallError, Forbidden, Unauthenticated

ALICE = principal("alice", Role.CUSTOMER)
ADMIN = principal("root", Role.ADMIN)
CONNECTOR = principal("wa-bridge", Role.SERVICE)
GUEST = principal("guest:r4nd0m", Role.GUEST)
STRANGER = Principal(sub="", role=Role.GUEST)


@pytest.mark.parametrize(
    ("claim", "connected", "loopback", "sub", "role", "via"),
    [
        ("alice", ALICE, False, "alice", Role.CUSTOMER, ""),
        ("root", ADMIN, False, "root", Role.ADMIN, ""),
        ("whatsapp:+491701234567", CONNECTOR, False, "whatsapp:+491701234567", Role.CUSTOMER, "wa-bridge"),
        ("instagram:bob", CONNECTOR, False, "instagram:bob", Role.CUSTOMER, "wa-bridge"),
        ("bob", CONNECTOR, False, "bob", Role.CUSTOMER, "wa-bridge"),
        ("boss", CONNECTOR, False, "boss", Role.ADMIN, "wa-bridge"),
        ("wa-bridge", CONNECTOR, False, "wa-bridge", Role.SERVICE, ""),
        ("user123", None, True, "guest:user123", Role.GUEST, ""),
        ("user123", STRANGER, True, "guest:user123", Role.GUEST, ""),
        ("guest:user123", None, True, "guest:user123", Role.GUEST, ""),
        ("anybody", GUEST, False, "guest:r4nd0m", Role.GUEST, ""),
        ("alice", GUEST, False, "guest:r4nd0m", Role.GUEST, ""),
    ],
)
def test_a_claim_that_holds(
    claim: str, connected: Principal | None, loopback: bool, sub: str, role: Role, via: str
) -> None:
    caller = acting_caller(
        claim, connected, staff={"boss"}, loopback_guest=loopback, channel="web-storefront"
    )
    assert (caller.sub, caller.role, caller.via, caller.channel) == (sub, role, via, "web-storefront")


@pytest.mark.parametrize(
    ("claim", "connected", "loopback", "error"),
    [
        ("bob", ALICE, False, Forbidden),
        ("alice", ADMIN, False, Forbidden),
        ("whatsapp:alice", ALICE, False, Forbidden),
        ("local:root", CONNECTOR, False, Forbidden),
        ("guest:user123", CONNECTOR, False, Forbidden),
        ("whatsapp:+49", None, True, Forbidden),
        ("guest:whatsapp:+49", None, True, Forbidden),
        ("alice", None, False, Unauthenticated),
        ("alice", STRANGER, False, Unauthenticated),
        # Being connected over loopback does not let a known customer be somebody else.
        ("bob", ALICE, True, Forbidden),
    ],
)
def test_a_claim_that_does_not_hold(
    claim: str, connected: Principal | None, loopback: bool, error: type[CallError]
) -> None:
    with pytest.raises(error):
        acting_caller(claim, connected, staff={"boss"}, loopback_guest=loopback)


def test_whom_a_connector_speaks_for_has_none_of_its_scopes() -> None:
    assert acting_caller("boss", CONNECTOR, staff={"boss"}).scopes == frozenset()
    assert acting_caller("bob", CONNECTOR).scopes == frozenset()


def test_the_refusal_tells_the_caller_its_own_name_only() -> None:
    with pytest.raises(Forbidden) as raised:
        acting_caller("bob", ALICE)
    assert raised.value.data == {"expectedUser": "alice"}
    assert "bob" not in raised.value.message
