"""Web pages, the shop's and the administration's: they draw cards and any number of suggestions."""

from __future__ import annotations

from museod.chat.render.rendered import Rendered, cards
from museod.chat.reply import Neutral


def render(reply: Neutral) -> Rendered:
    """Everything as it is: the whole text for those who show nothing else, the same as cards."""
    return Rendered(reply.text, cards(reply), list(reply.suggestions))
