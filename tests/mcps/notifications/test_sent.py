"""One key sends once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcps.notifications.sent import KEEP_SECONDS, KeyInUse, KeyReused, Receipt, SentLog

RECEIPT = Receipt("m1", "sent", "mailbox", "2026-01-01T00:00:00+00:00")


def test_a_key_is_remembered_over_a_restart(tmp_path: Path) -> None:
    log = SentLog(tmp_path / "sent.sqlite3")
    assert log.claim("alice", "key-1", b"x") is None
    log.complete("alice", "key-1", RECEIPT)
    log.close()
    again = SentLog(tmp_path / "sent.sqlite3")
    assert again.claim("alice", "key-1", b"x") == RECEIPT
    again.close()


def test_a_key_belongs_to_its_owner_and_its_message() -> None:
    log = SentLog(":memory:")
    log.claim("alice", "key-1", b"x")
    log.complete("alice", "key-1", RECEIPT)
    assert log.claim("bob", "key-1", b"x") is None
    with pytest.raises(KeyReused):
        log.claim("alice", "key-1", b"y")
    log.close()


def test_a_key_in_use_is_not_used_twice_and_may_be_released() -> None:
    log = SentLog(":memory:")
    log.claim("alice", "key-1", b"x")
    with pytest.raises(KeyInUse):
        log.claim("alice", "key-1", b"x")
    log.release("alice", "key-1")
    assert log.claim("alice", "key-1", b"x") is None
    log.complete("alice", "key-1", RECEIPT)
    log.release("alice", "key-1")
    assert log.claim("alice", "key-1", b"x") == RECEIPT
    log.close()


def test_old_keys_are_forgotten() -> None:
    now = 1000.0
    log = SentLog(":memory:", clock=lambda: now)
    log.claim("alice", "key-1", b"x")
    log.complete("alice", "key-1", RECEIPT)
    now += KEEP_SECONDS + 1
    assert log.claim("alice", "key-1", b"y") is None
    log.close()
