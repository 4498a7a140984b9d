"""
Phrases from templates: what `scripts/train-intent` learns from.

A template is a line of text: `(a|b)` is either, `[a]` is or is not there, `{x}` is one entry of the slot
`x`, which may itself be a template; `\\` takes the next character as it is.
`mcps/intent/phrases/common.toml` holds slots of all languages, `<language>.toml` those of one, its phrases
by intent and what people say before and after them.
"""

from __future__ import annotations

import hashlib
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PHRASES = Path(__file__).resolve().parent.parent / "mcps" / "intent" / "phrases"
LANGUAGES = ("en", "es", "fr", "de", "pt", "it", "tr", "vi")

# Nodes of a template: text, ("either", [node, …]), ("row", [node, …]) or ("slot", name).
Node = str | tuple[str, Any]


@dataclass(frozen=True)
class Language:
    """One language's templates by intent, in the order of their lines, and its slots."""

    code: str
    templates: Mapping[str, Sequence[Node]]
    slots: Mapping[str, Node]
    before: Node
    after: Node
    short: Mapping[str, Sequence[str]]  # how people abbreviate: word -> ways


def digest() -> str:
    """The hash of everything that the weights were learned from."""
    found = hashlib.sha256()
    for path in sorted(PHRASES.glob("*.toml")):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def read_language(code: str) -> Language:
    """
    Raises:
        ValueError: a template has an open bracket or an unknown slot.
    """
    common = _table("common")
    table = _table(code)
    slots = {name: parse(text) for name, text in (common["slots"] | table["slots"]).items()}
    templates = {}
    for intent, text in table["intents"].items():
        templates[intent] = [parse(line) for line in text.strip().splitlines() if line.strip()]
        for node in templates[intent]:
            _check(node, slots)
    return Language(
        code=code,
        templates=templates,
        slots=slots,
        before=parse(table["around"]["before"]),
        after=parse(table["around"]["after"]),
        short={word: ways.split("|") for word, ways in table.get("short", {}).items()},
    )


def _table(name: str) -> dict[str, Any]:
    with open(PHRASES / f"{name}.toml", "rb") as file:
        return tomllib.load(file)


def parse(text: str) -> Node:
    """The template in `text`; the bars of the outermost level count, too."""
    node, end = _alternatives(text.replace("\n", ""), 0, "")
    if end != len(text.replace("\n", "")):
        raise ValueError(f"A bracket is closed that was never opened: {text[:80]!r}")
    return node


def _alternatives(text: str, start: int, closing: str) -> tuple[Node, int]:
    ways: list[Node] = []
    row: list[Node] = []
    position = start
    while position < len(text):
        char = text[position]
        if char in "(":
            node, position = _alternatives(text, position + 1, ")")
            row.append(node)
        elif char == "[":
            node, position = _alternatives(text, position + 1, "]")
            row.append(("either", [node, ""]))
        elif char == "{":
            end = text.index("}", position)
            row.append(("slot", text[position + 1 : end]))
            position = end
        elif char == "|":
            ways.append(("row", row))
            row = []
        elif char in ")]":
            if char != closing:
                raise ValueError(f"{char} closes nothing: {text[:80]!r}")
            ways.append(("row", row))
            return ("either", ways), position
        else:
            if char == "\\":
                position += 1
            row.append(text[position])
        position += 1
    if closing:
        raise ValueError(f"{closing} is missing: {text[:80]!r}")
    ways.append(("row", row))
    return ("either", ways), position


def _check(node: Node, slots: Mapping[str, Node]) -> None:
    if isinstance(node, str):
        return
    kind, inner = node
    if kind == "slot":
        if inner not in slots:
            raise ValueError(f"There is no slot {{{inner}}}.")
        return
    for part in inner:
        _check(part, slots)


def say(node: Node, slots: Mapping[str, Node], rng: random.Random) -> str:
    """One phrase of a template."""
    return re.sub(r"\s+", " ", _said(node, slots, rng)).replace(" ,", ",").replace(" ?", "?").strip()


def _said(node: Node, slots: Mapping[str, Node], rng: random.Random) -> str:
    if isinstance(node, str):
        return node
    kind, inner = node
    if kind == "slot":
        return _said(slots[inner], slots, rng)
    if kind == "either":
        return _said(inner[rng.randrange(len(inner))], slots, rng)
    return "".join([_said(part, slots, rng) for part in inner])


def ways(node: Node) -> int:
    """How many phrases a template has, a slot counting as one."""
    if isinstance(node, str) or node[0] == "slot":
        return 1
    if node[0] == "either":
        return sum(ways(part) for part in node[1])
    product = 1
    for part in node[1]:
        product *= ways(part)
    return product
