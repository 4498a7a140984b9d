"""What the administration needs of the shop: the client's methods, and nothing else of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mcps.museo.models import MasterPage


class Shop(Protocol):
    """The administration's side of `mcps.museo.client.MuseoClient`; every method raises `ApiError`."""

    async def admin_list(
        self,
        *,
        query: str | None = ...,
        statuses: Sequence[str] = ...,
        category: str | None = ...,
        brands: Sequence[str] = ...,
        stock_below: int | None = ...,
        price_min: int | None = ...,
        price_max: int | None = ...,
        sort: str | None = ...,
        limit: int | None = ...,
        cursor: str | None = ...,
    ) -> MasterPage:
        """Products of every status."""
