"""
API keys: random 256-bit secrets, of which the daemon's file holds only a keyed hash.

A file has lines `name role scopes hmac`; scopes are a comma list or `-`; what follows a `#` is a comment.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from museod.access.principal import Principal, Role, has_reserved_prefix, is_user_id, principal
from museod.access.scopes import GRANTABLE
from museod.errors import ConfigError, Fault, Unauthenticated

# Tells a key from a JWT at a glance, to us and to scanners that look for leaked secrets.
KEY_PREFIX = "museod_key_"
_KEY = re.compile(re.escape(KEY_PREFIX) + r"[A-Za-z0-9_-]{43}")  # 32 bytes in base64url
_HMAC = re.compile(r"[0-9a-f]{64}")
_ROLES = tuple(role.value for role in Role if role is not Role.GUEST)
# Far more services than a shop connects; bounds what one look-up compares.
MAX_KEYS = 1000
_MAX_FILE_BYTES = 256 * 1024  # MAX_KEYS long lines


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One line of the file."""

    name: str
    role: Role
    scopes: frozenset[str]
    digest: str


class ApiKeys:
    """
    The keys that are accepted.

    Args:
        peppers: the secrets under which the hashes were made, newest first (after a rotation of the
            encryption keys lines made before it must go on working).
    """

    def __init__(self, keys: Iterable[ApiKey], peppers: Sequence[bytes]) -> None:
        self._keys = {key.digest: key for key in keys}
        self._peppers = tuple(peppers)

    def read(self, text: str) -> Principal:
        """
        The principal of a key.

        Raises:
            Unauthenticated: no such key.
        """
        if _KEY.fullmatch(text):
            for pepper in self._peppers:
                digest = _digest(text, pepper)
                # Looking a keyed hash up tells a guesser nothing: the hash of the next guess is unrelated.
                key = self._keys.get(digest)
                if key is not None and hmac.compare_digest(key.digest, digest):
                    return principal(key.name, key.role, extra_scopes=key.scopes)
        raise Unauthenticated("This API key is not known here: ask the operator of museod for a new one.")


def new_key(name: str, role: Role, pepper: bytes, *, scopes: Iterable[str] = ()) -> tuple[str, str]:
    """
    A new key, and the line that makes it known; the key itself is kept nowhere.

    Raises:
        ConfigError: name, role or scopes are none that a line may have.
    """
    key = KEY_PREFIX + base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode("ascii")
    line = f"{name} {role.value} {','.join(sorted(scopes)) or '-'} {_digest(key, pepper)}"
    parse_api_keys(line, source="new key")
    return key, line


def read_api_keys(path: Path) -> list[ApiKey]:
    """
    The keys of a file.

    Raises:
        ConfigError: the file cannot be read, others may write to it, or lines are wrong: all are named.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            data = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _fault(str(path), "file", f"it cannot be read: {error.strerror}") from None
    if mode & stat.S_IWOTH:
        raise _fault(str(path), "file", f"anybody may write to it; run `chmod o-w {path}`")
    if len(data) > _MAX_FILE_BYTES:
        raise _fault(str(path), "file", f"it is over {_MAX_FILE_BYTES} bytes; drop keys that are not used")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _fault(str(path), "file", "it is not UTF-8 text; write it anew") from None
    return parse_api_keys(text, source=str(path))


def parse_api_keys(text: str, *, source: str) -> list[ApiKey]:
    """
    The keys of a file's text.

    Raises:
        ConfigError: every wrong line, by number, with what is wrong; no hash is repeated.
    """
    keys: list[ApiKey] = []
    faults: list[Fault] = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.partition("#")[0].split()
        if not fields:
            continue
        remedies = _line_faults(fields)
        if not remedies:
            name, role, scopes, digest = fields
            if any(key.name == name for key in keys):
                remedies.append(f"the name '{name}' is there twice; rename one")
            if any(key.digest == digest for key in keys):
                remedies.append("the same key is there twice; remove one")
            keys.append(ApiKey(name, Role(role), _scopes(scopes), digest))
        faults += [Fault(source, f"line {number}", remedy) for remedy in remedies]
    if len(keys) > MAX_KEYS:
        faults.append(Fault(source, "file", f"more than {MAX_KEYS} keys; drop those that are not used"))
    if faults:
        raise ConfigError(faults)
    return keys


def _line_faults(fields: Sequence[str]) -> list[str]:
    if len(fields) != 4:
        return ["a line is `name role scopes hmac`, with `-` for no scopes"]
    name, role, scopes, digest = fields
    remedies = []
    if not is_user_id(name) or has_reserved_prefix(name):
        remedies.append("the name must be 1-100 letters, digits or '._@+-'")
    if role not in _ROLES:
        remedies.append(f"the role must be one of {', '.join(_ROLES)}")
    else:
        for scope in sorted(_scopes(scopes) - GRANTABLE[Role(role)]):
            allowed = ", ".join(sorted(GRANTABLE[Role(role)]))
            remedies.append(f"a key of role {role} cannot have the scope '{scope[:40]}', only {allowed}")
    if not _HMAC.fullmatch(digest):
        remedies.append("the hmac must be 64 hexadecimal digits")
    return remedies


def _scopes(text: str) -> frozenset[str]:
    return frozenset() if text == "-" else frozenset(filter(None, text.split(",")))


def _digest(key: str, pepper: bytes) -> str:
    return hmac.new(pepper, key.encode("ascii"), hashlib.sha256).hexdigest()


def _fault(source: str, key: str, remedy: str) -> ConfigError:
    return ConfigError([Fault(source, key, remedy)])
