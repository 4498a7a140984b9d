"""
Changes of the shopper's own basket after something was put in: another quantity, a line out, everything out.

The shop takes a change only for the version of the basket that it is made for. When the basket has changed
meanwhile it is read again and the change is tried once more; then the shopper gets the truth. The shop keeps
no idempotency key for these changes: when an answer is lost, the basket is looked at before anything is said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from mcps.kit.confirmation import ConfirmationRequired
from mcps.kit.context import Context
from mcps.kit.query.lexicon import lexicon_for
from mcps.kit.tool import Reply
from mcps.museo.errors import ApiError, ApiRejected, ApiUnavailable
from mcps.museo.models import Basket, BasketLine
from mcps.storefront import cards
from mcps.storefront.lines import meant
from mcps.storefront.messages import message
from mcps.storefront.refusals import Refusal, explained, refusal
from mcps.storefront.shop import Shop
from museod.errors import InvalidArguments

Change = Callable[[Basket], Awaitable[Basket]]
Holds = Callable[[Basket], bool]


class UpdateArguments(Struct, rename="camel"):
    """What update_basket_item takes."""

    line: str
    quantity: int
    expected_version: int | UnsetType = UNSET


class RemoveArguments(Struct):
    """What remove_from_basket takes."""

    line: str = ""
    all: bool = False


async def update(shop: Shop, arguments: UpdateArguments, context: Context) -> Reply:
    """
    Set how many of a line the shopper wants; 0 takes it out.

    Raises:
        Unauthenticated: there is no basket of an anonymous caller.
        Refusal: there is no such line, or the shop will not; the text says what would do.
    """
    user, locale = context.caller.require_user("basket"), context.locale()
    basket = await shop.basket(user, locale=locale)
    found = _one_of(basket, arguments.line, locale)
    if isinstance(found, Reply):
        return found
    line, wanted = found, arguments.quantity
    expected = arguments.expected_version

    async def change(current: Basket) -> Basket:
        version = current.version
        if current is basket and not isinstance(expected, UnsetType):
            version = expected  # the basket that the caller has seen
        return await shop.update_item(user, line.id, wanted, version=version, locale=locale)

    def holds(current: Basket) -> bool:
        held = next((one.quantity for one in current.lines if one.id == line.id), 0)
        return held == wanted

    try:
        changed, is_second = await _changed(shop, user, basket, change, holds, locale)
    except ApiRejected as error:
        raise _worded(error, line) from None
    text = f"{cards.named(line)} is out of your basket." if not wanted else ""
    text = text or f"{cards.named(line)}: now {wanted} instead of {line.quantity}."
    structured: dict[str, Any] = {"basket": cards.basket(changed)}
    if is_second:
        note = "The basket had changed in the meantime; this is how it stands now."
        structured["messages"] = [message("basket_changed", note)]
        text = f"{text} {note}"
    return Reply(structured, f"{text}\n{cards.basket_text(changed)}")


async def remove(shop: Shop, arguments: RemoveArguments, context: Context) -> Reply:
    """
    Take one line out of the basket, or everything once the shopper has said yes to that.

    Raises:
        InvalidArguments: neither a line nor everything is named, or both.
        ConfirmationRequired: everything, without a yes.
        Refusal: there is no such line.
    """
    user, locale = context.caller.require_user("basket"), context.locale()
    if bool(arguments.line.strip()) == arguments.all:
        raise InvalidArguments(
            "line: name the line that should go (its lineId, SKU or title), or give all: true and no line "
            "to empty the basket.",
            data={"faults": ["line: either it or all is needed"]},
        )
    basket = await shop.basket(user, locale=locale)
    if arguments.all:
        return await _emptied(shop, user, basket, context, locale)
    found = _one_of(basket, arguments.line, locale)
    if isinstance(found, Reply):
        return found
    line = found

    async def change(current: Basket) -> Basket:
        return await shop.remove_item(user, line.id, version=current.version, locale=locale)

    def holds(current: Basket) -> bool:
        return all(one.id != line.id for one in current.lines)

    try:
        changed, _ = await _changed(shop, user, basket, change, holds, locale)
    except ApiRejected as error:
        raise _worded(error, line) from None
    text = f"{cards.named(line)} is out of your basket.\n{cards.basket_text(changed)}"
    return Reply({"basket": cards.basket(changed), "removed": [cards.basket_line(line)]}, text)


async def _emptied(shop: Shop, user: str, basket: Basket, context: Context, locale: str) -> Reply:
    if not basket.lines:
        return Reply({"basket": cards.basket(basket), "removed": []}, "Your basket is empty already.")
    if not context.is_confirmed:
        held = f"{cards.counted(basket.item_count)}, {cards.plain(basket.totals.total)}"
        raise ConfirmationRequired(
            f"Empty the whole basket ({held})?",
            tool="remove_from_basket",
            arguments={"all": True},
            preview={"basket": cards.basket(basket), "removed": []},
        )

    last = basket

    async def change(current: Basket) -> Basket:
        nonlocal last
        last = current
        return await shop.clear_basket(user, version=current.version, locale=locale)

    try:
        changed, _ = await _changed(shop, user, basket, change, lambda current: not current.lines, locale)
    except ApiRejected as error:
        raise _worded(error, None) from None
    removed = [cards.basket_line(line) for line in last.lines]
    return Reply({"basket": cards.basket(changed), "removed": removed}, "Your basket is empty now.")


async def _changed(
    shop: Shop, user: str, basket: Basket, change: Change, holds: Holds, locale: str
) -> tuple[Basket, bool]:
    """
    The basket after `change`, and whether it took a second reading of the basket.

    Args:
        holds: whether a basket is as the change would leave it.
    """
    try:
        return await change(basket), False
    except ApiRejected as error:
        if error.code != "basket_version_conflict":
            raise
    except ApiUnavailable as lost:
        if not lost.maybe_done:
            raise
        try:
            current = await shop.basket(user, locale=locale)
        except ApiError:
            raise lost from None
        if not holds(current):
            raise lost from None
        return current, False
    current = await shop.basket(user, locale=locale)
    try:
        return await change(current), True
    except ApiRejected as error:
        if error.code != "basket_version_conflict":
            raise
        now = await shop.basket(user, locale=locale)
        text = (
            "Your basket is being changed from somewhere else at the same time, so this was not done. "
            f"This is how it stands now; say again what you want.\n{cards.basket_text(now)}"
        )
        raise refusal(text, error.code, 412, basket=cards.basket(now), currentVersion=now.version) from None


def _one_of(basket: Basket, said: str, locale: str) -> BasketLine | Reply:
    """
    The line that is meant, or the question which.

    Raises:
        Refusal: there is none.
    """
    lines = meant(basket, said, lexicon_for(locale))
    if not lines:
        raise _no_line(basket, said)
    if len(lines) == 1:
        return lines[0]
    return _which(basket, lines)


def _which(basket: Basket, lines: Sequence[BasketLine]) -> Reply:
    text = "\n".join(
        [
            "Which one do you mean?",
            *(f"{place}. {cards.named(line)}" for place, line in enumerate(lines, start=1)),
        ]
    )
    structured: dict[str, Any] = {
        "basket": cards.basket(basket),
        "candidates": [cards.basket_line(line) for line in lines],
        "needsChoice": {"axis": "line", "values": [cards.named(line) for line in lines]},
        "messages": [message("choice_needed", text)],
    }
    return Reply(structured, text)


def _no_line(basket: Basket, said: str) -> Refusal:
    held = ", ".join(cards.named(line) for line in basket.lines)
    text = f'"{said[:100]}" is not in your basket. ' + (
        f"In it: {held}." if held else "It is empty; shall I search for something?"
    )
    return refusal(text, "basket_line_not_found", 404, basket=cards.basket(basket))


def _worded(error: ApiRejected, line: BasketLine | None) -> Exception:
    """`error` about a line that is in the basket, as `explained` but for what is different there."""
    title = cards.named(line) if line else "the basket"
    if error.code == "basket_line_not_found":
        return refusal(f"{title} is not in your basket any more.", error.code, 404)
    if error.code == "insufficient_stock":
        left = error.problem.available or 0
        text = f"Only {left} of {title} available. Shall I set it to {left}?"
        if not left:
            text = f"{title} is sold out. Shall I take it out of your basket?"
        return refusal(text, error.code, 409, available=left)
    if error.code == "quantity_limit" and error.problem.limit is not None:
        text = f"You can order at most {error.problem.limit} of {title}. Shall I set it to that?"
        return refusal(text, error.code, 422, limit=error.problem.limit)
    return explained(error, title)
