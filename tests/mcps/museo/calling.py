"""A sandbox without a port: the app, called with requests, in the tests' own process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from mcps.museo.sandbox.app import App
from mcps.museo.sandbox.faults import Faults, parse_faults
from mcps.museo.sandbox.issuer import Account
from mcps.museo.sandbox.shop import Shop, open_shop
from mcps.museo.sandbox.state import IN_MEMORY, State
from museod.transports.http1 import Headers, HttpRequest, HttpResponse

ACCOUNT = Account("key", "secret")
BASE_URL = "http://127.0.0.1:8000"
START = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """Wall time that moves when the test says so."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@dataclass
class Answer:
    """A response, with its parts at hand."""

    response: HttpResponse

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def json(self) -> Any:
        return json.loads(self.response.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])

    def header(self, name: str) -> str | None:
        return Headers(self.response.headers).get(name)


@dataclass
class Caller:
    """Calls the app as a service account would, with a token for all scopes."""

    app: App
    clock: FakeClock
    token: str = ""
    user: str = "alice"
    headers: dict[str, str] = field(default_factory=dict)

    async def __call__(
        self,
        method: str,
        target: str,
        content: object = None,
        *,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        sent: dict[str, str | None] = {
            "Host": "127.0.0.1:8000",
            "Authorization": f"Bearer {self.token}" if self.token else None,
            "X-Museo-User": self.user,
            **self.headers,
        }
        body = b""
        if content is not None:
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        parts = urlsplit(target)
        response = await self.app(
            HttpRequest(
                method,
                target,
                parts.path,
                parts.query,
                Headers([(name, value) for name, value in sent.items() if value is not None]),
                body,
                "127.0.0.1",
                50000,
            )
        )
        assert isinstance(response, HttpResponse)
        return Answer(response)

    def with_scopes(self, *scopes: str) -> Caller:
        token = self.app.shop.issuer.issue(frozenset(scopes), self.clock())
        return Caller(self.app, self.clock, token, self.user, dict(self.headers))


@cache
def _template() -> State:
    """A filled shop to copy from: filling one takes a third of a second, copying one a millisecond."""
    state = State(IN_MEMORY)
    open_shop(state, ACCOUNT, BASE_URL)
    return state


def make_shop() -> Shop:
    """A new shop in memory, as the seed catalogue has it."""
    state = State(IN_MEMORY)
    _template().db.backup(state.db)
    return open_shop(state, ACCOUNT, BASE_URL)


def make_caller(*, fail: str = "", shop: Shop | None = None, requests_per_minute: int = 10_000) -> Caller:
    """A caller of a new shop in memory, or of a given one."""
    clock = FakeClock()
    app = App(
        shop or make_shop(),
        faults=Faults(parse_faults(fail) if fail else ()),
        requests_per_minute=requests_per_minute,
        clock=clock,
    )
    token = app.shop.issuer.issue(frozenset(ACCOUNT.scopes), clock())
    return Caller(app, clock, token)
