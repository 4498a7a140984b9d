"""Plans for the basket: put in, look, another quantity, take out, and what "no, the blue one" takes back."""

from __future__ import annotations

import re
from typing import Any

from museod.chat import reference
from museod.chat.conversation import ShownLine
from museod.chat.entities import currency_of, place_of, text_of
from museod.chat.questions import completed
from museod.chat.reference import Meant
from museod.chat.situation import (
    MAX_QUANTITY,
    AskLine,
    AskProduct,
    Calls,
    Plan,
    Say,
    Situation,
    ToolCall,
    meant_by,
    quantity_of,
)


def add(situation: Situation) -> Plan:
    meant, quantity = meant_by(situation), quantity_of(situation)
    if not (1 <= quantity <= MAX_QUANTITY if quantity is not None else _counts_nothing(situation, meant)):
        return Say("quantity-range", values={"minimum": 1, "maximum": MAX_QUANTITY})
    arguments: dict[str, Any] = {"quantity": quantity or 1, "locale": situation.locale}
    if meant.sku:
        return Calls([ToolCall("add_to_basket", {"sku": meant.sku, **arguments}, naming(meant))])
    if meant.options:
        arguments["options"] = dict(meant.options)
    if not meant.key:
        return AskProduct(situation.analysis.intent, "add_to_basket", arguments)
    return Calls([ToolCall("add_to_basket", {"product": meant.key, **arguments}, naming(meant))])


def naming(meant: Meant) -> dict[str, Any]:
    if meant.product is None:
        return {"title": meant.name, "options": dict(meant.options)}
    options = meant.variants[0].options if len(meant.variants) == 1 else meant.options
    return {"title": meant.product.title, "productId": meant.product.product_id, "options": dict(options)}


_LARGE_NUMBER = re.compile(r"(?<![\w.,-])\d{3,}(?![\w.,-])")


def _counts_nothing(situation: Situation, meant: Meant) -> bool:
    """
    Whether no large number in the message can be a quantity that was not understood.

    "500 of it" must not become one; "the iPhone 15 with 512" counts nothing.
    """
    names = [value for value in situation.analysis.entities.values() if isinstance(value, str)]
    known = {word for name in names for word in reference.words(name)}
    if meant.product is not None:
        known.update(reference.words(meant.product.title), reference.option_words(meant.product.variants))
    return all(number in known for number in _LARGE_NUMBER.findall(situation.message))


def view(situation: Situation) -> Plan:
    arguments = {"locale": situation.locale}
    if currency := currency_of(situation.analysis.entities):
        arguments["currency"] = currency
    return Calls([ToolCall("get_basket", arguments)])


def update(situation: Situation) -> Plan:
    """Another quantity of one line."""
    quantity = quantity_of(situation)
    if quantity is None and (said := reference.number(situation.message)) is not None:
        quantity = said
    if quantity is not None and not 0 <= quantity <= MAX_QUANTITY:
        return Say("quantity-range", values={"minimum": 1, "maximum": MAX_QUANTITY})
    arguments: dict[str, Any] = {} if quantity is None else {"quantity": quantity}
    key, title = _line_meant(situation)
    if not key:
        return AskLine(situation.analysis.intent, "update_basket_item", arguments)
    call = ToolCall("update_basket_item", {"line": key, **arguments}, {"title": title})
    return completed(situation.analysis.intent, call)


def remove(situation: Situation) -> Plan:
    """One line out, some pieces of it out, or everything out."""
    if situation.analysis.entities.get("all") is True:
        return Calls([ToolCall("remove_from_basket", {"all": True})])
    key, title = _line_meant(situation)
    if not key:
        return AskLine(situation.analysis.intent, "remove_from_basket", {})
    held = next((line for line in situation.memory.lines if key in (line.line_id, line.sku)), None)
    some = quantity_of(situation)
    if held is not None and some is not None and 0 < some < held.quantity:
        arguments = {"line": key, "quantity": held.quantity - some}
        return Calls([ToolCall("update_basket_item", arguments, {"title": title})])
    return Calls([ToolCall("remove_from_basket", {"line": key}, {"title": title})])


def replaced(situation: Situation) -> Plan | None:
    """
    "No, the blue one", right after something was put in: the other one in, the first one out again.

    None when the message names nothing else than what was put in.
    """
    added = situation.memory.added
    if added is None or not situation.memory.has_just_added:
        return None
    wanted = _instead_of(situation, added)
    if wanted is None:
        return None
    options = wanted.options
    arguments: dict[str, Any] = {"quantity": situation.memory.added_pieces, "locale": situation.locale}
    arguments |= {"sku": wanted.sku} if wanted.sku else {"product": wanted.key, "options": dict(options)}
    put_in = ToolCall("add_to_basket", arguments, naming(wanted))
    left = added.quantity - situation.memory.added_pieces
    take_out = ToolCall(
        "update_basket_item", {"line": added.line_id, "quantity": max(0, left)}, {"title": added.title}
    )
    return Calls([put_in, take_out], in_order=True)


def _instead_of(situation: Situation, added: ShownLine) -> Meant | None:
    """What is wanted instead: the same product with what was said changed, or another one that was shown."""
    said = reference.words(situation.message)
    for product in situation.memory.shown:
        before = next((one for one in product.variants if one.sku == added.sku), None)
        if before is None:
            continue
        options = dict(before.options)
        for axis in before.options:
            values = {one.options[axis] for one in product.variants if axis in one.options}
            chosen = reference.values_meant(said, values)
            if len(chosen) == 1:
                options[axis] = chosen.pop()
        fitting = [one for one in product.variants if dict(one.options) == options]
        if options != before.options:
            return Meant(product, variants=fitting, options=options)
    wanted = meant_by(situation)
    is_other = wanted.product is not None and wanted.sku not in ("", added.sku)
    return wanted if is_other else None


def _line_meant(situation: Situation) -> tuple[str, str]:
    """What names the line to the tool, and its title; nothing where the message names none."""
    memory, entities = situation.memory, situation.analysis.entities
    if sku := text_of(entities, "sku"):
        return sku, sku
    name = text_of(entities, "product", "productName")
    place = place_of(entities.get("ordinal")) or reference.position(name)
    place = place or reference.position(text_of(entities, "reference"))
    if name and not reference.is_pointing(name):
        line = _called(memory.lines, name)
        return (line.line_id, line.title) if line is not None else (name, name)
    if place is not None:
        index = len(memory.lines) - 1 if place == -1 else place - 1
        line = memory.lines[index] if 0 <= index < len(memory.lines) else None
        return (line.line_id, line.title) if line is not None else ("", "")
    if memory.added is not None:
        return memory.added.line_id, memory.added.title
    if len(memory.lines) == 1:
        return memory.lines[0].line_id, memory.lines[0].title
    return "", ""


def _called(lines: list[ShownLine], name: str) -> ShownLine | None:
    found = [line for line in lines if reference.is_called(name, line.title)]
    return found[0] if len(found) == 1 else None
