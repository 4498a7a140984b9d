"""What is accepted is on the disk, is claimed by one at a time, and is forgotten when it is settled."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mcps.notifications import outbox as module
from mcps.notifications.keys import open_own_sealer
from mcps.notifications.outbox import DEAD_SECONDS, KEEP_SECONDS, KeyReused, Outbox, OutboxFull, TooMany
from mcps.notifications.provider import Channel, Letter, Pace
from mcps.notifications.records import Claimed, Item, Receipt
from museod.errors import ConfigError, StoreError
from museod.stores.sealing import Sealer

LEASE = 20.0
FAST = Pace(1e6, 1_000, 4)
SEALER = Sealer([("k", b"k" * 32)])
EMAIL = Channel.EMAIL


def item(address: str = "jane@example.com", *, event: str = "", next_at: float = 0.0) -> Item:
    return Item(Letter(EMAIL, address, "en", "secret words"), "personal", next_at, event)


Open = Callable[[], Outbox]


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Open]:
    boxes: list[Outbox] = []

    def make() -> Outbox:
        boxes.append(Outbox(tmp_path / "outbox.sqlite3", SEALER, lease_seconds=LEASE))
        return boxes[-1]

    yield make
    for box in boxes:
        box.close()


@pytest.fixture
def box(reopen: Open) -> Outbox:
    return reopen()


def accept(box: Outbox, key: str = "key", *items: Item, now: float = 0.0, **more: Any) -> Receipt:
    given: dict[str, Any] = {"channel": EMAIL, "provider": "smtp", "now": now, **more}
    content = given.pop("content", b"content")
    receipt, _ = box.accept(given.pop("owner", "jane"), key, content, items or (item(),), **given)
    return receipt


def claim(box: Outbox, now: float = 0.0) -> Claimed:
    claimed = box.claim(EMAIL, FAST, now)
    assert isinstance(claimed, Claimed)
    return claimed


def test_what_is_accepted_survives_a_process_that_never_closed_the_file(reopen: Open) -> None:
    receipt = accept(reopen())
    assert claim(reopen()).message_id == receipt.message_id


def test_accepting_waits_for_the_disk(box: Outbox) -> None:
    with box._file.transaction() as database:
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_same_key_is_the_same_message_and_another_text_is_refused(box: Outbox) -> None:
    first = accept(box)
    again, is_known = box.accept("jane", "key", b"content", [item()], channel=EMAIL, provider="smtp", now=9.0)
    assert (again, is_known) == (first, True)
    assert box.find("jane", "key", b"content") == first
    with pytest.raises(KeyReused):
        accept(box, content=b"other")
    assert box.find("bob", "key", b"content") is None


def test_owner_and_key_cannot_be_shifted_into_each_other(box: Outbox) -> None:
    accept(box, "b\0key", owner="a")
    assert box.find("a\0b", "key", b"content") is None


def test_two_processes_never_claim_the_same_delivery(reopen: Open) -> None:
    one, two = reopen(), reopen()
    accept(one, "key", item("a@example.com"), item("b@example.com"))
    claimed = {claim(one).letter.address, claim(two).letter.address}
    assert claimed == {"a@example.com", "b@example.com"}
    assert two.claim(EMAIL, FAST, 1.0) == LEASE  # nothing before the first lease ends


def test_a_dead_holders_delivery_comes_back_as_of_unknown_fate(reopen: Open) -> None:
    dead, alive = reopen(), reopen()
    accept(dead)
    first = claim(dead)
    assert first.unknown == 0
    assert alive.claim(EMAIL, FAST, LEASE - 0.1) == LEASE
    second = claim(alive, LEASE)
    assert (second.delivery_id, second.unknown) == (first.delivery_id, 1)
    # The first one wakes up late: it no longer holds anything that it could postpone.
    dead.postponed(first, 1e9, "late")
    assert alive.claim(EMAIL, FAST, 2 * LEASE) != 1e9


def test_who_starts_next_frees_what_a_dead_process_held_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    dead, alive = (Outbox(path, SEALER, lease_seconds=LEASE) for _ in range(2))
    accept(alive, "key", item("a@example.com"), item("b@example.com"))
    lost, held = claim(dead), claim(alive)
    os.close(dead._lock._descriptor)  # as the kernel does for a process that was killed
    with closing(Outbox(path, SEALER, lease_seconds=LEASE)) as following:
        again = claim(following, 1.0)
        assert (again.delivery_id, again.unknown) == (lost.delivery_id, 1)
        assert following.claim(EMAIL, FAST, 2.0) == LEASE
    alive.sent(held, "ok", 2.0)
    dead._file.close()
    alive.close()
    assert [file.name for file in tmp_path.glob("*.holder")] == []


def test_a_late_success_is_believed_whoever_reports_it(reopen: Open) -> None:
    slow, other = reopen(), reopen()
    receipt = accept(slow)
    first = claim(slow)
    second = claim(other, LEASE)
    other.given_up(second, "no luck", 30.0)
    slow.sent(first, "250", 31.0)
    assert (other.receipt(receipt.message_id).sent, other.receipt(receipt.message_id).dead) == (1, 0)
    other.given_up(second, "no luck", 32.0)
    assert other.receipt(receipt.message_id).sent == 1


def test_postponing_hides_it_until_then(box: Outbox) -> None:
    accept(box)
    box.postponed(claim(box), 50.0, "greylisted", attempts=1)
    assert box.claim(EMAIL, FAST, 49.0) == 50.0
    assert claim(box, 50.0).attempts == 1


def test_the_pace_and_the_pauses_hold_for_all_processes_together(reopen: Open) -> None:
    one, two, slow = reopen(), reopen(), Pace(1.0, 2, 4)
    accept(one, "key", *(item(f"p{number}@example.com") for number in range(4)), now=100.0)
    assert isinstance(one.claim(EMAIL, slow, 100.0), Claimed)
    assert isinstance(two.claim(EMAIL, slow, 100.0), Claimed)  # the burst
    assert one.claim(EMAIL, slow, 100.0) == 101.0
    assert isinstance(two.claim(EMAIL, slow, 101.0), Claimed)
    two.pause(EMAIL, 200.0)
    two.pause(EMAIL, 150.0)  # a shorter one does not cut it short
    assert one.claim(EMAIL, slow, 110.0) == 200.0


def test_one_person_is_told_of_one_event_once(box: Outbox) -> None:
    first = accept(box, "key-1", item(event="shipped 7"))
    again = accept(box, "key-2", item("JANE@example.com", event="shipped 7"))
    other = accept(box, "key-3", item(event="shipped 8"))
    assert (first.queued, other.queued) == (1, 1)
    assert (again.suppressed, again.reasons) == (1, ("already_told",))
    # What was given up was not told.
    box.given_up(claim(box), "refused", 1.0)
    assert accept(box, "key-4", item(event="shipped 7")).queued == 1


def test_who_told_the_provider_to_stop_is_not_accepted_again(box: Outbox) -> None:
    accept(box)
    box.suppressed(claim(box), "unsubscribed", 1.0, is_blocked=True)
    assert accept(box, "key-2", item("Jane@example.com")).reasons == ("unsubscribed",)
    assert accept(box, "key-3", item("bob@example.com")).queued == 1


def test_texts_and_addresses_are_sealed_and_then_gone(box: Outbox, tmp_path: Path) -> None:
    accept(box)
    claimed = claim(box)

    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert b"secret words" not in on_disk()
    assert b"jane@example.com" not in on_disk()
    box.sent(claimed, "ok", 1.0)
    with box._file.transaction() as database:
        assert database.execute("SELECT letter FROM deliveries").fetchall() == [(None,)]


def test_what_cannot_be_opened_is_given_up_and_holds_nobody_up(box: Outbox, tmp_path: Path) -> None:
    accept(box, "key-1", item("a@example.com"))
    other = Outbox(tmp_path / "outbox.sqlite3", Sealer([("new", b"n" * 32)]), lease_seconds=LEASE)
    accept(other, "key-2", item("b@example.com"), now=1.0)
    assert other.claim(EMAIL, FAST, 5.0) == 5.0
    assert claim(other, 5.0).letter.address == "b@example.com"
    assert "key that is gone" in other.summary()["deadLetters"][0]["reason"]
    other.close()


def test_there_is_a_ceiling_for_all_and_one_for_each(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_QUEUED", 3)
    accept(box, "key-1", per_hour=2)
    accept(box, "key-2", per_hour=2)
    with pytest.raises(TooMany):
        accept(box, "key-3", per_hour=2)
    accept(box, "key-3", per_hour=2, now=3601.0)
    with pytest.raises(OutboxFull):
        accept(box, "key-4", owner="bob")
    assert box.find("bob", "key-4", b"content") is None


def test_what_is_settled_is_forgotten_in_time_and_what_waits_never(box: Outbox) -> None:
    accept(box, "sent")
    box.sent(claim(box), "ok", 0.0)
    accept(box, "dead")
    box.given_up(claim(box), "refused", 0.0)
    accept(box, "waiting", item(next_at=1e9))
    assert box.purge(KEEP_SECONDS) == 0
    assert box.purge(KEEP_SECONDS + 1) == 1
    assert box.find("jane", "sent", b"content") is None
    assert box.find("jane", "dead", b"content") is not None
    assert box.purge(DEAD_SECONDS + 1) == 1
    assert box.summary()["counts"] == {"email": {"queued": 1}}


def test_dead_letters_are_listed_for_people(box: Outbox) -> None:
    receipt = accept(box)
    box.given_up(claim(box), "answer 550", 7.0)
    (letter,) = box.summary()["deadLetters"]
    assert letter["to"] == "j***@example.com"
    assert (letter["messageId"], letter["reason"], letter["givenUpAt"]) == (
        receipt.message_id,
        "answer 550",
        7.0,
    )


def test_a_file_of_a_newer_build_or_of_nonsense_is_refused(tmp_path: Path) -> None:
    newer = tmp_path / "newer.sqlite3"
    with sqlite3.connect(newer) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    garbage = tmp_path / "garbage.sqlite3"
    garbage.write_bytes(b"no database at all" * 100)
    for path in (newer, garbage):
        with pytest.raises(StoreError, match=path.name):
            Outbox(path, SEALER, lease_seconds=LEASE)


def test_a_lost_key_is_named_instead_of_replaced(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    sealer = open_own_sealer(tmp_path, path)
    Outbox(path, sealer, lease_seconds=LEASE).close()
    assert open_own_sealer(tmp_path, path).owner_tag("x") == sealer.owner_tag("x")
    (tmp_path / "museod.key").unlink()
    with pytest.raises(ConfigError, match="restore it"):
        open_own_sealer(tmp_path, path)
