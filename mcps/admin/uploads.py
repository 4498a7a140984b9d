"""
Files that the daemon took for its callers, read where it laid them.

The directory is derived from the caller's identity, which only the daemon can state: an id of somebody else's
upload names nothing here. The daemon writes, sweeps and counts (`POST /api/v1/uploads`); we only read.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct

from museod.errors import InvalidArguments

KEEP_SECONDS = 3600.0  # the daemon sweeps by the minute; nothing is read past its hour
_ID = re.compile(r"(?:upload:)?(up_[0-9a-f]{32})")
_MAX_ABOUT_BYTES = 4096


class About(Struct, frozen=True):
    """What the sender said of a file."""

    name: str = ""
    charset: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An open file of the caller's; `descriptor` is closed with the block."""

    descriptor: int
    about: About


@dataclass(frozen=True, slots=True)
class UploadShelf:
    """
    The daemon's uploads.

    Args:
        directory: `uploads` in the state directory; None where no daemon gave one.
        now: the wall clock.
    """

    directory: Path | None
    now: Callable[[], float] = time.time

    @contextmanager
    def open(self, named: str, sub: str) -> Iterator[Upload]:
        """
        The upload that `named` means, for the caller `sub` only.

        Raises:
            InvalidArguments: it is no id of an upload, or there is none (any more) of this caller's.
        """
        found = _ID.fullmatch(named)
        if found is None:
            raise InvalidArguments(
                "source: this is no id of an upload. POST the file to /api/v1/uploads and give the uploadId "
                "that comes back; files of this machine and addresses are never read.",
                data={"reason": "not_an_upload"},
            )
        if self.directory is None:
            raise _gone()
        path = self.directory / directory_name(sub) / found[1]
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            raise _gone() from None
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or self.now() - state.st_mtime >= KEEP_SECONDS:
                raise _gone()
            yield Upload(descriptor, _about(path.with_name(path.name + ".json")))
        finally:
            os.close(descriptor)


def directory_name(sub: str) -> str:
    """The directory of one caller's uploads; what writes them derives the same."""
    return hashlib.sha256(b"museod uploads\0" + sub.encode()).hexdigest()[:40]


def _about(path: Path) -> About:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_MAX_ABOUT_BYTES), type=About)
    except (OSError, msgspec.DecodeError):
        return About()


def _gone() -> InvalidArguments:
    return InvalidArguments(
        "source: there is no such upload of yours. Uploads are kept for one hour; send the file again.",
        data={"reason": "upload_not_found"},
    )
