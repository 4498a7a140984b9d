"""Reads a file in a process of its own: hostile ones end there, and others are answered meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field

import msgspec
import trio

from mcps.admin.intake.report import Options, Report
from mcps.admin.intake.table import Unreadable
from mcps.admin.intake.worker import MAX_CPU_SECONDS
from museod.observe.logs import get_logger

log = get_logger()

# A busy machine gives a process at NICENESS a part of one core only.
DEADLINE_SECONDS = 3.0 * MAX_CPU_SECONDS
# Ten MiB of CSV grow by the names of the members; what is more is no list of 10,000 products.
MAX_ANSWER_BYTES = 64 * 1024 * 1024
MAX_AT_ONCE = 1  # the others wait their turn: an import is work for minutes, and a core stays free
_CHUNK = 256 * 1024
_PASSED = ("PATH", "PYTHONPATH", "SYSTEMROOT")  # what starts Python; no secret of ours
_BAD_ENDS = {
    -24: "The file takes too long to read. Split it, or save the plain table as CSV.",  # SIGXCPU
    -9: "The file takes too much to read. Split it, or save the plain table as CSV.",  # SIGKILL
}


@dataclass(slots=True)
class Reader:
    """Reads files, one at a time."""

    _turns: trio.CapacityLimiter = field(default_factory=lambda: trio.CapacityLimiter(MAX_AT_ONCE))

    async def read(self, file: int, options: Options) -> tuple[Report, bytes]:
        """
        How a file was read, and its products as JSON Lines.

        Args:
            file: a descriptor at the file's start; stays the caller's.

        Raises:
            Unreadable: the file is refused as a whole, or its reader did not survive it.

        Cancellation:
            The process is killed.
        """
        async with self._turns:
            answer, code = await _run(file, options)
        if code != 0:
            log.warning("file_reader_ended", exit=code)
            default = "The file cannot be read. Save the plain table as CSV and send that."
            raise Unreadable(
                _BAD_ENDS.get(code, default),
                "payload_too_large" if code in _BAD_ENDS else "import_unreadable",
            )
        head, _, body = answer.partition(b"\n")
        report = msgspec.json.decode(head, type=Report)
        if report.refusal:
            raise Unreadable(report.refusal, report.code)
        return report, bytes(body)


async def _run(file: int, options: Options) -> tuple[bytearray, int]:
    """What the process said, and how it ended."""
    process = await trio.lowlevel.open_process(
        [sys.executable, "-P", "-m", "mcps.admin.intake.worker", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a traceback could quote the file
        pass_fds=(file,),
        env={name: os.environ[name] for name in _PASSED if name in os.environ} | {"PYTHONUTF8": "1"},
    )
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - PIPE gives both
    answer = bytearray()
    try:
        with trio.move_on_after(DEADLINE_SECONDS):
            try:
                await process.stdin.send_all(msgspec.json.encode(options))
                await process.stdin.aclose()
                while chunk := await process.stdout.receive_some(_CHUNK):
                    answer += chunk
                    if len(answer) > MAX_ANSWER_BYTES:
                        return bytearray(), -9
            except trio.BrokenResourceError:
                pass  # it died; its exit code says how
            return answer, await process.wait()
        return bytearray(), -9
    finally:
        process.kill()
        with trio.CancelScope(shield=True):  # a killed process is gone at once
            await process.stdin.aclose()
            await process.stdout.aclose()
            await process.wait()
