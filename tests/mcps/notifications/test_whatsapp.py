"""WhatsApp messages by a server that speaks Meta's protocol, well and badly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from mcps.notifications import rest
from mcps.notifications.provider import Channel, Handover, Letter, NotSent, Verdict
from mcps.notifications.whatsapp import WhatsApp, WhatsAppAccount, open_whatsapp, payload
from museod.errors import ConfigError
from museod.transports.http1 import HttpRequest, HttpResponse
from tests.mcps.notifications.posting import SHIPPED, SMS, open_post
from tests.mcps.notifications.servers import FakeApi, Step, answer, cut, hang, open_api

TEXT = Letter(Channel.WHATSAPP, "+49301234567", "de", "Grüße 😀")
TEMPLATE = Letter(
    Channel.WHATSAPP, "+49301234567", "pt-BR", "…", template="order_shipped", parameters=("Jane", "7")
)


class FakeMeta(FakeApi):
    """Takes messages."""

    def __init__(self) -> None:
        super().__init__(self._take)
        self.messages: list[dict[str, Any]] = []

    def _take(self, request: HttpRequest) -> HttpResponse:
        assert (request.method, request.path) == ("POST", "/v23.0/1234/messages")
        assert request.headers.get("authorization") == "Bearer token"
        assert request.headers.get("content-type") == "application/json"
        self.messages.append(msgspec.json.decode(request.body))
        to = self.messages[-1]["to"]
        return answer(
            200,
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": to, "wa_id": to}],
                "messages": [{"id": f"wamid.{len(self.messages)}"}],
            },
        )


@asynccontextmanager
async def open_both() -> AsyncIterator[tuple[FakeMeta, WhatsApp]]:
    fake = FakeMeta()
    async with open_api(fake), open_whatsapp(WhatsAppAccount("1234", "token", fake.url)) as whatsapp:
        yield fake, whatsapp


def problem(status: int, code: int, **headers: str) -> HttpResponse:
    return answer(status, {"error": {"message": "no", "type": "OAuthException", "code": code}}, **headers)


@pytest.mark.real
async def test_a_template_and_a_text_are_what_meta_wants() -> None:
    async with open_both() as (fake, whatsapp):
        assert await whatsapp.send(Handover("a", TEXT, 0.0)) == "wamid.1"
        assert await whatsapp.send(Handover("b", TEMPLATE, 0.0)) == "wamid.2"
    text, template = fake.messages
    common = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "49301234567"}
    assert text == {**common, "type": "text", "text": {"preview_url": False, "body": "Grüße 😀"}}
    parameters = [{"type": "text", "text": "Jane"}, {"type": "text", "text": "7"}]
    assert template == {
        **common,
        "type": "template",
        "template": {
            "name": "order_shipped",
            "language": {"code": "pt_BR"},
            "components": [{"type": "body", "parameters": parameters}],
        },
    }


@pytest.mark.parametrize(
    ("locale", "code"), [("de", "de"), ("de-AT", "de"), ("pt", "pt_PT"), ("en-GB", "en_GB"), ("vi", "vi")]
)
def test_languages_are_named_as_meta_names_them(locale: str, code: str) -> None:
    letter = msgspec.structs.replace(TEMPLATE, locale=locale)
    assert payload(letter)["template"]["language"] == {"code": code}


@pytest.mark.real
@pytest.mark.parametrize(
    ("reply", "verdict", "retry_after", "maybe_sent"),
    [
        (problem(400, 131026), Verdict.REFUSED, None, False),
        (problem(400, 131047), Verdict.REFUSED, None, False),
        (problem(404, 132001), Verdict.REFUSED, None, False),
        (problem(400, 100), Verdict.REFUSED, None, False),
        (problem(400, 131050), Verdict.UNWANTED, None, False),
        (problem(400, 131056), Verdict.LATER, None, False),
        (problem(429, 130429, Retry_After="9"), Verdict.AWAY, 9.0, False),
        (problem(400, 80007), Verdict.AWAY, None, False),
        (problem(401, 190), Verdict.AWAY, None, False),
        (problem(403, 200), Verdict.AWAY, None, False),
        (problem(500, 131016), Verdict.AWAY, None, False),
        (HttpResponse(503, b"<html>"), Verdict.AWAY, None, False),
        (HttpResponse(504, b"<html>"), Verdict.AWAY, None, True),
    ],
)
async def test_what_meta_says_decides_about_trying_again(
    reply: HttpResponse, verdict: Verdict, retry_after: float | None, maybe_sent: bool
) -> None:
    async with open_both() as (fake, whatsapp):
        fake.steps = [reply]
        with pytest.raises(NotSent) as refused:
            await whatsapp.send(Handover("a", TEXT, 0.0))
    failure = refused.value
    assert (failure.verdict, failure.retry_after, failure.maybe_sent) == (verdict, retry_after, maybe_sent)


@pytest.mark.real
@pytest.mark.parametrize("step", [cut, hang])
async def test_a_lost_answer_leaves_it_open_whether_it_was_taken(
    step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "REQUEST_SECONDS", 0.2)
    async with open_both() as (fake, whatsapp):
        fake.steps = [step]
        with trio.fail_after(5), pytest.raises(NotSent) as lost:
            await whatsapp.send(Handover("a", TEXT, 0.0))
    assert (lost.value.verdict, lost.value.maybe_sent) == (Verdict.AWAY, True)


@pytest.mark.real
async def test_through_outages_a_person_gets_one_message(tmp_path: Path) -> None:
    async with open_both() as (fake, whatsapp):
        fake.steps = [
            problem(429, 130429, Retry_After="0"),
            HttpResponse(502, b""),
            *(problem(500, 131016) for _ in range(8)),
            problem(401, 190),
        ]
        async with open_post(tmp_path, whatsapp) as post:
            with trio.fail_after(10):
                await post.call("send_whatsapp", {**SMS, "body": "", **SHIPPED})
                await post.wait_counts({"whatsapp": {"sent": 1}})
    assert len(fake.messages) == 1


@pytest.mark.real
async def test_where_nobody_can_look_nobody_gets_more_than_three(tmp_path: Path) -> None:
    async with open_both() as (fake, whatsapp):
        fake.steps = [fake.answering(cut) for _ in range(9)]
        async with open_post(tmp_path, whatsapp) as post:
            with trio.fail_after(10):
                await post.call("send_whatsapp", {**SMS, "withinSession": True})
                await post.wait_counts({"whatsapp": {"dead": 1}})
    assert len(fake.messages) == 3


@pytest.mark.real
async def test_an_address_may_name_its_own_version() -> None:
    fake = FakeMeta()
    async with open_api(fake), open_whatsapp(WhatsAppAccount("1234", "token", f"{fake.url}/v23.0")) as way:
        assert await way.send(Handover("a", TEXT, 0.0)) == "wamid.1"


@pytest.mark.parametrize(
    ("account", "variable"),
    [
        (WhatsAppAccount("1/2", "t"), "MCP_WHATSAPP_PHONE_ID"),
        (WhatsAppAccount("1", "to\nken"), "MCP_WHATSAPP_TOKEN"),
        (WhatsAppAccount("1", "t", "http://graph.example"), "MCP_WHATSAPP_BASE_URL"),
    ],
)
async def test_an_account_that_cannot_work_is_refused_at_the_start(
    account: WhatsAppAccount, variable: str
) -> None:
    with pytest.raises(ConfigError, match=variable):
        async with open_whatsapp(account):
            raise AssertionError("not reached")
