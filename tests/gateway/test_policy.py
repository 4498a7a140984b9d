"""Grants come from roles alone."""

from __future__ import annotations

import pytest

from museod.access.principal import Role, principal
from museod.gateway.policy import ChildPolicy

G, C, A, O, S = Role.GUEST, Role.CUSTOMER, Role.ADMIN, Role.OPERATOR, Role.SERVICE  # noqa: E741


@pytest.mark.parametrize(
    ("allow", "who"),
    [
        ({}, set()),
        ({"*": {A}}, {A}),
        ({"*": {C}}, {C, O}),
        ({"*": {O}}, {O}),
        ({"*": {G, C, A}}, {G, C, A, O}),
        ({"*": {C}, "delete": {A}}, {A}),
        ({"*": {A}, "delete": {C}}, {C, O}),
        ({"delete": set(), "*": set(Role)}, set()),
        ({"other": {C}}, set()),
        ({"Delete": {C}}, set()),
    ],
)
@pytest.mark.parametrize("role", Role)
def test_who_may_call(allow: dict[str, set[Role]], who: set[Role], role: Role) -> None:
    policy = ChildPolicy("shop", {tool: frozenset(roles) for tool, roles in allow.items()})
    everything = frozenset({"ops:read", "ops:write", "act_as", "privacy:admin"})
    for caller in (principal("x", role), principal("x", role, extra_scopes=everything)):
        assert policy.may_call("delete", caller) is (role in who)


def test_deadlines_are_the_childs_unless_the_tool_has_its_own() -> None:
    policy = ChildPolicy("shop", call_timeout=5.0, call_timeouts={"import": 300.0})
    assert (policy.timeout_of("import"), policy.timeout_of("search")) == (300.0, 5.0)
