"""Printing: tables for people at a terminal, plain lines for pipes, and no control characters in either."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

_STATE_COLOURS = {
    "ready": 32,
    "ok": 32,
    "up": 32,
    "degraded": 33,
    "starting": 33,
    "backoff": 33,
    "failed": 31,
}


def say(text: str) -> None:
    """One line to whoever started the command; never to stdout, which may be read by a program."""
    print(clean(text), file=sys.stderr, flush=True)


def show(text: str) -> None:
    """One line of the command's result."""
    print(clean(text), flush=True)


def show_json(value: Any) -> None:
    """The command's result for programs."""
    text = json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)
    print(
        "".join(char if char == "\n" or char.isprintable() else _escaped(char) for char in text), flush=True
    )


def _escaped(char: str) -> str:
    """A character as JSON escapes it; beyond the basic plane as two surrogates."""
    return json.dumps(char)[1:-1]


# Line ends, the spaces that prices and dates are written with, and the isolates around right-to-left words.
_HARMLESS = frozenset("\n\t\u00a0\u2007\u2009\u202f\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """`text` without characters that move the cursor or recolour the terminal."""
    return "".join(char if char in _HARMLESS or char.isprintable() else "�" for char in text)


def show_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns with heads at a terminal, tab-separated values without heads in a pipe."""
    if not sys.stdout.isatty():
        for row in rows:
            show("\t".join(map(_one_line, row)))
        return
    rows = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    print(_bold("  ".join(head.upper().ljust(width) for head, width in zip(heads, widths, strict=True))))
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(_coloured(cell) for cell in cells).rstrip(), flush=True)


def _one_line(cell: str) -> str:
    return clean(cell).replace("\n", " ").replace("\t", " ")


def _uses_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if _uses_colour() else text


def _coloured(cell: str) -> str:
    colour = _STATE_COLOURS.get(cell.strip())
    return f"\x1b[{colour}m{cell}\x1b[0m" if colour and _uses_colour() else cell


def duration(seconds: float) -> str:
    """3 s, 5 min, 2 h or 4 d."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def size(count: float | None) -> str:
    """Bytes as MiB."""
    return "-" if count is None else f"{count / 1_048_576:.0f} MiB"
