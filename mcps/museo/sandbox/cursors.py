"""Cursors of lists: opaque to the client, signed by us, good for the list they come from and no other."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

import msgspec

from mcps.museo.models import Page
from mcps.museo.sandbox.problems import bad_request

MAX_CURSOR_CHARS = 512  # the contract's limit
EXACT_TOTAL = 10_000  # counts above it are not told

Key = tuple[int | str, ...]


class Cursors:
    """Makes cursors and reads them back; `key` signs them."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def page(
        self, keyed: Sequence[tuple[Key, Any]], *, limit: int, cursor: str | None, listing: str
    ) -> tuple[list[Any], Page]:
        """
        The items of one page and how it goes on.

        Args:
            keyed: all items of the list with their sort keys, in order; keys are unique.
            listing: what makes this list this list (operation, filters, sort, locale, currency).

        Raises:
            ProblemError: the cursor is not ours, or belongs to another list.
        """
        start = 0
        if cursor is not None:
            after = self._read(cursor, listing)
            # A key may have gone meanwhile: the page begins at the first one past it.
            start = next((index for index, (key, _) in enumerate(keyed) if key > after), len(keyed))
        chosen = keyed[start : start + limit]
        following = None
        if chosen and start + limit < len(keyed):
            following = self._write(chosen[-1][0], listing)
        total = len(keyed) if len(keyed) <= EXACT_TOTAL else None
        return [item for _, item in chosen], Page(limit=limit, next=following, total=total)

    def _write(self, key: Key, listing: str) -> str:
        content = msgspec.msgpack.encode((_digest(listing), key))
        return base64.urlsafe_b64encode(self._sign(content) + content).rstrip(b"=").decode("ascii")

    def _read(self, cursor: str, listing: str) -> Key:
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        signature, content = raw[:12], raw[12:]
        if len(cursor) > MAX_CURSOR_CHARS or not hmac.compare_digest(signature, self._sign(content)):
            raise bad_request("This cursor has expired; ask for the first page again.", pointer="/cursor")
        digest, key = msgspec.msgpack.decode(content)
        if digest != _digest(listing):
            detail = "This cursor belongs to a list with other filters; repeat the filters or start again."
            raise bad_request(detail, pointer="/cursor")
        return tuple(key)

    def _sign(self, content: bytes) -> bytes:
        # 96 bits: a cursor opens nothing that its holder could not list anyway.
        return hmac.new(self._key, content, hashlib.sha256).digest()[:12]


def _digest(listing: str) -> bytes:
    return hashlib.sha256(listing.encode()).digest()[:8]
