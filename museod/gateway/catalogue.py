"""The catalogue: an immutable table from a tool's exposed name to its child, made anew at each change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import Raw

from museod.wire.envelope import with_members
from museod.wire.schema import ArgumentsSchema, SchemaRefused
from museod.wire.tools import ListedTool, Tool

# The conformance suite of MCP takes names of 1-64 characters; the spec recommends this alphabet.
MAX_NAME_CHARS = 64
_NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./")


@dataclass(frozen=True, slots=True)
class ChildTools:
    """The tools of one child as it listed them, and the prefix under which they are shown."""

    child: str
    tools: tuple[ListedTool, ...]
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One callable tool: how it is called here, who has it, and its compiled arguments schema."""

    name: str
    child: str
    tool: Tool
    arguments: ArgumentsSchema
    listed: Raw = field(repr=False)
    """The tool as `tools/list` shows it: the child's bytes under the exposed name."""

    @property
    def original(self) -> str:
        """The name that the child knows."""
        return self.tool.name


@dataclass(frozen=True, slots=True)
class Refusal:
    """A tool that is not shown, or is shown under another name, and why."""

    child: str
    tool: str
    reason: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All tools of all children, sorted by exposed name. `version` grows with each new table."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    version: int = 0

    def find(self, name: str) -> Entry | None:
        """The entry under an exposed name."""
        return self.entries.get(name)


def build_catalogue(children: Iterable[ChildTools], *, version: int) -> Catalogue:
    """
    Merge the tools of `children`, in the order of the configuration.

    On a clash the earlier child keeps the name and the later one's tool is shown as `<child>_<name>`;
    nothing is shadowed silently, every such case is in `refusals`. A tool whose schema is unusable is left
    out.
    """
    entries: dict[str, Entry] = {}
    refusals: list[Refusal] = []
    for child in children:
        for listed in child.tools:
            tool = listed.tool
            name = child.prefix + tool.name
            if name in entries:
                other = f"{child.child}_{tool.name}"
                refusals.append(
                    Refusal(
                        child.child, tool.name, f"{entries[name].child} has {name} already: shown as {other}"
                    )
                )
                name = other
            entry = _entry(name, child.child, listed, entries)
            if isinstance(entry, Refusal):
                refusals.append(entry)
            else:
                entries[name] = entry
    ordered = {name: entries[name] for name in sorted(entries)}
    return Catalogue(ordered, tuple(refusals), version)


def _entry(name: str, child: str, listed: ListedTool, taken: Mapping[str, Entry]) -> Entry | Refusal:
    tool = listed.tool
    if name in taken:
        return Refusal(child, tool.name, f"the name {name} is taken twice; give the child a prefix")
    if not 1 <= len(name) <= MAX_NAME_CHARS or not _NAME_CHARS.issuperset(name):
        return Refusal(child, tool.name[:100], "the name is not 1-64 letters, digits, _ - . or /")
    try:
        schema = ArgumentsSchema(tool.input_schema)
    except SchemaRefused as error:
        return Refusal(child, tool.name, str(error))
    shown = listed.raw if name == tool.name else Raw(with_members(listed.raw, {"name": name}))
    return Entry(name, child, tool, schema, shown)
