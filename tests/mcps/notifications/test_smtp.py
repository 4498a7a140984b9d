"""Mails reach a real SMTP server: with TLS and without, refused, cut off, and while it is away."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
import trio

from mcps.notifications import smtp as module
from mcps.notifications.provider import Channel, Handover, Letter, NotSent, Verdict
from mcps.notifications.smtp import Smtp, SmtpServer, read_server
from museod.errors import ConfigError
from tests.mcps.notifications.posting import MAIL, ROOT, open_post
from tests.mcps.notifications.servers import Inbox, MailServer, make_certificate, server_context

LETTER = Letter(Channel.EMAIL, "jane@example.com", "de", "Grüße 😀", subject="Grüße", html="<p>Grüße</p>")
HANDOVER = Handover("abc", LETTER, 1_767_312_000.0)


def smtp(port: int, trust: Any = ssl.create_default_context, **more: Any) -> Smtp:
    return Smtp(SmtpServer("127.0.0.1", port, **more), sender="shop@example.com", trust=trust)


@pytest.mark.real
async def test_a_server_gets_the_mail_as_it_is() -> None:
    inbox = Inbox()
    with MailServer(inbox) as server:
        assert await smtp(server.port).send(HANDOVER) == "<abc@example.com>"
    (envelope,) = inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@example.com", ["jane@example.com"])
    (mail,) = inbox.mails
    assert (mail["Subject"], mail["Message-ID"]) == ("Grüße", "<abc@example.com>")
    plain, html = mail.iter_parts()
    assert (plain.get_content().strip(), html.get_content().strip()) == ("Grüße 😀", "<p>Grüße</p>")


@pytest.mark.real
async def test_starttls_and_tls_check_the_certificate(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    inbox = Inbox()

    def trust() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=certificate)

    with MailServer(inbox, tls_context=server_context(certificate), require_starttls=True) as server:
        await smtp(server.port, trust, uses_starttls=True).send(HANDOVER)
        assert inbox.was_tls == [True]
        with pytest.raises(NotSent, match="SSL") as distrusted:
            await smtp(server.port, uses_starttls=True).send(HANDOVER)
        # Where nothing is demanded, encryption without a check is still better than none.
        await smtp(server.port).send(HANDOVER)
    assert (distrusted.value.verdict, distrusted.value.maybe_sent) == (Verdict.AWAY, False)
    assert inbox.was_tls == [True, True]
    with MailServer(inbox, ssl_context=server_context(certificate)) as server:
        await smtp(server.port, trust, uses_tls=True).send(HANDOVER)
    assert len(inbox.envelopes) == 3


@pytest.mark.real
async def test_a_server_without_starttls_gets_nothing_where_it_is_demanded() -> None:
    inbox = Inbox()
    with MailServer(inbox) as server, pytest.raises(NotSent) as refused:
        await smtp(server.port, uses_starttls=True, login=("u", "secret")).send(HANDOVER)
    assert (refused.value.verdict, inbox.envelopes) == (Verdict.AWAY, [])
    assert "secret" not in refused.value.reason


@pytest.mark.real
@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"data_reply": "554 no"}, Verdict.REFUSED),
        ({"data_reply": "451 later"}, Verdict.LATER),
        ({"data_reply": "421 closing"}, Verdict.AWAY),
        ({"recipient_reply": "550 unknown"}, Verdict.REFUSED),
        ({"recipient_reply": "450 greylisted"}, Verdict.LATER),
    ],
)
async def test_what_a_server_says_decides_about_trying_again(
    change: dict[str, str], verdict: Verdict
) -> None:
    inbox = Inbox()
    for name, value in change.items():
        setattr(inbox, name, value)
    with MailServer(inbox) as server, pytest.raises(NotSent) as refused:
        await smtp(server.port).send(HANDOVER)
    assert (refused.value.verdict, refused.value.maybe_sent) == (verdict, False)
    assert "example.com" not in refused.value.reason


async def take_and_go(stream: trio.SocketStream) -> None:
    """A server that takes everything and leaves without its last answer."""
    async with stream:
        await stream.send_all(b"220 hello\r\n")
        seen = b""
        while True:
            chunk = await stream.receive_some()
            if not chunk:
                return
            seen += chunk
            if b"\r\n.\r\n" in seen:
                return
            if not seen.endswith(b"\r\n"):
                continue
            is_data = seen.rpartition(b"\r\n")[0].rpartition(b"\r\n")[2].lower().startswith(b"data")
            await stream.send_all(b"354 go\r\n" if is_data else b"250 ok\r\n")


@pytest.mark.real
async def test_an_answer_that_is_lost_after_the_content_leaves_it_open_whether_it_was_taken() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, take_and_go, [listener])
        with trio.fail_after(5), pytest.raises(NotSent) as lost:
            await smtp(listener.socket.getsockname()[1]).send(HANDOVER)
        nursery.cancel_scope.cancel()
    assert (lost.value.verdict, lost.value.maybe_sent) == (Verdict.AWAY, True)


@pytest.mark.real
async def test_a_cancelled_attempt_cuts_the_connection() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    ended, began = trio.Event(), trio.Event()

    async def serve(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.send_all(b"220 hello\r\n")
            await stream.receive_some()
            began.set()
            while await stream.receive_some():
                pass
        ended.set()

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, serve, [listener])
            async with trio.open_nursery() as attempt:
                attempt.start_soon(smtp(listener.socket.getsockname()[1]).send, HANDOVER)
                await began.wait()
                attempt.cancel_scope.cancel()
            await ended.wait()
            nursery.cancel_scope.cancel()


@pytest.mark.real
async def test_a_server_that_is_away_took_nothing() -> None:
    with MailServer(Inbox()) as server:
        port = server.port
    with pytest.raises(NotSent) as away:
        await smtp(port).send(HANDOVER)
    assert (away.value.verdict, away.value.maybe_sent) == (Verdict.AWAY, False)


@pytest.mark.real
async def test_every_accepted_mail_arrives_once_though_the_server_stops_for_a_while(tmp_path: Path) -> None:
    inbox = Inbox()
    with trio.fail_after(20):
        with MailServer(inbox) as server:
            port = server.port
        async with open_post(tmp_path, smtp(port)) as post:
            for number in range(20):
                mail = {**MAIL, "subject": f"No {number}", "idempotencyKey": f"message-{number}"}
                accepted = await post.call("send_email", mail, ROOT, yes=True)
                assert accepted.structured_content["status"] == "queued"
            with MailServer(inbox, port):
                await post.wait_counts({"email": {"sent": 20}})
            await post.call("send_email", {**MAIL, "idempotencyKey": "while-away"}, ROOT, yes=True)
            with MailServer(inbox, port):
                await post.wait_counts({"email": {"sent": 21}})
    assert len({mail["Message-ID"] for mail in inbox.mails}) == len(inbox.mails) == 21


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


def test_a_dialogue_that_was_cut_sends_no_content_any_more() -> None:
    dialogue = module._Dialogue()
    dialogue.cut()
    with pytest.raises(ConnectionAbortedError):
        dialogue.begin_content()
    assert not dialogue.has_content_left
