"""
MCP over a message channel (WebSocket, stdio): the first request decides the era of the connection.

Spec 2026-07-28, "Era detection": `server/discover` alone decides nothing, so that a client may ask first.
"""

from __future__ import annotations

import trio
from msgspec import Raw

from museod.access.principal import Principal
from museod.errors import ChannelBroken, ChannelError, RpcFailed
from museod.gateway.client import ASK_SECONDS
from museod.gateway.server import Server
from museod.gateway.subscriptions import Subscription
from museod.rpc import RpcConnection
from museod.transports.channel import MessageChannel
from museod.wire import codec, envelope, http_rules
from museod.wire.eras import BATCH_REVISION, MODERN_REVISION, Era
from museod.wire.handshake import Handshake, Stage, asked_revision
from museod.wire.listings import CAPABILITIES
from museod.wire.messages import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    JsonId,
    Malformed,
    Notification,
    Request,
)


class Connection:
    """
    One MCP client on a message channel.

    Args:
        in_flight: how many of its requests are served at once; further ones wait their turn.
        finish_seconds: how long requests are worked on after the client's last word. On a socket that is its
            leaving; on a pipe it may only have closed its end and wait for the answers.
    """

    def __init__(
        self,
        channel: MessageChannel,
        server: Server,
        caller: Principal,
        *,
        in_flight: int,
        finish_seconds: float = 0.0,
    ) -> None:
        self._server = server
        self._caller = caller
        self._era: Era | None = None
        self._handshake = Handshake()
        self._subscription = Subscription(
            on_list=lambda name: self._tell(f"notifications/{name}/list_changed", b""),
            on_updated=lambda uri: self._tell("notifications/resources/updated", codec.encode({"uri": uri})),
            lists=frozenset(CAPABILITIES),
        )
        self._rpc = RpcConnection(
            channel,
            serve=self._serve,
            on_notification=self._notified,
            max_concurrent=in_flight,
            max_pending=max(1024, 4 * in_flight),
            on_request=self._came,
            takes_batches=self._takes_batches,
            finish_seconds=finish_seconds,
        )
        self._initialize_id: JsonId | None = None
        self._initialized = trio.Event()
        self._after_initialize: set[JsonId] = set()

    @property
    def serving(self) -> int:
        """Requests that have not been answered yet."""
        return self._rpc.serving

    async def run(self, draining: trio.Event) -> None:
        """
        Serve until the client leaves, or until `draining` is set and all its requests are answered.

        Raises:
            ChannelBroken: the client broke the channel.
        """
        broken: ChannelBroken | None = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._leave, draining, nursery.cancel_scope)
                try:
                    await self._rpc.run()
                except ChannelBroken as error:
                    broken = error  # raised outside of the nursery, so that it stays one exception
                nursery.cancel_scope.cancel()
        finally:
            self._server.subscriptions.close(self._subscription)
        if broken is not None:
            raise broken

    async def _leave(self, draining: trio.Event, scope: trio.CancelScope) -> None:
        await draining.wait()
        await self._rpc.wait_idle()
        scope.cancel()

    def _came(self, request: Request) -> None:
        # Requests are served side by side; what was sent behind initialize must still find it done.
        if request.method == "initialize" and self._initialize_id is None:
            self._initialize_id = request.id
        elif self._initialize_id is not None and not self._initialized.is_set():
            self._after_initialize.add(request.id)

    def _takes_batches(self) -> bool:
        return self._era is Era.LEGACY and self._handshake.revision == BATCH_REVISION

    async def _serve(self, request: Request) -> bytes:
        if self._initialized.is_set() or self._initialize_id is None:
            return await self._answer(request)
        if request.id == self._initialize_id:
            try:
                return await self._answer(request)
            finally:
                self._initialized.set()
        if request.id in self._after_initialize:
            await self._initialized.wait()
        return await self._answer(request)

    async def _answer(self, request: Request) -> bytes:
        meta = envelope.read_meta(request.params)
        era = self._era_of(request, meta)
        if era is Era.LEGACY:
            return await self._server.answer_legacy(
                request,
                self._caller,
                self._emit,
                self._handshake,
                ask=self._ask,
                subscription=self._subscription,
            )
        missing = envelope.missing_keys(meta)
        if missing:
            raise Malformed(INVALID_PARAMS, f"The request's _meta lacks {' and '.join(missing)}.")
        if meta.protocol_version != MODERN_REVISION:
            fault = http_rules.unsupported_version(str(meta.protocol_version))
            raise RpcFailed(fault.code, fault.message, fault.data)
        return await self._server.answer_modern(request, self._caller, self._emit, meta)

    def _era_of(self, request: Request, meta: envelope.RequestMeta) -> Era:
        if self._era is None:
            if request.method == "server/discover" and meta.is_modern:
                return Era.MODERN
            self._era = Era.MODERN if meta.is_modern and request.method != "initialize" else Era.LEGACY
            if self._era is Era.LEGACY:
                self._server.subscriptions.open(self._subscription)
        elif self._era is Era.MODERN and request.method == "initialize":
            fault = http_rules.unsupported_version(asked_revision(request.params))
            text = f"This connection speaks {MODERN_REVISION}, which has no initialize."
            raise RpcFailed(fault.code, text, fault.data)
        elif self._era is Era.LEGACY and meta.is_modern:
            raise Malformed(
                INVALID_REQUEST, "This connection was initialized; open another one for per-request versions."
            )
        return self._era

    async def _ask(self, method: str, params: bytes) -> Raw:
        return await self._rpc.call(method, params, timeout=ASK_SECONDS)

    def _tell(self, method: str, params: bytes) -> None:
        if self._handshake.stage is not Stage.NEW:  # before initialize is answered nothing else may be said
            self._emit(method, params)

    def _emit(self, method: str, params: bytes) -> None:
        try:
            self._rpc.notify(method, params)
        except ChannelError:
            return  # the client is gone; run() ends by itself

    def _notified(self, notification: Notification) -> None:
        if self._era is Era.LEGACY:
            self._handshake.notified(notification.method)
