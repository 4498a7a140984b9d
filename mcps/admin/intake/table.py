"""What every format is read into: named columns, and rows that know their line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAX_ROWS = 10_000  # the import's contract
MAX_COLUMNS = 100  # a product has about twenty fields; more are options and languages
MAX_CELL_CHARS = 20_000  # the contract's longest text, a description
MAX_SHOWN_CHARS = 60  # of somebody's cell in a message


class Unreadable(Exception):
    """The file as a whole is refused; the text says where and why, and what to do. `code` is the API's."""

    def __init__(self, message: str, code: str = "import_unreadable") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Fault(NamedTuple):
    """Why one row is refused: its line in the file, the column as the file names it, what to do."""

    line: int
    column: str
    detail: str


class Unusable(NamedTuple):
    """A cell that holds no value of its own, such as a formula: refuses its row where the column counts."""

    detail: str


@dataclass(slots=True)
class Row:
    """One row; `values` stand in the order of the columns. A row with a `fault` is refused already."""

    line: int
    values: Sequence[Any]
    fault: Fault | None = None


@dataclass(slots=True)
class Table:
    """A file's columns and rows, and how it was read: format, encoding, separator, sheet."""

    columns: list[str]
    rows: list[Row]
    details: dict[str, str] = field(default_factory=dict)


def shown(text: object) -> str:
    """A cell as a message quotes it: one line, short."""
    line = " ".join(str(text).split())
    return line if len(line) <= MAX_SHOWN_CHARS else line[: MAX_SHOWN_CHARS - 1] + "…"


def too_many_rows() -> Unreadable:
    """More rows than one import takes."""
    return Unreadable(
        f"The file has more than {MAX_ROWS:,} rows. Split it; one import takes at most 10 MiB or "
        f"{MAX_ROWS:,} rows.",
        "payload_too_large",
    )


def named_columns(header: Sequence[object]) -> list[str]:
    """
    The header's names, unique and without trailing empty ones.

    Raises:
        Unreadable: there are none, or too many.
    """
    names = [" ".join(str(name).split())[:200] if name is not None else "" for name in header]
    while names and not names[-1]:
        names.pop()
    if not any(names):
        raise Unreadable(
            "The first line is empty. Put the names of the columns there, such as sku;title;price."
        )
    if len(names) > MAX_COLUMNS:
        raise Unreadable(f"The file has {len(names)} columns; at most {MAX_COLUMNS} are read. Drop some.")
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        name = name or f"column {place + 1}"
        seen[name] = seen.get(name, 0) + 1
        names[place] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return names
