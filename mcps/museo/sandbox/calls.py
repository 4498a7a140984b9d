"""One request on its way through the sandbox, and the table row that says how to answer it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Raw

from mcps.museo.sandbox import ids
from mcps.museo.sandbox.problems import ProblemError, bad_request, invalid
from mcps.museo.sandbox.query import Query
from museod.transports.http1 import Headers, HttpResponse
from museod.wire import codec

if TYPE_CHECKING:
    from mcps.museo.sandbox.shop import Shop

Content = TypeVar("Content")

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
CATALOGUE_CACHE = "private, max-age=30"  # a price or a stock level may be half a minute old on a page
SMALL_BODY = 64 * 1024
MASTER_BODY = 1024 * 1024  # a product with a hundred variants and its texts in eight languages
LARGE_BODY = 10 * 1024 * 1024  # imports only

_USER = re.compile(r"[A-Za-z0-9._:@+-]{1,128}")
_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)


@dataclass(slots=True)
class Call:
    """What a handler gets: the checked parts of one request."""

    method: str
    path: str
    headers: Headers
    body: bytes
    now: datetime
    locale: str
    parameters: dict[str, str] = field(default_factory=dict)
    query: Query = field(default_factory=Query)
    account: str = ""  # the service account's id; empty where no token is needed
    user: str = ""  # the shopper it acts for; empty where none is needed
    peer: str = ""

    @property
    def idempotency_key(self) -> str | None:
        """The key under which this POST must have one effect only."""
        key = self.headers.get("Idempotency-Key")
        if key is not None and not 8 <= len(key) <= 128:
            raise bad_request("Idempotency-Key must have 8 to 128 characters.", pointer="/Idempotency-Key")
        return key

    @property
    def actor(self) -> str:
        """Who of the administration does this, for the audit log."""
        return (self.headers.get("X-Museo-Actor") or "")[:128]


Handler = Callable[["Shop", Call], HttpResponse]


@dataclass(frozen=True, slots=True)
class Route:
    """
    One operation of the contract.

    Args:
        path: segments in braces are parameters.
        scope: what the access token must allow; empty where no token is needed.
        query: the parameters it takes; "attr" stands for attr[…].
        for_user: whether it is about a shopper's own things (X-Museo-User).
        writes: runs in one transaction, and honours Idempotency-Key on POST.
    """

    method: str
    path: str
    operation: str
    handler: Handler
    scope: str = ""
    query: Sequence[str] = ()
    for_user: bool = False
    writes: bool = False
    body_limit: int = SMALL_BODY


def json_reply(
    call: Call, status: int, content: Any, *, version: int | None = None, cache: str = "no-store"
) -> HttpResponse:
    """
    A JSON answer in the caller's language.

    With `cache` other than no-store it has an entity tag and honours If-None-Match.
    """
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    headers = [("Cache-Control", cache), ("Content-Language", call.locale), ("Vary", "Accept-Language")]
    if version is not None:
        headers.append(("ETag", ids.etag(version)))
    elif cache != "no-store":
        headers.append(("ETag", ids.body_etag(body)))
    known = call.headers.get("If-None-Match")
    if known is not None and call.method in ("GET", "HEAD") and _names(known, dict(headers).get("ETag")):
        return HttpResponse(304, b"", headers)
    return HttpResponse(status, body, [("Content-Type", JSON), *headers])


def page_body(items: Sequence[Raw], page: Any, **members: Any) -> bytes:
    """A page of items that are already encoded."""
    return msgspec.json.encode({"items": list(items), "page": page, **members})


def check_version(call: Call, current: int, conflict: str) -> None:
    """
    See that a change is meant for the current version (RFC 9110, 13.1.1).

    Raises:
        ProblemError: precondition_required without If-Match, `conflict` with a stale one.
    """
    sent = call.headers.get("If-Match")
    if sent is None:
        raise ProblemError("precondition_required", "Send If-Match with the ETag of what you last read.")
    if sent.strip() != "*" and ids.version_of(sent) != current:
        detail = "It was changed meanwhile; read it again and repeat the change."
        raise ProblemError(conflict, detail, current_version=current)


def check_user(headers: Headers) -> str:
    """
    The shopper that a request is about.

    Raises:
        ProblemError: X-Museo-User is missing or is no user id.
    """
    user = headers.get("X-Museo-User")
    if user is None or not _USER.fullmatch(user):
        detail = "X-Museo-User must name the shopper: 1 to 128 of A-Z a-z 0-9 . _ : @ + -"
        raise bad_request(detail, pointer="/X-Museo-User")
    return user


def media_type(call: Call) -> str:
    """The Content-Type without its parameters, in lower case."""
    return (call.headers.get("Content-Type") or "").partition(";")[0].strip().lower()


def read_json(call: Call, shape: type[Content], *, media: str = JSON) -> Content:
    """
    The request's JSON content.

    Raises:
        ProblemError: no JSON (415, 400), or JSON that is not of this shape (422 with a pointer).
    """
    if media_type(call) != media:
        raise ProblemError("unsupported_media_type", f"Send the content as {media}.")
    if codec.is_too_deep(call.body):
        raise bad_request("The content nests too deeply; flatten it.")
    try:
        content = msgspec.json.decode(call.body, type=shape)
        _refuse_duplicates(call.body)
    except msgspec.ValidationError as error:
        _refuse_duplicates(call.body)
        raise _misshapen(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise bad_request("The content is not valid JSON.") from None
    return content


def converted(content: Any, shape: type[Content]) -> Content:
    """
    Content that was put together here, as `shape`.

    Raises:
        ProblemError: it is not of this shape (422 with a pointer).
    """
    try:
        return msgspec.convert(content, type=shape)
    except msgspec.ValidationError as error:
        raise _misshapen(error) from None


def _misshapen(error: msgspec.ValidationError) -> ProblemError:
    match = _WHERE.match(str(error))
    what, path = (match["what"], match["path"] or "") if match else (str(error), "")
    return invalid(_pointer(path), what)


def _refuse_duplicates(body: bytes) -> None:
    """A member that stands twice would mean one thing here and another elsewhere."""

    def check(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise invalid("/" + _escape(twice), "This member is given twice; send it once.")
        return members

    json.loads(body, object_pairs_hook=check)


def _pointer(path: str) -> str:
    """msgspec's `.a[0].b` as a JSON Pointer."""
    return "".join("/" + _escape(part) for part in re.findall(r"[^.\[\]]+", path))


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _names(known: str, tag: str | None) -> bool:
    """Whether an If-None-Match header names the tag; comparison is weak (RFC 9110, 13.1.2)."""
    if tag is None:
        return False
    candidates = [candidate.strip().removeprefix("W/") for candidate in known.split(",")]
    return "*" in candidates or tag in candidates
