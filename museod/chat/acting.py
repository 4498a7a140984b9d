"""From a plan to a reply: its calls, further looks, what was refused, and the gate before the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import trio
from msgspec import Raw

from museod.access.principal import Role
from museod.chat import plan as plans
from museod.chat import reply as replies
from museod.chat.conversation import Memory, OpenQuestion
from museod.chat.failures import Failed, failure_of, shown_kind
from museod.chat.messages import ToolUse
from museod.chat.neutral import Done, Neutral, Setting
from museod.chat.replies.basket import which_line
from museod.chat.situation import (
    AdminOnly,
    AskLine,
    AskProduct,
    AskSlot,
    AskVariant,
    Calls,
    NotYet,
    Plan,
    Say,
    ToolCall,
    Unsure,
)
from museod.chat.truth import gate
from museod.chat.work import Tools, Work
from museod.errors import (
    CallError,
    CallTimeout,
    ChildLost,
    ChildUnavailable,
    InternalError,
    Kind,
    ToolNotFound,
)
from museod.gateway.confirm import Confirmations, Confirmed
from museod.observe.logs import get_logger
from museod.wire import codec

log = get_logger()

GONE_SECONDS = 5.0  # a child whose tools vanished failed several times and is tried less often
MAX_FOLLOW_UPS = 2  # search again without attributes, then look at the one product that was meant
WRITES = frozenset(
    {
        "add_to_basket",
        "update_basket_item",
        "remove_from_basket",
        "get_payment_link",
        "create_stock_alert",
        "send_email",
        "send_sms",
        "send_whatsapp",
        "handover_to_human",
        "create_product",
        "update_product",
        "delete_product",
        "create_from_file",
    }
)  # whose outcome is unknown when their child is lost
# What belongs to somebody with an account: a guest is told to sign in, not that it cannot be done.
SIGN_IN = frozenset({"get_order_status", "send_email", "send_sms", "send_whatsapp"})
# Tools that may take longer than a turn, and how long: as the default configuration's call_timeouts.
LONG_SECONDS: Mapping[str, float] = {"create_from_file": 300.0}

_STAGES: Mapping[str, str] = {
    "search_products": "search",
    "recommend_products": "search",
    "list_products": "search",
    "get_product_info": "product",
    "compare_products": "product",
    "answer_question": "product",
    "add_to_basket": "basket",
    "get_basket": "basket",
    "update_basket_item": "basket",
    "remove_from_basket": "basket",
}


class Acting:
    """Carries plans out."""

    def __init__(self, tools: Tools, confirmations: Confirmations) -> None:
        self._tools = tools
        self._confirmations = confirmations

    async def act(self, work: Work, plan: Plan, memory: Memory, message: str = "") -> Neutral:
        """
        What comes of `plan`, checked against the results of its calls.

        Args:
            message: the words that the plan was made for, where they are not the whole message.

        Raises:
            CallError: something failed that has no answer of its own.
        """
        setting = Setting(work.phrases, memory, message or work.message.message, work.intent)
        match plan:
            case Calls():
                return await self._perform(work, plan, setting)
            case Say():
                return replies.say(plan, setting)
            case NotYet():
                return self._not_yet(work, plan, setting)
            case AskProduct():
                return replies.ask_product(plan, setting)
            case Unsure():
                return replies.unsure(plan, setting)
            case AskSlot():
                if not self._tools.offers(plan.call.tool, work.caller):
                    return self._not_yet(work, NotYet(plan.intent), setting)
                return replies.ask_slot(plan, setting)
            case AskVariant():
                if not self._tools.offers(plan.tool, work.caller):
                    return self._not_yet(work, NotYet(plan.intent), setting)
                return replies.ask_variant(plan, setting)
            case AskLine():
                return await self._which_line(work, plan, setting)
            case AdminOnly():
                raise Failed(Kind.AUTHENTICATION_ERROR, "error-admin-only")

    def _not_yet(self, work: Work, plan: NotYet, setting: Setting) -> Neutral:
        return replies.not_yet(plan, setting, is_admin=work.caller.role is Role.ADMIN)

    async def confirmed(self, work: Work, pending: OpenQuestion, memory: Memory) -> Neutral:
        """What comes of a person's yes: exactly the call that waited for it, once."""
        taken = await self._confirmations.take(
            work.caller, pending.ticket, conversation=work.conversation_id, turn=work.turn_id
        )
        setting = Setting(work.phrases, memory, work.message.message, work.intent)
        if taken is None:
            return replies.say(Say("confirm-over"), setting)
        work.tell(_STAGES.get(taken.tool, "working"))
        call = ToolCall(taken.tool, codec.decode(taken.arguments), pending.extra)
        done = [await self._done(work, call, confirmed=taken.confirmed)]
        return self._gated(replies.compose(done, setting), done, setting)

    async def awaiting(self, work: Work, pending: OpenQuestion) -> OpenQuestion:
        """The question with a ticket for its call, which the next yes takes."""
        ticket = await self._confirmations.ask(
            work.caller,
            pending.tool,
            codec.encode(pending.arguments),
            conversation=work.conversation_id,
        )
        return msgspec.structs.replace(pending, ticket=ticket.id)

    async def drop(self, work: Work, pending: OpenQuestion) -> None:
        """Nothing will come of this question."""
        if pending.ticket:
            await self._confirmations.drop(work.caller, pending.ticket)

    # ---- calls

    async def _perform(self, work: Work, plan: Calls, setting: Setting) -> Neutral:
        calls = plan.calls
        work.tell(_STAGES.get(calls[0].tool, "working"))
        try:
            done = await (self._in_order(work, calls) if plan.in_order else self._all_done(work, calls))
        except ToolNotFound:
            if child := plans.CORE_TOOLS.get(calls[0].tool):
                raise Failed(
                    Kind.MCP_NOT_AVAILABLE, "error-unavailable", retry_after=GONE_SECONDS, service=child
                ) from None
            if work.caller.role is Role.GUEST and calls[0].tool in SIGN_IN:
                raise Failed(Kind.AUTHENTICATION_ERROR, "error-authentication") from None
            instead = plans.substitute(calls[0], work.intent)
            return await self.act(work, instead or NotYet(work.intent), setting.memory, setting.message)
        if (step := plans.next_step(done[-1].call, done[-1].structured)) is not None:
            done = [*done, await self._done(work, step)]
        for _ in range(MAX_FOLLOW_UPS):
            last = done[-1]
            further = plans.follow_up(last.call, last.structured, failure=last.refusal)
            if further is None:
                break
            try:
                done = [*done, await self._done(work, further)]
            except CallError as error:
                # What there is stands on its own; the further look would only have made it richer.
                log.info("follow_up_failed", tool=further.tool, kind=shown_kind(error).value)
                break
        return self._gated(replies.compose(done, setting), done, setting)

    async def _which_line(self, work: Work, plan: AskLine, setting: Setting) -> Neutral:
        if not self._tools.offers(plan.tool, work.caller):
            return self._not_yet(work, NotYet(plan.intent), setting)
        work.tell("basket")
        look = await self._done(work, ToolCall("get_basket", {"locale": setting.phrases.language}))
        if look.refusal:
            return replies.compose([look], setting)
        basket = look.structured.get("basket")
        lines = basket.get("lines") if isinstance(basket, Mapping) else None
        if isinstance(lines, list) and len(lines) == 1 and isinstance(lines[0], Mapping):
            arguments = {"line": str(lines[0].get("lineId", "")), **plan.arguments}
            call = ToolCall(plan.tool, arguments, {"title": lines[0].get("title", "")})
            return await self.act(work, plans.completed(plan.intent, call), setting.memory, setting.message)
        reply = which_line(look, setting, tool=plan.tool, arguments=plan.arguments)
        return self._gated(reply, [look], setting)

    def _gated(self, reply: Neutral, done: Sequence[Done], setting: Setting) -> Neutral:
        shown, violations = gate(reply, done, setting.phrases)
        for one in violations:
            # What was said stays out of the log: it may be about the person.
            log.error("reply_ungrounded", kind=one.kind, tools=[call.call.tool for call in done])
        return shown

    async def _in_order(self, work: Work, calls: Sequence[ToolCall]) -> list[Done]:
        done: list[Done] = []
        for call in calls:
            done.append(await self._done(work, call))
            if done[-1].refusal or "needsChoice" in done[-1].structured:
                break
        return done

    async def _all_done(self, work: Work, calls: Sequence[ToolCall]) -> list[Done]:
        if len(calls) == 1:
            return [await self._done(work, calls[0])]
        answers: dict[int, Done | CallError] = {}

        async def run(place: int) -> None:
            try:
                answers[place] = await self._done(work, calls[place])
            except CallError as error:
                answers[place] = error

        async with trio.open_nursery() as nursery:
            for place in range(len(calls)):
                nursery.start_soon(run, place)
        done = []
        for place in range(len(calls)):
            answer = answers[place]
            if isinstance(answer, CallError):
                raise answer
            done.append(answer)
        return done

    async def _done(self, work: Work, call: ToolCall, *, confirmed: Confirmed | None = None) -> Done:
        structured, is_error = await self.call(work, call, confirmed=confirmed)
        if not is_error:
            return Done(call, structured)
        refusal = _refusal(structured)
        if refusal not in replies.REFUSALS:
            raise failure_of(structured)
        work.has_written = False  # refused: nothing was done
        return Done(call, structured, refusal)

    async def call(
        self, work: Work, call: ToolCall, *, confirmed: Confirmed | None = None
    ) -> tuple[Mapping[str, Any], bool]:
        """
        What the tool gave as structured content, and whether it is an error.

        Raises:
            CallError: it gave nothing, or something that is no result.
        """
        is_write = call.tool in WRITES
        if longer := LONG_SECONDS.get(call.tool):
            work.scope.deadline += longer
        arguments = Raw(codec.encode(call.arguments))
        try:
            work.has_written |= is_write
            if confirmed is None:
                reply = await self._tools.call(call.tool, arguments, work.caller, turn=work.turn)
            else:
                reply = await self._tools.call(
                    call.tool, arguments, work.caller, turn=work.turn, confirmed=confirmed
                )
        except (ChildLost, CallTimeout) as error:
            if is_write:
                raise
            raise ChildUnavailable(error.message, retry_after=error.retry_after, data=error.data) from None
        except CallError:
            work.has_written &= not is_write  # refused before it began
            raise
        work.tools.append(ToolUse(call.tool, round(reply.seconds * 1000), reply.cached))
        try:
            result = reply.result()
        except msgspec.ValidationError as error:
            log.error("result_unreadable", tool=call.tool, mcp=reply.child, error=str(error))
            raise InternalError("A tool answered what it must not.") from None
        structured = result.structured_content
        return structured if isinstance(structured, dict) else {}, result.is_error


def _refusal(structured: Mapping[str, Any]) -> str:
    """The shop's stable word for its refusal, as mcps.museo passes it on."""
    for name in ("apiCode", "reason"):
        if isinstance(word := structured.get(name), str) and word in replies.REFUSALS:
            return word
    if structured.get("needsConfirmation") is True:
        return "confirmation_required"
    return ""
