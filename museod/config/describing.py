"""The configuration as an operator may see it: everything but the secrets."""

from __future__ import annotations

from typing import Any

import msgspec

from museod.config.model import ChildEnvironment, Config
from museod.config.secret import MASK, Secret


def describe(config: Config) -> dict[str, Any]:
    """Plain data for `museod check --print`; secrets are masks, environments are lists of names."""
    plain = msgspec.json.decode(msgspec.json.encode(config, enc_hook=_plain))
    plain["is_loopback"] = config.is_loopback
    return {key: value for key, value in sorted(plain.items()) if key != "children"} | {
        "children": {child.pop("name"): child for child in plain["children"]}
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, ChildEnvironment):
        return sorted(value)
    return str(value)  # paths and networks
