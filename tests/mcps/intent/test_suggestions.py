"""Quick replies."""

from __future__ import annotations

import pytest

from mcps.intent.analysis import analyze
from mcps.intent.intents import Intent
from mcps.intent.suggestions import MAX_LABEL, suggest

CLIENTS = ["web-admin", "web-storefront", "whatsapp", "instagram", "mobile", "cli"]


@pytest.mark.parametrize("client_type", CLIENTS)
@pytest.mark.parametrize("last", [None, *Intent])
def test_suggestions_fit_the_client_and_are_said_once(client_type: str, last: Intent | None) -> None:
    found = suggest(client_type=client_type, last_intent=last, limit=10)
    assert found
    assert len(found) == len(set(found))
    assert all(len(said.label) <= MAX_LABEL for said in found)
    if client_type not in ("web-admin", "cli"):
        assert not any(said.intent.is_admin for said in found)


@pytest.mark.parametrize("client_type", ["web-admin", "web-storefront"])
@pytest.mark.parametrize("last", list(Intent))
def test_what_is_suggested_is_understood_when_it_is_said(client_type: str, last: Intent) -> None:
    for said in suggest(client_type=client_type, last_intent=last, limit=10):
        assert analyze(said.message, client_type=client_type).intent is said.intent, said.message


def test_a_half_typed_message_is_completed_first() -> None:
    found = suggest(client_type="web-storefront", message="show my b", limit=3)
    assert found[0].message == "Show my basket"
    assert len(found) == 3


def test_the_limit_holds() -> None:
    assert len(suggest(client_type="cli", limit=1)) == 1
