"""`python -m mcps.intent`: the intent server on stdin and stdout."""

from __future__ import annotations

import sys

from mcps.intent.grammar import grammar_for
from mcps.intent.tools import TOOLS
from mcps.kit.context import DEFAULT_LOCALE
from mcps.kit.server import run, serve
from museod import __version__

INSTRUCTIONS = "Ask analyze_intent what a shopper's message wants before choosing another tool."


async def main() -> None:
    """Serve until stdin ends."""
    await serve(
        "museo-intent",
        __version__,
        TOOLS,
        instructions=INSTRUCTIONS,
        warm_up=grammar_for(DEFAULT_LOCALE).warm_up,
    )


if __name__ == "__main__":
    sys.exit(run("intent", main))
