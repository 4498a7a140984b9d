"""
JSON Schema of tools: compiled once, deciding and wording the faults of arguments.

jsonschema-rs does the work: linear regular expressions (no ReDoS by a child's pattern) and a microsecond
per small object. A schema may come from a hostile child: its size and depth are bounded, and nothing is
ever fetched for a `$ref`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jsonschema_rs
import msgspec
from msgspec import Raw

from museod.wire import codec

# The largest of our own schemas has 4 KiB; a quarter MiB is a generated one, more is an attack.
MAX_SCHEMA_BYTES = 256 * 1024
MAX_SCHEMA_DEPTH = 64
MAX_BACKTRACKING = 100_000  # about a millisecond; real patterns need a few hundred steps
# A model reads the text and mends all at once; more than a handful only hides the first.
MAX_FAULTS = 5
MAX_FAULT_CHARS = 200


class SchemaRefused(ValueError):
    """The schema cannot be used; the text says why."""


def _refuse_remote(uri: str) -> Any:
    raise SchemaRefused(f"remote $ref {uri[:100]!r} is never fetched")


class ArgumentsSchema:
    """A tool's compiled `inputSchema`."""

    __slots__ = ("_is_valid", "_iter_errors")

    def __init__(self, schema: Raw | bytes) -> None:
        """
        Compile `schema`.

        Raises:
            SchemaRefused: it is too large, too deep, invalid, of an unknown dialect, or refers elsewhere.
        """
        data = bytes(schema)
        if len(data) > MAX_SCHEMA_BYTES:
            raise SchemaRefused(f"the schema has over {MAX_SCHEMA_BYTES} bytes")
        if codec.is_too_deep(data, MAX_SCHEMA_DEPTH):
            raise SchemaRefused(f"the schema nests deeper than {MAX_SCHEMA_DEPTH} levels")
        try:
            plain = codec.decode(data)
        except msgspec.DecodeError as error:
            raise SchemaRefused(f"the schema is not valid JSON: {error}") from None
        if not isinstance(plain, dict) or plain.get("type", "object") != "object":
            raise SchemaRefused('the schema\'s root must have "type": "object"')
        validator = _compile(plain)
        self._is_valid = validator.is_valid
        self._iter_errors = validator.iter_errors

    def faults(self, arguments: object) -> Sequence[str]:
        """What is wrong with `arguments`, each naming its field; empty when nothing is."""
        if self._is_valid(arguments):
            return ()
        found = []
        for error in self._iter_errors(arguments):
            found.append(_word(error))
            if len(found) == MAX_FAULTS:
                break
        return found


def _compile(schema: dict[str, Any]) -> Any:
    # Linear expressions where the schema allows it; generated schemas with look-around get the
    # backtracking engine under a limit.
    for patterns in (
        jsonschema_rs.RegexOptions(),
        jsonschema_rs.FancyRegexOptions(backtrack_limit=MAX_BACKTRACKING),
    ):
        try:
            return jsonschema_rs.validator_for(schema, retriever=_refuse_remote, pattern_options=patterns)
        except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            reason = str(error).partition("\n")[0][:MAX_FAULT_CHARS]
    raise SchemaRefused(f"the schema does not compile: {reason}")


def _word(error: Any) -> str:
    path = ".".join(str(step) for step in error.instance_path)
    text = str(error.message)
    if len(text) > MAX_FAULT_CHARS:
        text = text[:MAX_FAULT_CHARS] + "…"
    return f"{path}: {text}" if path else text
