"""Mails to an SMTP server, by smtplib in a few threads of our own: no SMTP library speaks Trio."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import trio

from mcps.notifications.mail import build
from mcps.notifications.provider import Handover, NotSent, Pace, Verdict
from museod.errors import ConfigError, Fault

SOCKET_SECONDS = 10.0  # one step of the dialogue with the server
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_REMEDY = "write smtp://host:25, smtps://user:password@host:465 or smtp+starttls://user:password@host:587"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """
    Where mails go; `login` is user and password.

    With `uses_starttls` the connection is encrypted and the server's certificate checked, or nothing is sent.
    Without it (and without `uses_tls`) encryption is taken where the server offers it, unchecked: it keeps
    listeners out where the alternative is plain text (RFC 7435), and no password travels that way.
    """

    host: str
    port: int
    uses_tls: bool = False
    uses_starttls: bool = False
    login: tuple[str, str] | None = None


class Smtp:
    """
    An SMTP server. Each mail has a connection of its own.

    Args:
        sender: the address that mails come from.
        trust: makes the context that checks certificates; it may take a while.
    """

    name = "smtp"
    # Providers allow some ten to fifteen mails a second and count connections.
    pace = Pace(per_second=10.0, burst=20, concurrency=4)
    max_unknown = 20  # a repeated mail has the same Message-ID, which most receivers recognise

    def __init__(
        self,
        server: SmtpServer,
        *,
        sender: str,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._server = server
        self._sender = sender
        self._trust = trust
        self._checked: ssl.SSLContext | None = None
        self._limiter = trio.CapacityLimiter(self.pace.concurrency)

    async def send(self, handover: Handover) -> str:
        """
        Send one mail and return its Message-ID.

        Cancellation:
            The connection is cut. A thread that has not sent the content yet will not send it any more.
        """
        message = build(handover, sender=self._sender)
        dialogue = _Dialogue()
        try:
            await trio.to_thread.run_sync(
                self._send,
                dialogue,
                handover.letter.address,
                message.as_bytes(),
                limiter=self._limiter,
                abandon_on_cancel=True,
            )
        finally:
            dialogue.cut()
        return str(message["Message-ID"])

    def _send(self, dialogue: _Dialogue, recipient: str, content: bytes) -> None:
        try:
            with contextlib.ExitStack() as stack:
                client = self._connect(dialogue, stack)
                self._hand_over(client, dialogue, recipient, content)
                # It is sent; what the goodbye brings changes nothing.
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    client.quit()
        except smtplib.SMTPAuthenticationError as error:
            raise NotSent(Verdict.AWAY, f"login refused ({error.smtp_code})") from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
            reason = f"{type(error).__name__} {code}" if code else type(error).__name__
            raise NotSent(Verdict.AWAY, reason, maybe_sent=dialogue.has_content_left) from None

    def _connect(self, dialogue: _Dialogue, stack: contextlib.ExitStack) -> smtplib.SMTP:
        server = self._server
        # A name of our own: smtplib would ask the resolver for one, without a deadline.
        hello = socket.gethostname() or "localhost"
        client: smtplib.SMTP
        if server.uses_tls:
            client = smtplib.SMTP_SSL(
                server.host, server.port, hello, timeout=SOCKET_SECONDS, context=self._context()
            )
        else:
            client = smtplib.SMTP(server.host, server.port, hello, timeout=SOCKET_SECONDS)
        stack.callback(client.close)
        dialogue.attach(client)
        client.ehlo_or_helo_if_needed()
        if server.uses_starttls:
            client.starttls(context=self._context())
        elif not server.uses_tls and client.has_extn("starttls"):
            client.starttls(context=_unchecked())
        client.ehlo_or_helo_if_needed()
        if server.login:
            client.login(*server.login)
        return client

    def _hand_over(self, client: smtplib.SMTP, dialogue: _Dialogue, recipient: str, content: bytes) -> None:
        options = [f"size={len(content)}"] if client.has_extn("size") else []
        _expect(client.mail(self._sender, options), final=Verdict.AWAY)  # our own address: for us to mend
        _expect(client.rcpt(recipient), final=Verdict.REFUSED)
        dialogue.begin_content()
        try:
            answer = client.data(content)
        except smtplib.SMTPDataError as error:  # not even asked for: nothing has left
            dialogue.has_content_left = False
            answer = (error.smtp_code, b"")
        _expect(answer, final=Verdict.REFUSED)

    def _context(self) -> ssl.SSLContext:
        if self._checked is None:
            self._checked = self._trust()
        return self._checked


class _Dialogue:
    """What the loop may still do to a thread's connection."""

    def __init__(self) -> None:
        self.has_content_left = False
        self._lock = threading.Lock()
        self._is_cut = False
        self._client: smtplib.SMTP | None = None

    def attach(self, client: smtplib.SMTP) -> None:
        self._client = client

    def begin_content(self) -> None:
        with self._lock:
            if self._is_cut:
                raise ConnectionAbortedError("given up")
            self.has_content_left = True

    def cut(self) -> None:
        """End the dialogue, at whatever step it is; harmless after its end."""
        with self._lock:
            self._is_cut = True
        sock = getattr(self._client, "sock", None)
        if sock is not None:
            with contextlib.suppress(OSError):
                # The plain socket's method: a TLS goodbye would wait for the other side.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _expect(answer: tuple[int, bytes], *, final: Verdict) -> None:
    """
    Return for a code of success.

    Raises:
        NotSent: with what the code says about trying again (RFC 5321, 4.2.1).
    """
    code = answer[0]
    if 200 <= code < 300:
        return
    if code == 421 or code < 400:  # it closes the connection, or has lost its thread
        raise NotSent(Verdict.AWAY, f"answer {code}")
    raise NotSent(final if code >= 500 else Verdict.LATER, f"answer {code}")


def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def read_server(url: str) -> SmtpServer:
    """
    The server of `smtp://`, `smtps://` or `smtp+starttls://[user:password@]host[:port]`.

    Raises:
        ConfigError: it is no such URL. The URL is not repeated: it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError([Fault("environment", "MCP_SMTP_URL", _REMEDY)]) from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigError([Fault("environment", "MCP_SMTP_URL", _REMEDY)])
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    if login and parts.scheme == "smtp" and parts.hostname not in _LOOPBACK:
        remedy = "a password never travels in the clear: use smtps:// or smtp+starttls://"
        raise ConfigError([Fault("environment", "MCP_SMTP_URL", remedy)])
    return SmtpServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        uses_tls=parts.scheme == "smtps",
        uses_starttls=parts.scheme == "smtp+starttls",
        login=login,
    )
