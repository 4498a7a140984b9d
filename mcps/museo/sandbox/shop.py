"""The sandbox's collaborators in one place, as the handlers get them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from mcps.museo.sandbox.baskets import Baskets
from mcps.museo.sandbox.cursors import Cursors
from mcps.museo.sandbox.issuer import Account, Issuer
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


def open_shop(state: State, account: Account, base_url: str) -> Shop:
    """The shop of a state file; a new one is filled with the seed catalogue."""
    with state.transaction():
        shelf = Shelf(state, base_url)
        if not any(True for _ in shelf):
            sow(shelf, state)
    cursors = Cursors(state.secret("cursors", lambda: secrets.token_bytes(32)))
    return Shop(state, shelf, Baskets(state, shelf), cursors, Issuer(state, account))
