"""
A tool: a typed async function joined to the definition that MCP clients see.

Definitions (name, schemas, annotations) are data in each server's `tools.json`; the function takes its
arguments as a struct. The schema judges what comes, the struct only carries it, so both must name the same
fields: `tool` refuses a pair that does not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from mcps.kit.context import Context
from museod.errors import InvalidArguments
from museod.wire import codec
from museod.wire.schema import ArgumentsSchema

# The gateway's own deadline of a call (museod.toml, call_timeout_seconds), for hosts that set none.
DEFAULT_TIMEOUT_SECONDS = 20.0

Arguments = TypeVar("Arguments", bound=Struct)


class _Listed(Struct, rename="camel"):
    name: str
    input_schema: Raw
    output_schema: Raw | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Definition:
    """One tool as `tools/list` shows it; `listing` is the whole object, its schemas included."""

    name: str
    listing: bytes
    input_schema: bytes
    output_schema: bytes | None


def read_definitions(path: Path) -> Mapping[str, Definition]:
    """The definitions of a `tools.json` by name, in the file's order."""
    compact = msgspec.json.format(path.read_bytes(), indent=-1)
    found = {}
    for raw in msgspec.json.decode(compact, type=list[Raw]):
        listed = msgspec.json.decode(raw, type=_Listed)
        output = None if isinstance(listed.output_schema, UnsetType) else bytes(listed.output_schema)
        found[listed.name] = Definition(listed.name, bytes(raw), bytes(listed.input_schema), output)
    return found


@dataclass(frozen=True, slots=True)
class Reply:
    """What a tool answers: data for programs, and the same said in plain words."""

    structured: Any
    text: str

    def encoded(self, *, with_structure: bool = True) -> bytes:
        """A `tools/call` result without its modern members; revisions before 2025-06-18 know only text."""
        result: dict[str, Any] = {"content": [{"type": "text", "text": self.text}]}
        if with_structure:
            result["structuredContent"] = self.structured
        result["isError"] = False
        return codec.encode(result)


Run = Callable[[Any, Context], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A definition and what runs behind it."""

    definition: Definition
    timeout: float
    _schema: ArgumentsSchema
    _arguments: type[Struct]
    _run: Run
    _one_of: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.definition.name

    def read(self, arguments: Raw | bytes) -> Struct:
        """
        The arguments as the function takes them.

        Raises:
            InvalidArguments: the schema refuses them; the text names field and remedy.
        """
        plain = codec.decode(arguments)
        faults = [self._worded(fault) for fault in self._schema.faults(plain)]
        if faults:
            known = ", ".join(field.encode_name for field in msgspec.structs.fields(self._arguments))
            raise InvalidArguments(
                f"{self.name} can't use these arguments: {'; '.join(faults)}. "
                f"Correct what is named and call again; it takes: {known or 'no arguments'}.",
                data={"faults": faults},
            )
        # The schema has judged already; "not strict" is for 1.0, which JSON Schema counts as an integer.
        return msgspec.convert(plain, self._arguments, strict=False)

    def _worded(self, fault: str) -> str:
        """`fault`, said so that it can be mended where a schema wants one of several members."""
        if self._one_of and "'anyOf'" in fault:
            return f"one of {', '.join(self._one_of)} is needed"
        return fault

    async def run(self, arguments: Struct, context: Context) -> Reply:
        """Run the function; it raises `CallError` for whatever the caller should read."""
        return await self._run(arguments, context)


def tool(
    definition: Definition, *, timeout: float = DEFAULT_TIMEOUT_SECONDS
) -> Callable[[Callable[[Arguments, Context], Awaitable[Reply]]], Tool]:
    """
    Make a `Tool` of an `async def f(arguments: SomeStruct, context: Context) -> Reply`.

    Args:
        timeout: seconds after which the function is cancelled and the call fails as retryable.

    Raises:
        TypeError: the struct's fields and the schema's properties differ.
    """

    def join(function: Callable[[Arguments, Context], Awaitable[Reply]]) -> Tool:
        hints = get_type_hints(function)
        arguments: type[Struct] = hints["arguments"]
        fields = {field.encode_name for field in msgspec.structs.fields(arguments)}
        schema = codec.decode(definition.input_schema)
        properties = set(schema.get("properties", {}))
        if fields != properties:
            odd = ", ".join(sorted(fields ^ properties))
            raise TypeError(f"{definition.name}: {arguments.__name__} and the schema differ in {odd}")
        one_of = tuple(name for choice in schema.get("anyOf", ()) for name in choice.get("required", ()))
        compiled = ArgumentsSchema(definition.input_schema)
        return Tool(definition, timeout, compiled, arguments, function, one_of)

    return join
