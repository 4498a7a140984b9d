"""The client's calls about product masters: everything that the administration does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcps.museo.models import MasterPage, ProductMaster
from mcps.museo.requests import JSON, Calls, acting, get, parameters, segment, version_tag, write
from mcps.museo.writes import ImportJob, ProductMasterWrite

MERGE_PATCH = "application/merge-patch+json"  # RFC 7396

_MASTERS = "/api/v1/admin/products/masters"
_IMPORTS = "/api/v1/admin/products/imports"


class MasterCalls(Calls):
    """Lists, changes and imports of product masters."""

    async def admin_list(
        self,
        *,
        query: str | None = None,
        statuses: Sequence[str] = (),
        category: str | None = None,
        brands: Sequence[str] = (),
        stock_below: int | None = None,
        price_min: int | None = None,
        price_max: int | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        locale: str = "en",
    ) -> MasterPage:
        """Product masters; drafts and active ones unless `statuses` says otherwise."""
        pairs = parameters(
            q=query,
            status=",".join(statuses) or None,
            category=category,
            brand=",".join(brands) or None,
            stockBelow=stock_below,
            priceMin=price_min,
            priceMax=price_max,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )
        return await self._send(get(_MASTERS, "adminListProducts", pairs, locale), MasterPage)

    async def admin_get(self, id: str) -> ProductMaster:
        """
        One product master by its id.

        Raises:
            ApiRejected: `product_not_found`.
        """
        return await self._send(get(_path(id), "adminGetProduct"), ProductMaster)

    async def admin_create(
        self,
        master: ProductMasterWrite | Mapping[str, Any],
        *,
        actor: str = "",
        dry_run: bool = False,
        idempotency_key: str,
    ) -> ProductMaster:
        """
        Make a product; with `dry_run` only say what it would be.

        Args:
            actor: who does it, for the shop's audit log.

        Raises:
            ApiRejected: `sku_taken`, `slug_taken`, or `validation_failed` with a pointer for each fault in
                `problem.errors`.
        """
        request = write(
            "POST",
            _MASTERS,
            "adminCreateProduct",
            master,
            pairs=parameters(dryRun=dry_run or None),
            headers={**acting(actor), "Idempotency-Key": idempotency_key},
            may_repeat=True,
        )
        return await self._send(request, ProductMaster)

    async def admin_replace(
        self,
        id: str,
        master: ProductMasterWrite | Mapping[str, Any],
        *,
        version: int,
        actor: str = "",
        dry_run: bool = False,
    ) -> ProductMaster:
        """
        Give a product new content, whole; variants are matched by their SKU.

        Raises:
            ApiRejected: as for `admin_update`.
        """
        return await self._put(id, master, JSON, version, actor, dry_run)

    async def admin_update(
        self,
        id: str,
        patch: Mapping[str, Any],
        *,
        version: int,
        actor: str = "",
        dry_run: bool = False,
    ) -> ProductMaster:
        """
        Change the members that `patch` names (RFC 7396: null takes one away, a list replaces the list).

        Args:
            patch: members of the contract's ProductMasterWrite.
            version: that of the product which the change was made for.

        Raises:
            ApiRejected: `product_not_found`, `version_conflict` (with `current_version`), `sku_taken`,
                `slug_taken`, or `validation_failed` with `problem.errors`.
        """
        return await self._put(id, patch, MERGE_PATCH, version, actor, dry_run)

    async def admin_delete(self, id: str, *, version: int, actor: str = "") -> ProductMaster:
        """
        Archive a product: shoppers do not see it any more, orders keep their copy of it.

        Raises:
            ApiRejected: `product_not_found`, `version_conflict` (with `current_version`).
        """
        request = write(
            "DELETE",
            _path(id),
            "adminDeleteProduct",
            headers={**acting(actor), **version_tag(version)},
            may_repeat=True,  # the contract answers a repetition like the first one
        )
        return await self._send(request, ProductMaster)

    async def start_import(
        self,
        data: bytes,
        content_type: str,
        *,
        idempotency_key: str,
        dry_run: bool = True,
        actor: str = "",
    ) -> ImportJob:
        """
        Hand over a file of products (CSV, JSON, JSON Lines, XLSX); rows are upserts by SKU.

        The job is queued: ask `import_job` until `finished_at` is set.

        Raises:
            ApiRejected: `import_unreadable`, `payload_too_large`, `unsupported_media_type`.
        """
        request = write(
            "POST",
            _IMPORTS,
            "adminStartImport",
            data,
            pairs=parameters(dryRun=dry_run),
            headers={**acting(actor), "Idempotency-Key": idempotency_key},
            content_type=content_type,
            may_repeat=True,
        )
        return await self._send(request, ImportJob)

    async def import_job(self, id: str) -> ImportJob:
        """
        How an import is getting on.

        Raises:
            ApiRejected: there is no such import.
        """
        path = f"{_IMPORTS}/{segment(id, 'invalid_request')}"
        return await self._send(get(path, "adminGetImport"), ImportJob)

    async def _put(
        self, id: str, content: Any, content_type: str, version: int, actor: str, dry_run: bool
    ) -> ProductMaster:
        request = write(
            "PUT",
            _path(id),
            "adminUpdateProduct",
            content,
            pairs=parameters(dryRun=dry_run or None),
            headers={**acting(actor), **version_tag(version)},
            content_type=content_type,
            may_repeat=dry_run,  # a second run of a real change would meet the version that the first made
        )
        return await self._send(request, ProductMaster)


def _path(id: str) -> str:
    return f"{_MASTERS}/{segment(id, 'product_not_found')}"
