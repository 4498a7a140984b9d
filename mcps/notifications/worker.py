"""
Empties the outbox: one loop per channel that claims what is due, attempts that hand it over.

A provider that is away rests as a whole, so nothing storms it; the message that found it away goes to the end
of what waits, so that one which brings it down does not hold up the others. An outcome is written down
whatever else happens; one that could not be is found again when its lease ends.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import trio

from mcps.notifications.consent import ALLOWED, Consent, Purpose
from mcps.notifications.outbox import Outbox
from mcps.notifications.provider import Channel, Handover, NotSent, Provider, Verdict
from mcps.notifications.quiet import QuietHours
from mcps.notifications.records import Claimed, Receipt
from mcps.notifications.report import Report
from mcps.notifications.retries import RetryPolicy, after_failure
from museod.errors import StoreError
from museod.observe.logs import get_logger

log = get_logger()

T = TypeVar("T")

ATTEMPT_SECONDS = 15.0  # the longest that a provider may take
# Longer than an attempt and the writing of its outcome, so that nobody repeats what is still under way.
LEASE_SECONDS = ATTEMPT_SECONDS + 5.0
POLL_SECONDS = 5.0  # how late we notice what another process accepted and left behind
UPKEEP_SECONDS = 600.0  # rows live for a day; forgetting them ten minutes late does not matter
# After the end of our work, for attempts under way; below the 2 s after which a supervisor insists.
FINISH_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Rules:
    """Whom to write to and when."""

    consent: Consent
    quiet: QuietHours | None

    def refusal(self, channel: Channel, address: str, purpose: Purpose) -> str:
        """Why the person is not to be written to; empty when that is fine. Blocks."""
        decision = self.consent.decision(channel, address)
        if purpose in ALLOWED[decision]:
            return ""
        return "no_consent" if purpose is Purpose.PROMOTIONAL and decision.value == "none" else "unsubscribed"

    def quiet_end(self, channel: Channel, purpose: Purpose, now: float) -> float | None:
        """When the message may leave, if not now. A mailbox does not ring; a telephone does."""
        if self.quiet is None or purpose is Purpose.TRANSACTIONAL:
            return None
        if channel is Channel.EMAIL and purpose is not Purpose.PROMOTIONAL:
            return None
        return self.quiet.end(now)


class Worker:
    """Delivers what the outbox holds; see `open_worker`."""

    def __init__(
        self,
        outbox: Outbox,
        providers: Mapping[Channel, Provider],
        rules: Rules,
        report: Report,
        *,
        policy: RetryPolicy,
        now: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self.providers = providers
        self.rules = rules
        self.now = now
        self._outbox = outbox
        self._report = report
        self._policy = policy
        self._jitter = jitter
        self._one_thread = trio.CapacityLimiter(1)  # the outbox is one connection
        self._wakes = {channel: trio.Event() for channel in Channel}
        self._failures = dict.fromkeys(Channel, 0)
        self._watched: dict[str, trio.Event] = {}

    async def store(self, job: Callable[[Outbox], T]) -> T:
        """
        Run `job` on the outbox, in a thread.

        Cancellation:
            Before it begins, nothing is done; after that it is done whole.
        """
        return await trio.to_thread.run_sync(job, self._outbox, limiter=self._one_thread)

    def wake(self, channel: Channel) -> None:
        """Say that something new waits."""
        self._wakes[channel].set()
        self._report.note_change()

    def is_away(self, channel: Channel) -> bool:
        """Whether the last attempt found the channel's provider away."""
        return self._failures[channel] > 0

    async def wait_settled(self, receipt: Receipt, channel: Channel, seconds: float) -> Receipt:
        """The message when nothing of it waits any more, its provider is away, or `seconds` are over."""
        with trio.move_on_after(seconds):
            while receipt.queued:
                settled = self._watched.setdefault(receipt.message_id, trio.Event())
                receipt = await self.store(partial(Outbox.receipt, message_id=receipt.message_id))
                if not receipt.queued or self.is_away(channel):
                    break
                await settled.wait()
        self._watched.pop(receipt.message_id, None)
        return receipt

    # ------------------------------------------------------------------ loops

    async def serve(self, channel: Channel, attempts: trio.Nursery) -> None:
        """Claim and attempt for ever."""
        pace = self.providers[channel].pace
        slots = trio.Semaphore(pace.concurrency)
        while True:
            await slots.acquire()
            wake = self._wakes[channel] = trio.Event()
            try:
                claimed = await self.store(lambda outbox: outbox.claim(channel, pace, self.now()))
            except StoreError as error:
                log.error("outbox_not_read", channel=channel.value, reason=str(error))
                claimed = self.now() + POLL_SECONDS
            if isinstance(claimed, Claimed):
                attempts.start_soon(self._attempt_in, slots, claimed)
                continue
            slots.release()
            with trio.move_on_after(min(POLL_SECONDS, max(claimed - self.now(), 0.0))):
                await wake.wait()

    async def look_after(self) -> None:
        """Forget what is long settled, for ever."""
        while True:
            try:
                gone = await self.store(lambda outbox: outbox.purge(self.now()))
            except StoreError as error:
                log.error("outbox_not_purged", reason=str(error))
            else:
                log.debug("outbox_purged", deliveries=gone)
                self._report.note_change()
            await trio.sleep(UPKEEP_SECONDS)

    async def report(self) -> None:
        """Keep the report up to date, for ever."""
        await self._report.keep(self._summary)

    async def report_once(self) -> None:
        """Bring the report up to date."""
        await self._report.write(self._summary)

    async def _summary(self) -> dict[str, Any]:
        return await self.store(Outbox.summary)

    # ------------------------------------------------------------------ one attempt

    async def _attempt_in(self, slots: trio.Semaphore, claimed: Claimed) -> None:
        try:
            await self._attempt(claimed)
        except StoreError as error:
            # The outcome is not written down: when the lease ends, it counts as unknown.
            log.error("outcome_not_kept", delivery=claimed.delivery_id, reason=str(error))
        finally:
            slots.release()
            # The loop sleeps until what it last knew to be due; this attempt may have changed that.
            self._wakes[claimed.letter.channel].set()
            watched = self._watched.pop(claimed.message_id, None)
            if watched is not None:
                watched.set()
            self._report.note_change()

    async def _attempt(self, claimed: Claimed) -> None:
        letter, purpose = claimed.letter, Purpose(claimed.purpose)
        provider = self.providers[letter.channel]
        refusal = await trio.to_thread.run_sync(
            self.rules.refusal, letter.channel, letter.address, purpose, limiter=self._one_thread
        )
        if refusal:
            await self._keep(lambda outbox: outbox.suppressed(claimed, refusal, self.now()))
            return
        quiet_end = self.rules.quiet_end(letter.channel, purpose, self.now())
        if quiet_end is not None:
            await self._keep(lambda outbox: outbox.postponed(claimed, quiet_end, "quiet hours"))
            return
        if claimed.unknown >= provider.max_unknown:
            await self._give_up(claimed, "unknown whether it arrived (its sender was ended)")
            return
        handover = Handover(claimed.delivery_id, letter, claimed.accepted_at, claimed.unknown > 0)
        try:
            reference = await self._send(provider, handover)
        except NotSent as failure:
            await self._fail(claimed, provider, failure)
            return
        self._failures[letter.channel] = 0
        await self._keep(lambda outbox: outbox.sent(claimed, reference, self.now()))
        log.info(
            "message_sent",
            channel=letter.channel.value,
            provider=provider.name,
            delivery=claimed.delivery_id,
            is_repeat=handover.is_repeat,
        )

    async def _send(self, provider: Provider, handover: Handover) -> str:
        try:
            with trio.move_on_after(ATTEMPT_SECONDS):
                return await provider.send(handover)
        except NotSent:
            raise
        except Exception:  # the border of one message: a poisonous one must not take the others with it
            log.exception("attempt_failed", provider=provider.name, delivery=handover.delivery_id)
            raise NotSent(Verdict.LATER, "internal error", maybe_sent=True) from None
        raise NotSent(Verdict.AWAY, "timeout", maybe_sent=True)

    async def _fail(self, claimed: Claimed, provider: Provider, failure: NotSent) -> None:
        channel, now = claimed.letter.channel, self.now()
        is_away = failure.verdict is Verdict.AWAY
        self._failures[channel] = self._failures[channel] + 1 if is_away else 0
        following = after_failure(
            failure,
            now=now,
            accepted_at=claimed.accepted_at,
            attempts=claimed.attempts,
            unknown=claimed.unknown + failure.maybe_sent,
            max_unknown=provider.max_unknown,
            failures_in_row=self._failures[channel],
            jitter=self._jitter(),
            policy=self._policy,
        )
        if following.dead_reason:
            await self._give_up(claimed, following.dead_reason)
            return
        if following.next_at is None:
            await self._keep(lambda outbox: outbox.suppressed(claimed, "unsubscribed", now, is_blocked=True))
            log.info("person_unsubscribed", channel=channel.value, reason=failure.reason)
            return
        next_at, pause_until = following.next_at, following.pause_until

        def postpone(outbox: Outbox) -> None:
            if pause_until is not None:
                outbox.pause(channel, pause_until)
            outbox.postponed(
                claimed,
                next_at,
                failure.reason,
                attempts=0 if is_away else 1,
                unknown=int(failure.maybe_sent),
            )

        await self._keep(postpone)
        log.warning(
            "message_postponed",
            channel=channel.value,
            provider=provider.name,
            delivery=claimed.delivery_id,
            reason=failure.reason,
            maybe_sent=failure.maybe_sent,
            delay=round((pause_until or next_at) - now, 1),
        )

    async def _give_up(self, claimed: Claimed, reason: str) -> None:
        await self._keep(lambda outbox: outbox.given_up(claimed, reason, self.now()))
        log.error(
            "message_given_up",
            channel=claimed.letter.channel.value,
            delivery=claimed.delivery_id,
            reason=reason,
            attempts=claimed.attempts + 1,
        )

    async def _keep(self, job: Callable[[Outbox], None]) -> None:
        """Write an outcome down, even while we are being stopped: the file answers within seconds."""
        with trio.CancelScope(shield=True):
            await self.store(job)


@asynccontextmanager
async def open_worker(
    outbox: Outbox,
    providers: Mapping[Channel, Provider],
    rules: Rules,
    report: Report,
    *,
    policy: RetryPolicy | None = None,
    now: Callable[[], float] = time.time,
    jitter: Callable[[], float] = random.random,
) -> AsyncIterator[Worker]:
    """
    A worker that delivers for the length of the block, and finishes what is under way after it.

    Args:
        now: seconds since 1970; callable from any thread.
    """
    worker = Worker(outbox, providers, rules, report, policy=policy or RetryPolicy(), now=now, jitter=jitter)
    async with trio.open_nursery() as attempts:
        async with trio.open_nursery() as loops:
            for channel in providers:
                loops.start_soon(worker.serve, channel, attempts, name=f"outbox {channel.value}")
            loops.start_soon(worker.look_after, name="outbox upkeep")
            loops.start_soon(worker.report, name="outbox report")
            yield worker
            loops.cancel_scope.cancel()
        attempts.cancel_scope.deadline = trio.current_time() + FINISH_SECONDS
    await worker.report_once()
