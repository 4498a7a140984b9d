"""The state directory: one daemon at a time, and the key file that is made at its first start."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from museod.errors import ConfigError, Fault, StoreError
from museod.stores.sealing import format_key, parse_keys

LOCK_NAME = "museod.lock"
KEY_NAME = "museod.key"
_MAX_KEY_FILE_BYTES = 8192  # some hundred keys; the file holds one


def make_state_dir(path: Path) -> None:
    """
    Make the directory with mode 0700 if it is not there.

    Raises:
        StoreError: it cannot be made; the text names the remedy.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The state directory {path} cannot be made: {error.strerror}. Make it for this user, or set "
            f"MCP_STATE_DIR."
        ) from None


@contextmanager
def lock_state_dir(path: Path) -> Iterator[None]:
    """
    Hold the directory for this process; the kernel frees it whatever way the process ends.

    Children do not inherit the lock.

    Raises:
        StoreError: another daemon holds it; the text names its pid.
    """
    make_state_dir(path)
    name = path / LOCK_NAME
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreError(
            f"The lock file {name} cannot be opened: {error.strerror}. Make the state directory writable "
            f"for this user, or set MCP_STATE_DIR."
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            raise StoreError(
                f"The state directory {path} is held by museod with pid {holder}: stop that one, or give "
                f"this one its own MCP_STATE_DIR."
            ) from None
        except OSError as error:
            raise StoreError(
                f"The state directory {path} cannot be locked ({error.strerror}): put it on a local disk."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        try:
            yield
        finally:
            # The file stays: removing it would let two daemons lock two files of the same name.
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def read_key_file(state_dir: Path) -> list[tuple[str, bytes]]:
    """
    The keys in the key file, newest first; none if there is no such file.

    Raises:
        ConfigError: others may read it, it is not ours, or no key is in it.
    """
    path = state_dir / KEY_NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return []
    except OSError as error:
        remedy = (
            "it is a symbolic link; put the file itself there"
            if error.errno == errno.ELOOP
            else f"it cannot be read ({error.strerror}); make it readable for this user only"
        )
        raise _key_fault(path, remedy) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise _key_fault(path, "it is no regular file; move it away")
        if found.st_uid not in (os.geteuid(), 0):
            raise _key_fault(path, "it belongs to another user; chown it to the one that runs museod")
        if found.st_mode & 0o077:
            raise _key_fault(
                path, f"others may read it; run `chmod 600 {path}`, and make a new key if any did"
            )
        text = os.read(descriptor, _MAX_KEY_FILE_BYTES).decode("ascii", "replace")
    finally:
        os.close(descriptor)
    try:
        return parse_keys(text)
    except ConfigError as error:
        raise ConfigError([Fault(str(path), "key", fault.remedy) for fault in error.faults]) from None


def make_key_file(state_dir: Path) -> list[tuple[str, bytes]]:
    """
    A new random key in a new key file, complete on the disk when this returns; if another process was
    faster, its key.
    """
    path = state_dir / KEY_NAME
    key_id = f"local-{secrets.token_hex(4)}"
    temporary = state_dir / f".{KEY_NAME}.{secrets.token_hex(8)}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, (format_key(key_id, secrets.token_bytes(32)) + "\n").encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(temporary, path)  # unlike rename, never replaces a key
        except FileExistsError:
            pass
        finally:
            os.unlink(temporary)
        _sync_directory(state_dir)
    except OSError as error:
        raise StoreError(
            f"The key file {path} cannot be made: {error.strerror}. Make the state directory writable for "
            f"this user, or set MCP_ENCRYPTION_KEYS."
        ) from None
    return read_key_file(state_dir)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _key_fault(path: Path, remedy: str) -> ConfigError:
    return ConfigError([Fault(str(path), "key", remedy)])
