"""
`python -m mcps.admin.intake.worker FD`: read the file that is open at FD, within limits.

Options come as JSON on stdin; on stdout goes a line of JSON (`Report`) and then the products as JSON Lines.
Whatever a file does to the memory and the time of its reader, it does to this process.
"""

from __future__ import annotations

import os
import resource
import sys

# What was measured for 10,000 rows of XLSX is a third of both.
MAX_MEMORY_BYTES = 512 * 1024 * 1024
MAX_CPU_SECONDS = 30
MAX_OPEN_FILES = 32
NICENESS = 10  # whoever waits for a search goes first


def limit() -> None:
    """Take on the limits; they cannot be raised again."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))  # and starts no process
    os.nice(NICENESS)


def main() -> None:
    """Read, answer, leave."""
    limit()
    # Only now: importing takes memory and time too.
    import msgspec

    from mcps.admin.intake.files import read_file
    from mcps.admin.intake.report import Options, Report
    from mcps.admin.intake.table import Unreadable

    options = msgspec.json.decode(sys.stdin.buffer.read(), type=Options)
    body: list[bytes] = []
    try:
        with open(int(sys.argv[1]), "rb") as file:
            report, body = read_file(file, options)
    except Unreadable as error:
        report = Report(refusal=error.message, code=error.code)
    except (MemoryError, RecursionError):
        text = "The file needs too much memory to be read. Split it, or save the plain table as CSV."
        report = Report(refusal=text, code="payload_too_large")
    out = sys.stdout.buffer
    out.write(msgspec.json.encode(report) + b"\n")
    for product in body:
        out.write(product + b"\n")
    out.flush()


if __name__ == "__main__":
    main()
