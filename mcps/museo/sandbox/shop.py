"""The sandbox's collaborators in one place, as the handlers get them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mcps.museo.sandbox.alerts import Alerts
from mcps.museo.sandbox.baskets import Baskets
from mcps.museo.sandbox.cursors import Cursors
from mcps.museo.sandbox.faults import Faults
from mcps.museo.sandbox.imports import Imports
from mcps.museo.sandbox.issuer import Account, Issuer
from mcps.museo.sandbox.masters import Masters
from mcps.museo.sandbox.orders import Orders
from mcps.museo.sandbox.seed import sow
from mcps.museo.sandbox.shelf import Shelf
from mcps.museo.sandbox.state import State


@dataclass(slots=True)
class Shop:
    """Everything that outlives a request."""

    state: State
    shelf: Shelf
    baskets: Baskets
    cursors: Cursors
    issuer: Issuer
    orders: Orders
    masters: Masters
    alerts: Alerts
    imports: Imports
    page_key: bytes  # signs the tokens of payment pages
    faults: Faults = field(default_factory=Faults)
    providers_down: set[str] = field(default_factory=set)  # because a test wants it

    def settle(self, now: datetime) -> None:
        """Let everything happen that is due by now; what comes back in stock, comes back now."""
        self.shelf.on_restock = lambda skus: self.alerts.fire(skus, now)
        self.orders.settle(now)

    def now(self, clock: datetime) -> datetime:
        """The shop's time: the clock's, moved on by what a test has asked for."""
        return clock + timedelta(seconds=self.state.setting("clock_ahead"))


def open_shop(state: State, account: Account, base_url: str) -> Shop:
    """The shop of a state file; a new one is filled with the seed catalogue."""
    with state.transaction():
        shelf = Shelf(state, base_url)
        if not any(True for _ in shelf):
            sow(shelf, state)
    cursors = Cursors(state.secret("cursors", lambda: secrets.token_bytes(32)))
    baskets = Baskets(state, shelf)
    masters = Masters(state, shelf)
    return Shop(
        state,
        shelf,
        baskets,
        cursors,
        Issuer(state, account),
        Orders(state, shelf, baskets),
        masters,
        Alerts(state),
        Imports(state, shelf, masters),
        state.secret("pages", lambda: secrets.token_bytes(32)),
    )
