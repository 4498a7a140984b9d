"""The figures of one run as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.bench.targets import Verdict, read

LEGEND = """\
gw us: CPU microseconds of the gateway's own processes per good call. others: cores that other programs
kept busy. x calls, x CPU: against the bare echo server of the same protocol in this run."""

Rows = Sequence[Sequence[str]]


def table(rows: Rows) -> str:
    """Aligned columns: the first to the left, figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def _number(value: object, digits: int = 0) -> str:
    return "-" if not isinstance(value, int | float) else f"{value:,.{digits}f}"


def _window_rows(figures: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    yield ("", "calls/s", "p50 us", "p99 us", "gw us", "child us", "others", "errors", "x calls", "x CPU")
    for subject, shapes in figures["windows"].items():
        for shape, cell in shapes.items():
            against = read(figures, "ratios", subject, shape) or {}
            yield (
                f"{subject} {shape}",
                _number(cell["calls_per_second"]),
                _number(cell["p50_us"]),
                _number(cell["p99_us"]),
                _number(cell["gateway_us"], 1),
                _number(cell["child_us"], 1),
                _number(cell["foreign_cores"], 2),
                _number(cell["errors"]),
                _number(against.get("calls"), 2),
                _number(against.get("cpu"), 2),
            )
    for shape, cell in (figures.get("pipe") or {}).items():
        yield (
            f"raw pipe {shape}",
            _number(cell["calls_per_second"]),
            _number(cell["p50_us"]),
            _number(cell["p99_us"]),
            _number(cell["gateway_us"], 1),
            *("-" for _ in range(5)),
        )


def _other_lines(figures: Mapping[str, Any]) -> Iterator[str]:
    singles = (
        ("cold start, one echo child", "start_seconds", "s"),
        ("cold start, own four children", "shop_start_seconds", "s"),
        ("the echo child's own start", "child_start_seconds", "s"),
    )
    for text, key, unit in singles:
        if figures.get(key) is not None:
            yield f"{text}: {figures[key]:.3f} {unit}"
    groups = (
        ("idle memory per session, KiB", "idle_kib"),
        ("kill -9 of the child to the next good answer on a held session, s", "kill_seconds"),
        ("growth of CPU per call, x", "growth"),
    )
    for text, key in groups:
        if figures.get(key):
            values = ", ".join(
                f"{name} {'session lost' if value is None else value}" for name, value in figures[key].items()
            )
            yield f"{text}: {values}"


def _verdict_rows(verdicts: Sequence[Verdict]) -> Iterator[Sequence[str]]:
    yield ("target", "value", "limit", "unit", "")
    for verdict in verdicts:
        word = {True: "met", False: "MISSED", None: "not measured"}[verdict.is_met]
        bound = ">=" if verdict.is_floor else "<="
        yield (verdict.target, _number(verdict.value, 2), f"{bound} {verdict.limit:g}", verdict.unit, word)


def render(figures: Mapping[str, Any], verdicts: Sequence[Verdict]) -> str:
    """The whole report: windows, single figures, targets, notes."""
    parts = []
    if figures.get("windows"):
        parts += [table(list(_window_rows(figures))), LEGEND]
    others = "\n".join(_other_lines(figures))
    if others:
        parts.append(others)
    parts.append(table(list(_verdict_rows(verdicts))))
    if figures.get("notes"):
        parts.append("\n".join(f"note: {note}" for note in figures["notes"]))
    return "\n\n".join(parts)
