"""create_product: a new product, a draft unless told otherwise."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec import UNSET, UnsetType

from mcps.admin.finding import find
from mcps.admin.intake.columns import fold
from mcps.admin.intake.products import SKU
from mcps.admin.listing import cheapest, row, title
from mcps.admin.refusals import RIGHT, explained, refusal
from mcps.admin.shop import Shop
from mcps.admin.writing import Fields, axes_of, members
from mcps.kit.context import Context
from mcps.kit.query.numbers import written
from mcps.kit.tool import Reply
from mcps.museo.errors import ApiRejected
from museod.errors import CallError, InvalidArguments
from museod.wire import codec


class CreateArguments(Fields, rename="camel"):
    """What create_product takes."""

    locale: str = ""
    dry_run: bool = False
    idempotency_key: str = ""


async def create(shop: Shop, arguments: CreateArguments, context: Context) -> Reply:
    """
    Make one product.

    Raises:
        Unauthenticated, Forbidden: the caller is no administrator.
        InvalidArguments: the price is missing, or the shop refuses a field; the text names it.
        Refusal: the SKU or the slug is taken.
    """
    actor = context.caller.require_admin(RIGHT)
    locale = context.locale(arguments.locale)
    language = locale.split("-")[0]
    content = members(arguments, language)
    content.setdefault("status", "draft")
    name = _name(arguments, language)
    content["variants"] = _variants(arguments, name)
    if axes := axes_of(content["variants"]):
        content["optionAxes"] = axes
    # A dry run is another call than the one that it rehearses.
    given = arguments.idempotency_key and f"{arguments.idempotency_key}{':dry' if arguments.dry_run else ''}"
    step = f"create_product:{arguments.dry_run}:{hashlib.sha256(codec.encode(content)).hexdigest()}"
    try:
        master = await shop.admin_create(
            content,
            actor=actor,
            dry_run=arguments.dry_run,
            idempotency_key=context.idempotency_key(step, given),
        )
    except ApiRejected as error:
        raise await _told(shop, error, name, content["variants"], locale) from None
    shown = row(master, locale)
    price = cheapest(master)
    figures = [master.status, *([written(price.amount, price.currency)] if price else []), *shown["skus"]]
    verb = "Would create" if arguments.dry_run else "Created"
    text = f"{verb} {title(master, locale)}: {', '.join(figures)}."
    return Reply({"product": shown, "dryRun": arguments.dry_run}, text)


def _name(arguments: CreateArguments, language: str) -> str:
    texts = arguments.title
    if isinstance(texts, UnsetType):  # the schema demands it
        return ""
    return texts if isinstance(texts, str) else texts.get(language) or next(iter(texts.values()), "")


def _variants(arguments: CreateArguments, name: str) -> list[dict[str, Any]]:
    if not isinstance(arguments.variants, UnsetType):
        stated = [field for field in ("price", "stock", "sku") if getattr(arguments, field) is not UNSET]
        if stated:
            raise InvalidArguments(f"{stated[0]} and variants exclude each other: give one of them.")
        return arguments.variants
    if isinstance(arguments.price, UnsetType):
        raise InvalidArguments(
            f"What should {name[:100]} cost? Give price as amount in minor units and currency.",
            data={"reason": "missing", "field": "price", "apiCode": "validation_failed"},
        )
    variant: dict[str, Any] = {"sku": _sku(arguments, name), "prices": [arguments.price]}
    if not isinstance(arguments.stock, UnsetType):
        variant["stock"] = arguments.stock
    return [variant]


def _sku(arguments: CreateArguments, name: str) -> str:
    if isinstance(arguments.sku, UnsetType):
        # Made of the title, so that the same call makes the same one.
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
        return "-".join([*fold(name).upper().split(), digest.upper()])[-64:].strip("-")
    if not SKU.fullmatch(arguments.sku):
        raise InvalidArguments("sku: it has 1 to 64 letters, digits, points, _ and -")
    return arguments.sku


async def _told(
    shop: Shop, error: ApiRejected, name: str, variants: list[dict[str, Any]], locale: str
) -> CallError:
    if error.code != "sku_taken":
        return explained(error, name)
    for variant in variants:
        try:
            owner = await find(shop, variant["sku"], locale)
        except CallError:
            continue
        if owner.sku == variant["sku"]:
            known = title(owner.master, locale)
            text = f"SKU {owner.sku} already belongs to {known}. Update that product instead?"
            return refusal(text, error.code, error.status, sku=owner.sku, product=row(owner.master, locale))
    return refusal(f"{error.message} Choose another SKU.", error.code, error.status)
