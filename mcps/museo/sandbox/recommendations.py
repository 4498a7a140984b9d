"""
What goes with a product, or could stand for it: counted from its facts and from what was bought.

The same shop always recommends the same: no chance and nobody's history is in it, only the sum of orders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mcps.museo.models import Page
from mcps.museo.sandbox import texts
from mcps.museo.sandbox.calls import CATALOGUE_CACHE, Call, Route, json_reply, page_body
from mcps.museo.sandbox.filters import cheapest
from mcps.museo.sandbox.items import Item, is_sold_in
from mcps.museo.sandbox.shelf import check_currency
from mcps.museo.sandbox.shop import Shop
from mcps.museo.sandbox.words import words
from museod.transports.http1 import HttpResponse

KINDS = ("similar", "accessories", "bought_together")

# Shelves whose things are used together with those of another shelf; a shelf that stands here for none is
# completed by its neighbours under the same parent.
_COMPLETED_BY: dict[str, tuple[str, ...]] = {
    "smartphones": ("mobile-accessories",),
    "tablets": ("mobile-accessories",),
    "laptops": ("mobile-accessories", "tablets"),
    "mobile-accessories": ("smartphones", "tablets"),
    "mens-shirts": ("mens-shoes", "mens-watches", "sunglasses"),
    "mens-shoes": ("mens-shirts", "mens-watches"),
    "womens-dresses": ("womens-bags", "womens-shoes", "womens-jewellery"),
    "womens-shoes": ("womens-bags", "womens-dresses"),
    "furniture": ("home-decoration",),
    "beauty": ("skin-care", "fragrances"),
    "groceries": ("kitchen-accessories",),
}
# What a sign of kinship counts; a price of the same class is worth as much as a shared tag.
_SAME_SHELF, _SAME_BRAND, _SHARED_TAG, _SAME_CLASS, _NAMED, _BOUGHT = 8, 3, 2, 2, 4, 10


def recommend(shop: Shop, call: Call) -> HttpResponse:
    """Products of a kind for one product, best first; it is never among them."""
    currency = check_currency(call.query.text("currency"))
    anchor = shop.shelf.for_sale(call.parameters["idOrSlug"])
    kind = call.query.choice("kind", KINDS, "similar")
    candidates = [
        item
        for item in shop.shelf.active()
        if item.master.id != anchor.master.id and is_sold_in(item, currency)
    ]
    scored = sorted(
        # What can be ordered comes first; of equals, the one that others like.
        (not item.available, -score, item.position, item.master.id)
        for item, score in _scored(shop, kind, anchor, candidates, currency)
        if score > 0
    )
    limit = call.query.limit
    chosen = [item for *_, id in scored[:limit] if (item := shop.shelf.get(id)) is not None]
    views = [shop.shelf.view(item, call.locale, currency) for item in chosen]
    page = Page(limit=limit, next=None, total=len(scored))
    return json_reply(call, 200, page_body(views, page), cache=CATALOGUE_CACHE)


def _scored(
    shop: Shop, kind: str, anchor: Item, candidates: list[Item], currency: str
) -> Iterator[tuple[Item, int]]:
    if kind == "similar":
        return ((item, _kinship(anchor, item, currency)) for item in candidates)
    completing = _completing(anchor)
    bought = _bought_with(shop, anchor) if kind == "bought_together" else Counter[str]()
    return (
        (item, _BOUGHT * bought[item.master.id] + _complement(anchor, item, completing))
        for item in candidates
    )


def _kinship(anchor: Item, item: Item, currency: str) -> int:
    """How well `item` could stand for `anchor`: nothing unless it is of the same shelf or shares a tag."""
    shared = len(set(anchor.master.tags) & set(item.master.tags))
    is_neighbour = bool(set(anchor.master.categories) & set(item.master.categories))
    if not shared and not is_neighbour:
        return 0
    score = _SHARED_TAG * shared + _SAME_SHELF * is_neighbour
    score += _SAME_BRAND * (anchor.master.brand is not None and anchor.master.brand == item.master.brand)
    ours, theirs = cheapest(anchor, currency), cheapest(item, currency)
    # Within a third of each other: what a shopper who looks at one can pay for the other.
    return score + _SAME_CLASS * (3 * abs(ours - theirs) <= max(ours, theirs))


def _complement(anchor: Item, item: Item, completing: tuple[str, ...]) -> int:
    shelf = next((number for number, slug in enumerate(completing) if slug in item.master.categories), None)
    if shelf is None:
        return 0
    score = len(completing) - shelf
    score += _SAME_BRAND * (anchor.master.brand is not None and anchor.master.brand == item.master.brand)
    # A case "for iPhone" belongs to an iPhone.
    named = set(words(anchor.title(texts.DEFAULT_LOCALE))) & set(words(item.title(texts.DEFAULT_LOCALE)))
    return score + _NAMED * any(word.isalpha() and len(word) > 3 for word in named)


def _completing(anchor: Item) -> tuple[str, ...]:
    shelves = anchor.master.categories
    named = [slug for shelf in shelves for slug in _COMPLETED_BY.get(shelf, ())]
    if named:
        return tuple(named)
    parents = {texts.parent_of(shelf) for shelf in shelves} - {None}
    return tuple(
        slug for slug in texts.category_slugs() if texts.parent_of(slug) in parents and slug not in shelves
    )


def _bought_with(shop: Shop, anchor: Item) -> Counter[str]:
    """How many orders hold the product together with each other one."""
    skus = frozenset(variant.sku for variant in anchor.master.variants)
    return Counter(id for products in shop.orders.bought_with(skus) for id in products)


ROUTES = (
    Route(
        "GET",
        "/api/v1/catalog/products/{idOrSlug}/recommendations",
        "getRecommendations",
        recommend,
        scope="catalog:read",
        query=("kind", "limit", "currency"),
    ),
)
