"""The three tools: what they take, whom they serve, what they answer."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from mcps.notifications.provider import NotSent, Verdict
from mcps.notifications.sending import OWN_PER_HOUR
from mcps.notifications.tools import DEFINITIONS
from museod.wire import codec
from museod.wire.envelope import CONFIRMED
from tests.mcps.notifications.posting import JANE, MAIL, ROOT, SHIPPED, SMS, FakeProvider, open_post

WHATSAPP: dict[str, Any] = {"to": "+49301234567", "idempotencyKey": "order-1-shipped", **SHIPPED}
REMINDER: dict[str, Any] = {
    "to": ["jane@example.com"],
    "subject": "Your basket",
    "template": "basket_reminder",
    "variables": {"name": "Jane", "items": "a lamp", "link": "https://shop.example/b"},
    "idempotencyKey": "reminder-1",
}

# Of the contract's schemas as compact JSON with sorted keys; clients were built against them.
SCHEMAS = {
    "send_email": "815422ee74286df42484e99f218824299029f6e094faf4670cfb318a6bd9b2f4",
    "send_sms": "8661132a071ad1b1f41f4869efeb31a8d61a6537924de63b04df0364ccaf18a6",
    "send_whatsapp": "6d563061306a19eaab5c99f6ecf9ef74d1e5d691edcbf2680f5938213316a7d1",
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_those_of_the_contract(name: str) -> None:
    definition = DEFINITIONS[name]
    both = [codec.decode(definition.input_schema), codec.decode(definition.output_schema or b"")]
    canonical = json.dumps(both, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(canonical.encode()).hexdigest() == SCHEMAS[name]


async def test_a_mail_to_oneself_is_sent_at_once(tmp_path: Path) -> None:
    async with open_post(tmp_path) as post:
        sent = await post.call("send_email", MAIL)
    assert sent.structured_content["status"] == "sent"
    assert sent.structured_content["provider"] == "fake"
    assert sent.structured_content["counts"] == {"queued": 0, "sent": 1, "suppressed": 0, "failed": 0}
    (handover,) = post.provider.handovers
    assert (handover.letter.address, handover.letter.body) == ("jane@example.com", "It is on its way.")


async def test_the_same_key_sends_once_and_gives_the_first_receipt_again(tmp_path: Path) -> None:
    async with open_post(tmp_path) as post:
        first = await post.call("send_email", MAIL)
        again = await post.call("send_email", MAIL)
        other = await post.call("send_email", {**MAIL, "subject": "Else"})
        by_sms = await post.call("send_sms", SMS)
    assert again.structured_content == first.structured_content
    assert "Already sent" in again.text
    assert other.structured_content["kind"] == "invalid_params"
    assert "idempotencyKey" in other.text
    assert not by_sms.is_error  # an event's mail and its SMS are two messages
    assert len(post.provider.handovers) == 2


async def test_one_person_is_told_of_one_event_once_under_any_key(tmp_path: Path) -> None:
    told = {"to": ["jane@example.com"], "subject": "Shipped", **SHIPPED}
    async with open_post(tmp_path) as post:
        await post.call("send_email", {**told, "idempotencyKey": "key-number-1"}, JANE)
        again = await post.call("send_email", {**told, "idempotencyKey": "key-number-2"}, ROOT, yes=True)
    assert again.structured_content["status"] == "suppressed"
    assert "within the last day" in again.text
    assert len(post.provider.handovers) == 1


async def test_each_person_gets_a_mail_of_their_own_once(tmp_path: Path) -> None:
    people = ["a@example.com", "b@example.com", "A@Example.com"]
    async with open_post(tmp_path) as post:
        sent = await post.call("send_email", {**MAIL, "to": people}, ROOT, yes=True)
    assert sorted(post.provider.addresses) == ["a@example.com", "b@example.com"]
    assert sent.structured_content["counts"]["sent"] == 2
    assert "2 people" in sent.text


async def test_customers_write_to_themselves_only(tmp_path: Path) -> None:
    async with open_post(tmp_path) as post:
        two = await post.call("send_email", {**MAIL, "to": ["jane@example.com", "bob@example.com"]}, yes=True)
        unknown = await post.call("send_email", MAIL, {"sub": "joe", "role": "customer"})
        nobody = await post.harness.call("send_email", MAIL)
        other = await post.call("send_sms", {**SMS, "to": "+49301234568"}, yes=True)
    for refused in (two, unknown, nobody, other):
        assert refused.is_error
        assert refused.structured_content["kind"] == "authentication_error"
        assert "bob@" not in refused.text
    assert "yourself" in two.text
    assert post.provider.handovers == []


@pytest.mark.parametrize(
    ("tool", "arguments"), [("send_email", MAIL), ("send_sms", SMS), ("send_whatsapp", WHATSAPP)]
)
async def test_a_third_party_is_written_to_after_a_yes_only(
    tmp_path: Path, tool: str, arguments: dict[str, Any]
) -> None:
    async with open_post(tmp_path) as post:
        asked = await post.call(tool, arguments, ROOT)
        assert asked.is_error
        content = asked.structured_content
        assert (content["kind"], content["reason"]) == ("invalid_request", "confirmation_required")
        assert content["tool"] == tool
        shown = arguments["to"] if isinstance(arguments["to"], str) else arguments["to"][0]
        assert shown in content["summary"]
        assert set(content["arguments"]) == set(arguments)
        assert post.provider.handovers == []
        done = await post.call(tool, arguments, ROOT, yes=True)
        assert done.structured_content["status"] == "sent"
        # A repetition changes nothing, so it needs no second yes.
        again = await post.call(tool, arguments, ROOT)
        assert again.structured_content["messageId"] == done.structured_content["messageId"]
    assert len(post.provider.handovers) == 1


@pytest.mark.parametrize("stated", [None, True, "yes", {"digest": "d", "sub": "jane"}])
async def test_what_is_no_yes_of_this_caller_is_none(tmp_path: Path, stated: Any) -> None:
    async with open_post(tmp_path) as post:
        asked = await post.harness.call("send_email", MAIL, caller=ROOT, meta={CONFIRMED: stated})
    assert asked.structured_content["reason"] == "confirmation_required"


async def test_an_administrator_needs_no_yes_for_a_message_to_himself(tmp_path: Path) -> None:
    root = {**ROOT, "contacts": {"email": "jane@example.com"}}
    async with open_post(tmp_path) as post:
        assert (await post.call("send_email", MAIL, root)).structured_content["status"] == "sent"


@pytest.mark.parametrize(
    ("tool", "arguments", "named"),
    [
        ("send_email", {**MAIL, "to": ["nobody"]}, "to.0"),
        ("send_email", {**MAIL, "to": ["a@example.com\r\nBcc: b@example.com"]}, "to.0"),
        ("send_email", {**MAIL, "subject": "Hi\nBcc: eve@evil.example"}, "subject"),
        ("send_email", {**MAIL, "subject": "Hi\u2028there"}, "subject"),
        ("send_email", {**MAIL, "subject": " "}, "subject"),
        ("send_email", {**MAIL, "subject": "x" * 201}, "subject"),
        ("send_email", {**MAIL, "body": ""}, "body"),
        ("send_email", {**MAIL, "body": "x" * 10_001}, "body"),
        ("send_email", {**MAIL, "body": "a\x00b"}, "body"),
        ("send_email", {**MAIL, "body": "<script>x</script>", "html": True}, "body"),
        ("send_email", {**MAIL, "template": "payment_link"}, "body"),
        ("send_email", {**MAIL, "variables": {"name": "x"}}, "variables"),
        ("send_email", {**MAIL, "body": "", "template": "nope"}, "template"),
        ("send_email", {**MAIL, "body": "", "template": "payment_link", "variables": {}}, "variables"),
        ("send_email", {**REMINDER, "variables": {**REMINDER["variables"], "name": "a\x1bb"}}, "variables"),
        ("send_email", {**REMINDER, "variables": {**REMINDER["variables"], "items": "x" * 10**5}}, "items"),
        ("send_email", {**MAIL, "to": []}, "to"),
        ("send_email", {**MAIL, "idempotencyKey": "short"}, "idempotencyKey"),
        ("send_sms", {**SMS, "to": "0301234567"}, "to"),
        ("send_sms", {**SMS, "body": "x" * 1531}, "1530"),
        ("send_sms", {**SMS, "body": "ç" * 671}, "670"),
        ("send_sms", {**SMS, "subject": "x"}, "subject"),
        ("send_whatsapp", {**SMS}, "withinSession"),
        ("send_whatsapp", {**SMS, "body": "x" * 4097, "withinSession": True}, "4096"),
    ],
)
async def test_what_does_not_fit_is_refused_by_name_and_nothing_leaves(
    tmp_path: Path, tool: str, arguments: dict[str, Any], named: str
) -> None:
    async with open_post(tmp_path) as post:
        refused = await post.call(tool, arguments, ROOT, yes=True)
        assert refused.structured_content["kind"] == "invalid_params"
        assert named in refused.text
        assert await post.counts() == {}
    assert post.provider.handovers == []


async def test_a_template_is_filled_in_the_language_asked_for(tmp_path: Path) -> None:
    mail = {"to": ["jane@example.com"], "subject": "Unterwegs", "idempotencyKey": "key-in-german", **SHIPPED}
    async with open_post(tmp_path) as post:
        await post.call("send_email", {**mail, "locale": "de-AT"})
        await post.call("send_sms", {**SMS, "body": "", **SHIPPED}, {**JANE, "locale": "fr"})
    by_mail, by_sms = (handover.letter for handover in post.provider.handovers)
    assert "Ihre Bestellung M-1 ist unterwegs" in by_mail.body
    assert '<a href="https://shop.example/o/1">' in by_mail.html
    assert by_mail.locale == "de"
    assert "est en route" in by_sms.body


async def test_html_is_sent_with_its_text(tmp_path: Path) -> None:
    html = "<p>Hello <b>Jane</b></p><p>ünïcode 😀</p>"
    async with open_post(tmp_path) as post:
        await post.call("send_email", {**MAIL, "body": html, "html": True})
    letter = post.provider.handovers[0].letter
    assert (letter.html, letter.body) == (html, "Hello Jane\n\nünïcode 😀")


async def test_outside_the_session_whatsapp_gets_the_template_within_it_the_text(tmp_path: Path) -> None:
    async with open_post(tmp_path) as post:
        await post.call("send_whatsapp", {**WHATSAPP, "locale": "pt-BR"})
        free = {**SMS, "withinSession": True, "idempotencyKey": "in-session"}
        await post.call("send_whatsapp", free)
    template, text = (handover.letter for handover in post.provider.handovers)
    assert (template.template, template.locale) == ("order_shipped", "pt-BR")
    assert template.parameters == ("Jane", "M-1", "https://shop.example/o/1")
    assert (text.template, text.body) == ("", "On its way.")


async def test_advertising_needs_consent_and_nothing_else_does(tmp_path: Path) -> None:
    async with open_post(tmp_path) as post:
        advert = await post.call("send_email", REMINDER, ROOT, yes=True)
        assert advert.structured_content["status"] == "suppressed"
        assert "has not agreed to email messages" in advert.text
        (tmp_path / "consent.csv").write_text("email,jane@example.com,yes\n")
        agreed = await post.call("send_email", {**REMINDER, "idempotencyKey": "reminder-2"}, ROOT, yes=True)
        assert agreed.structured_content["status"] == "sent"
        (tmp_path / "consent.csv").write_text("email,jane@example.com,no\nsms,+49301234567,never\n")
        personal = await post.call("send_email", MAIL, ROOT, yes=True)
        assert personal.structured_content["status"] == "suppressed"
        order = {"to": ["jane@example.com"], "subject": "x", "idempotencyKey": "shipped-1", **SHIPPED}
        assert (await post.call("send_email", order, ROOT, yes=True)).structured_content["status"] == "sent"
        never = await post.call("send_sms", {**SMS, "body": "", **SHIPPED}, ROOT, yes=True)
        assert never.structured_content["status"] == "suppressed"
        own = await post.call("send_email", {**MAIL, "idempotencyKey": "asked-for-it"}, JANE)
        assert own.structured_content["status"] == "sent"


async def test_what_the_provider_refuses_for_good_is_an_error_that_says_so(tmp_path: Path) -> None:
    provider = FakeProvider()
    provider.failures = [NotSent(Verdict.REFUSED, "status 400, code 21211")]
    async with open_post(tmp_path, provider) as post:
        refused = await post.call("send_sms", SMS)
        again = await post.call("send_sms", SMS)
    for answer in (refused, again):
        assert answer.structured_content["kind"] == "invalid_params"
        assert "21211" in answer.text
        assert answer.structured_content["messageId"]


async def test_a_closed_whatsapp_window_is_explained(tmp_path: Path) -> None:
    provider = FakeProvider()
    provider.failures = [NotSent(Verdict.REFUSED, "status 400, code 131047")]
    async with open_post(tmp_path, provider) as post:
        refused = await post.call("send_whatsapp", {**SMS, "withinSession": True})
    assert "approved templates" in refused.text


async def test_who_stopped_at_the_provider_is_suppressed_now_and_later(tmp_path: Path) -> None:
    provider = FakeProvider()
    provider.failures = [NotSent(Verdict.UNWANTED, "21610")]
    async with open_post(tmp_path, provider) as post:
        for key in ("first-key", "second-key"):
            answer = await post.call("send_sms", {**SMS, "idempotencyKey": key})
            assert answer.structured_content["status"] == "suppressed"
            assert "does not want sms messages" in answer.text
    assert provider.handovers == []


async def test_a_customer_cannot_run_up_the_shops_bill(tmp_path: Path) -> None:
    async with open_post(tmp_path) as post:
        for number in range(OWN_PER_HOUR):
            await post.call("send_sms", {**SMS, "idempotencyKey": f"message-{number}"})
        limited = await post.call("send_sms", {**SMS, "idempotencyKey": "one-too-many"})
    assert limited.structured_content["kind"] == "rate_limit_error"
    assert limited.structured_content["retryAfterMs"] == 3_600_000
    assert len(post.provider.handovers) == OWN_PER_HOUR
