"""
The MCP face: one request of either era to one result, whatever carried it.

`answer_modern` is native; `answer_legacy` serves a session that shook hands. Both raise `CallError` (or
`RuleBroken` of the wire) for what is a JSON-RPC error, and return what is a result; a tool that fails is a
result with isError, so that a model can react to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import trio
from msgspec import UNSET, Raw, Struct, UnsetType

from museod import __version__
from museod.access.principal import Principal
from museod.errors import (
    ApiFailed,
    CallError,
    ChildUnavailable,
    InternalError,
    InvalidArguments,
    InvalidParams,
    MethodNotFound,
    RateLimited,
    RpcFailed,
)
from museod.gateway.catalogue import Entry
from museod.gateway.client import Ask, Client, Emit, checked_level, known_level
from museod.gateway.interaction import (
    RequestStates,
    Seal,
    input_required,
    retry_members,
    settle_for_legacy,
)
from museod.gateway.leases import Leases
from museod.gateway.lists import Lists, hint_members
from museod.gateway.parking import Parking
from museod.gateway.relay import Relay
from museod.gateway.router import Router
from museod.gateway.subscriptions import MAX_URI_CHARS, MAX_URIS, Subscription, Subscriptions
from museod.observe.context import bound, correlation_id, is_trace_parent
from museod.wire import codec, downgrade, envelope
from museod.wire.envelope import RequestMeta
from museod.wire.eras import MODERN_REVISION
from museod.wire.handshake import Handshake
from museod.wire.listings import CAPABILITIES, KIND_BY_METHOD, Hints
from museod.wire.messages import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    MISSING_CLIENT_CAPABILITY,
    JsonId,
    Request,
)
from museod.wire.tools import CallParams, failed_result

SERVER_NAME = "museo-mcp-orchestrator"
INSTRUCTIONS = (
    "Tools of a shop: search its products, look at one, fill a basket; staff may list products. "
    "Prices are integers in minor units with an ISO 4217 currency."
)
DISCOVER_TTL_MS = 10_000
# About what a restart of the daemon takes.
DRAIN_RETRY_SECONDS = 3.0
LEGACY_NOT_FOUND = -32002  # a missing resource before 2026-07-28

_SERVER_INFO = Raw(codec.encode({"name": SERVER_NAME, "version": __version__}))
# These come back as results with isError: a model can read the text and act on it.
_SHOWN_TO_THE_MODEL = (InvalidArguments, ChildUnavailable, ApiFailed)


class _ReadParams(Struct, rename="camel"):
    uri: str
    meta: Raw | UnsetType = msgspec.field(default=UNSET, name="_meta")
    input_responses: Raw | UnsetType = UNSET
    request_state: str | UnsetType = UNSET


class _PromptParams(Struct, rename="camel"):
    name: str
    arguments: Raw = codec.EMPTY_OBJECT
    meta: Raw | UnsetType = msgspec.field(default=UNSET, name="_meta")
    input_responses: Raw | UnsetType = UNSET
    request_state: str | UnsetType = UNSET


class _Ref(Struct):
    type: str
    name: str | UnsetType = UNSET
    uri: str | UnsetType = UNSET


class _CompleteParams(Struct, rename="camel"):
    ref: _Ref
    argument: Raw
    context: Raw | UnsetType = UNSET
    meta: Raw | UnsetType = msgspec.field(default=UNSET, name="_meta")


class _Wishes(Struct, rename="camel"):
    tools_list_changed: bool = False
    prompts_list_changed: bool = False
    resources_list_changed: bool = False
    resource_subscriptions: list[str] = []


class _ListenParams(Struct):
    notifications: _Wishes


class _LevelParams(Struct):
    level: str


_decode_call = msgspec.json.Decoder(CallParams).decode


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
    ) -> None:
        self._router = router
        self.subscriptions = subscriptions
        self._lists = Lists(router, cursor_key, _SERVER_INFO)
        self._states = RequestStates(seal)
        self._admit = admit
        self._draining = trio.Event() if draining is None else draining
        self._leases = leases
        self._parking = parking

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
                return await self._listen(request.id, request.params, client)
            if method in _READS:
                result = await _READS[method](self, request, client)
                return downgrade.to_modern(_with_hints(method, result), _SERVER_INFO)
            raise _no_method(method)

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

    async def _listen(self, id: JsonId, params: Raw, client: Client) -> bytes:
        wishes = _decode(_ListenParams, params, "subscriptions/listen").notifications
        uris = wishes.resource_subscriptions
        if len(uris) > MAX_URIS or any(len(uri) > MAX_URI_CHARS for uri in uris):
            raise InvalidParams(
                f"At most {MAX_URIS} resources of {MAX_URI_CHARS} characters; listen to fewer."
            )
        tag = {"_meta": {envelope.SUBSCRIPTION_ID: id}}

        def tell(method: str, **members: object) -> None:
            client.emit(method, codec.encode({**members, **tag}))

        wanted = {name for name in CAPABILITIES if getattr(wishes, f"{name}_list_changed")}
        subscription = Subscription(
            on_list=lambda name: tell(f"notifications/{name}/list_changed"),
            on_updated=lambda uri: tell("notifications/resources/updated", uri=uri),
            lists=frozenset(wanted),
            uris=set(uris),
        )
        honoured: dict[str, object] = {f"{name}ListChanged": True for name in CAPABILITIES if name in wanted}
        if uris:
            honoured["resourceSubscriptions"] = sorted(subscription.uris)
        self.subscriptions.open(subscription)
        try:
            if uris:
                await self.subscriptions.wait_watched(subscription.uris)
            tell("notifications/subscriptions/acknowledged", notifications=honoured)
            await self._draining.wait()
        finally:
            self.subscriptions.close(subscription)
        return codec.encode(
            {
                "resultType": "complete",
                "_meta": {envelope.SUBSCRIPTION_ID: id, envelope.SERVER_INFO: _SERVER_INFO},
            }
        )

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
            if method in _READS:
                return downgrade.to_legacy(await _READS[method](self, request, client), revision)
            if method == "logging/setLevel":
                handshake.log_level = known_level(_decode(_LevelParams, request.params, method).level)
                return b"{}"
            if method in ("resources/subscribe", "resources/unsubscribe") and subscription is not None:
                return await self._subscribe(request, client, subscription)
            raise _no_method(method)

    def _initialize(self, request: Request, handshake: Handshake, announces_changes: bool) -> bytes:
        return codec.encode(
            {
                "protocolVersion": handshake.agree(request.params),
                "capabilities": self._capabilities(announces_changes=announces_changes),
                "serverInfo": _SERVER_INFO,
                "instructions": INSTRUCTIONS,
            }
        )

    async def _subscribe(self, request: Request, client: Client, subscription: Subscription) -> bytes:
        uri = _decode(_ReadParams, request.params, request.method).uri
        if request.method == "resources/unsubscribe":
            self.subscriptions.drop_uri(subscription, uri)
            return b"{}"
        if len(subscription.uris) >= MAX_URIS or len(uri) > MAX_URI_CHARS:
            raise InvalidParams(
                f"At most {MAX_URIS} resources of {MAX_URI_CHARS} characters; unsubscribe some."
            )
        self._owner(uri, client)
        self.subscriptions.add_uri(subscription, uri)
        await self.subscriptions.wait_watched([uri])
        return b"{}"

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
        try:
            params = _decode_call(request.params or b"{}")
        except msgspec.DecodeError as error:
            raise InvalidParams(f"The params of tools/call do not fit: {error}.") from None
        relay = _relay(client, params.meta)

        async def run(answers: bytes) -> Raw:
            reply = await self._router.call(
                params.name, params.arguments, client.caller, relay=relay, answers=answers
            )
            return _checked(reply.raw, reply.child)

        subject = b"%b %b" % (params.name.encode("utf-8", "surrogatepass"), bytes(params.arguments))
        try:
            entry = self._router.permitted(params.name, client.caller)
            return await self._interact(
                "tools/call",
                entry.child,
                subject,
                params.input_responses,
                params.request_state,
                client,
                relay,
                run,
            )
        except _SHOWN_TO_THE_MODEL as error:
            return Raw(failed_result(error, correlation_id=correlation_id.get()))
        except RpcFailed as error:
            raise _translated(error, client) from None

    async def _interact(
        self,
        method: str,
        child: str,
        subject: bytes,
        answers: Raw | UnsetType,
        state: str | UnsetType,
        client: Client,
        relay: Relay,
        run: Callable[[bytes], Awaitable[Raw]],
    ) -> Raw:
        """Run a request that may ask for input, as the client's era asks and answers."""
        leases = self._leases if client.relayed and self._router.may_ask_back(child) else None
        if not client.is_modern:
            if leases is None:
                return await settle_for_legacy(await run(b""), client, run)
            return await _run_leased(leases, child, client, relay, run, _ask_client(client))
        own_state = None
        if state is not UNSET:
            own_state = self._states.open(state, child, client.caller, method, subject)
        if leases is not None and self._parking is not None:
            result = await self._run_parked(
                self._parking, leases, child, client, relay, run, own_state, answers
            )
        else:
            has_answers = state is not UNSET or answers is not UNSET
            result = await run(retry_members(answers, own_state) if has_answers else b"")
        if input_required(result) is not None:
            return Raw(self._states.close(result, child, client.caller, method, subject))
        return result

    async def _run_parked(
        self,
        parking: Parking,
        leases: Leases,
        child: str,
        client: Client,
        relay: Relay,
        run: Callable[[bytes], Awaitable[Raw]],
        state: str | None,
        answers: Raw | UnsetType,
    ) -> Raw:
        if state is not None:
            return await parking.resume(state, None if answers is UNSET else answers)

        async def work(ask: Callable[[Request], Awaitable[bytes]]) -> Raw:
            return await _run_leased(leases, child, client, relay, run, ask)

        return await parking.start(work)

    # ------------------------------------------------------------------ resources, prompts, completion

    async def _read(self, request: Request, client: Client) -> Raw:
        params = _decode(_ReadParams, request.params, request.method)
        child = self._owner(params.uri, client)
        members = b'"uri":%b' % codec.encode(params.uri)
        relay = _relay(client, params.meta)

        async def run(answers: bytes) -> Raw:
            return await self._router.ask(child, "resources/read", members + answers, relay)

        try:
            return await self._interact(
                request.method,
                child,
                params.uri.encode("utf-8", "surrogatepass"),
                params.input_responses,
                params.request_state,
                client,
                relay,
                run,
            )
        except RpcFailed as error:
            raise _translated(error, client, uri=params.uri) from None

    def _owner(self, uri: str, client: Client) -> str:
        owner = self._router.catalogue.owner_of(uri)
        if owner is not None and self._router.may_use(owner.child, client.caller):
            return owner.child
        # A server may read more than it lists; with one that has resources there is no doubt whose it is.
        only = self._router.first_with("resources", client.caller) if owner is None else None
        if only is None:
            raise _not_found(uri, client)
        return only

    async def _get_prompt(self, request: Request, client: Client) -> Raw:
        params = _decode(_PromptParams, request.params, request.method)
        prompt = self._router.catalogue.prompts.get(params.name)
        if prompt is None or not self._router.may_use(prompt.child, client.caller):
            raise InvalidParams(f"There is no prompt {params.name[:100]!r}; prompts/list shows them.")
        members = b'"name":%b,"arguments":%b' % (codec.encode(prompt.original), bytes(params.arguments))
        relay = _relay(client, params.meta)

        async def run(answers: bytes) -> Raw:
            return await self._router.ask(prompt.child, "prompts/get", members + answers, relay)

        subject = b"%b %b" % (params.name.encode("utf-8", "surrogatepass"), bytes(params.arguments))
        try:
            return await self._interact(
                request.method,
                prompt.child,
                subject,
                params.input_responses,
                params.request_state,
                client,
                relay,
                run,
            )
        except RpcFailed as error:
            raise _translated(error, client) from None

    async def _complete(self, request: Request, client: Client) -> Raw:
        params = _decode(_CompleteParams, request.params, request.method)
        child, ref = self._completed(params.ref, client)
        if not self._router.child_has(child, "completions"):
            return Raw(b'{"completion":{"values":[],"total":0,"hasMore":false}}')
        members = b'"ref":%b,"argument":%b' % (codec.encode(ref), bytes(params.argument))
        if params.context is not UNSET:
            members += b',"context":%b' % bytes(params.context)
        try:
            return await self._router.ask(child, "completion/complete", members, _relay(client, params.meta))
        except RpcFailed as error:
            raise _translated(error, client) from None

    def _completed(self, ref: _Ref, client: Client) -> tuple[str, dict[str, str]]:
        """Whose completion a reference means, and the reference as that child knows it."""
        catalogue = self._router.catalogue
        if ref.type == "ref/prompt" and ref.name is not UNSET:
            prompt = catalogue.prompts.get(ref.name)
            if prompt is not None and self._router.may_use(prompt.child, client.caller):
                return prompt.child, {"type": ref.type, "name": prompt.original}
            raise InvalidParams(f"There is no prompt {ref.name[:100]!r}; prompts/list shows them.")
        if ref.type == "ref/resource" and ref.uri is not UNSET:
            for template in catalogue.templates:
                if template.original == ref.uri and self._router.may_use(template.child, client.caller):
                    return template.child, {"type": ref.type, "uri": ref.uri}
            return self._owner(ref.uri, client), {"type": ref.type, "uri": ref.uri}
        raise InvalidParams("A ref is {type: ref/prompt, name} or {type: ref/resource, uri}.")


_READS: Mapping[str, Callable[[Server, Request, Client], Awaitable[Raw]]] = {
    "resources/read": Server._read,
    "prompts/get": Server._get_prompt,
    "completion/complete": Server._complete,
}


async def _run_leased(
    leases: Leases,
    child: str,
    client: Client,
    relay: Relay,
    run: Callable[[bytes], Awaitable[Raw]],
    ask: Callable[[Request], Awaitable[bytes]],
) -> Raw:
    """Run a request in a process of its own, whose questions go to `ask`."""
    async with leases.open(child, client.relayed) as upstream:
        upstream.on_request = ask
        relay.leased = upstream
        return await run(b"")


def _ask_client(client: Client) -> Callable[[Request], Awaitable[bytes]]:
    """What answers a legacy child by asking a legacy client the same."""

    async def ask(request: Request) -> bytes:
        if client.ask is None:
            raise _no_method(request.method)
        return bytes(await client.ask(request.method, bytes(request.params)))

    return ask


def _decode(kind: type[Any], params: Raw, method: str) -> Any:
    try:
        return msgspec.json.decode(params or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise InvalidParams(f"The params of {method} do not fit: {error}.") from None


def _relay(client: Client, meta: Raw | UnsetType) -> Relay:
    return Relay(
        client.caller,
        meta=None if meta is UNSET else meta,
        capabilities=client.relayed,
        on_progress=_progress_to(client),
        on_log=_logs_to(client) if client.log_level else None,
        log_level=client.log_level,
    )


def _progress_to(client: Client) -> Callable[[dict[str, Raw]], None] | None:
    token = client.meta.progress_token
    if token is UNSET:
        return None

    def report(members: dict[str, Raw]) -> None:
        shown = {name: value for name, value in members.items() if name != "_meta"}
        client.emit("notifications/progress", codec.encode({"progressToken": token, **shown}))

    return report


def _logs_to(client: Client) -> Callable[[Raw], None]:
    def report(params: Raw) -> None:
        client.emit("notifications/message", bytes(params))

    return report


def _with_hints(method: str, result: Raw) -> Raw:
    """A read resource with the two cache members; a legacy child gives none, which means: do not keep it."""
    if method != "resources/read":
        return result
    members = envelope.members(result)
    if {"ttlMs", "cacheScope"} <= members.keys() or "inputRequests" in members:
        return result
    return Raw(envelope.with_members(result, {"ttlMs": 0, "cacheScope": "private"}))


def _no_method(method: str) -> MethodNotFound:
    return MethodNotFound(f"There is no method {method[:100]!r} here.")


def _not_found(uri: str, client: Client) -> RpcFailed:
    code = INVALID_PARAMS if client.is_modern else LEGACY_NOT_FOUND
    return RpcFailed(
        code, "There is no such resource; resources/list shows them.", {"uri": uri[:MAX_URI_CHARS]}
    )


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


def _translated(error: RpcFailed, client: Client, *, uri: str | None = None) -> CallError:
    """A child's JSON-RPC error for our caller: numbers that its revision forbids become others."""
    code, payload = error.code, error.payload
    if client.is_modern and isinstance(payload, dict) and "requiredCapabilities" in payload:
        return RpcFailed(
            MISSING_CLIENT_CAPABILITY, error.message, payload
        )  # whatever number its era has for it
    if uri is not None and code in (LEGACY_NOT_FOUND, INVALID_PARAMS):
        wanted = INVALID_PARAMS if client.is_modern else LEGACY_NOT_FOUND
        return RpcFailed(
            wanted, error.message, payload if payload is not None else {"uri": uri[:MAX_URI_CHARS]}
        )
    if code == LEGACY_NOT_FOUND:
        return RpcFailed(INVALID_PARAMS, error.message, payload)
    if -32099 <= code <= -32020:
        # Numbers of the current revision: known ones pass to those who know them.
        if client.is_modern and code in (-32020, -32021, -32022):
            return error
        return RpcFailed(INVALID_PARAMS if code == -32021 else INTERNAL_ERROR, error.message, payload)
    if client.is_modern and -32019 <= code <= -32000:
        return RpcFailed(INTERNAL_ERROR, error.message, payload)
    if not -(2**31) <= code < 2**31:
        return RpcFailed(INTERNAL_ERROR, error.message, payload)
    return error
