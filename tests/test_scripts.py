"""`scripts/start-local.sh` as a person runs it: a copy of the checkout, a terminal, Ctrl-C."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench.processes import descendants
from tests.e2e.daemon import ROOT, clean_environment, free_port, identities, wait_for

pytestmark = [pytest.mark.real]

START_SECONDS = 90.0
STOP_SECONDS = 40.0


class Started:
    """A running start-local.sh in a process group of its own, as a shell gives it to a job."""

    def __init__(self, script: Path, state: Path, cwd: Path, **environment: str) -> None:
        self.state = state
        self.out = cwd / "printed.txt"
        settings = {
            "MCP_STATE_DIR": str(state),
            "MCP_ORCHESTRATOR_PORT": str(free_port()),
            "MUSEO_SANDBOX_PORT": str(free_port()),
            **environment,
        }
        self.port = int(settings["MCP_ORCHESTRATOR_PORT"])
        with self.out.open("wb") as sink:
            self.process = subprocess.Popen(
                [str(script)],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd=cwd,
                env=clean_environment(**settings),
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.out.read_text()

    def wait_ready(self) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, self.text
            return "Ctrl-C stops" in self.text

        wait_for(is_ready, START_SECONDS, "start-local.sh is not ready")

    def stop(self, number: int) -> int:
        """The signal to the whole group, as the terminal sends it; the exit code. Nothing may be left."""
        below = identities(descendants(self.process.pid))
        os.killpg(self.process.pid, number)
        code = self.process.wait(STOP_SECONDS)
        wait_for(lambda: not any(one.is_alive for one in below), 5.0, "processes are left")
        return code

    def destroy(self) -> None:
        below = identities(descendants(self.process.pid))
        self.process.kill()
        self.process.wait()
        for one in below:
            if one.is_alive:
                os.kill(one.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in a path with a space, whose .venv runs this source and is stamped as up to date."""
    root = tmp_path_factory.mktemp("a checkout", numbered=False)
    shutil.copytree(ROOT / "scripts", root / "scripts")
    shutil.copy(ROOT / "pyproject.toml", root)
    bin = root / ".venv" / "bin"
    bin.mkdir(parents=True)
    for name, arguments in (("python", ""), ("museod", " -m museod")):
        # Wrappers, so that what they start finds this source; `exec`, so that they are the process itself.
        (bin / name).write_text(
            f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}"{arguments} "$@"\n', encoding="utf-8"
        )
        (bin / name).chmod(0o755)
    stamp = sourced(root, f'venv_stamp "{root}/.venv" ai').stdout
    (root / ".venv" / ".museod-ai").write_text(stamp)
    return root


def sourced(
    root: Path, command: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a bash command with scripts/venv.sh sourced."""
    text = f'set -euo pipefail; source "{root}/scripts/venv.sh"; {command}'
    return subprocess.run(
        ["bash", "-c", text], capture_output=True, text=True, check=False, timeout=30, env=environment
    )


def ask(port: int, path: str, authorization: str | None = None) -> tuple[int, Any]:
    """Status and JSON of one request to the daemon."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Authorization": authorization} if authorization else {})
        response = connection.getresponse()
        return response.status, json.load(response)
    finally:
        connection.close()


@pytest.fixture
def started(checkout: Path, tmp_path: Path) -> Iterator[Started]:
    """Running, from another directory than its own."""
    running = Started(checkout / "scripts" / "start-local.sh", tmp_path / "the state", tmp_path)
    try:
        running.wait_ready()
        yield running
    finally:
        running.destroy()


@pytest.mark.e2e
@pytest.mark.slow
def test_it_starts_everything_and_the_line_to_try_works(started: Started) -> None:
    url = re.search(r"Console +(\S+)", started.text)
    assert url is not None
    assert url[1] == f"http://localhost:{started.port}/"
    status, ready = ask(started.port, "/ready")
    assert (status, ready["status"]) == (200, "ok")

    line = re.search(r"^ +(.*museod chat .*)$", started.text, re.MULTILINE)
    assert line is not None
    tried = subprocess.run(
        ["bash", "-c", line[1]],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env=clean_environment(),
    )
    assert "iPhone 15" in tried.stdout


@pytest.mark.e2e
@pytest.mark.slow
def test_its_token_is_an_administrators(started: Started) -> None:
    token = re.search(r"^ +(eyJ\S+)$", started.text, re.MULTILINE)
    assert token is not None
    assert ask(started.port, "/api/v1/processes", f"Bearer {token[1]}")[0] == 200


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_and_secrets_stay_private(started: Started, number: signal.Signals) -> None:
    assert started.stop(number) == 0
    assert "Stopping..." in started.text
    assert stat.S_IMODE((started.state / "jwt-secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(started.state.stat().st_mode) == 0o700
    log = (started.state / "logs" / "museod.log").read_text()
    assert '"timestamp"' not in started.text  # log lines stay in their files
    assert "Traceback" not in log


@pytest.mark.e2e
@pytest.mark.slow
def test_a_busy_port_is_said_and_the_next_one_is_taken(checkout: Path, tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        running = Started(
            checkout / "scripts" / "start-local.sh",
            tmp_path / "state",
            tmp_path,
            MCP_ORCHESTRATOR_PORT=str(taken),
        )
        try:
            running.wait_ready()
            assert f"Port {taken} is busy: museod takes" in running.text
            assert f"localhost:{taken}/" not in running.text
            assert running.stop(signal.SIGTERM) == 0
        finally:
            running.destroy()


@pytest.mark.e2e
@pytest.mark.slow
def test_a_second_one_on_the_same_state_is_refused_by_name(started: Started, checkout: Path) -> None:
    second = subprocess.run(
        [checkout / "scripts" / "start-local.sh"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=clean_environment(MCP_STATE_DIR=str(started.state)),
    )
    assert second.returncode == 1
    assert f"already running from {started.state}" in second.stderr


@pytest.mark.e2e
@pytest.mark.slow
def test_a_start_that_fails_shows_the_end_of_the_log(checkout: Path, tmp_path: Path) -> None:
    running = Started(
        checkout / "scripts" / "start-local.sh", tmp_path / "state", tmp_path, MCP_RETENTION_DAYS="never"
    )
    try:
        assert running.process.wait(START_SECONDS) == 1
        assert "museod did not start" in running.text
        assert "MCP_RETENTION_DAYS" in running.text
    finally:
        running.destroy()


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ('case "$*" in *version_info\\ \\<*) exit 1;; --version) echo Python 3.9.2;; esac', "Python 3.9.2"),
        (
            'case "$*" in *ensurepip*) exit 1;; *%d.%d*) echo 3.11;; esac',
            "apt install python3.11-venv",
        ),
    ],
    ids=["older Python", "no venv module"],
)
def test_a_machine_that_lacks_something_is_told_what(tmp_path: Path, python: str, said: str) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "cat", "cut", "dirname", "id", "rm", "sha256sum", "sh"):
        (tools / name).symlink_to(shutil.which(name) or "")
    (tools / "python3").write_text(f"#!/bin/sh\n{python}\n")
    (tools / "python3").chmod(0o755)

    done = sourced(ROOT, f'make_venv "{tmp_path}/.venv" ai', {"PATH": str(tools)})

    assert done.returncode == 1
    assert said in done.stderr


def test_an_environment_is_made_anew_when_what_it_was_made_from_changes(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    project = tmp_path / "pyproject.toml"
    stamps = []
    for text in ("one", "one", "two"):
        project.write_text(text)
        stamps.append(sourced(tmp_path, 'venv_stamp "/a/.venv" ai').stdout)
    assert stamps[0] == stamps[1] != stamps[2]
    assert sourced(tmp_path, 'venv_stamp "/b/.venv" ai').stdout != stamps[2]


def test_every_dependency_is_pinned(tmp_path: Path) -> None:
    pins = (ROOT / "scripts" / "constraints.txt").read_text()
    pinned = {re.split(r"==", line)[0] for line in pins.splitlines() if line and not line.startswith("#")}
    wanted = re.findall(
        r'^    "([A-Za-z0-9._-]+)(?:\[\w+\])?[><=]', (ROOT / "pyproject.toml").read_text(), re.M
    )
    normal = {re.sub(r"[-_.]+", "-", name).lower() for name in wanted}
    assert len(normal) > 20
    assert normal - pinned == set()


@pytest.mark.parametrize("name", ["start-local.sh", "test.sh", "venv.sh", "install.sh", "check", "bench"])
def test_every_script_is_sound_bash(name: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / "scripts" / name)], check=True, timeout=10)


def test_the_batch_file_has_the_line_ends_that_windows_wants() -> None:
    raw = (ROOT / "scripts" / "start-local.bat").read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n") > 10
