"""Our own lists: pages of the merged snapshot for one role and revision, made once for each catalogue."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from museod.access.principal import Principal
from museod.errors import InvalidParams
from museod.gateway.cursors import Cursors
from museod.gateway.router import Router
from museod.wire import codec, downgrade, envelope
from museod.wire.eras import MODERN_REVISION
from museod.wire.listings import Hints, Kind

# Several conformance scenarios and many clients read only the first page.
PAGE_ITEMS = 500
# Roles times revisions times lists of one catalogue; a second page is rare.
MAX_KEPT = 128


class _ListParams(Struct):
    cursor: str | UnsetType = UNSET


_decode_params = msgspec.json.Decoder(_ListParams).decode


class Lists:
    """
    Serves the four lists.

    Args:
        server_info: ours, encoded, for the `_meta` of modern results.
    """

    def __init__(self, router: Router, cursor_key: bytes, server_info: Raw) -> None:
        self._router = router
        self._cursors = Cursors(cursor_key)
        self._server_info = server_info
        self._kept: dict[tuple[int, Kind, str, str, int], bytes] = {}

    def page(self, kind: Kind, params: Raw, caller: Principal, revision: str) -> bytes:
        """
        One page of a list as `caller` may see it.

        Raises:
            InvalidParams: the cursor is none of ours, or its list has changed.
        """
        try:
            cursor = _decode_params(params or b"{}").cursor
        except msgspec.DecodeError as error:
            raise InvalidParams(f"The params of {kind.method} do not fit: {error}.") from None
        version = self._router.catalogue.version
        offset = 0 if cursor is UNSET else self._cursors.read(cursor, version=version, kind=kind.member)
        key = (version, kind, caller.role.value, revision, offset)
        page = self._kept.get(key)
        if page is None:
            if len(self._kept) >= MAX_KEPT or any(known[0] != version for known in self._kept):
                self._kept.clear()
            page = self._kept[key] = self._make(kind, caller, revision, version, offset)
        return page

    def _make(self, kind: Kind, caller: Principal, revision: str, version: int, offset: int) -> bytes:
        items = self._items(kind, caller)
        shown = items[offset : offset + PAGE_ITEMS]
        is_modern = revision == MODERN_REVISION
        if kind is Kind.TOOLS and not is_modern:
            shown = [downgrade.tool_for(tool, revision) for tool in shown]
        page: dict[str, object] = {kind.member: shown}
        if offset + PAGE_ITEMS < len(items):
            page["nextCursor"] = self._cursors.write(version, offset + PAGE_ITEMS, kind=kind.member)
        if is_modern:
            page = {"resultType": "complete", **page, **hint_members(self._router.hints_for(kind, caller))}
            page["_meta"] = {envelope.SERVER_INFO: self._server_info}
        return codec.encode(page)

    def _items(self, kind: Kind, caller: Principal) -> list[Raw]:
        if kind is Kind.TOOLS:
            return [entry.listed for entry in self._router.tools_for(caller)]
        return [item.listed for item in self._router.shared_for(kind, caller)]


def hint_members(hints: Hints) -> dict[str, object]:
    """The two members that every complete list carries in the modern era."""
    return {"ttlMs": hints.ttl_ms, "cacheScope": "public" if hints.is_public else "private"}
