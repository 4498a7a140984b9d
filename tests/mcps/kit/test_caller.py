"""Who a tool acts for, and what only some may."""

from __future__ import annotations

import pytest
from msgspec import UNSET, Raw

from mcps.kit.caller import ANONYMOUS, Caller, read_caller
from museod.errors import Forbidden, InvalidParams, Unauthenticated


def test_nobody_stated_is_an_anonymous_guest() -> None:
    assert read_caller(UNSET) is ANONYMOUS
    assert (ANONYMOUS.role, ANONYMOUS.sub, ANONYMOUS.is_admin) == ("guest", "", False)


def test_a_statement_is_read_with_its_wire_names() -> None:
    stated = (
        b'{"sub":"alice","role":"customer","scopes":["a"],"locale":"de","clientType":"whatsapp",'
        b'"conversationId":"c1","turnId":"t1","contacts":{"email":"a@example.com"},"later":1}'
    )
    caller = read_caller(Raw(stated))
    assert caller == Caller(
        "alice", "customer", ("a",), "de", "whatsapp", "c1", "t1", {"email": "a@example.com"}
    )


@pytest.mark.parametrize("stated", [b"5", b'{"sub":5}', b'{"role":"root"}', b'{"scopes":"all"}', b"{"])
def test_a_statement_that_does_not_fit_is_refused(stated: bytes) -> None:
    with pytest.raises(InvalidParams, match="caller"):
        read_caller(Raw(stated))


@pytest.mark.parametrize("role", ["guest", "customer", "operator", "service"])
def test_only_the_role_admin_administers(role: str) -> None:
    caller = Caller(sub="x", role=role, scopes=("admin", "ops:write"))  # type: ignore[arg-type]
    with pytest.raises(Forbidden, match="administrator"):
        caller.require_admin("see products")
    assert Caller(sub="x", role="admin").require_admin("see products") == "x"


def test_an_anonymous_caller_is_told_how_to_become_somebody() -> None:
    with pytest.raises(Unauthenticated, match="Sign in"):
        ANONYMOUS.require_user("basket")
    with pytest.raises(Unauthenticated):
        Caller(role="admin").require_admin("see products")
