"""
Arguments that a tool wants to see in headers too: `x-mcp-header` in its schema, `Mcp-Param-*` on the POST.

Spec 2026-07-28, "Streamable HTTP", custom headers. What stands between client and server may route by such a
header, so header and argument must say the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from museod.wire.http_rules import HeaderView, RuleBroken, decode_header_value
from museod.wire.messages import HEADER_MISMATCH
from museod.wire.schema import SchemaRefused

ANNOTATION = "x-mcp-header"
PREFIX = "Mcp-Param-"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_PLAIN = re.compile(r"[\x20-\x7e]*")
_INTEGER = re.compile(r"-?\d{1,400}(?:\.0{1,100})?")
_TYPES = ("string", "integer", "boolean")
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class ParamHeader:
    """One annotated property: the header's name and the way to the argument."""

    name: str
    path: tuple[str, ...]


def param_headers(schema: Any) -> tuple[ParamHeader, ...]:
    """
    The annotated properties of a tool's schema.

    Raises:
        SchemaRefused: an annotation is no token, is used twice, or stands where it may not.
    """
    found: list[ParamHeader] = []
    seen: set[str] = set()
    _collect(schema, (), found, seen)
    if _count(schema) != len(found):
        raise SchemaRefused(f"{ANNOTATION} stands on something that is not reached through properties alone")
    return tuple(found)


def _collect(schema: Any, path: tuple[str, ...], found: list[ParamHeader], seen: set[str]) -> None:
    if not isinstance(schema, dict) or len(path) > MAX_DEPTH:
        return
    if path and ANNOTATION in schema:
        name = schema[ANNOTATION]
        if not isinstance(name, str) or _TOKEN.fullmatch(name) is None:
            raise SchemaRefused(f"{ANNOTATION} of {'.'.join(path)} is no header name")
        if schema.get("type") not in _TYPES:
            raise SchemaRefused(f"{ANNOTATION} of {'.'.join(path)} is not on a string, integer or boolean")
        if name.lower() in seen:
            raise SchemaRefused(f"{ANNOTATION} {name} is used twice")
        seen.add(name.lower())
        found.append(ParamHeader(PREFIX + name, path))
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for key, part in properties.items():
            _collect(part, (*path, key), found, seen)


def _count(schema: Any) -> int:
    """How many annotations there are anywhere, also where they may not be."""
    count, rest = 0, [(schema, False)]
    while rest:
        part, holds_names = rest.pop()
        if isinstance(part, dict):
            count += ANNOTATION in part and not holds_names
            rest.extend((value, key == "properties" and not holds_names) for key, value in part.items())
        elif isinstance(part, list):
            rest.extend((value, False) for value in part)
    return count


def check_param_headers(
    headers: HeaderView, wanted: Sequence[ParamHeader], arguments: Mapping[str, Any]
) -> None:
    """
    Compare the headers of a `tools/call` with its arguments.

    Raises:
        RuleBroken: one is missing, came without its argument, or says something else.
    """
    for header in wanted:
        values = headers.get_all(header.name)
        argument = _argument(arguments, header.path)
        where = ".".join(header.path)
        if argument is None:
            if values:
                raise RuleBroken(HEADER_MISMATCH, f"{header.name} came without the argument {where}.")
            continue
        if len(values) != 1:
            times = "is missing" if not values else f"came {len(values)} times"
            raise RuleBroken(HEADER_MISMATCH, f"{header.name} {times}; send it once, with {where}.")
        if _PLAIN.fullmatch(values[0]) is None or not _says(decode_header_value(values[0]), argument):
            raise RuleBroken(HEADER_MISMATCH, f"{header.name} differs from the argument {where}.")


def _argument(arguments: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(arguments, Mapping):
            return None
        arguments = arguments.get(key)
    return arguments


def _says(text: str, argument: Any) -> bool:
    if isinstance(argument, bool):
        return text == ("true" if argument else "false")
    if isinstance(argument, str):
        return text == argument
    if isinstance(argument, int | float):
        return _INTEGER.fullmatch(text) is not None and int(text.partition(".")[0]) == argument
    return False
