"""One run of the suite per target and revision; its outcomes are shared by the tests of its scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.conformance import report
from tests.conformance.scenarios import Run
from tests.conformance.suite import Outcome, Suite, install
from tests.conformance.targets import Target, serving

Outcomes = dict[str, Outcome]
_reports = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def suite() -> Suite:
    return install()


@pytest.fixture(scope="session")
def outcomes_of(
    suite: Suite, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[Run], Outcomes]]:
    """The outcomes of a run, which is made when the first test asks for it."""
    directory = tmp_path_factory.mktemp("conformance")
    urls: dict[Target, str] = {}
    known: dict[str, Outcomes] = {}
    lines = request.config.stash.setdefault(_reports, [])

    with ExitStack() as targets:

        def outcomes(run: Run) -> Outcomes:
            if run.name not in known:
                if run.target not in urls:
                    urls[run.target] = targets.enter_context(
                        serving(run.target, directory / run.target.value)
                    )
                output = directory / run.target.value / run.revision
                known[run.name] = suite.run(urls[run.target], *run.selection, output=output)
                lines.append(f"{run.name}: {report.total(known[run.name], run.wanted)}")
                lines.extend(f"  {line}" for line in report.table(known[run.name], run.wanted))
            return known[run.name]

        yield outcomes


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What has not passed, also of what nobody asked for."""
    lines = terminalreporter.config.stash.get(_reports, [])
    if lines:
        terminalreporter.section("MCP conformance")
        terminalreporter.write_line("\n".join(lines))
