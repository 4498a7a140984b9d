"""Identifiers, versions and times as the API writes them."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing that reads like something else
_ETAG = re.compile(r'"([0-9]{1,18})"')


def new_id(prefix: str) -> str:
    """A random id, such as `bas_4k0g…`: 80 bits, so that nobody guesses another shopper's."""
    number = secrets.randbits(80)
    return prefix + "_" + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(0, 80, 5))


def stable_id(prefix: str, name: str) -> str:
    """The id that a thing of the seed catalogue has in every sandbox."""
    digest = hashlib.sha256(f"{prefix}:{name}".encode()).digest()
    return prefix + "_" + base64.b32encode(digest).decode("ascii")[:16].lower()


def etag(version: int) -> str:
    """The strong entity tag of a versioned resource."""
    return f'"{version}"'


def version_of(tag: str) -> int | None:
    """The version that an If-Match header names, None if it names none."""
    match = _ETAG.fullmatch(tag.strip())
    return int(match[1]) if match else None


def body_etag(body: bytes) -> str:
    """A strong entity tag for a reply that has no version of its own."""
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
