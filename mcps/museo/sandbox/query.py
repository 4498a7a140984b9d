"""Query strings, read strictly: an unknown or repeated parameter is a mistake worth hearing of."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from mcps.museo.sandbox.problems import bad_request

MAX_PARAMETERS = 64
MAX_LIST = 50  # of ids or brands in one parameter
_ATTRIBUTE = re.compile(r"attr\[([a-z0-9_]{1,40})\]")
_INTEGER = re.compile(r"[0-9]{1,15}")


@dataclass(slots=True)
class Query:
    """The parameters of one request; every reader names the parameter when it refuses."""

    values: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, *, max_chars: int = 200) -> str | None:
        """The parameter as it is."""
        value = self.values.get(name)
        if value is not None and len(value) > max_chars:
            raise bad_request(f"{name} has more than {max_chars} characters; shorten it.", pointer=f"/{name}")
        return value

    def texts(self, name: str) -> list[str]:
        """A comma list without its empty parts."""
        found = [part.strip() for part in self.values.get(name, "").split(",") if part.strip()]
        if len(found) > MAX_LIST:
            raise bad_request(f"{name} names more than {MAX_LIST} values; send fewer.", pointer=f"/{name}")
        return found

    def integer(self, name: str, *, low: int = 0, high: int = 10**12) -> int | None:
        """A whole number within its bounds."""
        value = self.values.get(name)
        if value is None:
            return None
        if not _INTEGER.fullmatch(value) or not low <= int(value) <= high:
            raise bad_request(f"{name} must be a whole number from {low} to {high}.", pointer=f"/{name}")
        return int(value)

    def boolean(self, name: str) -> bool | None:
        """true or false, in this spelling."""
        value = self.values.get(name)
        if value not in (None, "true", "false"):
            raise bad_request(f"{name} must be true or false.", pointer=f"/{name}")
        return None if value is None else value == "true"

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        """One of a few words."""
        value = self.values.get(name, default)
        if value not in allowed:
            raise bad_request(f"{name} must be one of {', '.join(allowed)}.", pointer=f"/{name}")
        return value

    @property
    def limit(self) -> int:
        """How many items a page shall have."""
        return self.integer("limit", low=1, high=100) or 20

    def listing(self, *more: str) -> str:
        """What a cursor is bound to: everything that shapes the list, but not where in it we are."""
        shaping = sorted((k, v) for k, v in self.values.items() if k not in ("limit", "cursor"))
        return repr((more, shaping, sorted(self.attributes.items())))


def parse_query(raw: str, allowed: Collection[str]) -> Query:
    """
    The parameters of a query string.

    Raises:
        ProblemError: it is not UTF-8, has a parameter that is not allowed here, or has one twice.
    """
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:  # UnicodeDecodeError too
        raise bad_request(f"The query string is not UTF-8 or has over {MAX_PARAMETERS} parameters.") from None
    query = Query()
    for name, value in pairs:
        attribute = _ATTRIBUTE.fullmatch(name)
        if attribute and "attr" in allowed:
            target, key = query.attributes, attribute[1]
        elif name in allowed and name != "attr":
            target, key = query.values, name
        else:
            known = ", ".join(allowed) or "none"
            raise bad_request(
                f"{name[:40]!r} is no parameter of this operation; it takes {known}.", pointer=f"/{name[:40]}"
            )
        if key in target:
            raise bad_request(f"{name} is given twice; send it once.", pointer=f"/{name}")
        target[key] = value
    return query
