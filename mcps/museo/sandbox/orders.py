"""
Orders and their payment links: what was bought, what is held for it, and what becomes of it.

Everything that happens by itself (a link that expires, a parcel that moves) is due at a moment which stands
in the file; `settle` does what is due, at the time it was due, before a request is answered. So there is no
task in the background, and an order looks the same whether anybody watched it or not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
from msgspec import Struct

from mcps.museo.models import (
    BasketLine,
    Money,
    Order,
    OrderEvent,
    OrderStatus,
    PaymentLink,
    Shipment,
    Totals,
)
from mcps.museo.sandbox import ids
from mcps.museo.sandbox.baskets import Baskets, Held
from mcps.museo.sandbox.order_states import LINK_SECONDS, MOVES, UNPAID_ENDS, next_step, steps_before
from mcps.museo.sandbox.problems import ProblemError
from mcps.museo.sandbox.shelf import Shelf
from mcps.museo.sandbox.state import State

FIRST_NUMBER = 100_001
MAX_ATTEMPTS = 100  # of one payment page; more is a program
CARRIER = "Museo Post"


class Record(Struct):
    """An order as the file keeps it."""

    lines: list[BasketLine]
    totals: Totals
    held: list[Held]
    created_at: str
    updated_at: str
    history: list[OrderEvent]
    provider: str
    return_url: str = ""
    paid_at: float = 0.0
    steps: int = 0  # done since the payment
    attempts: int = 0  # forms that were sent from its payment pages
    shipments: list[Shipment] = []


class Placed(Struct):
    """An order with what it is found by."""

    number: int
    id: str
    owner: str
    status: OrderStatus
    record: Record

    @property
    def name(self) -> str:
        """The number as people read it."""
        return f"M-{self.number}"


class Orders:
    """All orders of the shop; every method is one transaction."""

    def __init__(self, state: State, shelf: Shelf, baskets: Baskets) -> None:
        self._state = state
        self._db = state.db
        self._shelf = shelf
        self._baskets = baskets
        self._due = 0.0  # unknown: the first call finds out

    def settle(self, now: datetime) -> None:
        """Let everything happen that was due by now, each thing at its own time."""
        while self._due <= now.timestamp():
            with self._state.transaction():
                row = self._db.execute(
                    "SELECT number, due_at FROM orders WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1"
                ).fetchone()
                if row is None or row[1] > now.timestamp():
                    self._due = row[1] if row else math.inf
                    return
                self._happen(self._read("number = ?", row[0]), datetime.fromtimestamp(row[1], UTC))

    def place(
        self,
        owner: str,
        basket: tuple[list[BasketLine], Totals, list[Held]],
        provider: str,
        return_url: str,
        now: datetime,
    ) -> tuple[Order, PaymentLink]:
        """Make an order of a basket's lines, hold its stock, and open a link to pay it."""
        lines, totals, held = basket
        with self._state.transaction():
            at = ids.timestamp(now)
            record = Record(
                lines=[msgspec.structs.replace(line, availability="in_stock") for line in lines],
                totals=totals,
                held=held,
                created_at=at,
                updated_at=at,
                history=[OrderEvent("pending_payment", at)],
                provider=provider,
                return_url=return_url,
            )
            last = self._db.execute("SELECT coalesce(max(number), 0) FROM orders").fetchone()[0]
            number = max(FIRST_NUMBER, last + 1)
            placed = Placed(number, ids.new_id("ord"), owner, "pending_payment", record)
            self._db.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, NULL, ?)",
                (number, placed.id, owner, placed.status, msgspec.json.encode(record)),
            )
            for line in held:
                self._shelf.move_stock(line.sku, available=-line.taken, reserved=line.taken)
            link = self._open_link(placed, now)
            return self.shown(placed), link

    def find(self, owner: str, key: str) -> Placed:
        """
        An order of the shopper by id or number; that of another one does not exist here.

        Raises:
            ProblemError: order_not_found.
        """
        placed = self._named(key)
        if placed is None or placed.owner != owner:
            raise ProblemError("order_not_found", "The shopper has no such order; list the orders.")
        return placed

    def any(self, key: str) -> Placed:
        """
        An order by id or number, whoever it belongs to.

        Raises:
            ProblemError: order_not_found.
        """
        placed = self._named(key)
        if placed is None:
            raise ProblemError("order_not_found", "There is no such order.")
        return placed

    def _named(self, key: str) -> Placed | None:
        number = key[2:] if key[:2].upper() == "M-" else ""
        if number.isascii() and number.isdecimal() and len(number) < 16:
            return self._find("number = ?", int(number))
        return self._find("id = ?", key)

    def of(self, owner: str, status: str | None) -> list[Placed]:
        """The shopper's orders, newest first."""
        rows = self._db.execute(
            "SELECT number, id, owner, status, doc FROM orders WHERE owner = ?"
            " AND (? IS NULL OR status = ?) ORDER BY number DESC",
            (owner, status, status),
        )
        return [_placed(row) for row in rows]

    def bought_with(self, skus: frozenset[str]) -> list[frozenset[str]]:
        """The products of the latest orders that hold one of the SKUs."""
        rows = self._db.execute(
            "SELECT number, id, owner, status, doc FROM orders ORDER BY number DESC LIMIT 500"
        )
        orders = [_placed(row).record.lines for row in rows]
        return [
            frozenset(line.product_id for line in lines)
            for lines in orders
            if any(line.sku in skus for line in lines)
        ]

    def renew_link(self, placed: Placed, now: datetime) -> PaymentLink:
        """
        A new link for an order that waits for its payment.

        Raises:
            ProblemError: order_not_payable.
        """
        if placed.status != "pending_payment":
            raise ProblemError("order_not_payable", f"{placed.name} is {placed.status}; it cannot be paid.")
        with self._state.transaction():
            self._close_links(placed, "cancelled")
            return self._open_link(placed, now)

    def link(self, id: str) -> tuple[PaymentLink, Placed]:
        """
        A payment link and its order.

        Raises:
            ProblemError: there is none.
        """
        row = self._db.execute(
            "SELECT id, order_number, status, provider, expires_at FROM links WHERE id = ?", (id,)
        ).fetchone()
        if row is None:
            raise ProblemError("order_not_found", "There is no such payment; ask the shop for a new link.")
        placed = self._read("number = ?", row[1])
        return self._shown_link(placed, *row), placed

    def attempt(self, placed: Placed) -> None:
        """Count a form that was sent from the order's payment page: the page's token is used up."""
        placed.record.attempts += 1
        self._write(placed, self._due_of(placed))

    def move(self, placed: Placed, status: OrderStatus, now: datetime) -> Order:
        """
        Give an order another status, with all that comes with it.

        Raises:
            ProblemError: order_not_payable, when the order cannot become that.
        """
        if status not in MOVES[placed.status]:
            choices = ", ".join(MOVES[placed.status]) or "nothing else"
            detail = f"{placed.name} is {placed.status}; it can become {choices}."
            raise ProblemError("order_not_payable", detail)
        with self._state.transaction():
            was_held = placed.status == "pending_payment"
            self._enter(placed, status, now)
            record = placed.record
            if status == "paid":
                record.paid_at = now.timestamp()
                self._close_links(placed, "paid")
                self._release(placed, is_sold=True)
            elif was_held and status in UNPAID_ENDS:
                self._close_links(placed, "expired" if status == "expired" else "cancelled")
                self._release(placed, is_sold=False)
                self._baskets.give_back(placed.owner, record.held, now)
            elif status in ("processing", "shipped", "delivered"):
                record.steps = steps_before(status)
                step = next_step(record.steps - 1)
                assert step is not None  # noqa: S101 - steps_before counts at least one for these
                self._ship(placed, now, step.shipment or "label_created")
            self._write(placed, self._due_of(placed))
            return self.shown(placed)

    def shown(self, placed: Placed) -> Order:
        """The order as its shopper sees it."""
        record = placed.record
        return Order(
            id=placed.id,
            number=placed.name,
            status=placed.status,
            lines=record.lines,
            totals=record.totals,
            created_at=record.created_at,
            updated_at=record.updated_at,
            shipments=record.shipments,
            history=record.history,
        )

    def track(self, number: str) -> tuple[Shipment, Placed] | None:
        """The parcel with this tracking number, and its order."""
        digits = number.removeprefix("MP")[:-4]
        placed = self._find("number = ?", int(digits)) if digits.isascii() and digits.isdecimal() else None
        if placed is None:
            return None
        parcel = next((s for s in placed.record.shipments if s.tracking_number == number), None)
        return (parcel, placed) if parcel else None

    def _happen(self, placed: Placed, at: datetime) -> None:
        """The one thing that is due for this order."""
        if placed.status == "pending_payment":
            self.move(placed, "expired", at)
            return
        record = placed.record
        step = next_step(record.steps)
        if step is not None:
            record.steps += 1
            if step.status != placed.status:
                self._enter(placed, step.status, at)
            if step.shipment is not None:
                self._ship(placed, at, step.shipment)
        self._write(placed, self._due_of(placed))

    def _enter(self, placed: Placed, status: OrderStatus, now: datetime) -> None:
        placed.status = status
        placed.record.updated_at = ids.timestamp(now)
        placed.record.history.append(OrderEvent(status, ids.timestamp(now)))

    def _ship(self, placed: Placed, now: datetime, status: str) -> None:
        number = f"MP{placed.number}{int(sha256(placed.id.encode()).hexdigest(), 16) % 10_000:04d}"
        arrival = datetime.fromtimestamp(placed.record.paid_at, UTC) + timedelta(days=1)
        placed.record.updated_at = ids.timestamp(now)
        placed.record.shipments = [
            msgspec.convert(
                {
                    "carrier": CARRIER,
                    "trackingNumber": number,
                    "trackingUrl": f"{self._shelf.base_url}/track/{number}",
                    "status": status,
                    "estimatedDelivery": arrival.date().isoformat(),
                },
                Shipment,
            )
        ]

    def _release(self, placed: Placed, *, is_sold: bool) -> None:
        for line in placed.record.held:
            back = 0 if is_sold else line.taken
            self._shelf.move_stock(line.sku, available=back, reserved=-line.taken)

    def _open_link(self, placed: Placed, now: datetime) -> PaymentLink:
        expires = now.timestamp() + LINK_SECONDS
        row = (ids.new_id("pay"), placed.number, "open", placed.record.provider, expires)
        self._db.execute("INSERT INTO links VALUES (?, ?, ?, ?, ?)", row)
        self._write(placed, expires)
        return self._shown_link(placed, *row)

    def _close_links(self, placed: Placed, status: str) -> None:
        self._db.execute(
            "UPDATE links SET status = ? WHERE order_number = ? AND status = 'open'", (status, placed.number)
        )

    def _shown_link(
        self, placed: Placed, id: str, _number: int, status: str, provider: str, expires_at: float
    ) -> PaymentLink:
        total: Money = placed.record.totals.total
        return PaymentLink(
            id=id,
            url=f"{self._shelf.base_url}/pay/{id}",
            provider=provider,
            amount=total,
            status=status,  # type: ignore[arg-type]  # we wrote it
            expires_at=ids.timestamp(datetime.fromtimestamp(expires_at, UTC)),
        )

    def _due_of(self, placed: Placed) -> float | None:
        """When the next thing happens to an order by itself."""
        if placed.status == "pending_payment":
            row = self._db.execute(
                "SELECT max(expires_at) FROM links WHERE order_number = ? AND status = 'open'",
                (placed.number,),
            ).fetchone()
            return float(row[0])
        step = next_step(placed.record.steps)
        is_moving = placed.status in ("paid", "processing", "shipped")
        return placed.record.paid_at + step.seconds if step and is_moving else None

    def _write(self, placed: Placed, due: float | None) -> None:
        self._db.execute(
            "UPDATE orders SET status = ?, due_at = ?, doc = ? WHERE number = ?",
            (placed.status, due, msgspec.json.encode(placed.record), placed.number),
        )
        if due is not None:
            self._due = min(self._due, due)

    def _read(self, condition: str, value: object) -> Placed:
        placed = self._find(condition, value)
        assert placed is not None  # noqa: S101 - found by a reference that the file checks
        return placed

    def _find(self, condition: str, value: object) -> Placed | None:
        row = self._db.execute(
            f"SELECT number, id, owner, status, doc FROM orders WHERE {condition}",  # noqa: S608 - ours
            (value,),
        ).fetchone()
        return _placed(row) if row else None


_decode: Callable[[bytes], Record] = msgspec.json.Decoder(Record).decode


def _placed(row: tuple[int, str, str, OrderStatus, bytes]) -> Placed:
    number, id, owner, status, doc = row
    return Placed(number, id, owner, status, _decode(doc))
