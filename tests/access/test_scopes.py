from __future__ import annotations

import pytest

from museod.access.principal import SCOPES, Role
from museod.access.scopes import GRANTABLE, KNOWN


@pytest.mark.parametrize("role", list(Role))
def test_only_services_may_be_allowed_to_speak_for_others(role: Role) -> None:
    assert ("act_as" in GRANTABLE[role]) is (role is Role.SERVICE)


def test_a_guest_can_be_granted_nothing() -> None:
    assert not GRANTABLE[Role.GUEST]


def test_every_scope_of_a_role_is_known() -> None:
    assert all(scopes <= KNOWN for scopes in SCOPES.values())
