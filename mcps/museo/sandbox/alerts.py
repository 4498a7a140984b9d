"""
Stock alerts: who wants to hear that a SKU is back.

An alert fires once, when its SKU can be ordered again; the real shop would write to the shopper then. Here
it is only noted, and `/sandbox/alerts` tells. Addresses are in the file and nowhere else: no log has them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from mcps.museo.models import StockAlert
from mcps.museo.sandbox import ids
from mcps.museo.sandbox.problems import bad_request
from mcps.museo.sandbox.state import State
from museod.observe.logs import get_logger

log = get_logger()

LIFETIME = timedelta(days=90)  # who still waits after a season has bought elsewhere
MAX_PER_SHOPPER = 50
MAX_LISTED = 100


class FiredAlert(Struct, frozen=True, rename="camel"):
    """An alert as a test sees it: without its address."""

    id: str
    sku: str
    channel: str
    locale: str
    expires_at: str
    fired_at: str | None


class Alerts:
    """All alerts of the shop."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._db = state.db

    def create(
        self, owner: str, sku: str, channel: str, address: str, locale: str, now: datetime
    ) -> StockAlert:
        """
        Remember an alert; the same one again is the same one.

        Raises:
            ProblemError: the shopper has too many.
        """
        with self._state.transaction():
            self._db.execute("DELETE FROM alerts WHERE expires_at <= ?", (now.timestamp(),))
            row = self._db.execute(
                "SELECT id, expires_at FROM alerts WHERE owner = ? AND sku = ? AND channel = ?"
                " AND address = ? AND fired_at IS NULL",
                (owner, sku, channel, address),
            ).fetchone()
            if row is None:
                count = self._db.execute("SELECT count(*) FROM alerts WHERE owner = ?", (owner,)).fetchone()[
                    0
                ]
                if count >= MAX_PER_SHOPPER:
                    raise bad_request(f"At most {MAX_PER_SHOPPER} alerts for one shopper.", status=409)
                row = (ids.new_id("alr"), (now + LIFETIME).timestamp())
                self._db.execute(
                    "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                    (row[0], owner, sku, channel, address, locale, row[1]),
                )
            return StockAlert(row[0], ids.timestamp(datetime.fromtimestamp(row[1], UTC)))

    def fire(self, skus: list[str], now: datetime) -> None:
        """Note that these SKUs can be had again."""
        for sku in skus:
            rows = self._db.execute(
                "UPDATE alerts SET fired_at = ? WHERE sku = ? AND fired_at IS NULL AND expires_at > ?"
                " RETURNING id, channel",
                (now.timestamp(), sku, now.timestamp()),
            )
            for id, channel in rows.fetchall():
                log.info("stock_alert_fired", alert=id, sku=sku, channel=channel)

    def latest(self) -> list[FiredAlert]:
        """The last alerts that fired, then those that wait."""
        rows = self._db.execute(
            "SELECT id, sku, channel, locale, expires_at, fired_at FROM alerts"
            " ORDER BY fired_at IS NULL, fired_at DESC, expires_at DESC, id LIMIT ?",
            (MAX_LISTED,),
        )
        return [
            FiredAlert(id, sku, channel, locale, _time(expires), _time(fired) if fired else None)
            for id, sku, channel, locale, expires, fired in rows
        ]


def _time(moment: float) -> str:
    return ids.timestamp(datetime.fromtimestamp(moment, UTC))
