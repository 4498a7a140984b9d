"""The MCP server as the Streamable HTTP endpoint sees it: modern requests, and sessions that shook hands."""

from __future__ import annotations

from collections.abc import Callable

import trio
from msgspec import Raw

from museod.access.principal import Principal
from museod.errors import CallTimeout, RpcFailed
from museod.gateway.client import ASK_SECONDS, RELAYED, Emit
from museod.gateway.server import Server
from museod.gateway.sessions import Session, Sessions, new_session
from museod.gateway.subscriptions import Subscription
from museod.rpc import CANCELLED, cancelled_id
from museod.wire import codec
from museod.wire.envelope import RequestMeta
from museod.wire.handshake import DEFAULT_LOG_LEVEL
from museod.wire.listings import CAPABILITIES
from museod.wire.messages import INVALID_REQUEST, Malformed, Notification, Request, Response
from museod.wire.param_headers import ParamHeader


class SessionFace:
    """A session, ready to answer."""

    __slots__ = ("_server", "session")

    def __init__(self, session: Session, server: Server) -> None:
        self.session = session
        self._server = server

    @property
    def id(self) -> str:
        """What `Mcp-Session-Id` carries."""
        return self.session.id

    @property
    def revision(self) -> str:
        """What was negotiated."""
        return self.session.handshake.revision

    @property
    def is_interactive(self) -> bool:
        """Whether its client can be asked something, or wants to see logs as they are written."""
        handshake = self.session.handshake
        return handshake.log_level != DEFAULT_LOG_LEVEL or not handshake.capabilities.keys().isdisjoint(
            RELAYED
        )

    async def answer(
        self,
        request: Request,
        emit: Emit,
        send: Callable[[bytes], None] | None,
        stop: Callable[[], None],
    ) -> bytes:
        """
        Answer one request of the session.

        Args:
            send: puts a whole message on the request's stream; None where there is no stream.
            stop: ends the work on it, should the client cancel it.

        Raises:
            CallError: it failed as a whole.
            Malformed: it may not come now, or its id is in use.
        """
        session, running = self.session, self.session.running
        if request.id in running:
            raise Malformed(INVALID_REQUEST, "This id is in use by an unanswered request.", request.id)
        running[request.id] = stop
        asker = None if send is None else _Asker(session, send)
        try:
            return await self._server.answer_legacy(
                request,
                session.caller,
                emit,
                session.handshake,
                ask=None if asker is None else asker.ask,
                subscription=session.subscription,
            )
        finally:
            del running[request.id]

    def notified(self, notification: Notification) -> None:
        """Take a notification; a disconnect cancels nothing in this era, `notifications/cancelled` does."""
        if notification.method != CANCELLED:
            self.session.handshake.notified(notification.method)
            return
        id = cancelled_id(notification)
        if id is not None and id in self.session.running:
            self.session.running[id]()

    def answered(self, response: Response) -> bool:
        """Take the client's answer to something we asked; whether we had."""
        waiting = self.session.asked.pop(response.id, None) if response.id is not None else None
        if waiting is None:
            return False
        waiting.send_nowait(response)
        return True

    def take_stream(self) -> bool:
        """Whether the session's own stream was free; it is taken now."""
        if self.session.has_stream:
            return False
        self.session.has_stream = True
        return True

    def give_stream_back(self) -> None:
        """The client closed it."""
        self.session.has_stream = False

    async def wait_events(self) -> list[bytes]:
        """The notifications that belong to no request, as messages; waits for the first."""
        session = self.session
        while not session.events:
            session.has_event = trio.Event()
            await session.has_event.wait()
        messages = [codec.encode_notification(method, params) for method, params in session.events]
        session.events.clear()
        return messages


class _Asker:
    """Asks the client of a session on the stream of one request."""

    def __init__(self, session: Session, send: Callable[[bytes], None]) -> None:
        self._session = session
        self._send = send

    async def ask(self, method: str, params: bytes) -> Raw:
        session = self._session
        id = f"museod-{session.next_ask}"
        session.next_ask += 1
        sender, receiver = trio.open_memory_channel[Response](1)
        session.asked[id] = sender
        try:
            self._send(codec.encode_request(id, method, params))
            with trio.move_on_after(ASK_SECONDS):
                response = await receiver.receive()
                if response.error is not None:
                    raise RpcFailed(response.error.code, response.error.message, response.error.payload())
                return response.result or Raw(b"{}")
        finally:
            session.asked.pop(id, None)
        raise CallTimeout(f"The client did not answer {method} in {ASK_SECONDS:.0f} s.")


class HttpFace:
    """Answers what the `/mcp` endpoint receives."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._sessions = Sessions(on_end=self._ended)

    async def answer(self, request: Request, caller: Principal, emit: Emit, meta: RequestMeta) -> bytes:
        """One modern request's result; raises as `Server.answer_modern`."""
        return await self._server.answer_modern(request, caller, emit, meta)

    def param_headers(self, tool: str) -> tuple[ParamHeader, ...]:
        """Which arguments of a tool must come in headers too."""
        entry = self._server.find_tool(tool)
        return () if entry is None else entry.param_headers

    def open_session(self, caller: Principal) -> SessionFace:
        """A session that waits for its `initialize`; nobody can find it before `keep_session`."""
        session = new_session(caller)

        def tell(method: str, params: bytes) -> None:
            session.events.append((method, params))
            session.has_event.set()

        session.subscription = Subscription(
            on_list=lambda name: tell(f"notifications/{name}/list_changed", b""),
            on_updated=lambda uri: tell("notifications/resources/updated", codec.encode({"uri": uri})),
            lists=frozenset(CAPABILITIES),
        )
        return SessionFace(session, self._server)

    def keep_session(self, session: SessionFace) -> None:
        """It is initialized."""
        self._sessions.add(session.session)
        if session.session.subscription is not None:
            self._server.subscriptions.open(session.session.subscription)

    def find_session(self, id: str, caller: Principal) -> SessionFace | None:
        """The session of that id, if it lives and is this caller's."""
        session = self._sessions.find(id, caller)
        return None if session is None else SessionFace(session, self._server)

    def end_session(self, session: SessionFace) -> None:
        """Cancel what runs in it and forget it."""
        self._sessions.end(session.session)

    def _ended(self, session: Session) -> None:
        for stop in list(session.running.values()):
            stop()
        if session.subscription is not None:
            self._server.subscriptions.close(session.subscription)
