"""
The service account's access token: fetched when first needed, renewed before it ends, by one at a time.

However many callers need a token, one fetch is under way; it belongs to the client and not to the caller
that started it, so a caller who leaves takes nothing from the others.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import quote_plus

import trio

from mcps.museo.errors import ApiError, ApiUnauthorized
from mcps.museo.models import TokenReply
from museod.observe.logs import get_logger

log = get_logger()

RENEW_AT = 0.8  # of a token's life: early enough for some failed tries before it ends
RETRY_SECONDS = 1.0  # between background renewals that fail while the old token still holds
MIN_LIFE_SECONDS = 1.0  # a token that ends sooner would be renewed in a hot loop

Fetch = Callable[[], Awaitable[TokenReply]]


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Key and secret of a service account, and the scopes that this client wants and no more."""

    key: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...] = ()

    @property
    def basic(self) -> str:
        """The credentials as HTTP Basic (RFC 6749, 2.3.1)."""
        pair = f"{quote_plus(self.key)}:{quote_plus(self.secret)}"
        return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


class _Flight:
    """One fetch under way, and what came of it."""

    def __init__(self) -> None:
        self.landed = trio.Event()
        self.error: ApiError | None = None


class TokenSource:
    """
    Gives out the current access token.

    Args:
        fetch: gets a new token; raises ApiError.
        nursery: where fetches run, whoever asked for them.
        scopes: what a token must grant.
    """

    def __init__(self, fetch: Fetch, nursery: trio.Nursery, scopes: tuple[str, ...] = ()) -> None:
        self._fetch = fetch
        self._nursery = nursery
        self._scopes = frozenset(scopes)
        self._token: str | None = None
        self._renew_at = 0.0
        self._expires_at = 0.0
        self._flight: _Flight | None = None

    async def get(self) -> str:
        """
        A token that holds now.

        Raises:
            ApiUnauthorized: the shop does not accept the account, or not with these scopes.
            ApiUnavailable: the token endpoint does not answer.

        Cancellation:
            The fetch goes on for those who still wait.
        """
        while True:
            now = trio.current_time()
            if self._token is not None and now < self._expires_at:
                if now >= self._renew_at:
                    self._take_off()
                return self._token
            flight = self._take_off()
            await flight.landed.wait()
            if flight.error is not None:
                # One copy for each waiter: an exception that is raised twice grows two tracebacks.
                raise copy.copy(flight.error)

    def reject(self, token: str) -> None:
        """The shop refused this token: the next caller gets a new one, unless somebody has it already."""
        if token == self._token:
            self._token = None

    def _take_off(self) -> _Flight:
        if self._flight is None:
            self._flight = _Flight()
            self._nursery.start_soon(self._fly, self._flight)
        return self._flight

    async def _fly(self, flight: _Flight) -> None:
        try:
            self._accept(await self._fetch())
        except ApiError as error:
            flight.error = error
            self._renew_at = trio.current_time() + RETRY_SECONDS
            log.warning("api_token_failed", reason=error.message)
        finally:
            self._flight = None
            flight.landed.set()

    def _accept(self, reply: TokenReply) -> None:
        granted = frozenset(reply.scope.split())
        if granted and (missing := sorted(self._scopes - granted)):
            raise ApiUnauthorized(
                f"The shop's service account lacks {', '.join(missing)}; an operator has to grant it."
            )
        life = max(MIN_LIFE_SECONDS, float(reply.expires_in))
        now = trio.current_time()
        self._token = reply.access_token
        self._renew_at, self._expires_at = now + life * RENEW_AT, now + life
