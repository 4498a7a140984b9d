"""How calls of the contract become requests: paths, parameters, headers, and whoever they are about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from mcps.museo.auth import TokenSource
from mcps.museo.errors import ApiRejected
from mcps.museo.exchange import ApiRequest, Exchange
from mcps.museo.models import Problem
from museod.errors import Unauthenticated

Content = TypeVar("Content")

JSON = "application/json"
_USER = re.compile(r"[A-Za-z0-9._:@+-]{1,128}")


class Calls:
    """What the groups of calls share: the exchange, and the token that every call needs."""

    def __init__(self, exchange: Exchange, tokens: TokenSource) -> None:
        self._exchange = exchange
        self._tokens = tokens

    async def _send(self, request: ApiRequest, shape: type[Content]) -> Content:
        return await self._exchange.send(
            request, shape, authorize=self._tokens.get, reject=self._tokens.reject
        )


def get(
    path: str,
    endpoint: str,
    pairs: Sequence[tuple[str, str]] = (),
    locale: str = "en",
    headers: Mapping[str, str] | None = None,
) -> ApiRequest:
    """A read, which may be sent again."""
    return ApiRequest(
        "GET", path, endpoint, pairs, {**(headers or {}), "Accept-Language": locale}, may_repeat=True
    )


def write(
    method: str,
    path: str,
    endpoint: str,
    content: Any = None,
    *,
    pairs: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    locale: str = "en",
    content_type: str = JSON,
    may_repeat: bool = False,
) -> ApiRequest:
    """A change; `content` is encoded as JSON unless it is bytes already."""
    sent = {**(headers or {}), "Accept-Language": locale}
    body = content if isinstance(content, bytes) or content is None else msgspec.json.encode(content)
    if body is not None:
        sent["Content-Type"] = content_type
    return ApiRequest(method, path, endpoint, pairs, sent, body, may_repeat)


def shopper(user: str) -> dict[str, str]:
    """
    The header that names the shopper.

    Raises:
        Unauthenticated: nobody is named, or nobody that the shop could know.
    """
    if not _USER.fullmatch(user):
        raise Unauthenticated("A basket needs to know whose it is; please sign in first.")
    return {"X-Museo-User": user}


def acting(name: str) -> dict[str, str]:
    """The header that names who changes the catalogue, for the shop's audit log; none for nobody."""
    # What is no user id would break the header: the audit log can do without it.
    return {"X-Museo-Actor": name} if _USER.fullmatch(name) else {}


def version_tag(version: int) -> dict[str, str]:
    """The header that says which version a change is meant for."""
    return {"If-Match": f'"{version}"'}


def segment(text: str, missing: str) -> str:
    """
    A path segment of whatever a caller named, quoted.

    Raises:
        ApiRejected: nothing can have this name, so the shop need not be asked.
    """
    if not text or text in (".", "..") or len(text) > 200:  # no id is longer
        problem = Problem(
            type="about:blank", title="Not found", status=404, code=missing, detail="There is no such thing."
        )
        raise ApiRejected(404, problem)
    return quote(text, safe="")


def parameters(**values: str | int | bool | None) -> list[tuple[str, str]]:
    """Query parameters without those that are not given."""
    return [
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in values.items()
        if value is not None
    ]
