"""
What a message means, given what is open: a yes, a no, a correction, an answer; else its intent, or two.

In this order, because whoever was asked something most likely answers it. Only a yes that is nothing but a
yes lets a destructive or costly call happen; what a model made of the message never does.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from museod.chat import plan as plans
from museod.chat import questions, reference, trolley, wishes
from museod.chat import reply as replies
from museod.chat.acting import Acting
from museod.chat.conversation import Memory, OpenQuestion, open_question, remember
from museod.chat.failures import failure_of
from museod.chat.neutral import Neutral, Setting
from museod.chat.situation import Analysis, Plan, Say, Situation, ToolCall, read_analysis
from museod.chat.work import Work
from museod.errors import InternalError
from museod.observe import metrics
from museod.observe.logs import get_logger
from museod.stores.records import Conversation

log = get_logger()

HISTORY = 6  # messages that analyze_intent is given: three exchanges say what "and in blue?" is about
MAX_HISTORY_CHARS = 4000  # of each; the tool takes no more
# A title may be any words at all; only a message that is plainly about something else is not one.
OTHER_TOPIC = 0.85
_KEEPS_TOPIC = frozenset({"other", "greeting", "thanks", "product.search", "product.info"})


class Understanding:
    """
    Finds out what a message wants and has it done.

    Args:
        currency: of an amount that names none.
    """

    def __init__(self, acting: Acting, *, currency: str) -> None:
        self._acting = acting
        self._currency = currency

    async def reply(
        self, work: Work, conversation: Conversation, memory: Memory, now: float
    ) -> tuple[Neutral, Memory]:
        """
        The reply to a message, and the memory that its `seen` is to be added to.

        Raises:
            CallError: something failed that has no answer of its own.
        """
        message, pending = work.message.message, open_question(memory, now=now)
        was_asked = memory.pending
        if pending is None:
            memory = msgspec.structs.replace(memory, pending=None)
        elif pending.kind == "confirm":
            if reference.is_firm_yes(message):
                _by_context(work, pending.intent)
                return await self._acting.confirmed(work, pending, memory), memory
            await self._acting.drop(work, pending)
            memory, pending = msgspec.structs.replace(memory, pending=None), None
            if reference.is_no(message):
                return self._said(work, memory, "left-undone"), memory
        elif reference.is_no(message) and pending.kind not in ("more", "intent"):
            memory = msgspec.structs.replace(memory, pending=None)
            return self._said(work, memory, "left-undone"), memory
        if pending is not None and not questions.takes_any_text(pending):
            found = self._answer(work, pending, memory, message)
            if found is not None:
                return await self._acting.act(work, found, memory), memory
        analysis = _without_asking(work, memory, pending)
        if analysis is None and pending is None:
            if reference.is_firm_yes(message) or reference.is_no(message):
                is_late = was_asked is not None and was_asked.kind == "confirm"
                return self._said(work, memory, "confirm-over" if is_late else "nothing-open"), memory
            if rest := reference.corrected(message):
                plan = trolley.replaced(self._situation(work, Analysis("basket.add", 1.0, {}), memory, rest))
                if plan is not None:
                    _by_context(work, "basket.add")
                    return await self._acting.act(work, plan, memory, rest), memory
                message = rest
        analysis = analysis or await self._understand(work, conversation, message)
        if (
            pending is not None
            and questions.takes_any_text(pending)
            and not _is_other_topic(analysis, pending)
        ):
            found = self._answer(work, pending, memory, message)
            if found is not None:
                return await self._acting.act(work, found, memory), memory
        return await self._fulfil(work, conversation, memory, message, analysis, now)

    def _answer(self, work: Work, pending: OpenQuestion, memory: Memory, message: str) -> Plan | None:
        title = memory.focused.title if memory.focused is not None else ""
        call = questions.answer_open_question(
            pending, message, locale=work.phrases.language, title=title, currency=self._currency
        )
        if call is None:
            return None
        _by_context(work, pending.intent)
        return questions.completed(pending.intent, call)

    async def _fulfil(
        self,
        work: Work,
        conversation: Conversation,
        memory: Memory,
        message: str,
        analysis: Analysis,
        now: float,
    ) -> tuple[Neutral, Memory]:
        """One wish, or two after each other: the second may be about what the first one found."""
        halves = await self._halves(work, conversation, message, analysis)
        if not halves:
            _note(work, analysis)
            plan = plans.make_plan(self._situation(work, analysis, memory, message))
            return await self._acting.act(work, plan, memory, message), memory
        (first_said, first), (second_said, second) = halves
        _note(work, first)
        plan = plans.make_plan(self._situation(work, first, memory, first_said))
        one = await self._acting.act(work, plan, memory, first_said)
        setting = Setting(work.phrases, memory, message, work.intent)
        if one.seen.pending is not None and one.seen.pending.kind != "more":
            # What is open must be answered first; a question about a question helps nobody.
            rest = replies.say(Say("one-at-a-time", values={"rest": second_said}), setting)
            return _with_words(one, rest), memory
        after = remember(memory, one.seen, now=now)
        _note(work, second)
        plan = plans.make_plan(self._situation(work, second, after, second_said))
        other = await self._acting.act(work, plan, after, second_said)
        return replies.joined([one, other]), after

    async def _halves(
        self, work: Work, conversation: Conversation, message: str, whole: Analysis
    ) -> Sequence[tuple[str, Analysis]]:
        if whole.method == "context":
            return ()
        for cut in wishes.cuts(message):
            analyses = [await self._understand(work, conversation, half) for half in cut]
            if wishes.are_two(whole, analyses):
                return list(zip(cut, analyses, strict=True))
        return ()

    async def _understand(self, work: Work, conversation: Conversation, message: str) -> Analysis:
        work.tell("understanding")
        arguments = {
            "message": message,
            "locale": work.phrases.language,
            "clientType": work.message.client_type,
            "context": _history(conversation),
        }
        structured, is_error = await self._acting.call(work, ToolCall("analyze_intent", arguments))
        if is_error:
            raise failure_of(structured)
        try:
            return read_analysis(structured)
        except msgspec.ValidationError as error:
            log.error("analysis_unreadable", error=str(error))
            raise InternalError("analyze_intent answered what it must not.") from None

    def _situation(self, work: Work, analysis: Analysis, memory: Memory, message: str) -> Situation:
        return Situation(
            analysis,
            memory,
            message,
            work.phrases.language,
            work.caller.role,
            currency=self._currency,
            client_type=work.message.client_type,
            turn_id=work.turn_id,
            attachments=[one.upload_id for one in work.message.attachments],
            summary=work.summary,
        )

    def _said(self, work: Work, memory: Memory, key: str) -> Neutral:
        _by_context(work, "other")
        setting = Setting(work.phrases, memory, work.message.message, work.intent)
        return replies.say(Say(key, ("product.search", "basket.view")), setting)


def _with_words(one: Neutral, rest: Neutral) -> Neutral:
    """`one`, whose question stays the open one, with the words of `rest` below."""
    return Neutral(f"{one.text}\n\n{rest.text}", one.cards, one.suggestions, one.seen, one.is_numbered)


def _by_context(work: Work, intent: str) -> None:
    work.intent, work.confidence, work.method = intent, 1.0, "context"


def _note(work: Work, analysis: Analysis) -> None:
    work.intent, work.confidence, work.method = analysis.intent, analysis.confidence, analysis.method
    work.entities = analysis.entities
    metrics.intent_total.labels(analysis.method, analysis.intent).inc()


def _is_other_topic(analysis: Analysis, pending: OpenQuestion) -> bool:
    is_clear = analysis.confidence >= OTHER_TOPIC and analysis.intent not in _KEEPS_TOPIC
    return analysis.method == "context" or (is_clear and analysis.intent != pending.intent)


def _without_asking(work: Work, memory: Memory, pending: OpenQuestion | None) -> Analysis | None:
    """The analysis of a message that takes a suggestion of the last reply, by its words or its number."""
    message, intent = work.message.message, ""
    if message in memory.offered:
        intent = replies.pressed(message, work.phrases)
    if not intent and pending is not None:
        intent = plans.chosen_intent(pending, message)
    return Analysis(intent, 1.0, {}, method="context") if intent else None


def _history(conversation: Conversation) -> list[dict[str, str]]:
    history = []
    for said in conversation.messages[-HISTORY:]:
        one = {"role": said.role, "content": said.content[:MAX_HISTORY_CHARS]}
        if said.intent is not None:
            one["intent"] = said.intent.intent
        history.append(one)
    return history
