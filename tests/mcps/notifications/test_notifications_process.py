"""The server as a real process: killed, started again, several at once, configured badly."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from museod.wire.envelope import CALLER, CONFIRMED
from tests.fakes.mcp_child import ChildHost, open_child
from tests.mcps.notifications.posting import JANE, MAIL, SHIPPED, SMS
from tests.mcps.notifications.servers import Inbox, MailServer

pytestmark = pytest.mark.real
ROOT = {"sub": "root", "role": "admin"}


async def send(child: ChildHost, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A call of an administrator who was asked and said yes."""
    meta = {CALLER: ROOT, CONFIRMED: {"digest": "d", "sub": "root", "expiresAt": 9e9}}
    answer = await child.request(
        "tools/call", {"name": tool, "arguments": arguments, "_meta": {CONFIRMED: meta[CONFIRMED]}}, **meta
    )
    return answer["result"]  # type: ignore[no-any-return]


async def send_and_lose(child: ChildHost) -> None:
    """A call whose process dies before it answers."""
    with pytest.raises(AssertionError, match="closed its stdout"):
        await send(child, "send_email", MAIL)


def kill(child: ChildHost) -> None:
    os.kill(child.process.pid, signal.SIGKILL)


async def wait_mails(inbox: Inbox, count: int) -> None:
    while len(inbox.envelopes) < count:  # noqa: ASYNC110 - the server runs in a thread
        await trio.sleep(0.01)


async def test_without_providers_every_channel_becomes_files(tmp_path: Path) -> None:
    async with open_child("mcps.notifications", MCP_STATE_DIR=str(tmp_path)) as child:
        calls = [("send_email", MAIL), ("send_sms", SMS), ("send_whatsapp", {**SMS, "body": "", **SHIPPED})]
        for tool, arguments in calls:
            sent = (await child.call(tool, arguments, caller=JANE))["structuredContent"]
            assert (sent["status"], sent["provider"]) == ("sent", "mailbox")
        assert await child.finish() == 0
    files = {path.name.partition(".")[2]: path for path in (tmp_path / "mailbox").iterdir()}
    assert set(files) == {"eml", "sms.txt", "whatsapp.txt"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in files.values())
    mail = message_from_bytes(files["eml"].read_bytes(), policy=default)
    assert (mail["To"], mail.get_content().strip()) == ("jane@example.com", "It is on its way.")
    assert files["sms.txt"].read_text().startswith("To: +49301234567\n")
    assert "Template: order_shipped" in files["whatsapp.txt"].read_text()
    report = msgspec.json.decode((tmp_path / "notifications" / "outbox.json").read_bytes())
    assert report["counts"] == {channel: {"sent": 1} for channel in ("email", "sms", "whatsapp")}


async def test_keys_are_known_over_a_restart(tmp_path: Path) -> None:
    receipts = []
    for _ in range(2):
        async with open_child("mcps.notifications", MCP_STATE_DIR=str(tmp_path)) as child:
            receipts.append((await child.call("send_email", MAIL, caller=JANE))["structuredContent"])
            assert await child.finish() == 0
    assert receipts[0] == receipts[1]
    assert len(list((tmp_path / "mailbox").iterdir())) == 1


@pytest.mark.slow
async def test_a_kill_between_accepting_and_sending_loses_nothing_and_sends_once(tmp_path: Path) -> None:
    inbox = Inbox()
    with MailServer(inbox) as server:
        port = server.port
    env = {"MCP_STATE_DIR": str(tmp_path), "MCP_SMTP_URL": f"smtp://127.0.0.1:{port}"}
    accepted = []
    for round_ in range(3):
        async with open_child("mcps.notifications", **env) as child:
            for number in range(5):
                name = f"message-{round_}-{number}"
                answer = await send(child, "send_email", {**MAIL, "subject": name, "idempotencyKey": name})
                assert answer["structuredContent"]["status"] == "queued"
                accepted.append(name)
            kill(child)  # the moment that the last one was accepted
            await child.process.wait()
    with MailServer(inbox, port):
        async with open_child("mcps.notifications", **env) as child:
            await wait_mails(inbox, len(accepted))
            name = "after-all"
            await send(child, "send_email", {**MAIL, "subject": name, "idempotencyKey": name})
            assert await child.finish() == 0
    assert sorted(mail["Subject"] for mail in inbox.mails) == sorted([*accepted, name])
    assert len({mail["Message-ID"] for mail in inbox.mails}) == len(inbox.mails)


async def test_a_kill_in_the_middle_of_an_attempt_costs_no_mail(tmp_path: Path) -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    env = {"MCP_STATE_DIR": str(tmp_path), "MCP_SMTP_URL": f"smtp://127.0.0.1:{port}"}
    async with open_child("mcps.notifications", **env) as child, trio.open_nursery() as nursery:
        nursery.start_soon(send_and_lose, child)
        stream = await listener.accept()  # which is never greeted
        kill(child)
        await child.process.wait()
        await stream.aclose()
        await listener.aclose()
    inbox = Inbox()
    with MailServer(inbox, port):
        async with open_child("mcps.notifications", **env) as child:
            await wait_mails(inbox, 1)
            again = await send(child, "send_email", MAIL)
            assert again["structuredContent"]["messageId"]
            assert await child.finish() == 0
    assert len(inbox.mails) == 1


@pytest.mark.slow
async def test_several_processes_on_one_directory_send_once(tmp_path: Path) -> None:
    inbox = Inbox()
    with MailServer(inbox) as server:
        port = server.port
    env = {"MCP_STATE_DIR": str(tmp_path), "MCP_SMTP_URL": f"smtp://127.0.0.1:{port}"}
    async with open_child("mcps.notifications", **env) as one, open_child("mcps.notifications", **env) as two:
        for number in range(12):
            child = (one, two)[number % 2]
            await send(child, "send_email", {**MAIL, "idempotencyKey": f"message-{number}"})
        with MailServer(inbox, port):
            await wait_mails(inbox, 12)
            assert await one.finish() == 0
            assert await two.finish() == 0
    assert len({mail["Message-ID"] for mail in inbox.mails}) == len(inbox.envelopes) == 12


@pytest.mark.parametrize(
    "env",
    [
        {"MCP_SMTP_URL": "http://nope"},
        {"MCP_SMTP_FROM": "nobody"},
        {"MCP_QUIET_HOURS": "at night"},
        {
            "MCP_WHATSAPP_PHONE_ID": "1",
            "MCP_WHATSAPP_TOKEN": "t",
            "MCP_WHATSAPP_BASE_URL": "http://m.example",
        },
    ],
)
async def test_a_server_that_cannot_be_configured_ends_with_78(tmp_path: Path, env: dict[str, str]) -> None:
    async with open_child("mcps.notifications", MCP_STATE_DIR=str(tmp_path), **env) as child:
        assert await child.process.wait() == 78
