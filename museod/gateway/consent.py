"""
Asking an MCP client's person for the yes that a call needs, in the manner of the client's era.

A modern client that can show a form gets `input_required` and sends the call again with the answer; a legacy
one is asked by a request. A client that can do neither gets a refusal that says how it is done: a model
cannot say yes for a person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct

from museod.errors import CallTimeout, ChannelError, InvalidParams, InvalidRequest, RpcFailed
from museod.gateway.catalogue import Entry
from museod.gateway.client import Client
from museod.gateway.confirm import Confirmations, Confirmed, Question, question_of, stripped
from museod.gateway.interaction import RequestStates
from museod.gateway.requests import CallParams
from museod.observe.context import correlation_id
from museod.wire import codec, envelope
from museod.wire.tools import failed_result

STATE_PREFIX = "yes."
KEY = "confirm"
METHOD = "tools/call"

RunConfirmed = Callable[[bytes, Confirmed], Awaitable[Raw]]
"""Runs the call with these arguments, confirmed."""


class _Answer(Struct):
    action: str = ""
    content: dict[str, Any] | None = None


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_answers = msgspec.json.Decoder(dict[str, Raw]).decode


def is_answer(state: str) -> bool:
    """Whether a request state is one of ours, to be given to `Consent.answered`."""
    return state.startswith(STATE_PREFIX)


class Consent:
    """
    Gets a person's yes over MCP.

    Args:
        states: seals which question a client answers; bound to caller, tool and arguments.
    """

    def __init__(self, confirmations: Confirmations, states: RequestStates) -> None:
        self._confirmations = confirmations
        self._states = states

    async def settle(
        self, result: Raw, entry: Entry, subject: bytes, params: CallParams, client: Client, run: RunConfirmed
    ) -> Raw:
        """
        The result of a trusted child; where it asks for a yes, what comes of asking.

        Args:
            subject: the call as the client made it; its repetition must be the same.

        Raises:
            CallError: as the call itself.
        """
        question = question_of(result, entry.original, stripped(params.arguments))
        if question is None:
            return result
        if not _shows_forms(client) or client.caller.is_anonymous:
            return _refused(result, client)
        ticket = await self._confirmations.ask(client.caller, entry.name, question.arguments)
        form = _form(question)
        if client.is_modern:
            asked = codec.encode(
                {
                    "resultType": "input_required",
                    "inputRequests": {KEY: {"method": "elicitation/create", "params": form}},
                    "requestState": ticket.id,
                }
            )
            closed = self._states.close(Raw(asked), entry.child, client.caller, METHOD, subject)
            state = STATE_PREFIX + codec.decode(envelope.members(Raw(closed))["requestState"])
            return Raw(envelope.with_members(closed, {"requestState": state}))
        answer = await _ask(client, form)
        return await self._decided(answer, ticket.id, client, run)

    async def answered(
        self,
        params: CallParams,
        entry: Entry,
        subject: bytes,
        client: Client,
        run: RunConfirmed,
    ) -> Raw:
        """
        What comes of a modern client's answer.

        Raises:
            InvalidParams: state or answers are not those of this call.
        """
        state, responses = str(params.request_state), params.input_responses
        ticket = self._states.open(
            state.removeprefix(STATE_PREFIX), entry.child, client.caller, METHOD, subject
        )
        try:
            answers = _decode_answers(responses) if responses is not UNSET else {}
            answer = _decode_answer(answers[KEY])
        except (KeyError, msgspec.DecodeError):
            raise InvalidParams(
                f"inputResponses must hold the answer to {KEY!r}: an object with action and content."
            ) from None
        return await self._decided(answer, ticket or "", client, run)

    async def _decided(self, answer: _Answer, ticket: str, client: Client, run: RunConfirmed) -> Raw:
        if not _is_yes(answer):
            await self._confirmations.drop(client.caller, ticket)
            return _failed("Nothing was done: the person did not say yes.", "declined")
        taken = await self._confirmations.take(client.caller, ticket)
        if taken is None:
            return _failed(
                "Nothing was done: this question was answered before, or waited too long. Call the tool "
                "again to ask anew.",
                "confirmation_over",
            )
        return await run(taken.arguments, taken.confirmed)


def _shows_forms(client: Client) -> bool:
    """Whether the client can show its person a form, and there is a way to ask it."""
    declared = client.relayed.get("elicitation")
    if declared is None:
        return False
    members = envelope.members(declared)
    return not members or "form" in members  # an empty object means forms, as before there was a choice


def _form(question: Question) -> dict[str, Any]:
    return {
        "message": question.summary or "Do you really want this?",
        "requestedSchema": {
            "type": "object",
            "properties": {
                KEY: {
                    "type": "boolean",
                    "title": "Yes, do it",
                    "description": "It is done once, exactly as described.",
                }
            },
            "required": [KEY],
        },
    }


async def _ask(client: Client, form: dict[str, Any]) -> _Answer:
    if client.ask is None:
        return _Answer("cancel")
    try:
        return _decode_answer(await client.ask("elicitation/create", codec.encode(form)))
    except (RpcFailed, CallTimeout, ChannelError, msgspec.DecodeError):
        return _Answer("cancel")


def _is_yes(answer: _Answer) -> bool:
    return answer.action == "accept" and (answer.content or {}).get(KEY) is True


def _refused(result: Raw, client: Client) -> Raw:
    """The child's own answer, with a text that says how a yes gets here."""
    how = (
        "connect with a token, so that the yes is somebody's"
        if client.caller.is_anonymous
        else "use a client that declares the elicitation capability, so that its person can be asked"
    )
    members = envelope.members(result)
    structured = codec.decode(members["structuredContent"])
    summary = str(structured.get("summary", ""))
    text = (
        f"{summary} Nothing was done, because a person has to say yes first and yours cannot be asked here: "
        f"{how}; or do it in the chat, where a plain yes confirms it. No argument replaces the yes."
    ).strip()
    return Raw(envelope.with_members(result, {"content": [{"type": "text", "text": text}]}))


def _failed(text: str, reason: str) -> Raw:
    error = InvalidRequest(text, data={"reason": reason})
    return Raw(failed_result(error, correlation_id=correlation_id.get()))
