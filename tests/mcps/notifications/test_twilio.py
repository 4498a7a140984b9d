"""SMS by a server that speaks Twilio's protocol, well and badly."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import trio

from mcps.notifications import rest
from mcps.notifications.provider import Channel, Handover, Letter, NotSent, Verdict
from mcps.notifications.twilio import Twilio, TwilioAccount, open_twilio
from museod.errors import ConfigError
from museod.transports.http1 import HttpRequest, HttpResponse
from tests.mcps.notifications.posting import SMS, open_post
from tests.mcps.notifications.servers import FakeApi, Step, answer, cut, hang, open_api

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LETTER = Letter(Channel.SMS, "+49301234567", "de", "Grüße & mehr 😀")
HANDOVER = Handover("abc", LETTER, NOW.timestamp())
REPEAT = Handover("abc", LETTER, NOW.timestamp(), is_repeat=True)
PATH = "/2010-04-01/Accounts/AC1/Messages.json"


class FakeTwilio(FakeApi):
    """Takes messages and lists them, newest first."""

    def __init__(self) -> None:
        super().__init__(self._take)
        self.messages: list[dict[str, str]] = []
        self.now = NOW

    def _take(self, request: HttpRequest) -> HttpResponse:
        assert request.path == PATH
        assert request.headers.get("authorization") == "Basic " + base64.b64encode(b"AC1:token").decode()
        if request.method == "GET":
            wanted = parse_qs(request.query)["To"][0]
            return answer(200, {"messages": [one for one in self.messages if one["to"] == wanted]})
        assert request.headers.get("content-type") == "application/x-www-form-urlencoded"
        fields = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        message = {
            "sid": f"SM{len(self.messages)}",
            "to": fields["To"],
            "from": fields.get("From", fields.get("MessagingServiceSid", "")),
            "body": fields["Body"],
            "status": "queued",
            "date_created": format_datetime(self.now),
        }
        self.messages.insert(0, message)
        return answer(201, message)


@asynccontextmanager
async def open_both(sender: str = "+15005550006") -> AsyncIterator[tuple[FakeTwilio, Twilio]]:
    fake = FakeTwilio()
    async with open_api(fake), open_twilio(TwilioAccount("AC1", "token", sender, fake.url)) as twilio:
        yield fake, twilio


def problem(status: int, code: int, **headers: str) -> HttpResponse:
    return answer(status, {"code": code, "message": "no", "status": status}, **headers)


@pytest.mark.real
async def test_a_message_is_a_form_with_our_credentials() -> None:
    async with open_both() as (fake, twilio):
        assert await twilio.send(HANDOVER) == "SM0"
    (message,) = fake.messages
    assert (message["to"], message["from"], message["body"]) == ("+49301234567", "+15005550006", LETTER.body)


@pytest.mark.real
async def test_a_messaging_service_is_named_as_such() -> None:
    async with open_both("MG" + "0" * 32) as (fake, twilio):
        await twilio.send(HANDOVER)
    assert b"MessagingServiceSid=MG0" in fake.requests[0].body


@pytest.mark.real
@pytest.mark.parametrize(
    ("reply", "verdict", "retry_after", "maybe_sent"),
    [
        (problem(400, 21211), Verdict.REFUSED, None, False),
        (problem(400, 21614), Verdict.REFUSED, None, False),
        (problem(400, 21610), Verdict.UNWANTED, None, False),
        (problem(400, 21611), Verdict.AWAY, None, False),
        (problem(401, 20003), Verdict.AWAY, None, False),
        (problem(404, 20404), Verdict.AWAY, None, False),
        (problem(429, 20429, Retry_After="7"), Verdict.AWAY, 7.0, False),
        (problem(500, 20500), Verdict.AWAY, None, True),
        (HttpResponse(503, b"<html>", [("Retry-After", "3")]), Verdict.AWAY, 3.0, True),
        (HttpResponse(302, b"", [("Location", "http://evil.example")]), Verdict.AWAY, None, False),
        (HttpResponse(400, b"\xff not json"), Verdict.REFUSED, None, False),
    ],
)
async def test_what_twilio_says_decides_about_trying_again(
    reply: HttpResponse, verdict: Verdict, retry_after: float | None, maybe_sent: bool
) -> None:
    async with open_both() as (fake, twilio):
        fake.steps = [reply]
        with pytest.raises(NotSent) as refused:
            await twilio.send(HANDOVER)
        assert len(fake.requests) == 1
    failure = refused.value
    assert (failure.verdict, failure.retry_after, failure.maybe_sent) == (verdict, retry_after, maybe_sent)
    assert "+49" not in failure.reason


@pytest.mark.real
@pytest.mark.parametrize("step", [cut, hang])
async def test_a_lost_answer_is_told_apart_from_a_refused_connection(
    step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "REQUEST_SECONDS", 0.2)
    async with open_both() as (fake, twilio):
        fake.steps = [step]
        with trio.fail_after(5), pytest.raises(NotSent) as lost:
            await twilio.send(HANDOVER)
    assert (lost.value.verdict, lost.value.maybe_sent) == (Verdict.AWAY, True)
    async with open_twilio(TwilioAccount("AC1", "token", "Shop", fake.url)) as nobody:
        with pytest.raises(NotSent) as away:
            await nobody.send(HANDOVER)
    assert (away.value.verdict, away.value.maybe_sent) == (Verdict.AWAY, False)


@pytest.mark.real
async def test_a_garbled_success_is_a_success() -> None:
    async with open_both() as (fake, twilio):
        fake.steps = [HttpResponse(201, b"not json")]
        assert await twilio.send(HANDOVER) == ""


@pytest.mark.real
async def test_an_answer_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "MAX_RESPONSE_BYTES", 1_000)
    async with open_both() as (fake, twilio):
        fake.steps = [HttpResponse(201, b"x" * 100_000)]
        with pytest.raises(NotSent, match="too_large"):
            await twilio.send(HANDOVER)


@pytest.mark.real
async def test_a_repetition_looks_first_and_sends_only_what_is_not_there() -> None:
    async with open_both() as (fake, twilio):
        assert await twilio.send(REPEAT) == "SM0"
        assert await twilio.send(REPEAT) == "SM0"
        assert [request.method for request in fake.requests] == ["GET", "POST", "GET"]
        # The same words to the same person an hour before are another message.
        fake.messages[0]["date_created"] = "Thu, 01 Jan 2026 23:00:00 +0000"
        assert await twilio.send(REPEAT) == "SM1"
        fake.messages[0]["status"] = "failed"
        assert await twilio.send(REPEAT) == "SM2"


@pytest.mark.real
@pytest.mark.parametrize("reply", [problem(500, 1), HttpResponse(200, b"garbage")])
async def test_while_the_list_cannot_be_read_nothing_is_repeated(reply: HttpResponse) -> None:
    async with open_both() as (fake, twilio):
        fake.steps = [reply]
        with pytest.raises(NotSent) as unread:
            await twilio.send(REPEAT)
    assert (unread.value.verdict, unread.value.maybe_sent, fake.messages) == (Verdict.AWAY, False, [])


@pytest.mark.real
async def test_through_every_kind_of_trouble_a_person_gets_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "REQUEST_SECONDS", 0.2)
    async with open_both() as (fake, twilio):
        fake.now = datetime.now(UTC)
        fake.steps = [
            problem(429, 20429, Retry_After="0"),
            problem(503, 20503),
            cut,  # the list
            problem(500, 1),  # the list again
            fake.answering(),  # the list, at last: nothing there
            fake.answering(hang),  # taken, and nobody is told
        ]
        async with open_post(tmp_path, twilio) as post:
            with trio.fail_after(10):
                await post.call("send_sms", SMS)
                await post.wait_counts({"sms": {"sent": 1}})
    assert [message["body"] for message in fake.messages] == [SMS["body"]]
    assert fake.steps == []


@pytest.mark.parametrize(
    ("account", "variable"),
    [
        (TwilioAccount("AC1/../x", "t", "+15005550006"), "MCP_TWILIO_ACCOUNT_SID"),
        (TwilioAccount("AC1", "t", "call me at 5"), "MCP_TWILIO_FROM"),
        (TwilioAccount("AC1", "t", "Shop", "http://twilio.example"), "MCP_TWILIO_BASE_URL"),
        (TwilioAccount("AC1", "t", "Shop", "https://u:p@twilio.example"), "MCP_TWILIO_BASE_URL"),
        (TwilioAccount("AC1", "t", "Shop", "nonsense"), "MCP_TWILIO_BASE_URL"),
    ],
)
async def test_an_account_that_cannot_work_is_refused_at_the_start(
    account: TwilioAccount, variable: str
) -> None:
    with pytest.raises(ConfigError, match=variable):
        async with open_twilio(account):
            raise AssertionError("not reached")
