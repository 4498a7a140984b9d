"""A child from its table in museod.toml or servers.json, and the environment that it gets."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, structs

from museod.config.environment import NEVER_FOR_CHILDREN, base_environment
from museod.config.files import nearest, read_struct, unknown_key
from museod.config.model import Argument, ChildConfig, ChildEnvironment, Prefix
from museod.errors import Fault

MAX_CHILDREN = 256  # a machine's worth of processes; a file with more is a mistake
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_MAX_VALUE = 131_072  # bytes; the kernel takes no longer string (MAX_ARG_STRLEN)


def is_child_name(name: str) -> bool:
    """Whether `name` may name a child: it stands in tool names, metrics, keys and unit names."""
    return _NAME.fullmatch(name) is not None


def read_children(table: Any, source: str, faults: list[Fault]) -> dict[str, ChildConfig]:
    """The children of a `[children]` table, in its order, still without their environments."""
    if not isinstance(table, Mapping):
        faults.append(Fault(source, "children", "must be tables: [children.NAME]"))
        return {}
    children: dict[str, ChildConfig] = {}
    for name, entry in _named(table, source, "children", faults):
        where = f"children.{name}"
        child = read_struct(
            ChildConfig,
            entry,
            source=source,
            where=where,
            faults=faults,
            given={"name": name},
            hidden=("environment",),
        )
        if child is not None and _fits(child, source, where, faults):
            children[name] = child
    return children


def _named(table: Mapping[str, Any], source: str, where: str, faults: list[Fault]) -> list[tuple[str, Any]]:
    if len(table) > MAX_CHILDREN:
        faults.append(Fault(source, where, f"names {len(table)} children; at most {MAX_CHILDREN}"))
        return []
    named = []
    for name, entry in table.items():
        if is_child_name(name):
            named.append((name, entry))
            continue
        better = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_0123456789")[:32]
        hint = f"; for example {better}" if is_child_name(better) else ""
        text = f"is no name of a child; want a letter a-z, then up to 31 of a-z 0-9 _ -{hint}"
        faults.append(Fault(source, f"{where}.{name[:64]}", text))
    return named


def _fits(child: ChildConfig, source: str, where: str, faults: list[Fault]) -> bool:
    """The rules between the keys of one child."""
    before = len(faults)
    if not child.command[0]:
        faults.append(Fault(source, f"{where}.command", "the program's name is empty"))
    if child.backoff.initial_seconds > child.backoff.max_seconds:
        text = "initial_seconds is more than max_seconds; lower it"
        faults.append(Fault(source, f"{where}.backoff", text))
    for tool in child.cache_shared:
        if tool not in child.cache:
            text = f"{tool} is not in cache{nearest(tool, child.cache)}; give its seconds there"
            faults.append(Fault(source, f"{where}.cache_shared", text))
    for name in sorted(NEVER_FOR_CHILDREN.intersection(child.env)):
        text = f"{name} opens the daemon to its holder; no child needs it, take it out"
        faults.append(Fault(source, f"{where}.env", text))
    return len(faults) == before


class _Server(Struct, frozen=True, kw_only=True):
    """One entry of `mcpServers` as MCP hosts write them."""

    command: Annotated[str, Meta(min_length=1, max_length=4_096, pattern=r"^[^\x00]*\Z")]
    args: Annotated[tuple[Argument, ...], Meta(max_length=255)] = ()
    env: dict[str, str] = {}
    cwd: Argument | None = None
    prefix: Prefix = ""
    type: Literal["stdio"] = "stdio"
    disabled: bool = False


def read_servers(
    content: Any, source: str, faults: list[Fault], warnings: list[Fault]
) -> dict[str, tuple[ChildConfig, Mapping[str, str]]]:
    """The children of a servers.json, each with the variables that its entry sets."""
    if not isinstance(content, Mapping) or not isinstance(content.get("mcpServers"), Mapping):
        text = 'must be {"mcpServers": {"name": {"command": "...", "args": [...]}}}'
        faults.append(Fault(source, "mcpServers", text))
        return {}
    for key in content:
        if key != "mcpServers":
            faults.append(Fault(source, key, unknown_key(key, ["mcpServers"])))
    servers: dict[str, tuple[ChildConfig, Mapping[str, str]]] = {}
    for name, entry in _named(content["mcpServers"], source, "mcpServers", faults):
        server = _read_server(entry, source, f"mcpServers.{name}", faults, warnings)
        if server is not None and not server.disabled:
            child = ChildConfig(
                name=name, command=(server.command, *server.args), cwd=server.cwd, prefix=server.prefix
            )
            servers[name] = (child, server.env)
    return servers


def _read_server(
    entry: Any, source: str, where: str, faults: list[Fault], warnings: list[Fault]
) -> _Server | None:
    before = len(faults)
    if isinstance(entry, Mapping):
        if "url" in entry and "command" not in entry:
            text = "names a remote server; museod runs local ones: give command and args"
            faults.append(Fault(source, f"{where}.url", text))
            return None
        env = entry.get("env", {})
        if isinstance(env, Mapping):
            # Looked at here and not by the general reader: its remedies quote the value.
            for name, value in env.items():
                _check_variable(name, value, source, f"{where}.env.{name[:64]}", faults, warnings)
            if len(faults) > before:
                entry = {key: value for key, value in entry.items() if key != "env"}
    server = read_struct(_Server, entry, source=source, where=where, faults=faults)
    return server if len(faults) == before else None


def _check_variable(
    name: str, value: object, source: str, where: str, faults: list[Fault], warnings: list[Fault]
) -> None:
    if not _VARIABLE.fullmatch(name):
        faults.append(Fault(source, where, "is no name of a variable; want letters, digits and _"))
    elif not isinstance(value, str):
        faults.append(Fault(source, where, "must be a text; put it in quotes"))
    elif "\0" in value or len(value.encode("utf-8", "surrogatepass")) > _MAX_VALUE:
        faults.append(Fault(source, where, f"holds a NUL or more than {_MAX_VALUE} bytes"))
    elif "${" in value:
        warnings.append(Fault(source, where, "is taken as it stands; museod does not expand ${...}"))


def with_environment(
    child: ChildConfig,
    environ: Mapping[str, str],
    texts: Mapping[str, str],
    own: Mapping[str, str] | None = None,
) -> ChildConfig:
    """
    `child` with its whole environment and its command made final.

    Args:
        environ: the daemon's environment; only what starts a program and the names in `child.env` pass.
        texts: the daemon's own settings by variable, wherever they came from; they win over `environ`.
        own: variables that the child's entry sets itself.
    """
    environment = base_environment(environ)
    for name in child.env:
        value = texts.get(name) or environ.get(name)
        if value:
            environment[name] = value
    environment.update(own or {})
    command = tuple(part.replace("{python}", sys.executable) for part in child.command)
    return structs.replace(child, command=command, environment=ChildEnvironment(environment))


def missing_program(child: ChildConfig, source: str) -> Fault | None:
    """A warning when the child's program is not to be found; it may still be installed before the start."""
    program = child.command[0]
    if shutil.which(program, path=child.environment.get("PATH")) is not None:
        return None
    text = f"{program} is not found on PATH; install it or give its full path"
    return Fault(source, f"{child.name}.command", text)
