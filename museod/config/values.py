"""
One function per kind of value: text in, value out, or `ValueError` with the remedy.

A remedy never quotes a secret. Texts that are no secrets are quoted, shortened.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from museod.config.model import EncryptionKey
from museod.config.secret import Secret

T = TypeVar("T")

MIN_SECRET_BYTES = 32  # an HMAC-SHA256 key shorter than its digest is the weakest part (RFC 7518, 3.2)
KEY_BYTES = 32  # AES-256
_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_CURRENCY = re.compile(r"[A-Z]{3}")


def quoted(text: str) -> str:
    """`text` for a remedy, shortened."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def plain(text: str) -> str:
    """Any one line of printable text."""
    if not text.isprintable() or len(text) > 1_024:
        raise ValueError("want one line of at most 1024 printable characters")
    return text


def secret(text: str) -> Secret[str]:
    """Any one line; kept out of sight."""
    if any(char < " " or char == "\x7f" for char in text):
        raise ValueError("holds a control character or several lines; want the bare value on one line")
    return Secret(text)


def integer(low: int, high: int) -> Callable[[str], int]:
    """A whole number from `low` to `high`."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"{quoted(text)} is no whole number from {low} to {high}")
        return int(text)

    return parse


def seconds(high: float) -> Callable[[str], float]:
    """Seconds from 0 to `high`, with or without decimals."""

    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", text) or float(text) > high:
            raise ValueError(f"{quoted(text)} is no number of seconds from 0 to {high:g}")
        return float(text)

    return parse


def choice(*allowed: str, aliases: dict[str, str] | None = None) -> Callable[[str], str]:
    """One of `allowed`, in whatever case."""

    def parse(text: str) -> str:
        word = (aliases or {}).get(text.lower(), text.lower())
        if word not in allowed:
            raise ValueError(f"{quoted(text)} is unknown; want {' or '.join(allowed)}")
        return word

    return parse


def switch(text: str) -> bool:
    """`on` or `off`, and the other ways of saying so."""
    word = text.lower()
    if word in ("on", "true", "yes", "1"):
        return True
    if word in ("off", "false", "no", "0"):
        return False
    raise ValueError(f"{quoted(text)} is unknown; want on or off")


def items(text: str) -> list[str]:
    """The non-empty parts of a comma list."""
    return [part for part in (part.strip() for part in text.split(",")) if part]


def each(parse: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    """A comma list of values that `parse` reads; all bad parts are named."""

    def parse_all(text: str) -> tuple[T, ...]:
        values, remedies = [], []
        for part in items(text):
            try:
                values.append(parse(part))
            except ValueError as error:
                remedies.append(str(error))
        if remedies:
            raise ValueError("; ".join(remedies))
        return tuple(values)

    return parse_all


def jwt_secrets(text: str) -> tuple[Secret[str], ...]:
    """A comma list of signing secrets, newest first, each long enough."""
    parts = items(text)
    for place, part in enumerate(parts, 1):
        size = len(part.encode("utf-8", "surrogateescape"))
        if size < MIN_SECRET_BYTES:
            which = f"secret {place} of {len(parts)}" if len(parts) > 1 else "the secret"
            raise ValueError(
                f"{which} has {size} bytes; want at least {MIN_SECRET_BYTES}: "
                "make one with `openssl rand -hex 32`"
            )
    return tuple(secret(part) for part in parts)


def encryption_keys(text: str) -> tuple[EncryptionKey, ...]:
    """A comma list of `id:base64`, newest first, each of 32 bytes under an id of its own."""
    example = "make one with `echo k1:$(openssl rand -base64 32)`"
    keys: list[EncryptionKey] = []
    for place, part in enumerate(items(text), 1):
        id, colon, encoded = part.partition(":")
        if not colon or not _KEY_ID.fullmatch(id):
            raise ValueError(f"key {place} is not id:base64 (id: 1-32 of A-Z a-z 0-9 _ -); {example}")
        try:
            key = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"key {id} is not valid base64; {example}") from None
        if len(key) != KEY_BYTES:
            raise ValueError(f"key {id} has {len(key)} bytes; want {KEY_BYTES}: {example}")
        if any(known.id == id for known in keys):
            raise ValueError(f"the id {id} is there twice; give each key its own")
        keys.append(EncryptionKey(id, Secret(key)))
    return tuple(keys)


def host(text: str) -> str:
    """A host name or an address literal without a port; brackets around IPv6 are dropped."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ip_address(bare))
    except ValueError:
        pass
    if re.fullmatch(r"[0-9.]+", bare) or not _HOST_NAME.fullmatch(bare) or len(bare) > 253:
        raise ValueError(f"{quoted(text)} is no host name or address")
    return bare


def listening_hosts(text: str) -> tuple[str, ...]:
    """Where to listen: a comma list; `localhost` is both of its addresses."""
    found: list[str] = []
    for part in items(text):
        named = host(part)
        for address in ("127.0.0.1", "::1") if named.lower() == "localhost" else (named,):
            if address not in found:
                found.append(address)
    if not found:
        raise ValueError("names no address; want for example 127.0.0.1")
    return tuple(found)


def host_header(text: str) -> str:
    """A Host header's value that is to be accepted: a name or address, with or without a port."""
    split = _split(f"//{text}", text, "host or host:port")
    if split.path or split.username is not None or not split.hostname or split.query:
        raise ValueError(f"{quoted(text)} is no host or host:port")
    host(split.hostname)
    return text.lower()


def origin(text: str) -> str:
    """A browser origin: `https://shop.example`, with `:*` for any port."""
    wanted = "want scheme://host or scheme://host:port, such as https://shop.example"
    if text in ("*", "null"):
        raise ValueError(f"{text} would let every page in; {wanted}")
    any_port = text.endswith(":*")
    split = _split(text[:-2] if any_port else text, text, wanted)
    if split.scheme not in ("http", "https") or not split.hostname or split.username is not None:
        raise ValueError(f"{quoted(text)} is no origin; {wanted}")
    if split.path.rstrip("/") or split.query or split.fragment:
        raise ValueError(f"{quoted(text)} has more than an origin; {wanted}")
    host(split.hostname)
    return text.rstrip("/").lower()


def cidr(text: str) -> IPv4Network | IPv6Network:
    """A network such as 10.0.0.0/8, or one address."""
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{quoted(text)} is no network; want for example 10.0.0.0/8") from None
    raise ValueError(f"{quoted(text)} has bits beyond its prefix; do you mean {meant}?")


def _split(url: str, text: str, wanted: str) -> SplitResult:
    try:
        split = urlsplit(url)
        _ = split.port  # raises on a port that is none
    except ValueError:
        raise ValueError(f"{quoted(text)} cannot be read; {wanted}") from None
    if any(char.isspace() or not char.isprintable() for char in url):
        raise ValueError(f"{quoted(text)} holds white space; {wanted}")
    return split


def url(*schemes: str) -> Callable[[str], str]:
    """An absolute URL of one of `schemes` without credentials, query or fragment; no slash at its end."""
    wanted = f"want {schemes[0]}://host[:port][/path]"

    def parse(text: str) -> str:
        if "@" in text:
            # Not quoted: what stands before the @ is a password.
            raise ValueError("holds credentials; give them by their own variables")
        split = _split(text, text, wanted)
        if split.scheme not in schemes or not split.hostname:
            raise ValueError(f"{quoted(text)} is no such URL; {wanted}")
        if split.query or split.fragment:
            raise ValueError(f"{quoted(text)} has a query or fragment; {wanted}")
        return text.rstrip("/")

    return parse


def secret_url(*schemes: str, example: str) -> Callable[[str], Secret[str]]:
    """A URL that may hold a password, so it is a secret and never quoted."""

    def parse(text: str) -> Secret[str]:
        scheme, separator, rest = text.partition("://")
        if not separator or scheme.lower() not in schemes or not rest:
            raise ValueError(f"is no URL of the kind {' or '.join(schemes)}; want for example {example}")
        try:
            _ = urlsplit(text).port
        except ValueError:
            raise ValueError(f"has a bad host or port; want for example {example}") from None
        return secret(text)

    return parse


def node_name(text: str) -> str:
    """The name of this node among several."""
    if not _NODE_NAME.fullmatch(text):
        raise ValueError(f"{quoted(text)} is no node name; want 1-64 of A-Z a-z 0-9 . _ -")
    return text


def currency(text: str) -> str:
    """An ISO 4217 code."""
    if not _CURRENCY.fullmatch(text):
        raise ValueError(f"{quoted(text)} is no currency; want three capitals, such as EUR")
    return text


def path(text: str) -> Path:
    """A path, made absolute; `~` is the home directory."""
    if "\0" in text:
        raise ValueError("holds a NUL character")
    try:
        return Path(os.path.abspath(Path(text).expanduser()))
    except RuntimeError:
        raise ValueError(f"{quoted(text)}: the home directory is unknown; give an absolute path") from None
