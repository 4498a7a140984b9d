"""
The way of a call: permission, shape of the arguments, breaker, least busy process, deadline, outcome.

MCP faces and the conversation call tools through here and nowhere else.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import trio
from msgspec import Raw, Struct

from museod.access.principal import Principal
from museod.errors import (
    CallError,
    CallTimeout,
    ChannelError,
    ChildLost,
    ChildUnavailable,
    InvalidArguments,
    InvalidRequest,
    RpcFailed,
    ToolNotFound,
)
from museod.gateway.breaker import Outcome
from museod.gateway.cache import ResultCache, says_more
from museod.gateway.catalogue import Catalogue, Entry, Shared
from museod.gateway.children import Child, Children
from museod.gateway.client import ASK_SECONDS
from museod.gateway.confirm import Confirmed, question_before, stripped
from museod.gateway.policy import EVERY_TOOL
from museod.gateway.relay import NO_TURN, Progress, Relay, Turn
from museod.gateway.upstream import Upstream
from museod.observe import metrics
from museod.observe.context import correlation_id
from museod.observe.logs import get_logger
from museod.wire import codec
from museod.wire.eras import Era
from museod.wire.listings import MAX_TTL_MS, Hints, Kind
from museod.wire.tools import ToolResult, decode_tool_result, failed_result

log = get_logger()

__all__ = ["NO_TURN", "Progress", "Relay", "Reply", "Router", "Turn"]

MAX_NAME_SHOWN = 100
COMPLETE_SECONDS = 10.0  # somebody is typing


class Reply(Struct, frozen=True):  # made by every call: a Struct costs a tenth of a frozen dataclass
    """A tool's answer: the result's bytes as the child wrote them, and how it came."""

    raw: Raw
    child: str
    seconds: float
    cached: bool = False

    def __repr__(self) -> str:
        return f"Reply({self.child}, {len(memoryview(self.raw))} bytes)"  # the bytes may be somebody's own

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
        relay: Relay | None = None,
        answers: bytes = b"",
        confirmed: Confirmed | None = None,
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
            relay: instead of `turn`, `meta` and `on_progress`, where more is to be carried.
            answers: further members of the params, encoded: what the caller answers to a child's questions.
            confirmed: the caller's yes to exactly this call; see `confirm.Confirmations`.

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
        outcome = "error"
        entry = self.permitted(tool, caller)
        is_cached = False
        is_trusted = self.is_trusted(entry.child)
        try:
            if is_trusted:
                arguments = stripped(arguments)
            plain = _check_arguments(entry, arguments)
            if confirmed is not None and not confirmed.fits(entry.name, arguments, caller):
                raise InvalidRequest("This yes was said about another call; call again to be asked anew.")
            if is_trusted and confirmed is None:
                question = question_before(entry.original, plain, caller)
                if question is not None:
                    outcome = "unconfirmed"
                    raw = Raw(failed_result(question, correlation_id=correlation_id.get()))
                    return Reply(raw, entry.child, trio.current_time() - started)
            members = b'"name":%b,"arguments":%b%b' % (
                codec.encode(entry.original),
                bytes(arguments),
                answers,
            )
            relay = relay or Relay(caller, turn, meta, on_progress=on_progress)
            relay.confirmed = confirmed
            if self._children[entry.child].policy.cache and self._cache is not None:
                raw, is_cached = await self._through_cache(
                    self._cache, entry, plain, members, relay, started, may_keep=not answers
                )
            else:
                raw = await self._run_tool(entry, members, relay, started)
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

    async def _run_tool(self, entry: Entry, members: bytes, relay: Relay, started: float) -> Raw:
        child = self._children[entry.child]
        return await self._run(
            child,
            "tools/call",
            members,
            relay,
            timeout=child.policy.timeout_of(entry.original),
            may_be_retried=entry.tool.may_be_retried,
            started=started,
        )

    async def _through_cache(
        self,
        cache: ResultCache,
        entry: Entry,
        arguments: Any,
        members: bytes,
        relay: Relay,
        started: float,
        *,
        may_keep: bool,
    ) -> tuple[Raw, bool]:
        """The result of a call to a child some of whose results are kept, and whether it is such a one."""
        policy = self._children[entry.child].policy
        if entry.original not in policy.cache:
            try:
                return await self._run_tool(entry, members, relay, started), False
            finally:
                if not entry.tool.is_read_only:
                    await cache.wrote(policy, relay.caller)
        found = None
        if may_keep and not says_more(relay.meta):
            found = await cache.lookup(policy, entry, arguments, relay.caller, relay.turn.locale)
        if found is not None and found.value is not None:
            return Raw(found.value), True
        raw = await self._run_tool(entry, members, relay, started)
        if found is not None and not relay.has_shown_something:
            await cache.store(found, raw, seconds=policy.cache[entry.original])
        return raw, False

    async def ask(self, child: str, method: str, members: bytes, relay: Relay) -> Raw:
        """
        Send a request that is no tool call to a child: it reads only, so it is run again after a crash.

        Args:
            members: the inside of the params, encoded.

        Raises:
            ChildUnavailable, RpcFailed: as `call`.
        """
        known = self._children[child]
        timeout = COMPLETE_SECONDS if method == "completion/complete" else known.policy.call_timeout
        return await self._run(
            known, method, members, relay, timeout=timeout, may_be_retried=True, started=trio.current_time()
        )

    def may_ask_back(self, child: str) -> bool:
        """Whether `child` is a legacy one that gets a process for each call that may be asked something."""
        known = self._children[child]
        return known.policy.interactive and any(up.era is Era.LEGACY for up in known.upstreams)

    def offers(self, tool: str, caller: Principal) -> bool:
        """Whether `caller` may call `tool` at this moment."""
        entry = self.catalogue.find(tool)
        return entry is not None and self._children[entry.child].policy.may_call(entry.original, caller)

    def is_trusted(self, child: str) -> bool:
        """Whether `child` is one of our own: it is told who calls, and of a person's yes."""
        return self._children[child].policy.identity

    def may_use(self, child: str, caller: Principal) -> bool:
        """Whether `caller` may see what `child` has besides tools."""
        return self._children[child].policy.may_call(EVERY_TOOL, caller)

    def shared_for(self, kind: Kind, caller: Principal) -> list[Shared]:
        """The items of a list other than tools that `caller` may see, in their order."""
        return [item for item in self.catalogue.shared(kind) if self.may_use(item.child, caller)]

    def hints_for(self, kind: Kind, caller: Principal) -> Hints:
        """How long the merged list may be kept; public only where every role sees the same."""
        merged = Hints(MAX_TTL_MS, is_public=self._children.treats_all_alike)
        for child in self._children.with_list(kind):
            if self.may_use(child.policy.child, caller) or kind is Kind.TOOLS:
                merged = merged.merged(child.hints.get(kind, Hints()))
        return merged

    def first_with(self, capability: str, caller: Principal) -> str | None:
        """The only child that has `capability` and that `caller` may use, or None."""
        found = [name for name in self._children.having(capability) if self.may_use(name, caller)]
        return found[0] if len(found) == 1 else None

    def has(self, capability: str) -> bool:
        """Whether any child declares `capability`."""
        return bool(self._children.having(capability))

    def child_has(self, child: str, capability: str) -> bool:
        """Whether one child declares `capability`."""
        return child in self._children.having(capability)

    def permitted(self, tool: str, caller: Principal) -> Entry:
        """
        The tool, if `caller` may call it.

        Raises:
            ToolNotFound: no child offers it, or `caller` may not see it.
            ChildUnavailable: nobody offers it yet, and not all children have started.
        """
        entry = self.catalogue.find(tool)
        if entry is None and self._children.is_incomplete:
            raise ChildUnavailable(
                "Not all services have started yet; try again in a moment.", retry_after=1.0
            )
        if entry is None or not self._children[entry.child].policy.may_call(entry.original, caller):
            raise ToolNotFound(
                f"There is no tool {tool[:MAX_NAME_SHOWN]!r} for you; tools/list shows what you may call.",
                data={"tool": tool[:MAX_NAME_SHOWN]},
            )
        return entry

    async def _run(
        self,
        child: Child,
        method: str,
        members: bytes,
        relay: Relay,
        *,
        timeout: float,
        may_be_retried: bool,
        started: float,
    ) -> Raw:
        left = timeout
        if relay.leased is not None:
            upstream = relay.leased
            left += ASK_SECONDS  # somebody may have to answer first
            may_be_retried = False
        else:
            upstream = self._admitted(child, started)
        is_retry = False
        while True:
            params = relay.open(members, upstream, child.policy)
            try:
                return await self._once(child, upstream, method, params, left, relay.log_level)
            except ChannelError:
                if is_retry or relay.has_shown_something or not may_be_retried:
                    raise _lost(child) from None
            finally:
                relay.close(upstream)
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

    async def _once(
        self, child: Child, upstream: Upstream, method: str, params: bytes, timeout: float, log_level: str
    ) -> Raw:
        outcome = Outcome.ABANDONED
        try:
            if log_level and upstream.era is Era.LEGACY:
                await upstream.set_log_level(log_level)
            raw = await upstream.call(method, params, timeout=timeout)
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


def _is_error(raw: Raw) -> bool:
    # Inside a JSON text every quote is escaped, so these bytes are a member and nothing else. Searched from
    # the end, where most writers put it: in a large result one search forwards takes longer than parsing.
    data = bytes(raw)
    at = data.rfind(_IS_ERROR)
    while at >= 0:
        if _TRUE.match(data, at + len(_IS_ERROR)):
            return True
        at = data.rfind(_IS_ERROR, 0, at)
    return False


_IS_ERROR = b'"isError"'
_TRUE = re.compile(rb"\s*:\s*true")
