"""
A neutral reply fitted to one channel: one file per kind of client.

Each renderer takes a `Neutral` and returns a `Rendered` within its channel's limits. Nothing is lost: what a
button or a body cannot hold stands in the text or in a further part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from museod.chat.render import cli, instagram, mobile, web, whatsapp
from museod.chat.render.rendered import Rendered
from museod.chat.reply import Neutral

_RENDERERS: Mapping[str, Callable[[Neutral], Rendered]] = {
    "web-storefront": web.render,
    "web-admin": web.render,
    "mobile": mobile.render,
    "whatsapp": whatsapp.render,
    "instagram": instagram.render,
    "cli": cli.render,
}


def render(reply: Neutral, client_type: str) -> Rendered:
    """`reply` for one kind of client."""
    return _RENDERERS[client_type](reply)
