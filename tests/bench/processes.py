"""What /proc knows of a tree of processes: who belongs to it, what it used, and how busy the machine was."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
CHILD_PROGRAM = "echo_child.py"  # how the measured child is told from the gateway's own processes


@dataclass(frozen=True, slots=True)
class Usage:
    """One row of the process table; `reaped` is the processor time of children already waited for."""

    parent: int
    seconds: float
    reaped: float


def usage(pid: int) -> Usage | None:
    """The row of one process, or None when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the name before it may hold spaces and parentheses
    return Usage(
        parent=int(fields[1]),
        seconds=(int(fields[11]) + int(fields[12])) / TICKS,
        reaped=(int(fields[13]) + int(fields[14])) / TICKS,
    )


def table() -> dict[int, Usage]:
    """Every process of the machine."""
    rows = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (row := usage(int(entry))) is not None:
            rows[int(entry)] = row
    return rows


def descendants(root: int, rows: dict[int, Usage] | None = None) -> list[int]:
    """The pids below `root`, itself excluded."""
    children: dict[int, list[int]] = {}
    for pid, row in (rows or table()).items():
        children.setdefault(row.parent, []).append(pid)
    found, waiting = [], [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def is_measured_child(pid: int) -> bool:
    """Whether this is the echo child itself, not a shell or a gateway that merely names it."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return len(arguments) > 2 and arguments[1] == b"-I" and arguments[2].endswith(CHILD_PROGRAM.encode())


def measured_children(root: int) -> list[int]:
    return [pid for pid in descendants(root) if is_measured_child(pid)]


def own_processes(root: int) -> list[int]:
    """`root` and what it started, without the measured children."""
    return [root, *(pid for pid in descendants(root) if not is_measured_child(pid))]


def processor_seconds(root: int) -> tuple[float, float]:
    """Processor time used so far by the gateway's own processes, and by the measured children."""
    rows = table()
    own = children = 0.0
    for pid in [root, *descendants(root, rows)]:
        if pid not in rows:
            continue
        if is_measured_child(pid):
            children += rows[pid].seconds
        else:
            own += rows[pid].seconds
            children += rows[pid].reaped
    return own, children


def proportional_bytes(pids: Iterable[int]) -> int:
    """Memory of these processes, shared pages counted in proportion (PSS)."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    return total


def machine_busy_seconds() -> float:
    """Processor time that all of the machine has spent on work since boot."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / TICKS


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Clocks and counters at one moment; two of them make a window."""

    at: float
    gateway: float
    children: float
    client: float
    machine: float

    @classmethod
    def take(cls, gateway_pid: int) -> Snapshot:
        own, children = processor_seconds(gateway_pid)
        return cls(time.perf_counter(), own, children, time.process_time(), machine_busy_seconds())

    def until(self, later: Snapshot) -> Window:
        seconds = later.at - self.at
        gateway, children = later.gateway - self.gateway, later.children - self.children
        client = later.client - self.client
        foreign = (later.machine - self.machine) - gateway - children - client
        return Window(seconds, gateway, children, client, max(0.0, foreign / seconds))


@dataclass(frozen=True, slots=True)
class Window:
    """Processor seconds by owner during `seconds`; `foreign_cores` is what everybody else kept busy."""

    seconds: float
    gateway: float
    children: float
    client: float
    foreign_cores: float
