"""
Instagram: a text with up to 13 quick replies.

Limits of the Instagram Messaging API, "Send a message" and "Quick replies": 1,000 bytes of UTF-8 per text,
13 quick replies of 20 characters.
"""

from __future__ import annotations

from museod.chat.messages import Suggestion
from museod.chat.render.rendered import Rendered, cards, listed, parts_of, shorten
from museod.chat.reply import Neutral

TEXT_BYTES = 1000
QUICK_REPLIES = 13
QUICK_REPLY_CHARS = 20


def render(reply: Neutral) -> Rendered:
    """
    `message` is the first text; `data.parts` has all of them in order, the last with the quick replies.

    Suggestions that are too long or too many for quick replies are written out in the text.
    """
    suggestions = list(reply.suggestions)
    written = [
        one
        for place, one in enumerate(suggestions)
        if place >= QUICK_REPLIES or len(one.label) > QUICK_REPLY_CHARS
    ]
    texts = parts_of(listed(reply, written), TEXT_BYTES, _bytes)
    shown = [
        Suggestion(shorten(one.label, QUICK_REPLY_CHARS), one.message) for one in suggestions[:QUICK_REPLIES]
    ]
    parts: list[dict[str, object]] = [{"body": text} for text in texts]
    if shown:
        parts[-1]["quickReplies"] = [{"title": one.label, "message": one.message} for one in shown]
    return Rendered(texts[0], {**cards(reply), "parts": parts}, shown)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8"))
