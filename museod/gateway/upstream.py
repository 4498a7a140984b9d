"""
Our client side to one process of one child: its era, its tools, its calls, its health.

An `Upstream` lives exactly as long as the process: it is opened inside the incarnation's nursery and what
ends it ends the incarnation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

import msgspec
import trio
from msgspec import UNSET, Raw, Struct, UnsetType

from museod import __version__
from museod.errors import CallTimeout, MethodNotFound, ProtocolError, RemoteProtocolError, RpcFailed
from museod.observe.logs import get_logger
from museod.rpc import RpcConnection
from museod.transports.channel import MessageChannel
from museod.wire import codec, envelope
from museod.wire.eras import LEGACY_REVISIONS, MODERN_REVISION, NEWEST_LEGACY, Era
from museod.wire.listings import CAPABILITIES, Hints, Kind, Listed, decode_item, decode_page
from museod.wire.messages import METHOD_NOT_FOUND, Malformed, Notification, Request
from museod.wire.tools import ListedTool

log = get_logger()

CLIENT_INFO = {"name": "museod", "version": __version__}
# A Python child needs 1.5 s to start on a busy host; the era probe must not mistake that for a refusal.
PROBE_SECONDS = 8.0
LIST_SECONDS = 20.0
MAX_PAGES = 200
MAX_ITEMS = 10_000
# A burst of list_changed is one re-reading.
COALESCE_SECONDS = 0.2
HEALTH_SECONDS = 30.0
HEALTH_TIMEOUT = 10.0
HEALTH_FAILURES = 3

RELISTEN_SECONDS = 1.0
REWATCH_SECONDS = 0.02  # a client waits for it; several that come together still share one listen
# What a server of the handshake era may ask its client.
ASKABLE = frozenset({"elicitation/create", "sampling/createMessage", "roots/list"})

_LIST_CHANGED = {f"notifications/{name}/list_changed": name for name in CAPABILITIES}
Item = TypeVar("Item")
METRICS = "notifications/" + envelope.OURS + "metrics"
Progress = Callable[[dict[str, Raw]], None]


class ChildProcess(Protocol):
    """What an upstream needs of a supervised process."""

    @property
    def name(self) -> str:
        """The configured child."""

    @property
    def label(self) -> str:
        """The child and, in a pool, which instance."""

    def cpu_seconds(self) -> float | None:
        """Processor time the process has used so far, or None when it cannot be read."""


class ChildHung(ProtocolError):
    """The process answered before, failed a caller since, and shows no sign of life at all."""


class _Discovered(Struct, rename="camel"):
    supported_versions: list[str] = []
    capabilities: dict[str, Raw] = {}


class _Initialized(Struct, rename="camel"):
    protocol_version: str
    capabilities: dict[str, Raw] = {}


class _ProgressParams(Struct, rename="camel"):
    progress_token: int | str
    progress: float
    total: float | UnsetType = UNSET
    message: str | UnsetType = UNSET


_decode_discovered = msgspec.json.Decoder(_Discovered).decode
_decode_initialized = msgspec.json.Decoder(_Initialized).decode


class _UpdatedParams(Struct):
    uri: str


class _Honoured(Struct, rename="camel"):
    resource_subscriptions: list[str] = []


class _Acknowledged(Struct):
    notifications: _Honoured = msgspec.field(default_factory=_Honoured)


_decode_acknowledged = msgspec.json.Decoder(_Acknowledged).decode
_decode_updated = msgspec.json.Decoder(_UpdatedParams).decode
_decode_progress = msgspec.json.Decoder(_ProgressParams).decode


class Upstream:
    """
    One connected process.

    Args:
        era: "auto" tries the modern era, then the legacy one; "modern" and "legacy" take no other.
        on_metrics: takes the payload of a trusted child's own metrics notification; None drops them.
    """

    def __init__(
        self,
        process: ChildProcess,
        channel: MessageChannel,
        *,
        era: str = "auto",
        on_metrics: Callable[[bytes], None] | None = None,
        capabilities: Mapping[str, Raw] | None = None,
    ) -> None:
        self.process = process
        self.offered = dict(capabilities or {})
        """What a legacy process is told in its handshake that the client can do."""
        self.on_request: Callable[[Request], Awaitable[bytes]] | None = None
        """Answers what a leased legacy process asks; without it only pings are answered."""
        self.era = Era.MODERN if era == "modern" else Era.LEGACY
        self.revision = MODERN_REVISION
        self.tools: tuple[ListedTool, ...] = ()
        self.lists: dict[Kind, tuple[Listed, ...]] = {kind: () for kind in Kind if kind is not Kind.TOOLS}
        self.hints: dict[Kind, Hints] = {}
        self.is_responsive = True
        self._wanted_era = era
        self._on_metrics = on_metrics
        self._connection = RpcConnection(
            channel, serve=self._serve, on_notification=self._notified, strict=False, max_concurrent=16
        )
        self._capabilities: dict[str, Raw] = {}
        self._stale: set[str] = set()
        self._list_changed = trio.Event()
        self._progress: dict[int, tuple[Progress, float]] = {}
        self._next_token = 1
        self.in_flight = 0
        """Callers' calls that wait for this process now."""
        self._idle = trio.Event()
        self.on_updated: Callable[[str], None] | None = None
        """Told the URI of each watched resource that has changed."""
        self._log_readers: dict[object, Callable[[Raw], None]] = {}
        self._log_level = ""
        self._watched: set[str] = set()
        self._watch_changed = trio.Event()
        self._confirmed: set[str] = set()
        self._confirmation = trio.Event()
        self._has_failed_a_caller = False
        self._has_answered_a_probe = False

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Carry messages until the process closes its pipe; see `RpcConnection.run`."""
        await self._connection.run(task_status=task_status)

    # ------------------------------------------------------------------ opening

    async def open(self) -> None:
        """
        Find the era, shake hands if it is the legacy one, and read all lists.

        Raises:
            RpcFailed, CallTimeout, ChannelError, RemoteProtocolError: the process is no usable MCP server.
        """
        if self._wanted_era == "legacy" or not await self._is_modern():
            await self.initialize()
        await self.read_lists(CAPABILITIES)
        log.info("child_connected", mcp=self.process.label, revision=self.revision, tools=len(self.tools))

    async def _is_modern(self) -> bool:
        # Any answer but a usable DiscoverResult means legacy; no particular error code is relied on.
        try:
            raw = await self._call("server/discover", {}, PROBE_SECONDS, modern=True)
            found = _decode_discovered(raw)
        except (RpcFailed, CallTimeout, msgspec.DecodeError) as error:
            if self._wanted_era == "modern":
                raise RemoteProtocolError(f"server/discover did not succeed: {error}") from None
            return False
        if MODERN_REVISION not in found.supported_versions:
            if self._wanted_era == "modern":
                raise RemoteProtocolError(f"server/discover does not list {MODERN_REVISION}")
            return False
        self.era, self.revision, self._capabilities = Era.MODERN, MODERN_REVISION, found.capabilities
        return True

    async def initialize(self) -> None:
        """
        Shake hands with a legacy process.

        Raises:
            RpcFailed, CallTimeout, ChannelError, RemoteProtocolError: it is no usable MCP server.
        """
        params = {"protocolVersion": NEWEST_LEGACY, "capabilities": self.offered, "clientInfo": CLIENT_INFO}
        raw = await self._connection.call("initialize", codec.encode(params), timeout=LIST_SECONDS)
        try:
            agreed = _decode_initialized(raw)
        except msgspec.DecodeError as error:
            raise RemoteProtocolError(f"the result of initialize does not fit: {error}") from None
        if agreed.protocol_version not in LEGACY_REVISIONS:
            raise RemoteProtocolError(f"it speaks revision {agreed.protocol_version[:40]!r}, which we do not")
        self.era, self.revision = Era.LEGACY, agreed.protocol_version
        self._capabilities = agreed.capabilities
        self._connection.notify("notifications/initialized", b"")

    def has(self, capability: str) -> bool:
        """Whether the process declared a capability."""
        return capability in self._capabilities

    def declares(self, capability: str, setting: str) -> bool:
        """Whether it declared `capability` with `setting` true."""
        try:
            return codec.decode(self._capabilities.get(capability, Raw(b"{}"))).get(setting) is True
        except (msgspec.DecodeError, AttributeError):
            return False

    async def read_lists(self, capabilities: Iterable[str]) -> None:
        """Read all pages of the lists of `capabilities`; what reads as no item is left out and logged."""
        wanted = set(capabilities)
        for kind in Kind:
            if kind.capability not in wanted:
                continue
            items = await self._read_list(kind) if self.has(kind.capability) else []
            if kind is Kind.TOOLS:
                self.tools = tuple(self._readable(items, ListedTool.decode))
            else:
                self.lists[kind] = tuple(self._readable(items, partial(decode_item, kind)))

    async def _read_list(self, kind: Kind) -> list[Raw]:
        found: list[Raw] = []
        hints: Hints | None = None
        cursor: str | None = None
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            try:
                raw = await self._call(
                    kind.method, {} if cursor is None else {"cursor": cursor}, LIST_SECONDS
                )
                page = decode_page(kind, raw)
            except RpcFailed as error:
                if error.code == METHOD_NOT_FOUND:
                    return []  # templates, often: the capability is one, the methods are two
                raise
            except msgspec.DecodeError as error:
                raise RemoteProtocolError(f"the result of {kind.method} does not fit: {error}") from None
            found.extend(page.items)
            hints = page.hints if hints is None else hints.merged(page.hints)
            cursor = page.next_cursor
            if cursor is None or cursor in seen or len(found) > MAX_ITEMS:
                break
            seen.add(cursor)
        self.hints[kind] = hints or Hints()
        return found[:MAX_ITEMS]

    def _readable(self, items: list[Raw], decode: Callable[[Raw], Item]) -> list[Item]:
        readable = []
        for raw in items:
            try:
                readable.append(decode(raw))
            except msgspec.DecodeError as error:
                log.warning("item_refused", mcp=self.process.label, reason=str(error))
        return readable

    async def _call(
        self, method: str, params: dict[str, Any], timeout: float, *, modern: bool | None = None
    ) -> Raw:
        is_modern = self.era is Era.MODERN if modern is None else modern
        encoded = (
            envelope.request_params(params, client_info=CLIENT_INFO) if is_modern else codec.encode(params)
        )
        return await self._connection.call(method, encoded, timeout=timeout)

    # ------------------------------------------------------------------ calls of callers

    async def call(self, method: str, params: bytes, *, timeout: float) -> Raw:
        """
        Send a caller's request with complete params and return the result's bytes.

        Raises:
            RpcFailed, CallTimeout, ChannelError: as `RpcConnection.call`.
        """
        self.in_flight += 1
        try:
            return await self._connection.call(method, params, timeout=timeout)
        except CallTimeout:
            self._has_failed_a_caller = True
            raise
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self._idle.set()
                self._idle = trio.Event()

    async def wait_idle(self) -> None:
        """Return when no caller waits for this process any more."""
        while self.in_flight:
            await self._idle.wait()

    def open_progress(self, report: Progress) -> int:
        """A progress token that no other call of this process has; give it back with `close_progress`."""
        token = self._next_token
        self._next_token += 1
        self._progress[token] = (report, float("-inf"))
        return token

    def close_progress(self, token: int) -> None:
        """Drop what comes for `token` from now on."""
        self._progress.pop(token, None)

    def open_log(self, reader: Callable[[Raw], None]) -> object:
        """Give `reader` the params of log messages while its call is the only one that wants any."""
        key = object()
        self._log_readers[key] = reader
        return key

    def close_log(self, key: object) -> None:
        """The call is over."""
        self._log_readers.pop(key, None)

    async def set_log_level(self, level: str) -> None:
        """Ask a legacy process for messages from `level` up."""
        if self.era is Era.LEGACY and self.has("logging") and level != self._log_level:
            self._log_level = level
            await self._call("logging/setLevel", {"level": level}, LIST_SECONDS)

    # ------------------------------------------------------------------ what the process says

    async def _serve(self, request: Request) -> bytes:
        if request.method == "ping" and self.era is Era.LEGACY:
            await trio.lowlevel.checkpoint()
            return b"{}"
        if self.on_request is not None and request.method in ASKABLE:
            return await self.on_request(request)
        raise MethodNotFound("museod does not serve this method to its children.")

    def _notified(self, notification: Notification) -> None:
        method = notification.method
        if method == "notifications/progress":
            self._progressed(notification)
        elif method in _LIST_CHANGED:
            self._stale.add(_LIST_CHANGED[method])
            self._list_changed.set()
        elif method == "notifications/subscriptions/acknowledged":
            self._acknowledged(notification)
        elif method == "notifications/resources/updated":
            self._resource_updated(notification)
        elif method == "notifications/message":
            self._logged(notification)
        elif method == METRICS and self._on_metrics is not None:
            self._on_metrics(bytes(notification.params))

    def _acknowledged(self, notification: Notification) -> None:
        try:
            honoured = _decode_acknowledged(notification.params).notifications
        except msgspec.DecodeError:
            return
        self._confirm(honoured.resource_subscriptions)

    def _resource_updated(self, notification: Notification) -> None:
        try:
            uri = _decode_updated(notification.params).uri
        except msgspec.DecodeError:
            return
        if self.on_updated is not None:
            self.on_updated(uri)

    def _logged(self, notification: Notification) -> None:
        # Nothing on the pipe says whose call a message belongs to. It is told to a caller only when that
        # can be nobody else.
        if len(self._log_readers) == 1:
            (reader,) = self._log_readers.values()
            reader(notification.params)
        else:
            log.debug("child_logged", mcp=self.process.label, size=len(memoryview(notification.params)))

    def _progressed(self, notification: Notification) -> None:
        try:
            params = _decode_progress(notification.params)
        except msgspec.DecodeError:
            return
        token = params.progress_token
        if not isinstance(token, int) or token not in self._progress:
            return  # late, or never asked for
        report, last = self._progress[token]
        if params.progress <= last:
            return  # spec: progress must increase
        self._progress[token] = (report, params.progress)
        report(envelope.members(notification.params))

    # ------------------------------------------------------------------ while it lives

    async def watch(self, relisted: Callable[[], None]) -> None:
        """
        Follow the list and the health of the process until cancelled.

        Raises:
            ChildHung: see `ChildHung`; a busy or merely silent process never gets here.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._follow_list, relisted)
            nursery.start_soon(self._follow_health)
            nursery.start_soon(self._listen if self.era is Era.MODERN else self._subscribe)

    def watch_resources(self, uris: set[str]) -> None:
        """From now on hear of changes of exactly these resources."""
        self._watched = set(uris)
        self._watch_changed.set()

    async def wait_watching(self, uris: Iterable[str]) -> None:
        """Return when the process has confirmed that it tells of changes of `uris`; needs a deadline."""
        wanted = set(uris) & self._watched
        while self.declares("resources", "subscribe") and not wanted <= self._confirmed:
            await self._confirmation.wait()

    def _confirm(self, uris: Iterable[str]) -> None:
        self._confirmed = set(uris)
        self._confirmation.set()
        self._confirmation = trio.Event()

    def _wanted(self) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            f"{name}ListChanged": True for name in CAPABILITIES if self.declares(name, "listChanged")
        }
        if self._watched and self.declares("resources", "subscribe"):
            wanted["resourceSubscriptions"] = sorted(self._watched)
        return wanted

    async def _listen(self) -> None:
        """Keep one listen open to a modern process; a new one replaces it when more is to be heard."""
        async with trio.open_nursery() as nursery:
            former: trio.CancelScope | None = None
            while True:
                self._watch_changed = trio.Event()
                if wanted := self._wanted():
                    scope = await nursery.start(self._listen_for, wanted)
                    if former is not None:
                        former.cancel()  # only now: between the two nothing is missed
                    former = scope
                await self._watch_changed.wait()
                await trio.sleep(REWATCH_SECONDS)

    async def _listen_for(
        self,
        wanted: dict[str, Any],
        *,
        task_status: trio.TaskStatus[trio.CancelScope] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        with trio.CancelScope() as scope:
            task_status.started(scope)
            while True:
                try:
                    await self._call("subscriptions/listen", {"notifications": wanted}, float("inf"))
                except RpcFailed as error:
                    log.info("child_listen_refused", mcp=self.process.label, code=error.code)
                    return
                # It ended: something may have changed while nobody listened.
                self._stale.update(CAPABILITIES)
                self._list_changed.set()
                await trio.sleep(RELISTEN_SECONDS)

    async def _subscribe(self) -> None:
        """Keep the subscriptions of a legacy process at what is watched."""
        told: set[str] = set()
        while self.declares("resources", "subscribe"):
            self._watch_changed = trio.Event()
            for method, uris in (
                ("resources/unsubscribe", told - self._watched),
                ("resources/subscribe", self._watched - told),
            ):
                for uri in sorted(uris):
                    try:
                        await self._call(method, {"uri": uri}, LIST_SECONDS)
                    except (RpcFailed, CallTimeout) as error:
                        log.info("child_subscription_refused", mcp=self.process.label, reason=str(error))
            self._confirm(told := set(self._watched))
            await self._watch_changed.wait()

    async def _follow_list(self, relisted: Callable[[], None]) -> None:
        while True:
            await self._list_changed.wait()
            await trio.sleep(COALESCE_SECONDS)
            self._list_changed = trio.Event()
            stale, self._stale = self._stale, set()
            try:
                await self.read_lists(stale)
            except (RpcFailed, CallTimeout, RemoteProtocolError) as error:
                log.warning("child_list_unreadable", mcp=self.process.label, reason=str(error))
                continue
            relisted()

    async def _follow_health(self) -> None:
        unanswered = 0
        while True:
            await trio.sleep(HEALTH_SECONDS)
            if self.in_flight:
                continue
            heard, used = self._connection.last_received, self.process.cpu_seconds()
            if await self._answers_probe():
                unanswered, self._has_failed_a_caller, self._has_answered_a_probe = 0, False, True
            else:
                unanswered += 1
                is_still = self._connection.last_received == heard and self.process.cpu_seconds() == used
                if unanswered >= HEALTH_FAILURES and self._is_hung(is_still):
                    raise ChildHung("it answers neither calls nor probes and uses no processor time")
            if self.is_responsive != (unanswered == 0):
                self.is_responsive = unanswered == 0
                log.warning("child_health_changed", mcp=self.process.label, responsive=self.is_responsive)

    def _is_hung(self, is_still: bool) -> bool:
        return is_still and self._has_answered_a_probe and self._has_failed_a_caller and not self.in_flight

    async def _answers_probe(self) -> bool:
        method = "server/discover" if self.era is Era.MODERN else "ping"
        try:
            await self._call(method, {}, HEALTH_TIMEOUT)
        except CallTimeout:
            return False
        except (RpcFailed, Malformed):
            return True  # an error is an answer
        return True
