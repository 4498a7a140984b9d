"""
Changes of one process: which of its lists are stale, which of its resources are watched.

A modern process is listened to, with one listen for everything; a legacy one is subscribed to, resource by
resource, and tells of its lists unasked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec
import trio
from msgspec import Raw, Struct

from museod.errors import CallTimeout, RemoteProtocolError, RpcFailed
from museod.observe.logs import get_logger
from museod.wire.eras import Era
from museod.wire.listings import CAPABILITIES
from museod.wire.messages import Notification

log = get_logger()

# A burst of list_changed is one re-reading.
COALESCE_SECONDS = 0.2
RELISTEN_SECONDS = 1.0
REWATCH_SECONDS = 0.02  # a client waits for it; several that come together still share one listen
SUBSCRIBE_SECONDS = 20.0

_LIST_CHANGED = {f"notifications/{name}/list_changed": name for name in CAPABILITIES}


class _UpdatedParams(Struct):
    uri: str


class _Honoured(Struct, rename="camel"):
    resource_subscriptions: list[str] = []


class _Acknowledged(Struct):
    notifications: _Honoured = msgspec.field(default_factory=_Honoured)


_decode_updated = msgspec.json.Decoder(_UpdatedParams).decode
_decode_acknowledged = msgspec.json.Decoder(_Acknowledged).decode


class Changing(Protocol):
    """What is needed of a process to follow its changes."""

    era: Era

    @property
    def label(self) -> str:
        """Its name in logs."""

    def declares(self, capability: str, setting: str) -> bool:
        """Whether it declared `capability` with `setting` true."""

    async def request(self, method: str, params: dict[str, Any], timeout: float) -> Raw:
        """Send it a request of our own."""

    async def read_lists(self, capabilities: Iterable[str]) -> None:
        """Read the lists of these capabilities anew."""


class Changes:
    """Follows the changes of one process."""

    def __init__(self, process: Changing) -> None:
        self._process = process
        self.on_updated: Callable[[str], None] | None = None
        """Told the URI of each watched resource that has changed."""
        self._stale: set[str] = set()
        self._list_changed = trio.Event()
        self._watched: set[str] = set()
        self._watch_changed = trio.Event()
        self._confirmed: set[str] = set()
        self._confirmation = trio.Event()

    async def follow(self, relisted: Callable[[], None]) -> None:
        """Follow the lists and the watched resources for ever; `relisted` is called after each re-reading."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._follow_lists, relisted)
            nursery.start_soon(self._listen if self._process.era is Era.MODERN else self._subscribe)

    def take(self, notification: Notification) -> bool:
        """Whether the notification was about a change, and is dealt with."""
        method = notification.method
        if method in _LIST_CHANGED:
            self._stale.add(_LIST_CHANGED[method])
            self._list_changed.set()
        elif method == "notifications/subscriptions/acknowledged":
            self._acknowledged(notification)
        elif method == "notifications/resources/updated":
            self._resource_updated(notification)
        else:
            return False
        return True

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

    def watch_resources(self, uris: set[str]) -> None:
        """From now on hear of changes of exactly these resources."""
        self._watched = set(uris)
        self._watch_changed.set()

    async def wait_watching(self, uris: Iterable[str]) -> None:
        """Return when the process has confirmed that it tells of changes of `uris`; needs a deadline."""
        wanted = set(uris) & self._watched
        while self._process.declares("resources", "subscribe") and not wanted <= self._confirmed:
            await self._confirmation.wait()

    def _confirm(self, uris: Iterable[str]) -> None:
        self._confirmed = set(uris)
        self._confirmation.set()
        self._confirmation = trio.Event()

    def _wanted(self) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            f"{name}ListChanged": True for name in CAPABILITIES if self._process.declares(name, "listChanged")
        }
        if self._watched and self._process.declares("resources", "subscribe"):
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
                    await self._process.request(
                        "subscriptions/listen", {"notifications": wanted}, float("inf")
                    )
                except RpcFailed as error:
                    log.info("child_listen_refused", mcp=self._process.label, code=error.code)
                    return
                # It ended: something may have changed while nobody listened.
                self._stale.update(CAPABILITIES)
                self._list_changed.set()
                await trio.sleep(RELISTEN_SECONDS)

    async def _subscribe(self) -> None:
        """Keep the subscriptions of a legacy process at what is watched."""
        told: set[str] = set()
        while self._process.declares("resources", "subscribe"):
            self._watch_changed = trio.Event()
            for method, uris in (
                ("resources/unsubscribe", told - self._watched),
                ("resources/subscribe", self._watched - told),
            ):
                for uri in sorted(uris):
                    try:
                        await self._process.request(method, {"uri": uri}, SUBSCRIBE_SECONDS)
                    except (RpcFailed, CallTimeout) as error:
                        log.info("child_subscription_refused", mcp=self._process.label, reason=str(error))
            self._confirm(told := set(self._watched))
            await self._watch_changed.wait()

    async def _follow_lists(self, relisted: Callable[[], None]) -> None:
        while True:
            await self._list_changed.wait()
            await trio.sleep(COALESCE_SECONDS)
            self._list_changed = trio.Event()
            stale, self._stale = self._stale, set()
            try:
                await self._process.read_lists(stale)
            except (RpcFailed, CallTimeout, RemoteProtocolError) as error:
                log.warning("child_list_unreadable", mcp=self._process.label, reason=str(error))
                continue
            relisted()
