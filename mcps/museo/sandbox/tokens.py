"""The token endpoint (RFC 6749, 4.4) and the keys to check tokens with."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl, unquote_plus

from msgspec import Struct

from mcps.museo.models import TokenReply
from mcps.museo.sandbox.calls import JSON, Call, Route, json_reply, media_type, read_json
from mcps.museo.sandbox.issuer import LIFETIME_SECONDS
from mcps.museo.sandbox.problems import ProblemError, bad_request
from mcps.museo.sandbox.shop import Shop
from museod.transports.http1 import HttpResponse

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 16


class _TokenRequest(Struct):
    grant_type: str
    client_id: str = ""
    client_secret: str = ""
    scope: str = ""


def issue_token(shop: Shop, call: Call) -> HttpResponse:
    """A token for the service account, with the scopes it asks for or all it has."""
    request = _read(call)
    if request.grant_type != "client_credentials":
        raise _refused("unsupported_grant_type", "grant_type must be client_credentials.", "/grant_type")
    key, secret = _credentials(call, request)
    account = shop.issuer.account
    if not account.admits(key, secret):
        raise ProblemError(
            "invalid_client",
            "Key or secret is wrong; check MCP_API_KEY and MCP_API_SECRET on both sides.",
            headers=[("WWW-Authenticate", 'Basic realm="museo"')],
            error="invalid_client",
        )
    scopes = frozenset(request.scope.split()) or frozenset(account.scopes)
    if unknown := sorted(scopes - set(account.scopes)):
        raise _refused("invalid_scope", f"The account does not have {', '.join(unknown)[:200]}.", "/scope")
    token = shop.issuer.issue(scopes, call.now)
    return json_reply(call, 200, TokenReply(token, "Bearer", LIFETIME_SECONDS, " ".join(sorted(scopes))))


def get_jwks(shop: Shop, call: Call) -> HttpResponse:
    """The public keys."""
    return json_reply(call, 200, shop.issuer.key_set(), cache="public, max-age=300")


def _read(call: Call) -> _TokenRequest:
    kind = media_type(call)
    if kind == JSON:
        return read_json(call, _TokenRequest)
    if kind != FORM:
        raise ProblemError("unsupported_media_type", f"Send the content as {FORM} or {JSON}.")
    try:
        pairs = parse_qsl(
            call.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise bad_request("The form cannot be read.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _refused("invalid_request", "A parameter is given twice; send it once.", "")
    if "grant_type" not in fields:
        raise _refused("invalid_request", "grant_type is missing; send client_credentials.", "/grant_type")
    known = {name: fields[name] for name in _TokenRequest.__struct_fields__ if name in fields}
    return _TokenRequest(**known)


def _credentials(call: Call, request: _TokenRequest) -> tuple[str, str]:
    """From HTTP Basic or from the content; from both at once is a mistake (RFC 6749, 2.3)."""
    authorization = call.headers.get("Authorization")
    if authorization is None:
        return request.client_id, request.client_secret
    if request.client_secret:
        raise _refused("invalid_request", "Send the credentials once: in Basic or in the content.", "")
    scheme, _, encoded = authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError
        key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        raise _refused("invalid_request", "The Authorization header is no HTTP Basic.", "") from None
    return unquote_plus(key), unquote_plus(secret)


def _refused(error: str, detail: str, pointer: str) -> ProblemError:
    """A problem that also carries the OAuth error word."""
    return ProblemError(
        "invalid_request", detail, pointers=[(pointer, detail)] if pointer else (), error=error
    )


ROUTES = (
    Route("POST", "/api/v1/auth/token", "issueToken", issue_token),
    Route("GET", "/.well-known/jwks.json", "getJwks", get_jwks),
)
