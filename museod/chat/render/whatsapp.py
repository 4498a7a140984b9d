"""
WhatsApp: one body with up to 3 reply buttons, or with a list of up to 10 rows.

Limits of the WhatsApp Business Platform, "Interactive reply buttons messages" and "Interactive list
messages": body 1,024 characters, button title 20, list row title 24 and description 72, list button 20.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from museod.chat.messages import Suggestion
from museod.chat.render.rendered import Rendered, cards, listed, parts_of, shorten
from museod.chat.reply import Neutral

BODY_CHARS = 1024
BUTTONS = 3
BUTTON_CHARS = 20
ROWS = 10
ROW_CHARS = 24
DESCRIPTION_CHARS = 72


def render(reply: Neutral) -> Rendered:
    """
    `message` is the first body; `data.parts` has all of them in order where there is more than one thing.

    The last part carries the buttons or the list. Suggestions whose label is too long for their place, and
    those beyond the tenth, are written out in the text.
    """
    suggestions = list(reply.suggestions)
    label_limit = BUTTON_CHARS if len(suggestions) <= BUTTONS else ROW_CHARS
    written = [one for place, one in enumerate(suggestions) if place >= ROWS or len(one.label) > label_limit]
    bodies = parts_of(listed(reply, written), BODY_CHARS)
    parts: list[dict[str, Any]] = [{"body": body} for body in bodies]
    shown = suggestions[:ROWS]
    if shown:
        parts[-1].update(_buttons(shown) if len(suggestions) <= BUTTONS else _rows(shown))
    data = {**cards(reply), "parts": parts}
    return Rendered(bodies[0], data, [_fitted(one, label_limit) for one in shown])


def _buttons(suggestions: Sequence[Suggestion]) -> dict[str, Any]:
    return {
        "buttons": [
            {"title": shorten(one.label, BUTTON_CHARS), "message": one.message} for one in suggestions
        ]
    }


def _rows(suggestions: Sequence[Suggestion]) -> dict[str, Any]:
    rows = []
    for one in suggestions:
        row = {"title": shorten(one.label, ROW_CHARS), "message": one.message}
        if row["title"] != one.label:
            row["description"] = shorten(one.label, DESCRIPTION_CHARS)
        rows.append(row)
    return {"rows": rows}


def _fitted(one: Suggestion, limit: int) -> Suggestion:
    return Suggestion(shorten(one.label, limit), one.message)
