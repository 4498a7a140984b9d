"""What every renderer gives, and what they share: splitting a text into parts without losing a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from museod.chat.messages import Suggestion
from museod.chat.reply import Neutral


@dataclass(frozen=True, slots=True)
class Rendered:
    """The `message`, `data` and `suggestions` of a response frame."""

    message: str
    data: Mapping[str, Any] = field(default_factory=dict)
    suggestions: Sequence[Suggestion] = ()


def cards(reply: Neutral) -> dict[str, Any]:
    """The `data` of channels that draw cards themselves."""
    return {"cards": list(reply.cards)} if reply.cards else {}


def listed(reply: Neutral, written: Sequence[Suggestion]) -> str:
    """
    The reply's text with some of its suggestions as lines below it.

    They bear their place among all suggestions as a number, unless the text has numbers already: "2" must
    mean one thing. Labels that the text already spells out are not said twice.
    """
    lines = [reply.text]
    for place, one in enumerate(reply.suggestions, 1):
        if one in written and one.label not in reply.text:
            lines.append(f"• {one.label}" if reply.is_numbered else f"{place}. {one.label}")
    return "\n".join(lines)


def parts_of(text: str, limit: int, size: Callable[[str], int] = len) -> list[str]:
    """
    `text` in parts of at most `limit` by `size`, at least one.

    Cut at a line's end where possible, else between words, else anywhere; joined with what was between them
    (line breaks and spaces) they are the text again.
    """
    parts: list[str] = []
    rest = text
    while size(rest) > limit:
        cut = _longest(rest, limit, size)
        for separator in ("\n", " "):
            at = rest.rfind(separator, 1, cut + 1)
            if at > cut // 2:
                cut = at
                break
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [part for part in [*parts, rest] if part] or [""]


def _longest(text: str, limit: int, size: Callable[[str], int]) -> int:
    """The most characters of `text` that fit, at least one."""
    low, high = 1, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        if size(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def shorten(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, with an ellipsis where some are left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
