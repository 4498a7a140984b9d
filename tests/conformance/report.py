"""The outcomes of a run as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.conformance.suite import Outcome

WIDTH = 110


def table(outcomes: Mapping[str, Outcome], wanted: Iterable[str], *, is_verbose: bool = False) -> list[str]:
    """
    One line per scenario that has not passed, with its first reason; with `is_verbose` every scenario, and
    every reason.

    Scenarios that nobody wants to pass here are marked.
    """
    must = set(wanted)
    lines = []
    for name in [*outcomes, *sorted(must - set(outcomes))]:
        outcome = outcomes.get(name) or Outcome(name, ())
        if outcome.has_passed and not is_verbose:
            continue
        mark = "passed" if outcome.has_passed else "FAILED" if name in must else "not passed, not asked for"
        lines.append(f"{name}: {mark} ({outcome.successes} good, {len(outcome.failures)} bad)")
        if not outcome.has_passed:
            reasons = outcome.reasons().splitlines()
            lines += [
                f"    {reason}" if is_verbose else _cut(f"    {reason}")
                for reason in reasons[: None if is_verbose else 1]
            ]
    return lines


def total(outcomes: Mapping[str, Outcome], wanted: Iterable[str]) -> str:
    """`35 of 40 wanted scenarios passed`."""
    must = list(wanted)
    passed = sum(name in outcomes and outcomes[name].has_passed for name in must)
    return f"{passed} of {len(must)} wanted scenarios passed"


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
