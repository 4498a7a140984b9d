"""
The MCP face: one request of either era to one result, whatever carried it.

`answer_modern` is native; `answer_legacy` serves the same tools to a session that shook hands. Both raise
`CallError` (or `RuleBroken` of the wire) for what is a JSON-RPC error, and return what is a result; a tool
that fails is a result with isError, so that a model can react to it.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from museod import __version__
from museod.access.principal import Principal, Role
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
from museod.gateway.cursors import Cursors
from museod.gateway.router import Reply, Router
from museod.observe.context import bound, correlation_id, is_trace_parent
from museod.wire import codec, downgrade, envelope
from museod.wire.envelope import RequestMeta
from museod.wire.eras import MODERN_REVISION
from museod.wire.handshake import Handshake
from museod.wire.messages import INTERNAL_ERROR, INVALID_PARAMS, Request
from museod.wire.tools import CallParams, failed_result

SERVER_NAME = "museo-mcp-orchestrator"
INSTRUCTIONS = (
    "Tools of a shop: search its products, look at one, fill a basket; staff may list products. "
    "Prices are integers in minor units with an ISO 4217 currency."
)
# Several conformance scenarios and many clients read only the first page.
PAGE_TOOLS = 500
# The list depends on the caller's role, so no shared cache may keep it.
LIST_TTL_MS = 10_000

# About what a restart of the daemon takes.
DRAIN_RETRY_SECONDS = 3.0

Emit = Callable[[str, bytes], None]
"""Sends a notification that belongs to this request: method and encoded params."""

_SERVER_INFO = Raw(codec.encode({"name": SERVER_NAME, "version": __version__}))
# These come back as results with isError: a model can read the text and act on it.
_SHOWN_TO_THE_MODEL = (InvalidArguments, ChildUnavailable, ApiFailed)


class _ListParams(Struct):
    cursor: str | UnsetType = UNSET


_decode_call = msgspec.json.Decoder(CallParams).decode
_decode_list = msgspec.json.Decoder(_ListParams).decode


class Server:
    """
    Answers MCP requests.

    Args:
        admit: called with the caller before each request that costs something; returns the seconds to wait
            when the caller is over its rate.
        cursor_key: see `Cursors`.
        is_draining: while true, nothing new is begun.
    """

    def __init__(
        self,
        router: Router,
        *,
        cursor_key: bytes,
        admit: Callable[[Principal], float | None] | None = None,
        is_draining: Callable[[], bool] = lambda: False,
    ) -> None:
        self._router = router
        self._cursors = Cursors(cursor_key)
        self._admit = admit
        self._is_draining = is_draining
        self._lists: dict[tuple[int, Role, str, int], bytes] = {}

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
            if request.method == "tools/call":
                reply = await self._call(request, caller, emit, meta)
                return downgrade.to_modern(reply, _SERVER_INFO)
            self._charge(caller)
            if request.method == "tools/list":
                return self._list(request, caller, MODERN_REVISION)
            if request.method == "server/discover":
                return self._discover()
            raise _no_method(request.method)

    def _discover(self) -> bytes:
        return codec.encode(
            {
                "resultType": "complete",
                "supportedVersions": [MODERN_REVISION],
                "capabilities": {"tools": {}},
                "instructions": INSTRUCTIONS,
                "ttlMs": LIST_TTL_MS,
                "cacheScope": "private",
                "_meta": {envelope.SERVER_INFO: _SERVER_INFO},
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
        announces_changes: bool = False,
    ) -> bytes:
        """
        Answer one request of a session of the handshake era.

        Args:
            announces_changes: whether this session's carrier delivers list_changed notifications.

        Raises:
            CallError: the request failed as a whole.
            Malformed: it may not come at this stage.
        """
        handshake.admit(request.method)
        meta = envelope.read_meta(request.params)
        with bound(user=caller.sub, **_trace(meta)):
            if request.method == "tools/call":
                reply = await self._call(request, caller, emit, meta)
                return downgrade.to_legacy(reply, handshake.revision)
            if request.method == "ping":
                return b"{}"
            self._charge(caller)
            if request.method == "initialize":
                return self._initialize(request, handshake, announces_changes)
            if request.method == "tools/list":
                return self._list(request, caller, handshake.revision)
            raise _no_method(request.method)

    def _initialize(self, request: Request, handshake: Handshake, announces_changes: bool) -> bytes:
        return codec.encode(
            {
                "protocolVersion": handshake.agree(request.params),
                "capabilities": {"tools": {"listChanged": announces_changes}},
                "serverInfo": _SERVER_INFO,
                "instructions": INSTRUCTIONS,
            }
        )

    # ------------------------------------------------------------------ tools

    def _charge(self, caller: Principal) -> None:
        if self._is_draining():
            raise ChildUnavailable(
                "This server is shutting down; connect again in a moment.", retry_after=DRAIN_RETRY_SECONDS
            )
        wait = self._admit(caller) if self._admit is not None else None
        if wait is not None:
            raise RateLimited(f"Too many requests; try again in {wait:.1f} s.", retry_after=wait)

    async def _call(self, request: Request, caller: Principal, emit: Emit, meta: RequestMeta) -> Raw:
        try:
            params = _decode_call(request.params or b"{}")
        except msgspec.DecodeError as error:
            raise InvalidParams(f"The params of tools/call do not fit: {error}.") from None
        try:
            self._charge(caller)
            reply = await self._router.call(
                params.name,
                params.arguments,
                caller,
                meta=None if params.meta is UNSET else params.meta,
                on_progress=_progress_to(emit, meta),
            )
        except _SHOWN_TO_THE_MODEL as error:
            return Raw(failed_result(error, correlation_id=correlation_id.get()))
        except RpcFailed as error:
            raise _translated(error) from None
        return _checked(reply)

    def _list(self, request: Request, caller: Principal, revision: str) -> bytes:
        try:
            cursor = _decode_list(request.params or b"{}").cursor
        except msgspec.DecodeError as error:
            raise InvalidParams(f"The params of tools/list do not fit: {error}.") from None
        version = self._router.catalogue.version
        offset = 0 if cursor is UNSET else self._cursors.read(cursor, version=version)
        key = (version, caller.role, revision, offset)
        page = self._lists.get(key)
        if page is None:
            if len(self._lists) >= 64 or any(known[0] != version for known in self._lists):
                self._lists.clear()  # one catalogue's pages for a handful of roles and revisions
            page = self._lists[key] = self._page(self._router.tools_for(caller), offset, revision, version)
        return page

    def _page(self, entries: list[Entry], offset: int, revision: str, version: int) -> bytes:
        is_modern = revision == MODERN_REVISION
        shown = [entry.listed for entry in entries[offset : offset + PAGE_TOOLS]]
        page: dict[str, object] = {
            "tools": shown if is_modern else [downgrade.tool_for(tool, revision) for tool in shown]
        }
        if offset + PAGE_TOOLS < len(entries):
            page["nextCursor"] = self._cursors.write(version, offset + PAGE_TOOLS)
        if is_modern:
            page = {
                "resultType": "complete",
                **page,
                "ttlMs": LIST_TTL_MS,
                "cacheScope": "private",
                "_meta": {envelope.SERVER_INFO: _SERVER_INFO},
            }
        return codec.encode(page)


def _no_method(method: str) -> MethodNotFound:
    return MethodNotFound(f"There is no method {method[:100]!r} here.")


def _trace(meta: RequestMeta) -> dict[str, str]:
    trace = meta.traceparent
    if trace is UNSET or not is_trace_parent(trace):
        return {}
    return {"trace": trace, "correlation": trace.split("-")[1]}


def _progress_to(emit: Emit, meta: RequestMeta) -> Callable[[dict[str, Raw]], None] | None:
    token = meta.progress_token
    if token is UNSET:
        return None

    def report(members: dict[str, Raw]) -> None:
        shown = {name: value for name, value in members.items() if name != "_meta"}
        emit("notifications/progress", codec.encode({"progressToken": token, **shown}))

    return report


def _checked(reply: Reply) -> Raw:
    data = memoryview(reply.raw)
    if not len(data) or data[0] != ord("{"):
        raise InternalError(f"The {reply.child} service answered with something that is no result.")
    return reply.raw


def _translated(error: RpcFailed) -> CallError:
    """A child's JSON-RPC error for our caller: numbers that the current revision forbids become others."""
    code = error.code
    if code in (-32002, INVALID_PARAMS):
        return RpcFailed(INVALID_PARAMS, error.message, error.payload)
    if -32099 <= code <= -32000 or not -(2**31) <= code < 2**31:
        return RpcFailed(INTERNAL_ERROR, error.message, error.payload)
    return error
