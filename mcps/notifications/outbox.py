"""
The outbox: what was accepted, in one SQLite file, until it is delivered or given up.

A message is what one call wanted; a delivery is that message for one person. A claimed delivery is hidden
from everybody for the time of a lease; if its holder dies, it shows up again, marked as of unknown fate. So
any number of processes may work on one file. Addresses and texts are sealed, and gone once they are settled;
what has to be compared (owners, keys, people, events) is a keyed digest.

Everything here blocks and is called from one thread at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec

from mcps.notifications.addresses import comparable, masked
from mcps.notifications.holders import HolderLock, take_dead_holders
from mcps.notifications.outbox_file import OutboxFile
from mcps.notifications.provider import Channel, Letter, Pace
from mcps.notifications.records import Claimed, Item, Receipt
from museod.errors import StoreError
from museod.stores.sealing import CannotOpen, Sealer

# The window in which a caller may repeat itself; the shop's API remembers its keys as long.
KEEP_SECONDS = 24 * 3600.0
DEAD_SECONDS = 7 * 86_400.0  # a week in which an operator may look at what was given up
MAX_QUEUED = 10_000  # at ten a second, a quarter of an hour of work; more means that nothing goes out
MAX_DEAD_LISTED = 1_000


class KeyReused(Exception):
    """The key was used before, for another message."""


class OutboxFull(Exception):
    """Too much waits already."""


class TooMany(Exception):
    """This owner has sent enough for now."""


class Outbox:
    """
    Args:
        path: of the file; made with mode 0600.
        lease_seconds: longer than any attempt may take.

    Raises from all methods:
        StoreUnavailable: the file is busy or the disk is full; nothing was written.
        StoreError: the file is damaged, or was written by a newer build.
    """

    def __init__(self, path: Path, sealer: Sealer, *, lease_seconds: float) -> None:
        self._sealer = sealer
        self._lease_seconds = lease_seconds
        self._holder = token_hex(8)
        self._file = OutboxFile(path)
        try:
            self._lock = HolderLock(path, self._holder)
        except OSError as error:
            self._file.close()
            raise StoreError(f"The outbox {path} cannot be locked: {error.strerror}.") from None
        try:
            self._release(take_dead_holders(path))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._lock.release()

    def _release(self, holders: Sequence[str]) -> None:
        """Let what dead processes held be claimed at once; the marks of their attempts stay."""
        with self._file.transaction() as database:
            for holder in holders:
                database.execute(
                    "UPDATE deliveries SET next_at = 0 WHERE holder = ? AND state = 'queued'", (holder,)
                )

    # ------------------------------------------------------------------ accepting

    def find(self, owner: str, key: str, content: bytes) -> Receipt | None:
        """
        What became of the message that this owner gave this key, if any.

        Raises:
            KeyReused: it was another message.
        """
        with self._file.transaction() as database:
            return self._find(database, owner, key, content)

    def accept(
        self,
        owner: str,
        key: str,
        content: bytes,
        items: Sequence[Item],
        *,
        channel: Channel,
        provider: str,
        now: float,
        per_hour: int | None = None,
    ) -> tuple[Receipt, bool]:
        """
        Take a message in, unless this owner's key has brought it already; the second value says so.

        Args:
            content: the arguments, to tell a repetition from another message.
            per_hour: how many messages the owner may have accepted in an hour.

        Raises:
            KeyReused, OutboxFull, TooMany: nothing was taken in.
        """
        with self._file.transaction() as database:
            known = self._find(database, owner, key, content)
            if known is not None:
                return known, True
            name = self._tag("owner", owner)
            self._check_room(database, name, len(items), now, per_hour)
            message_id = token_hex(16)
            database.execute(
                "INSERT INTO messages (id, key, digest, owner, channel, provider, accepted_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (message_id, self._key(owner, key), self._content(content), name, channel, provider, now),
            )
            for item in items:
                self._add(database, message_id, item, now)
            return self._receipt(database, message_id), False

    def _find(self, database: sqlite3.Connection, owner: str, key: str, content: bytes) -> Receipt | None:
        row = database.execute(
            "SELECT id, digest FROM messages WHERE key = ?", (self._key(owner, key),)
        ).fetchone()
        if row is None:
            return None
        if row[1] != self._content(content):
            raise KeyReused
        return self._receipt(database, row[0])

    def _check_room(
        self, database: sqlite3.Connection, owner: str, wanted: int, now: float, per_hour: int | None
    ) -> None:
        (queued,) = database.execute("SELECT count(*) FROM deliveries WHERE state = 'queued'").fetchone()
        if queued + wanted > MAX_QUEUED:
            raise OutboxFull
        if per_hour is not None:
            (lately,) = database.execute(
                "SELECT count(*) FROM messages WHERE owner = ? AND accepted_at > ?", (owner, now - 3600)
            ).fetchone()
            if lately >= per_hour:
                raise TooMany

    def _add(self, database: sqlite3.Connection, message_id: str, item: Item, now: float) -> None:
        letter, delivery_id = item.letter, token_hex(16)
        person = self._person(letter.channel, letter.address)
        reason = item.suppressed
        if not reason and database.execute("SELECT 1 FROM blocked WHERE person = ?", (person,)).fetchone():
            reason = "unsubscribed"
        event = self._tag("event", f"{person}\0{item.event}") if item.event else None
        if not reason and event is not None:
            again = "SELECT 1 FROM deliveries WHERE event = ? AND state IN ('queued', 'sent')"
            if database.execute(again, (event,)).fetchone():
                reason = "already_told"
        state = "suppressed" if reason else "queued"
        settled_at = now if reason else None
        sealed = None if reason else self._seal(letter, delivery_id)
        database.execute(
            "INSERT INTO deliveries (id, message, channel, state, letter, address, event, purpose, next_at,"
            " reason, settled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (delivery_id, message_id, letter.channel, state, sealed, masked(letter.address), event,
             item.purpose, item.next_at, reason, settled_at),
        )  # fmt: skip

    def receipt(self, message_id: str) -> Receipt:
        """A message as it stands now."""
        with self._file.transaction() as database:
            return self._receipt(database, message_id)

    def _receipt(self, database: sqlite3.Connection, message_id: str) -> Receipt:
        provider, accepted_at = database.execute(
            "SELECT provider, accepted_at FROM messages WHERE id = ?", (message_id,)
        ).fetchone()
        rows = database.execute(
            "SELECT state, count(*), min(next_at), group_concat(DISTINCT nullif(reason, '')) FROM deliveries"
            " WHERE message = ? GROUP BY state",
            (message_id,),
        ).fetchall()
        counts = {state: count for state, count, _, _ in rows}
        next_at = next((at for state, _, at, _ in rows if state == "queued"), None)
        reasons = [text for state, _, _, text in rows if text and state in ("suppressed", "dead")]
        return Receipt(message_id, provider, accepted_at, **counts, next_at=next_at, reasons=tuple(reasons))

    # ------------------------------------------------------------------ delivering

    def claim(self, channel: Channel, pace: Pace, now: float) -> Claimed | float:
        """
        The delivery of this channel that waits longest, now ours; or when to ask again (seconds since 1970).

        The provider's pace and pauses hold for all processes together.
        """
        with self._file.transaction() as database:
            lane = database.execute("SELECT free_at FROM lanes WHERE channel = ?", (channel,)).fetchone()
            free_at = lane[0] if lane else float("-inf")
            row = database.execute(
                "SELECT d.id, d.message, d.letter, d.purpose, d.attempts, d.unknown, d.holder, d.next_at,"
                " m.accepted_at FROM deliveries d JOIN messages m ON m.id = d.message"
                " WHERE d.state = 'queued' AND d.channel = ? ORDER BY d.next_at LIMIT 1",
                (channel,),
            ).fetchone()
            if row is None:
                return float("inf")
            due = max(row[7], free_at)
            if due > now:
                return float(due)
            interval = 1.0 / pace.per_second
            paced = max(free_at, now - (pace.burst - 1) * interval) + interval
            database.execute("INSERT OR REPLACE INTO lanes VALUES (?, ?)", (channel, paced))
            # A holder in the row is one whose lease ran out: it may have sent before it died.
            unknown = row[5] + (row[6] is not None)
            database.execute(
                "UPDATE deliveries SET holder = ?, next_at = ?, unknown = ? WHERE id = ?",
                (self._holder, now + self._lease_seconds, unknown, row[0]),
            )
            try:
                letter = self._open(row[2], row[0])
            except CannotOpen:
                self._settle(database, row[0], "dead", now, reason="sealed under a key that is gone")
                return now
            return Claimed(row[0], row[1], letter, row[3], row[8], row[4], unknown)

    def sent(self, claimed: Claimed, reference: str, now: float) -> None:
        """The provider took it; its text and address are forgotten."""
        with self._file.transaction() as database:
            self._settle(database, claimed.delivery_id, "sent", now, reference=reference)

    def suppressed(self, claimed: Claimed, reason: str, now: float, *, is_blocked: bool = False) -> None:
        """It is not to be sent; `is_blocked`: nor anything else to this person on this channel."""
        with self._file.transaction() as database:
            self._settle(database, claimed.delivery_id, "suppressed", now, reason=reason)
            if is_blocked:
                person = self._person(claimed.letter.channel, claimed.letter.address)
                database.execute("INSERT OR REPLACE INTO blocked VALUES (?, ?)", (person, now))

    def given_up(self, claimed: Claimed, reason: str, now: float) -> None:
        """No further attempt is made."""
        with self._file.transaction() as database:
            self._settle(database, claimed.delivery_id, "dead", now, reason=reason)

    def postponed(
        self, claimed: Claimed, next_at: float, reason: str, *, attempts: int = 0, unknown: int = 0
    ) -> None:
        """
        Another attempt is made at `next_at`, if nobody else has claimed it since.

        Args:
            attempts, unknown: how many more of them there have been.
        """
        with self._file.transaction() as database:
            database.execute(
                "UPDATE deliveries SET next_at = ?, reason = ?, holder = NULL, attempts = attempts + ?,"
                " unknown = unknown + ? WHERE id = ? AND state = 'queued' AND holder = ?",
                (next_at, reason, attempts, unknown, claimed.delivery_id, self._holder),
            )

    def pause(self, channel: Channel, until: float) -> None:
        """Nothing of this channel is claimed before `until`, by nobody."""
        with self._file.transaction() as database:
            database.execute(
                "INSERT INTO lanes VALUES (?1, ?2) ON CONFLICT DO UPDATE SET free_at = max(free_at, ?2)",
                (channel, until),
            )

    def _settle(
        self,
        database: sqlite3.Connection,
        delivery_id: str,
        state: str,
        now: float,
        *,
        reason: str = "",
        reference: str = "",
    ) -> None:
        # Whoever knows the outcome settles it, holder or not; only "sent" is stronger than another outcome.
        database.execute(
            "UPDATE deliveries SET state = ?, reason = ?, reference = ?, settled_at = ?, holder = NULL,"
            " letter = NULL WHERE id = ? AND (state = 'queued' OR (? = 'sent' AND state = 'dead'))",
            (state, reason, reference, now, delivery_id, state),
        )

    # ------------------------------------------------------------------ looking after it

    def purge(self, now: float) -> int:
        """Forget what was settled long ago; how many deliveries that were."""
        with self._file.transaction() as database:
            gone = database.execute(
                "DELETE FROM deliveries WHERE settled_at < CASE state WHEN 'dead' THEN ? ELSE ? END",
                (now - DEAD_SECONDS, now - KEEP_SECONDS),
            ).rowcount
            database.execute(
                "DELETE FROM messages WHERE accepted_at < ? AND NOT EXISTS"
                " (SELECT 1 FROM deliveries WHERE message = messages.id)",
                (now - KEEP_SECONDS,),
            )
            return gone

    def summary(self) -> dict[str, Any]:
        """Counts and dead letters for people: addresses masked, texts left out."""
        with self._file.transaction() as database:
            counts: dict[str, dict[str, int]] = {}
            for channel, state, count in database.execute(
                "SELECT channel, state, count(*) FROM deliveries GROUP BY channel, state"
            ):
                counts.setdefault(channel, {})[state] = count
            (oldest,) = database.execute(
                "SELECT min(m.accepted_at) FROM deliveries d JOIN messages m ON m.id = d.message"
                " WHERE d.state = 'queued'"
            ).fetchone()
            dead = database.execute(
                "SELECT d.id, d.message, d.channel, d.address, d.reason, d.attempts, m.accepted_at,"
                " d.settled_at FROM deliveries d JOIN messages m ON m.id = d.message WHERE d.state = 'dead'"
                " ORDER BY d.settled_at DESC LIMIT ?",
                (MAX_DEAD_LISTED,),
            ).fetchall()
        names = ("deliveryId", "messageId", "channel", "to", "reason", "attempts", "acceptedAt", "givenUpAt")
        return {
            "counts": counts,
            "oldestQueuedAt": oldest,
            "deadLetters": [dict(zip(names, row, strict=True)) for row in dead],
        }

    # ------------------------------------------------------------------ sealing

    def _seal(self, letter: Letter, delivery_id: str) -> bytes:
        return self._sealer.seal(msgspec.json.encode(letter), f"outbox:{delivery_id}")

    def _open(self, sealed: bytes, delivery_id: str) -> Letter:
        return msgspec.json.decode(self._sealer.open(sealed, f"outbox:{delivery_id}"), type=Letter)

    def _tag(self, kind: str, text: str) -> str:
        return self._sealer.owner_tag(f"{kind}\0{text}")

    def _key(self, owner: str, key: str) -> str:
        return self._tag("key", f"{len(owner)}\0{owner}\0{key}")

    def _content(self, content: bytes) -> str:
        return self._tag("content", content.decode())

    def _person(self, channel: Channel, address: str) -> str:
        return self._tag("person", f"{channel}\0{comparable(channel, address)}")
