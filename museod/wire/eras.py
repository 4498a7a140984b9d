"""The revisions of MCP in their order, and the two eras they form."""

from __future__ import annotations

from enum import Enum
from typing import Final

MODERN_REVISION: Final = "2026-07-28"
LEGACY_REVISIONS: Final = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")  # newest first
NEWEST_LEGACY: Final = LEGACY_REVISIONS[0]
# What a request without MCP-Protocol-Version speaks (spec 2025-06-18, "Protocol Version Header").
ASSUMED_WITHOUT_HEADER: Final = "2025-03-26"

# The one revision whose receivers must take batches.
BATCH_REVISION: Final = "2025-03-26"


class Era(Enum):
    """Modern: every request stands alone. Legacy: a handshake opens a session."""

    MODERN = "modern"
    LEGACY = "legacy"


def era_of(revision: str) -> Era | None:
    """The era of a revision, or None for one we do not speak."""
    if revision == MODERN_REVISION:
        return Era.MODERN
    if revision in LEGACY_REVISIONS:
        return Era.LEGACY
    return None


def is_at_least(revision: str, other: str) -> bool:
    """Whether `revision` is `other` or newer; revisions are dates, so their text orders them."""
    return revision >= other


def negotiated(requested: str) -> str:
    """What `initialize` answers: the asked revision if we speak it, else our newest legacy one."""
    return requested if requested in LEGACY_REVISIONS else NEWEST_LEGACY
