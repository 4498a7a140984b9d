"""The shop's nouns as cards and as memories: one neutral shape from what tools return. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from museod.chat.conversation import MAX_VARIANTS, Choice, ShownProduct, ShownVariant
from museod.chat.messages import clean_text
from museod.chat.phrases import Phrases

Card = dict[str, Any]

MAX_TITLE_CHARS = 200  # a title is shown in one line; what is longer is a mistake in the catalogue
LOW_STOCK = 5  # below it the card says so


def variant_label(variant: Mapping[str, Any]) -> str:
    """How a variant is called within its product: its option values, else its article number."""
    options = variant.get("options")
    values = [line(value) for value in options.values()] if isinstance(options, Mapping) else []
    return ", ".join(value for value in values if value) or line(variant.get("sku"))


def stock_of(variant: Mapping[str, Any]) -> int:
    """How many can be bought."""
    available = variant.get("available")
    return available if isinstance(available, int) and available > 0 else 0


def line_title(one: Mapping[str, Any]) -> str:
    """A basket line's title with the options that it does not name itself."""
    title, options = line(one.get("title")), one.get("options")
    values = [line(value) for value in options.values()] if isinstance(options, Mapping) else []
    said = [value for value in values if value and value.casefold() not in title.casefold()]
    return f"{title} ({', '.join(said)})" if said else title


# ---- cards


def product_card(item: Mapping[str, Any], phrases: Phrases) -> Card:
    """A product as `data` carries it: what the tool gave, amounts also as text."""
    card: Card = {
        "productId": string(item.get("productId")),
        "title": line(item.get("title")),
        "price": money_card(item["price"], phrases),
        "inStock": bool(item.get("inStock")),
    }
    if isinstance(item.get("priceMax"), Mapping):
        card["priceMax"] = money_card(item["priceMax"], phrases)
    for name in ("brand", "slug", "url", "imageUrl", "sku", "description"):
        if value := string(item.get(name)):
            card[name] = value
    if isinstance(item.get("attributes"), Mapping):
        card["attributes"] = dict(item["attributes"])
    if variants := objects(item.get("variants"))[:MAX_VARIANTS]:
        card["variants"] = [_variant_card(one, phrases) for one in variants]
    return card


def _variant_card(variant: Mapping[str, Any], phrases: Phrases) -> Card:
    available = stock_of(variant)
    return {
        "sku": string(variant.get("sku")),
        "label": variant_label(variant),
        "options": options_of(variant),
        "price": money_card(variant["price"], phrases),
        "available": available,
        "availability": "sold_out" if not available else "low_stock" if available < LOW_STOCK else "in_stock",
    }


def basket_card(basket: Mapping[str, Any], phrases: Phrases) -> Card:
    """A basket as `data` carries it."""
    card: Card = {
        "type": "basket",
        "itemCount": basket.get("itemCount", 0),
        "total": money_card(basket["total"], phrases),
        "lines": [
            {
                "lineId": string(one.get("lineId")),
                "sku": string(one.get("sku")),
                "title": line_title(one),
                "quantity": one["quantity"],
                "unitPrice": money_card(one["unitPrice"], phrases),
                "lineTotal": money_card(one["lineTotal"], phrases),
                "availability": string(one.get("availability")),
            }
            for one in objects(basket.get("lines"))
        ],
    }
    if isinstance(basket.get("subtotal"), Mapping):
        card["subtotal"] = money_card(basket["subtotal"], phrases)
    return card


def money_card(money: Mapping[str, Any], phrases: Phrases) -> Card:
    """An amount as data and as text."""
    return {"amount": money["amount"], "currency": money["currency"], "text": phrases.money(money)}


def choices_card(choices: Sequence[Choice]) -> Card:
    """What can be chosen, as a card."""
    options = [{"label": choice.label, "message": choice.label} for choice in choices]
    return {"type": "choices", "options": options}


# ---- what was shown


def shown_product(
    item: Mapping[str, Any], variants: Sequence[Mapping[str, Any]] | None = None
) -> ShownProduct:
    """
    The product as the conversation remembers it; `variants` in the order in which they were numbered.

    Variants that were not named in the text come after those that were, so that numbers stay right.
    """
    every = objects(item.get("variants"))[:MAX_VARIANTS]
    first = list(variants or ())
    ordered = [*first, *(one for one in every if one not in first)]
    return ShownProduct(
        product_id=string(item.get("productId")),
        title=line(item.get("title")),
        slug=string(item.get("slug")),
        sku=string(item.get("sku")),
        variants=[shown_variant(one) for one in ordered],
    )


def shown_variant(variant: Mapping[str, Any]) -> ShownVariant:
    """The variant as the conversation remembers it."""
    return ShownVariant(string(variant.get("sku")), options_of(variant))


def options_of(variant: Mapping[str, Any]) -> dict[str, str]:
    """A variant's options, axis → value."""
    options = variant.get("options")
    if not isinstance(options, Mapping):
        return {}
    return {str(axis): line(value) for axis, value in options.items()}


# ---- reading what a child gave


def line(value: Any) -> str:
    """Catalogue text on one line: controls and line breaks out, a bound on its length."""
    text = " ".join(clean_text(value).split()) if isinstance(value, str) else ""
    return text if len(text) <= MAX_TITLE_CHARS else text[: MAX_TITLE_CHARS - 1] + "…"


def string(value: Any) -> str:
    """`value` if it is text, else nothing."""
    return value if isinstance(value, str) else ""


def strings(value: Any) -> list[str]:
    """The texts in `value` if it is a list."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects in `value` if it is a list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
