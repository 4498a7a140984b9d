"""
What may stand in a log line: an allow-list by type, with masks over secrets and personal data.

Plain scalars, text, mappings and sequences pass; of anything else only the name of its type is written, so
an object whose repr holds a secret cannot leak it. Text is masked by the look of the value (tokens, keys,
card numbers, addresses, phone numbers), fields are masked by the look of their name. A mask too many costs
a reader a moment; one too few costs a customer, so doubtful cases are masked.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import pairwise
from pathlib import PurePath
from typing import Any

MASK = "***"
MAX_TEXT = 2_048  # characters of one field: a long error text fits, a pasted file does not
MAX_TOTAL = 16_384  # characters of one line: under journald's LineMax (48 KiB) even when all is escaped 2:1
MAX_DEPTH = 6  # our own fields nest three deep
MAX_ITEMS = 64  # of one list or mapping; the rest is counted
MAX_NODES = 512  # of one line, so that wide and deep together stay cheap

_Pseudonym = Callable[[str], str]

# One word of a field's name is enough: api_secret, apiSecret, X-Api-Secret, MCP_API_SECRET.
_SECRET_WORDS = frozenset(
    {"token", "secret", "secrets", "password", "passwords", "passwd", "passphrase", "pwd", "jwt", "bearer"}
    | {"authorization", "cookie", "cookies", "credential", "credentials", "apikey", "apikeys", "otp", "cvv"}
    | {"cvc", "iban", "pepper", "signature", "hmac"}
)
_SECRET_PAIRS = frozenset(
    f"{first} {last}"
    for first in ("api", "private", "access", "encryption", "signing", "secret", "account", "card")
    for last in ("key", "keys", "number")
)
_PERSONAL_WORDS = frozenset({"email", "mail", "phone", "telephone", "msisdn", "recipient"})
_USER_KEYS = frozenset({"user", "user_id", "userId", "sub", "owner", "via"})
# `input_tokens=12` is a count; text under the same name may be the tokens themselves.
_COUNTED_WORDS = frozenset({"tokens"})

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_PATTERNS = re.compile(
    r"""
      (?P<jwt>    \beyJ[\w-]{4,}\.[\w-]{4,}(?:\.[\w-]*)? )
    | (?P<bearer> \b(?:bearer[.:\s]+ [\w.~+/=-]{6,} | basic\s+ [A-Za-z0-9+/]{15,}={0,2}) )
    | (?P<userinfo> (?<=://) [^\s/?\#"'<>]{1,256} @ )
    | (?P<header> \b(?:set-cookie|cookie|authorization)["']?\s*[:=]\s*["']? ) (?P<headed> [^\n"']{3,} )
    | (?P<assign> [\w-]{0,32}(?:password|passwd|secret|token|api[_-]?key)[\w-]{0,32}
                  ["']?\s*[=:]\s*["']?)
      (?P<assigned> (?!\d{1,6}\b) [^\s"',;&<>)}\]]{3,} )
    | (?P<key>    \b(?:(?:sk|pk|rk|gsk|whsec)[-_][\w-]{8,} | gh[opsu]_\w{16,} | xox[a-z]-[\w-]{8,}
                  | AKIA[0-9A-Z]{12,} | EAA[A-Za-z0-9]{24,} | SK[0-9a-f]{32}) )
    | (?P<email>  (?<![\w.+-]) [\w.+%-]{1,64} @ [\w-]{1,63} (?:\.[\w-]{1,63}){1,8} )
    | (?P<card>   (?<![\w.+-]) [2-6](?:[\s\u2010-\u2015-]?\d){12,18} (?![\w]) )
    | (?P<phone>  (?<![\w.]) (?:\+|00)[1-9](?:[\s().\-\u2010-\u2015/]{0,2}\d){6,13} (?!\w)
                | (?<![\w.:/-]) 0[1-9]\d{1,4}[ /-]\d{3,9}(?:[ -]\d{2,5}){0,3} (?![\w:])
                | (?<![\w.:/-]) \(?\d{3}\)?[ .-]\d{3}[ .-]\d{4} (?!\w)
                | (?<=whatsapp:)\+?\d{6,15} )
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Two cheap looks that spare most values the patterns: names as code writes them, and texts without anything
# that a pattern needs.
_NAME = re.compile(r"(?!g?[spr]k_|gh[opsu]_|whsec_)[a-z_]{0,48}|[\w ./-]{0,7}").fullmatch
_SUSPECT = re.compile(
    r"[@+=:]|\d[\d\s().\u2010-\u2015-]{4}|ey[Jj]|[SsPpRr][Kk][-_0-9]|[Bb][Ee][Aa][Rr]|[Bb][Aa][Ss][Ii][Cc]"
    r"|[Aa][Kk][Ii][Aa]|[Ee][Aa][Aa]|[Gg][Hh][OoPpSsUu]_|[Xx][Oo][Xx]|[Ww][Hh][Ss][Ee][Cc]"
).search

# What a terminal or a viewer obeys instead of showing: DEL, C1 controls, direction marks, line separators,
# lone surrogates (which no encoder takes). JSON itself escapes C0.
_UNSAFE = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def redact_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` with secrets and personal data masked, unsafe characters escaped, cut to `limit`."""
    if _NAME(text) is not None:
        return text
    length = len(text)
    if length > 2 * limit:
        # The cut may split a secret so that what is left no longer looks like one: drop the split word.
        text = re.sub(r"\S+\Z", "", text[: 2 * limit])
    if _SUSPECT(text) is not None:
        text = _PATTERNS.sub(_mask, text)
    if not text.isprintable():
        text = _UNSAFE.sub(_escape, text)
    if length > limit and (len(text) > limit or length > 2 * limit):
        return f"{text[:limit]}… ({length} characters)"
    return text


def _mask(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "assigned":
        return f"{match['assign']}{MASK}"
    if kind == "headed":
        return f"{match['header']}{MASK}"
    if kind == "card":
        return "[card]" if is_card_number(match[0]) else match[0]
    if kind == "bearer":
        return f"{match[0].split(None, 1)[0].split('.')[0].split(':')[0]} [token]"
    if kind == "userinfo":
        return f"{MASK}@"
    return f"[{kind}]"


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def is_card_number(digits: str) -> bool:
    """Whether the digits in `digits` are 13-19 long, begin like a payment card and pass the Luhn check."""
    numbers = [int(char) for char in digits if char.isdecimal()]
    if not 13 <= len(numbers) <= 19 or not 2 <= numbers[0] <= 6:
        return False
    total = 0
    for place, number in enumerate(reversed(numbers)):
        doubled = number * 2 if place % 2 else number
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


# The names of fields come from the code, not from callers, so this stays small; children's lines may bring
# others, hence the ceiling.
_key_kinds: dict[str, str] = {}
_KEY_KINDS_MAX = 4_096


def key_kind(key: str) -> str:
    """What the name of a field says about its value: `secret`, `counted`, `personal`, `user` or nothing."""
    kind = _key_kinds.get(key)
    if kind is None:
        kind = _judge_key(key)
        if len(_key_kinds) < _KEY_KINDS_MAX:
            _key_kinds[key] = kind
    return kind


def _judge_key(key: str) -> str:
    words = [word.lower() for word in _WORD.findall(key[:128])]
    if not _SECRET_WORDS.isdisjoint(words):
        return "secret"
    if any(f"{first} {last}" in _SECRET_PAIRS for first, last in pairwise(words)):
        return "secret"
    if not _COUNTED_WORDS.isdisjoint(words):
        return "counted"
    if not _PERSONAL_WORDS.isdisjoint(words):
        return "personal"
    return "user" if key in _USER_KEYS else ""


def redact_fields(fields: Mapping[str, Any], pseudonym: _Pseudonym | None = None) -> dict[str, Any]:
    """
    The fields of one log line as plain JSON data, masked and bounded.

    Args:
        fields: as given to the logger; not changed.
        pseudonym: turns a user id into its keyed pseudonym; without it user ids are masked.
    """
    return _Walk(pseudonym).mapping(fields, MAX_DEPTH)


_CARD_MIN = 10**12  # the smallest number of 13 digits
_CONTAINERS = frozenset({dict, list, tuple, set, frozenset})


class _Walk:
    """One line's walk, with what is left of its budget."""

    __slots__ = ("chars", "nodes", "pseudonym")

    def __init__(self, pseudonym: _Pseudonym | None) -> None:
        self.chars = MAX_TOTAL
        self.nodes = MAX_NODES
        self.pseudonym = pseudonym

    def mapping(self, fields: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for index, (key, value) in enumerate(fields.items()):
            if index >= MAX_ITEMS or self.nodes <= 0:
                result["…"] = f"{len(fields) - index} more"
                break
            if type(key) is not str:
                result[f"<{type(key).__name__}>"] = self.value(value, depth)
                continue
            kind = key_kind(key)
            name = key if _NAME(key) is not None else self.text(key, 128)
            result[name] = self.field(kind, value, depth) if kind else self.value(value, depth)
        return result

    def field(self, kind: str, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if kind == "user":
            if not isinstance(value, str):
                return self.value(value, depth)
            return self.pseudonym(value) if self.pseudonym is not None and value else MASK
        if kind == "counted" and isinstance(value, int | float):
            return value
        return MASK

    def value(self, value: Any, depth: int) -> Any:
        self.nodes -= 1
        kind = type(value)
        if kind is str:
            return self.text(value, MAX_TEXT)
        if kind is int:
            return value if -_CARD_MIN < value < _CARD_MIN else self.number(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind in _CONTAINERS:
            return self.container(value, depth)
        return self.rest(value, depth)

    def number(self, value: int) -> int | str:
        # Beyond 64 bits readers of JSON disagree, and turning a huge number into text takes long.
        if not -(2**63) <= value < 2**64:
            return f"<number of {value.bit_length()} bits>"
        return "[card]" if is_card_number(str(value)) else value

    def text(self, value: str, limit: int) -> str:
        if self.chars <= 0:
            return "…"
        text = redact_text(value, min(limit, max(self.chars, 16)))
        self.chars -= len(text)
        return text

    def container(self, value: Any, depth: int) -> Any:
        if depth <= 0 or self.nodes <= 0:
            return f"<{type(value).__name__} of {len(value)}>"
        if isinstance(value, Mapping):
            return self.mapping(value, depth - 1)
        return self.items(value, len(value), depth - 1)

    def items(self, values: Iterable[Any], length: int, depth: int) -> list[Any]:
        result: list[Any] = []
        for index, value in enumerate(values):
            if index >= MAX_ITEMS or self.nodes <= 0:
                result.append(f"… {length - index} more")
                break
            result.append(self.value(value, depth))
        return result

    def rest(self, value: Any, depth: int) -> Any:
        """Subclasses of the plain types (enums, named tuples) and the few others that say nothing secret."""
        if isinstance(value, str):
            return self.text(str.__str__(value), MAX_TEXT)
        if isinstance(value, int):
            return self.number(int(value))
        if isinstance(value, float):
            return float(value)
        if isinstance(value, dict | list | tuple | set | frozenset):
            return self.container(value, depth)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, PurePath):
            return self.text(str(value), MAX_TEXT)
        if isinstance(value, BaseException):
            # Unlike str() this survives an exception whose own __str__ fails.
            return self.text("".join(traceback.format_exception_only(value)).strip(), MAX_TEXT)
        if isinstance(value, bytes | bytearray | memoryview):
            return f"<{len(value)} bytes>"
        return f"<{type(value).__name__}>"
