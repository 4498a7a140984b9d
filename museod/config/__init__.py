"""
The configuration: environment, museod.toml and servers.json, read once into frozen structs.

Owns every name that an operator can set, its default and its check. All faults are collected and raised
together, each naming where it stands, which key and what to do. Secrets are `Secret` objects from the first
moment on. Must not know what is built from it: only app and cli read it, everything else gets plain values.

    values       one function per kind of value: text in, value or remedy out
    environment  the table of variables; where a secret may come from
    files        reading TOML and JSON with a ceiling; unknown keys; one fault per bad key
    children     a child from its table, and the environment that it gets
    model        the frozen structs
    loading      everything together, and the rules between values
    describing   the configuration as an operator may see it
"""

from museod.config.describing import describe
from museod.config.loading import DEFAULT_FILE, load_config
from museod.config.model import (
    Access,
    Backoff,
    ChildConfig,
    ChildEnvironment,
    Config,
    EncryptionKey,
    Intensity,
    Limits,
)
from museod.config.secret import Secret

__all__ = [
    "DEFAULT_FILE",
    "Access",
    "Backoff",
    "ChildConfig",
    "ChildEnvironment",
    "Config",
    "EncryptionKey",
    "Intensity",
    "Limits",
    "Secret",
    "describe",
    "load_config",
]
