"""The administration's operations: product masters in every status, read, written and archived."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from mcps.museo.models import MasterPage, ProductMaster, Status
from mcps.museo.sandbox import texts
from mcps.museo.sandbox.calls import (
    MASTER_BODY,
    MERGE_PATCH,
    Call,
    Route,
    check_version,
    converted,
    json_reply,
    media_type,
    read_json,
)
from mcps.museo.sandbox.catalogue import title_key
from mcps.museo.sandbox.cursors import Key
from mcps.museo.sandbox.filters import cheapest, read_filters
from mcps.museo.sandbox.items import Item
from mcps.museo.sandbox.masters import merged, writable
from mcps.museo.sandbox.problems import ProblemError, bad_request
from mcps.museo.sandbox.shelf import CURRENCIES
from mcps.museo.sandbox.shop import Shop
from mcps.museo.sandbox.words import words
from mcps.museo.writes import ProductMasterWrite
from museod.transports.http1 import HttpResponse

SORTS = ("updated_desc", "created_desc", "title", "price_asc", "price_desc", "stock_asc")
STATUSES: tuple[str, ...] = get_args(Status)


def list_masters(shop: Shop, call: Call) -> HttpResponse:
    """Masters that pass the filters, a page at a time; drafts and active ones unless told otherwise."""
    filters = read_filters(call.query, CURRENCIES[0], needs_price=False)
    statuses = call.query.texts("status") or ["draft", "active"]
    if unknown := [status for status in statuses if status not in STATUSES]:
        raise bad_request(f"status {unknown[0][:40]!r} is none of {', '.join(STATUSES)}.", pointer="/status")
    below = call.query.integer("stockBelow")
    wanted = words(call.query.text("q") or "")
    sort = call.query.choice("sort", SORTS, "updated_desc")
    keyed = sorted(
        (_sort_key(item, sort, call.locale), item)
        for item in filters.allow(shop.shelf)
        if item.master.status in statuses
        and (below is None or item.available < below)
        and _is_about(item, wanted)
    )
    chosen, page = shop.cursors.page(
        keyed,
        limit=call.query.limit,
        cursor=call.query.text("cursor", max_chars=512),
        listing=call.query.listing("masters", call.locale),
    )
    masters = [shown(shop, item) for item in chosen]
    return json_reply(call, 200, MasterPage(masters, page))


def get_master(shop: Shop, call: Call) -> HttpResponse:
    """One master by its id, in any status."""
    master = _master(shop, call)
    return json_reply(call, 200, _visible(shop, master), version=master.version)


def create_master(shop: Shop, call: Call) -> HttpResponse:
    """A new product; with dryRun only what it would be."""
    content = read_json(call, ProductMasterWrite)
    master = shop.masters.made(content, call.now)
    if call.query.boolean("dryRun"):
        return json_reply(call, 200, _visible(shop, master))
    shop.masters.save(master, "create", call.actor, call.now)
    response = json_reply(call, 201, _visible(shop, master), version=master.version)
    response.headers.append(("Location", f"{_MASTERS}/{master.id}"))
    return response


def update_master(shop: Shop, call: Call) -> HttpResponse:
    """A product with new content: whole as JSON, in part as a merge patch (RFC 7396)."""
    former = _master(shop, call)
    check_version(call, former.version, "version_conflict")
    if media_type(call) == MERGE_PATCH:
        patch = read_json(call, dict[str, Any], media=MERGE_PATCH)
        content = converted(merged(writable(former), patch), ProductMasterWrite)
    else:
        content = read_json(call, ProductMasterWrite)
    master = shop.masters.changed(former, content, call.now)
    if not call.query.boolean("dryRun"):
        shop.masters.save(master, "update", call.actor, call.now)
    return json_reply(call, 200, _visible(shop, master), version=master.version)


def delete_master(shop: Shop, call: Call) -> HttpResponse:
    """The product, archived; a repetition is answered like the first time, whatever version it names."""
    former = _master(shop, call)
    if former.status != "archived" or call.headers.get("If-Match") is None:
        check_version(call, former.version, "version_conflict")
    master = shop.masters.archived(former, call.now)
    shop.masters.save(master, "archive", call.actor, call.now)
    return json_reply(call, 200, _visible(shop, master), version=master.version)


def _master(shop: Shop, call: Call) -> ProductMaster:
    item = shop.shelf.get(call.parameters["id"])
    if item is None or item.master.id != call.parameters["id"]:
        raise ProblemError("product_not_found", "There is no product with this id; list them to find it.")
    return item.master


def _visible(shop: Shop, master: ProductMaster) -> ProductMaster:
    return shown(shop, Item(master, 0))


def shown(shop: Shop, item: Item) -> ProductMaster:
    """A master as the API gives it: with full addresses of its pictures and a description to start from."""
    images = [shop.shelf.absolute(image) for image in item.master.images]
    description = item.master.description or {texts.DEFAULT_LOCALE: item.describe(texts.DEFAULT_LOCALE)}
    return msgspec.structs.replace(item.master, images=images, description=description)


def _is_about(item: Item, wanted: list[str]) -> bool:
    """Whether each word begins a word of what the product is called or known by."""
    if not wanted:
        return True
    master = item.master
    named = [*master.title.values(), master.brand or "", master.slug, master.external_ref or "", master.id]
    known = set(words(" ".join([*named, *(variant.sku for variant in master.variants)])))
    return all(any(word.startswith(asked) for word in known) for asked in wanted)


def _sort_key(item: Item, sort: str, locale: str) -> Key:
    master = item.master
    if sort == "title":
        return (title_key(item, locale), master.id)
    if sort == "price_asc":
        return (cheapest(item, CURRENCIES[0]), item.position, master.id)
    if sort == "price_desc":
        return (-cheapest(item, CURRENCIES[0]), item.position, master.id)
    if sort == "stock_asc":
        return (item.available, item.position, master.id)
    moment = master.created_at if sort == "created_desc" else master.updated_at
    return (-int("".join(filter(str.isdigit, moment))), master.id)


_MASTERS = "/api/v1/admin/products/masters"

ROUTES = (
    Route(
        "GET",
        _MASTERS,
        "adminListProducts",
        list_masters,
        scope="admin:products:read",
        query=(
            "limit",
            "cursor",
            "q",
            "status",
            "category",
            "brand",
            "stockBelow",
            "priceMin",
            "priceMax",
            "sort",
        ),
    ),
    Route("GET", _MASTERS + "/{id}", "adminGetProduct", get_master, scope="admin:products:read"),
    Route(
        "POST",
        _MASTERS,
        "adminCreateProduct",
        create_master,
        scope="admin:products:write",
        query=("dryRun",),
        writes=True,
        body_limit=MASTER_BODY,
    ),
    Route(
        "PUT",
        _MASTERS + "/{id}",
        "adminUpdateProduct",
        update_master,
        scope="admin:products:write",
        query=("dryRun",),
        writes=True,
        body_limit=MASTER_BODY,
    ),
    Route(
        "DELETE",
        _MASTERS + "/{id}",
        "adminDeleteProduct",
        delete_master,
        scope="admin:products:delete",
        writes=True,
    ),
)
