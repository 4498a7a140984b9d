"""The shop's nouns as the tools' answers show them."""

from __future__ import annotations

from typing import Any

from mcps.kit.query.numbers import written
from mcps.museo.models import Basket, BasketLine, Money, Notice, Product
from mcps.storefront.messages import basket_messages

MAX_DESCRIPTION = 600  # characters in the text block; programs get the whole


def money(value: Money) -> dict[str, Any]:
    """Minor units and currency."""
    return {"amount": value.amount, "currency": value.currency}


def plain(value: Money) -> str:
    """An amount in figures."""
    return written(value.amount, value.currency)


def card(product: Product) -> dict[str, Any]:
    """A product as one entry of a list."""
    shown: dict[str, Any] = {
        "productId": product.id,
        "slug": product.slug,
        "title": product.title,
        "price": money(product.price.min),
        "inStock": product.in_stock,
        "url": product.url,
    }
    if product.brand:
        shown["brand"] = product.brand
    if product.price.max.amount > product.price.min.amount:
        shown["priceMax"] = money(product.price.max)
    if product.images:
        shown["imageUrl"] = min(product.images, key=lambda image: image.position).url
    if len(product.variants) == 1:
        shown["sku"] = product.variants[0].sku
    return shown


def sheet(product: Product) -> dict[str, Any]:
    """A product with everything that is known about it."""
    attributes = {
        fact.key: f"{fact.value} {fact.unit}" if fact.unit else fact.value for fact in product.attributes
    }
    return card(product) | {
        "description": product.description,
        "attributes": attributes,
        "optionAxes": list(product.option_axes),
        "variants": [
            {
                "sku": variant.sku,
                "options": dict(variant.options),
                "price": money(variant.price),
                "available": variant.available,
            }
            for variant in product.variants
        ],
    }


def line_text(product: Product) -> str:
    """A product in one line."""
    price = plain(product.price.min)
    if product.price.max.amount > product.price.min.amount:
        price = f"from {price}"
    brand = f" by {product.brand}" if product.brand and product.brand not in product.title else ""
    return f"{product.title}{brand}, {price}, {'in stock' if product.in_stock else 'sold out'}"


def sheet_text(product: Product) -> str:
    """A product in a few lines."""
    lines = [line_text(product) + "."]
    if product.description:
        lines.append(_shortened(product.description))
    for fact in product.attributes:
        unit = f" {fact.unit}" if fact.unit else ""
        lines.append(f"{fact.key}: {fact.value}{unit}")
    if len(product.variants) > 1:
        lines.append("Variants:")
        lines += [
            f"- {', '.join(variant.options.values()) or variant.sku} ({variant.sku}): "
            f"{plain(variant.price)}, {variant.available} available"
            for variant in product.variants
        ]
    else:
        lines += [f"SKU {variant.sku}, {variant.available} available" for variant in product.variants]
    return "\n".join(lines)


def basket_line(line: BasketLine) -> dict[str, Any]:
    """One line of a basket."""
    shown: dict[str, Any] = {
        "lineId": line.id,
        "sku": line.sku,
        "productId": line.product_id,
        "title": line.title,
        "quantity": line.quantity,
        "unitPrice": money(line.unit_price),
        "lineTotal": money(line.line_total),
        "availability": line.availability,
        "options": dict(line.options),
    }
    return shown | ({"imageUrl": line.image_url} if line.image_url else {})


def basket(value: Basket) -> dict[str, Any]:
    """A basket; `notices` are stable codes, `messages` say them in words and of which line."""
    return {
        "basketId": value.id,
        "version": value.version,
        "itemCount": value.item_count,
        "lines": [basket_line(line) for line in value.lines],
        "subtotal": money(value.totals.subtotal),
        "total": money(value.totals.total),
        "notices": list(dict.fromkeys(notice.code for notice in value.notices)),
        "messages": basket_messages(value, notice_texts(value)),
    }


def basket_text(value: Basket) -> str:
    """A basket in a few lines."""
    if not value.lines:
        return "Your basket is empty."
    lines = [
        f"{line.quantity} x {named(line)}: {plain(line.line_total)}{_warning(line)}" for line in value.lines
    ]
    lines.append(f"Total: {plain(value.totals.total)}")
    lines += notice_texts(value)
    return "\n".join(lines)


def counted(items: int) -> str:
    """How many items, in words."""
    return f"{items} item" if items == 1 else f"{items} items"


def named(line: BasketLine) -> str:
    """A line's title with its options."""
    missing = [option for option in line.options.values() if option.lower() not in line.title.lower()]
    return f"{line.title} ({', '.join(missing)})" if missing else line.title


_NOTICES = {
    "price_changed": "The price of {title} has changed since you added it.",
    "quantity_reduced": "There is less of {title} than you wanted; the quantity was reduced.",
    "line_unavailable": "{title} is no longer available.",
}
_WARNINGS = {
    "low_stock": " (only a few left)",
    "insufficient": " (not enough in stock)",
    "unavailable": " (no longer available)",
}


def notice_texts(value: Basket) -> list[str]:
    """What changed since the lines were put in, in words."""
    return [notice_text(notice, value) for notice in value.notices]


def notice_text(notice: Notice, value: Basket) -> str:
    """What changed since a line was put in: the shop's own words, or ours."""
    if notice.detail:
        return notice.detail
    titles = {line.id: named(line) for line in value.lines}
    return _NOTICES.get(notice.code, "Something about {title} has changed.").format(
        title=titles.get(notice.line_id, "an item")
    )


def _warning(line: BasketLine) -> str:
    return _WARNINGS.get(line.availability, "")


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_DESCRIPTION else text[:MAX_DESCRIPTION].rsplit(" ", 1)[0] + " …"
