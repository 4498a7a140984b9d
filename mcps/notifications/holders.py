"""
Which processes work on an outbox, and which have died over it.

Each holds a lock on a file of its own beside the outbox; the kernel frees it whatever way the process ends.
So whoever starts next frees a dead one's deliveries at once; where locks do not work, their leases end later.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

_SUFFIX = ".holder"


class HolderLock:
    """The lock of one holder on the outbox at `path`; may raise `OSError`."""

    def __init__(self, path: Path, holder: str) -> None:
        self._path = path.with_name(f"{path.name}.{holder}{_SUFFIX}")
        begun = self._path.with_suffix(".part")
        self._descriptor = os.open(begun, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        begun.rename(self._path)  # nobody sees it before it is locked

    def release(self) -> None:
        """Say that this holder has ended in good order."""
        with suppress(OSError):
            self._path.unlink()
        os.close(self._descriptor)


def take_dead_holders(path: Path) -> list[str]:
    """Holders of the outbox at `path` that live no more; each is named to one caller only."""
    dead = []
    for file in path.parent.glob(f"{path.name}.*{_SUFFIX}"):
        with suppress(OSError):  # alive, or another process was faster
            descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.unlink()
                dead.append(file.name.removeprefix(f"{path.name}.").removesuffix(_SUFFIX))
            finally:
                os.close(descriptor)
    return dead
