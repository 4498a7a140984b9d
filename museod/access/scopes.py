"""Which scopes there are, and which a token may add to those of its role."""

from __future__ import annotations

from collections.abc import Mapping

from museod.access.principal import SCOPES, Role

HANDOVER_AGENT = "handover:agent"

KNOWN: frozenset[str] = frozenset({HANDOVER_AGENT}).union(*SCOPES.values())

# A guest is nobody in particular, so nothing can be granted. To speak for others (act_as) is for connectors
# only: a person's token that could do it would be every person's token. The rest is for whoever holds the
# signing secret to grant, or the issuer that the operator named.
GRANTABLE: Mapping[Role, frozenset[str]] = {
    Role.GUEST: frozenset(),
    Role.CUSTOMER: KNOWN - {"act_as"},
    Role.ADMIN: KNOWN - {"act_as"},
    Role.OPERATOR: KNOWN - {"act_as"},
    Role.SERVICE: KNOWN,
}
