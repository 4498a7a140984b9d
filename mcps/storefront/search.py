"""Search in everyday words: price, brand and kind in the query become filters, the rest is full text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import Struct
from msgspec import field as struct_field

from mcps.kit.query.lexicon import lexicon_for
from mcps.kit.query.numbers import exponent, written
from mcps.kit.query.terms import Terms, read_terms
from mcps.kit.tool import Reply
from mcps.museo.client import ProductFilters
from mcps.museo.errors import ApiRejected
from mcps.museo.models import ProductPage, SearchPage
from mcps.storefront import cards
from mcps.storefront.messages import message
from mcps.storefront.shop import Shop
from museod.errors import InvalidArguments


class Filters(Struct, rename="camel", omit_defaults=True):
    """Filters that the caller states; they win over what the query says."""

    category: str = ""
    brand: list[str] = struct_field(default_factory=list)
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool | None = None
    attributes: dict[str, str] = struct_field(default_factory=dict)


class SearchArguments(Struct, rename="camel"):
    """What search_products takes."""

    query: str
    locale: str = ""
    currency: str = ""
    filters: Filters = struct_field(default_factory=Filters)
    sort: str = ""
    limit: int = 5
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to ask the shop; without `q` the catalogue is listed."""

    q: str
    filters: ProductFilters = field(default_factory=ProductFilters)
    sort: str = ""


# Our cursor is the shop's, led by the attempt that it belongs to.
_CURSOR_MARK = "."
MAX_QUERY_CHARS = 200  # what the API takes


async def find(shop: Shop, arguments: SearchArguments, locale: str) -> Reply:
    """
    The products that fit, a page at a time.

    What we only infer about brand, colour, size and storage is tried as a filter first; when nothing fits,
    the same words are searched as plain text, since "apple" is a fruit too. Price limits always hold.

    Raises:
        InvalidArguments: the cursor is not one of ours.
        ApiError: the shop does not answer, or refuses.
    """
    terms = read_terms(arguments.query, lexicon_for(locale))
    try:
        return await _found(shop, arguments, terms, locale)
    except ApiRejected as error:
        is_about_currency = any(field.pointer == "/currency" for field in error.problem.errors)
        if arguments.currency or not terms.currency or not is_about_currency:
            raise
    # We don't exchange money: a limit in a currency without prices can't be kept, only said to be left out.
    unlimited = replace(terms, currency="", price_min=None, price_max=None)
    found = await _found(shop, arguments, unlimited, locale)
    note = f"There are no prices in {terms.currency} here, so the price limit was left out."
    structured = found.structured | {"messages": [message("currency_not_sold", note, type="warning")]}
    return Reply(structured, f"{note}\n{found.text}")


async def _found(shop: Shop, arguments: SearchArguments, terms: Terms, locale: str) -> Reply:
    attempts = plan(arguments, terms, locale)
    first, cursor = _opened(arguments.cursor, len(attempts))
    currency = arguments.currency or terms.currency or "EUR"
    page: ProductPage | SearchPage | None = None
    for number, attempt in enumerate(attempts[first:], start=first):
        page = await _ask(shop, attempt, arguments, terms, locale, cursor)
        if page.items or cursor:
            return _reply(arguments, attempt, page, number, currency)
    assert page is not None  # noqa: S101 - there is at least one attempt
    return _reply(arguments, attempts[-1], page, len(attempts) - 1, currency)


def plan(arguments: SearchArguments, terms: Terms, locale: str) -> list[Attempt]:
    """The ways to ask, the most exact first."""
    stated = arguments.filters
    generic = lexicon_for(locale).generic
    hard = ProductFilters(
        category=stated.category or None,
        brands=tuple(stated.brand),
        in_stock=stated.in_stock if stated.in_stock is not None else (terms.in_stock or None),
        attributes=dict(stated.attributes),
        **_limits(arguments, terms),
    )
    sort = arguments.sort or terms.sort
    words = "" if set(terms.words.split()) <= generic else terms.words
    names = "" if set(terms.names.split()) <= generic else terms.names
    inferred = _inferred(stated, terms)
    understood = inferred or sort or hard != ProductFilters()
    exact = Attempt(words if understood else (words or arguments.query), replace(hard, **inferred), sort)
    if not inferred:
        return [exact]
    return [exact, Attempt(names or arguments.query, hard, sort)]


def _inferred(stated: Filters, terms: Terms) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if terms.brands and not stated.brand:
        found["brands"] = terms.brands
    attributes = {key: value for key, value in terms.attributes.items() if key not in stated.attributes}
    if attributes and not stated.attributes:
        found["attributes"] = attributes
    return found


def _limits(arguments: SearchArguments, terms: Terms) -> dict[str, Any]:
    """Price limits in minor units of the currency that is searched in."""
    stated = arguments.filters
    limits: dict[str, Any] = {}
    for name, given, said in (
        ("price_min", stated.price_min, terms.price_min),
        ("price_max", stated.price_max, terms.price_max),
    ):
        if given is not None:
            limits[name] = given
        elif said is not None:
            # Without a currency in the words the limit was read with two decimals.
            places = exponent(arguments.currency or "EUR") - 2 if not terms.currency else 0
            limits[name] = said * 10**places if places >= 0 else said // 10**-places
    return limits


async def _ask(
    shop: Shop, attempt: Attempt, arguments: SearchArguments, terms: Terms, locale: str, cursor: str
) -> ProductPage | SearchPage:
    currency = arguments.currency or terms.currency or None
    if attempt.q:
        return await shop.search(
            attempt.q[:MAX_QUERY_CHARS],
            locale=locale,
            currency=currency,
            filters=attempt.filters,
            sort=attempt.sort or None,
            limit=arguments.limit,
            cursor=cursor or None,
        )
    return await shop.products(
        locale=locale,
        currency=currency,
        filters=attempt.filters,
        sort=attempt.sort if attempt.sort not in ("", "relevance") else None,
        limit=arguments.limit,
        cursor=cursor or None,
    )


def _opened(cursor: str, attempts: int) -> tuple[int, str]:
    if not cursor:
        return 0, ""
    number, mark, rest = cursor.partition(_CURSOR_MARK)
    if not (mark and rest and number in ("0", "1") and int(number) < attempts):
        raise InvalidArguments(
            "cursor: this is not a cursor of this search. Pass `next` of the former page with the same "
            "query, or leave it out for the first page."
        )
    return int(number), rest


def _reply(
    arguments: SearchArguments, attempt: Attempt, page: ProductPage | SearchPage, number: int, currency: str
) -> Reply:
    corrected = page.corrected_query if isinstance(page, SearchPage) else None
    suggestions = list(page.suggestions) if isinstance(page, SearchPage) else []
    structured: dict[str, Any] = {
        "items": [cards.card(product) for product in page.items],
        "total": page.page.total,
        "next": f"{number}{_CURSOR_MARK}{page.page.next}" if page.page.next else None,
        "correctedQuery": corrected,
        "suggestions": suggestions,
    }
    limits = _limits_text(currency, attempt)
    return Reply(structured, _text(arguments, limits, page, corrected, suggestions))


def _text(
    arguments: SearchArguments,
    limits: str,
    page: ProductPage | SearchPage,
    corrected: str | None,
    suggestions: list[str],
) -> str:
    if not page.items:
        text = f'I found nothing for "{arguments.query}"{limits}.'
        return text + (
            f" Did you mean {' or '.join(suggestions[:3])}?" if suggestions else " Try other words."
        )
    total = page.page.total
    count = f"{len(page.items)} of {total}" if total and total > len(page.items) else f"{len(page.items)}"
    noun = "product" if count == "1" else "products"
    lines = [f'{count} {noun} for "{corrected or arguments.query}"{limits}:']
    lines += [f"{place}. {cards.line_text(product)}" for place, product in enumerate(page.items, start=1)]
    if page.page.next:
        lines.append("There are more: ask again with the cursor.")
    return "\n".join(lines)


def _limits_text(currency: str, attempt: Attempt) -> str:
    low, high = attempt.filters.price_min, attempt.filters.price_max
    said = [f"from {written(low, currency)}"] if low is not None else []
    said += [f"up to {written(high, currency)}"] if high is not None else []
    return f" ({' '.join(said)})" if said else ""
