"""Which open sockets speak for whom on this node, so that people can be told what they did not ask for."""

from __future__ import annotations

from collections.abc import Callable

from museod.chat.messages import EventFrame

Tell = Callable[[EventFrame], None]

# A socket of a person speaks for one, a connector's for as many as write through it; whoever joined longest
# ago is reached again with the next message.
MAX_PEOPLE_PER_SOCKET = 4096


class Presence:
    """Who can be told something right now."""

    def __init__(self) -> None:
        self._listeners: dict[str, dict[int, Tell]] = {}

    def join(self, user_id: str, socket: object, tell: Tell) -> None:
        """`socket` speaks for this user until it leaves."""
        self._listeners.setdefault(user_id, {})[id(socket)] = tell

    def leave(self, user_id: str, socket: object) -> None:
        """`socket` speaks for this user no more."""
        known = self._listeners.get(user_id)
        if known is not None:
            known.pop(id(socket), None)
            if not known:
                del self._listeners[user_id]

    def tell(self, user_id: str, event: EventFrame) -> int:
        """Send an event to every socket of the user; to how many it went."""
        listeners = list(self._listeners.get(user_id, {}).values())
        for listener in listeners:
            listener(event)
        return len(listeners)
