"""
One request, answered: route, fault, token, scope, shopper, content, then the handler in its transaction.

The order is that of the contract's refusals: what is not there is 404 before it is 401, a wrong token comes
before a spent budget, and nothing of the content is read for a caller who may not send it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime

import trio

from mcps.museo.sandbox import (
    admin,
    alert_routes,
    basket_routes,
    catalogue,
    control,
    import_routes,
    order_routes,
    pages,
    payments,
    pictures,
    providers,
    recommendations,
    search,
    texts,
    tokens,
)
from mcps.museo.sandbox.calls import Call, Route, check_user
from mcps.museo.sandbox.faults import NO_FAULT, Fault, Faults
from mcps.museo.sandbox.idempotency import Idempotency
from mcps.museo.sandbox.limits import Budget, Limiter
from mcps.museo.sandbox.problems import ProblemError, bad_request
from mcps.museo.sandbox.query import parse_query
from mcps.museo.sandbox.routing import Routes
from mcps.museo.sandbox.shop import Shop
from museod.observe import context
from museod.observe.logs import get_logger
from museod.transports.http1 import HttpRequest, HttpResponse, Upgrade

log = get_logger()

ROUTES = Routes(
    (
        *tokens.ROUTES,
        *catalogue.ROUTES,
        *search.ROUTES,
        *basket_routes.ROUTES,
        *order_routes.ROUTES,
        *providers.ROUTES,
        *payments.ROUTES,
        *recommendations.ROUTES,
        *alert_routes.ROUTES,
        *import_routes.ROUTES,
        *control.ROUTES,
        *admin.ROUTES,
        *pictures.ROUTES,
        *pages.ROUTES,
    )
)
# More than one process answers in a minute: the limit bites only where a test or a demonstration lowers it.
DEFAULT_REQUESTS_PER_MINUTE = 60_000
GUESSES_PER_MINUTE = 30  # wrong credentials per address
_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FAULT_CODES = {401: "invalid_token", 429: "rate_limited", 500: "internal"}
_GARBAGE = b"<html><title>502</title><body>upstream said something else</body></html>"


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class App:
    """
    The handler of the sandbox's HTTP server.

    Args:
        clock: what time it is; expiry of tokens, baskets and keys follows it.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        faults: Faults | None = None,
        requests_per_minute: int = DEFAULT_REQUESTS_PER_MINUTE,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.shop = shop
        if faults is not None:
            shop.faults = faults
        self._limiter = Limiter(requests_per_minute)
        self._guesses = Limiter(GUESSES_PER_MINUTE)
        self._idempotency = Idempotency(shop.state)
        self._clock = clock

    async def run(self) -> None:
        """Do what goes on between requests, until cancelled."""
        await self.shop.imports.run(lambda: self.shop.now(self._clock()))

    async def __call__(self, request: HttpRequest) -> HttpResponse | Upgrade:
        """Answer one request; a refusal is an answer."""
        sent = request.headers.get("X-Correlation-Id") or ""
        correlation = sent if context.is_correlation_id(sent) else None
        trace = request.headers.get("traceparent") or ""
        started = trio.current_time()
        with context.bound(
            correlation=correlation, trace=trace if context.is_trace_parent(trace) else None
        ) as current:
            answer = await _Answering(self, request).run()
            response = answer.response
            status = response.status if isinstance(response, HttpResponse) else 0
            log.info(
                "api_request_answered",
                method=request.method,
                operation=answer.route.operation if answer.route else "",
                status=status,
                ms=round((trio.current_time() - started) * 1000, 1),
            )
            if isinstance(response, HttpResponse):
                response.headers.append(("X-Correlation-Id", current))
                if answer.budget is not None:
                    response.headers += answer.budget.headers()
            return response


class _Answering:
    """The steps of one request; what was found out stays here for the headers and the log."""

    def __init__(self, app: App, request: HttpRequest) -> None:
        self._app = app
        self._shop = app.shop
        self._request = request
        self.route: Route | None = None
        self.budget: Budget | None = None
        self.response: HttpResponse | Upgrade = HttpResponse(500)

    async def run(self) -> _Answering:
        try:
            self.response = await self._answer()
        except ProblemError as problem:
            self.response = problem.response()
        except Exception as error:  # the border of one request: a bug in a handler is a 500 with our problem
            log.error("api_handler_failed", exc_info=error)
            self.response = ProblemError(
                "internal", "Something failed in the sandbox; see its log."
            ).response()
        return self

    async def _answer(self) -> HttpResponse | Upgrade:
        request, app = self._request, self._app
        _check_host(request.headers.get("Host") or "")
        route, parameters = ROUTES.find(request.method, request.path)
        self.route = route
        call = Call(
            method=request.method,
            path=request.path,
            headers=request.headers,
            body=request.body,
            now=self._shop.now(app._clock()),
            locale=texts.negotiate(request.headers.get("Accept-Language")),
            parameters=parameters,
            peer=request.peer_host,
        )
        self._shop.settle(call.now)
        fault = self._shop.faults.draw(request.method, request.path)
        if request.path.startswith(control.PREFIX):
            fault = NO_FAULT
        if route.scope:
            self._authenticate(route, call)
        if route.operation != "health":
            self._spend(call.account or call.peer)
        if fault.status is not None:
            await trio.sleep(fault.latency)
            raise _failure(fault)
        if route.for_user:
            call.user = check_user(request.headers)
        call.query = parse_query(request.query, route.query)
        if len(request.body) > route.body_limit:
            detail = f"The content is over {route.body_limit} bytes; send less."
            raise ProblemError("payload_too_large", detail)
        response = await self._work(route, call, fault)
        if fault.drops:
            return Upgrade(_hang_up)
        if fault.is_garbage:
            return HttpResponse(200, _GARBAGE, [("Content-Type", "text/html")])
        return response

    def _authenticate(self, route: Route, call: Call) -> None:
        grant = self._shop.issuer.check(call.headers.get("Authorization"), call.now)
        call.account = grant.account
        if route.scope not in grant.scopes:
            challenge = f'Bearer realm="museo", error="insufficient_scope", scope="{route.scope}"'
            raise ProblemError(
                "insufficient_scope",
                f"This needs the scope {route.scope}; ask for it when getting the token.",
                headers=[("WWW-Authenticate", challenge)],
            )

    def _spend(self, caller: str) -> None:
        self.budget = self._app._limiter.take(caller, trio.current_time())
        if self.budget.is_over:
            raise _limited(self.budget)

    async def _work(self, route: Route, call: Call, fault: Fault) -> HttpResponse:
        if route.operation == "issueToken":
            return await self._issue(route, call, fault)
        key = call.idempotency_key if route.writes and route.method == "POST" else None
        if key is None:
            await _pause(fault)
            return self._run(route, call)
        with self._app._idempotency.claimed(route, call, key) as first:
            if first is not None:
                return first
            await _pause(fault)
            with self._shop.state.transaction():
                response = self._run(route, call)
                self._app._idempotency.remember(route, call, key, response)
            return response

    def _run(self, route: Route, call: Call) -> HttpResponse:
        with self._shop.state.transaction() if route.writes else nullcontext():
            return route.handler(self._shop, call)

    async def _issue(self, route: Route, call: Call, fault: Fault) -> HttpResponse:
        """The token endpoint, which also counts wrong guesses."""
        await _pause(fault)
        guesses = self._app._guesses
        budget = guesses.peek(call.peer, trio.current_time())
        if budget.is_over:
            raise _limited(budget)
        try:
            return self._run(route, call)
        except ProblemError as problem:
            if problem.code == "invalid_client":
                guesses.take(call.peer, trio.current_time())
            raise


async def _pause(fault: Fault) -> None:
    if fault.latency:
        await trio.sleep(fault.latency)


async def _hang_up(_stream: trio.abc.Stream, _head: bytes, _leftover: bytes) -> None:
    """The work is done and the connection ends without a word, as networks do it."""


def _failure(fault: Fault) -> ProblemError:
    status = fault.status or 503
    code = _FAULT_CODES.get(status, "unavailable")
    headers = []
    if fault.retry_after is not None or status in (429, 503):
        headers.append(("Retry-After", str(max(1, fault.retry_after or 1))))
    if status == 401:
        headers.append(("WWW-Authenticate", 'Bearer realm="museo", error="invalid_token"'))
    return ProblemError(code, "This failure was asked for with --fail.", status=status, headers=headers)


def _limited(budget: Budget) -> ProblemError:
    detail = f"At most {budget.limit} requests in {budget.window} seconds; wait {budget.reset_seconds}."
    return ProblemError("rate_limited", detail, headers=[("Retry-After", str(budget.reset_seconds))])


def _check_host(host: str) -> None:
    """A page in a browser must not reach us under a name of its own (DNS rebinding)."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name.lower() not in _HOSTS:
        raise bad_request("The sandbox answers on loopback only; call it as 127.0.0.1.", status=421)
