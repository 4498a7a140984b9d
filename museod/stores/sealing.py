"""
Sealing at rest: AES-256-GCM under a ring of keys, each ciphertext bound to the place it belongs to.

Everything else that needs a secret (pseudonyms in logs, cursors, guest tokens) derives its own key from
the ring by HKDF, so that no key serves two purposes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from museod.errors import ConfigError, Fault, StoreError

_VERSION = 1
# 96 bits as GCM wants them; random nonces are safe for 2^32 messages per key (NIST SP 800-38D, 8.3), which
# is 136 years at one message a second.
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_BYTES = 32
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
# Cursors and request states travel in headers and chat frames; ours stay below 2 KiB.
MAX_SEALED_TEXT = 8192


class CannotOpen(StoreError):
    """Not sealed by us, not for this place, over, or under a key that is not in the ring."""


class Sealer:
    """
    Seals and opens bytes.

    Args:
        keys: (id, 32 bytes), newest first: the first one seals, all of them open. What was sealed under an
            older one is sealed anew when it is next written.

    Raises:
        ConfigError: no keys, or unfit ones.
    """

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        faults = list(_faults(keys))
        if faults:
            raise ConfigError(faults)
        self._keys = dict(keys)
        self._newest = keys[0][0]
        self._ciphers: dict[tuple[str, str], AESGCM] = {}
        self._pseudonym_key = self.derive("pseudonyms")
        # Tags are names of stored things, so they should outlive a rotation: the oldest key, which is the
        # last to go, makes them. When it goes, cached results are computed once more.
        self._tag_key = _hkdf(keys[-1][1], "owner tags")

    def seal(self, data: bytes, context: str) -> bytes:
        """
        Seal `data` for one place.

        The outcome is version, key id, nonce, ciphertext; it opens only under the same `context` (the key
        name with the user's id), so that a ciphertext moved to another user is refused.
        """
        return self._seal(data, "records", context)

    def open(self, sealed: bytes, context: str) -> bytes:
        """
        What was sealed for `context`.

        Raises:
            CannotOpen: the text names the key id if only the key is missing.
        """
        return self._open(sealed, "records", context)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, from the newest key; they change when keys are rotated."""
        return _hkdf(self._keys[self._newest], purpose)

    def derive_all(self, purpose: str) -> list[bytes]:
        """The same for every key of the ring, newest first: to accept what was made before a rotation."""
        return [_hkdf(key, purpose) for key in self._keys.values()]

    def pseudonym(self, user_id: str) -> str:
        """A stable name for a user in logs, that only the holder of the keys can make."""
        return _keyed(self._pseudonym_key, user_id)

    def owner_tag(self, user_id: str) -> str:
        """A name for a user in the store that may outlive the user's erasure."""
        return _keyed(self._tag_key, user_id)

    def seal_text(self, purpose: str, text: str, *, expires_at: float, context: str = "") -> str:
        """
        An opaque, URL-safe text that only we can read and make, valid until `expires_at`.

        Args:
            purpose: what it is for, e.g. "cursor"; one made for another purpose does not open.
            context: whom it is for, e.g. the user id; it does not open for anybody else.
        """
        data = int(expires_at * 1000).to_bytes(8, "big") + text.encode()
        return base64.urlsafe_b64encode(self._seal(data, purpose, context)).rstrip(b"=").decode("ascii")

    def open_text(self, purpose: str, sealed: str, *, now: float, context: str = "") -> str:
        """
        What `seal_text` was given.

        Raises:
            CannotOpen: forged, foreign, for another purpose or context, or over.
        """
        if len(sealed) > MAX_SEALED_TEXT or not sealed.isascii():
            raise CannotOpen("This is not a text that museod sealed.")
        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            raise CannotOpen("This is not a text that museod sealed.") from None
        data = self._open(raw, purpose, context)
        if int.from_bytes(data[:8], "big") <= now * 1000:
            raise CannotOpen("Its time is over.")
        return data[8:].decode()

    def _seal(self, data: bytes, purpose: str, context: str) -> bytes:
        header = bytes((_VERSION, len(self._newest))) + self._newest.encode("ascii")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = self._cipher(self._newest, purpose)
        return (
            header
            + nonce
            + cipher.encrypt(nonce, data, header + b"\0" + context.encode("utf-8", "surrogatepass"))
        )

    def _open(self, sealed: bytes, purpose: str, context: str) -> bytes:
        key_id = _key_id(sealed)
        if key_id is None:
            raise CannotOpen("This is not something that museod sealed.")
        if key_id not in self._keys:
            raise CannotOpen(
                f"Sealed under key '{key_id}', which is not in the ring: "
                f"add it at the end of MCP_ENCRYPTION_KEYS."
            )
        start = 2 + len(key_id)
        header, nonce = sealed[:start], sealed[start : start + _NONCE_BYTES]
        try:
            return self._cipher(key_id, purpose).decrypt(
                nonce,
                sealed[start + _NONCE_BYTES :],
                header + b"\0" + context.encode("utf-8", "surrogatepass"),
            )
        except InvalidTag:
            raise CannotOpen(
                f"Sealed for another place, altered, or under another key of the name '{key_id}'."
            ) from None

    def _cipher(self, key_id: str, purpose: str) -> AESGCM:
        cipher = self._ciphers.get((key_id, purpose))
        if cipher is None:  # purposes are literals of ours: a handful
            cipher = AESGCM(_hkdf(self._keys[key_id], f"seal:{purpose}"))
            self._ciphers[key_id, purpose] = cipher
        return cipher


def parse_keys(text: str) -> list[tuple[str, bytes]]:
    """
    The keys of a text `id:base64,id:base64`, newest first.

    Raises:
        ConfigError: names each fault under MCP_ENCRYPTION_KEYS, never a key.
    """
    keys: list[tuple[str, bytes]] = []
    faults: list[Fault] = []
    for position, item in enumerate(text.replace("\n", ",").split(","), start=1):
        if not item.strip():
            continue
        key_id, _, encoded = item.strip().partition(":")
        try:
            keys.append((key_id, base64.b64decode(encoded, validate=True)))
        except binascii.Error:
            faults.append(_fault(f"key {position} is not `id:base64`; make one with {_RECIPE}"))
    faults += _faults(keys) if keys or not faults else ()
    if faults:
        raise ConfigError(faults)
    return keys


def format_key(key_id: str, key: bytes) -> str:
    """One key as `parse_keys` reads it."""
    return f"{key_id}:{base64.b64encode(key).decode('ascii')}"


_RECIPE = "`echo k1:$(openssl rand -base64 32)`"


def _faults(keys: Sequence[tuple[str, bytes]]) -> list[Fault]:
    faults = []
    if not keys:
        faults.append(_fault(f"there is no key; make one with {_RECIPE}"))
    for position, (key_id, key) in enumerate(keys, start=1):
        if not _KEY_ID.fullmatch(key_id):
            faults.append(_fault(f"the id of key {position} must be 1-32 letters, digits, '_' or '-'"))
        if len(key) != _KEY_BYTES:
            faults.append(
                _fault(f"key {position} has {len(key)} bytes, not {_KEY_BYTES}; make one with {_RECIPE}")
            )
    ids = [key_id for key_id, _ in keys]
    for key_id in sorted({key_id for key_id in ids if ids.count(key_id) > 1}):
        faults.append(_fault(f"two keys have the id '{key_id}'; rename the newer one"))
    return faults


def _fault(remedy: str) -> Fault:
    return Fault("environment", "MCP_ENCRYPTION_KEYS", remedy)


def _key_id(sealed: bytes) -> str | None:
    if len(sealed) < 2 or sealed[0] != _VERSION:
        return None
    length = sealed[1]
    if len(sealed) < 2 + length + _NONCE_BYTES + _TAG_BYTES:
        return None
    key_id = sealed[2 : 2 + length].decode("latin-1")
    return key_id if _KEY_ID.fullmatch(key_id) else None


def _hkdf(key: bytes, purpose: str) -> bytes:
    info = b"museod " + purpose.encode()
    return HKDF(algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(key)


def _keyed(key: bytes, text: str) -> str:
    # 80 bits: no two users of one shop collide, and a log line stays readable.
    digest = hmac.digest(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.b32encode(digest[:10]).decode("ascii").lower()
