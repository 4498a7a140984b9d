"""Reading what the suite recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance import report
from tests.conformance.suite import SuiteUnavailable, install, read_outcomes


def record(output: Path, scenario: str, *statuses: str) -> None:
    directory = output / f"server-{scenario}-2026-11-22T13-27-06-832Z"
    directory.mkdir()
    checks = [
        {"id": f"check-{number}", "status": status, "errorMessage": f"{status} of {number}"}
        for number, status in enumerate(statuses)
    ]
    (directory / "checks.json").write_text(json.dumps(checks))


@pytest.mark.parametrize(
    ("statuses", "has_passed"),
    [
        (["SUCCESS"], True),
        (["SUCCESS", "INFO", "WARNING", "SKIPPED"], True),
        (["SUCCESS", "FAILURE"], False),
        (["INFO"], False),
        ([], False),
    ],
)
def test_a_scenario_passes_when_something_is_right_and_nothing_wrong(
    statuses: list[str], has_passed: bool, tmp_path: Path
) -> None:
    record(tmp_path, "tools-list", *statuses)
    assert read_outcomes(tmp_path)["tools-list"].has_passed is has_passed


def test_the_table_tells_what_failed_and_what_was_never_run(tmp_path: Path) -> None:
    record(tmp_path, "ping", "SUCCESS")
    record(tmp_path, "caching", "SUCCESS", "FAILURE")
    outcomes = read_outcomes(tmp_path)
    wanted = ["ping", "caching", "tools-list"]

    assert report.total(outcomes, wanted) == "1 of 3 wanted scenarios passed"
    assert report.table(outcomes, wanted) == [
        "caching: FAILED (1 good, 1 bad)",
        "    check-1: FAILURE of 1",
        "tools-list: FAILED (0 good, 0 bad)",
        "    no check was made",
    ]
    assert "ping: passed (1 good, 0 bad)" in report.table(outcomes, wanted, is_verbose=True)


def test_without_npm_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SuiteUnavailable, match="apt install npm"):
        install(tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir()), "a part of an installation is left"
