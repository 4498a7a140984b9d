from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from museod.errors import ConfigError, StoreError
from museod.stores.sealing import format_key
from museod.stores.statedir import (
    KEY_NAME,
    LOCK_NAME,
    lock_state_dir,
    make_key_file,
    read_key_file,
)


def test_the_directory_is_made_for_this_user_only(tmp_path: Path) -> None:
    path = tmp_path / "a" / "state"
    with lock_state_dir(path):
        assert path.stat().st_mode & 0o777 == 0o700


def test_a_second_daemon_learns_who_holds_the_directory(tmp_path: Path) -> None:
    said = rf"pid {os.getpid()}.*MCP_STATE_DIR"
    with lock_state_dir(tmp_path), pytest.raises(StoreError, match=said), lock_state_dir(tmp_path):
        pass
    with lock_state_dir(tmp_path):
        assert (tmp_path / LOCK_NAME).read_text().strip() == str(os.getpid())


@pytest.mark.real
def test_a_killed_daemon_holds_nothing_and_its_children_neither(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time, pathlib\n"
        "from museod.stores.statedir import lock_state_dir\n"
        "with lock_state_dir(pathlib.Path(sys.argv[1])):\n"
        "    child = subprocess.Popen(['sleep', '60'], close_fds=False)\n"
        "    print(child.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stdout is not None
        child = int(daemon.stdout.readline())
        try:
            with pytest.raises(StoreError, match=f"pid {daemon.pid}"), lock_state_dir(tmp_path):
                pass
            daemon.kill()
            daemon.wait(5)
            os.kill(child, 0)  # the grandchild lives
            with lock_state_dir(tmp_path):
                pass
        finally:
            os.kill(child, 9)


def test_a_made_key_file_is_private_and_reads_back(tmp_path: Path) -> None:
    made = make_key_file(tmp_path)
    assert (tmp_path / KEY_NAME).stat().st_mode & 0o777 == 0o600
    assert read_key_file(tmp_path) == made
    assert len(made[0][1]) == 32
    assert [path.name for path in tmp_path.iterdir()] == [KEY_NAME], "no temporary file stays"


def test_a_key_file_is_never_replaced(tmp_path: Path) -> None:
    first = make_key_file(tmp_path)
    assert make_key_file(tmp_path) == first


def test_without_a_file_there_are_no_keys(tmp_path: Path) -> None:
    assert read_key_file(tmp_path) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    make_key_file(tmp_path)
    path = tmp_path / KEY_NAME
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {path}"):
        read_key_file(tmp_path)


def test_a_linked_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(format_key("k", b"1" * 32))
    (tmp_path / KEY_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="symbolic link"):
        read_key_file(tmp_path)


def test_a_key_file_with_something_else_in_it_is_named_without_its_text(tmp_path: Path) -> None:
    path = tmp_path / KEY_NAME
    path.write_text("k1:c2VjcmV0\n")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="bytes") as caught:
        read_key_file(tmp_path)
    assert caught.value.faults[0].source == str(path)
    assert "c2VjcmV0" not in str(caught.value)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="MCP_STATE_DIR"), lock_state_dir(tmp_path / "file" / "state"):
        pass
