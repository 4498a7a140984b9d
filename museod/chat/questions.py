"""Questions of ours and how an answer completes the call that asked: which slots a tool needs, as a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from museod.chat import reference
from museod.chat.amounts import read_money
from museod.chat.conversation import OpenQuestion
from museod.chat.situation import MAX_QUANTITY, AskSlot, Calls, Slot, ToolCall
from museod.chat.words import FILLERS

MAX_TEXT_CHARS = 300  # a title; longer texts are pasted, not answered
MAX_BODY_CHARS = 4000
MAX_OTHER_WORDS = 3  # "should cost 20 euros"; more is a sentence about something else, with a number in it

# In the order in which they are asked.
SLOTS: Mapping[str, tuple[Slot, ...]] = {
    "update_basket_item": (Slot("quantity", "number", "slot-quantity"),),
    "create_product": (Slot("title", "text", "slot-title"), Slot("price", "money", "slot-price")),
    "update_product": (
        Slot("product", "text", "slot-product"),
        Slot("changes.price", "money", "slot-new-price"),
    ),
    "delete_product": (Slot("product", "text", "slot-product"),),
    "create_stock_alert": (
        Slot("address", "address", "slot-address"),
        Slot("consent", "yes", "slot-consent"),
    ),
    "send_email": (
        Slot("to", "email", "slot-email"),
        Slot("subject", "text", "slot-subject"),
        Slot("body", "text", "slot-body"),
    ),
    "send_sms": (Slot("to", "phone", "slot-phone"), Slot("body", "text", "slot-body")),
    "send_whatsapp": (Slot("to", "phone", "slot-phone"), Slot("body", "text", "slot-body")),
}
_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]+\.[^@\s<>,;\".]{2,}")
_PHONE = re.compile(r"(?:\+|00)[1-9][\d ()/.-]{5,20}\d")


def completed(intent: str, call: ToolCall) -> Calls | AskSlot:
    """`call` if nothing is missing, else the question for the first thing that is."""
    slot = missing(call)
    return Calls([call]) if slot is None else AskSlot(intent, call, slot)


def missing(call: ToolCall) -> Slot | None:
    """The first slot of the call's tool that has no value yet."""
    for slot in SLOTS.get(call.tool, ()):
        outer, _, inner = slot.name.partition(".")
        value = call.arguments.get(outer)
        # Any change will do for `changes.price`: it is asked for only where nothing at all shall change.
        if value in (None, "", [], {}) or (inner and not isinstance(value, Mapping)):
            return slot
    return None


def slot_of(pending: OpenQuestion) -> Slot | None:
    """The slot that an open question asks for."""
    return next((slot for slot in SLOTS.get(pending.tool, ()) if slot.name == pending.axis), None)


def filled(pending: OpenQuestion, slot: Slot, message: str, currency: str) -> ToolCall | None:
    """The call with the slot filled by `message`, or None: the message is no answer."""
    value = read_slot(slot, message, currency)
    if value is None:
        return None
    arguments = dict(pending.arguments)
    outer, _, inner = slot.name.partition(".")
    if inner:
        given = arguments.get(outer)
        arguments[outer] = {**(given if isinstance(given, Mapping) else {}), inner: value}
    elif slot.kind == "address":
        channel, address = value
        known = arguments.get("channel")
        arguments["channel"] = known if known in ("sms", "whatsapp") and channel == "sms" else channel
        arguments[outer] = address
    else:
        arguments[outer] = [value] if slot.kind == "email" else value
    return ToolCall(pending.tool, arguments, dict(pending.extra))


def read_slot(slot: Slot, message: str, currency: str) -> Any:
    """What `message` answers to the question for `slot`, or None."""
    said = reference.words(message)
    match slot.kind:
        case "number":
            number = reference.number(message)
            is_short = len([word for word in said if word not in FILLERS]) <= 2
            return number if number is not None and number <= MAX_QUANTITY and is_short else None
        case "money":
            other = [word for word in said if word[0].isalpha() and word not in FILLERS]
            return read_money(message, currency) if len(other) <= MAX_OTHER_WORDS else None
        case "email":
            return _one(_EMAIL, message)
        case "phone":
            return _phone(message)
        case "address":
            if email := _one(_EMAIL, message):
                return "email", email
            phone = _phone(message)
            return None if phone is None else ("sms", phone)
        case "yes":
            return True if reference.is_firm_yes(message) else None
        case _:
            limit = MAX_BODY_CHARS if slot.name == "body" else MAX_TEXT_CHARS
            text = message.strip().strip('"“”„«»')
            return text if text and len(text) <= limit and not text.endswith("?") else None


def _one(pattern: re.Pattern[str], message: str) -> str | None:
    found = pattern.findall(message)
    return found[0].rstrip(".") if len(found) == 1 else None


def _phone(message: str) -> str | None:
    found = _one(_PHONE, message)
    return None if found is None else re.sub(r"[^\d+]", "", found)


def answer_open_question(
    pending: OpenQuestion, message: str, *, locale: str, title: str = "", currency: str = "EUR"
) -> ToolCall | None:
    """The call that `message` completes as an answer to the question, or None: it says something else."""
    if pending.kind in ("intent", "confirm"):
        return None
    if pending.kind == "slot":
        slot = slot_of(pending)
        return None if slot is None else filled(pending, slot, message, currency)
    arguments = dict(pending.arguments)
    if "locale" in arguments:  # not every tool takes one; the answer may come in another language
        arguments["locale"] = locale
    extra = {"title": title, **pending.extra}
    if pending.kind == "offer":
        return ToolCall(pending.tool, arguments, extra) if reference.is_yes(message) else None
    if pending.kind == "more":
        return ToolCall(pending.tool, arguments, extra) if reference.wants_more(message) else None
    choice = reference.chosen(message, pending.choices)
    if choice is None:
        return None
    if pending.kind == "product":
        return ToolCall(
            pending.tool, {**arguments, pending.axis: choice.value}, {**extra, "title": choice.label}
        )
    options = {**arguments.get("options", {}), pending.axis: choice.value}
    return ToolCall(pending.tool, {**arguments, "options": options}, extra)


def takes_any_text(pending: OpenQuestion) -> bool:
    """Whether nearly every message would be an answer, so that a change of topic must be looked for."""
    slot = slot_of(pending) if pending.kind == "slot" else None
    return slot is not None and slot.kind == "text"
