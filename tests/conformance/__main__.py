"""
`scripts/conformance`: the official conformance suite of MCP against the daemon, by hand.

Prints what has not passed and why; exit code 0 when all wanted scenarios have.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.conformance import report
from tests.conformance.scenarios import OLDER, REQUIRED, RUNS, Run
from tests.conformance.suite import Suite, SuiteUnavailable, install
from tests.conformance.targets import Target, serving


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/conformance", description=__doc__.splitlines()[1])
    parser.add_argument(
        "--era", choices=[target.value for target in Target], help="of the child; direct: no daemon between"
    )
    parser.add_argument("--requirements", choices=[*REQUIRED, *OLDER], metavar="REVISION")
    parser.add_argument("--scenario", help="this one only")
    parser.add_argument("--verbose", action="store_true", help="passed scenarios too, and every reason")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the suite's records go")
    options = parser.parse_args()
    try:
        suite = install()
        with tempfile.TemporaryDirectory(prefix="conformance-") as temporary:
            return _run_all(suite, options, options.keep or Path(temporary))
    except SuiteUnavailable as error:
        sys.stderr.write(f"scripts/conformance: {error}\n")
        return 2


def _run_all(suite: Suite, options: argparse.Namespace, directory: Path) -> int:
    runs = _chosen(options)
    has_failed = False
    for target in dict.fromkeys(run.target for run in runs):
        with serving(target, directory / target.value) as url:
            for run in runs:
                if run.target is target:
                    has_failed |= not _run(suite, run, url, options, directory / target.value)
    return 1 if has_failed else 0


def _chosen(options: argparse.Namespace) -> list[Run]:
    """The runs that the options ask for; without any, all that the tests make."""
    runs = [run for run in RUNS if options.requirements in (None, run.revision)]
    if options.era is None:
        return runs
    target = Target(options.era)
    modern = [run for run in runs if run.target is Target.MODERN]
    if target is Target.DIRECT:
        return [Run(target, run.revision, run.selection, run.wanted) for run in modern]
    return [run for run in runs if run.target is target]


def _run(suite: Suite, run: Run, url: str, options: argparse.Namespace, directory: Path) -> bool:
    selection, wanted = run.selection, run.wanted
    if options.scenario:
        selection = ("--scenario", options.scenario, "--spec-version", run.revision)
        wanted = (options.scenario,)
    outcomes = suite.run(url, *selection, output=directory / run.revision)
    sys.stdout.write(f"{run.name}: {report.total(outcomes, wanted)}\n")
    for line in report.table(outcomes, wanted, is_verbose=options.verbose):
        sys.stdout.write(f"  {line}\n")
    sys.stdout.flush()
    return all(name in outcomes and outcomes[name].has_passed for name in wanted)


if __name__ == "__main__":
    sys.exit(main())
