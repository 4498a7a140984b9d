"""Real servers on ports of loopback: mail servers that can be stopped, and HTTP APIs that misbehave."""

from __future__ import annotations

import datetime
import email.policy
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import trio
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from museod.transports.http1 import (
    HttpLimits,
    HttpRequest,
    HttpResponse,
    IdleConnections,
    json_response,
    serve_http,
)

# ---------------------------------------------------------------- mail


class Inbox:
    """What a mail server was given; it answers the next DATA and RCPT with these, if set."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.was_tls: list[bool] = []
        self.data_reply = "250 OK"
        self.recipient_reply = ""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient_reply:
            return self.recipient_reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data_reply.startswith("250"):
            self.envelopes.append(envelope)
            self.was_tls.append(session.ssl is not None)
        return self.data_reply

    @property
    def mails(self) -> list[EmailMessage]:
        policy = email.policy.default
        return [message_from_bytes(bytes(one.content or b""), policy=policy) for one in self.envelopes]  # type: ignore[arg-type]


class MailServer(Controller):
    """
    aiosmtpd in a thread of its own.

    Args:
        port: 0 takes a free one; a server that was stopped is followed by a new one on its port.
    """

    def __init__(self, inbox: Inbox, port: int = 0, **options: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        super().__init__(inbox, hostname="127.0.0.1", port=self._socket.getsockname()[1], **options)

    def _create_server(self) -> Coroutine[Any, Any, Any]:
        return self.loop.create_server(self._factory_invoker, sock=self._socket, ssl=self.ssl_context)

    def __enter__(self) -> MailServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def make_certificate(directory: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = directory / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    """For a server that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


# ---------------------------------------------------------------- HTTP


class CutConnection(Exception):
    """Raised by a step: the connection ends without an answer."""


Step = Callable[[HttpRequest], Awaitable[HttpResponse]]


class FakeApi:
    """
    A provider's API: keeps what it takes, and does what the next of `steps` says instead of answering.

    A step is a response, or a function of the request. `takes` notes a request as taken and answers it.
    """

    def __init__(self, takes: Callable[[HttpRequest], HttpResponse]) -> None:
        self.takes = takes
        self.steps: list[HttpResponse | Step] = []
        self.requests: list[HttpRequest] = []
        self.url = ""

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        await trio.lowlevel.checkpoint()
        self.requests.append(request)
        if not self.steps:
            return self.takes(request)
        step = self.steps.pop(0)
        return step if isinstance(step, HttpResponse) else await step(request)

    def answering(self, then: Step | None = None) -> Step:
        """A step: the request takes effect, and its answer is that, or what `then` makes of it."""

        async def run(request: HttpRequest) -> HttpResponse:
            taken = self.takes(request)
            return taken if then is None else await then(request)

        return run

    async def serve(self, stream: trio.SocketStream) -> None:
        with trio.CancelScope() as scope:

            async def handle(request: HttpRequest) -> HttpResponse:
                try:
                    return await self(request)
                except CutConnection:
                    scope.cancel()
                    await trio.lowlevel.checkpoint()
                    raise

            await serve_http(
                stream,
                handle,
                peer=stream.socket.getpeername()[:2],
                limits=HttpLimits(),
                body_limit=lambda _method, _path: 65_536,
                idle=IdleConnections(),
            )
        with trio.CancelScope(shield=True):
            await trio.aclose_forcefully(stream)


@asynccontextmanager
async def open_api(api: FakeApi) -> AsyncIterator[FakeApi]:
    """`api` on a free port of loopback, for the length of the block."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    api.url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, api.serve, [listener])
        yield api
        nursery.cancel_scope.cancel()


async def cut(request: HttpRequest) -> HttpResponse:
    """A step: the connection ends without an answer."""
    raise CutConnection


async def hang(request: HttpRequest) -> HttpResponse:
    """A step: no answer ever comes."""
    await trio.sleep_forever()
    raise AssertionError


def answer(status: int, content: Any, **headers: str) -> HttpResponse:
    """A JSON answer; `Retry_After=` becomes the header."""
    return json_response(
        status, content, [(name.replace("_", "-"), value) for name, value in headers.items()]
    )
