"""What a plan is made from, and what it can be: the nouns between a message and its tool calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from msgspec import Struct

from museod.access.principal import Role
from museod.chat import reference
from museod.chat.conversation import Memory, ShownProduct
from museod.chat.entities import options_of, place_of, text_of, whole
from museod.chat.reference import Meant

SURE = 0.5  # below it the contract of analyze_intent has us ask
MAX_QUERY_CHARS = 200  # search_products takes no more
MAX_QUANTITY = 99  # add_to_basket takes no more
PAGE = 5  # products per reply; what a phone shows without scrolling


class Alternative(Struct, frozen=True):
    """Another intent that was considered."""

    intent: str
    confidence: float


class Analysis(Struct, frozen=True):
    """What analyze_intent answers; members that we do not use are left alone."""

    intent: str
    confidence: float
    entities: dict[str, Any]
    alternatives: list[Alternative] = []
    method: str = "pattern"
    tool: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call to make; `extra` is what the reply needs besides its answer."""

    tool: str
    arguments: Mapping[str, Any]
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Calls:
    """
    Tool calls. They do not depend on each other, unless `in_order`: then each waits for the one before it
    to be done, and none follows one that was refused.
    """

    calls: Sequence[ToolCall]
    in_order: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """
    Something that a tool cannot do without.

    `name` is the argument, or `outer.inner`; `kind` says how an answer is read; `phrase` asks for it.
    """

    name: str
    kind: Literal["number", "money", "text", "email", "phone", "address", "yes"]
    phrase: str


@dataclass(frozen=True, slots=True)
class Say:
    """Words alone. `key` is a phrase, filled with `values`; `topics` are intents to suggest."""

    key: str
    topics: Sequence[str] = ()
    values: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotYet:
    """Nothing here serves the intent today: say so, and what can be done instead."""

    intent: str


@dataclass(frozen=True, slots=True)
class AskProduct:
    """Which product? Continues `tool` with the answer as its `product`."""

    intent: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unsure:
    """The intent is not clear: ask, with the alternatives as suggestions."""

    intents: Sequence[str]


@dataclass(frozen=True, slots=True)
class AdminOnly:
    """An administrator's business, asked for by somebody else."""


@dataclass(frozen=True, slots=True)
class AskSlot:
    """One thing is missing: ask for it. `call` is made once nothing is."""

    intent: str
    call: ToolCall
    slot: Slot


@dataclass(frozen=True, slots=True)
class AskLine:
    """Which line of the basket? Continues `tool` with the answer as its `line`."""

    intent: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AskVariant:
    """Which variant? Continues `tool` with the answer as its `sku`; `product` was shown."""

    intent: str
    tool: str
    arguments: Mapping[str, Any]
    product: ShownProduct


Plan = Calls | Say | NotYet | AskProduct | Unsure | AdminOnly | AskSlot | AskLine | AskVariant


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a plan may depend on."""

    analysis: Analysis
    memory: Memory
    message: str
    locale: str
    role: Role = Role.CUSTOMER
    currency: str = "EUR"
    client_type: str = ""
    turn_id: str = ""
    attachments: Sequence[str] = ()
    """Ids of uploaded files."""
    summary: str = ""
    """What was said and shown lately, for a human."""


def meant_by(situation: Situation) -> Meant:
    """The product and variant that the message means."""
    entities = situation.analysis.entities
    name = text_of(entities, "product", "productName", "title", "reference")
    if not name and situation.analysis.intent in ("product.info", "product.search"):
        name = text_of(entities, "query")
    return reference.resolve(
        situation.memory,
        situation.message,
        name=name,
        sku=text_of(entities, "sku"),
        options=options_of(entities),
        quantity=quantity_of(situation),
        place=place_of(entities.get("ordinal")),
    )


def quantity_of(situation: Situation) -> int | None:
    """How many the message says, or None."""
    return whole(situation.analysis.entities.get("quantity"))


def read_analysis(structured: Any) -> Analysis:
    """
    The analysis in the answer of analyze_intent.

    Raises:
        msgspec.ValidationError: it is none.
    """
    return msgspec.convert(structured, Analysis)
