"""What the environment says about the ways out; all its faults at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mcps.notifications.addresses import checked_address
from mcps.notifications.quiet import DEFAULT, QuietHours, read_quiet_hours
from mcps.notifications.smtp import SmtpServer, read_server
from mcps.notifications.twilio import BASE_URL as TWILIO_URL
from mcps.notifications.twilio import TwilioAccount
from mcps.notifications.whatsapp import BASE_URL as WHATSAPP_URL
from mcps.notifications.whatsapp import WhatsAppAccount
from museod.errors import ConfigError, Fault, InvalidArguments
from museod.observe.logs import get_logger

log = get_logger()

T = TypeVar("T")

DEFAULT_SENDER = "shop@localhost"


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Where state lies and who carries messages; a carrier that is None is replaced by the mailbox.

    `directory` is this server's own, `mailbox` beside it, where a newcomer looks.
    """

    directory: Path
    mailbox: Path
    consent_file: Path
    quiet: QuietHours | None
    sender: str
    smtp: SmtpServer | None = None
    twilio: TwilioAccount | None = None
    whatsapp: WhatsAppAccount | None = None


def read_settings(environ: Mapping[str, str]) -> Settings:
    """
    The settings; an empty variable counts as unset.

    Raises:
        ConfigError: with every fault there is.
    """
    faults: list[Fault] = []

    def read(name: str, parse: Callable[[str], T], default: T) -> T:
        text = environ.get(name, "")
        if not text:
            return default
        try:
            return parse(text)
        except ConfigError as error:
            faults.extend(error.faults)
            return default

    state = _state_directory(environ)
    sender = read("MCP_SMTP_FROM", read_sender, DEFAULT_SENDER)
    smtp = read("MCP_SMTP_URL", _server, None)
    quiet = read("MCP_QUIET_HOURS", read_quiet_hours, read_quiet_hours(DEFAULT))
    if faults:
        raise ConfigError(faults)
    directory = state / "notifications"
    return Settings(
        directory=directory,
        mailbox=state / "mailbox",
        consent_file=Path(environ.get("MCP_CONSENT_FILE") or directory / "consent.csv").expanduser(),
        quiet=quiet,
        sender=sender,
        smtp=smtp,
        twilio=_twilio(environ),
        whatsapp=_whatsapp(environ),
    )


def make_directory(path: Path) -> None:
    """
    Make a directory of ours if it is not there.

    Raises:
        ConfigError: it cannot be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(0, "it cannot be written")
    except OSError as error:
        remedy = f"name a directory that can be written ({error.strerror})"
        raise ConfigError([Fault("environment", "MCP_STATE_DIR", remedy)]) from None


def read_sender(text: str) -> str:
    """
    The address that mails come from.

    Raises:
        ConfigError: it is no address.
    """
    try:
        return checked_address(text, "MCP_SMTP_FROM")
    except InvalidArguments as error:
        raise ConfigError([Fault("environment", "MCP_SMTP_FROM", error.message)]) from None


def _state_directory(environ: Mapping[str, str]) -> Path:
    """MCP_STATE_DIR; without it, the user's own state directory (XDG)."""
    home = environ.get("XDG_STATE_HOME") or "~/.local/state"
    try:
        return Path(environ.get("MCP_STATE_DIR") or f"{home}/museod").expanduser()
    except RuntimeError:
        remedy = "name a directory for state: there is no home directory"
        raise ConfigError([Fault("environment", "MCP_STATE_DIR", remedy)]) from None


def _server(text: str) -> SmtpServer | None:
    return read_server(text)


def _twilio(environ: Mapping[str, str]) -> TwilioAccount | None:
    given = _all_or_none(environ, "MCP_TWILIO_ACCOUNT_SID", "MCP_TWILIO_AUTH_TOKEN", "MCP_TWILIO_FROM")
    if given is None:
        return None
    sid, token, sender = given
    return TwilioAccount(sid, token, sender, environ.get("MCP_TWILIO_BASE_URL") or TWILIO_URL)


def _whatsapp(environ: Mapping[str, str]) -> WhatsAppAccount | None:
    given = _all_or_none(environ, "MCP_WHATSAPP_PHONE_ID", "MCP_WHATSAPP_TOKEN")
    if given is None:
        return None
    phone_id, token = given
    return WhatsAppAccount(phone_id, token, environ.get("MCP_WHATSAPP_BASE_URL") or WHATSAPP_URL)


def _all_or_none(environ: Mapping[str, str], *names: str) -> tuple[str, ...] | None:
    values = tuple(environ.get(name, "") for name in names)
    if all(values):
        return values
    if any(values):
        absent = [name for name, value in zip(names, values, strict=True) if not value]
        log.warning("provider_incomplete", missing=absent, instead="mailbox")
    return None
