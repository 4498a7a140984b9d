"""The MCP server as the Streamable HTTP endpoint sees it: modern requests, and sessions that shook hands."""

from __future__ import annotations

from collections.abc import Callable

from museod.access.principal import Principal
from museod.gateway.server import Emit, Server
from museod.gateway.sessions import Session, Sessions, new_session
from museod.rpc import CANCELLED, cancelled_id
from museod.wire.envelope import RequestMeta
from museod.wire.messages import INVALID_REQUEST, Malformed, Notification, Request


class SessionFace:
    """A session, ready to answer."""

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

    async def answer(self, request: Request, emit: Emit, stop: Callable[[], None]) -> bytes:
        """
        Answer one request of the session; `stop` ends the work on it, should the client cancel it.

        Raises:
            CallError: it failed as a whole.
            Malformed: it may not come now, or its id is in use.
        """
        running = self.session.running
        if request.id in running:
            raise Malformed(INVALID_REQUEST, "This id is in use by an unanswered request.", request.id)
        running[request.id] = stop
        try:
            return await self._server.answer_legacy(
                request, self.session.caller, emit, self.session.handshake
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


class HttpFace:
    """Answers what the `/mcp` endpoint receives."""

    def __init__(self, server: Server, sessions: Sessions) -> None:
        self._server = server
        self._sessions = sessions

    async def answer(self, request: Request, caller: Principal, emit: Emit, meta: RequestMeta) -> bytes:
        """One modern request's result; raises as `Server.answer_modern`."""
        return await self._server.answer_modern(request, caller, emit, meta)

    def open_session(self, caller: Principal) -> SessionFace:
        """A session that waits for its `initialize`; nobody can find it before `keep_session`."""
        return SessionFace(new_session(caller), self._server)

    def keep_session(self, session: SessionFace) -> None:
        """It is initialized."""
        self._sessions.add(session.session)

    def find_session(self, id: str, caller: Principal) -> SessionFace | None:
        """The session of that id, if it lives and is this caller's."""
        session = self._sessions.find(id, caller)
        return None if session is None else SessionFace(session, self._server)

    def end_session(self, session: SessionFace) -> None:
        """Cancel what runs in it and forget it."""
        for stop in list(session.session.running.values()):
            stop()
        self._sessions.end(session.session)
