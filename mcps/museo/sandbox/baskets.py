"""
Baskets: what shoppers put aside, re-quoted at each read.

A line remembers the prices at which it was put in, in every currency, so that a later reader can be told
what changed. A read lowers a quantity that the stock cannot serve any more and says so until the shopper
changes the line. Unavailable lines stay visible and cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from mcps.museo.models import Basket, BasketLine, Money, Notice, Variant
from mcps.museo.sandbox import ids, quotes, texts
from mcps.museo.sandbox.items import Item, can_be_sold, price_in
from mcps.museo.sandbox.problems import ProblemError, invalid
from mcps.museo.sandbox.shelf import CURRENCIES, Shelf
from mcps.museo.sandbox.state import State

LIFETIME = timedelta(days=30)  # from the last change
MAX_PER_LINE = 20  # what a household orders; more is a business order
MAX_LINES = 100


class Held(Struct, frozen=True):
    """A line that became part of an order: `taken` of its quantity come out of the stock that was there."""

    sku: str
    quantity: int
    taken: int
    quoted: list[Money]
    note: str = ""


@dataclass(slots=True)
class _Line:
    id: str
    sku: str
    quantity: int
    quoted: list[Money]
    reduced_from: int | None


@dataclass(slots=True)
class _Basket:
    id: str
    owner: str
    version: int
    currency: str
    updated_at: datetime
    expires_at: datetime
    lines: list[_Line]


class Baskets:
    """The baskets of all shoppers; every method is one transaction and returns the basket as it is then."""

    def __init__(self, state: State, shelf: Shelf) -> None:
        self._state = state
        self._db = state.db
        self._shelf = shelf

    def version(self, owner: str, now: datetime) -> int:
        """The version that a change must name."""
        with self._state.transaction():
            return self._open(owner, now).version

    def read(self, owner: str, now: datetime, locale: str, currency: str | None = None) -> Basket:
        """The open basket, made if there is none. A currency that is named becomes the basket's."""
        with self._state.transaction():
            basket = self._open(owner, now)
            if currency is not None and currency != basket.currency:
                basket.currency = currency
                self._db.execute("UPDATE baskets SET currency = ? WHERE id = ?", (currency, basket.id))
                self._touch(basket, now)
            self._reduce(basket, now)
            return self._shown(basket, locale)

    def add(self, owner: str, sku: str, quantity: int, note: str, now: datetime, locale: str) -> Basket:
        """
        Put a variant in, or more of it.

        Raises:
            ProblemError: variant_not_found, product_gone, quantity_limit, insufficient_stock.
        """
        with self._state.transaction():
            basket = self._open(owner, now)
            variant = self._sellable(sku, basket.currency)
            line = next((line for line in basket.lines if line.sku == sku), None)
            held = line.quantity if line else 0
            self._check_quantity(variant, held + quantity, held)
            if line is None:
                if len(basket.lines) >= MAX_LINES:
                    detail = f"A basket holds at most {MAX_LINES} different things."
                    raise ProblemError("quantity_limit", detail, limit=MAX_LINES)
                self._insert(basket, 1 + self._last_position(basket), sku, quantity, variant.prices, note)
            else:
                self._set(line, held + quantity, variant)
            self._touch(basket, now)
            return self._shown(basket, locale)

    def set_quantity(self, owner: str, line_id: str, quantity: int, now: datetime, locale: str) -> Basket:
        """
        Change how many; 0 removes the line.

        Raises:
            ProblemError: basket_line_not_found, quantity_limit, insufficient_stock.
        """
        with self._state.transaction():
            basket = self._open(owner, now)
            line = self._line(basket, line_id)
            if quantity == 0:
                self._drop(basket, line)
            else:
                variant = self._variant(line)[1]
                if variant is None or price_in(variant, basket.currency) is None:
                    raise ProblemError("insufficient_stock", "It cannot be ordered any more.", available=0)
                self._check_quantity(variant, quantity, 0)
                self._set(line, quantity, variant)
            self._touch(basket, now)
            return self._shown(basket, locale)

    def remove(self, owner: str, line_id: str, now: datetime, locale: str) -> Basket:
        """
        Take a line out.

        Raises:
            ProblemError: basket_line_not_found.
        """
        return self.set_quantity(owner, line_id, 0, now, locale)

    def clear(self, owner: str, now: datetime, locale: str) -> Basket:
        """Take everything out."""
        with self._state.transaction():
            basket = self._open(owner, now)
            self._db.execute("DELETE FROM basket_lines WHERE basket_id = ?", (basket.id,))
            basket.lines.clear()
            self._touch(basket, now)
            return self._shown(basket, locale)

    def take(
        self, owner: str, basket_id: str, version: int, now: datetime, locale: str
    ) -> tuple[Basket, list[Held]]:
        """
        Take the basket's lines to make an order of them; it is empty then.

        The stock is not touched: the caller does that in the same transaction.

        Args:
            version: which the shopper agreed to.

        Raises:
            ProblemError: validation_failed for another basket than the open one, basket_version_conflict,
                basket_empty, insufficient_stock.
        """
        with self._state.transaction():
            basket = self._open(owner, now)
            if basket.id != basket_id:
                raise invalid("/basketId", "This is not the shopper's open basket; read that again.")
            if basket.version != version:
                raise ProblemError(
                    "basket_version_conflict",
                    "The basket has changed since it was read; read it again.",
                    status=409,
                    current_version=basket.version,
                )
            if not basket.lines:
                raise ProblemError("basket_empty", "There is nothing in the basket to order.")
            shown = self._shown(basket, locale)
            held = [self._held(line) for line in basket.lines]
            for line in shown.lines:
                if line.availability == "unavailable":
                    detail = f"{line.title} is no longer sold; take it out of the basket."
                    raise ProblemError("insufficient_stock", detail, available=0)
            self._db.execute("DELETE FROM basket_lines WHERE basket_id = ?", (basket.id,))
            self._touch(basket, now)
            return shown, held

    def give_back(self, owner: str, held: Sequence[Held], now: datetime) -> None:
        """Put lines that were taken back, to what the shopper put in meanwhile."""
        with self._state.transaction():
            basket = self._open(owner, now)
            for position, taken in enumerate(held, 1 + self._last_position(basket)):
                line = next((line for line in basket.lines if line.sku == taken.sku), None)
                if line is not None:
                    quantity = min(MAX_PER_LINE, line.quantity + taken.quantity)
                    self._db.execute("UPDATE basket_lines SET quantity = ? WHERE id = ?", (quantity, line.id))
                elif len(basket.lines) < MAX_LINES:
                    self._insert(basket, position, taken.sku, taken.quantity, taken.quoted, taken.note)
            self._touch(basket, now)

    def _held(self, line: _Line) -> Held:
        note = self._db.execute("SELECT note FROM basket_lines WHERE id = ?", (line.id,)).fetchone()[0]
        variant = self._variant(line)[1]
        taken = line.quantity
        if variant is not None and line.quantity > variant.stock.available:
            if not variant.stock.backorderable:
                left = variant.stock.available
                detail = f"Only {left} of {line.sku} left in stock."
                raise ProblemError("insufficient_stock", detail, available=left)
            taken = variant.stock.available
        return Held(line.sku, line.quantity, taken, line.quoted, note)

    def _last_position(self, basket: _Basket) -> int:
        row = self._db.execute(
            "SELECT coalesce(max(position), 0) FROM basket_lines WHERE basket_id = ?", (basket.id,)
        ).fetchone()
        return int(row[0])

    def _insert(
        self, basket: _Basket, position: int, sku: str, quantity: int, quoted: list[Money], note: str
    ) -> None:
        line = _Line(ids.new_id("bli"), sku, quantity, quoted, None)
        self._db.execute(
            "INSERT INTO basket_lines VALUES (?, ?, ?, ?, ?, ?, NULL, ?)",
            (line.id, basket.id, position, sku, quantity, msgspec.json.encode(quoted), note),
        )
        basket.lines.append(line)

    def check_line(self, owner: str, line_id: str, now: datetime) -> None:
        """
        See that the shopper has such a line; that of another one does not exist here.

        Raises:
            ProblemError: basket_line_not_found.
        """
        with self._state.transaction():
            self._line(self._open(owner, now), line_id)

    def _open(self, owner: str, now: datetime) -> _Basket:
        row = self._db.execute(
            "SELECT id, owner, version, currency, updated_at, expires_at FROM baskets WHERE owner = ?",
            (owner,),
        ).fetchone()
        if row is not None and row[5] <= now.timestamp():
            self._db.execute("DELETE FROM baskets WHERE id = ?", (row[0],))
            row = None
        if row is None:
            expires = now + LIFETIME
            row = (ids.new_id("bas"), owner, 0, CURRENCIES[0], now.timestamp(), expires.timestamp())
            self._db.execute("INSERT INTO baskets VALUES (?, ?, ?, ?, ?, ?)", row)
        lines = self._db.execute(
            "SELECT id, sku, quantity, quoted, reduced_from FROM basket_lines WHERE basket_id = ?"
            " ORDER BY position",
            (row[0],),
        )
        return _Basket(
            id=row[0],
            owner=owner,
            version=row[2],
            currency=row[3],
            updated_at=datetime.fromtimestamp(row[4], UTC),
            expires_at=datetime.fromtimestamp(row[5], UTC),
            lines=[
                _Line(id, sku, quantity, msgspec.json.decode(quoted, type=list[Money]), reduced_from)
                for id, sku, quantity, quoted, reduced_from in lines
            ],
        )

    def _sellable(self, sku: str, currency: str) -> Variant:
        item = self._shelf.get(sku)
        variant = item.variant(sku) if item else None
        if item is None or item.master.status == "draft":
            raise ProblemError("variant_not_found", "There is no such SKU; take one from the product.")
        if item.master.status == "archived":
            raise ProblemError("product_gone", f"{item.title(texts.DEFAULT_LOCALE)} is no longer sold.")
        if variant is None:
            choices = ", ".join(variant.sku for variant in item.master.variants[:5])
            raise ProblemError("variant_not_found", f"That is no SKU but a product; choose among {choices}.")
        if price_in(variant, currency) is None:
            raise ProblemError("variant_not_found", f"It is not sold in {currency}.")
        return variant

    def _check_quantity(self, variant: Variant, wanted: int, held: int) -> None:
        if wanted > MAX_PER_LINE:
            detail = f"At most {MAX_PER_LINE} of one thing per order."
            raise ProblemError("quantity_limit", detail, limit=MAX_PER_LINE)
        available = variant.stock.available
        if wanted > available and not variant.stock.backorderable:
            left = max(0, available - held)
            detail = f"Only {left} more can be added." if held else f"Only {left} left in stock."
            raise ProblemError("insufficient_stock", detail, available=left)

    def _line(self, basket: _Basket, line_id: str) -> _Line:
        for line in basket.lines:
            if line.id == line_id:
                return line
        raise ProblemError("basket_line_not_found", "The basket has no such line; read it again.")

    def _variant(self, line: _Line) -> tuple[Item | None, Variant | None]:
        """The line's product, and its variant if that can still be ordered."""
        item = self._shelf.get(line.sku)
        variant = item.variant(line.sku) if item else None
        is_sold = item is not None and item.master.status == "active"
        return item, variant if is_sold and variant and can_be_sold(variant) else None

    def _set(self, line: _Line, quantity: int, variant: Variant) -> None:
        line.quantity, line.quoted, line.reduced_from = quantity, variant.prices, None
        self._db.execute(
            "UPDATE basket_lines SET quantity = ?, quoted = ?, reduced_from = NULL WHERE id = ?",
            (quantity, msgspec.json.encode(line.quoted), line.id),
        )

    def _drop(self, basket: _Basket, line: _Line) -> None:
        self._db.execute("DELETE FROM basket_lines WHERE id = ?", (line.id,))
        basket.lines.remove(line)

    def _touch(self, basket: _Basket, now: datetime) -> None:
        basket.version += 1
        basket.updated_at, basket.expires_at = now, now + LIFETIME
        self._db.execute(
            "UPDATE baskets SET version = ?, updated_at = ?, expires_at = ? WHERE id = ?",
            (basket.version, now.timestamp(), basket.expires_at.timestamp(), basket.id),
        )

    def _reduce(self, basket: _Basket, now: datetime) -> None:
        """Lower what the stock cannot serve any more, remembering what was wanted."""
        is_changed = False
        for line in basket.lines:
            variant = self._variant(line)[1]
            if variant is None or variant.stock.backorderable or line.quantity <= variant.stock.available:
                continue
            line.reduced_from = line.reduced_from or line.quantity
            line.quantity = variant.stock.available
            self._db.execute(
                "UPDATE basket_lines SET quantity = ?, reduced_from = ? WHERE id = ?",
                (line.quantity, line.reduced_from, line.id),
            )
            is_changed = True
        if is_changed:
            self._touch(basket, now)

    def _shown(self, basket: _Basket, locale: str) -> Basket:
        shown: list[BasketLine] = []
        notices: list[Notice] = []
        subtotal = 0
        for line in basket.lines:
            item, variant = self._variant(line)
            quoted = next((p for p in line.quoted if p.currency == basket.currency), None)
            price = (price_in(variant, basket.currency) if variant else None) or quoted
            if price is None or (variant and price_in(variant, basket.currency) is None):
                variant = None  # not sold in this currency
            unit = price or Money(0, basket.currency)
            title = item.title(locale) if item else line.sku
            shown.append(self._shown_line(line, item, variant, unit, title))
            if variant is not None:
                subtotal += unit.amount * line.quantity
            notices += quotes.notices(
                line.id, variant, title, (line.quantity, line.reduced_from), (quoted, unit), locale
            )
        return Basket(
            id=basket.id,
            version=basket.version,
            owner=basket.owner,
            currency=basket.currency,
            lines=shown,
            totals=quotes.totals(subtotal, basket.currency),
            item_count=sum(line.quantity for line in shown if line.availability != "unavailable"),
            notices=notices,
            updated_at=ids.timestamp(basket.updated_at),
            expires_at=ids.timestamp(basket.expires_at),
        )

    def _shown_line(
        self, line: _Line, item: Item | None, variant: Variant | None, unit: Money, title: str
    ) -> BasketLine:
        known = item.variant(line.sku) if item else None
        images = [image for image in item.master.images if line.sku in image.variant_skus] if item else []
        images = images or (item.master.images[:1] if item else [])
        return BasketLine(
            id=line.id,
            sku=line.sku,
            product_id=item.master.id if item else "",
            title=title,
            options=known.options if known else {},
            quantity=line.quantity,
            unit_price=unit,
            line_total=Money(unit.amount * line.quantity, unit.currency),
            availability=quotes.availability(line.quantity, variant),
            image_url=self._shelf.absolute(images[0]).url if images else None,
        )
