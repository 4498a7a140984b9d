"""The outbox is emptied: each letter once, in spite of providers that fail and processes that die."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import trio

from mcps.notifications import worker as module
from mcps.notifications.provider import Channel, NotSent, Verdict
from mcps.notifications.quiet import read_quiet_hours
from mcps.notifications.retries import RetryPolicy
from museod.errors import ChannelError, RpcFailed
from tests.mcps.notifications.posting import (
    JANE,
    MAIL,
    ROOT,
    SHIPPED,
    SMS,
    FakeProvider,
    HangingProvider,
    Post,
    open_post,
)


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another process left behind is noticed at once."""
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)


async def test_what_waits_leaves_once_when_the_provider_is_back(tmp_path: Path) -> None:
    provider = FakeProvider()
    provider.is_down = True
    async with open_post(tmp_path, provider) as post:
        with trio.fail_after(5):
            for number in range(10):
                mail = {**MAIL, "idempotencyKey": f"message-{number}", "subject": f"No {number}"}
                accepted = await post.call("send_email", mail)
                assert accepted.structured_content["status"] == "queued"
                assert "as soon as the service answers" in accepted.text
            provider.is_down = False
            await provider.wait_sent(10)
            await post.wait_counts({"email": {"sent": 10}})
    assert {handover.letter.subject for handover in provider.handovers} == {f"No {n}" for n in range(10)}
    assert len(provider.handovers) == 10


async def test_a_provider_that_is_away_is_not_stormed(tmp_path: Path) -> None:
    class Counting(FakeProvider):
        tries = 0

        async def send(self, handover: object) -> str:
            self.tries += 1
            raise NotSent(Verdict.AWAY, "down")

    provider = Counting()
    policy = RetryPolicy(pause_first_seconds=3600.0, pause_max_seconds=3600.0)
    async with open_post(tmp_path, provider, policy=policy) as post:
        with trio.fail_after(5):
            for number in range(5):
                await post.call("send_email", {**MAIL, "idempotencyKey": f"message-{number}"})
            for _ in range(20):  # the claims of the loop take turns with these
                await post.counts()
    assert provider.tries == 1


async def test_an_accepted_message_outlives_the_process(tmp_path: Path) -> None:
    down = FakeProvider()
    down.is_down = True
    async with open_post(tmp_path, down) as post:
        first = await post.call("send_email", MAIL)
    up = FakeProvider()
    async with open_post(tmp_path, up) as post:
        with trio.fail_after(5):
            await up.wait_sent(1)
            again = await post.call("send_email", MAIL)
    assert down.handovers == []
    assert len(up.handovers) == 1
    assert not up.handovers[0].is_repeat
    assert again.structured_content["messageId"] == first.structured_content["messageId"]
    assert again.structured_content["status"] == "sent"


async def test_an_attempt_that_was_cut_off_is_repeated_as_such_after_its_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FINISH_SECONDS", 0.0)
    hanging = HangingProvider()
    with trio.fail_after(5):
        async with open_post(tmp_path, hanging, lease_seconds=0.05) as post, trio.open_nursery() as nursery:
            nursery.start_soon(post.call, "send_email", MAIL)
            await hanging.began.wait()
            nursery.cancel_scope.cancel()
        up = FakeProvider()
        async with open_post(tmp_path, up) as post:
            await up.wait_sent(1)
            await post.wait_counts({"email": {"sent": 1}})
    assert [handover.is_repeat for handover in up.handovers] == [True]


async def test_an_attempt_under_way_is_finished_before_the_end(tmp_path: Path) -> None:
    class Slow(FakeProvider):
        def __init__(self) -> None:
            super().__init__()
            self.began, self.may_end = trio.Event(), trio.Event()

        async def send(self, handover: object) -> str:
            self.began.set()
            await self.may_end.wait()
            return await super().send(handover)  # type: ignore[arg-type]

    slow = Slow()

    async def call(post: Post) -> None:
        try:
            await post.call("send_email", MAIL)
        except (ChannelError, RpcFailed):
            slow.may_end.set()  # the server has ended, and the attempt has not

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery, open_post(tmp_path, slow) as post:
            nursery.start_soon(call, post)
            await slow.began.wait()
        assert slow.may_end.is_set()
        async with open_post(tmp_path, FakeProvider()) as post:
            assert await post.counts() == {"email": {"sent": 1}}
    assert len(slow.handovers) == 1


async def test_several_processes_on_one_outbox_send_once(tmp_path: Path) -> None:
    provider = FakeProvider()
    provider.is_down = True
    async with (
        open_post(tmp_path, provider) as one,
        open_post(tmp_path, provider) as two,
        open_post(tmp_path, provider) as three,
    ):
        with trio.fail_after(10):
            for number in range(30):
                post = (one, two, three)[number % 3]
                await post.call("send_email", {**MAIL, "idempotencyKey": f"message-{number}"}, ROOT, yes=True)
            provider.is_down = False
            await one.wait_counts({"email": {"sent": 30}})
    ids = [handover.delivery_id for handover in provider.handovers]
    assert len(ids) == len(set(ids)) == 30


async def test_an_unknown_outcome_is_repeated_only_so_often_and_then_given_up_visibly(tmp_path: Path) -> None:
    provider = FakeProvider()
    provider.failures = [NotSent(Verdict.AWAY, "cut", maybe_sent=True) for _ in range(9)]
    async with open_post(tmp_path, provider) as post:
        with trio.fail_after(5):
            await post.call("send_email", MAIL)
            await post.wait_counts({"email": {"dead": 1}})
    assert len(provider.failures) == 9 - FakeProvider.max_unknown
    report = msgspec.json.decode((tmp_path / "outbox.json").read_bytes())
    assert report["deadLetters"][0]["reason"] == "unknown whether it arrived (cut)"
    assert report["deadLetters"][0]["to"] == "j***@example.com"
    assert (tmp_path / "outbox.json").stat().st_mode & 0o077 == 0


async def test_a_message_that_breaks_the_provider_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    provider = FakeProvider()
    provider.failures = [KeyError("a bug")]
    async with open_post(tmp_path, provider) as post:
        with trio.fail_after(5):
            await post.call("send_email", MAIL)
            await post.call("send_email", {**MAIL, "idempotencyKey": "another-one"})
            await post.wait_counts({"email": {"sent": 2}})


async def test_what_is_too_old_is_given_up(tmp_path: Path) -> None:
    clock = [1_000_000.0]
    provider = FakeProvider()
    provider.is_down = True
    async with open_post(tmp_path, provider, now=lambda: clock[0]) as post:
        with trio.fail_after(5):
            await post.call("send_email", MAIL)
            clock[0] += 86_400
            await post.wait_counts({"email": {"dead": 1}})
            refused = await post.call("send_email", MAIL)
    assert refused.is_error
    assert "too old (down)" in refused.text


async def test_quiet_hours_delay_what_rings_or_advertises_and_nothing_else(tmp_path: Path) -> None:
    night = read_quiet_hours("21:00-08:00 UTC")
    clock = [1_767_312_000.0]  # midnight UTC
    (tmp_path / "consent.csv").write_text("email,jane@example.com,yes\n")
    provider = FakeProvider()
    reminder = {
        **MAIL,
        "template": "basket_reminder",
        "variables": {"name": "Jane", "items": "a lamp", "link": "https://x.example"},
        "idempotencyKey": "reminder-1",
    }
    del reminder["body"]
    async with open_post(tmp_path, provider, quiet=night, now=lambda: clock[0]) as post:
        with trio.fail_after(5):
            mail = await post.call("send_email", MAIL, ROOT, yes=True)
            own = await post.call("send_sms", SMS, JANE)
            shipped = {"to": SMS["to"], "idempotencyKey": "shipped-1", **SHIPPED}
            order = await post.call("send_sms", shipped, ROOT, yes=True)
            text = await post.call("send_sms", SMS, ROOT, yes=True)
            advert = await post.call("send_email", reminder, ROOT, yes=True)
            assert len(provider.handovers) == 3
            clock[0] += 8 * 3600
            await provider.wait_sent(5)
    statuses = [answer.structured_content["status"] for answer in (mail, own, order, text, advert)]
    assert statuses == ["sent", "sent", "sent", "queued", "queued"]
    assert text.structured_content["nextAttemptAt"] == "2026-01-02T08:00:00+00:00"
    assert "08:00" in text.text


async def test_who_unsubscribes_while_a_message_waits_does_not_get_it(tmp_path: Path) -> None:
    night = read_quiet_hours("21:00-08:00 UTC")
    clock = [1_767_312_000.0]
    provider = FakeProvider()
    async with open_post(tmp_path, provider, quiet=night, now=lambda: clock[0]) as post:
        with trio.fail_after(5):
            await post.call("send_sms", SMS, ROOT, yes=True)
            (tmp_path / "consent.csv").write_text("sms,+49301234567,no\n")
            clock[0] += 8 * 3600
            await post.wait_counts({"sms": {"suppressed": 1}})
    assert provider.handovers == []


async def test_channels_do_not_wait_for_each_other(tmp_path: Path) -> None:
    hanging, up = HangingProvider(), FakeProvider()
    providers = {Channel.EMAIL: hanging, Channel.SMS: up, Channel.WHATSAPP: up}
    async with open_post(tmp_path, providers) as post, trio.open_nursery() as nursery:
        with trio.fail_after(5):
            nursery.start_soon(post.call, "send_email", MAIL)
            await hanging.began.wait()
            assert (await post.call("send_sms", SMS)).structured_content["status"] == "sent"
        nursery.cancel_scope.cancel()
