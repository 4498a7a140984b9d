"""How a mail leaves: to an SMTP server, or into a mailbox directory where no server is configured."""

from __future__ import annotations

import os
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import trio

from mcps.notifications.mail import checked_address
from museod.errors import ConfigError, Fault, InvalidArguments

# Threads that talk to the SMTP server at once; one mail takes some 10 ms, and servers count connections.
MAX_THREADS = 4
SOCKET_SECONDS = 10.0  # one step of the dialogue with the server
DELIVERY_SECONDS = 15.0  # the whole of it; the tool's own deadline is 20
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class DeliveryFailed(Exception):
    """
    The mail did not leave.

    Args:
        reason: the server's answer or what failed, without addresses; for the log.
        maybe_sent: the server may have taken it all the same.
        is_final: trying again will not help.
    """

    def __init__(self, reason: str, *, maybe_sent: bool = False, is_final: bool = False) -> None:
        super().__init__(reason)
        self.maybe_sent = maybe_sent
        self.is_final = is_final


class Delivery(Protocol):
    """Takes mails away."""

    @property
    def provider(self) -> str:
        """The name of the way, as receipts show it."""

    async def deliver(self, message: EmailMessage, message_id: str) -> None:
        """
        Hand one mail over.

        Raises:
            DeliveryFailed: it was not taken.
        """


class Mailbox:
    """Mails as files, one each, whole or not at all: `<directory>/<message id>.eml`."""

    provider = "mailbox"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def deliver(self, message: EmailMessage, message_id: str) -> None:
        """Write the file; a mail of the same id is replaced."""
        try:
            await trio.to_thread.run_sync(self._write, message, message_id)
        except OSError as error:
            raise DeliveryFailed(f"the mailbox cannot be written: {error.strerror}") from None

    def _write(self, message: EmailMessage, message_id: str) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        begun = self._directory / f".{message_id}.part"
        with open(begun, "wb", opener=_private) as file:
            file.write(message.as_bytes(policy=SMTP))
            file.flush()
            os.fsync(file.fileno())
        begun.rename(self._directory / f"{message_id}.eml")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails go; `login` is user and password."""

    host: str
    port: int
    uses_tls: bool
    uses_starttls: bool
    login: tuple[str, str] | None


class Smtp:
    """Mails by SMTP, each over its own connection, in a few threads of our own."""

    provider = "smtp"

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._limiter = trio.CapacityLimiter(MAX_THREADS)

    async def deliver(self, message: EmailMessage, message_id: str) -> None:
        """
        Send the mail; `message_id` is in it already.

        Cancellation:
            The thread is left to itself: whether the mail leaves is unknown.
        """
        del message_id
        with trio.move_on_after(DELIVERY_SECONDS) as scope:
            await trio.to_thread.run_sync(self._send, message, limiter=self._limiter, abandon_on_cancel=True)
        if scope.cancelled_caught:
            raise DeliveryFailed("the mail server took too long", maybe_sent=True)

    def _send(self, message: EmailMessage) -> None:
        server = self._server
        has_content_left = False
        try:
            if server.uses_tls:
                context = ssl.create_default_context()
                client: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=SOCKET_SECONDS, context=context
                )
            else:
                client = smtplib.SMTP(server.host, server.port, timeout=SOCKET_SECONDS)
            with client:
                if server.uses_starttls:
                    client.starttls(context=ssl.create_default_context())
                if server.login:
                    client.login(*server.login)
                has_content_left = True
                refused = client.send_message(message)
                has_content_left = False
                if refused:
                    raise DeliveryFailed("the mail server refused some recipients", is_final=True)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise DeliveryFailed(f"refused ({_code(error)})", is_final=_code(error) >= 500) from None
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryFailed(f"the mail server does not accept our login ({error.smtp_code})") from None
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(
                f"no delivery: {type(error).__name__}", maybe_sent=has_content_left
            ) from None


def _code(error: smtplib.SMTPException) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=550)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def read_server(url: str) -> SmtpServer:
    """
    The server of `smtp://`, `smtps://` or `smtp+starttls://[user:password@]host[:port]`.

    Raises:
        ConfigError: it is no such URL. The URL is not repeated: it may hold a password.
    """
    remedy = "write smtp://host:25, smtps://user:password@host:465 or smtp+starttls://user:password@host:587"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError([Fault("environment", "MCP_SMTP_URL", remedy)]) from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigError([Fault("environment", "MCP_SMTP_URL", remedy)])
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    if login and parts.scheme == "smtp" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        remedy = "a password never travels in the clear: use smtps:// or smtp+starttls://"
        raise ConfigError([Fault("environment", "MCP_SMTP_URL", remedy)])
    return SmtpServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        uses_tls=parts.scheme == "smtps",
        uses_starttls=parts.scheme == "smtp+starttls",
        login=login,
    )


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
