"""
HTTP with the shop: one pool, deadlines, repeats of what is safe, a breaker, and errors in our own words.

The only module that knows httpx. A call has one deadline for all its attempts: the caller's own, if that is
nearer than ours. Repeated is what was never sent, what the shop says it did not do, and, where the answer
got lost, only what has no second effect (reads, and POSTs with an Idempotency-Key).
"""

from __future__ import annotations

import random
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import httpx
import msgspec
import trio

from mcps.museo.breaker import Breaker, BreakerState, Outcome
from mcps.museo.errors import ApiError, ApiLimited, ApiRejected, ApiUnauthorized, ApiUnavailable
from mcps.museo.models import Problem
from museod import __version__
from museod.errors import ConfigError, Fault
from museod.observe import context
from museod.observe.logs import get_logger

log = get_logger()

Content = TypeVar("Content")
Authorize = Callable[[], Awaitable[str]]
Reject = Callable[[str], None]
OnRequest = Callable[[str, str, float], None]

MAX_RESPONSE_BYTES = 4 * 1024 * 1024  # a page of 100 products is below 1 MiB
_SECONDS = re.compile(r"[0-9]{1,5}")  # a Retry-After of more than a day means nothing to a person who waits
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class ExchangeLimits:
    """Ceilings of one client, each with its reason."""

    call_seconds: float = 10.0  # a person waits for the answer
    attempt_seconds: float = 5.0  # leaves room for a second attempt
    connect_seconds: float = 2.0
    margin_seconds: float = 0.1  # we give up this long before our caller does, so that it hears why
    max_connections: int = 32  # 64 calls may be in flight in a child; the shop serves half of them at a time
    keepalive_seconds: float = 30.0  # below the idle timeout of any shop
    attempts: int = 3
    backoff_seconds: float = 0.1  # doubled with each attempt, with full jitter
    max_backoff_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """
    One call of the API.

    `endpoint` names the operation in metrics and logs. `may_repeat` says that a second run has no second
    effect.
    """

    method: str
    path: str
    endpoint: str
    parameters: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    may_repeat: bool = False


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: httpx.Headers
    body: bytes


class _Failed(Exception):
    """One attempt came to nothing: the error to raise, and whether another attempt makes sense."""

    def __init__(
        self,
        reason: str,
        error: ApiError,
        *,
        outcome: Outcome = Outcome.FAILED,
        may_repeat: bool = False,
        is_stale_token: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error
        self.outcome = outcome
        self.may_repeat = may_repeat
        self.is_stale_token = is_stale_token


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


class Exchange:
    """
    Sends requests to one shop and returns what it answered, decoded.

    Args:
        on_request: told of each attempt: endpoint, status (or what went wrong), seconds.
        jitter: a number from 0 to 1 for each back-off.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        limits: ExchangeLimits | None = None,
        breaker: Breaker | None = None,
        on_request: OnRequest | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._http = http
        self._limits = limits or ExchangeLimits()
        self._breaker = breaker or Breaker()
        self._on_request = on_request
        self._jitter = jitter

    @property
    def breaker_state(self) -> BreakerState:
        """Whether the shop is taken to be up."""
        return self._breaker.state

    async def send(
        self,
        request: ApiRequest,
        shape: type[Content],
        *,
        authorize: Authorize | None = None,
        reject: Reject | None = None,
    ) -> Content:
        """
        Do one call and return its answer as `shape`.

        Args:
            authorize: gives the access token.
            reject: told of a token that the shop refused; the call is then tried once with a new one.

        Raises:
            ApiRejected: the shop refused; its problem says why.
            ApiUnauthorized: it does not accept our account.
            ApiLimited: it wants us to wait longer than the deadline allows.
            ApiUnavailable: it does not answer, or not with what it should.

        Cancellation:
            The connection is closed; whether a change took effect is unknown.
        """
        limits = self._limits
        ours = trio.current_time() + limits.call_seconds
        deadline = min(ours, trio.current_effective_deadline() - limits.margin_seconds)
        attempt, is_renewed = 1, False
        while True:
            try:
                token = await self._token(authorize, deadline)
                return await self._attempt(request, shape, token, reject, deadline)
            except _Failed as failed:
                if failed.is_stale_token and not is_renewed:
                    is_renewed = True
                    continue
                delay = self._delay(attempt, failed.error.retry_after)
                has_time = trio.current_time() + delay < deadline
                if not failed.may_repeat or attempt >= limits.attempts or not has_time:
                    raise failed.error from None
                log.info(
                    "api_attempt_failed",
                    endpoint=request.endpoint,
                    attempt=attempt,
                    reason=failed.reason,
                    delay=round(delay, 3),
                )
            attempt += 1
            await trio.sleep(delay)

    async def _token(self, authorize: Authorize | None, deadline: float) -> str | None:
        # Before the breaker is asked: fetching a token is a call of its own, and would wait for itself.
        if authorize is None:
            return None
        with trio.move_on_at(deadline):
            return await authorize()
        raise ApiUnavailable()

    def _delay(self, attempt: int, retry_after: float | None) -> float:
        limits = self._limits
        backoff = min(limits.max_backoff_seconds, limits.backoff_seconds * 2.0 ** (attempt - 1))
        return max(backoff * self._jitter(), retry_after or 0.0)

    async def _attempt(
        self,
        request: ApiRequest,
        shape: type[Content],
        token: str | None,
        reject: Reject | None,
        deadline: float,
    ) -> Content:
        started = trio.current_time()
        wait = self._breaker.admit(started)
        if wait is not None:
            raise ApiUnavailable(retry_after=wait)
        outcome, status = Outcome.ABANDONED, "cancelled"
        try:
            reply = await self._exchange(request, token, deadline)
            status = str(reply.status)
            if reply.status == 401 and token is not None and reject is not None:
                reject(token)
            content = _judge(request, reply, shape)
            outcome = Outcome.ANSWERED
            return content
        except _Failed as failed:
            outcome = failed.outcome
            status = failed.reason if status == "cancelled" else status
            raise
        finally:
            now = trio.current_time()
            self._breaker.record(outcome, now)
            if self._on_request is not None:
                self._on_request(request.endpoint, status, now - started)

    async def _exchange(self, request: ApiRequest, token: str | None, deadline: float) -> _Reply:
        """One request and its whole answer, whatever the answer is."""
        limit = min(deadline, trio.current_time() + self._limits.attempt_seconds)
        try:
            with trio.move_on_at(limit):
                return await self._receive(request, token)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise _Failed("not_connected", ApiUnavailable(), may_repeat=True) from None
        except httpx.PoolTimeout:
            # All our own connections are busy: that says nothing about the shop.
            raise _Failed("pool_full", ApiUnavailable(), outcome=Outcome.ABANDONED, may_repeat=True) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _lost(request, type(error).__name__) from None
        raise _lost(request, "timeout")

    async def _receive(self, request: ApiRequest, token: str | None) -> _Reply:
        headers = {**_trace_headers(), **request.headers}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        outgoing = self._http.build_request(
            request.method,
            request.path,
            params=list(request.parameters),
            headers=headers,
            content=request.content,
        )
        if request.content is not None:
            outgoing.stream = _Content(request.content)
        async with aclosing(await self._http.send(outgoing, stream=True)) as response:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise _lost(request, "encoded")  # we asked for none: what unpacks here may be a bomb
            body = bytearray()
            # Leaving the loop early would orphan httpx's nested generators; a cancelled read ends them all.
            with trio.CancelScope() as reading:
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_RESPONSE_BYTES:
                        reading.cancel()
            if len(body) > MAX_RESPONSE_BYTES:
                raise _lost(request, "too_large")
            return _Reply(response.status_code, response.headers, bytes(body))


@asynccontextmanager
async def open_exchange(
    base_url: str,
    *,
    limits: ExchangeLimits | None = None,
    on_request: OnRequest | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Exchange]:
    """
    A pool of connections to one shop.

    Args:
        base_url: http or https, without credentials, query or fragment.
        transport: stands for the network in tests.

    Raises:
        ConfigError: the address cannot be used.
    """
    limits = limits or ExchangeLimits()
    is_tls = _check_base_url(base_url)
    async with httpx.AsyncClient(
        base_url=base_url,
        # Reading the trust store takes 100 ms that a plain connection need not wait for: this context
        # trusts nobody.
        verify=ssl.create_default_context() if is_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        headers={
            "Accept": "application/json, application/problem+json",
            "Accept-Encoding": "identity",
            "User-Agent": f"museod/{__version__}",
        },
        # Whole attempts are bounded by their own scope; these two are about not reaching the shop at all.
        timeout=httpx.Timeout(None, connect=limits.connect_seconds, pool=limits.attempt_seconds),
        limits=httpx.Limits(
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_connections,
            keepalive_expiry=limits.keepalive_seconds,
        ),
        follow_redirects=False,
        trust_env=False,  # no proxy and no .netrc by accident: the secret goes to this address only
        transport=transport,
    ) as http:
        yield Exchange(http, limits=limits, on_request=on_request)


def _check_base_url(base_url: str) -> bool:
    """Whether it is https."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment:
        remedy = "must be an address such as https://api.shop.example, without credentials or query"
        raise ConfigError([Fault("environment", "MCP_MUSEO_API_URL", remedy)])
    return url.scheme == "https"


def _trace_headers() -> dict[str, str]:
    """The context of the work at hand, so that the shop's log can be read together with ours."""
    headers: dict[str, str] = {}
    correlation, trace = context.correlation_id.get(), context.trace_parent.get()
    if context.is_correlation_id(correlation):
        headers["X-Correlation-Id"] = correlation
    if context.is_trace_parent(trace):
        headers["traceparent"] = trace
    return headers


def _judge(request: ApiRequest, reply: _Reply, shape: type[Content]) -> Content:
    """The content of a good answer; every other answer as `_Failed`."""
    status = reply.status
    if 200 <= status < 300:
        try:
            return msgspec.json.decode(reply.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _lost(request, "garbage") from None
    problem = _problem(reply)
    retry_after = _retry_after(reply)
    if status == 401:
        raise _Failed(
            "unauthorized",
            ApiUnauthorized("The shop does not accept our service account; an operator has to check it."),
            outcome=Outcome.ANSWERED,
            is_stale_token=True,
        )
    if status == 429:
        text = "The shop asks us to slow down; please try again in a moment."
        limited = ApiLimited(text, retry_after=retry_after or 1.0)
        raise _Failed("limited", limited, outcome=Outcome.ANSWERED, may_repeat=True)
    if problem is not None and problem.code == "idempotency_in_progress":
        running = ApiUnavailable(retry_after=retry_after, maybe_done=True)
        raise _Failed("in_progress", running, outcome=Outcome.ANSWERED, may_repeat=True)
    if problem is not None and problem.code == "insufficient_scope":
        text = f"The shop's service account may not do this ({problem.detail or problem.title})"
        raise _Failed("forbidden", ApiUnauthorized(text), outcome=Outcome.ANSWERED)
    # A payment provider that is down is the shop's answer, not its failure.
    if problem is not None and (status < 500 or problem.code == "provider_unavailable"):
        raise _Failed("rejected", ApiRejected(status, problem), outcome=Outcome.ANSWERED)
    raise _lost(request, f"status_{status}", retry_after)


def _lost(request: ApiRequest, reason: str, retry_after: float | None = None) -> _Failed:
    """No usable answer: the call may have taken effect."""
    maybe_done = request.method not in _SAFE
    error = ApiUnavailable(retry_after=retry_after, maybe_done=maybe_done)
    return _Failed(reason, error, may_repeat=request.may_repeat)


def _problem(reply: _Reply) -> Problem | None:
    try:
        return msgspec.json.decode(reply.body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _retry_after(reply: _Reply) -> float | None:
    text = reply.headers.get("Retry-After", "")
    return float(text) if _SECONDS.fullmatch(text) else None
