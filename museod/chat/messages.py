"""
Chat frames: what a client may send, what it gets, and the strict reading of the former.

A frame is one JSON object. Members that a known frame does not have are ignored, so that newer clients can
talk to older servers; a member of the wrong type or outside its bounds is refused by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from museod.access.principal import is_user_id
from museod.errors import Kind
from museod.wire import codec

ClientType = Literal["web-admin", "web-storefront", "whatsapp", "instagram", "mobile", "cli"]
CLIENT_TYPES: tuple[str, ...] = get_args(ClientType)

MAX_FRAME_ID_CHARS = 128  # a UUID is 36; longer ids only cost memory in the re-send table
MAX_MESSAGE_CHARS = 4000  # what analyze_intent accepts
MAX_RAW_MESSAGE_CHARS = 16_000  # before stripping; normalising costs time
MAX_ATTACHMENTS = 10
MAX_LOCALE_CHARS = 35  # RFC 5646, section 4.4.1: long enough for every real tag

FrameId = Annotated[str, Meta(min_length=1, max_length=MAX_FRAME_ID_CHARS)]
_Name = Annotated[str, Meta(min_length=1, max_length=255)]

_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
# C0 and C1 controls except tab and newline, and the marks that reorder what a reader sees.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


class Attachment(Struct, frozen=True, rename="camel"):
    """A file that was uploaded before."""

    upload_id: FrameId
    name: _Name


class MessageFrame(Struct, frozen=True, rename="camel", tag_field="type", tag="message"):
    """What a person said. `message` is normalised and `id` minted where the client sent none."""

    user_id: str
    message: Annotated[str, Meta(max_length=MAX_RAW_MESSAGE_CHARS)]
    client_type: ClientType
    locale: str
    id: FrameId | UnsetType = UNSET
    conversation_id: FrameId | UnsetType = UNSET
    attachments: Annotated[list[Attachment], Meta(max_length=MAX_ATTACHMENTS)] = []
    stream: bool = False
    metadata: dict[str, Any] = {}

    @property
    def frame_id(self) -> str:
        """The id that answers carry; empty only if nobody gave one."""
        return "" if self.id is UNSET else self.id


class CancelFrame(Struct, frozen=True, tag_field="type", tag="cancel"):
    """Stop working on the message with this id."""

    id: FrameId


class FeedbackFrame(Struct, frozen=True, tag_field="type", tag="feedback"):
    """Whether the intent of an answer was understood."""

    id: FrameId
    correct: bool
    intent: Annotated[str, Meta(max_length=64)] | None = None


class PingFrame(Struct, frozen=True, tag_field="type", tag="ping"):
    """Are you there?"""


class HandoverFrame(Struct, frozen=True, rename="camel", tag_field="type", tag="handover"):
    """A human agent takes a conversation over, speaks in it, or gives it back."""

    user_id: str
    action: Literal["take", "say", "return"]
    text: Annotated[str, Meta(max_length=MAX_MESSAGE_CHARS)] | None = None


ClientFrame = MessageFrame | CancelFrame | FeedbackFrame | PingFrame | HandoverFrame


class Suggestion(Struct, frozen=True):
    """A next step: `label` to show, `message` to send when it is chosen."""

    label: str
    message: str


class ToolUse(Struct, frozen=True):
    """One tool call of a turn, as the client sees it."""

    name: str
    ms: int
    cached: bool


class ResponseMetadata(Struct, frozen=True, rename="camel"):
    """How an answer came about."""

    intent: str
    confidence: float
    method: str
    tools: list[ToolUse]
    correlation_id: str
    conversation_id: str
    turn_id: str
    locale: str
    latency_ms: int
    awaiting: dict[str, Any] | UnsetType = UNSET
    guest_token: str | UnsetType = UNSET


class ResponseFrame(Struct, frozen=True, tag_field="type", tag="response"):
    """The answer to one message."""

    id: str
    message: str
    metadata: ResponseMetadata
    data: dict[str, Any] | UnsetType = UNSET
    suggestions: list[Suggestion] | UnsetType = UNSET


class ErrorMetadata(Struct, frozen=True, rename="camel"):
    """What kind of error, and under which id the log has it."""

    kind: str
    correlation_id: str


class ErrorFrame(Struct, frozen=True, rename="camel", tag_field="type", tag="error"):
    """A message that could not be answered. `id` is null where the frame's own could not be read."""

    id: str | None
    code: int
    message: str
    metadata: ErrorMetadata
    retry_after_ms: int | UnsetType = UNSET


class ProgressFrame(Struct, frozen=True, tag_field="type", tag="progress"):
    """What is being done at the moment; only for those who asked for it."""

    id: str
    stage: str
    text: str


class DeltaFrame(Struct, frozen=True, tag_field="type", tag="delta"):
    """A piece of the answer's text, ahead of the whole."""

    id: str
    text: str


class EventFrame(Struct, frozen=True, tag_field="type", tag="event"):
    """Something that happened without being asked for."""

    kind: Literal["token_expiring", "handover", "human", "import"]
    detail: dict[str, Any] = {}


class PongFrame(Struct, frozen=True, tag_field="type", tag="pong"):
    """Yes, here."""


ServerFrame = ResponseFrame | ErrorFrame | ProgressFrame | DeltaFrame | EventFrame | PongFrame


class FrameInvalid(Exception):
    """
    What came is no frame.

    Args:
        kind: whose table row the error frame takes.
        fault: the phrase that words it (`frame-<fault>`), filled with `variables`.
        id: the frame's id where it could be read.
        locale: the frame's locale where it could be read.
    """

    def __init__(
        self,
        kind: Kind,
        fault: str,
        variables: Mapping[str, str] | None = None,
        *,
        id: str | None = None,
        locale: str = "",
    ) -> None:
        super().__init__(fault, dict(variables or {}))
        self.kind = kind
        self.fault = fault
        self.variables = dict(variables or {})
        self.id = id
        self.locale = locale


class _Head(Struct):
    type: Any = UNSET
    id: Any = UNSET
    locale: Any = UNSET
    message: Any = UNSET


_head = msgspec.json.Decoder(_Head).decode
# A decoder of one struct takes the tag as given when `type` is absent, as older clients send messages.
_message = msgspec.json.Decoder(MessageFrame).decode
_FRAMES: Mapping[str, msgspec.json.Decoder[Any]] = {
    "cancel": msgspec.json.Decoder(CancelFrame),
    "feedback": msgspec.json.Decoder(FeedbackFrame),
    "ping": msgspec.json.Decoder(PingFrame),
    "handover": msgspec.json.Decoder(HandoverFrame),
}


def parse_frame(data: bytes) -> ClientFrame:
    """
    The frame in `data`, whose size was bounded by whoever framed it.

    Raises:
        FrameInvalid: it is none; the fault names the member and the rule.
    """
    if codec.is_too_deep(data):
        raise FrameInvalid(Kind.PARSE_ERROR, "too-deep", {"limit": str(codec.MAX_DEPTH)})
    try:
        head = _head(data)
    except msgspec.ValidationError:
        raise FrameInvalid(Kind.INVALID_REQUEST, "not-an-object") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FrameInvalid(Kind.PARSE_ERROR, "not-json") from None
    id = head.id if isinstance(head.id, str) and 0 < len(head.id) <= MAX_FRAME_ID_CHARS else None
    locale = head.locale if isinstance(head.locale, str) and is_locale(head.locale) else ""
    if codec.has_duplicate_keys(data):
        raise FrameInvalid(Kind.INVALID_REQUEST, "duplicate-member", id=id, locale=locale)
    try:
        return _frame(head, data)
    except FrameInvalid as fault:
        fault.id, fault.locale = id, locale
        raise
    except msgspec.ValidationError as error:
        fault_key, field = _explain(str(error))
        raise FrameInvalid(Kind.INVALID_PARAMS, fault_key, {"field": field}, id=id, locale=locale) from None


def _frame(head: _Head, data: bytes) -> ClientFrame:
    type = head.type
    if type is UNSET:
        if head.message is UNSET:
            raise FrameInvalid(Kind.INVALID_REQUEST, "no-type")
        type = "message"
    if type == "message":
        return _checked_message(_message(data))
    if not isinstance(type, str) or type not in _FRAMES:
        raise FrameInvalid(Kind.METHOD_NOT_FOUND, "unknown-type", {"types": ", ".join(["message", *_FRAMES])})
    frame: ClientFrame = _FRAMES[type].decode(data)
    if isinstance(frame, HandoverFrame) and not is_user_id(frame.user_id):
        raise FrameInvalid(Kind.INVALID_PARAMS, "wrong", {"field": "userId"})
    return frame


def _checked_message(frame: MessageFrame) -> MessageFrame:
    if not is_user_id(frame.user_id):
        raise FrameInvalid(Kind.INVALID_PARAMS, "wrong", {"field": "userId"})
    if not is_locale(frame.locale):
        raise FrameInvalid(Kind.INVALID_PARAMS, "wrong", {"field": "locale"})
    text = clean_text(frame.message)
    if not 1 <= len(text) <= MAX_MESSAGE_CHARS:
        raise FrameInvalid(Kind.INVALID_PARAMS, "wrong", {"field": "message"})
    return msgspec.structs.replace(frame, message=text, locale=frame.locale.replace("_", "-"))


def clean_text(text: str) -> str:
    """`text` in NFC, without control characters and marks that reorder it, and without outer blanks."""
    return unicodedata.normalize("NFC", _CONTROLS.sub("", text.replace("\r\n", "\n"))).strip()


def is_locale(text: str) -> bool:
    """Whether `text` has the shape of a BCP 47 tag; `de_DE`, as many systems write it, counts too."""
    return len(text) <= MAX_LOCALE_CHARS and _LOCALE.fullmatch(text) is not None


_MISSING = re.compile(r"missing required field `([^`]+)`")
_AT = re.compile(r"- at `\$\.?([^`]*)`")
_FIELD_NAME = re.compile(r"[A-Za-z]+")


def _explain(error: str) -> tuple[str, str]:
    """The fault and the member of a msgspec complaint; member names come from our structs, never input."""
    if missing := _MISSING.search(error):
        return "missing", missing[1]
    at = _AT.search(error)
    name = _FIELD_NAME.match(at[1]) if at else None
    return "wrong", name[0] if name else "type"


def encode_frame(frame: ServerFrame) -> bytes:
    """One server frame as JSON text. An event's details stand beside its kind."""
    if isinstance(frame, EventFrame):
        return codec.encode({**frame.detail, "type": "event", "kind": frame.kind})
    return codec.encode(frame)
