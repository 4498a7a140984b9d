"""Which core runs what, and the ceilings of the operating system that a benchmark must lift for itself."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import socket
from collections.abc import Iterator, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cores:
    """One core for the gateway, another for child and load client; None: nothing is pinned."""

    gateway: int | None
    client: int | None
    usable: frozenset[int]

    @classmethod
    def choose(cls) -> Cores:
        """The first two cores this process may use; nothing is pinned when there is only one."""
        usable = sorted(os.sched_getaffinity(0))
        first, second = (usable[0], usable[1]) if len(usable) > 1 else (None, None)
        return cls(first, second, frozenset(usable))

    @property
    def are_pinned(self) -> bool:
        return self.gateway is not None

    def use_client_core(self) -> None:
        if self.client is not None:
            os.sched_setaffinity(0, {self.client})

    @contextlib.contextmanager
    def spawning_on_gateway_core(self) -> Iterator[None]:
        """Whatever is started inside inherits the gateway's core."""
        with self._spawning_on(self.usable if self.gateway is None else {self.gateway}):
            yield

    @contextlib.contextmanager
    def spawning_anywhere(self) -> Iterator[None]:
        """Whatever is started inside may use every core, as in real use: for what is timed, not counted."""
        with self._spawning_on(self.usable):
            yield

    @contextlib.contextmanager
    def _spawning_on(self, cores: Set[int]) -> Iterator[None]:
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)
        try:
            yield
        finally:
            os.sched_setaffinity(0, mine)

    def child_options(self) -> list[str]:
        return [] if self.client is None else ["--cpu", str(self.client)]


def lift_file_limit() -> None:
    """A thousand connections need more than the usual soft limit of 1024 descriptors."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def describe() -> dict[str, object]:
    """What a reader of the figures needs to know of this machine."""
    return {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": [round(value, 2) for value in os.getloadavg()],
    }
