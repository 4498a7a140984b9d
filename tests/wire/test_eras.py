"""The revisions in their order."""

from __future__ import annotations

import pytest

from museod.wire.eras import (
    LEGACY_REVISIONS,
    MODERN_REVISION,
    NEWEST_LEGACY,
    Era,
    era_of,
    is_at_least,
    negotiated,
)


def test_the_revisions_are_in_order_and_the_modern_one_is_the_newest() -> None:
    assert sorted(LEGACY_REVISIONS, reverse=True) == list(LEGACY_REVISIONS)
    assert NEWEST_LEGACY == "2025-11-25"
    assert all(is_at_least(MODERN_REVISION, revision) for revision in LEGACY_REVISIONS)
    assert not is_at_least("2025-03-26", "2025-06-18")
    assert is_at_least("2025-06-18", "2025-06-18")


@pytest.mark.parametrize(
    ("revision", "era"),
    [
        ("2026-07-28", Era.MODERN),
        ("2025-11-25", Era.LEGACY),
        ("2024-11-05", Era.LEGACY),
        ("2024-10-07", None),
        ("", None),
    ],
)
def test_the_era_of_a_revision(revision: str, era: Era | None) -> None:
    assert era_of(revision) is era


@pytest.mark.parametrize("revision", LEGACY_REVISIONS)
def test_a_revision_that_we_speak_is_agreed_on(revision: str) -> None:
    assert negotiated(revision) == revision


@pytest.mark.parametrize("revision", ["2026-07-28", "2030-01-01", "", "latest"])
def test_any_other_gets_the_newest_legacy_one(revision: str) -> None:
    assert negotiated(revision) == NEWEST_LEGACY
