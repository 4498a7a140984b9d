"""Cursors of our own lists: where the next page starts in which snapshot, signed against invention."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from museod.errors import InvalidParams

_MAC_BYTES = 16


class Cursors:
    """
    Signs and reads cursors.

    Args:
        key: 32 secret bytes, the same on all nodes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, version: int, offset: int, *, kind: str = "tools") -> str:
        """The cursor of `offset` in snapshot `version` of the list `kind`."""
        text = f"{kind}:{version}:{offset}".encode("ascii")
        return base64.urlsafe_b64encode(self._mac(text) + text).decode("ascii").rstrip("=")

    def read(self, cursor: str, *, version: int, kind: str = "tools") -> int:
        """
        The offset of a cursor of snapshot `version`.

        Raises:
            InvalidParams: it is none of ours, or belongs to a list that has changed since.
        """
        try:
            data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            mac, text = data[:_MAC_BYTES], data[_MAC_BYTES:]
            if not hmac.compare_digest(mac, self._mac(text)):
                raise ValueError
            list_name, *numbers = text.decode("ascii").split(":")
            written, offset = (int(part) for part in numbers)
            if list_name != kind:
                raise ValueError
        except (ValueError, binascii.Error):
            raise InvalidParams("This cursor is not valid; start again without one.") from None
        if written != version:
            raise InvalidParams("The list has changed since this cursor; start again without one.")
        return offset

    def _mac(self, text: bytes) -> bytes:
        return hmac.new(self._key, text, hashlib.sha256).digest()[:_MAC_BYTES]
