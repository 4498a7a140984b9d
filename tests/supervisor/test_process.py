from __future__ import annotations

import errno
import gc
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import trio

from museod.errors import SpawnFailed
from museod.supervisor.process import Process, open_process, resolve
from museod.supervisor.reaper import Reaper
from museod.supervisor.spec import ChildSpec
from museod.transports.stdio import open_stdio_channel
from tests.fakes.supervised import child, command, deaf, is_alive, wait_gone

pytestmark = pytest.mark.real

Logged = Callable[[str], list[dict[str, Any]]]


def open_child(spec: ChildSpec) -> Any:
    instance_id = secrets.token_hex(8)
    return open_process(spec, 1, 1, instance_id=instance_id, reaper=Reaper(instance_id))


@asynccontextmanager
async def speaking(process: Process) -> AsyncIterator[Any]:
    """The channel of a process that has said that it is ready."""
    async with open_stdio_channel(process.stdout_fd, process.stdin_fd) as channel:
        [first] = await channel.receive()
        assert b"ready" in first
        yield channel


def open_descriptors() -> set[str]:
    gc.collect()
    return set(os.listdir("/proc/self/fd"))


async def test_a_polite_child_goes_with_the_end_of_its_stdin(logged: Logged):
    async with open_child(child("polite", *command("well_behaved.py"))) as process:
        async with speaking(process) as channel:
            channel.post(b"hello")
            assert await channel.receive() == [b"hello"]
        await process.wait_exited()  # the channel has closed its stdin

    assert process.returncode == 0
    assert not process.was_signalled
    [started] = logged("child_started")
    assert started == {"mcp": "polite", "pid": process.pid, "incarnation": 1}


async def test_a_child_gets_its_own_environment_and_nothing_else(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MCP_JWT_SECRET", "for the daemon only")
    spec = child("polite", *command("well_behaved.py"), env={"PATH": os.environ["PATH"], "OWN": "1"})

    async with open_child(spec) as process, speaking(process) as channel:
        channel.post(b"environ")
        [names] = await channel.receive()

    assert set(names.split(b",")) - {b"LC_CTYPE"} == {b"PATH", b"OWN", b"MUSEOD_INSTANCE", b"MUSEOD_CHILD"}


async def test_a_child_inherits_no_descriptors_and_has_its_own_session():
    descriptor = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    async with open_child(child("polite", *command("well_behaved.py"))) as process, speaking(process):
        assert set(os.listdir(f"/proc/{process.pid}/fd")) == {"0", "1", "2"}
        assert os.getsid(process.pid) == os.getpgid(process.pid) == process.pid
    os.close(descriptor)


@pytest.mark.parametrize(
    ("program", "graces", "code"),
    [
        ("never_answers.py", (5, 5), 0),
        ("closes_stdout.py", (0.1, 5), -signal.SIGTERM),
        ("ignores_term.py", (0.1, 0.1), -signal.SIGKILL),
    ],
)
async def test_the_ladder_ends_a_child_however_deaf_it_is(
    program: str, graces: tuple[float, float], code: int, logged: Logged
):
    spec = child("deaf", *command(program), stop_grace_seconds=graces[0], term_grace_seconds=graces[1])
    async with open_child(spec) as process:
        if program != "never_answers.py":
            async with speaking(process):
                pass

    assert process.returncode == code
    assert process.was_signalled is (code != 0)
    assert len(logged("child_killed")) == (1 if code == -signal.SIGKILL else 0)
    assert not is_alive(process.pid)


async def test_a_child_behind_a_shell_is_ended_too():
    script = f"trap '' TERM; {' '.join(command('ignores_term.py'))}; echo over >&2"
    async with open_child(deaf(child("hidden", "sh", "-c", script))) as process, speaking(process):
        [program] = psutil.Process(process.pid).children()

    await wait_gone(program.pid)
    assert process.returncode == -signal.SIGKILL


async def test_pipes_that_nobody_took_are_closed():
    before = open_descriptors()
    async with open_child(child("polite", *command("never_answers.py"))) as process:
        assert open_descriptors() > before

    assert process.returncode == 0  # it saw the end of its stdin
    assert open_descriptors() == before


async def test_a_descriptor_that_was_closed_and_taken_by_another_stays_open(tmp_path: Path):
    async with open_child(child("polite", *command("never_answers.py"))) as process:
        other = os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)
        os.dup2(other, process.stdin_fd)  # closes the pipe and takes its number
        os.close(other)
        other = process.stdin_fd

    os.write(other, b"still mine")
    os.close(other)


async def test_a_crash_is_seen_with_its_signal():
    async with open_child(child("polite", *command("well_behaved.py"))) as process, speaking(process):
        os.kill(process.pid, signal.SIGSEGV)
        await process.wait_exited()

        assert process.has_exited
        assert process.returncode == -signal.SIGSEGV
        assert process.usage() is None
        assert process.cpu_seconds() is None


async def test_cancelling_ends_the_child_within_the_ladder():
    with trio.CancelScope() as scope:
        async with open_child(deaf(child("deaf", *command("ignores_term.py")))) as process, speaking(process):
            scope.cancel()
            await trio.sleep_forever()

    assert process.returncode == -signal.SIGKILL


async def test_usage_shows_memory_and_processor_time():
    async with open_child(child("polite", *command("well_behaved.py"))) as process, speaking(process):
        usage = process.usage()

        assert usage is not None
        assert 1 << 20 < usage.resident_bytes < 1 << 28
        assert 0 <= usage.cpu_seconds < 5
        cpu = process.cpu_seconds()
        assert cpu is not None
        assert cpu >= usage.cpu_seconds


async def test_stderr_goes_to_the_log_line_by_line_and_to_the_last_word(logged: Logged):
    script = r"printf 'first\n\033[31mred\nMCP_API_SECRET is s3cret-value\n' >&2; printf 'no newline' >&2"
    spec = child("chatty", "sh", "-c", script)
    spec = replace(spec, env={**spec.env, "MCP_API_SECRET": "s3cret-value"})

    async with open_child(spec) as process:
        await process.wait_exited()

    lines = logged("child_wrote")
    assert {line["mcp"] for line in lines} == {"chatty"}
    texts = [line["text"] for line in lines]
    assert texts[0] == "first"
    assert "red" in texts[1]
    assert "s3cret" not in texts[2]
    assert texts[3] == "no newline"


async def test_a_line_that_means_to_upset_the_logger_is_text(logged: Logged):
    line = '{"level": "info", "message": "hello_there", "metadata": {"method_name": "x", "self": 1}}'
    async with open_child(child("sly", "sh", "-c", f"echo '{line}' >&2; echo next >&2")) as process:
        await process.wait_exited()

    assert [entry["text"] for entry in logged("child_wrote")][-1] == "next"


@pytest.mark.parametrize("shape", ["lines", "endless"])
async def test_a_flood_on_stderr_is_drained_counted_and_takes_no_memory(shape: str, logged: Logged):
    async def flood(size: int) -> None:
        spec = child("flood", *command("floods_stderr.py", str(size), shape))
        async with open_child(spec) as process, speaking(process):
            pass  # it is ready only when all of it was read

    this = psutil.Process()
    await flood(8)  # so that buffers, log and queue are warm
    before = this.memory_info().rss
    written = len(logged("child_wrote"))

    await flood(128)

    assert this.memory_info().rss - before < 16 << 20
    if shape == "lines":
        assert sum(entry["bytes"] for entry in logged("child_stderr_dropped")) > 135 << 20
        assert len(logged("child_wrote")) - written < 1000
    else:
        [line] = logged("child_wrote")[written:]
        assert len(line["text"]) < 3000


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (
            child("x", "no-such-program"),
            "'no-such-program' is not in the child's PATH: install it, or correct",
        ),
        (
            child("x", "/no/such/program"),
            "'/no/such/program' does not exist: correct `command` of the child 'x'",
        ),
        (child("x", "/etc/passwd"), "is no executable file: chmod"),
        (child("x", "/etc"), "is no executable file"),
        (child("x", "sh", "a\0b"), r"can't be started \(embedded null byte\): correct `command`"),
        (child("x", "sh", cwd="/no/such/directory"), "The directory '/no/such/directory' can't be entered"),
        (child("x", "sh", "x" * (1 << 22)), "shorten the arguments"),
    ],
)
async def test_a_command_that_cannot_be_started_is_named_with_a_remedy(spec: ChildSpec, text: str):
    before = open_descriptors()

    with pytest.raises(SpawnFailed, match=text):
        async with open_child(spec):
            pytest.fail("there is no process")

    assert open_descriptors() == before


async def test_a_script_without_interpreter_is_named_with_a_remedy(tmp_path: Path):
    script = tmp_path / "server"
    script.write_text("\x7fnot a program\n")
    script.chmod(0o755)

    with pytest.raises(SpawnFailed, match="first line that names its interpreter"):
        async with open_child(child("x", str(script))):
            pytest.fail("there is no process")


async def test_a_lack_of_descriptors_is_named_with_a_remedy(monkeypatch: pytest.MonkeyPatch):
    def refuse() -> tuple[int, int]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("museod.supervisor.process.os.pipe", refuse)

    with pytest.raises(SpawnFailed, match="raise LimitNOFILE"):
        async with open_child(child("x", "sh")):
            pytest.fail("there is no process")


def test_a_program_is_looked_up_in_the_path_of_the_child(tmp_path: Path):
    program = tmp_path / "server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert resolve(child("x", "server", env={"PATH": str(tmp_path)})) == str(program)
    assert resolve(child("x", "./server", cwd=str(tmp_path))) == "./server"
