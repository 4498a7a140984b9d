"""
The way of a call: permission, shape of the arguments, breaker, least busy process, deadline, outcome.

MCP faces and the conversation call tools through here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import trio
from msgspec import Raw

from museod.access.principal import Principal
from museod.errors import (
    CallError,
    CallTimeout,
    ChannelError,
    ChildLost,
    ChildUnavailable,
    InvalidArguments,
    RpcFailed,
    ToolNotFound,
)
from museod.gateway.breaker import Outcome
from museod.gateway.cache import ResultCache, says_more
from museod.gateway.catalogue import Catalogue, Entry
from museod.gateway.children import Child, Children
from museod.gateway.upstream import CLIENT_INFO, Upstream
from museod.observe import metrics
from museod.observe.context import correlation_id, next_span, trace_parent
from museod.observe.logs import get_logger
from museod.wire import codec, envelope
from museod.wire.eras import MODERN_REVISION, Era
from museod.wire.tools import ToolResult, decode_tool_result

log = get_logger()

Progress = Callable[[dict[str, Raw]], None]
MAX_NAME_SHOWN = 100
_MODERN_META = (
    b'"' + envelope.PROTOCOL_VERSION.encode() + b'":"' + MODERN_REVISION.encode() + b'","'
    + envelope.CLIENT_INFO.encode() + b'":' + codec.encode(CLIENT_INFO) + b',"'
    + envelope.CLIENT_CAPABILITIES.encode() + b'":{}'
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    """What a trusted child is told of the conversation beside the caller."""

    locale: str = ""
    client_type: str = ""
    conversation_id: str = ""
    turn_id: str = ""

    def as_meta(self) -> dict[str, Any]:
        """The members that are known."""
        known = {
            "locale": self.locale,
            "clientType": self.client_type,
            "conversationId": self.conversation_id,
            "turnId": self.turn_id,
        }
        return {name: value for name, value in known.items() if value}


NO_TURN = Turn()


@dataclass(frozen=True, slots=True)
class Reply:
    """A tool's answer: the result's bytes as the child wrote them, and how it came."""

    raw: Raw = field(repr=False)
    child: str
    seconds: float
    cached: bool = False

    def result(self) -> ToolResult:
        """
        The answer decoded.

        Raises:
            msgspec.ValidationError: the child's answer is no tool result.
        """
        return decode_tool_result(self.raw)


class Router:
    """
    Calls tools for callers.

    Args:
        cache: keeps the results of the tools that the children's policies name; None keeps nothing.
    """

    def __init__(self, children: Children, *, cache: ResultCache | None = None) -> None:
        self._children = children
        self._cache = cache

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue of this moment."""
        return self._children.catalogue

    def tools_for(self, caller: Principal) -> list[Entry]:
        """What `caller` may call, sorted by name."""
        return [
            entry
            for entry in self.catalogue.entries.values()
            if self._children[entry.child].policy.may_call(entry.original, caller)
        ]

    async def call(
        self,
        tool: str,
        arguments: bytes | Raw,
        caller: Principal,
        *,
        turn: Turn = NO_TURN,
        meta: Raw | None = None,
        on_progress: Progress | None = None,
    ) -> Reply:
        """
        Run one tool for one caller and return what the child answered.

        Checks come in the order that costs least: permission, shape of the arguments, breaker, and only
        then the child. The deadline covers the child's work. A call whose child died is run once more where
        the tool's annotations say that this does no harm.

        Args:
            tool: the exposed name.
            arguments: an encoded JSON object.
            meta: the caller's own `_meta`, of which everything reserved is replaced.
            on_progress: called with the members of each progress notification but its token.

        Raises:
            ToolNotFound: no child offers `tool`, or `caller` may not see it.
            InvalidArguments: the schema refused; the message names the field.
            ChildUnavailable: the child is down, restarting, or its breaker is open; `ChildLost` and
                `CallTimeout` say that the call may have taken effect.
            RpcFailed: the child answered with a JSON-RPC error.

        Cancellation:
            The child is told to stop and its late answer is dropped.
        """
        started = trio.current_time()
        outcome, is_cached = "error", False
        entry = self._permitted(tool, caller)
        try:
            plain = _check_arguments(entry, arguments)
            if self._children[entry.child].policy.cache and self._cache is not None:
                raw, is_cached = await self._through_cache(
                    self._cache, entry, plain, arguments, caller, turn, meta, on_progress, started
                )
            else:
                raw = await self._run(entry, arguments, caller, turn, meta, on_progress, started)
            outcome = "tool_error" if _is_error(raw) else "ok"
        except trio.Cancelled:
            outcome = "cancelled"
            raise
        except CallError as error:
            outcome = error.kind.value
            raise
        finally:
            seconds = trio.current_time() - started
            metrics.observe_request(entry.child, entry.name, outcome, seconds)
        return Reply(raw, entry.child, seconds, is_cached)

    async def _through_cache(
        self,
        cache: ResultCache,
        entry: Entry,
        plain: Any,
        arguments: bytes | Raw,
        caller: Principal,
        turn: Turn,
        meta: Raw | None,
        on_progress: Progress | None,
        started: float,
    ) -> tuple[Raw, bool]:
        """The result of a call to a child some of whose results are kept, and whether it is such a one."""
        policy = self._children[entry.child].policy
        if entry.original not in policy.cache:
            try:
                return await self._run(entry, arguments, caller, turn, meta, on_progress, started), False
            finally:
                if not entry.tool.is_read_only:
                    await cache.wrote(policy, caller)
        found = None if says_more(meta) else await cache.lookup(policy, entry, plain, caller, turn.locale)
        if found is not None and found.value is not None:
            return Raw(found.value), True
        shown: list[object] = []

        def report(members: dict[str, Raw]) -> None:
            shown.append(None)
            if on_progress is not None:
                on_progress(members)

        raw = await self._run(entry, arguments, caller, turn, meta, report if on_progress else None, started)
        if found is not None and not shown:
            await cache.store(found, raw, seconds=policy.cache[entry.original])
        return raw, False

    def _permitted(self, tool: str, caller: Principal) -> Entry:
        entry = self.catalogue.find(tool)
        if entry is None or not self._children[entry.child].policy.may_call(entry.original, caller):
            raise ToolNotFound(
                f"There is no tool {tool[:MAX_NAME_SHOWN]!r} for you; tools/list shows what you may call.",
                data={"tool": tool[:MAX_NAME_SHOWN]},
            )
        return entry

    async def _run(
        self,
        entry: Entry,
        arguments: bytes | Raw,
        caller: Principal,
        turn: Turn,
        meta: Raw | None,
        on_progress: Progress | None,
        started: float,
    ) -> Raw:
        child = self._children[entry.child]
        left = timeout = child.policy.timeout_of(entry.original)
        emitted = _Emitted(on_progress)
        upstream = self._admitted(child, started)
        is_retry = False
        while True:
            params = _params(entry, arguments, caller, turn, meta, upstream, child, emitted)
            try:
                return await self._once(child, upstream, params, left)
            except ChannelError:
                if is_retry or emitted.count or not entry.tool.may_be_retried:
                    raise _lost(child) from None
            finally:
                if emitted.token is not None:
                    upstream.close_progress(emitted.token)
            is_retry = True
            upstream = await self._replacement(child, started + timeout)
            left = started + timeout - trio.current_time()

    def _admitted(self, child: Child, now: float) -> Upstream:
        upstream = child.least_busy()
        wait = child.breaker.admit(now)
        if wait is not None:
            name = child.policy.child
            raise ChildUnavailable(
                f"The {name} service failed several calls in a row; try again in {max(1, round(wait))} s.",
                retry_after=wait,
                data={"mcp": name},
            )
        return upstream

    async def _once(self, child: Child, upstream: Upstream, params: bytes, timeout: float) -> Raw:
        outcome = Outcome.ABANDONED
        try:
            raw = await upstream.call("tools/call", params, timeout=timeout)
            outcome = Outcome.ANSWERED
            return raw
        except RpcFailed:
            outcome = Outcome.ANSWERED
            raise
        except CallTimeout:
            outcome = Outcome.FAILED
            name = child.policy.child
            raise CallTimeout(
                f"The {name} service did not answer in time; whether it was done is not known. Check, then "
                "try again.",
                retry_after=1.0,
                data={"mcp": name},
            ) from None
        except ChannelError:
            outcome = Outcome.FAILED
            raise
        finally:
            if outcome is not Outcome.ANSWERED or not child.breaker.is_clean:
                self._record(child, outcome)

    def _record(self, child: Child, outcome: Outcome) -> None:
        before = child.breaker.state
        child.breaker.record(outcome, trio.current_time())
        if child.breaker.state is not before:
            metrics.breaker_state.labels(child.policy.child).set(child.breaker.state.value)
            log.warning("breaker_changed", mcp=child.policy.child, state=child.breaker.state.name.lower())

    async def _replacement(self, child: Child, deadline: float) -> Upstream:
        with trio.move_on_at(deadline):
            return await child.wait_available()
        raise _lost(child)


@dataclass(slots=True)
class _Emitted:
    """Progress of one call on its way to the caller; a call that has shown any is not run again."""

    report: Progress | None
    count: int = 0
    token: int | None = None

    def __call__(self, members: dict[str, Raw]) -> None:
        self.count += 1
        if self.report is not None:
            members.pop("progressToken", None)
            self.report(members)


def _lost(child: Child) -> ChildLost:
    name = child.policy.child
    return ChildLost(
        f"The {name} service stopped while it worked on this call and is restarting; whether it was done "
        "is not known. Check, then try again.",
        retry_after=child.retry_after,
        data={"mcp": name},
    )


def _check_arguments(entry: Entry, arguments: bytes | Raw) -> Any:
    """The arguments decoded, which the tool's schema takes."""
    try:
        plain = codec.decode(arguments)
    except msgspec.DecodeError as error:
        raise InvalidArguments(f"The arguments of {entry.name} are not valid JSON: {error}.") from None
    faults = entry.arguments.faults(plain)
    if faults:
        raise InvalidArguments(
            f"Invalid arguments for {entry.name}: {'; '.join(faults)}. Correct them and call again; "
            "tools/list shows the schema.",
            data={"tool": entry.name, "faults": list(faults)},
        )
    return plain


def _params(
    entry: Entry,
    arguments: bytes | Raw,
    caller: Principal,
    turn: Turn,
    meta: Raw | None,
    upstream: Upstream,
    child: Child,
    emitted: _Emitted,
) -> bytes:
    """The params that the child gets: its own name for the tool, and a `_meta` that no caller can forge."""
    is_modern = upstream.era is Era.MODERN
    extra: dict[str, Any] = {}
    if meta is not None:
        extra.update(_unreserved(meta))
    if child.policy.identity:
        extra[envelope.CALLER] = {**caller.as_meta(), **turn.as_meta()}
        extra[envelope.CORRELATION_ID] = correlation_id.get()
    if trace_parent.get():
        extra["traceparent"] = next_span(trace_parent.get())
    if emitted.report is not None:
        emitted.token = upstream.open_progress(emitted)
        extra[envelope.PROGRESS_TOKEN] = emitted.token
    encoded = codec.encode(extra)[1:-1] if extra else b""
    if is_modern:
        encoded = _MODERN_META + b"," + encoded if encoded else _MODERN_META
    name = codec.encode(entry.original)
    if not encoded:
        return b'{"name":%b,"arguments":%b}' % (name, bytes(arguments))
    return b'{"name":%b,"arguments":%b,"_meta":{%b}}' % (name, bytes(arguments), encoded)


def _unreserved(meta: Raw) -> Mapping[str, Raw]:
    return {
        name: value
        for name, value in envelope.members(meta).items()
        if name not in envelope.RESERVED and not name.startswith(envelope.OURS) and name != "traceparent"
    }


def _is_error(raw: Raw) -> bool:
    # Inside a JSON text every quote is escaped, so these bytes are a member and nothing else.
    data = bytes(raw)
    return b'"isError":true' in data or b'"isError": true' in data
