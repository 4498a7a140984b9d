"""
From the basket to a payment link.

Money is at stake, so nothing is ordered before a person has said yes to the total that was shown, and not
twice: the key of a checkout derives from the basket, its version and what is ordered, whichever turn or
connection it comes from. A checkout that is asked for again when the basket has become an order already (an
answer got lost) is answered with that order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from mcps.kit.confirmation import REASON, ConfirmationRequired
from mcps.kit.context import Context
from mcps.kit.tool import Reply
from mcps.museo.errors import ApiRejected
from mcps.museo.models import Basket, Money, PaymentLink, PaymentProvider
from mcps.storefront import cards
from mcps.storefront.messages import message
from mcps.storefront.orders import no_order
from mcps.storefront.refusals import Refusal, refusal
from mcps.storefront.shop import Shop

TOOL = "get_payment_link"


class PaymentArguments(Struct, rename="camel"):
    """What get_payment_link takes."""

    provider: str = ""
    email: str = ""
    order_number: str = ""
    expected_total: Money | UnsetType = UNSET
    locale: str = ""
    idempotency_key: str = ""


async def pay(shop: Shop, arguments: PaymentArguments, context: Context) -> Reply:
    """
    The link to pay the basket, or an order that waits for its payment.

    Raises:
        Unauthenticated: nobody's basket can be paid.
        ConfirmationRequired: the basket would become an order, and nobody has said yes.
        Refusal: it cannot be paid; the text says what has changed or what would do.
    """
    user = context.caller.require_user("basket")
    if number := arguments.order_number.strip().lstrip("#").strip():
        return await _renewed(shop, user, number, arguments, context)
    locale = context.locale(arguments.locale)
    basket = await shop.basket(user, locale=locale)
    if not basket.lines:
        return await _already_ordered(shop, user, arguments, context)
    providers = await shop.payment_providers(basket.currency)
    if arguments.provider and arguments.provider not in {provider.id for provider in providers}:
        return _choose_provider(arguments.provider, providers)
    total = basket.totals.total
    expected = arguments.expected_total
    if not isinstance(expected, UnsetType) and expected != total:
        raise _changed(
            f"The total is {cards.plain(total)} now, not {cards.plain(expected)}.", basket, arguments
        )
    if not context.is_confirmed:
        raise ConfirmationRequired(
            " ".join(
                [
                    *cards.notice_texts(basket),
                    f"Your total is {cards.plain(total)} for {cards.counted(basket.item_count)}.",
                    "Order it and create the payment link?",
                ]
            ),
            tool=TOOL,
            arguments=_exact(arguments, total),
            preview={
                "amount": cards.money(total),
                "itemCount": basket.item_count,
                "basket": cards.basket(basket),
                "providers": _shown(providers),
            },
        )
    return await _checked_out(shop, user, basket, providers, arguments, context)


async def _checked_out(
    shop: Shop,
    user: str,
    basket: Basket,
    providers: Sequence[PaymentProvider],
    arguments: PaymentArguments,
    context: Context,
) -> Reply:
    locale = context.locale(arguments.locale)
    for attempt in (1, 2):
        try:
            made = await shop.checkout(
                user,
                basket.id,
                basket.version,
                idempotency_key=_key(basket, arguments, context),
                provider=arguments.provider or None,
                email=arguments.email or None,
                expected_total=basket.totals.total,
                locale=locale,
            )
        except ApiRejected as error:
            if error.code == "provider_unavailable":
                raise _provider_down(arguments.provider, providers) from None
            if any(field.pointer == "/provider" for field in error.problem.errors):
                return _choose_provider(
                    arguments.provider, [one for one in providers if one.id != arguments.provider]
                )
            if error.code == "basket_empty":
                return await _already_ordered(shop, user, arguments, context)
            if error.code not in ("basket_version_conflict", "price_changed", "insufficient_stock"):
                raise
            now = await shop.basket(user, locale=locale)
            if not now.lines:
                return await _already_ordered(shop, user, arguments, context)
            # The yes was for these things at this price: only if both still hold it counts for a second try.
            if attempt == 1 and error.code == "basket_version_conflict" and _is_same(basket, now):
                basket = now
                continue
            raise _changed(_difference(error, basket, now), now, arguments, error) from None
        return _linked(made.order.number, made.payment_link, f"Order {made.order.number} is made.")
    raise AssertionError("the second attempt returns or raises")


async def _renewed(
    shop: Shop, user: str, number: str, arguments: PaymentArguments, context: Context
) -> Reply:
    """A new link for an order that is not paid yet; nothing is ordered, so no yes is needed."""
    key = context.idempotency_key(f"{TOOL}:{number}", arguments.idempotency_key)
    try:
        link = await shop.renew_payment_link(user, number, idempotency_key=key)
    except ApiRejected as error:
        if error.code == "order_not_found":
            raise no_order(number) from None
        if error.code == "order_not_payable":
            raise await _not_payable(shop, user, number, context.locale(arguments.locale)) from None
        if error.code == "provider_unavailable":
            raise _provider_down(arguments.provider, []) from None
        raise
    return _linked(number, link, f"Here is a new link for order {number}; the former one no longer works.")


async def _not_payable(shop: Shop, user: str, number: str, locale: str) -> Refusal:
    status = (await shop.order(user, number, locale=locale)).status
    if status == "expired":
        text = (
            f"Order {number} has expired, since it was not paid in time; what was in it is back in your "
            "basket. Shall I order it again?"
        )
    else:
        text = f"Order {number} can't be paid: it is {status.replace('_', ' ')}."
    return refusal(text, "order_not_payable", 409, orderNumber=number, orderStatus=status)


async def _already_ordered(shop: Shop, user: str, arguments: PaymentArguments, context: Context) -> Reply:
    """
    What an empty basket means: the order it has become, when that still waits for its payment.

    Raises:
        Refusal: there is nothing to pay.
    """
    waiting = (await shop.orders(user, status="pending_payment", limit=1)).items
    if not waiting:
        text = "Your basket is empty. Put something in first; shall I search for something?"
        raise refusal(text, "basket_empty", 409)
    number = waiting[0].number
    key = context.idempotency_key(f"{TOOL}:{number}", arguments.idempotency_key)
    link = await shop.renew_payment_link(user, number, idempotency_key=key)
    lead = f"Your basket is empty; order {number} was made from it and still waits for its payment."
    return _linked(number, link, lead)


def _linked(number: str, link: PaymentLink, lead: str) -> Reply:
    text = (
        f"{lead} Pay {cards.plain(link.amount)} here until {link.expires_at[:16].replace('T', ' ')} UTC: "
        f"{link.url}"
    )
    structured: dict[str, Any] = {
        "orderNumber": number,
        "url": link.url,
        "continue_url": link.url,
        "expiresAt": link.expires_at,
        "amount": cards.money(link.amount),
        "provider": link.provider,
        "messages": [message("payment_pending", f"Order {number} waits for its payment.", path="$.url")],
    }
    return Reply(structured, text)


def _key(basket: Basket, arguments: PaymentArguments, context: Context) -> str:
    """One key for one basket as it is; a key goes with one body, so it holds all that the body does."""
    total = basket.totals.total
    parts = (basket.id, basket.version, arguments.provider, arguments.email, total.amount, total.currency)
    own = f"checkout:{':'.join(map(str, parts))}"
    return context.idempotency_key("", f"{own}:{arguments.idempotency_key}")


def _is_same(before: Basket, now: Basket) -> bool:
    held = [(line.sku, line.quantity) for line in before.lines]
    return before.totals == now.totals and held == [(line.sku, line.quantity) for line in now.lines]


def _difference(error: ApiRejected, before: Basket, now: Basket) -> str:
    """What is not as it was shown, in words."""
    said = cards.notice_texts(now)
    if before.totals.total != now.totals.total:
        said.append(
            f"The total went from {cards.plain(before.totals.total)} to {cards.plain(now.totals.total)}."
        )
    if not said and error.code == "insufficient_stock":
        left = error.problem.available or 0
        said.append(f"Not everything is in stock any more: only {left} left of one thing.")
    return " ".join(said) or "Your basket has changed in the meantime."


def _changed(
    text: str, basket: Basket, arguments: PaymentArguments, error: ApiRejected | None = None
) -> Refusal:
    """Nothing was ordered since something differs from what was shown; shows it and asks again."""
    total = basket.totals.total
    code, status = (error.code, error.status) if error else ("price_changed", 409)
    left = error.problem.available if error else None
    ask = f"Order {cards.counted(basket.item_count)} for {cards.plain(total)}?"
    return refusal(
        f"{text} Nothing was ordered. {ask}",
        code,
        status,
        reason=REASON,
        needsConfirmation=True,
        summary=f"{text} {ask}",
        tool=TOOL,
        arguments=_exact(arguments, total),
        amount=cards.money(total),
        basket=cards.basket(basket),
        **({} if left is None else {"available": left}),
    )


def _exact(arguments: PaymentArguments, total: Money) -> dict[str, Any]:
    """The arguments with the total that is shown, so that a yes is a yes to that total."""
    given = {
        name: value
        for name, value in msgspec.to_builtins(arguments).items()
        if value != "" and name != "expectedTotal"
    }
    return given | {"expectedTotal": cards.money(total)}


def _choose_provider(asked: str, providers: Sequence[PaymentProvider]) -> Reply:
    text = f'"{asked[:60]}" is no way to pay here. You can pay by {_names(providers)}. Which one do you want?'
    structured = {
        "providers": _shown(providers),
        "needsChoice": {"axis": "provider", "values": [provider.id for provider in providers]},
        "messages": [message("choice_needed", text)],
    }
    return Reply(structured, text)


def _provider_down(asked: str, providers: Sequence[PaymentProvider]) -> Refusal:
    others = [provider for provider in providers if provider.id != asked]
    name = next((provider.name for provider in providers if provider.id == asked), "The payment provider")
    text = f"{name} does not answer right now, and nothing was ordered. "
    text += f"Other ways to pay: {_names(others)}." if others else "Please try again in a minute."
    return refusal(text, "provider_unavailable", 503, providers=_shown(others))


def _names(providers: Sequence[PaymentProvider]) -> str:
    return ", ".join(f"{provider.name} ({provider.id})" for provider in providers) or "nothing at the moment"


def _shown(providers: Sequence[PaymentProvider]) -> list[dict[str, Any]]:
    return [{"id": one.id, "name": one.name, "kind": one.kind} for one in providers]
