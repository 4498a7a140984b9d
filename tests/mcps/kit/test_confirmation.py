"""What counts as a person's yes."""

from __future__ import annotations

import pytest
from msgspec import UNSET, Raw

from mcps.kit.caller import Caller
from mcps.kit.confirmation import ConfirmationRequired, is_confirmed
from museod.errors import Kind

ALICE = Caller(sub="alice")


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        (b'{"ai.museo/confirmed":{"digest":"d","sub":"alice","turn":"t"}}', True),
        (b'{"ai.museo/confirmed":{}}', True),
        (b'{"ai.museo/confirmed":{"sub":"mallory"}}', False),
        (b'{"ai.museo/confirmed":{"sub":null}}', False),
        (b'{"ai.museo/confirmed":true}', False),
        (b'{"ai.museo/confirmed":null}', False),
        (b'{"ai.museo/confirmed":"yes"}', False),
        (b'{"confirmed":{"sub":"alice"}}', False),
        (b"{}", False),
    ],
)
def test_only_a_statement_about_this_caller_is_a_yes(meta: bytes, expected: bool) -> None:
    assert is_confirmed(Raw(meta), ALICE) is expected


def test_without_meta_nobody_has_said_yes() -> None:
    assert not is_confirmed(UNSET, ALICE)


def test_a_missing_yes_says_what_would_happen_and_what_it_is_for() -> None:
    error = ConfirmationRequired(
        "Pay 5?", tool="pay", arguments={"total": 5}, preview={"reason": "mine", "basket": {}}
    )
    assert error.kind is Kind.INVALID_REQUEST
    assert not error.retryable
    assert error.message.startswith("Pay 5?")
    assert error.data == {
        "basket": {},
        "reason": "confirmation_required",
        "needsConfirmation": True,
        "summary": "Pay 5?",
        "tool": "pay",
        "arguments": {"total": 5},
    }
