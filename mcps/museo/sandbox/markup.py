"""The frame of the sandbox's HTML pages: one style, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import html

from mcps.museo.sandbox.calls import Call
from museod.transports.http1 import HttpResponse

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:46rem;padding:0 1rem;color:#222}"
    "img{float:right;width:16rem;max-width:45%;border-radius:12px;margin:0 0 1rem 1.5rem}"
    "table{border-collapse:collapse;clear:both}td,th{padding:.3rem 1rem .3rem 0;text-align:left}"
    "button{font:inherit;padding:.5rem 1.5rem;border-radius:8px;border:1px solid #888;cursor:pointer}"
    ".price{font-size:1.4rem}.muted{color:#666}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
_POLICY = (
    f"default-src 'none'; img-src 'self'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def page(call: Call, title: str, content: str) -> HttpResponse:
    """A page; `content` is HTML already, `title` is not."""
    body = (
        f'<!doctype html><html lang="{html.escape(call.locale)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{html.escape(title)}</h1>{content}</main></body></html>"
    )
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", _POLICY),
        ("X-Content-Type-Options", "nosniff"),
        # The link is a secret of its order; with no-referrer a form's Origin would be hidden from us too.
        ("Referrer-Policy", "same-origin"),
    ]
    return HttpResponse(200, body.encode(), headers)
