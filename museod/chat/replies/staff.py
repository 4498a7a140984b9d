"""Replies to the shop's administration: lists, a product that was made or changed, an import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from museod.chat.amounts import PRICE_FIELD
from museod.chat.cards import Card, line, money_card, objects, shown_product, string, strings
from museod.chat.conversation import MAX_SHOWN, Choice, OpenQuestion, Seen
from museod.chat.messages import Suggestion
from museod.chat.neutral import Done, Neutral, Setting, cell, choosing, topics, with_yes
from museod.chat.phrases import Phrases

MAX_FAULTS = 5  # rows of an import that are named; the counts tell of all
_COUNTS = ("rows", "created", "updated", "skipped", "failed")


def products(done: Sequence[Done], setting: Setting) -> Neutral:
    phrases, last = setting.phrases, done[-1]
    items = objects(last.structured.get("items"))[:MAX_SHOWN]
    if not items:
        return Neutral(phrases("admin-list-empty"))
    total = last.structured.get("total")
    lines, rows = [], []
    for number, item in enumerate(items, 1):
        price = phrases.money(item["price"]) if isinstance(item.get("price"), Mapping) else ""
        status = string(item.get("status"))
        status = phrases(f"status-{status}") if phrases.has(f"status-{status}") else line(status)
        stock = item.get("stock")
        left = phrases("stock-left", available=stock) if isinstance(stock, int) and stock >= 0 else ""
        title, skus = line(item.get("title")), ", ".join(strings(item.get("skus"))[:3])
        rows.append([title, status, price, str(stock) if isinstance(stock, int) else "", skus])
        lines.append(f"{number}. {title}: {', '.join(fact for fact in (status, price, left, skus) if fact)}")
    suggestions, pending = [], None
    if cursor := string(last.structured.get("next")):
        suggestions = [Suggestion(phrases("show-more"), phrases("show-more-message"))]
        pending = OpenQuestion(
            "more", setting.intent, last.call.tool, {**last.call.arguments, "cursor": cursor}
        )
    count = total if isinstance(total, int) and total >= len(items) else len(items)
    columns = [phrases(f"label-{name}") for name in ("product", "status", "price", "stock")] + ["SKU"]
    seen = Seen(
        [shown_product({**item, "productId": item.get("id")}) for item in items], "products", focus=""
    )
    text = "\n".join([phrases("admin-list-lead", count=count), *lines])
    card = {"type": "table", "columns": columns, "rows": rows}
    return Neutral(
        text, [card], suggestions, Seen(seen.products, "products", "", "", pending), is_numbered=True
    )


def created(done: Sequence[Done], setting: Setting) -> Neutral:
    """A product that is there now."""
    return _one(done[-1], "product-created", setting)


def archived(done: Sequence[Done], setting: Setting) -> Neutral:
    """A product that is in the archive now."""
    return _one(done[-1], "product-archived", setting)


def updated(done: Sequence[Done], setting: Setting) -> Neutral:
    """What is different now, from what to what."""
    phrases, last = setting.phrases, done[-1]
    changes = objects(last.structured.get("changed"))
    if isinstance(last.structured.get("product"), Mapping) and not changes:
        return _one(last, "product-unchanged", setting)
    reply = _one(last, "product-updated", setting)
    lines = [f"• {change_line(change, phrases)}" for change in changes]
    return Neutral("\n".join([reply.text, *lines]), reply.cards, reply.suggestions, reply.seen)


def change_line(change: Mapping[str, Any], phrases: Phrases) -> str:
    """One field's change: "Price: 10 → 15"."""
    field, before, after = _field(change)
    name = phrases(f"label-{field}") if phrases.has(f"label-{field}") else field
    before, after = _value(before, phrases), _value(after, phrases)
    return f"{name}: {before} → {after}" if before else f"{name}: {after}"


def _field(change: Mapping[str, Any]) -> tuple[str, Any, Any]:
    """Which field, and its values; `SKU.price.EUR` holds minor units of that currency."""
    field, before, after = line(change.get("field")), change.get("from"), change.get("to")
    if (priced := PRICE_FIELD.fullmatch(field)) is not None:
        before, after = (
            {"amount": value, "currency": priced[1]} if isinstance(value, int) else value
            for value in (before, after)
        )
        return "price", before, after
    return field.rsplit(".", 1)[-1], before, after


def _value(value: Any, phrases: Phrases) -> str:
    if isinstance(value, Mapping) and isinstance(value.get("amount"), int) and "currency" in value:
        return phrases.money(value)
    if isinstance(value, str) and phrases.has(f"status-{value}"):
        return phrases(f"status-{value}")
    if isinstance(value, list):
        return ", ".join(text for one in value if (text := _value(one, phrases)))
    return cell(value, phrases)


def _one(last: Done, key: str, setting: Setting) -> Neutral:
    phrases, product = setting.phrases, last.structured.get("product")
    if not isinstance(product, Mapping):
        return which_of(last, setting)
    title, status = line(product.get("title")), string(product.get("status"))
    facts = [phrases(f"status-{status}") if phrases.has(f"status-{status}") else line(status)]
    card: Card = {"type": "adminProduct", "id": string(product.get("id")), "title": title, "status": status}
    if isinstance(price := product.get("price"), Mapping):
        facts.append(phrases.money(price))
        card["price"] = money_card(price, phrases)
    if isinstance(stock := product.get("stock"), int) and stock >= 0:
        facts.append(phrases("stock-left", available=stock))
        card["stock"] = stock
    if skus := strings(product.get("skus")):
        facts.append(", ".join(line(sku) for sku in skus[:3]))
        card["skus"] = skus
    if url := string(product.get("adminUrl")):
        card["url"] = url
    text = phrases(key, title=title)
    shown = shown_product({**product, "productId": product.get("id")})
    seen = Seen([shown], focus=shown.product_id)
    return Neutral(f"{text} ({', '.join(fact for fact in facts if fact)})", [card], seen=seen)


def which_of(last: Done, setting: Setting) -> Neutral:
    """Several products fit: which one? The answer continues the same call."""
    phrases = setting.phrases
    structured = last.structured
    candidates = (objects(structured.get("candidates")) or objects(structured.get("choices")))[:MAX_SHOWN]
    if not candidates:
        return Neutral(phrases("admin-list-empty"), suggestions=topics(("admin.product.list",), phrases))
    choices = [(_label(item), string(item.get("sku")) or string(item.get("id"))) for item in candidates]
    arguments = {name: value for name, value in last.call.arguments.items() if name != "product"}
    offered = [Choice(label, value) for label, value in choices]
    question = OpenQuestion("product", setting.intent, last.call.tool, arguments, "product", offered)
    return choosing(phrases("which-of-these"), offered, Seen(pending=question))


def _label(item: Mapping[str, Any]) -> str:
    sku = line(item.get("sku")) or ", ".join(strings(item.get("skus"))[:1])
    title = line(item.get("title"))
    return f"{title} ({sku})" if sku and title else title or sku


def imported(done: Sequence[Done], setting: Setting) -> Neutral:
    """What an import did, or what a dry run says that it would do; then a yes does it."""
    phrases, last = setting.phrases, done[-1]
    counts = last.structured.get("counts")
    known = counts if isinstance(counts, Mapping) else {}
    numbers = {name: known[name] if isinstance(known.get(name), int) else 0 for name in _COUNTS}
    is_dry = last.structured.get("dryRun") is True
    status = string(last.structured.get("status"))
    if status in ("queued", "running"):
        return Neutral(phrases("import-running"))
    lines = [phrases("import-dry" if is_dry else "import-done", **numbers)]
    for fault in objects(last.structured.get("errors"))[:MAX_FAULTS]:
        row = fault.get("row")
        place = phrases("import-row", row=row if isinstance(row, int) else 0)
        named = [line(fault.get("column")), line(fault.get("detail"))]
        lines.append(f"• {place}: {', '.join(text for text in named if text)}")
    card = {"type": "import", "counts": numbers, "dryRun": is_dry, "status": status}
    text = "\n".join(lines)
    if not is_dry or not numbers["created"] + numbers["updated"]:
        return Neutral(text, [card])
    arguments = {**last.call.arguments, "dryRun": False}
    ask = phrases("confirm-import")
    question = OpenQuestion("confirm", setting.intent, last.call.tool, arguments, summary=ask)
    return with_yes(f"{text}\n{ask}\n{phrases('confirm-how')}", phrases, Seen(pending=question), [card])
