"""Reading files of an operator: bounded, and with one fault for each thing that is wrong."""

from __future__ import annotations

import difflib
import json
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

from museod.config.values import quoted
from museod.errors import Fault

MAX_CONFIG_BYTES = 1_048_576  # 256 children with every key and long comments are under 300 KiB
MAX_SECRET_BYTES = 65_536  # a chain of certificates is the longest thing anybody keeps in one

S = TypeVar("S", bound=Struct)


def read_bounded(path: Path, limit: int) -> bytes:
    """
    The content of a regular file.

    Raises:
        ValueError: it cannot be used; the text is the remedy.
    """
    try:
        # Non-blocking: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be opened: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError(f"{path} is no regular file")
    with open(descriptor, "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"{path} is larger than {limit} bytes")
    return content


def read_toml(path: Path, faults: list[Fault]) -> dict[str, Any]:
    """The tables of a TOML file; empty, with a fault, when it is unusable."""
    try:
        return tomllib.loads(read_bounded(path, MAX_CONFIG_BYTES).decode("utf-8-sig"))
    except UnicodeDecodeError:
        faults.append(Fault(str(path), "file", "is not UTF-8; save it as UTF-8"))
    except RecursionError:
        faults.append(Fault(str(path), "file", "nests too deeply; flatten it"))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at (line \d+, column \d+|end of document)\)", str(error))
        what = str(error).split(" (at ")[0]
        faults.append(Fault(str(path), place[1] if place else "file", f"is no valid TOML: {what}"))
    except ValueError as error:
        faults.append(Fault(str(path), "file", str(error)))
    return {}


def read_json(path: Path, faults: list[Fault]) -> Any:
    """The content of a JSON file; None, with a fault, when it is unusable."""
    twice: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            names = [name for name, _ in pairs]
            twice.extend(sorted({name for name in names if names.count(name) > 1}))
        return result

    try:
        text = read_bounded(path, MAX_CONFIG_BYTES).decode("utf-8-sig")
        content = json.loads(text, object_pairs_hook=members)
    except UnicodeDecodeError:
        faults.append(Fault(str(path), "file", "is not UTF-8; save it as UTF-8"))
    except RecursionError:
        faults.append(Fault(str(path), "file", "nests too deeply; flatten it"))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        faults.append(Fault(str(path), place, f"is no valid JSON: {error.msg} (comments are not allowed)"))
    except ValueError as error:
        faults.append(Fault(str(path), "file", str(error)))
    else:
        faults.extend(Fault(str(path), name, "stands twice in one object; keep one") for name in twice)
        return content
    return None


def nearest(name: str, known: Iterable[str]) -> str:
    """`; do you mean X?` for the known name closest to `name`, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; do you mean {close[0]}?" if close else ""


def unknown_key(key: str, known: Iterable[str]) -> str:
    """The remedy for a key that nothing reads."""
    names = sorted(known)
    hint = nearest(key, names)
    return f"is unknown{hint or '; known are ' + ', '.join(names)}"


def read_struct(
    kind: type[S],
    table: Any,
    *,
    source: str,
    where: str,
    faults: list[Fault],
    given: Mapping[str, Any] | None = None,
    hidden: Iterable[str] = (),
) -> S | None:
    """
    A struct from a table, field by field, so that every bad key is reported and not only the first.

    Args:
        where: the table's own key, such as `children.storefront`.
        given: fields that the table cannot set.
        hidden: further fields that are no keys.

    Returns:
        The struct, or None when there was a fault.
    """
    if not isinstance(table, Mapping):
        faults.append(Fault(source, where, f"must be a table, not {type(table).__name__}"))
        return None
    before = len(faults)
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    keys = {name for name in fields if name not in (given or {}) and name not in hidden}
    values: dict[str, Any] = dict(given or {})
    for key, value in table.items():
        place = f"{where}.{key}"
        if key not in keys:
            faults.append(Fault(source, place, unknown_key(str(key), keys)))
        elif isinstance(fields[key].type, type) and issubclass(fields[key].type, Struct):
            values[key] = read_struct(fields[key].type, value, source=source, where=place, faults=faults)
        else:
            try:
                values[key] = msgspec.convert(value, fields[key].type)
            except msgspec.ValidationError as error:
                faults.append(Fault(source, place, _remedy(str(error), fields[key].type, value)))
    for name, field in fields.items():
        if name in keys and name not in table and field.required:
            faults.append(Fault(source, f"{where}.{name}", "is missing"))
    return kind(**values) if len(faults) == before else None


def _remedy(error: str, wanted: Any, value: Any) -> str:
    what, _, place = error.replace("`", "").partition(" - at ")
    place = place.removeprefix("$").replace("[...]", "")
    metas, literals = _hints(wanted)
    if "matching regex" in what:
        what = "; ".join(meta.description for meta in metas if meta.description) or what
    elif "enum value" in what and literals:
        what = f"{what}; want {' or '.join(literals)}"
    # What stands in these tables is no secret, but a long value is no help either.
    shown = f" (got {quoted(str(value))})" if not isinstance(value, dict | list) else ""
    return f"{what[0].lower()}{what[1:]}{' at ' + place if place else ''}{shown}"


def _hints(wanted: Any) -> tuple[list[msgspec.Meta], list[str]]:
    """The descriptions and the closed lists of words anywhere within a type."""
    metas = [meta for meta in getattr(wanted, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
    literals = [str(word) for word in get_args(wanted)] if get_origin(wanted) is Literal else []
    if not literals:
        for part in get_args(wanted):
            more_metas, more_literals = _hints(part)
            metas += more_metas
            literals += more_literals
    return metas, literals
