"""
One connection's side of MCP: which era a request belongs to, and what each method answers.

A request that states its protocol version in `_meta` is modern and stands alone; any other belongs to the
session that `initialize` opened. Both are served on one pipe, side by side (spec 2026-07-28, "Versioning";
2025-11-25, "Lifecycle").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import trio
from msgspec import Raw, UnsetType

from mcps.kit.caller import read_caller
from mcps.kit.confirmation import is_confirmed
from mcps.kit.context import Context
from mcps.kit.tool import Reply, Tool
from museod.errors import (
    CallError,
    CallTimeout,
    ChannelError,
    InternalError,
    InvalidParams,
    MethodNotFound,
    RpcFailed,
    ToolNotFound,
)
from museod.observe.context import bound, is_correlation_id, is_trace_parent
from museod.observe.logs import get_logger
from museod.wire import codec, envelope
from museod.wire.envelope import CLIENT_CAPABILITIES, PROTOCOL_VERSION, RequestMeta
from museod.wire.eras import MODERN_REVISION, is_at_least
from museod.wire.handshake import Handshake, Stage
from museod.wire.messages import (
    INVALID_PARAMS,
    UNSUPPORTED_PROTOCOL_VERSION,
    Malformed,
    Notification,
    Request,
)
from museod.wire.tools import CallParams, failed_result

log = get_logger()

# A list can only change with the process, and then the client asks anew: five minutes is a courtesy.
LIST_TTL_MS = 300_000
LOG_LEVELS = frozenset(["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"])
_STRUCTURED_SINCE = "2025-06-18"
_ANNOTATED_SINCE = "2025-03-26"

_decode_call = msgspec.json.Decoder(CallParams).decode


class Notifier(Protocol):
    """Whoever sends our notifications: an `RpcConnection`."""

    def notify(self, method: str, params: bytes) -> None:
        """Send one notification."""


@dataclass(frozen=True)
class Offer:
    """What a server offers, the same on every connection."""

    name: str
    version: str
    tools: Mapping[str, Tool]
    instructions: str = ""
    _stamp: bytes = field(init=False)

    def __post_init__(self) -> None:
        stamp = codec.encode(
            {"resultType": "complete", "_meta": {envelope.SERVER_INFO: self.info()}},
        )
        object.__setattr__(self, "_stamp", stamp[:-1])

    def info(self) -> dict[str, str]:
        """The server's name and version, as both eras write them."""
        return {"name": self.name, "version": self.version}

    def stamped(self, result: bytes) -> bytes:
        """An encoded, non-empty result object with what each modern result carries."""
        return self._stamp + b"," + result[1:]

    def listing(self, revision: str) -> list[Raw]:
        """The tools as a client of `revision` knows them."""
        dropped: tuple[str, ...] = ()
        if not is_at_least(revision, _STRUCTURED_SINCE):
            dropped += ("title", "outputSchema")
        if not is_at_least(revision, _ANNOTATED_SINCE):
            dropped += ("annotations",)
        listings = [tool.definition.listing for tool in self.tools.values()]
        if dropped:
            listings = [envelope.with_members(listing, {}, dropped) for listing in listings]
        return [Raw(listing) for listing in listings]


class Session:
    """Answers the requests of one connection; `serve` fits `RpcConnection`."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._handshake = Handshake()
        self._notifier: Notifier | None = None

    def connect(self, notifier: Notifier) -> None:
        """Say where progress goes; until then there is none."""
        self._notifier = notifier

    async def serve(self, request: Request) -> bytes:
        """
        The encoded result of one request.

        Raises:
            Malformed, CallError: answered as a JSON-RPC error.
        """
        meta = envelope.read_meta(request.params)
        if meta.is_modern:
            return self._offer.stamped(await self._modern(request, meta))
        return await self._legacy(request, meta)

    def on_notification(self, notification: Notification) -> None:
        """Take notice of `notifications/initialized`; others mean nothing to us and are dropped."""
        if notification.method == "notifications/initialized":
            with suppress(Malformed):  # too early: nothing depends on it, and there is nobody to tell
                self._handshake.admit(notification.method)

    # ------------------------------------------------------------------ the two eras

    async def _modern(self, request: Request, meta: RequestMeta) -> bytes:
        missing = envelope.missing_keys(meta)
        if missing:
            raise Malformed(INVALID_PARAMS, f"_meta lacks {', '.join(missing)}; every request carries both.")
        if meta.protocol_version != MODERN_REVISION:
            raise RpcFailed(
                UNSUPPORTED_PROTOCOL_VERSION,
                f"This server speaks {MODERN_REVISION} by _meta; older revisions start with initialize.",
                {"supported": [MODERN_REVISION], "requested": meta.protocol_version},
            )
        if not isinstance(meta.log_level, UnsetType) and meta.log_level not in LOG_LEVELS:
            raise Malformed(INVALID_PARAMS, f"logLevel is one of {', '.join(sorted(LOG_LEVELS))}.")
        hints = {"ttlMs": LIST_TTL_MS, "cacheScope": "public"}
        if request.method == "server/discover":
            return codec.encode({"supportedVersions": [MODERN_REVISION], **self._abilities(), **hints})
        if request.method == "tools/list":
            return codec.encode({"tools": self._page(request, MODERN_REVISION), **hints})
        if request.method == "tools/call":
            return await self._call(request, meta, MODERN_REVISION)
        raise MethodNotFound(f"{request.method[:100]} is not offered; server/discover says what is.")

    async def _legacy(self, request: Request, meta: RequestMeta) -> bytes:
        if self._handshake.stage is Stage.NEW and request.method not in ("initialize", "ping"):
            raise Malformed(
                INVALID_PARAMS,
                f"Send {PROTOCOL_VERSION} ({MODERN_REVISION}) and {CLIENT_CAPABILITIES} in _meta, "
                "or initialize first.",
            )
        self._handshake.admit(request.method)
        revision = self._handshake.revision
        if request.method == "initialize":
            agreed = self._handshake.agree(request.params or b"{}")
            return codec.encode(
                {"protocolVersion": agreed, **self._abilities(), "serverInfo": self._offer.info()}
            )
        if request.method == "ping":
            return b"{}"
        if request.method == "tools/list":
            return codec.encode({"tools": self._page(request, revision)})
        if request.method == "tools/call":
            return await self._call(request, meta, revision)
        raise MethodNotFound(f"{request.method[:100]} is not offered; this server has tools only.")

    def _abilities(self) -> dict[str, Any]:
        abilities: dict[str, Any] = {"capabilities": {"tools": {}}}
        if self._offer.instructions:
            abilities["instructions"] = self._offer.instructions
        return abilities

    def _page(self, request: Request, revision: str) -> list[Raw]:
        cursor = envelope.members(request.params).get("cursor")
        if cursor is not None and bytes(cursor) != b"null":
            raise InvalidParams("All tools fit on one page: leave the cursor out.")
        return self._offer.listing(revision)

    # ------------------------------------------------------------------ tools/call

    async def _call(self, request: Request, meta: RequestMeta, revision: str) -> bytes:
        try:
            params = _decode_call(request.params or b"{}")
        except msgspec.DecodeError as error:
            raise Malformed(INVALID_PARAMS, f"The params of tools/call do not fit: {error}.") from None
        tool = self._offer.tools.get(params.name)
        if tool is None:
            known = ", ".join(self._offer.tools)
            raise ToolNotFound(f"There is no tool {params.name[:100]!r} here. There are: {known}.")
        caller = read_caller(meta.caller)
        with bound(
            correlation=_accepted(meta.correlation_id, is_correlation_id),
            user=caller.sub or None,
            trace=_accepted(meta.traceparent, is_trace_parent),
        ) as correlation:
            confirmed = is_confirmed(params.meta, caller)
            context = Context(caller, correlation, self._reporter(meta), is_confirmed=confirmed)
            try:
                reply = await self._run(tool, params.arguments, context)
            except CallError as error:
                log.info("tool_refused", tool=tool.name, kind=error.kind.value)
                result = failed_result(error, correlation_id=correlation)
                if not is_at_least(revision, _STRUCTURED_SINCE):
                    result = envelope.with_members(result, {}, ("structuredContent",))
                return result
            return reply.encoded(with_structure=is_at_least(revision, _STRUCTURED_SINCE))

    async def _run(self, tool: Tool, arguments: Raw, context: Context) -> Reply:
        try:
            with trio.move_on_after(tool.timeout):
                return await tool.run(tool.read(arguments), context)
        except CallError:
            raise
        except Exception:  # the border of one tool
            log.exception("tool_failed", tool=tool.name)
            raise InternalError(
                f"{tool.name} failed on our side. Try again; if it fails again, report correlation id "
                f"{context.correlation_id}."
            ) from None
        raise CallTimeout(
            f"{tool.name} was not done after {tool.timeout:g} s and was stopped. Try again in a moment."
        )

    def _reporter(self, meta: RequestMeta) -> Callable[[float, float | None, str | None], None]:
        token = meta.progress_token

        def report(done: float, total: float | None, text: str | None) -> None:
            if isinstance(token, UnsetType) or self._notifier is None:
                return
            params: dict[str, Any] = {"progressToken": token, "progress": done}
            if total is not None:
                params["total"] = total
            if text is not None:
                params["message"] = text
            try:
                self._notifier.notify("notifications/progress", codec.encode(params))
            except ChannelError:
                log.debug("progress_not_sent")  # the end of the channel is reported where it is read

        return report


def _accepted(text: str | UnsetType, is_fit: Callable[[str], bool]) -> str | None:
    return text if not isinstance(text, UnsetType) and is_fit(text) else None


def offer(name: str, version: str, tools: Sequence[Tool], instructions: str = "") -> Offer:
    """An `Offer` of tools in their order."""
    return Offer(name, version, {tool.name: tool for tool in tools}, instructions)
