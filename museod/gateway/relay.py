"""
A caller's request on its way to a child: params, the `_meta` that nobody can forge, progress and logs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw, Struct

from museod.access.principal import Principal
from museod.gateway.client import is_at_least
from museod.gateway.confirm import Confirmed
from museod.gateway.policy import ChildPolicy
from museod.gateway.upstream import CLIENT_INFO, Upstream
from museod.observe.context import correlation_id, next_span, trace_parent
from museod.wire import codec, envelope
from museod.wire.eras import MODERN_REVISION, Era

Progress = Callable[[dict[str, Raw]], None]
LogReader = Callable[[Raw], None]

_VERSION = b'"%b":"%b"' % (envelope.PROTOCOL_VERSION.encode(), MODERN_REVISION.encode())
_INFO = b'"%b":%b' % (envelope.CLIENT_INFO.encode(), codec.encode(CLIENT_INFO))
_NO_CAPABILITIES = b'"%b":{}' % envelope.CLIENT_CAPABILITIES.encode()
_MODERN_META = b",".join([_VERSION, _INFO, _NO_CAPABILITIES])


@dataclass(frozen=True, slots=True)
class Turn:
    """What a trusted child is told of the conversation beside the caller."""

    locale: str = ""
    client_type: str = ""
    conversation_id: str = ""
    turn_id: str = ""

    def as_meta(self) -> dict[str, Any]:
        """The members that are known."""
        known = {
            "locale": self.locale,
            "clientType": self.client_type,
            "conversationId": self.conversation_id,
            "turnId": self.turn_id,
        }
        return {name: value for name, value in known.items() if value}


NO_TURN = Turn()


class Relay(Struct, eq=False):
    """
    One request of one caller, as it goes to a child; a second run after a crash goes with the same.

    Args:
        meta: the caller's own `_meta`, of which everything reserved is replaced.
        capabilities: what the child may ask the caller's client.
        on_progress: called with the members of each progress notification but its token.
        on_log: called with the params of log messages that can be nobody else's.
        log_level: which of them are wanted; empty for none.
        leased: the process that this request has for itself, if it has one.
        confirmed: the yes that this very call got; only trusted children are told.
    """

    caller: Principal
    turn: Turn = NO_TURN
    meta: Raw | None = None
    capabilities: Mapping[str, Raw] = {}
    on_progress: Progress | None = None
    on_log: LogReader | None = None
    log_level: str = ""
    leased: Upstream | None = None
    confirmed: Confirmed | None = None
    has_shown_something: bool = False
    _token: int | None = None
    _log_key: object = None

    def open(self, members: bytes, upstream: Upstream, policy: ChildPolicy) -> bytes:
        """
        The params for `upstream`: `members` (the inside of an object) and the `_meta` of its era.

        Give it back with `close`.
        """
        extra: dict[str, Any] = {}
        if self.meta is not None:
            extra.update(_unreserved(self.meta))
        if policy.identity:
            extra[envelope.CALLER] = {**self.caller.as_meta(), **self.turn.as_meta()}
            extra[envelope.CORRELATION_ID] = correlation_id.get()
            if self.confirmed is not None:
                extra[envelope.CONFIRMED] = self.confirmed.as_meta()
        if trace_parent.get():
            extra["traceparent"] = next_span(trace_parent.get())
        if self.on_progress is not None:
            self._token = extra[envelope.PROGRESS_TOKEN] = upstream.open_progress(self._progressed)
        if self.on_log is not None and self.log_level and upstream.has("logging"):
            self._log_key = upstream.open_log(self._logged)
            if upstream.era is Era.MODERN:
                extra[envelope.LOG_LEVEL] = self.log_level
        encoded = codec.encode(extra)[1:-1] if extra else b""
        if upstream.era is Era.MODERN:
            standard = _MODERN_META
            if self.capabilities:
                declared = b'"%b":%b' % (
                    envelope.CLIENT_CAPABILITIES.encode(),
                    codec.encode(self.capabilities),
                )
                standard = b",".join([_VERSION, _INFO, declared])
            encoded = standard + b"," + encoded if encoded else standard
        if not encoded:
            return b"{%b}" % members
        return b'{%b,"_meta":{%b}}' % (members, encoded) if members else b'{"_meta":{%b}}' % encoded

    def close(self, upstream: Upstream) -> None:
        """The run is over: what still comes for it is dropped."""
        if self._token is not None:
            upstream.close_progress(self._token)
            self._token = None
        if self._log_key is not None:
            upstream.close_log(self._log_key)
            self._log_key = None

    def _progressed(self, members: dict[str, Raw]) -> None:
        self.has_shown_something = True
        if self.on_progress is not None:
            members.pop("progressToken", None)
            self.on_progress(members)

    def _logged(self, params: Raw) -> None:
        try:
            level = _decode_level(params).level
        except msgspec.DecodeError:
            return
        if self.on_log is not None and is_at_least(level, self.log_level):
            self.has_shown_something = True
            self.on_log(params)


class _Logged(msgspec.Struct):
    level: str


_decode_level = msgspec.json.Decoder(_Logged).decode


def _unreserved(meta: Raw) -> Mapping[str, Raw]:
    return {
        name: value
        for name, value in envelope.members(meta).items()
        if name not in envelope.RESERVED and not name.startswith(envelope.OURS) and name != "traceparent"
    }
