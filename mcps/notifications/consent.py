"""
Who wants to hear from the shop: a file that an operator or the shop writes, read again when it changes.

One line per decision, the last one about an address counts; `#` begins a comment:

    email,jane@example.com,yes        agreed to advertising
    sms,+49301234567,no               unsubscribed: only what concerns an order
    whatsapp,+49301234567,never       nothing at all

Without a line a person gets what concerns an order or was asked for, and no advertising.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from mcps.notifications.addresses import comparable
from mcps.notifications.provider import Channel
from museod.errors import ConfigError, Fault
from museod.observe.logs import get_logger

log = get_logger()

MAX_BYTES = 32 * 1024 * 1024  # some 700,000 lines, read in two seconds; a shop with more has a service for it


class Purpose(Enum):
    """Why a message is sent."""

    TRANSACTIONAL = "transactional"  # about the person's own order, or asked for by the person right now
    PERSONAL = "personal"  # written to this person, or an alert that the person ordered
    PROMOTIONAL = "promotional"


class Decision(Enum):
    """What a person said about a channel."""

    YES = "yes"
    NONE = "none"
    NO = "no"
    NEVER = "never"


ALLOWED: Mapping[Decision, frozenset[Purpose]] = {
    Decision.YES: frozenset(Purpose),
    Decision.NONE: frozenset({Purpose.TRANSACTIONAL, Purpose.PERSONAL}),
    Decision.NO: frozenset({Purpose.TRANSACTIONAL}),
    Decision.NEVER: frozenset(),
}

_Decisions = dict[tuple[Channel, str], Decision]


class Consent:
    """
    The decisions in a file. Everything here blocks.

    A file that becomes unreadable changes nothing: the decisions before it hold, and the log says so.

    Raises:
        ConfigError: at the start, for a file that cannot be used; every bad line with its number.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._stat()
        self._decisions = _read(path) if self._stamp else {}

    def decision(self, channel: Channel, address: str) -> Decision:
        """What the person behind an address said."""
        stamp = self._stat()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._decisions = _read(self._path) if stamp else {}
            except ConfigError as error:
                log.error("consent_not_read", faults=str(error))
            else:
                log.info("consent_read", decisions=len(self._decisions))
        return self._decisions.get((channel, comparable(channel, address)), Decision.NONE)

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> _Decisions:
    source = str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError([Fault(source, "size", f"it has more than {MAX_BYTES} bytes; shorten it")])
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise ConfigError([Fault(source, "file", f"make it readable ({error.strerror})")]) from None
    except UnicodeDecodeError:
        raise ConfigError([Fault(source, "file", "write it in UTF-8")]) from None
    decisions: _Decisions = {}
    faults: list[Fault] = []
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        parts = [part.strip() for part in text.split(",")]
        try:
            name, address, word = parts
            channel, decision = Channel(name), Decision(word)
            decisions[channel, comparable(channel, address)] = decision
        except ValueError:
            remedy = "write channel,address,decision: email|sms|whatsapp, the address, yes|no|never"
            faults.append(Fault(source, f"line {number}", remedy))
    if faults:
        raise ConfigError(faults[:20])
    return decisions
