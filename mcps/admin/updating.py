"""update_product: some fields of one product, with a preview, and a yes where a price moves far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UnsetType

from mcps.admin.finding import Found, find
from mcps.admin.intake.products import SKU
from mcps.admin.listing import row, title
from mcps.admin.refusals import RIGHT, explained, refusal
from mcps.admin.shop import Shop
from mcps.admin.writing import Fields, axes_of, members, rewritten
from mcps.kit.confirmation import ConfirmationRequired
from mcps.kit.context import Context
from mcps.kit.query.numbers import written
from mcps.kit.tool import Reply
from mcps.museo.errors import ApiRejected
from mcps.museo.models import ProductMaster
from museod.errors import CallError, InvalidArguments

MAX_PRICE_CHANGE = 0.30  # interfaces: beyond it a slip of the finger costs money, so a person says yes
_FIELDS = ("status", "brand", "categories", "attributes", "images", "option_axes")


class UpdateArguments(msgspec.Struct, rename="camel"):
    """What update_product takes."""

    product: str
    changes: Fields
    expected_version: int | None = None
    dry_run: bool = False


async def update(shop: Shop, arguments: UpdateArguments, context: Context) -> Reply:
    """
    Change one product, or say what would change.

    Raises:
        Unauthenticated, Forbidden: the caller is no administrator.
        InvalidArguments: no product, several, or a field that cannot be.
        ConfirmationRequired: a price moves by more than 30 %, or a variant goes; nothing was done.
        Refusal: somebody else has changed it meanwhile; tells its present state.
    """
    actor = context.caller.require_admin(RIGHT)
    locale = context.locale()
    found = await find(shop, arguments.product, locale)
    before = found.master
    patch = _patch(found, arguments.changes, locale)
    version = arguments.expected_version or before.version
    try:
        after = await shop.admin_update(before.id, patch, version=version, actor=actor, dry_run=True)
        changed = differences(before, after)
        name = title(before, locale)
        if arguments.dry_run or not changed:
            return _reply(after, changed, locale, "Would change" if changed else "Nothing changes in")
        reasons = _costly(before, after)
        if reasons and not context.is_confirmed:
            raise ConfirmationRequired(
                f"Change {name} ({before.variants[0].sku}): {'; '.join(reasons)}?",
                tool="update_product",
                # For this very product as it is now, whatever was said to find it.
                arguments={
                    "product": found.sku or before.id,
                    "changes": msgspec.to_builtins(arguments.changes),
                    "expectedVersion": version,
                },
                preview={"product": row(before, locale), "changed": changed},
            )
        after = await shop.admin_update(before.id, patch, version=version, actor=actor)
    except ApiRejected as error:
        raise await told(shop, error, before, locale) from None
    return _reply(after, differences(before, after), locale, "Changed")


async def told(shop: Shop, error: ApiRejected, before: ProductMaster, locale: str) -> CallError:
    """A refusal of a change to a product, with its present state where somebody else was faster."""
    name = title(before, locale)
    if error.code == "version_conflict":
        now = await shop.admin_get(before.id)
        text = (
            f"{name} was changed by someone else just now and is at version {now.version}. Look at it, and "
            "apply your change again if it still makes sense."
        )
        changed = differences(before, now)
        return refusal(text, error.code, error.status, product=row(now, locale), changedMeanwhile=changed)
    if error.code in ("sku_taken", "slug_taken"):
        return refusal(f"{error.message} Choose another.", error.code, error.status)
    return explained(error, name)


def _patch(found: Found, changes: Fields, locale: str) -> dict[str, Any]:
    """The merge patch (RFC 7396); variants are a list, so all of them are written again."""
    before = found.master
    patch = members(changes, locale.split("-")[0], before)
    named = [field for field in ("price", "stock", "sku") if getattr(changes, field) is not msgspec.UNSET]
    if not isinstance(changes.variants, UnsetType):
        if named:
            raise InvalidArguments(f"{named[0]} and variants exclude each other: give one of them.")
        # What a variant does not name stays as it is.
        known = {variant.sku: rewritten(variant) for variant in before.variants}
        patch["variants"] = [known.get(variant["sku"], {}) | variant for variant in changes.variants]
        patch["optionAxes"] = axes_of(patch["variants"])
        return patch
    if named:
        patch["variants"] = _with_changed_variant(found, changes)
    return patch


def _with_changed_variant(found: Found, changes: Fields) -> list[dict[str, Any]]:
    variants = [rewritten(variant) for variant in found.master.variants]
    if found.sku is None and len(variants) > 1:
        skus = ", ".join(variant["sku"] for variant in variants[:10])
        raise InvalidArguments(
            f"This product has {len(variants)} variants. Name the one that you mean by its SKU: {skus}.",
            data={"reason": "ambiguous", "choices": [{"sku": variant["sku"]} for variant in variants[:10]]},
        )
    variant = next(one for one in variants if found.sku in (None, one["sku"]))
    if not isinstance(changes.price, UnsetType):
        currency = changes.price["currency"]
        others = [price for price in variant["prices"] if price["currency"] != currency]
        place = next((n for n, p in enumerate(variant["prices"]) if p["currency"] == currency), len(others))
        variant["prices"] = [*others[:place], dict(changes.price), *others[place:]]
    if not isinstance(changes.stock, UnsetType):
        variant["stock"] = changes.stock
    if not isinstance(changes.sku, UnsetType):
        if not SKU.fullmatch(changes.sku):
            raise InvalidArguments("changes.sku: it has 1 to 64 letters, digits, points, _ and -")
        variant["sku"] = changes.sku
    return variants


def differences(before: ProductMaster, after: ProductMaster) -> list[dict[str, Any]]:
    """Each field that differs, from what to what; variants by their SKU."""
    changed: list[dict[str, Any]] = []

    def note(field: str, former: Any, latter: Any) -> None:
        if former != latter:
            changed.append({"field": field, "from": former, "to": latter})

    for field in ("title", "description"):
        former, latter = getattr(before, field), getattr(after, field)
        for tag in dict.fromkeys((*former, *latter)):
            note(f"{field}.{tag}", former.get(tag), latter.get(tag))
    for field in _FIELDS:
        name = "optionAxes" if field == "option_axes" else field
        note(name, msgspec.to_builtins(getattr(before, field)), msgspec.to_builtins(getattr(after, field)))
    old, new = ({variant.sku: variant for variant in one.variants} for one in (before, after))
    for sku in dict.fromkeys((*old, *new)):
        if sku not in new or sku not in old:
            note(
                f"variants.{sku}",
                rewritten(old[sku]) if sku in old else None,
                rewritten(new[sku]) if sku in new else None,
            )
            continue
        was, is_now = rewritten(old[sku]), rewritten(new[sku])
        was["prices"], is_now["prices"] = _prices(was), _prices(is_now)
        for member in dict.fromkeys((*was, *is_now)):
            if member == "prices":
                for currency in dict.fromkeys((*was["prices"], *is_now["prices"])):
                    note(
                        f"{sku}.price.{currency}", was["prices"].get(currency), is_now["prices"].get(currency)
                    )
            else:
                note(f"{sku}.{member}", was.get(member), is_now.get(member))
    return changed


def _prices(variant: Mapping[str, Any]) -> dict[str, int]:
    return {price["currency"]: price["amount"] for price in variant["prices"]}


def _costly(before: ProductMaster, after: ProductMaster) -> list[str]:
    """What of a change needs a yes, in words."""
    reasons = []
    latter = {variant.sku: variant for variant in after.variants}
    added = [variant for variant in after.variants if variant.sku not in {one.sku for one in before.variants}]
    for place, variant in enumerate(before.variants):
        now = latter.get(variant.sku)
        if now is None:
            # A variant under a new SKU stands where the old one stood.
            is_renamed = len(after.variants) == len(before.variants) and after.variants[place] in added
            if not is_renamed:
                reasons.append(f"variant {variant.sku} is taken out of the shop")
                continue
            now = after.variants[place]
        prices = {price.currency: price.amount for price in now.prices}
        for price in variant.prices:
            amount = prices.get(price.currency)
            if amount is None:
                reasons.append(f"{variant.sku} has no price in {price.currency} any more")
            elif _moves_far(price.amount, amount):
                old, new = written(price.amount, price.currency), written(amount, price.currency)
                reasons.append(
                    f"the price of {variant.sku} goes from {old} to {new}{_share(price.amount, amount)}"
                )
    return reasons


def _moves_far(former: int, latter: int) -> bool:
    return abs(latter - former) > MAX_PRICE_CHANGE * former


def _share(former: int, latter: int) -> str:
    return f" ({(latter - former) / former:+.1%})" if former else ""


def _reply(after: ProductMaster, changed: list[dict[str, Any]], locale: str, verb: str) -> Reply:
    shown = row(after, locale)
    lines = [f"{verb} {shown['title']} (version {after.version})" + (":" if changed else ".")]
    lines += [f"- {one['field']}: {_said(one, 'from')} → {_said(one, 'to')}" for one in changed]
    return Reply({"product": shown, "changed": changed}, "\n".join(lines))


def _said(change: Mapping[str, Any], side: str) -> str:
    value = change[side]
    if value is None:
        return "nothing"
    _, _, currency = str(change["field"]).rpartition(".price.")
    if currency and isinstance(value, int) and ".price." in change["field"]:
        return written(value, currency)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"
