"""
Questions of a child to the caller's client, across eras.

A modern child answers a request with `input_required`; the client answers by sending the request again. A
modern client does so itself, and gets the child's state sealed, so that it can neither read nor change nor
move it. A legacy client is asked by requests of its own era, and museod sends the request again for it.

Spec 2026-07-28, "Multi round-trip requests"; the bound of ten rounds is that of the reference client.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
import trio
from msgspec import UNSET, Raw, Struct, UnsetType

from museod.access.principal import Principal
from museod.errors import CallTimeout, ChannelError, InvalidParams, RpcFailed, StoreError
from museod.gateway.client import Client
from museod.wire import codec, envelope
from museod.wire.messages import INTERNAL_ERROR, INVALID_PARAMS

PURPOSE = "request state"
MAX_ROUNDS = 10
# A person looks something up before answering; a state that is a day old answers nothing any more.
STATE_SECONDS = 3600.0
MAX_QUESTIONS = 16
_INPUT_REQUIRED = b'"input_required"'


class Seal(Protocol):
    """Seals texts under a purpose; see `stores.sealing.Sealer`."""

    def seal_text(self, purpose: str, text: str, *, expires_at: float, context: str = "") -> str:
        """An opaque, tamper-proof text."""

    def open_text(self, purpose: str, sealed: str, *, now: float, context: str = "") -> str:
        """What was sealed; raises `StoreError` for anything else."""


class Question(Struct):
    """One entry of `inputRequests`."""

    method: str
    params: Raw = Raw(b"{}")


class InputRequired(Struct, rename="camel"):
    """A result that asks for input."""

    result_type: str = "complete"
    input_requests: dict[str, Question] | UnsetType = UNSET
    request_state: str | UnsetType = UNSET


class _State(Struct):
    child: str
    state: str | None


_decode_input = msgspec.json.Decoder(InputRequired).decode
_decode_state = msgspec.json.Decoder(_State).decode

# One more run of the request: answers and state as further members of its params.
Again = Callable[[bytes], Awaitable[Raw]]


def input_required(result: Raw) -> InputRequired | None:
    """What `result` asks for, or None for a complete one; cheap for the complete ones."""
    if _INPUT_REQUIRED not in bytes(result):
        return None
    try:
        found = _decode_input(result)
    except msgspec.DecodeError:
        return None
    return found if found.result_type == "input_required" else None


def retry_members(answers: Raw | UnsetType, state: str | None) -> bytes:
    """Answers and the child's own state as further members of a request's params."""
    members = b""
    if answers is not UNSET:
        members += b',"inputResponses":%b' % bytes(answers)
    if state is not None:
        members += b',"requestState":%b' % codec.encode(state)
    return members


class RequestStates:
    """Seals the states of children for modern clients, bound to caller, method and arguments."""

    def __init__(self, seal: Seal, *, clock: Callable[[], float] = time.time) -> None:
        self._seal = seal
        self._clock = clock

    def close(self, result: Raw, child: str, caller: Principal, method: str, subject: bytes) -> bytes:
        """An `input_required` result with its state sealed; one without a state stays as it is."""
        found = _decode_input(result)
        if found.request_state is UNSET:
            return bytes(result)
        sealed = self._seal.seal_text(
            PURPOSE,
            codec.encode(_State(child, found.request_state)).decode(),
            expires_at=self._clock() + STATE_SECONDS,
            context=_context(caller, method, subject),
        )
        return envelope.with_members(result, {"requestState": sealed})

    def open(self, sealed: str, child: str, caller: Principal, method: str, subject: bytes) -> str | None:
        """
        The child's own state out of what a client sent back.

        Raises:
            InvalidParams: it is not ours, has expired, or was made for another request or caller.
        """
        try:
            text = self._seal.open_text(
                PURPOSE, sealed, now=self._clock(), context=_context(caller, method, subject)
            )
            state = _decode_state(text)
        except (StoreError, msgspec.DecodeError):
            raise InvalidParams("This requestState is not valid for this request; start it again.") from None
        if state.child != child:
            raise InvalidParams("This requestState belongs to another request; start it again.")
        return state.state


def _context(caller: Principal, method: str, subject: bytes) -> str:
    digest = hashlib.sha256(subject).hexdigest()
    return f"{caller.role.value}|{caller.sub}|{method}|{digest}"


async def settle_for_legacy(result: Raw, client: Client, again: Again) -> Raw:
    """
    The complete result for a client of the handshake era, asking it whatever the child asks.

    Raises:
        RpcFailed: the client cannot be asked, failed to answer, or the child never stopped asking.
    """
    for _ in range(MAX_ROUNDS):
        found = input_required(result)
        if found is None:
            return result
        questions = {} if found.input_requests is UNSET else found.input_requests
        if len(questions) > MAX_QUESTIONS:
            raise RpcFailed(INTERNAL_ERROR, f"The tool asked over {MAX_QUESTIONS} questions at once.")
        answers = await _ask_all(questions, client)
        state = None if found.request_state is UNSET else found.request_state
        result = await again(retry_members(Raw(codec.encode(answers)) if answers else UNSET, state))
    if input_required(result) is None:
        return result
    raise RpcFailed(INTERNAL_ERROR, f"The tool asked for input more than {MAX_ROUNDS} times.")


async def _ask_all(questions: dict[str, Question], client: Client) -> dict[str, Raw]:
    answers: dict[str, Raw] = {}
    failures: list[RpcFailed] = []

    async def ask(key: str, question: Question) -> None:
        try:
            answers[key] = await _ask_one(question, client)
        except RpcFailed as error:
            failures.append(error)

    async with trio.open_nursery() as nursery:
        for key, question in questions.items():
            nursery.start_soon(ask, key, question)
    if failures:
        raise failures[0]
    return answers


async def _ask_one(question: Question, client: Client) -> Raw:
    if client.ask is None:
        raise RpcFailed(INVALID_PARAMS, f"This needs {question.method}, which your client did not offer.")
    try:
        return await client.ask(question.method, _legacy_params(question))
    except (RpcFailed, CallTimeout, ChannelError) as error:
        if question.method == "elicitation/create":
            return Raw(b'{"action":"cancel"}')
        raise RpcFailed(INTERNAL_ERROR, f"The client did not answer {question.method}: {error}") from None


def _legacy_params(question: Question) -> bytes:
    """Params as the handshake era has them: a URL elicitation carries an id there."""
    if question.method != "elicitation/create":
        return bytes(question.params)
    params: dict[str, Any] = dict(envelope.members(question.params))
    mode = params.get("mode")
    if mode is not None and bytes(mode) == b'"url"' and "elicitationId" not in params:
        params["elicitationId"] = secrets.token_hex(8)
    return codec.encode(params)
