"""What a conversation remembers beyond its messages: what was shown, what "it" means, what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

MAX_SHOWN = 20  # a search shows 5, a full page 20; nobody counts further back than that
MAX_VARIANTS = 40  # three axes of three or four values
MAX_LINES = 40  # a basket that somebody speaks about line by line is far smaller
CONFIRM_SECONDS = 300.0  # as the gateway's ticket
OPEN_QUESTION_SECONDS = 1800.0  # after half an hour "256" is more likely a new thought than an answer


class ShownVariant(Struct, frozen=True, omit_defaults=True):
    """One variant as it was shown: enough to name it again."""

    sku: str
    options: dict[str, str] = {}


class ShownProduct(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One product as it was shown. `sku` is set where the product has a single variant."""

    product_id: str
    title: str
    slug: str = ""
    sku: str = ""
    variants: list[ShownVariant] = []

    @property
    def only_sku(self) -> str:
        """The one thing that can be bought of this product, or nothing if there is a choice."""
        if self.sku:
            return self.sku
        return self.variants[0].sku if len(self.variants) == 1 else ""


class ShownLine(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One line of the basket as it was shown."""

    line_id: str
    title: str
    sku: str = ""
    quantity: int = 0


class Choice(Struct, frozen=True, omit_defaults=True):
    """One answer to an open question; `value` is what the tool gets, `title` how people call it."""

    label: str
    value: str


class OpenQuestion(Struct, frozen=True, rename="camel", omit_defaults=True):
    """
    A question that waits for its answer.

    `kind` says how an answer continues the call of `tool` with `arguments`:
    `option` puts the chosen value under `options[axis]`, `product` under the argument `axis`,
    `offer` waits for a yes, `more` for the wish to see the next page, and `slot` for a value of the argument
    `axis`. `intent` chooses what to do at all; its values are intents and it has no tool. `confirm` waits for
    the yes to a destructive or costly call: `ticket` stands for that call and `summary` says what it does.
    `extra` is what the reply needs besides the answer.
    """

    kind: Literal["option", "product", "offer", "more", "intent", "slot", "confirm"]
    intent: str
    tool: str
    arguments: dict[str, Any]
    axis: str = ""
    choices: list[Choice] = []
    asked_at: float = 0.0
    extra: dict[str, Any] = {}
    ticket: str = ""
    summary: str = ""


class Memory(Struct, frozen=True, rename="camel", omit_defaults=True):
    """
    The part of a conversation that plans are made with.

    `listing` says what the numbers of the last list count: products, or the variants of the product in
    focus. `focus` is the id of the product that "it" means. `offered` are the messages and labels of the
    suggestions that the last reply made. `lines` are those of the basket as it was last shown; `added` is the
    one that was put in last, `added_pieces` how many of it that was, and `has_just_added` whether the last
    reply told of it.
    """

    shown: list[ShownProduct] = []
    listing: Literal["products", "variants"] = "products"
    focus: str = ""
    sku: str = ""
    pending: OpenQuestion | None = None
    offered: list[str] = []
    conversation_id: str = ""
    lines: list[ShownLine] = []
    added: ShownLine | None = None
    added_pieces: int = 0
    has_just_added: bool = False

    @property
    def focused(self) -> ShownProduct | None:
        """The product that "it" means, if any."""
        return next((product for product in self.shown if product.product_id == self.focus), None)


class Seen(Struct, frozen=True):
    """What one reply changes in the memory."""

    products: Sequence[ShownProduct] = ()
    listing: Literal["products", "variants"] | None = None
    focus: str | None = None
    sku: str | None = None
    pending: OpenQuestion | None = None
    keeps_pending: bool = False
    lines: Sequence[ShownLine] | None = None
    added: ShownLine | None = None
    added_pieces: int = 0


def remember(memory: Memory, seen: Seen, *, now: float) -> Memory:
    """
    The memory after a reply.

    A list of products replaces the one before it. A single opened product keeps the list, so that "the
    third one" still counts after a look at the second; its variants are added to what is known.
    """
    shown = list(memory.shown)
    if seen.listing == "products":
        shown = list(seen.products)[:MAX_SHOWN]
    else:
        for product in seen.products:
            kept = [old for old in shown if old.product_id != product.product_id]
            where = next(
                (i for i, old in enumerate(shown) if old.product_id == product.product_id), len(kept)
            )
            kept.insert(where, product)
            shown = kept[-MAX_SHOWN:]
    focus = memory.focus if seen.focus is None else seen.focus
    if not any(product.product_id == focus for product in shown):
        focus = ""
    pending = seen.pending
    if pending is not None:
        pending = msgspec.structs.replace(pending, asked_at=now)
    elif seen.keeps_pending and (memory.pending is None or memory.pending.kind != "confirm"):
        pending = memory.pending
    lines = memory.lines if seen.lines is None else list(seen.lines)[:MAX_LINES]
    added = seen.added or memory.added
    if added is not None and seen.lines is not None:  # as it is in the basket now, if it is
        added = next((line for line in lines if line.line_id == added.line_id), None)
    return Memory(
        shown=shown,
        listing=seen.listing or memory.listing,
        focus=focus,
        sku=seen.sku if seen.sku is not None else memory.sku if focus == memory.focus else "",
        pending=pending,
        conversation_id=memory.conversation_id,
        lines=lines,
        added=added,
        added_pieces=seen.added_pieces if seen.added is not None else memory.added_pieces,
        has_just_added=seen.added is not None,
    )


def open_question(memory: Memory, *, now: float) -> OpenQuestion | None:
    """The question that still waits, unless it has waited too long."""
    pending = memory.pending
    if pending is None or not 0 <= now - pending.asked_at <= life_of(pending):
        return None
    return pending


def life_of(pending: OpenQuestion) -> float:
    """Seconds for which a question waits."""
    return CONFIRM_SECONDS if pending.kind == "confirm" else OPEN_QUESTION_SECONDS


def read_memory(stored: Mapping[str, Any]) -> Memory:
    """
    The memory in a stored context of `shown`, `slots` and `pending`.

    What an older version wrote and this one cannot read is forgotten: a conversation goes on without it.
    """
    plain = {**(stored.get("slots") or {}), "shown": stored.get("shown") or []}
    if stored.get("pending"):
        plain["pending"] = stored["pending"]
    try:
        return msgspec.convert(plain, Memory)
    except msgspec.ValidationError:
        return Memory()


def write_memory(memory: Memory) -> dict[str, Any]:
    """The memory as the `shown`, `slots` and `pending` of a stored context."""
    plain: dict[str, Any] = msgspec.to_builtins(memory)
    shown = plain.pop("shown", [])
    pending = plain.pop("pending", None)
    return {"shown": shown, "slots": plain, "pending": pending}
