"""Two wishes in one message: where it may be cut, and whether both halves are wishes of their own. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from museod.chat.situation import Analysis

# Both halves must be this clear; a bare name is understood with 0.62 and is most likely half of a list.
CLEAR = 0.7
MAX_CUTS = 2  # each costs two analyses
MAX_CHARS = 400  # who writes more tells a story
_SENTENCE = re.compile(r"(?<=[^\d\s])[.;!?]+\s+(?=\S)")
_THEN = re.compile(
    r",?\s+(?:and then|and also|then|y luego|y después|luego|y también|et puis|puis|et ensuite|und dann|dann"
    r"|und auch|e depois|depois|e também|e poi|poi|e anche|ve sonra|sonra|ve ayrıca|rồi|và sau đó|sau đó)\s+",
    re.IGNORECASE,
)
_AND = re.compile(r",?\s+(?:and|y|e|et|und|ve|và)\s+|,\s+", re.IGNORECASE)
_NOT_WISHES = frozenset({"greeting", "help", "thanks", "goodbye", "other"})


def cuts(message: str) -> list[tuple[str, str]]:
    """The ways in which `message` may be two wishes, the likeliest first."""
    if len(message) > MAX_CHARS or "\n" in message:  # lines are something that was pasted
        return []
    found: list[tuple[str, str]] = []
    for pattern in (_SENTENCE, _THEN, _AND):
        for match in pattern.finditer(message):
            halves = (message[: match.start()].strip(" ,"), message[match.end() :].strip(" ,"))
            if all(halves) and halves not in found:
                found.append(halves)
    return found[:MAX_CUTS]


def are_two(whole: Analysis, halves: Sequence[Analysis]) -> bool:
    """Whether the halves are wishes of their own, and not one thing said in two parts."""
    if whole.tool == "compare_products":
        return False
    if any(half.confidence < CLEAR or half.intent in _NOT_WISHES for half in halves):
        return False
    return len({half.intent for half in halves}) == len(halves)
