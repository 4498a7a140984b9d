"""Which product somebody means, by id, slug, SKU or title."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from mcps.kit.query.lexicon import lexicon_for
from mcps.kit.query.terms import flatten, read_terms
from mcps.kit.tool import Reply
from mcps.museo.errors import ApiRejected
from mcps.museo.models import Product
from mcps.storefront import cards
from mcps.storefront.refusals import explained, not_found
from mcps.storefront.shop import Shop

# Ids, slugs and SKUs; whatever else is said is a title. None of them can leave its place in a path.
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,99}(?:\.[A-Za-z0-9_-]{1,63}){0,3}")
CANDIDATES = 5  # as many as one reply shows


class InfoArguments(Struct):
    """What get_product_info takes."""

    product: str
    locale: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The one product that is meant; `attributes` is what was said of its kind besides."""

    product: Product
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Several:
    """Products that may be meant."""

    products: Sequence[Product]


async def info(shop: Shop, arguments: InfoArguments, locale: str) -> Reply:
    """All about one product, or the candidates when a title fits several."""
    found = await resolve(shop, arguments.product, locale=locale, currency=arguments.currency)
    if isinstance(found, Several):
        return Reply({"candidates": [cards.card(product) for product in found.products]}, which(found))
    return Reply({"product": cards.sheet(found.product)}, cards.sheet_text(found.product))


def which(several: Several) -> str:
    """The question back."""
    lines = [
        f"{place}. {cards.line_text(product)}" for place, product in enumerate(several.products, start=1)
    ]
    return "\n".join(["Which one do you mean?", *lines])


async def resolve(shop: Shop, said: str, *, locale: str, currency: str = "") -> Found | Several:
    """
    The product that `said` means.

    Raises:
        Refusal: there is none, or it is no longer sold.
        ApiError: the shop does not answer.
    """
    said = said.strip()
    more: dict[str, Any] = {"locale": locale, "currency": currency or None}
    if _KEY.fullmatch(said):
        try:
            return Found(await shop.product(said, **more), {})
        except ApiRejected as error:
            if error.code != "product_not_found":
                raise explained(error, said) from None
    lexicon = lexicon_for(locale)
    terms = read_terms(said, lexicon)
    query = terms.names or said
    hits = (await shop.search(query[:200], limit=CANDIDATES, **more)).items
    if not hits and terms.words and terms.words != query:
        hits = (await shop.search(terms.words[:200], limit=CANDIDATES, **more)).items
    if not hits:
        raise not_found(said)
    called = [flatten(said, lexicon), query, terms.words]
    for name in called:
        exact = [product for product in hits if flatten(product.title, lexicon) == name]
        if len(exact) == 1:
            return Found(exact[0], terms.attributes)
    if len(hits) == 1:
        return Found(hits[0], terms.attributes)
    return Several(hits)
