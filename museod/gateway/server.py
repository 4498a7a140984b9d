"""
The MCP face: one request of either era to one result, whatever carried it.

`answer_modern` is native; `answer_legacy` serves a session that shook hands. Both raise `CallError` (or
`RuleBroken` of the wire) for what is a JSON-RPC error, and return what is a result; a tool that fails is a
result with isError, so that a model can react to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio
from msgspec import UNSET, Raw

from museod import __version__
from museod.access.principal import Principal
from museod.errors import (
    ApiFailed,
    ChildUnavailable,
    InternalError,
    InvalidArguments,
    RateLimited,
    RpcFailed,
)
from museod.gateway.catalogue import Entry
from museod.gateway.client import Ask, Client, Emit, checked_level, known_level
from museod.gateway.confirm import Confirmations, Confirmed
from museod.gateway.consent import Consent, is_answer
from museod.gateway.interaction import RequestStates, Seal
from museod.gateway.interactions import Interactions
from museod.gateway.leases import Leases
from museod.gateway.listening import Listening
from museod.gateway.lists import Lists, hint_members
from museod.gateway.parking import Parking
from museod.gateway.reads import METHODS as READS
from museod.gateway.reads import Reads, with_hints
from museod.gateway.requests import CallParams, LevelParams, ReadParams, decode_params, relay_of
from museod.gateway.router import Router
from museod.gateway.subscriptions import Subscription, Subscriptions
from museod.gateway.translation import no_method, translated
from museod.observe.context import bound, correlation_id, is_trace_parent
from museod.wire import codec, downgrade, envelope
from museod.wire.envelope import RequestMeta
from museod.wire.eras import MODERN_REVISION
from museod.wire.handshake import Handshake
from museod.wire.listings import KIND_BY_METHOD, Hints
from museod.wire.messages import Request
from museod.wire.tools import failed_result

SERVER_NAME = "museo-mcp-orchestrator"
INSTRUCTIONS = (
    "Tools of a shop: search its products, look at one, fill a basket; staff may list products. "
    "Prices are integers in minor units with an ISO 4217 currency."
)
DISCOVER_TTL_MS = 10_000
# About what a restart of the daemon takes.
DRAIN_RETRY_SECONDS = 3.0

_SERVER_INFO = Raw(codec.encode({"name": SERVER_NAME, "version": __version__}))
# These come back as results with isError: a model can read the text and act on it.
_SHOWN_TO_THE_MODEL = (InvalidArguments, ChildUnavailable, ApiFailed)


class Server:
    """
    Answers MCP requests.

    Args:
        admit: called with the caller before each request that costs something; returns the seconds to wait
            when the caller is over its rate.
        cursor_key: see `Cursors`.
        seal: seals what children want back from modern clients.
        draining: set when nothing new may be begun; ends what would run for ever.
        leases, parking: for interactive legacy children; without them such a child asks nobody.
        confirmations: what waits for a yes; without them what a child wants confirmed stays undone.
    """

    def __init__(
        self,
        router: Router,
        subscriptions: Subscriptions,
        *,
        cursor_key: bytes,
        seal: Seal,
        admit: Callable[[Principal], float | None] | None = None,
        draining: trio.Event | None = None,
        leases: Leases | None = None,
        parking: Parking | None = None,
        confirmations: Confirmations | None = None,
    ) -> None:
        self._router = router
        self.subscriptions = subscriptions
        self._lists = Lists(router, cursor_key, _SERVER_INFO)
        self._admit = admit
        self._draining = trio.Event() if draining is None else draining
        self._interactions = Interactions(router, seal, leases, parking)
        self._consent = None if confirmations is None else Consent(confirmations, RequestStates(seal))
        self._reads = Reads(router, self._interactions)
        self._listening = Listening(subscriptions, self._draining, _SERVER_INFO)

    def find_tool(self, name: str) -> Entry | None:
        """The tool under an exposed name."""
        return self._router.catalogue.find(name)

    # ------------------------------------------------------------------ modern

    async def answer_modern(
        self, request: Request, caller: Principal, emit: Emit, meta: RequestMeta
    ) -> bytes:
        """
        Answer one request of revision 2026-07-28; envelope and headers have been checked.

        Raises:
            CallError: the request failed as a whole; its codes say how.
        """
        with bound(user=caller.sub, **_trace(meta)):
            self._charge(caller, request)
            method = request.method
            client = Client(
                caller,
                MODERN_REVISION,
                emit,
                {} if meta.client_capabilities is UNSET else meta.client_capabilities,
                log_level=checked_level(meta),
                meta=meta,
            )
            if method == "tools/call":
                return downgrade.to_modern(await self._call(request, client), _SERVER_INFO)
            if method in KIND_BY_METHOD:
                return self._lists.page(KIND_BY_METHOD[method], request.params, caller, MODERN_REVISION)
            if method == "server/discover":
                return self._discover()
            if method == "subscriptions/listen":
                return await self._listening.listen(request.id, request.params, client)
            if method in READS:
                result = await self._reads.answer(request, client)
                return downgrade.to_modern(with_hints(method, result), _SERVER_INFO)
            raise no_method(method)

    def _discover(self) -> bytes:
        return codec.encode(
            {
                "resultType": "complete",
                "supportedVersions": [MODERN_REVISION],
                "capabilities": self._capabilities(announces_changes=True),
                "instructions": INSTRUCTIONS,
                **hint_members(Hints(DISCOVER_TTL_MS, is_public=False)),
                "_meta": {envelope.SERVER_INFO: _SERVER_INFO},
            }
        )

    def _capabilities(self, *, announces_changes: bool) -> dict[str, Any]:
        """The union of what the children have, and what we add."""
        changes = {"listChanged": announces_changes}
        found: dict[str, Any] = {"tools": dict(changes), "logging": {}}
        if self._router.has("prompts"):
            found["prompts"] = dict(changes)
        if self._router.has("resources"):
            found["resources"] = {**changes, "subscribe": announces_changes}
        if self._router.has("completions"):
            found["completions"] = {}
        return found

    # ------------------------------------------------------------------ legacy

    async def answer_legacy(
        self,
        request: Request,
        caller: Principal,
        emit: Emit,
        handshake: Handshake,
        *,
        ask: Ask | None = None,
        subscription: Subscription | None = None,
    ) -> bytes:
        """
        Answer one request of a session of the handshake era.

        Args:
            ask: sends a request to the client; None where the carrier cannot.
            subscription: the session's, where its carrier delivers unasked notifications.

        Raises:
            CallError: the request failed as a whole.
            Malformed: it may not come at this stage.
        """
        handshake.admit(request.method)
        meta = envelope.read_meta(request.params)
        method, revision = request.method, handshake.revision
        with bound(user=caller.sub, **_trace(meta)):
            if method == "ping":
                return b"{}"
            self._charge(caller, request)
            client = Client(caller, revision, emit, handshake.capabilities, ask, handshake.log_level, meta)
            if method == "tools/call":
                return downgrade.to_legacy(await self._call(request, client), revision)
            if method in KIND_BY_METHOD:
                return self._lists.page(KIND_BY_METHOD[method], request.params, caller, revision)
            if method == "initialize":
                return self._initialize(request, handshake, subscription is not None)
            if method in READS:
                return downgrade.to_legacy(await self._reads.answer(request, client), revision)
            if method == "logging/setLevel":
                handshake.log_level = known_level(decode_params(LevelParams, request.params, method).level)
                return b"{}"
            if method == "resources/subscribe" and subscription is not None:
                self._reads.owner(decode_params(ReadParams, request.params, method).uri, client)
                return await self._listening.subscribe(request.params, subscription)
            if method == "resources/unsubscribe" and subscription is not None:
                return self._listening.unsubscribe(request.params, subscription)
            raise no_method(method)

    def _initialize(self, request: Request, handshake: Handshake, announces_changes: bool) -> bytes:
        return codec.encode(
            {
                "protocolVersion": handshake.agree(request.params),
                "capabilities": self._capabilities(announces_changes=announces_changes),
                "serverInfo": _SERVER_INFO,
                "instructions": INSTRUCTIONS,
            }
        )

    # ------------------------------------------------------------------ tools

    def _charge(self, caller: Principal, request: Request) -> None:
        if self._draining.is_set():
            error = ChildUnavailable(
                "This server is shutting down; connect again in a moment.", retry_after=DRAIN_RETRY_SECONDS
            )
            raise error
        wait = self._admit(caller) if self._admit is not None else None
        if wait is not None:
            raise RateLimited(
                f"Too many requests; try {request.method} again in {wait:.1f} s.", retry_after=wait
            )

    async def _call(self, request: Request, client: Client) -> Raw:
        params = decode_params(CallParams, request.params, "tools/call")
        relay = relay_of(client, params.meta)

        async def run(answers: bytes) -> Raw:
            reply = await self._router.call(
                params.name, params.arguments, client.caller, relay=relay, answers=answers
            )
            return _checked(reply.raw, reply.child)

        async def run_confirmed(arguments: bytes, confirmed: Confirmed) -> Raw:
            reply = await self._router.call(
                params.name, arguments, client.caller, relay=relay, confirmed=confirmed
            )
            return _checked(reply.raw, reply.child)

        subject = b"%b %b" % (params.name.encode("utf-8", "surrogatepass"), bytes(params.arguments))
        try:
            entry = self._router.permitted(params.name, client.caller)
            consent = self._consent if self._router.is_trusted(entry.child) else None
            if consent is not None and params.request_state is not UNSET and is_answer(params.request_state):
                return await consent.answered(params, entry, subject, client, run_confirmed)
            result = await self._interactions.run(
                "tools/call", entry.child, subject, params, client, relay, run
            )
            if consent is None:
                return result
            return await consent.settle(result, entry, subject, params, client, run_confirmed)
        except _SHOWN_TO_THE_MODEL as error:
            return Raw(failed_result(error, correlation_id=correlation_id.get()))
        except RpcFailed as error:
            raise translated(error, client) from None


def _trace(meta: RequestMeta) -> dict[str, str]:
    trace = meta.traceparent
    if trace is UNSET or not is_trace_parent(trace):
        return {}
    return {"trace": trace, "correlation": trace.split("-")[1]}


def _checked(raw: Raw, child: str) -> Raw:
    data = memoryview(raw)
    if not len(data) or data[0] != ord("{"):
        raise InternalError(f"The {child} service answered with something that is no result.")
    return raw
