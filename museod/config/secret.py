"""A value that must be asked for: it never shows itself in a text, a log, a JSON document or a pickle."""

from __future__ import annotations

import hmac
from typing import AnyStr, Generic, NoReturn

MASK = "***"


class Secret(Generic[AnyStr]):
    """Text or bytes whose `repr`, `str` and format are `***`; `reveal()` is the only way to the value."""

    __slots__ = ("_value",)

    def __init__(self, value: AnyStr) -> None:
        self._value: AnyStr = value

    def reveal(self) -> AnyStr:
        """The value itself, for the one place that uses it."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not copied or pickled; pass the object or reveal() it")


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
