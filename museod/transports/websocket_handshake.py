"""The opening handshake of a WebSocket connection, judged before the connection is handed over."""

from __future__ import annotations

import base64
import binascii
import re

from museod.errors import Kind
from museod.transports.http_messages import HttpRequest, HttpResponse, error_response

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def check_upgrade(request: HttpRequest) -> HttpResponse | None:
    """The refusal of a request that is no good opening handshake (RFC 6455, section 4.2.1), else None."""
    headers = request.headers
    if request.method != "GET" or request.is_http_10:
        return _refusal(400, "A WebSocket handshake is a GET request of HTTP/1.1.")
    if headers.tokens("upgrade") != ["websocket"] or "upgrade" not in headers.tokens("connection"):
        return _refusal(
            426, "Connect with `Connection: Upgrade` and `Upgrade: websocket`.", [("Upgrade", "websocket")]
        )
    if headers.get_all("sec-websocket-version") != ["13"]:
        return _refusal(426, "The WebSocket version spoken here is 13.", [("Sec-WebSocket-Version", "13")])
    if request.body or headers.get("transfer-encoding") or headers.get("content-length") not in (None, "0"):
        return _refusal(400, "A WebSocket handshake has no body.")
    keys = headers.get_all("sec-websocket-key")
    if len(keys) != 1 or not _is_key(keys[0]):
        return _refusal(400, "Send one Sec-WebSocket-Key: 16 random bytes in base64.")
    offered = [
        part.strip() for value in headers.get_all("sec-websocket-protocol") for part in value.split(",")
    ]
    if any(_TOKEN.fullmatch(name) is None for name in offered) or len(set(offered)) != len(offered):
        return _refusal(400, "Sec-WebSocket-Protocol is a list of different tokens.")
    return None


def _refusal(status: int, message: str, headers: list[tuple[str, str]] | None = None) -> HttpResponse:
    # Closed after it: what the client has sent behind its handshake are frames, not requests.
    return error_response(status, Kind.INVALID_REQUEST, message, headers or [], close=True)


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
