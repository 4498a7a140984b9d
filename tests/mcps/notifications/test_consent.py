"""Who wants to hear from the shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcps.notifications.consent import ALLOWED, Consent, Decision, Purpose
from mcps.notifications.provider import Channel
from museod.errors import ConfigError


def test_without_a_file_nobody_has_said_anything(tmp_path: Path) -> None:
    consent = Consent(tmp_path / "consent.csv")
    assert consent.decision(Channel.EMAIL, "jane@example.com") is Decision.NONE


def test_the_last_line_about_a_person_counts_in_any_spelling(tmp_path: Path) -> None:
    file = tmp_path / "consent.csv"
    file.write_text(
        "# who wants what\nemail, Jane@Example.com, yes\nsms,+49 30 1234567,never # asked by phone\n\n"
        "email,jane@example.com,no\n"
    )
    consent = Consent(file)
    assert consent.decision(Channel.EMAIL, "JANE@example.com") is Decision.NO
    assert consent.decision(Channel.SMS, "+49301234567") is Decision.NEVER
    assert consent.decision(Channel.WHATSAPP, "+49301234567") is Decision.NONE


def test_a_change_of_the_file_counts_at_once_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "consent.csv"
    consent = Consent(file)
    file.write_text("email,jane@example.com,yes\n")
    assert consent.decision(Channel.EMAIL, "jane@example.com") is Decision.YES
    file.write_text("email,jane@example.com,perhaps\n")
    assert consent.decision(Channel.EMAIL, "jane@example.com") is Decision.YES
    file.unlink()
    assert consent.decision(Channel.EMAIL, "jane@example.com") is Decision.NONE


def test_at_the_start_every_bad_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "consent.csv"
    file.write_text("email,jane@example.com,yes\nfax,1,yes\nemail,only-two\n")
    with pytest.raises(ConfigError) as refused:
        Consent(file)
    assert [fault.key for fault in refused.value.faults] == ["line 2", "line 3"]
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        Consent(file)


def test_each_decision_allows_less_than_the_one_before() -> None:
    assert [len(ALLOWED[decision]) for decision in Decision] == [3, 2, 1, 0]
    assert Purpose.PROMOTIONAL not in ALLOWED[Decision.NONE]
    assert ALLOWED[Decision.NO] == {Purpose.TRANSACTIONAL}
