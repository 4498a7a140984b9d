"""Products side by side, and products that go with one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import trio
from msgspec import Struct, field

from mcps.kit.query.lexicon import lexicon_for
from mcps.kit.query.terms import flatten
from mcps.kit.tool import Reply
from mcps.museo.client import ProductFilters
from mcps.museo.errors import ApiRejected
from mcps.museo.models import Attribute, Product, Recommended
from mcps.storefront import cards
from mcps.storefront.messages import message
from mcps.storefront.products import Several, resolve, which
from mcps.storefront.refusals import Refusal, explained, not_found
from mcps.storefront.shop import Shop
from museod.errors import CallError

Value = str | float | bool | None


class CompareArguments(Struct):
    """What compare_products takes."""

    products: list[str]
    attributes: list[str] = field(default_factory=list)
    locale: str = ""


class RecommendArguments(Struct):
    """What recommend_products takes."""

    product: str = ""
    kind: Recommended = "similar"
    limit: int = 5
    locale: str = ""


async def compare(shop: Shop, arguments: CompareArguments, locale: str) -> Reply:
    """
    Two to four products attribute by attribute; what is not known or not clear is named, the rest compared.

    Raises:
        Refusal: none of them is known.
        ApiError: the shop does not answer.
    """
    answers: list[Product | Several | Refusal | None] = [None] * len(arguments.products)
    failure: CallError | None = None

    async def look_up(place: int, said: str) -> None:
        nonlocal failure
        try:
            found = await resolve(shop, said, locale=locale)
        except Refusal as error:
            answers[place] = error
        except CallError as error:  # raised below as itself, not in the nursery's group
            failure = error
        else:
            answers[place] = found if isinstance(found, Several) else found.product

    async with trio.open_nursery() as nursery:
        for place, said in enumerate(arguments.products):
            nursery.start_soon(look_up, place, said)
    if failure is not None:
        raise failure
    found = list({answer.id: answer for answer in answers if isinstance(answer, Product)}.values())
    unresolved = [
        (said, answer)
        for said, answer in zip(arguments.products, answers, strict=True)
        if isinstance(answer, Several | Refusal)
    ]
    if not found and all(isinstance(answer, Refusal) for _, answer in unresolved):
        raise not_found(" / ".join(said for said, _ in unresolved))
    rows = _rows(found, arguments.attributes, locale)
    structured: dict[str, Any] = {
        "products": [cards.card(product) for product in found],
        "rows": [{"attribute": label, "values": values} for _, label, values in rows],
        "attributeKeys": [key for key, _, _ in rows],
    }
    notes = _notes(unresolved, len(found))
    if notes:
        structured["messages"] = [message(code, text, type="warning") for code, text in notes]
        structured["unresolved"] = [
            {"said": said}
            | (
                {"candidates": [cards.card(product) for product in answer.products]}
                if isinstance(answer, Several)
                else {}
            )
            for said, answer in unresolved
        ]
    return Reply(structured, "\n".join([*(text for _, text in notes), *_table(found, rows)]))


def _notes(unresolved: Sequence[tuple[str, Several | Refusal]], found: int) -> list[tuple[str, str]]:
    notes = []
    for said, answer in unresolved:
        if isinstance(answer, Several):
            notes.append(("choice_needed", f'Which "{said[:100]}"? {which(answer)}'))
            continue
        rest = "; comparing the others" if found > 1 else ""
        code = str(answer.data.get("apiCode", "product_not_found"))
        text = f'I could not find "{said[:100]}"{rest}.'
        notes.append((code, answer.message if code == "product_gone" else text))
    return notes


def _rows(
    products: Sequence[Product], asked: Sequence[str], locale: str
) -> list[tuple[str, str, list[Value]]]:
    """Key, label and the products' values; a value that the data does not hold is null."""
    facts: dict[str, dict[int, Value]] = {}
    labels: dict[str, str] = {}
    for place, product in enumerate(products):
        if product.brand:
            facts.setdefault("brand", {})[place] = product.brand
        for axis in product.option_axes:
            values = dict.fromkeys(v.options[axis] for v in product.variants if axis in v.options)
            facts.setdefault(axis, {})[place] = ", ".join(values) or None
        for fact in product.attributes:
            facts.setdefault(fact.key, {})[place] = _value(fact)
            labels.setdefault(fact.key, label(fact, locale))
        if product.rating:
            facts.setdefault("rating", {})[place] = product.rating.average
    keys = list(facts)
    if asked:
        lexicon = lexicon_for(locale)
        names = {flatten(name, lexicon): key for key in keys for name in (key, labels.get(key, key))}
        keys = list(dict.fromkeys(names.get(flatten(name, lexicon), name) for name in asked))
    places = range(len(products))
    return [(key, labels.get(key, key), [facts.get(key, {}).get(place) for place in places]) for key in keys]


def label(fact: Attribute, locale: str) -> str:
    """What the attribute is called in a locale, else in English, else its key."""
    return fact.label.get(locale) or fact.label.get(locale.split("-")[0]) or fact.label.get("en") or fact.key


def _value(fact: Attribute) -> Value:
    return f"{fact.value} {fact.unit}" if fact.unit else fact.value


def _table(products: Sequence[Product], rows: Sequence[tuple[str, str, list[Value]]]) -> list[str]:
    lines = []
    for place, product in enumerate(products):
        lines.append(f"{place + 1}. {cards.line_text(product)}")
        for _, name, values in rows:
            value = values[place]
            said = "not known" if value is None else value
            lines.append(f"   {name}: {('yes' if said else 'no') if isinstance(said, bool) else said}")
    return lines


_LEADS = {
    "similar": "Similar to {title}:",
    "accessories": "What goes with {title}:",
    "bought_together": "Often bought together with {title}:",
}
_NONE = {
    "similar": "I know nothing similar to {title}.",
    "accessories": "I know no accessories for {title}.",
    "bought_together": "I do not know what is bought together with {title}.",
}


async def recommend(shop: Shop, arguments: RecommendArguments, locale: str) -> Reply:
    """
    What is similar to a product, goes with it or is bought with it; without one, what is popular.

    A product that is no longer sold is answered with what is popular too, and said to be gone.

    Raises:
        Refusal: there is no such product.
        ApiError: the shop does not answer.
    """
    if not arguments.product.strip():
        return await _popular(shop, arguments.limit, locale)
    try:
        found = await resolve(shop, arguments.product, locale=locale)
    except Refusal as error:
        if error.data.get("apiCode") != "product_gone":
            raise
        return await _popular(shop, arguments.limit, locale, error.message, "product_gone")
    if isinstance(found, Several):
        candidates = [cards.card(product) for product in found.products]
        text = which(found)
        return Reply(
            {"items": [], "candidates": candidates, "messages": [message("choice_needed", text)]}, text
        )
    title = found.product.title
    try:
        page = await shop.recommendations(
            found.product.id, arguments.kind, limit=arguments.limit, locale=locale
        )
    except ApiRejected as error:
        raise explained(error, title) from None
    if not page.items:
        return await _popular(
            shop, arguments.limit, locale, _NONE[arguments.kind].format(title=title), "not_in_data"
        )
    return _listed(page.items, _LEADS[arguments.kind].format(title=title), {"basis": arguments.kind})


async def _popular(shop: Shop, limit: int, locale: str, note: str = "", code: str = "") -> Reply:
    page = await shop.products(
        locale=locale, filters=ProductFilters(in_stock=True), sort="popularity", limit=limit
    )
    more: dict[str, Any] = {"basis": "popularity"}
    if note:
        more["messages"] = [message(code, note)]
    lead = "Popular right now:" if page.items else "There is nothing to recommend right now."
    return _listed(page.items, f"{note} {lead}".strip(), more)


def _listed(products: Sequence[Product], lead: str, more: dict[str, Any]) -> Reply:
    lines = [f"{place}. {cards.line_text(product)}" for place, product in enumerate(products, start=1)]
    return Reply({"items": [cards.card(product) for product in products], **more}, "\n".join([lead, *lines]))
