"""What a child is, as data. Nothing here runs anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Restart(StrEnum):
    """Which ends of a child call for another incarnation, in OTP's sense (see `states.VERDICTS`)."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


@dataclass(frozen=True, slots=True)
class Backoff:
    """
    How long to wait before the next incarnation: `initial_seconds`, times `factor` after each failure, never
    above `max_seconds`; each delay varies by up to `jitter` (a share of it), so that children that fell
    together do not all rise together.
    """

    initial_seconds: float = 0.2
    max_seconds: float = 30.0
    factor: float = 2.0
    jitter: float = 0.2

    def __post_init__(self) -> None:
        if not 0 <= self.initial_seconds <= self.max_seconds or self.max_seconds == 0:
            raise ValueError("backoff: want 0 <= initial_seconds <= max_seconds and max_seconds > 0")
        if self.factor < 1 or not 0 <= self.jitter < 1:
            raise ValueError("backoff: want factor >= 1 and 0 <= jitter < 1")


@dataclass(frozen=True, slots=True)
class Intensity:
    """More than `restarts` restarts within `within_seconds` are too many: the child has failed."""

    restarts: int = 5
    within_seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.restarts < 0 or self.within_seconds <= 0:
            raise ValueError("intensity: want restarts >= 0 and within_seconds > 0")


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """
    One child.

    Args:
        command: the program and its arguments; a program without a slash is looked up in PATH.
        env: the whole environment of the child. It may hold secrets, hence it is in no repr.
        cwd: the directory it runs in; None is the daemon's own.
        instances: how many processes of it run side by side.
        significant: the daemon ends when this child has failed.
        start_timeout_seconds: from the spawn to `ready`.
        stop_grace_seconds: from the end of its stdin to SIGTERM. A stdio server is told to stop that way
            and has nothing to finish by then: its calls were drained before.
        term_grace_seconds: from SIGTERM to SIGKILL. Both graces together stay within OTP's default shutdown
            of five seconds.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str | None = None
    instances: int = 1
    restart: Restart = Restart.PERMANENT
    backoff: Backoff = Backoff()
    intensity: Intensity = Intensity()
    significant: bool = False
    start_timeout_seconds: float = 15.0
    stop_grace_seconds: float = 2.0
    term_grace_seconds: float = 3.0

    def __post_init__(self) -> None:
        if not self.name or not self.command or self.instances < 1:
            raise ValueError("child: want a name, a command and at least one instance")

    def label(self, instance: int) -> str:
        """The name of one instance in logs and statuses: `storefront`, or `storefront#2` in a pool."""
        return self.name if self.instances == 1 else f"{self.name}#{instance}"


def needs_new_process(old: ChildSpec, new: ChildSpec) -> bool:
    """Whether a running instance must be replaced to follow `new`; all else applies to it as it runs."""
    return (old.command, dict(old.env), old.cwd) != (new.command, dict(new.env), new.cwd)
