"""
The states of a child, the ways between them, and what each kind of end leads to: tables, nothing else.

          ┌───────── asked to restart ─────────┐
          ▼                                    │
      STARTING ──────────────────────────────► READY
       ▲   ▲ └──────────┐                       │
       │   │            ▼                       │
       │   └────────  BACKOFF ◄─────────────────┘  its incarnation is over
       │                │
       ├──── FAILED ◄───┤   too often
       └──── STOPPED ◄──┘   need not run again (and from everywhere, when the daemon or a reload stops it)
"""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from museod.supervisor.spec import Restart


class State(StrEnum):
    """Where a child is."""

    STARTING = "starting"
    READY = "ready"
    BACKOFF = "backoff"
    FAILED = "failed"
    STOPPED = "stopped"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.STARTING: frozenset({State.READY, State.BACKOFF, State.STOPPED}),
    State.READY: frozenset({State.STARTING, State.BACKOFF, State.STOPPED}),
    State.BACKOFF: frozenset({State.STARTING, State.FAILED, State.STOPPED}),
    State.FAILED: frozenset({State.STARTING, State.STOPPED}),
    State.STOPPED: frozenset({State.STARTING}),
}

# A pool is as well as its best instance: that one gets the calls.
_BEST_FIRST = (State.READY, State.STARTING, State.BACKOFF, State.FAILED, State.STOPPED)


def moved(state: State, to: State) -> State:
    """`to`, if there is a way from `state`; anything else is a bug of the keeper, not of a child."""
    if to not in TRANSITIONS[state]:
        raise AssertionError(f"There is no way from {state} to {to}.")
    return to


def best_of(states: Iterable[State]) -> State:
    """The state of a pool whose instances are in `states`; one without instances has stopped."""
    return min(states, key=_BEST_FIRST.index, default=State.STOPPED)


class Exit(StrEnum):
    """How an incarnation ended: by itself in good order, because somebody asked it to, or badly."""

    NORMAL = "normal"
    SHUTDOWN = "shutdown"
    ABNORMAL = "abnormal"


class Verdict(StrEnum):
    """What an end leads to."""

    RESTART = "restart"
    STOP = "stop"
    FAIL = "fail"


# OTP's matrix (supervisor(3), "Restart types"). A temporary child that ended badly is not run again either,
# but shows as failed rather than stopped.
VERDICTS: Mapping[tuple[Restart, Exit], Verdict] = {
    (Restart.PERMANENT, Exit.NORMAL): Verdict.RESTART,
    (Restart.PERMANENT, Exit.SHUTDOWN): Verdict.RESTART,
    (Restart.PERMANENT, Exit.ABNORMAL): Verdict.RESTART,
    (Restart.TRANSIENT, Exit.NORMAL): Verdict.STOP,
    (Restart.TRANSIENT, Exit.SHUTDOWN): Verdict.STOP,
    (Restart.TRANSIENT, Exit.ABNORMAL): Verdict.RESTART,
    (Restart.TEMPORARY, Exit.NORMAL): Verdict.STOP,
    (Restart.TEMPORARY, Exit.SHUTDOWN): Verdict.STOP,
    (Restart.TEMPORARY, Exit.ABNORMAL): Verdict.FAIL,
}

# What an operator's `kill` and a closed terminal send; systemd calls them clean too (systemd.service(5),
# SuccessExitStatus=). Its fourth, SIGPIPE, is a fault in a child that lives on pipes.
_CLEAN_SIGNALS = frozenset({-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP})


def exit_of(returncode: int | None, *, is_faulty: bool, was_signalled: bool) -> Exit:
    """
    The kind of an end.

    Args:
        returncode: as in `subprocess`: negative for a signal; None if there was no process or it is
            still not gone.
        is_faulty: what attended to it raised, or it was not ready in time.
        was_signalled: it did not go on the end of its stdin alone, so that we sent signals.
    """
    if returncode is None or was_signalled:
        return Exit.ABNORMAL
    if returncode in _CLEAN_SIGNALS:
        return Exit.SHUTDOWN
    return Exit.NORMAL if returncode == 0 and not is_faulty else Exit.ABNORMAL


def exit_text(returncode: int | None) -> str:
    """A return code in words: `exited with status 3`, `was killed by SIGKILL`."""
    if returncode is None:
        return "did not go, not even on SIGKILL"
    if returncode >= 0:
        return f"exited with status {returncode}"
    try:
        return f"was killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was killed by signal {-returncode}"


@dataclass(frozen=True, slots=True)
class ChildStatus:
    """
    How a child is doing; for a pool, all its instances taken together.

    Args:
        since: when this state began (UTC, ISO 8601).
        pid: of the oldest running instance.
        pids: of all running instances.
        restarts: restarts after an end that nobody asked for, since the daemon started.
        next_try_seconds: until the next start, while it is in `backoff` or `failed`.
        reason: why it (or one of its instances) is not ready, or what ended its last incarnation.
        uptime_seconds: of the oldest running instance.
    """

    name: str
    state: State
    since: str
    pid: int | None = None
    pids: tuple[int, ...] = ()
    restarts: int = 0
    next_try_seconds: float | None = None
    reason: str | None = None
    uptime_seconds: float = 0.0
