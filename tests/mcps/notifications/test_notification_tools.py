"""Sending e-mail: by file, by SMTP to a real server, by the right people, once."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, closing
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trio
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from mcps.kit.harness import Harness, open_harness
from mcps.notifications.delivery import Delivery, DeliveryFailed, Mailbox, Smtp, SmtpServer, read_server
from mcps.notifications.email import Postman
from mcps.notifications.sent import SentLog
from mcps.notifications.tools import notification_tools
from museod.errors import ConfigError
from tests.fakes.mcp_child import open_child

ROOT = {"sub": "root", "role": "admin"}
JANE = {"sub": "jane", "role": "customer", "contacts": {"email": "Jane@Example.com"}}
MAIL: dict[str, Any] = {
    "to": ["jane@example.com"],
    "subject": "Your order",
    "body": "It is on its way.",
    "idempotencyKey": "order-1-shipped",
}


@asynccontextmanager
async def open_postman(delivery: Delivery) -> AsyncIterator[Harness]:
    with closing(SentLog(":memory:")) as sent:
        tools = notification_tools(Postman(delivery, sent, sender="shop@example.com"))
        async with open_harness(tools) as harness:
            yield harness


class FakeDelivery:
    """Keeps what it is given, and fails as it is told."""

    provider = "fake"

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.failure: DeliveryFailed | None = None

    async def deliver(self, message: EmailMessage, message_id: str) -> None:
        await trio.lowlevel.checkpoint()
        if self.failure is not None:
            raise self.failure
        self.mails.append(message)


async def test_without_a_server_mails_become_files(tmp_path: Path) -> None:
    async with open_postman(Mailbox(tmp_path / "mailbox")) as postman:
        sent = await postman.call("send_email", MAIL, caller=ROOT)
    assert (sent.structured_content["status"], sent.structured_content["provider"]) == ("sent", "mailbox")
    (file,) = (tmp_path / "mailbox").iterdir()
    assert file.name == f"{sent.structured_content['messageId']}.eml"
    assert file.stat().st_mode & 0o077 == 0
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert (mail["To"], mail["From"]) == ("jane@example.com", "shop@example.com")
    assert mail.get_content().strip() == "It is on its way."


async def test_the_same_key_sends_once_and_gives_the_first_receipt_again() -> None:
    delivery = FakeDelivery()
    async with open_postman(delivery) as postman:
        first = await postman.call("send_email", MAIL, caller=ROOT)
        again = await postman.call("send_email", MAIL, caller=ROOT)
        other = await postman.call("send_email", {**MAIL, "subject": "Else"}, caller=ROOT)
    assert again.structured_content == first.structured_content
    assert "already" in again.text
    assert len(delivery.mails) == 1
    assert other.structured_content["kind"] == "invalid_params"
    assert "idempotencyKey" in other.text


async def test_customers_write_to_themselves_only() -> None:
    delivery = FakeDelivery()
    async with open_postman(delivery) as postman:
        own = await postman.call("send_email", MAIL, caller=JANE)
        two = await postman.call(
            "send_email",
            {**MAIL, "to": ["jane@example.com", "bob@example.com"], "idempotencyKey": "key-two-1"},
            caller=JANE,
        )
        unknown = await postman.call("send_email", MAIL, caller={"sub": "joe", "role": "customer"})
        nobody = await postman.call("send_email", MAIL)
    assert not own.is_error
    for refused in (two, unknown, nobody):
        assert refused.structured_content["kind"] == "authentication_error"
        assert "bob@" not in refused.text
    assert len(delivery.mails) == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"to": ["nobody"]}, "to.0"),
        ({"to": ["a@example.com\r\nBcc: b@example.com"]}, "to.0"),
        ({"subject": "Hi\nBcc: eve@evil.example"}, "subject"),
        ({"body": ""}, "body"),
        ({"template": "payment_link"}, "body"),
        ({"body": "", "template": "nope"}, "template"),
        ({"body": "", "template": "payment_link", "variables": {"name": "Jane"}}, "variables"),
        ({"to": []}, "to"),
    ],
)
async def test_what_does_not_fit_is_refused_by_name_and_nothing_leaves(
    change: dict[str, Any], named: str
) -> None:
    delivery = FakeDelivery()
    async with open_postman(delivery) as postman:
        refused = await postman.call("send_email", {**MAIL, **change}, caller=ROOT)
    assert refused.structured_content["kind"] == "invalid_params"
    assert named in refused.text
    assert delivery.mails == []


async def test_a_template_is_filled() -> None:
    delivery = FakeDelivery()
    arguments = {
        **{name: value for name, value in MAIL.items() if name != "body"},
        "template": "payment_link",
        "variables": {"name": "Jane", "order": "M-1", "link": "https://pay.example/1"},
    }
    async with open_postman(delivery) as postman:
        assert not (await postman.call("send_email", arguments, caller=ROOT)).is_error
    assert "https://pay.example/1" in delivery.mails[0].get_content()


async def test_a_mail_that_did_not_leave_may_be_tried_again_under_its_key() -> None:
    delivery = FakeDelivery()
    delivery.failure = DeliveryFailed("away")
    async with open_postman(delivery) as postman:
        failed = await postman.call("send_email", MAIL, caller=ROOT)
        assert failed.structured_content["kind"] == "mcp_not_available"
        assert failed.structured_content["retryAfterMs"] == 60_000
        delivery.failure = None
        assert not (await postman.call("send_email", MAIL, caller=ROOT)).is_error
    assert len(delivery.mails) == 1


async def test_a_mail_that_may_have_left_is_not_sent_again() -> None:
    delivery = FakeDelivery()
    delivery.failure = DeliveryFailed("cut off", maybe_sent=True)
    async with open_postman(delivery) as postman:
        assert "unknown" in (await postman.call("send_email", MAIL, caller=ROOT)).text
        delivery.failure = None
        again = await postman.call("send_email", MAIL, caller=ROOT)
    assert again.is_error
    assert "unknown" in again.text
    assert delivery.mails == []


class Inbox:
    """What a real SMTP server was given."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.reply = "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return self.reply


class FreePortController(Controller):
    """A server on a port that the system chose; the library's own can't take 0."""

    def __init__(self, handler: Inbox) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        super().__init__(handler, hostname="127.0.0.1", port=self._socket.getsockname()[1])

    def _create_server(self) -> Coroutine[Any, Any, Any]:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, SmtpServer]]:
    handler = Inbox()
    controller = FreePortController(handler)
    controller.start()
    try:
        port = controller.port
        yield handler, SmtpServer("127.0.0.1", port, uses_tls=False, uses_starttls=False, login=None)
    finally:
        controller.stop()


@pytest.mark.real
async def test_a_real_smtp_server_gets_the_mail(inbox: tuple[Inbox, SmtpServer]) -> None:
    handler, server = inbox
    async with open_postman(Smtp(server)) as postman:
        sent = await postman.call("send_email", {**MAIL, "subject": "Grüße"}, caller=ROOT)
    assert sent.structured_content["provider"] == "smtp"
    (envelope,) = handler.envelopes
    assert envelope.rcpt_tos == ["jane@example.com"]
    assert envelope.mail_from == "shop@example.com"
    mail = message_from_bytes(envelope.content or b"", policy=default)  # type: ignore[arg-type]
    assert mail["Subject"] == "Grüße"


@pytest.mark.real
@pytest.mark.parametrize(
    ("reply", "kind"), [("554 no", "invalid_params"), ("451 later", "mcp_not_available")]
)
async def test_what_the_server_refuses_is_final_or_not(
    inbox: tuple[Inbox, SmtpServer], reply: str, kind: str
) -> None:
    handler, server = inbox
    handler.reply = reply
    async with open_postman(Smtp(server)) as postman:
        refused = await postman.call("send_email", MAIL, caller=ROOT)
        assert refused.structured_content["kind"] == kind
        handler.reply = "250 OK"
        assert not (await postman.call("send_email", MAIL, caller=ROOT)).is_error


@pytest.mark.real
async def test_a_server_that_is_away_is_said_so() -> None:
    server = SmtpServer("127.0.0.1", 9, uses_tls=False, uses_starttls=False, login=None)
    async with open_postman(Smtp(server)) as postman:
        away = await postman.call("send_email", MAIL, caller=ROOT)
    assert away.structured_content["kind"] == "mcp_not_available"
    assert "Nothing was sent" in away.text


@pytest.mark.parametrize(
    ("url", "host", "port", "login"),
    [
        ("smtp://mail.example", "mail.example", 25, None),
        ("smtps://u:p%40ss@mail.example", "mail.example", 465, ("u", "p@ss")),
        ("smtp+starttls://u:p@mail.example:2525", "mail.example", 2525, ("u", "p")),
    ],
)
def test_a_server_is_read_from_its_url(url: str, host: str, port: int, login: tuple[str, str] | None) -> None:
    server = read_server(url)
    assert (server.host, server.port, server.login) == (host, port, login)


@pytest.mark.parametrize(
    "url",
    ["", "mail.example", "http://mail.example", "smtp://", "smtp://h:x", "smtp://u:secret@mail.example"],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_server(url)
    assert "MCP_SMTP_URL" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.real
async def test_the_server_as_a_process_keeps_its_keys_over_a_restart(tmp_path: Path) -> None:
    receipts = []
    for _ in range(2):
        async with open_child("mcps.notifications", MCP_STATE_DIR=str(tmp_path)) as child:
            receipts.append((await child.call("send_email", MAIL, caller=ROOT))["structuredContent"])
            assert await child.finish() == 0
    assert receipts[0] == receipts[1]
    assert len(list((tmp_path / "mailbox").iterdir())) == 1


@pytest.mark.real
async def test_a_server_that_cannot_be_configured_ends_with_78(tmp_path: Path) -> None:
    async with open_child(
        "mcps.notifications", MCP_STATE_DIR=str(tmp_path), MCP_SMTP_URL="http://nope"
    ) as child:
        assert await child.process.wait() == 78
