"""The params of the requests that the MCP face takes, and what each of them carries to a child."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from museod.errors import InvalidParams
from museod.gateway.client import Client
from museod.gateway.relay import Relay
from museod.wire import codec

Params = TypeVar("Params")


class InteractiveParams(Struct, rename="camel", kw_only=True):
    """What every request carries that may be asked back."""

    meta: Raw | UnsetType = msgspec.field(default=UNSET, name="_meta")
    input_responses: Raw | UnsetType = UNSET
    request_state: str | UnsetType = UNSET


class CallParams(InteractiveParams, rename="camel"):
    """`tools/call`."""

    name: str
    arguments: Raw = codec.EMPTY_OBJECT


class ReadParams(InteractiveParams, rename="camel"):
    """`resources/read`, and what subscribes to a resource."""

    uri: str


class PromptParams(InteractiveParams, rename="camel"):
    """`prompts/get`."""

    name: str
    arguments: Raw = codec.EMPTY_OBJECT


class Ref(Struct):
    """What a completion is for."""

    type: str
    name: str | UnsetType = UNSET
    uri: str | UnsetType = UNSET


class CompleteParams(Struct, rename="camel"):
    """`completion/complete`."""

    ref: Ref
    argument: Raw
    context: Raw | UnsetType = UNSET
    meta: Raw | UnsetType = msgspec.field(default=UNSET, name="_meta")


class Wishes(Struct, rename="camel"):
    """What a client wants to hear of."""

    tools_list_changed: bool = False
    prompts_list_changed: bool = False
    resources_list_changed: bool = False
    resource_subscriptions: list[str] = []


class ListenParams(Struct):
    """`subscriptions/listen`."""

    notifications: Wishes


class LevelParams(Struct):
    """`logging/setLevel`."""

    level: str


_decoders: dict[type[object], msgspec.json.Decoder[object]] = {}


def decode_params(kind: type[Params], params: Raw, method: str) -> Params:
    """
    The params of a request.

    Raises:
        InvalidParams: they do not fit; the text says where.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    try:
        return decoder.decode(params or b"{}")  # type: ignore[return-value]
    except msgspec.DecodeError as error:
        raise InvalidParams(f"The params of {method} do not fit: {error}.") from None


def relay_of(client: Client, meta: Raw | UnsetType) -> Relay:
    """How a request of `client` goes to a child."""
    return Relay(
        client.caller,
        meta=None if meta is UNSET else meta,
        capabilities=client.relayed,
        on_progress=_progress_to(client),
        on_log=_logs_to(client) if client.log_level else None,
        log_level=client.log_level,
    )


def _progress_to(client: Client) -> Callable[[dict[str, Raw]], None] | None:
    token = client.meta.progress_token
    if token is UNSET:
        return None

    def report(members: dict[str, Raw]) -> None:
        shown = {name: value for name, value in members.items() if name != "_meta"}
        client.emit("notifications/progress", codec.encode({"progressToken": token, **shown}))

    return report


def _logs_to(client: Client) -> Callable[[Raw], None]:
    def report(params: Raw) -> None:
        client.emit("notifications/message", bytes(params))

    return report
