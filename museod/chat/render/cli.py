"""Terminals: text alone. Suggestions stand below it, since nothing can be pressed."""

from __future__ import annotations

from museod.chat.render.rendered import Rendered, cards
from museod.chat.reply import Neutral


def render(reply: Neutral) -> Rendered:
    """The text, then each suggestion as what to type; the cards stay in `data` for scripts."""
    missing = [one.message for one in reply.suggestions if one.message not in reply.text]
    text = "\n".join([reply.text, *(f"→ {message}" for message in missing)])
    return Rendered(text, cards(reply), list(reply.suggestions))
