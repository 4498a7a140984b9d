"""
From tool results to one neutral reply: a complete text, the same as cards, next steps. Pure.

Every price, stock figure and name comes from a result that is handed in; there is no other source here.
`compose` also says what the reply showed and asked, for the conversation to remember.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from museod.chat import reference
from museod.chat.cards import (
    Card,
    basket_card,
    choices_card,
    line,
    line_title,
    objects,
    product_card,
    shown_product,
    shown_variant,
    stock_of,
    string,
    strings,
    variant_label,
)
from museod.chat.conversation import (
    MAX_SHOWN,
    MAX_VARIANTS,
    Choice,
    Memory,
    OpenQuestion,
    Seen,
)
from museod.chat.messages import Suggestion, clean_text
from museod.chat.phrases import Phrases
from museod.chat.plan import INTENTS, MAX_QUANTITY, AskProduct, NotYet, Say, ToolCall, Unsure

MAX_ANSWER_CHARS = 4000
MAX_CHOICES = 12
MAX_FACTS = 12  # attributes of one product; the rest stands in its card

_AVAILABILITY_NOTES = {"insufficient": "line-insufficient", "unavailable": "line-unavailable"}


@dataclass(frozen=True, slots=True)
class Done:
    """
    One tool call and its answer: `structured` as the child gave it.

    `refusal` is the shop's word for why it did not do it (`insufficient_stock`), empty when it did.
    """

    call: ToolCall
    structured: Mapping[str, Any]
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Neutral:
    """
    A reply before it is fitted to a channel.

    `text` says everything that the cards hold. `is_numbered`: it contains a numbered list already.
    """

    text: str
    cards: Sequence[Card] = ()
    suggestions: Sequence[Suggestion] = ()
    seen: Seen = field(default_factory=Seen)
    is_numbered: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """What a reply depends on besides the results."""

    phrases: Phrases
    memory: Memory
    message: str
    intent: str


def compose(done: Sequence[Done], setting: Setting) -> Neutral:
    """The reply to one or more finished calls; the last one is what was asked for in the end."""
    last = done[-1]
    if last.refusal:
        return _refused(last, setting)
    return _COMPOSERS[last.call.tool](done, setting)


# ---- words alone


def say(plan: Say, setting: Setting) -> Neutral:
    """Small talk; an open question stays open beside it."""
    phrases = setting.phrases
    text = phrases(plan.key, **plan.values)
    return Neutral(text, suggestions=topics(plan.topics, phrases), seen=Seen(keeps_pending=True))


def not_yet(plan: NotYet, setting: Setting, *, is_admin: bool) -> Neutral:
    """An honest no, and what can be done instead."""
    phrases = setting.phrases
    key = f"not-yet-{slug(plan.intent)}"
    what = phrases("what-i-can-admin" if is_admin else "what-i-can")
    text = f"{phrases(key if phrases.has(key) else 'not-yet-other')} {what}"
    offered = ("admin.product.list",) if is_admin else ("product.search", "basket.view")
    return Neutral(text, suggestions=topics(offered, phrases))


def unsure(plan: Unsure, setting: Setting) -> Neutral:
    """A question back, with what it may have been."""
    phrases = setting.phrases
    offered = plan.intents or ("product.search", "basket.view", "help")
    suggestions = topics(offered, phrases)
    lines = [f"{number}. {one.label}" for number, one in enumerate(suggestions, 1)]
    choices = [Choice(one.label, intent) for one, intent in zip(suggestions, offered, strict=True)]
    seen = Seen(pending=OpenQuestion("intent", setting.intent, "", {}, choices=choices))
    text = "\n".join([phrases("unsure"), *lines])
    return Neutral(text, suggestions=suggestions, seen=seen, is_numbered=True)


def ask_product(plan: AskProduct, setting: Setting) -> Neutral:
    """Which product? With those that were shown, if any were."""
    phrases = setting.phrases
    choices = [Choice(product.title, product.product_id) for product in setting.memory.shown[:MAX_CHOICES]]
    if not choices:
        text = f"{phrases('which-product')} {phrases('which-product-remedy')}"
        return Neutral(text, suggestions=topics(("product.search",), phrases))
    question = OpenQuestion("product", plan.intent, plan.tool, dict(plan.arguments), "product", choices)
    return _choosing(phrases("which-product"), choices, Seen(pending=question))


def topics(intents: Sequence[str], phrases: Phrases) -> list[Suggestion]:
    """Intents as next steps."""
    return [
        Suggestion(phrases(f"topic-{slug(intent)}"), phrases(f"topic-{slug(intent)}-message"))
        for intent in intents
    ]


def pressed(message: str, phrases: Phrases) -> str:
    """The intent whose suggestion sends `message`, or is labelled so; what we offer we understand."""
    for intent in INTENTS:
        key = f"topic-{slug(intent)}"
        if intent != "other" and message in (phrases(key), phrases(f"{key}-message")):
            return intent
    return ""


def slug(intent: str) -> str:
    """An intent as part of a phrase's key."""
    return intent.replace(".", "-")


# ---- products


def _search(done: Sequence[Done], setting: Setting) -> Neutral:
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


def _recommendations(done: Sequence[Done], setting: Setting) -> Neutral:
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


def _info(done: Sequence[Done], setting: Setting) -> Neutral:
    phrases, last = setting.phrases, done[-1]
    product = last.structured.get("product")
    if not isinstance(product, Mapping):
        candidates = objects(last.structured.get("candidates"))
        if not candidates:
            return _unknown_product(line(last.call.arguments.get("product")), phrases)
        return _which_of(candidates, last, setting)
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
    facts = [(line(str(name)), _cell(value, phrases)) for name, value in attributes.items()]
    return [f"{name}: {value}" for name, value in facts if name and value][:MAX_FACTS]


def _other_titles(done: Sequence[Done], product: Mapping[str, Any]) -> list[str]:
    return [
        line(item.get("title"))
        for one in done[:-1]
        for item in objects(one.structured.get("items"))
        if item.get("productId") != product.get("productId")
    ]


def _which_of(candidates: Sequence[Mapping[str, Any]], last: Done, setting: Setting) -> Neutral:
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


def _comparison(done: Sequence[Done], setting: Setting) -> Neutral:
    phrases, structured = setting.phrases, done[-1].structured
    products = objects(structured.get("products"))
    if not products:
        return Neutral(phrases("compare-empty"))
    columns = ["", *(line(item.get("title")) for item in products)]
    rows = [[phrases("label-price"), *(_price_range(item, phrases) for item in products)]]
    for row in objects(structured.get("rows")):
        values = row.get("values")
        cells = [_cell(value, phrases) for value in values] if isinstance(values, list) else []
        rows.append([line(row.get("attribute")), *cells])
    lines = [phrases("compare-lead")]
    for place, title in enumerate(columns[1:], 1):
        facts = [f"{row[0]}: {row[place]}" for row in rows if place < len(row) and row[place]]
        lines.append(f"{place}. {title} – {'; '.join(facts)}")
    shown = [shown_product(item) for item in products]
    card = {"type": "table", "columns": columns, "rows": rows}
    return Neutral("\n".join(lines), [card], seen=Seen(shown, "products", focus=""), is_numbered=True)


def _cell(value: Any, phrases: Phrases) -> str:
    if isinstance(value, bool):
        return phrases("yes" if value else "no")
    return line(str(value)) if isinstance(value, str | int | float) else ""


def _answer(done: Sequence[Done], setting: Setting) -> Neutral:
    structured, phrases = done[-1].structured, setting.phrases
    answer = clean_text(string(structured.get("answer")))[:MAX_ANSWER_CHARS]
    if structured.get("grounded") and answer:
        return Neutral(answer)
    return Neutral(answer or phrases("answer-unknown"), suggestions=topics(("product.search",), phrases))


# ---- basket


def _added(done: Sequence[Done], setting: Setting) -> Neutral:
    phrases, last = setting.phrases, done[-1]
    added, choice = last.structured.get("added"), last.structured.get("needsChoice")
    if not isinstance(added, Mapping):
        candidates = objects(last.structured.get("candidates"))
        if candidates:
            return _which_of(candidates, last, setting)
        if isinstance(choice, Mapping):
            return _which_option(choice, last, setting)
        return _unknown_product(_title_of(last, phrases), phrases)
    # A line that was there before counts all its pieces; what was added is what was asked for.
    quantity = min(added["quantity"], last.call.arguments.get("quantity", 1))
    price = phrases.money(added["unitPrice"])
    lines = [phrases("added", quantity=quantity, title=line_title(added), price=price)]
    cards = []
    basket = last.structured.get("basket")
    if isinstance(basket, Mapping):
        count, total = basket["itemCount"], phrases.money(basket["total"])
        lines.append(phrases("basket-sum", count=count, total=total))
        lines += _notices(basket, phrases)
        cards.append(basket_card(basket, phrases))
    seen = Seen(sku=string(added.get("sku")))
    return Neutral("\n".join(lines), cards, topics(("basket.view",), phrases), seen)


def _which_option(choice: Mapping[str, Any], last: Done, setting: Setting) -> Neutral:
    phrases = setting.phrases
    axis = line(choice.get("axis"))
    values = [line(value) for value in strings(choice.get("values"))][:MAX_CHOICES]
    choices = [Choice(value, value) for value in values]
    name = phrases(f"axis-{axis}") if phrases.has(f"axis-{axis}") else axis
    title = line(last.call.extra.get("title"))
    joined = phrases.either(values)
    text = (
        phrases("choose-option", axis=name, title=title, values=joined)
        if title
        else phrases("choose-option-plain", axis=name, values=joined)
    )
    question = OpenQuestion(
        "option", setting.intent, last.call.tool, dict(last.call.arguments), axis, choices
    )
    focus = string(last.call.extra.get("productId")) or None
    suggestions = [Suggestion(value, value) for value in values]
    seen = Seen(pending=question, focus=focus)
    return Neutral(text, [choices_card(choices)], suggestions, seen)


def _basket(done: Sequence[Done], setting: Setting) -> Neutral:
    phrases, basket = setting.phrases, done[-1].structured.get("basket")
    if not isinstance(basket, Mapping) or not objects(basket.get("lines")):
        text = phrases("basket-empty")
        cards = [basket_card(basket, phrases)] if isinstance(basket, Mapping) else []
        return Neutral(text, cards, topics(("product.search",), phrases))
    lines = [phrases("basket-lead", count=basket["itemCount"])]
    for one in objects(basket.get("lines")):
        total = phrases.money(one["lineTotal"])
        said = phrases("basket-line", quantity=one["quantity"], title=line_title(one), total=total)
        note = _AVAILABILITY_NOTES.get(string(one.get("availability")))
        lines.append(f"• {said} ({phrases(note)})" if note else f"• {said}")
    lines.append(phrases("basket-total", total=phrases.money(basket["total"])))
    lines += _notices(basket, phrases)
    return Neutral("\n".join(lines), [basket_card(basket, phrases)], topics(("product.search",), phrases))


def _notices(basket: Mapping[str, Any], phrases: Phrases) -> list[str]:
    said = [
        phrases(f"notice-{notice}") if phrases.has(f"notice-{notice}") else line(notice)
        for notice in strings(basket.get("notices"))
    ]
    return list(dict.fromkeys(said))


# ---- orders and administration


def _orders(done: Sequence[Done], setting: Setting) -> Neutral:
    phrases, orders = setting.phrases, objects(done[-1].structured.get("orders"))
    if not orders:
        return Neutral(phrases("orders-empty"))
    lines = [phrases("orders-lead", count=len(orders))]
    rows = []
    for order in orders:
        total = phrases.money(order["total"]) if isinstance(order.get("total"), Mapping) else ""
        facts = [line(order.get("number")), line(order.get("status")), total, line(order.get("trackingUrl"))]
        rows.append(facts)
        lines.append("• " + ", ".join(fact for fact in facts if fact))
    columns = [phrases(key) for key in ("label-order", "label-status", "label-total")] + ["URL"]
    return Neutral("\n".join(lines), [{"type": "table", "columns": columns, "rows": rows}])


def _admin_list(done: Sequence[Done], setting: Setting) -> Neutral:
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


_COMPOSERS: Mapping[str, Callable[[Sequence[Done], Setting], Neutral]] = {
    "search_products": _search,
    "recommend_products": _recommendations,
    "get_product_info": _info,
    "compare_products": _comparison,
    "answer_question": _answer,
    "add_to_basket": _added,
    "get_basket": _basket,
    "get_order_status": _orders,
    "list_products": _admin_list,
}


# ---- what the shop refused


def _refused(last: Done, setting: Setting) -> Neutral:
    return REFUSALS[last.refusal](last, setting)


def _short_stock(last: Done, setting: Setting) -> Neutral:
    phrases, title = setting.phrases, _title_of(last, setting.phrases)
    available = last.structured.get("available")
    if not isinstance(available, int) or isinstance(available, bool):
        return Neutral(phrases("short-stock-unknown", title=title))
    if available <= 0:
        return Neutral(
            phrases("sold-out-title", title=title), suggestions=topics(("product.search",), phrases)
        )
    offer = {**last.call.arguments, "quantity": min(available, MAX_QUANTITY)}
    question = OpenQuestion("offer", setting.intent, last.call.tool, offer)
    text = phrases("short-stock", available=available, title=title)
    return Neutral(
        text, suggestions=[Suggestion(phrases("yes"), phrases("yes"))], seen=Seen(pending=question)
    )


def _quantity_limit(last: Done, setting: Setting) -> Neutral:
    limit = last.structured.get("limit")
    known = limit if isinstance(limit, int) and limit > 0 else 0
    return Neutral(setting.phrases("quantity-limit", limit=known, title=_title_of(last, setting.phrases)))


def _gone(last: Done, setting: Setting) -> Neutral:
    phrases = setting.phrases
    text = phrases("product-gone", title=_title_of(last, phrases))
    return Neutral(text, suggestions=topics(("product.search",), phrases))


def _not_found(last: Done, setting: Setting) -> Neutral:
    name = (
        last.call.extra.get("title") or last.call.arguments.get("product") or last.call.arguments.get("sku")
    )
    return _unknown_product(line(name), setting.phrases)


def _unknown_product(name: str, phrases: Phrases) -> Neutral:
    text = f"{phrases('product-unknown', name=name)} {phrases('product-unknown-remedy')}"
    suggestions = [Suggestion(name, name)] if name else []
    return Neutral(text, suggestions=suggestions or topics(("product.search",), phrases))


def _order_not_found(_last: Done, setting: Setting) -> Neutral:
    return Neutral(setting.phrases("order-unknown"))


REFUSALS: Mapping[str, Callable[[Done, Setting], Neutral]] = {
    "insufficient_stock": _short_stock,
    "quantity_limit": _quantity_limit,
    "product_gone": _gone,
    "product_not_found": _not_found,
    "variant_not_found": _not_found,
    "order_not_found": _order_not_found,
}
"""The shop's refusals that have an answer of their own; every other failure is an error."""


def _title_of(last: Done, phrases: Phrases) -> str:
    title = line(last.call.extra.get("title"))
    if not title:
        return phrases("the-product")
    named = last.call.extra.get("options") or last.call.arguments.get("options")
    return line_title({"title": title, "options": named})


def _choosing(lead: str, choices: Sequence[Choice], seen: Seen) -> Neutral:
    lines = [f"{number}. {choice.label}" for number, choice in enumerate(choices, 1)]
    suggestions = [Suggestion(choice.label, choice.label) for choice in choices]
    return Neutral("\n".join([lead, *lines]), [choices_card(choices)], suggestions, seen, is_numbered=True)
