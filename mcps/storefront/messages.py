"""
Messages in the agentic-commerce vocabulary: what a program should know, and whose move it is.

`severity` says it: `recoverable` (call again differently), `requires_buyer_input` (ask the
shopper for something), `requires_buyer_review` (show the shopper what changed), `unrecoverable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from mcps.museo.models import Basket

Severity = Literal["recoverable", "requires_buyer_input", "requires_buyer_review", "unrecoverable"]
Type = Literal["info", "warning", "error"]

# What each code of the shop, and each of our own, asks for.
SEVERITIES: Mapping[str, Severity] = {
    "product_not_found": "recoverable",
    "variant_not_found": "recoverable",
    "product_gone": "unrecoverable",
    "insufficient_stock": "recoverable",
    "sold_out": "requires_buyer_input",
    "quantity_limit": "recoverable",
    "basket_line_not_found": "recoverable",
    "basket_version_conflict": "requires_buyer_review",
    "basket_changed": "requires_buyer_review",
    "basket_empty": "requires_buyer_input",
    "price_changed": "requires_buyer_review",
    "quantity_reduced": "requires_buyer_review",
    "line_unavailable": "requires_buyer_input",
    "order_not_found": "requires_buyer_input",
    "order_not_payable": "unrecoverable",
    "payment_pending": "requires_buyer_input",
    "provider_unavailable": "requires_buyer_input",
    "choice_needed": "requires_buyer_input",
    "address_needed": "requires_buyer_input",
    "in_stock": "recoverable",
    "not_in_data": "requires_buyer_input",
    "currency_not_sold": "requires_buyer_review",
}


def message(code: str, text: str, *, type: Type = "info", path: str = "") -> dict[str, Any]:
    """One message; `path` is the JSONPath of what it is about in the same answer."""
    said: dict[str, Any] = {
        "type": type,
        "code": code,
        "severity": SEVERITIES.get(code, "unrecoverable"),
        "content_type": "plain",
        "content": text,
    }
    return said | ({"path": path} if path else {})


def basket_messages(basket: Basket, texts: list[str]) -> list[dict[str, Any]]:
    """The basket's notices, in `texts`, as messages about its lines."""
    places = {line.id: place for place, line in enumerate(basket.lines)}
    return [
        message(
            notice.code,
            text,
            type="warning",
            path=f"$.basket.lines[{places[notice.line_id]}]" if notice.line_id in places else "",
        )
        for notice, text in zip(basket.notices, texts, strict=True)
    ]
