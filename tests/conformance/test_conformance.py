"""The official conformance suite of MCP, through the daemon, scenario by scenario."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conformance.scenarios import BEYOND_A_LEGACY_CHILD, REQUIRED, RUNS, Run
from tests.conformance.suite import Outcome, Suite
from tests.conformance.targets import Target

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.timeout(900),  # the first test of a run installs the suite and makes the whole run
]
OutcomesOf = Callable[[Run], dict[str, Outcome]]
SCENARIOS = [(run, scenario) for run in RUNS for scenario in run.wanted]


@pytest.mark.parametrize(
    ("run", "scenario"), SCENARIOS, ids=[f"{run.name}: {scenario}" for run, scenario in SCENARIOS]
)
def test_the_daemon_passes(run: Run, scenario: str, outcomes_of: OutcomesOf) -> None:
    outcome = outcomes_of(run).get(scenario)
    assert outcome is not None, "the suite made no such scenario"
    assert outcome.has_passed, outcome.reasons()


def test_a_legacy_child_cannot_ask_by_name_nor_twice_at_once(outcomes_of: OutcomesOf) -> None:
    run = next(run for run in RUNS if run.target is Target.LEGACY and run.revision == "2026-07-28")
    outcomes = outcomes_of(run)
    passed = {name for name in BEYOND_A_LEGACY_CHILD if outcomes[name].has_passed}
    assert not passed, f"{passed} passed: take it off the list of what cannot"


@pytest.mark.parametrize(("revision", "count"), [("2026-07-28", 37), ("2025-11-25", 30)])
def test_nothing_that_the_suite_scores_is_left_out(revision: str, count: int, suite: Suite) -> None:
    scored = suite.required(revision)
    assert len(scored) == count
    assert set(scored) == set(REQUIRED[revision])
