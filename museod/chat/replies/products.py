"""Replies about products: lists, one of them, which one, comparison, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from museod.chat import reference
from museod.chat.cards import (
    choices_card,
    line,
    objects,
    product_card,
    shown_product,
    shown_variant,
    stock_of,
    string,
    strings,
    variant_label,
)
from museod.chat.conversation import MAX_SHOWN, MAX_VARIANTS, Choice, OpenQuestion, Seen
from museod.chat.messages import Suggestion, clean_text
from museod.chat.neutral import (
    MAX_ANSWER_CHARS,
    MAX_CHOICES,
    Done,
    Neutral,
    Setting,
    cell,
    topics,
    unknown_product,
)
from museod.chat.phrases import Phrases

MAX_FACTS = 12  # attributes of one product; the rest stands in its card


def search(done: Sequence[Done], setting: Setting) -> Neutral:
    phrases, last = setting.phrases, done[-1]
    query = line(last.call.arguments.get("query"))
    items = objects(last.structured.get("items"))
    if not items:
        return _nothing_found(last, query, phrases)
    is_next_page = bool(last.call.arguments.get("cursor"))
    count = last.structured.get("total")
    lead = phrases("search-more-results", query=query) if is_next_page else ""
    if corrected := line(last.structured.get("correctedQuery")):
        lead = phrases("search-corrected", query=corrected)
        query = corrected
    if not is_next_page:
        total = count if isinstance(count, int) and count >= len(items) else len(items)
        lead = f"{lead} {phrases('search-results', count=total, query=query)}".strip()
    return _product_list(items, lead, last, setting)


def _nothing_found(last: Done, query: str, phrases: Phrases) -> Neutral:
    meant = [line(text) for text in strings(last.structured.get("suggestions"))][:3]
    text = phrases("search-empty", query=query)
    text += " " + (
        phrases("search-did-you-mean", suggestions=phrases.either(meant))
        if meant
        else phrases("search-empty-remedy")
    )
    return Neutral(text, suggestions=[Suggestion(label, label) for label in meant])


def recommendations(done: Sequence[Done], setting: Setting) -> Neutral:
    items = objects(done[-1].structured.get("items"))
    if not items:
        return Neutral(setting.phrases("recommendations-empty"))
    return _product_list(items, setting.phrases("recommendations", count=len(items)), done[-1], setting)


def _product_list(items: Sequence[Mapping[str, Any]], lead: str, last: Done, setting: Setting) -> Neutral:
    phrases = setting.phrases
    items = items[:MAX_SHOWN]
    lines = [f"{number}. {_product_line(item, phrases)}" for number, item in enumerate(items, 1)]
    suggestions: list[Suggestion] = []
    pending = None
    if cursor := string(last.structured.get("next")):
        suggestions.append(Suggestion(phrases("show-more"), phrases("show-more-message")))
        more = {**last.call.arguments, "cursor": cursor}
        pending = OpenQuestion("more", setting.intent, last.call.tool, more)
    card = {
        "type": "products",
        "items": [product_card(item, phrases) for item in items],
        "hasMore": pending is not None,
    }
    shown = [shown_product(item) for item in items]
    focus = shown[0].product_id if len(shown) == 1 else ""
    seen = Seen(shown, "products", focus=focus, sku="", pending=pending)
    return Neutral("\n".join([lead, *lines]), [card], suggestions, seen, is_numbered=True)


def _product_line(item: Mapping[str, Any], phrases: Phrases) -> str:
    stock = phrases("in-stock" if item.get("inStock") else "sold-out")
    return f"{line(item.get('title'))}: {_price_range(item, phrases)}, {stock}"


def _price_range(item: Mapping[str, Any], phrases: Phrases) -> str:
    low, high = item["price"], item.get("priceMax")
    text = phrases.money(low)
    is_range = isinstance(high, Mapping) and high.get("amount") != low["amount"]
    return phrases("price-from", price=text) if is_range else text


def info(done: Sequence[Done], setting: Setting) -> Neutral:
    phrases, last = setting.phrases, done[-1]
    product = last.structured.get("product")
    if not isinstance(product, Mapping):
        candidates = objects(last.structured.get("candidates"))
        if not candidates:
            return unknown_product(line(last.call.arguments.get("product")), phrases)
        return which_of(candidates, last, setting)
    variants = objects(product.get("variants"))[:MAX_VARIANTS]
    fitting = _asked_for(variants, setting.message, line(product.get("title")))
    lines = [phrases("facts-instead")] if last.call.extra.get("instead") else []
    lines.append(_product_head(product, variants, fitting, phrases))
    if len(variants) > 1:
        lines += [f"{number}. {_variant_line(one, phrases)}" for number, one in enumerate(fitting, 1)]
    if description := clean_text(string(product.get("description")))[:MAX_ANSWER_CHARS]:
        lines.append(description)
    lines += _facts(product, phrases)
    others = _other_titles(done, product)
    if others:
        lines.append(phrases("also-found", titles=", ".join(others)))
    suggestions = [Suggestion(title, title) for title in others[:3]]
    if any(stock_of(one) for one in fitting) or (not variants and product.get("inStock")):
        suggestions[:0] = topics(("basket.add",), phrases)
    shown = shown_product(product, fitting)
    listing: Literal["variants"] | None = "variants" if len(variants) > 1 else None
    sku = shown.variants[0].sku if len(fitting) == 1 and shown.variants else ""
    also = [shown_product(item) for one in done[:-1] for item in objects(one.structured.get("items"))]
    products = [shown, *(item for item in also if item.product_id != shown.product_id)]
    seen = Seen(products, listing, focus=shown.product_id, sku=sku)
    card = {"type": "products", "items": [product_card(product, phrases)], "hasMore": False}
    return Neutral("\n".join(lines), [card], suggestions, seen, is_numbered=len(variants) > 1)


def _asked_for(variants: Sequence[Mapping[str, Any]], message: str, title: str) -> list[Mapping[str, Any]]:
    """The variants that the message narrows down to; all, where it narrows nothing or names none of them."""
    known = [shown_variant(one) for one in variants]
    said = reference.words(message)
    for word in reference.words(title):  # the 15 of "iPhone 15" is no option
        if word in said:
            said.remove(word)
    skus = {one.sku for one in reference.variants_meant(said, known)}
    chosen = [one for one in variants if string(one.get("sku")) in skus]
    return chosen or list(variants)


def _product_head(
    product: Mapping[str, Any],
    variants: Sequence[Mapping[str, Any]],
    fitting: Sequence[Mapping[str, Any]],
    phrases: Phrases,
) -> str:
    title = line(product.get("title"))
    if len(variants) > 1:
        key = "product-variants" if len(fitting) == len(variants) else "product-variants-chosen"
        return phrases(key, title=title, count=len(fitting))
    if variants:
        price, stock = phrases.money(variants[0]["price"]), _stock(variants[0], phrases)
    else:
        price = _price_range(product, phrases)
        stock = phrases("in-stock" if product.get("inStock") else "sold-out")
    return phrases("product-simple", title=title, price=price, stock=stock)


def _variant_line(variant: Mapping[str, Any], phrases: Phrases) -> str:
    return f"{variant_label(variant)}: {phrases.money(variant['price'])}, {_stock(variant, phrases)}"


def _stock(variant: Mapping[str, Any], phrases: Phrases) -> str:
    return phrases("stock-left", available=stock_of(variant))


def _facts(product: Mapping[str, Any], phrases: Phrases) -> list[str]:
    attributes = product.get("attributes")
    if not isinstance(attributes, Mapping):
        return []
    facts = [(line(str(name)), cell(value, phrases)) for name, value in attributes.items()]
    return [f"{name}: {value}" for name, value in facts if name and value][:MAX_FACTS]


def _other_titles(done: Sequence[Done], product: Mapping[str, Any]) -> list[str]:
    return [
        line(item.get("title"))
        for one in done[:-1]
        for item in objects(one.structured.get("items"))
        if item.get("productId") != product.get("productId")
    ]


def which_of(candidates: Sequence[Mapping[str, Any]], last: Done, setting: Setting) -> Neutral:
    phrases = setting.phrases
    candidates = candidates[:MAX_CHOICES]
    choices = [Choice(line(item.get("title")), string(item.get("productId"))) for item in candidates]
    arguments = {name: value for name, value in last.call.arguments.items() if name != "product"}
    question = OpenQuestion("product", setting.intent, last.call.tool, arguments, "product", choices)
    seen = Seen([shown_product(item) for item in candidates], "products", focus="", sku="", pending=question)
    lines = [f"{number}. {_product_line(item, phrases)}" for number, item in enumerate(candidates, 1)]
    cards = [
        {
            "type": "products",
            "items": [product_card(item, phrases) for item in candidates],
            "hasMore": False,
        },
        choices_card(choices),
    ]
    text = "\n".join([phrases("which-of-these"), *lines])
    suggestions = [Suggestion(choice.label, choice.label) for choice in choices]
    return Neutral(text, cards, suggestions, seen, is_numbered=True)


def comparison(done: Sequence[Done], setting: Setting) -> Neutral:
    phrases, structured = setting.phrases, done[-1].structured
    products = objects(structured.get("products"))
    if not products:
        return Neutral(phrases("compare-empty"))
    columns = ["", *(line(item.get("title")) for item in products)]
    rows = [[phrases("label-price"), *(_price_range(item, phrases) for item in products)]]
    for row in objects(structured.get("rows")):
        values = row.get("values")
        cells = [cell(value, phrases) for value in values] if isinstance(values, list) else []
        rows.append([line(row.get("attribute")), *cells])
    lines = [phrases("compare-lead")]
    for place, title in enumerate(columns[1:], 1):
        facts = [f"{row[0]}: {row[place]}" for row in rows if place < len(row) and row[place]]
        lines.append(f"{place}. {title} – {'; '.join(facts)}")
    shown = [shown_product(item) for item in products]
    card = {"type": "table", "columns": columns, "rows": rows}
    return Neutral("\n".join(lines), [card], seen=Seen(shown, "products", focus=""), is_numbered=True)


def answer(done: Sequence[Done], setting: Setting) -> Neutral:
    structured, phrases = done[-1].structured, setting.phrases
    answer = clean_text(string(structured.get("answer")))[:MAX_ANSWER_CHARS]
    if structured.get("grounded") and answer:
        return Neutral(answer)
    return Neutral(answer or phrases("answer-unknown"), suggestions=topics(("product.search",), phrases))
