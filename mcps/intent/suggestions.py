"""Quick replies: what people usually say next, or what a half-typed message is becoming."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mcps.intent.intents import ADMIN_CLIENT, Intent, may_mean

MAX_LABEL = 20  # the shortest button of our channels (Instagram's quick replies)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A button: what it shows, what it says, and what that asks for."""

    label: str
    message: str
    intent: Intent


def _said(label: str, message: str, intent: Intent) -> Suggestion:
    return Suggestion(label, message, intent)


_POPULAR = _said("Popular products", "Show me your most popular products", Intent.PRODUCT_SEARCH)
_OFFERS = _said("Current offers", "What is on sale right now?", Intent.PRODUCT_SEARCH)
_NEWEST = _said("New arrivals", "Show me the new arrivals", Intent.PRODUCT_SEARCH)
_CHEAPER = _said("Something cheaper", "Is there anything cheaper?", Intent.PRODUCT_SEARCH)
_MORE = _said("Show more", "Show me more", Intent.PRODUCT_SEARCH)
_ACCESSORIES = _said("Accessories", "Which accessories go with it?", Intent.PRODUCT_SEARCH)
_FIRST = _said("Tell me more", "Tell me more about the first one", Intent.PRODUCT_INFO)
_STOCK = _said("Is it in stock?", "Is it in stock?", Intent.PRODUCT_INFO)
_COLORS = _said("Which colours?", "What colours does it come in?", Intent.PRODUCT_INFO)
_WARRANTY = _said("Warranty", "What is the warranty on it?", Intent.PRODUCT_QUESTION)
_RETURNS = _said("Returns", "What is your return policy?", Intent.PRODUCT_QUESTION)
_SHIPPING = _said("Shipping", "How long does shipping take?", Intent.PRODUCT_QUESTION)
_ADD = _said("Add to basket", "Add it to my basket", Intent.BASKET_ADD)
_ADD_FIRST = _said("Add the first one", "Add the first one to my basket", Intent.BASKET_ADD)
_BASKET = _said("My basket", "Show my basket", Intent.BASKET_VIEW)
_REMOVE_LAST = _said("Remove the last one", "Remove the last one from my basket", Intent.BASKET_REMOVE)
_EMPTY = _said("Empty the basket", "Empty my basket", Intent.BASKET_REMOVE)
_ONE_MORE = _said("Change quantity", "Change the quantity to 2", Intent.BASKET_UPDATE)
_PAY = _said("Check out", "I would like to check out", Intent.CHECKOUT_PAY)
_ORDERS = _said("My orders", "Show my orders", Intent.ORDER_STATUS)
_HUMAN = _said("Talk to a person", "I would like to talk to a person", Intent.HUMAN_HANDOVER)
_HELP = _said("What can you do?", "What can you do?", Intent.HELP)
_BYE = _said("That is all", "That is all, thank you", Intent.GOODBYE)
_ALL_PRODUCTS = _said("All products", "List all products", Intent.ADMIN_LIST)
_LOW_STOCK = _said("Low stock", "Which products have stock below 5?", Intent.ADMIN_LIST)
_DRAFTS = _said("Drafts", "Show all draft products", Intent.ADMIN_LIST)
_CREATE = _said("New product", "Create a new product", Intent.ADMIN_CREATE)
_IMPORT = _said("Import a file", "Import products from a file", Intent.ADMIN_IMPORT)
_REPRICE = _said("Change a price", "Change the price of a product", Intent.ADMIN_UPDATE)
_ARCHIVE = _said("Archive a product", "Archive a product", Intent.ADMIN_DELETE)

_NEXT: Mapping[Intent, tuple[Suggestion, ...]] = {
    Intent.PRODUCT_SEARCH: (_FIRST, _ADD_FIRST, _CHEAPER, _MORE, _BASKET),
    Intent.PRODUCT_INFO: (_ADD, _COLORS, _WARRANTY, _ACCESSORIES, _CHEAPER),
    Intent.PRODUCT_QUESTION: (_ADD, _RETURNS, _SHIPPING, _POPULAR, _HUMAN),
    Intent.BASKET_ADD: (_BASKET, _PAY, _ACCESSORIES, _ONE_MORE, _POPULAR),
    Intent.BASKET_VIEW: (_PAY, _ONE_MORE, _REMOVE_LAST, _EMPTY, _POPULAR),
    Intent.BASKET_REMOVE: (_BASKET, _POPULAR, _PAY, _OFFERS),
    Intent.BASKET_UPDATE: (_BASKET, _PAY, _POPULAR),
    Intent.CHECKOUT_PAY: (_ORDERS, _SHIPPING, _RETURNS, _BASKET),
    Intent.ORDER_STATUS: (_SHIPPING, _RETURNS, _HUMAN, _POPULAR),
    Intent.ADMIN_LIST: (_LOW_STOCK, _DRAFTS, _REPRICE, _CREATE),
    Intent.ADMIN_CREATE: (_DRAFTS, _CREATE, _ALL_PRODUCTS),
    Intent.ADMIN_IMPORT: (_DRAFTS, _ALL_PRODUCTS, _IMPORT),
    Intent.ADMIN_UPDATE: (_ALL_PRODUCTS, _REPRICE, _LOW_STOCK),
    Intent.ADMIN_DELETE: (_ALL_PRODUCTS, _ARCHIVE, _CREATE),
    Intent.NOTIFY_SEND: (_ORDERS, _POPULAR, _HELP),
    Intent.HUMAN_HANDOVER: (_ORDERS, _RETURNS, _BYE),
    Intent.THANKS: (_POPULAR, _BASKET, _BYE),
}
_SHOPPER_START = (_POPULAR, _BASKET, _ORDERS, _OFFERS, _NEWEST, _SHIPPING, _HUMAN, _HELP)
_ADMIN_START = (_ALL_PRODUCTS, _LOW_STOCK, _CREATE, _IMPORT, _DRAFTS, _REPRICE, _ARCHIVE, _HELP)


def suggest(
    *, client_type: str, message: str = "", last_intent: Intent | None = None, limit: int = 3
) -> list[Suggestion]:
    """
    At most `limit` suggestions, the best first, none twice.

    A half-typed message comes first: suggestions that begin with it or hold its words; what usually follows
    the last intent fills up, and then what usually starts a conversation.
    """
    start = _ADMIN_START if client_type == ADMIN_CLIENT else _SHOPPER_START
    following = _NEXT.get(last_intent, ()) if last_intent is not None else ()
    ordered = list(dict.fromkeys([*following, *start]))
    if typed := message.lower().split():
        known = list(dict.fromkeys([*ordered, *(said for row in _NEXT.values() for said in row)]))
        ordered = [said for said in known if _completes(typed, said)] + ordered
    fitting = (said for said in dict.fromkeys(ordered) if may_mean(said.intent, client_type))
    return list(fitting)[:limit]


def _completes(typed: list[str], said: Suggestion) -> bool:
    """Whether every typed word is in the message, the last one possibly not typed to its end."""
    words = [word.strip("?.,!").lower() for word in said.message.split()]
    *whole, begun = [word.strip("?.,!") for word in typed]
    return all(word in words for word in whole) and any(word.startswith(begun) for word in words)
