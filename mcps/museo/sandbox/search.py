"""Searching: the query is answered by `finder`, filtered, counted and paged here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mcps.museo.models import FacetValue
from mcps.museo.sandbox.calls import CATALOGUE_CACHE, Call, Route, json_reply, page_body
from mcps.museo.sandbox.cursors import Key
from mcps.museo.sandbox.filters import PARAMETERS, cheapest, read_filters
from mcps.museo.sandbox.finder import Found
from mcps.museo.sandbox.items import Item
from mcps.museo.sandbox.problems import bad_request
from mcps.museo.sandbox.shelf import check_currency
from mcps.museo.sandbox.shop import Shop
from museod.transports.http1 import HttpResponse

SORTS = ("relevance", "price_asc", "price_desc", "newest")
MAX_FACET_VALUES = 20


def search(shop: Shop, call: Call) -> HttpResponse:
    """The products that a query finds; none is an empty page with suggestions, never a 404."""
    query = (call.query.text("q") or "").strip()
    if not query:
        raise bad_request("q must say what to look for.", pointer="/q")
    currency = check_currency(call.query.text("currency"))
    filters = read_filters(call.query, currency)
    sort = call.query.choice("sort", SORTS, "relevance")
    found = _find(shop, query, call.locale)
    scores = {id: score for score, id in found.hits}
    items = [item for id in scores if (item := shop.shelf.get(id)) is not None]
    allowed = list(filters.allow(items))
    keyed = sorted((_sort_key(item, sort, scores[item.master.id], currency), item) for item in allowed)
    chosen, page = shop.cursors.page(
        keyed,
        limit=call.query.limit,
        cursor=call.query.text("cursor", max_chars=512),
        listing=call.query.listing("search", call.locale),
    )
    views = [shop.shelf.view(item, call.locale, currency) for item in chosen]
    body = page_body(
        views,
        page,
        query=query,
        correctedQuery=found.corrected,
        suggestions=found.suggestions,
        facets=_facets(allowed) if call.query.boolean("facets") else {},
    )
    return json_reply(call, 200, body, cache=CATALOGUE_CACHE)


def _find(shop: Shop, query: str, locale: str) -> Found:
    item = shop.shelf.get(query)
    if item is not None and item.variant(query) is not None and item.master.status == "active":
        return Found([(0, item.master.id)])  # a SKU to the letter
    return shop.shelf.finder.find(query, locale)


def _sort_key(item: Item, sort: str, score: int, currency: str) -> Key:
    if sort == "price_asc":
        first = cheapest(item, currency)
    elif sort == "price_desc":
        first = -cheapest(item, currency)
    elif sort == "newest":
        first = -int("".join(filter(str.isdigit, item.master.created_at)))
    else:
        first = score
    return (first, item.position, item.master.id)


def _facets(items: Sequence[Item]) -> dict[str, list[FacetValue]]:
    """How many of the hits are on each shelf, of each brand, and have each option."""
    counts: dict[str, Counter[str]] = {"category": Counter(), "brand": Counter(), "inStock": Counter()}
    for item in items:
        counts["category"].update(item.master.categories)
        counts["brand"].update([item.master.brand] if item.master.brand else [])
        counts["inStock"]["true" if item.available else "false"] += 1
        for axis in item.master.option_axes:
            counts.setdefault(axis, Counter()).update(list(item.choices(axis)))
    return {
        name: [FacetValue(value, count) for value, count in counter.most_common(MAX_FACET_VALUES)]
        for name, counter in counts.items()
    }


ROUTES = (
    Route(
        "GET",
        "/api/v1/search",
        "search",
        search,
        scope="catalog:read",
        query=("q", "limit", "cursor", "currency", "sort", "facets", *PARAMETERS),
    ),
)
