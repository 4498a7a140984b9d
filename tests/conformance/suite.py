"""
The official conformance suite of MCP: installed once, run against a URL, its results read.

It is a program for node from npm, locked in `package-lock.json` beside this file and kept outside of the
tracked files. It writes one `checks.json` per scenario; what it prints is not relied on.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCKED = ("package.json", "package-lock.json")
CACHE = HERE.parents[1] / ".state" / "conformance"
INSTALL_SECONDS = 300.0  # 240 MB from the registry
RUN_SECONDS = 600.0  # 50 scenarios take five seconds when they pass; each that hangs costs its own limit
SCENARIO_SECONDS = 15.0  # the suite's own default is 30; the slowest takes two
_RESULT = re.compile(r"server-(?P<scenario>.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z")
_REMEDY = "it needs npm and the registry once; on Debian: apt install npm"


class SuiteUnavailable(Exception):
    """The suite cannot be installed or run here; the text names the remedy."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a scenario looked at."""

    id: str
    status: str
    message: str

    @property
    def is_failed(self) -> bool:
        return self.status == "FAILURE"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one scenario."""

    scenario: str
    checks: tuple[Check, ...]

    @property
    def successes(self) -> int:
        return sum(check.status == "SUCCESS" for check in self.checks)

    @property
    def failures(self) -> list[Check]:
        return [check for check in self.checks if check.is_failed]

    @property
    def has_passed(self) -> bool:
        """Whether anything was looked at, and nothing of it was wrong."""
        return self.successes > 0 and not self.failures

    def reasons(self) -> str:
        """The failed checks with what they say, one per line."""
        if not self.checks:
            return "no check was made"
        return "\n".join(f"{check.id}: {check.message}" for check in self.failures) or "nothing was looked at"


@dataclass(frozen=True, slots=True)
class Suite:
    """The installed suite."""

    directory: Path

    @property
    def _command(self) -> list[str]:
        modules = self.directory / "node_modules"
        program = modules / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
        return [str(modules / ".bin" / "node"), str(program)]

    def required(self, revision: str) -> list[str]:
        """The server scenarios that the suite scores for a revision."""
        done = subprocess.run(
            [*self._command, "list", "--requirements", revision],
            capture_output=True,
            text=True,
            check=True,
            timeout=RUN_SECONDS,
        )
        servers = done.stdout.split("Server scenarios", 1)[1].split("\n\n", 1)[0]
        return re.findall(r"^\s+- (\S+)", servers, re.MULTILINE)

    def run(self, url: str, *selection: str, output: Path) -> dict[str, Outcome]:
        """
        Run the selected scenarios against the server at `url`.

        Args:
            selection: options of the suite: `--requirements REVISION`, `--suite all …`, `--scenario NAME`.
            output: an empty or missing directory, which keeps all that the suite recorded.

        Raises:
            SuiteUnavailable: it did not run to its end; the text is what it said.
        """
        limit = f"{SCENARIO_SECONDS * 1000:.0f}"
        command = [*self._command, "server", "--url", url, "--timeout", limit, "-o", str(output), *selection]
        try:
            # Its exit code is not of interest: it ignores some scenarios that we do not ignore.
            done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            raise SuiteUnavailable(f"no end after {RUN_SECONDS:.0f} s: {' '.join(command)}") from None
        output.mkdir(parents=True, exist_ok=True)
        (output / "suite.log").write_text(done.stdout + done.stderr)
        outcomes = read_outcomes(output)
        if not outcomes:
            raise SuiteUnavailable(f"no results; it said: {(done.stdout + done.stderr)[-2000:]}")
        return outcomes


def read_outcomes(output: Path) -> dict[str, Outcome]:
    """What the suite recorded in a directory, by scenario."""
    outcomes = {}
    for path in sorted(output.glob("*/checks.json")):
        matched = _RESULT.fullmatch(path.parent.name)
        if matched is None:
            continue
        name = matched["scenario"]
        checks = [
            Check(check["id"], check["status"], check.get("errorMessage") or check.get("description") or "")
            for check in json.loads(path.read_text())
        ]
        outcomes[name] = Outcome(name, tuple(checks))
    return outcomes


def install(cache: Path = CACHE) -> Suite:
    """
    The suite in its locked versions; installed if it is not in `cache` yet.

    Raises:
        SuiteUnavailable: npm is missing, or cannot reach its registry.
    """
    lock = b"".join((HERE / name).read_bytes() for name in LOCKED)
    directory = cache / hashlib.sha256(lock).hexdigest()[:12]
    if not directory.exists():
        cache.mkdir(parents=True, exist_ok=True)
        # Renamed when complete: an interrupted installation is never taken for one.
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            fresh = Path(temporary) / "suite"
            _install_into(fresh)
            if not directory.exists():
                fresh.rename(directory)
    return Suite(directory)


def _install_into(directory: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SuiteUnavailable(f"npm is not on PATH: {_REMEDY}")
    directory.mkdir()
    for name in LOCKED:
        shutil.copy(HERE / name, directory / name)
    try:
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"],
            cwd=directory,
            env=_quiet(os.environ),
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise SuiteUnavailable(f"npm did not end in {INSTALL_SECONDS:.0f} s: {_REMEDY}") from None
    if done.returncode:
        raise SuiteUnavailable(f"npm failed: {done.stderr[-2000:]}\n{_REMEDY}")
    _check_node(directory)


def _check_node(directory: Path) -> None:
    command: Sequence[str] = [str(directory / "node_modules" / ".bin" / "node"), "--version"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SuiteUnavailable(
            f"npm installed no node that runs ({error}); it fetches one in an install script, which "
            "ignore-scripts in .npmrc forbids"
        ) from None


def _quiet(environ: Mapping[str, str]) -> dict[str, str]:
    return {**environ, "npm_config_update_notifier": "false", "npm_config_fund": "false"}
