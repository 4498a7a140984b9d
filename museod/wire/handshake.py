"""
The handshake of the legacy era as a table: what may be sent when, and what `initialize` agrees on.

Spec 2025-11-25, "Lifecycle". The same machine serves a WebSocket, a pipe and an HTTP session.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import msgspec
from msgspec import Raw, Struct

from museod.wire.eras import NEWEST_LEGACY, negotiated
from museod.wire.messages import INVALID_PARAMS, INVALID_REQUEST, Malformed


class Stage(Enum):
    """Where the handshake stands."""

    NEW = "new"
    AGREED = "agreed"  # initialize is answered; notifications/initialized may follow or be late
    OPEN = "open"


# (stage, what happened) -> next stage; in no row: the stage stays. `initialize` counts once it is answered.
_STEPS: dict[tuple[Stage, str], Stage] = {
    (Stage.NEW, "initialize"): Stage.AGREED,
    (Stage.AGREED, "notifications/initialized"): Stage.OPEN,
    (Stage.OPEN, "notifications/initialized"): Stage.OPEN,
}
# Until a client says otherwise the server chooses (spec 2025-11-25, "Logging").
DEFAULT_LOG_LEVEL = "info"
_ALLOWED_WHEN_NEW = frozenset({"initialize", "ping"})


class InitializeParams(Struct, frozen=True, rename="camel"):
    """The params of `initialize`."""

    protocol_version: str
    capabilities: dict[str, Raw]
    client_info: dict[str, Raw]


class _Asked(Struct):
    revision: str = msgspec.field(default="", name="protocolVersion")


_decode_params = msgspec.json.Decoder(InitializeParams).decode
_decode_asked = msgspec.json.Decoder(_Asked).decode


def asked_revision(params: bytes | Raw) -> str:
    """The revision that the params of `initialize` ask for; empty when they do not say."""
    try:
        return _decode_asked(params or b"{}").revision
    except msgspec.DecodeError:
        return ""


@dataclass(slots=True)
class Handshake:
    """One client's handshake. `revision` and `capabilities` hold from `initialize` on."""

    stage: Stage = Stage.NEW
    revision: str = NEWEST_LEGACY
    capabilities: dict[str, Raw] = field(default_factory=dict)
    client_info: dict[str, Raw] = field(default_factory=dict)
    log_level: str = DEFAULT_LOG_LEVEL

    def admit(self, method: str) -> None:
        """
        Judge a request that comes now; only `agree` and `notified` move the stage.

        Raises:
            Malformed: it may not come now; the text says what must come first.
        """
        if self.stage is Stage.NEW and method not in _ALLOWED_WHEN_NEW:
            raise Malformed(INVALID_REQUEST, "Send initialize first; then this method is available.")
        if method == "initialize" and self.stage is not Stage.NEW:
            raise Malformed(
                INVALID_REQUEST, "This session is initialized already; open a new one to change it."
            )

    def notified(self, method: str) -> None:
        """Take notice of a notification; one that may not come now is ignored, as nothing answers it."""
        if method.startswith("notifications/"):
            self._step(method)

    def _step(self, method: str) -> None:
        self.stage = _STEPS.get((self.stage, method), self.stage)

    def agree(self, params: bytes | Raw) -> str:
        """
        Read the params of `initialize` and return the revision to answer with.

        Raises:
            Malformed: they do not fit (-32602).
        """
        try:
            wanted = _decode_params(params)
        except msgspec.DecodeError as error:
            raise Malformed(INVALID_PARAMS, f"The params of initialize do not fit: {error}.") from None
        self.revision = negotiated(wanted.protocol_version)
        self.capabilities = wanted.capabilities
        self.client_info = wanted.client_info
        self._step("initialize")
        return self.revision
