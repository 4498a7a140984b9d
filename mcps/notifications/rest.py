"""HTTP with the providers of SMS and WhatsApp. The only module here that knows httpx."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import trio

from museod import __version__
from museod.errors import ConfigError, Fault

CONNECT_SECONDS = 3.0
REQUEST_SECONDS = 10.0  # providers answer in a second; below the worker's own ceiling of an attempt
MAX_RESPONSE_BYTES = 1024 * 1024  # a page of 50 messages is some 50 KiB
MAX_CONNECTIONS = 8
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotReached(Exception):
    """Nothing was sent."""


class AnswerLost(Exception):
    """The request may have taken effect: no usable answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, whatever it says; `retry_after` in seconds, if the server named it."""

    status: int
    body: bytes
    retry_after: float | None = None


class _Content(httpx.AsyncByteStream):
    """A request's content; httpx's own is a generator that a broken connection leaves unfinished."""

    def __init__(self, content: bytes) -> None:
        self._rest: bytes | None = content

    def __aiter__(self) -> _Content:
        return self

    async def __anext__(self) -> bytes:
        if self._rest is None:
            raise StopAsyncIteration
        chunk, self._rest = self._rest, None
        return chunk


class Rest:
    """One provider's API."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """
        One request and its whole answer.

        Raises:
            NotReached, AnswerLost: there was none; texts name what happened, without addresses.
        """
        try:
            with trio.move_on_after(REQUEST_SECONDS):
                return await self._receive(method, path, content, headers or {})
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotReached(type(error).__name__) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise AnswerLost(type(error).__name__) from None
        raise AnswerLost("timeout")

    async def _receive(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        outgoing = self._http.build_request(method, path, headers=dict(headers), content=content)
        if content is not None:
            outgoing.stream = _Content(content)
        async with aclosing(await self._http.send(outgoing, stream=True)) as response:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise AnswerLost("encoded")  # we asked for none: what unpacks here may be a bomb
            body = bytearray()
            # Leaving the loop early would orphan httpx's nested generators; a cancelled read ends them all.
            with trio.CancelScope() as reading:
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_RESPONSE_BYTES:
                        reading.cancel()
            if len(body) > MAX_RESPONSE_BYTES:
                raise AnswerLost("too_large")
            return Answer(response.status_code, bytes(body), _retry_after(response.headers))


@asynccontextmanager
async def open_rest(base_url: str, *, variable: str, authorization: str) -> AsyncIterator[Rest]:
    """
    A pool of connections to one provider.

    Args:
        base_url: https; plain http on this machine only, since the secret travels with every request.
        variable: where the address came from, for the error.

    Raises:
        ConfigError: the address cannot be used.
    """
    is_tls = _check(base_url, variable)
    async with httpx.AsyncClient(
        base_url=base_url,
        # Reading the trust store takes 100 ms that a plain connection need not wait for: this context
        # trusts nobody.
        verify=ssl.create_default_context() if is_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        headers={
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": authorization,
            "User-Agent": f"museod/{__version__}",
        },
        # Whole requests are bounded by their own scope; these two are about not reaching the server at all.
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS, pool=REQUEST_SECONDS),
        limits=httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS),
        follow_redirects=False,
        trust_env=False,  # no proxy and no .netrc by accident: the secret goes to this address only
    ) as http:
        yield Rest(http)


def _check(base_url: str, variable: str) -> bool:
    """Whether it is https."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    is_secret = url.scheme == "https" or (url.scheme == "http" and url.host in _LOOPBACK)
    if not is_secret or not url.host or url.userinfo or url.query or url.fragment:
        remedy = "must be an https address without credentials or query (http on this machine only)"
        raise ConfigError([Fault("environment", variable, remedy)])
    return url.scheme == "https"


def _retry_after(headers: httpx.Headers) -> float | None:
    """RFC 9110, 10.2.3: seconds or a date."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
