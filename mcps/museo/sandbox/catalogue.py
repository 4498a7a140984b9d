"""Browsing: products, one product, categories."""

from __future__ import annotations

from mcps.museo.models import Categories
from mcps.museo.sandbox import texts
from mcps.museo.sandbox.calls import CATALOGUE_CACHE, Call, Route, json_reply, page_body
from mcps.museo.sandbox.cursors import Key
from mcps.museo.sandbox.filters import PARAMETERS, cheapest, read_filters
from mcps.museo.sandbox.items import Item, is_sold_in
from mcps.museo.sandbox.problems import ProblemError
from mcps.museo.sandbox.shelf import category, check_currency
from mcps.museo.sandbox.shop import Shop
from mcps.museo.sandbox.words import fold
from museod.transports.http1 import HttpResponse

SORTS = ("newest", "price_asc", "price_desc", "title", "popularity")
TITLE_KEY_CHARS = 60  # of a title in a sort key, so that a cursor stays within its 512 characters


def list_products(shop: Shop, call: Call) -> HttpResponse:
    """Active products that pass the filters, a page at a time."""
    currency = check_currency(call.query.text("currency"))
    filters = read_filters(call.query, currency)
    sort = call.query.choice("sort", SORTS, "popularity")
    items = shop.shelf.active()
    if "ids" in call.query.values:
        wanted = set(call.query.texts("ids"))
        items = (item for item in items if item.master.id in wanted)
    keyed = sorted((_sort_key(item, sort, call.locale, currency), item) for item in filters.allow(items))
    chosen, page = shop.cursors.page(
        keyed,
        limit=call.query.limit,
        cursor=call.query.text("cursor", max_chars=512),
        listing=call.query.listing("products", call.locale),
    )
    views = [shop.shelf.view(item, call.locale, currency) for item in chosen]
    return json_reply(call, 200, page_body(views, page), cache=CATALOGUE_CACHE)


def get_product(shop: Shop, call: Call) -> HttpResponse:
    """One active product by id, slug or SKU."""
    currency = check_currency(call.query.text("currency"))
    item = shop.shelf.for_sale(call.parameters["idOrSlug"])
    if not is_sold_in(item, currency):
        raise ProblemError("product_not_found", f"{item.title(call.locale)} is not sold in {currency}.")
    return json_reply(call, 200, bytes(shop.shelf.view(item, call.locale, currency)), cache=CATALOGUE_CACHE)


def list_categories(_shop: Shop, call: Call) -> HttpResponse:
    """The whole tree, flat, parents first."""
    items = [category(slug, call.locale) for slug in texts.category_slugs()]
    return json_reply(call, 200, Categories(items), cache=CATALOGUE_CACHE)


def title_key(item: Item, locale: str) -> str:
    """What a product is sorted by when it is sorted by title."""
    return fold(item.title(locale))[:TITLE_KEY_CHARS]


def _sort_key(item: Item, sort: str, locale: str, currency: str) -> Key:
    master = item.master
    if sort == "newest":
        # Newest first: the digits of the time, counted downwards.
        return (-int("".join(filter(str.isdigit, master.created_at))), master.id)
    if sort == "price_asc":
        return (cheapest(item, currency), item.position, master.id)
    if sort == "price_desc":
        return (-cheapest(item, currency), item.position, master.id)
    if sort == "title":
        return (title_key(item, locale), master.id)
    return (item.position, master.id)


ROUTES = (
    Route(
        "GET",
        "/api/v1/catalog/products",
        "listProducts",
        list_products,
        scope="catalog:read",
        query=("limit", "cursor", "currency", "sort", "ids", *PARAMETERS),
    ),
    Route(
        "GET",
        "/api/v1/catalog/products/{idOrSlug}",
        "getProduct",
        get_product,
        scope="catalog:read",
        query=("currency",),
    ),
    Route("GET", "/api/v1/catalog/categories", "listCategories", list_categories, scope="catalog:read"),
)
