"""
The benchmark of museod: what one tool call through the daemon costs, beside the ceilings of this machine.

One unit of work is one tools/call of a trivial tool of a stdio child. Gateways run on one core, child and
load client on another. Runs drift by a quarter from one to the next: trust the CPU microseconds per call and
the ratios inside one run, not calls per second across runs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.bench import gateway, measure, report, targets
from tests.bench.gateway import NeverAnswered, Running
from tests.bench.machine import Cores, describe, lift_file_limit
from tests.bench.measure import C1, C16, C64, LARGE_C4, PIPELINED, Pace, Subject

PHASES = ("calls", "start", "shop", "idle", "kill", "growth")
QUICK_PHASES = ("calls", "start", "kill")
FULL = Pace(repetitions=3, seconds=1.5, warm_seconds=0.4)
QUICK = Pace(repetitions=1, seconds=0.4, warm_seconds=0.2, retries=0)
ONE_BY_ONE = (C1, C16, C64, LARGE_C4)

Figures = dict[str, Any]


def say(text: str) -> None:
    """Progress goes to stderr, so that the table alone is on stdout."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one short repetition of the main phases")
    parser.add_argument("--only", help=f"phases to run, comma-separated, of: {', '.join(PHASES)}")
    parser.add_argument("--reps", type=int, help=f"repetitions (default {FULL.repetitions})")
    parser.add_argument("--seconds", type=float, help=f"length of one window (default {FULL.seconds})")
    parser.add_argument(
        "--peer", choices=["mcp-proxy"], help="also measure this gateway; installs it with pip"
    )
    parser.add_argument("--out", type=Path, help="write every figure as JSON to this file")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a phase fails or a target is missed")
    options = parser.parse_args(argv)
    chosen = options.only.split(",") if options.only else QUICK_PHASES if options.quick else PHASES
    if unknown := set(chosen) - set(PHASES):
        parser.error(f"--only: no such phase: {', '.join(sorted(unknown))}; there are: {', '.join(PHASES)}")
    if (options.reps is not None and options.reps < 1) or (
        options.seconds is not None and options.seconds <= 0
    ):
        parser.error("--reps and --seconds must be positive")
    options.phases = [phase for phase in PHASES if phase in chosen]
    return options


def pace_of(options: argparse.Namespace) -> Pace:
    base = QUICK if options.quick else FULL
    return Pace(
        repetitions=options.reps or base.repetitions,
        seconds=options.seconds or base.seconds,
        warm_seconds=base.warm_seconds,
        retries=base.retries,
    )


def museod_faces(running: Running) -> list[Subject]:
    return [
        Subject("museod HTTP legacy", running, running.target(), ONE_BY_ONE),
        Subject("museod HTTP modern", running, running.target(era="modern"), ONE_BY_ONE),
        Subject("museod WebSocket", running, running.target(transport="websocket"), (*ONE_BY_ONE, PIPELINED)),
    ]


def echo_faces(http: Running, websocket: Running) -> list[Subject]:
    bare_websocket = websocket.target(transport="websocket", bare=True, subprotocol=None)
    return [
        Subject("echo HTTP", http, http.target(bare=True), ONE_BY_ONE),
        Subject("echo WebSocket", websocket, bare_websocket, (*ONE_BY_ONE, PIPELINED)),
    ]


def measure_calls(cores: Cores, pace: Pace, peer: str | None) -> Figures:
    """All windows against all subjects, which all run at once and are idle while another is measured."""
    with contextlib.ExitStack() as stack:
        museod = stack.enter_context(gateway.museod(cores))
        subjects = museod_faces(museod)
        subjects += echo_faces(
            stack.enter_context(gateway.echo_server("http", cores)),
            stack.enter_context(gateway.echo_server("websocket", cores)),
        )
        if peer == "mcp-proxy":
            say("installing mcp-proxy")
            proxy = stack.enter_context(gateway.mcp_proxy(cores))
            subjects.append(Subject("mcp-proxy", proxy, proxy.target(), ONE_BY_ONE))
        for subject in subjects:
            gateway.wait_until_good(subject.running, subject.target)
        windows = measure.measure_windows(subjects, pace, say)
    return {"windows": windows, "pipe": measure.measure_pipe(cores, pace)}


def run_phases(options: argparse.Namespace, cores: Cores) -> Figures:
    """Every chosen phase; one that fails leaves a note and the others their figures."""
    pace = pace_of(options)
    figures: Figures = {"notes": [], "failed": []}

    def calls() -> Figures:
        return measure_calls(cores, pace, options.peer)

    def start() -> Figures:
        return {"start_seconds": measure.measure_start(cores, pace.repetitions)}

    def shop() -> Figures:
        return {"shop_start_seconds": measure.measure_shop_start(cores, pace.repetitions)}

    def idle() -> Figures:
        return {"idle_kib": measure.measure_idle(cores, pace.repetitions)}

    def kill() -> Figures:
        return {
            "child_start_seconds": round(measure.child_start_seconds(cores, pace.repetitions), 3),
            "kill_seconds": measure.measure_kill(cores, pace.repetitions),
        }

    def growth() -> Figures:
        return {"growth": measure.measure_growth(cores, pace)}

    phases: dict[str, Callable[[], Figures]] = {
        "calls": calls,
        "start": start,
        "shop": shop,
        "idle": idle,
        "kill": kill,
        "growth": growth,
    }
    for name in options.phases:
        say(f"phase {name}")
        try:
            figures |= phases[name]()
        except (NeverAnswered, OSError, TimeoutError, subprocess.TimeoutExpired) as error:
            figures["notes"].append(f"phase {name} failed: {error}")
            figures["failed"].append(name)
    return figures


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    lift_file_limit()
    cores = Cores.choose()
    cores.use_client_core()
    machine = describe()
    figures = run_phases(options, cores)
    if not cores.are_pinned:
        figures["notes"].append(
            "only one core is usable: nothing was pinned, calls/s include the client's cost"
        )
    try:
        import uvloop  # noqa: F401 - only whether it is there
    except ImportError:
        figures["notes"].append(
            "uvloop is not installed (extra `bench`): the load client is slower without it"
        )
    figures["ratios"] = targets.ratios(figures)
    verdicts = list(targets.verdicts(figures))
    figures |= {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine,
        "options": {"phases": options.phases, "quick": options.quick, "peer": options.peer},
        "targets": [
            {
                "target": row.target,
                "value": row.value,
                "limit": row.limit,
                "unit": row.unit,
                "met": row.is_met,
            }
            for row in verdicts
        ],
    }
    sys.stdout.write(report.render(figures, verdicts) + "\n")
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n")
    missed = bool(figures["failed"]) or any(row.is_met is False for row in verdicts)
    return 1 if options.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
