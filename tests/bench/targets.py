"""The targets of the first release, and how each is read from the figures of one run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]

FLAT = 1.25  # runs drift by a quarter: a smaller growth than that cannot be told from none


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row: `value` is None when this run did not measure it."""

    target: str
    value: float | None
    limit: float
    unit: str
    is_floor: bool = False  # the value must be at least the limit, else at most
    has_failed: bool = False  # it was measured and never came about

    @property
    def is_met(self) -> bool | None:
        if self.has_failed:
            return False
        if self.value is None:
            return None
        return self.value >= self.limit if self.is_floor else self.value <= self.limit


def read(figures: Figures, *path: str) -> Any:
    """A figure by its path, or None where the run has none."""
    found: Any = figures
    for key in path:
        if not isinstance(found, Mapping) or found.get(key) is None:
            return None
        found = found[key]
    return found


def ratio(above: float | None, below: float | None) -> float | None:
    return None if above is None or not below else round(above / below, 2)


def _window(figures: Figures, subject: str, shape: str, field: str) -> float | None:
    """A figure of one window; a window in which calls failed counts as not measured."""
    cell = read(figures, "windows", subject, shape)
    if cell is None or not cell["calls"]:
        return None
    value: float = cell[field]
    return value


def verdicts(figures: Figures) -> Iterator[Verdict]:
    """Every target with what this run says about it."""
    for face in ("HTTP legacy", "HTTP modern", "WebSocket"):
        cost = _window(figures, f"museod {face}", "C64", "gateway_us")
        yield Verdict(f"gateway CPU per call, {face}, C64", cost, 150, "us")
    yield from _against_peer(figures)
    pipe = read(figures, "pipe", "C1", "p50_us")
    for face in ("HTTP legacy", "HTTP modern", "WebSocket"):
        p50 = _window(figures, f"museod {face}", "C1", "p50_us")
        added = None if p50 is None or pipe is None else round((p50 - pipe) / 1000, 3)
        yield Verdict(f"added latency over the raw pipe, {face}, C1 p50", added, 0.6, "ms")
    for kind, name in (("HTTP", "MCP session over HTTP"), ("WebSocket", "MCP session over WebSocket")):
        yield Verdict(f"memory of an idle {name}", read(figures, "idle_kib", kind), 60, "KB")
    yield Verdict("memory of an idle chat socket", read(figures, "idle_kib", "chat"), 60, "KB")
    own_start = read(figures, "child_start_seconds")
    for kind in ("HTTP", "WebSocket"):
        back = read(figures, "kill_seconds", kind)
        beyond = None if back is None or own_start is None else round(back - own_start, 3)
        is_lost = back is None and "kill_seconds" in figures
        name = f"child killed: good again beyond its own start, {kind} session kept"
        yield Verdict(name, beyond, 0.5, "s", has_failed=is_lost)
    yield Verdict("cold start with the four own children", read(figures, "shop_start_seconds"), 4, "s")
    for what, text in (("connections", "64 to 1,000 connections"), ("children", "4 to 40 children")):
        yield Verdict(f"growth of CPU per call, {text}", read(figures, "growth", what), FLAT, "x")


def _against_peer(figures: Figures) -> Iterator[Verdict]:
    for shape in ("C16", "C64"):
        ours = _window(figures, "museod HTTP legacy", shape, "calls_per_second")
        theirs = _window(figures, "mcp-proxy", shape, "calls_per_second")
        yield Verdict(f"calls/s over HTTP against mcp-proxy, {shape}", ratio(ours, theirs), 5, "x", True)
    large = "256KiB C4"
    ours = _window(figures, "museod HTTP legacy", large, "calls_per_second")
    theirs = _window(figures, "mcp-proxy", large, "calls_per_second")
    yield Verdict("256 KiB results against mcp-proxy, C4", ratio(ours, theirs), 1.5, "x", True)


CEILINGS: Mapping[str, str] = {
    "museod HTTP legacy": "echo HTTP",
    "museod HTTP modern": "echo HTTP",
    "museod WebSocket": "echo WebSocket",
}


def ratios(figures: Figures) -> dict[str, dict[str, dict[str, float | None]]]:
    """
    Each window of museod against the bare echo server of the same protocol and shape, in the same run.

    `calls` is the share of its calls per second that is left, `cpu` how many times its CPU is spent.
    """
    found: dict[str, dict[str, dict[str, float | None]]] = {}
    for subject, ceiling in CEILINGS.items():
        for shape in read(figures, "windows", subject) or {}:
            rates = [_window(figures, who, shape, "calls_per_second") for who in (subject, ceiling)]
            costs = [_window(figures, who, shape, "gateway_us") for who in (subject, ceiling)]
            found.setdefault(subject, {})[shape] = {"calls": ratio(*rates), "cpu": ratio(*costs)}
    return found
