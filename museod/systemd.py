"""
What systemd and museod tell each other: readiness, sockets, the watchdog.

Without systemd every function here does nothing.
Written against sd_notify(3), sd_listen_fds(3) and sd_watchdog_enabled(3); needs nothing of libsystemd.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, MutableMapping

import trio

from museod.observe.logs import get_logger

log = get_logger()

_FIRST_PASSED_FD = 3  # SD_LISTEN_FDS_START
_PASSED_MAX = 64  # a unit with more sockets than that is not ours


def notify(environ: Mapping[str, str] | None = None, /, **fields: str | int) -> bool:
    """
    Tell the service manager, e.g. `notify(READY=1, STATUS="4 of 4 children serve")`.

    Never waits: when the manager's socket is full the message is lost, and the next one comes soon.

    Returns:
        Whether a manager took it.
    """
    address = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # the abstract namespace
        address = "\0" + address[1:]
    text = "\n".join(f"{name}={str(value).replace(chr(10), ' ')}" for name, value in fields.items())
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    try:
        with socket.socket(socket.AF_UNIX, kind) as channel:
            channel.sendto(text.encode("utf-8", "replace"), address)
    except OSError as error:
        log.debug("systemd_notify_failed", reason=error.strerror)
        return False
    return True


def notify_reloading(environ: Mapping[str, str] | None = None, /) -> bool:
    """Say that a reload has begun; `notify(READY=1)` ends it. systemd 253 and later ask for the time too."""
    return notify(environ, RELOADING=1, MONOTONIC_USEC=time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000)


def take_sockets(environ: MutableMapping[str, str] | None = None) -> list[tuple[str, socket.socket]]:
    """
    The sockets that systemd passed to this process, with their names; only the first call gets them.

    The variables are removed and the descriptors closed on exec, so that no child inherits either.
    """
    environ = os.environ if environ is None else environ
    pid, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
    names = environ.pop("LISTEN_FDNAMES", "").split(":")
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    sockets: list[tuple[str, socket.socket]] = []
    for index in range(min(int(count), _PASSED_MAX)):
        descriptor = _FIRST_PASSED_FD + index
        try:
            os.set_inheritable(descriptor, False)
            passed = socket.socket(fileno=descriptor)
        except OSError as error:
            log.warning("systemd_socket_refused", fd=descriptor, reason=error.strerror)
            continue
        passed.setblocking(False)
        sockets.append((names[index] if index < len(names) else "", passed))
    return sockets


def watchdog_interval(environ: Mapping[str, str] | None = None) -> float | None:
    """Seconds between signs of life: half of what systemd waits for; None when it waits for none."""
    environ = os.environ if environ is None else environ
    microseconds = environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(microseconds) / 1_000_000 / 2


async def feed_watchdog(environ: Mapping[str, str] | None = None) -> None:
    """
    Send signs of life for as long as the event loop turns; return at once when nobody waits for them.

    It is a task of the loop on purpose: when the loop stalls they stop, and systemd starts the daemon anew.
    """
    interval = watchdog_interval(environ)
    if interval is None:
        return
    while True:
        notify(environ, WATCHDOG=1)
        await trio.sleep(interval)
