"""Mobile apps: cards as on the web, but one row of suggestion chips."""

from __future__ import annotations

from museod.chat.render.rendered import Rendered, cards, listed
from museod.chat.reply import Neutral

MAX_CHIPS = 8  # two swipes on a small screen


def render(reply: Neutral) -> Rendered:
    """The first suggestions as chips; with more of them all are listed in the text too."""
    suggestions = list(reply.suggestions)
    text = listed(reply, suggestions) if len(suggestions) > MAX_CHIPS else reply.text
    return Rendered(text, cards(reply), suggestions[:MAX_CHIPS])
