"""What the benchmark says about its targets, from figures made up for the purpose."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import report, targets
from tests.bench.targets import Verdict


def cell(**figures: float) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("calls_per_second", "p50_us", "p99_us", "gateway_us", "child_us", "foreign_cores", "errors"), 0.0
    )
    return {**empty, "calls": 100, **figures}


def verdict(figures: dict[str, Any], start: str) -> Verdict:
    found = [row for row in targets.verdicts(figures) if row.target.startswith(start)]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(("cost", "is_met"), [(149.0, True), (150.0, True), (150.1, False)])
def test_a_cost_meets_its_target_up_to_the_limit(cost: float, is_met: bool) -> None:
    figures = {"windows": {"museod HTTP modern": {"C64": cell(gateway_us=cost)}}}
    assert verdict(figures, "gateway CPU per call, HTTP modern").is_met is is_met


@pytest.mark.parametrize(("ours", "is_met"), [(499.0, False), (500.0, True)])
def test_a_floor_is_met_from_the_limit_on(ours: float, is_met: bool) -> None:
    figures = {
        "windows": {
            "museod HTTP legacy": {"C16": cell(calls_per_second=ours)},
            "mcp-proxy": {"C16": cell(calls_per_second=100.0)},
        }
    }
    assert verdict(figures, "calls/s over HTTP against mcp-proxy, C16").is_met is is_met


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert {row.is_met for row in targets.verdicts({})} == {None}


def test_a_window_without_a_good_call_counts_as_not_measured() -> None:
    figures = {"windows": {"museod WebSocket": {"C64": {**cell(gateway_us=0.0), "calls": 0}}}}
    assert verdict(figures, "gateway CPU per call, WebSocket").is_met is None


def test_added_latency_is_what_the_raw_pipe_leaves() -> None:
    figures = {
        "windows": {"museod WebSocket": {"C1": cell(p50_us=900.0)}},
        "pipe": {"C1": {"p50_us": 200.0}},
    }
    row = verdict(figures, "added latency over the raw pipe, WebSocket")
    assert (row.value, row.is_met) == (0.7, False)


def test_recovery_is_judged_beyond_the_childs_own_start_and_a_lost_session_is_a_miss() -> None:
    figures = {"child_start_seconds": 0.1, "kill_seconds": {"HTTP": 0.5, "WebSocket": None}}
    assert verdict(figures, "child killed: good again beyond its own start, HTTP").value == 0.4
    assert verdict(figures, "child killed: good again beyond its own start, WebSocket").is_met is False


def test_ratios_compare_a_face_with_the_echo_server_of_its_protocol() -> None:
    figures = {
        "windows": {
            "museod HTTP legacy": {"C64": cell(calls_per_second=50.0, gateway_us=60.0)},
            "echo HTTP": {"C64": cell(calls_per_second=100.0, gateway_us=20.0)},
        }
    }
    assert targets.ratios(figures)["museod HTTP legacy"]["C64"] == {"calls": 0.5, "cpu": 3.0}


def test_the_report_names_every_target_and_says_which_were_missed() -> None:
    figures = {
        "windows": {"museod HTTP legacy": {"C64": cell(gateway_us=151.0)}},
        "notes": ["something to know"],
    }
    rows = list(targets.verdicts(figures))
    text = report.render(figures, rows)
    assert all(row.target in text for row in rows)
    assert text.count("MISSED") == 1
    assert "note: something to know" in text
