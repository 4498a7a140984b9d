"""What the administration needs of the shop: the client's methods, and nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from mcps.museo.models import MasterPage, ProductMaster
from mcps.museo.writes import ImportJob, ProductMasterWrite


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

    async def admin_get(self, id: str) -> ProductMaster:
        """One product by its id."""

    async def admin_create(
        self,
        master: ProductMasterWrite | Mapping[str, Any],
        *,
        actor: str = ...,
        dry_run: bool = ...,
        idempotency_key: str,
    ) -> ProductMaster:
        """Make a product; the same key makes one."""

    async def admin_update(
        self, id: str, patch: Mapping[str, Any], *, version: int, actor: str = ..., dry_run: bool = ...
    ) -> ProductMaster:
        """Change the members that a merge patch names, if the product is still at `version`."""

    async def admin_delete(self, id: str, *, version: int, actor: str = ...) -> ProductMaster:
        """Archive a product that is still at `version`."""

    async def start_import(
        self, data: bytes, content_type: str, *, idempotency_key: str, dry_run: bool = ..., actor: str = ...
    ) -> ImportJob:
        """Hand over a list of products."""

    async def import_job(self, id: str) -> ImportJob:
        """How an import is getting on."""
