"""The key under which the outbox is sealed: this server's own, so that no other key has to reach it."""

from __future__ import annotations

from pathlib import Path

from museod.errors import ConfigError, Fault
from museod.stores.sealing import Sealer
from museod.stores.statedir import KEY_NAME, make_key_file, read_key_file


def open_own_sealer(directory: Path, outbox: Path) -> Sealer:
    """
    A sealer under the key file in `directory`, which is made with a new outbox.

    Raises:
        ConfigError: others may read the key, or it is gone while the outbox that it sealed is there.
        StoreError: it cannot be made.
    """
    keys = read_key_file(directory)
    if not keys and outbox.exists() and outbox.stat().st_size:
        remedy = f"it is gone, and {outbox.name} was sealed under it: restore it, or move {outbox.name} away"
        raise ConfigError([Fault(str(directory / KEY_NAME), "key", remedy)])
    return Sealer(keys or make_key_file(directory))
