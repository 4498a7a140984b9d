"""
Our client side to one process of one child: its era, its lists, its calls.

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
from museod.errors import CallTimeout, MethodNotFound, RemoteProtocolError, RpcFailed
from museod.gateway.changes import Changes
from museod.gateway.health import TIMEOUT_SECONDS, Health
from museod.observe.logs import get_logger
from museod.rpc import RpcConnection
from museod.transports.channel import MessageChannel
from museod.wire import codec, envelope
from museod.wire.eras import LEGACY_REVISIONS, MODERN_REVISION, NEWEST_LEGACY, Era
from museod.wire.listings import CAPABILITIES, Hints, Kind, Listed, decode_item, decode_page
from museod.wire.messages import METHOD_NOT_FOUND, Notification, Request
from museod.wire.tools import ListedTool

log = get_logger()

CLIENT_INFO = {"name": "museod", "version": __version__}
# A Python child needs 1.5 s to start on a busy host; the era probe must not mistake that for a refusal.
PROBE_SECONDS = 8.0
LIST_SECONDS = 20.0
MAX_PAGES = 200
MAX_ITEMS = 10_000
# What a server of the handshake era may ask its client.
ASKABLE = frozenset({"elicitation/create", "sampling/createMessage", "roots/list"})

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
        self._wanted_era = era
        self._on_metrics = on_metrics
        self._connection = RpcConnection(
            channel, serve=self._serve, on_notification=self._notified, strict=False, max_concurrent=16
        )
        self._capabilities: dict[str, Raw] = {}
        self.changes = Changes(self)
        self.health = Health(self, self._probe)
        self._progress: dict[int, tuple[Progress, float]] = {}
        self._next_token = 1
        self.in_flight = 0
        """Callers' calls that wait for this process now."""
        self._idle = trio.Event()
        self._log_readers: dict[object, Callable[[Raw], None]] = {}
        self._log_level = ""

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
            raw = await self.request("server/discover", {}, PROBE_SECONDS, modern=True)
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
                raw = await self.request(
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

    async def request(
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
            self.health.failed_a_caller()
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
            await self.request("logging/setLevel", {"level": level}, LIST_SECONDS)

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
        elif method == "notifications/message":
            self._logged(notification)
        elif method == METRICS and self._on_metrics is not None:
            self._on_metrics(bytes(notification.params))
        else:
            self.changes.take(notification)

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

    @property
    def label(self) -> str:
        """Its name in logs."""
        return self.process.label

    def signs_of_life(self) -> tuple[float, float | None]:
        """When it last said anything, and the processor time that it has used."""
        return self._connection.last_received, self.process.cpu_seconds()

    async def watch(self, relisted: Callable[[], None]) -> None:
        """
        Follow the lists, resources and health of the process until cancelled.

        Raises:
            ChildHung: it is there in name only; a busy or merely silent process never gets here.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.changes.follow, relisted)
            nursery.start_soon(self.health.follow)

    async def _probe(self) -> Raw:
        method = "server/discover" if self.era is Era.MODERN else "ping"
        return await self.request(method, {}, TIMEOUT_SECONDS)
