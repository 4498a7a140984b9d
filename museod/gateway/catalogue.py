"""The catalogue: an immutable table from a tool's exposed name to its child, made anew at each change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from msgspec import Raw

from museod.gateway.confirm import without_confirm
from museod.wire import codec
from museod.wire.envelope import with_members
from museod.wire.listings import Kind, Listed
from museod.wire.param_headers import ParamHeader, param_headers
from museod.wire.schema import ArgumentsSchema, SchemaRefused
from museod.wire.tools import ListedTool, Tool

# The conformance suite of MCP takes names of 1-64 characters; the spec recommends this alphabet.
MAX_NAME_CHARS = 64
MAX_EXPRESSIONS = 10  # of a resource template; matching is polynomial in them
_NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./")


@dataclass(frozen=True, slots=True)
class ChildTools:
    """
    What one child lists, and the prefix under which its names are shown.

    `is_trusted`: a person's yes reaches it in `_meta`, so its schemas are shown without a `confirm` argument.
    """

    child: str
    tools: tuple[ListedTool, ...]
    prefix: str = ""
    lists: Mapping[Kind, tuple[Listed, ...]] = field(default_factory=dict)
    is_trusted: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One callable tool: how it is called here, who has it, and its compiled arguments schema."""

    name: str
    child: str
    tool: Tool
    arguments: ArgumentsSchema
    listed: Raw = field(repr=False)
    """The tool as `tools/list` shows it: the child's bytes under the exposed name."""
    param_headers: tuple[ParamHeader, ...] = ()

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
class Shared:
    """One prompt, resource or template: who has it, under which key there, and how it is listed here."""

    key: str
    child: str
    original: str
    listed: Raw = field(repr=False)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """
    Everything that all children list. `version` grows with each new table.

    Tools and prompts are sorted by exposed name, resources by URI; templates keep the order of the
    configuration, in which they are tried.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    version: int = 0
    prompts: Mapping[str, Shared] = field(default_factory=dict)
    resources: Mapping[str, Shared] = field(default_factory=dict)
    templates: tuple[Shared, ...] = ()

    def find(self, name: str) -> Entry | None:
        """The entry of a tool under its exposed name."""
        return self.entries.get(name)

    def owner_of(self, uri: str) -> Shared | None:
        """Who has the resource `uri`: as listed, else by the first template that fits."""
        known = self.resources.get(uri)
        if known is not None:
            return known
        return next((template for template in self.templates if fits(template.original, uri)), None)

    def shared(self, kind: Kind) -> list[Shared]:
        """The items of a list other than tools, in its order."""
        if kind is Kind.TEMPLATES:
            return list(self.templates)
        return list((self.prompts if kind is Kind.PROMPTS else self.resources).values())


_EXPRESSION = re.compile(r"\{[^{}]*\}")


@lru_cache(maxsize=1024)
def _pattern(template: str) -> re.Pattern[str]:
    # An expression may stand for anything (RFC 6570 has operators for paths and queries): the child judges.
    literals = _EXPRESSION.split(template)
    return re.compile(".*?".join(map(re.escape, literals)), re.DOTALL)


def fits(template: str, uri: str) -> bool:
    """Whether `uri` can come from an RFC 6570 template, judged by its literal parts."""
    return (
        len(_EXPRESSION.findall(template)) <= MAX_EXPRESSIONS
        and _pattern(template).fullmatch(uri) is not None
    )


def build_catalogue(children: Iterable[ChildTools], *, version: int) -> Catalogue:
    """
    Merge what `children` list, in the order of the configuration.

    On a clash of names the earlier child keeps it and the later one's is shown as `<child>_<name>`; a URI
    belongs to the first child that lists it. Nothing is shadowed silently: every such case is in
    `refusals`. A tool whose schema is unusable is left out.
    """
    children = list(children)
    refusals: list[Refusal] = []
    entries: dict[str, Entry] = {}
    prompts: dict[str, Shared] = {}
    for child in children:
        for listed in child.tools:
            name = _free_name(child, listed.tool.name, entries, refusals)
            entry = _entry(name, child.child, _shown(listed) if child.is_trusted else listed, entries)
            if isinstance(entry, Refusal):
                refusals.append(entry)
            else:
                entries[name] = entry
        for item in child.lists.get(Kind.PROMPTS, ()):
            name = _free_name(child, item.key, prompts, refusals)
            if name in prompts or not _is_name(name):
                refusals.append(Refusal(child.child, item.key[:100], "the name is taken twice or no name"))
                continue
            shown = item.raw if name == item.key else Raw(with_members(item.raw, {"name": name}))
            prompts[name] = Shared(name, child.child, item.key, shown)
    resources: dict[str, Shared] = {}
    refusals += _resources(children, resources)
    return Catalogue(
        {name: entries[name] for name in sorted(entries)},
        tuple(refusals),
        version,
        {name: prompts[name] for name in sorted(prompts)},
        {uri: resources[uri] for uri in sorted(resources)},
        tuple(
            Shared(item.key, child.child, item.key, item.raw)
            for child in children
            for item in child.lists.get(Kind.TEMPLATES, ())
        ),
    )


def _resources(children: Iterable[ChildTools], into: dict[str, Shared]) -> list[Refusal]:
    refusals = []
    for child in children:
        for item in child.lists.get(Kind.RESOURCES, ()):
            if item.key in into:
                reason = f"{into[item.key].child} lists this URI too, and comes first"
                refusals.append(Refusal(child.child, item.key[:200], reason))
            else:
                into[item.key] = Shared(item.key, child.child, item.key, item.raw)
    return refusals


def _free_name(
    child: ChildTools, original: str, taken: Mapping[str, Entry | Shared], refusals: list[Refusal]
) -> str:
    name = child.prefix + original
    if name not in taken:
        return name
    other = f"{child.child}_{original}"
    refusals.append(
        Refusal(child.child, original, f"{taken[name].child} has {name} already: shown as {other}")
    )
    return other


def _is_name(name: str) -> bool:
    return 1 <= len(name) <= MAX_NAME_CHARS and _NAME_CHARS.issuperset(name)


def _shown(listed: ListedTool) -> ListedTool:
    schema = without_confirm(listed.tool.input_schema)
    if schema is listed.tool.input_schema:
        return listed
    return ListedTool.decode(Raw(with_members(listed.raw, {"inputSchema": schema})))


def _entry(name: str, child: str, listed: ListedTool, taken: Mapping[str, Entry]) -> Entry | Refusal:
    tool = listed.tool
    if name in taken:
        return Refusal(child, tool.name, f"the name {name} is taken twice; give the child a prefix")
    if not _is_name(name):
        return Refusal(child, tool.name[:100], "the name is not 1-64 letters, digits, _ - . or /")
    try:
        schema = ArgumentsSchema(tool.input_schema)
        headers = param_headers(codec.decode(tool.input_schema))
    except SchemaRefused as error:
        return Refusal(child, tool.name, str(error))
    shown = listed.raw if name == tool.name else Raw(with_members(listed.raw, {"name": name}))
    return Entry(name, child, tool, schema, shown, headers)
