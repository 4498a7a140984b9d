"""The daemon's side of the guardian: starts it first, holds the pipe, keeps it there, ends it last."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from museod.observe.logs import get_logger
from museod.supervisor.reaper import awaited

log = get_logger()

_PROGRAM = Path(__file__).with_name("guardian.py")
# After an orderly stop it looks three times, finds nothing and goes, in about 0.2 s.
END_SECONDS = 3.0
# Who kills the guardian (or the kernel short of memory) gets a new one, though not in a hot loop.
AGAIN_SECONDS = 1.0


@asynccontextmanager
async def open_guardian(instance_id: str) -> AsyncIterator[None]:
    """
    While the block runs, a guardian kills everything that carries `instance_id` should this process die.

    A guardian that can't be started is logged, and the block runs without.
    """
    read_end, write_end = os.pipe()  # neither is inheritable: only this process holds the write end
    try:
        guardian = _start(instance_id, read_end)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_keep, guardian, instance_id, read_end, write_end)
            yield
            nursery.cancel_scope.cancel()
    finally:
        os.close(read_end)


async def _keep(
    guardian: subprocess.Popen[bytes] | None, instance_id: str, read_end: int, write_end: int
) -> None:
    try:
        while guardian is not None:
            with awaited(guardian.pid):
                try:
                    await _wait(guardian)
                except trio.Cancelled:
                    os.close(write_end)
                    write_end = -1
                    with trio.CancelScope(shield=True):
                        await _end(guardian)
                    raise
            log.warning("guardian_lost", pid=guardian.pid, code=guardian.returncode)
            await trio.sleep(AGAIN_SECONDS)
            guardian = _start(instance_id, read_end)
    finally:
        if write_end >= 0:
            os.close(write_end)


def _start(instance_id: str, read_end: int) -> subprocess.Popen[bytes] | None:
    # A Python that finds its own library by this variable needs it; nothing else of the environment matters.
    env = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_PROGRAM), instance_id],
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=env,
            cwd="/",
            start_new_session=True,
            close_fds=True,
        )
    except OSError as error:
        log.error("guardian_refused", reason=error.strerror)
        return None


async def _wait(guardian: subprocess.Popen[bytes]) -> None:
    pidfd = os.pidfd_open(guardian.pid)
    try:
        await trio.lowlevel.wait_readable(pidfd)
        guardian.wait()
    finally:
        os.close(pidfd)


async def _end(guardian: subprocess.Popen[bytes]) -> None:
    with trio.move_on_after(END_SECONDS) as scope:
        await _wait(guardian)
    if scope.cancelled_caught:
        guardian.kill()
        guardian.wait()
