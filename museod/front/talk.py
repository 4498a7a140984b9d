"""The conversation behind the port: chat sockets and single turns, each for the right person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio

from museod.access.principal import Principal, Role
from museod.chat.engine import Engine
from museod.chat.exchange import answer_once, stream_once
from museod.chat.session import Admit, CallerFor, ChatSession, SessionLimits
from museod.chat.speaker import acting_caller
from museod.front.door import TokenReader, Visitor
from museod.transports.http_messages import HttpResponse, Send, StreamingResponse
from museod.transports.websocket import WebSocketChannel

# About what a restart of the daemon takes.
DRAIN_RETRY_SECONDS = 3.0
_EVENT_STREAM = [
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-cache, no-transform"),
    ("X-Accel-Buffering", "no"),
]
_JSON = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


@dataclass(frozen=True, slots=True)
class Talk:
    """
    Args:
        staff: the user ids that are admin, at this moment, when a connector speaks for them.
        take: takes one message from a named allowance; the seconds to wait when there is none left.
        tokens, mint_guest: how a guest who comes over the network is given a name that lasts.
        draining: set when the daemon is on its way out.
    """

    engine: Engine
    tokens: TokenReader
    mint_guest: Callable[[], str]
    take: Callable[[str], Awaitable[float | None]]
    staff: Callable[[], frozenset[str]]
    limits: SessionLimits
    draining: trio.Event

    async def serve(self, channel: WebSocketChannel, visitor: Visitor, *, wants_stream: bool) -> None:
        """Serve one chat socket until it ends."""
        caller, guest_token = self._known(visitor)
        session = ChatSession(
            channel,
            self.engine,
            self._caller_for(caller, visitor),
            admit=self._admit(visitor),
            limits=self.limits,
            streams=wants_stream,
            guest_token=guest_token,
            principal=caller,
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._drain, session)
            await session.run()
            nursery.cancel_scope.cancel()

    async def _drain(self, session: ChatSession) -> None:
        await self.draining.wait()
        session.drain(DRAIN_RETRY_SECONDS)

    async def answer(self, body: bytes, visitor: Visitor) -> HttpResponse:
        """One turn as JSON."""
        caller, guest_token = self._known(visitor)
        exchange = await answer_once(
            body,
            self.engine,
            self._caller_for(caller, visitor),
            admit=self._admit(visitor),
            guest_token=guest_token,
        )
        headers = list(_JSON)
        if exchange.retry_after is not None:
            headers.append(("Retry-After", str(exchange.retry_after)))
        return HttpResponse(exchange.status, exchange.body, headers)

    def stream(self, body: bytes, visitor: Visitor) -> StreamingResponse:
        """One turn as server-sent events named by frame type."""
        caller, guest_token = self._known(visitor)

        async def run(send: Send) -> None:
            async def send_event(name: str, frame: bytes) -> None:
                await send(b"event: %b\ndata: %b\n\n" % (name.encode(), frame))

            await stream_once(
                body,
                self.engine,
                self._caller_for(caller, visitor),
                send_event,
                admit=self._admit(visitor),
                guest_token=guest_token,
            )

        return StreamingResponse(200, run, list(_EVENT_STREAM))

    def _known(self, visitor: Visitor) -> tuple[Principal, str | None]:
        """Who the connection speaks for, and the token that a new guest must be told."""
        caller = visitor.caller
        if caller.role is Role.GUEST and caller.is_anonymous and not visitor.is_loopback_guest:
            token = self.mint_guest()
            return self.tokens.read(token), token
        return caller, None

    def _caller_for(self, caller: Principal, visitor: Visitor) -> CallerFor:
        def caller_for(user_id: str, client_type: str) -> Principal:
            return acting_caller(
                user_id,
                caller,
                staff=self.staff(),
                loopback_guest=visitor.is_loopback_guest,
                channel=client_type,
            )

        return caller_for

    def _admit(self, visitor: Visitor) -> Admit:
        async def admit(caller: Principal) -> float | None:
            wait = await self.take(f"user:{caller.sub}")
            if wait is None and caller.role is Role.GUEST and not visitor.is_trusted_loopback:
                wait = await self.take(f"address:{visitor.address}")
            return wait

        return admit
