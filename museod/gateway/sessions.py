"""
Sessions of the handshake era over HTTP: unguessable, bound to the credential that made them, capped.

A session lives on the node that made it; anywhere else, and after its end, its id is unknown (404) and the
client starts anew, as the specification has it.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from museod.access.principal import Principal, Role
from museod.gateway.subscriptions import Subscription
from museod.wire.handshake import Handshake
from museod.wire.messages import JsonId, Response

# About 2 KiB each: ten thousand idle clients cost 20 MiB. Beyond it the longest idle one is ended.
MAX_SESSIONS = 10_000
# A person with a host on every device has a dozen.
MAX_SESSIONS_PER_CALLER = 200
# A host that sleeps for the night starts anew in the morning.
IDLE_SECONDS = 4 * 3600.0

# A client that does not listen misses the oldest of these; lists are read anew after a gap anyway.
MAX_EVENTS = 64


@dataclass(slots=True)
class Session:
    """One initialized client."""

    id: str
    caller: Principal
    owner: tuple[str, str]
    handshake: Handshake = field(default_factory=Handshake)
    last_used: float = 0.0
    running: dict[JsonId, Callable[[], None]] = field(default_factory=dict)
    """How to stop each of its requests that are being answered."""
    asked: dict[JsonId, trio.MemorySendChannel[Response]] = field(default_factory=dict)
    """Where the answers to what we asked the client go."""
    next_ask: int = 1
    subscription: Subscription | None = None
    events: deque[tuple[str, bytes]] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))
    """Notifications that wait for the client to open, or to read, its own stream."""
    has_event: trio.Event = field(default_factory=trio.Event)
    has_stream: bool = False


class Sessions:
    """The sessions of this process, least recently used first."""

    def __init__(
        self,
        *,
        limit: int = MAX_SESSIONS,
        idle_seconds: float = IDLE_SECONDS,
        on_end: Callable[[Session], None] = lambda _: None,
    ) -> None:
        self._limit = limit
        self._idle_seconds = idle_seconds
        self._on_end = on_end
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def add(self, session: Session) -> None:
        """Let it be found; beyond the limit the longest idle one is ended for it."""
        session.last_used = trio.current_time()
        self._expire()
        self._make_room_for(session.owner)
        while len(self._sessions) >= self._limit:
            self.end(next(iter(self._sessions.values())))
        self._sessions[session.id] = session

    def _make_room_for(self, owner: tuple[str, str]) -> None:
        """End the owner's own longest idle session before it could cost somebody else's."""
        own = [session for session in self._sessions.values() if session.owner == owner]
        if len(own) >= (self._limit // 2 if not owner[1] else MAX_SESSIONS_PER_CALLER):
            self.end(own[0])

    def find(self, id: str, caller: Principal) -> Session | None:
        """The session, if it lives and `caller` comes with the credential that made it."""
        session = self._sessions.get(id)
        if session is None or session.owner != _owner(caller):
            return None
        now = trio.current_time()
        if session.last_used < now - self._idle_seconds and not session.running:
            self.end(session)
            return None
        session.last_used = now
        self._sessions.move_to_end(id)
        return session

    def end(self, session: Session) -> None:
        """Forget it."""
        if self._sessions.pop(session.id, None) is not None:
            self._on_end(session)

    def _expire(self) -> None:
        oldest = trio.current_time() - self._idle_seconds
        while self._sessions:
            session = next(iter(self._sessions.values()))
            if session.last_used >= oldest:
                return
            self.end(session)


def new_session(caller: Principal) -> Session:
    """A session under a new id; a guest without a name gets one that lasts as long as the session."""
    id = secrets.token_urlsafe(24)
    return Session(id, named_guest(caller, id), _owner(caller))


def named_guest(caller: Principal, connection: str) -> Principal:
    """`caller`, or for a guest without a name one whose things live as long as `connection`."""
    if caller.role is Role.GUEST and caller.is_anonymous:
        return dataclasses.replace(caller, sub=f"guest:mcp-{connection}")
    return caller


def _owner(caller: Principal) -> tuple[str, str]:
    return caller.role.value, caller.sub
