"""What each child is trusted with, and who may call which of its tools. Grants come from roles alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from museod.access.principal import Principal, Role

EVERY_TOOL = "*"


@dataclass(frozen=True, slots=True)
class ChildPolicy:
    """
    The gateway's side of a child's configuration.

    `allow` maps a tool's own name, or `*` for all others, to the roles that may call it. `identity`: the
    child is told who calls. `call_timeouts` overrides `call_timeout` per tool; both in seconds. `cache` names
    the tools whose results are kept, and for how many seconds; those of `cache_shared` for all callers
    together.
    """

    child: str
    allow: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    prefix: str = ""
    identity: bool = False
    era: str = "auto"
    interactive: bool = False
    call_timeout: float = 20.0
    call_timeouts: Mapping[str, float] = field(default_factory=dict)
    cache: Mapping[str, float] = field(default_factory=dict)
    cache_shared: frozenset[str] = frozenset()

    def may_call(self, tool: str, caller: Principal) -> bool:
        """
        Whether `caller` may call the child's `tool` (its own name, not the exposed one).

        An operator holds the daemon itself and may call what a customer may; administration of the shop
        still takes the role admin.
        """
        roles = self.allow.get(tool, self.allow.get(EVERY_TOOL, frozenset()))
        if caller.role is Role.OPERATOR:
            return Role.OPERATOR in roles or Role.CUSTOMER in roles
        return caller.role in roles

    def timeout_of(self, tool: str) -> float:
        """Seconds that a call of `tool` may take."""
        return self.call_timeouts.get(tool, self.call_timeout)

    @property
    def caches_per_caller(self) -> bool:
        """Whether results of some tool are kept for each caller alone."""
        return not self.cache_shared.issuperset(self.cache)
