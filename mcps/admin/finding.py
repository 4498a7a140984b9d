"""Which product somebody means: by id, by SKU, or by a title that only one has. Never all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mcps.admin.listing import title
from mcps.admin.refusals import refusal
from mcps.admin.shop import Shop
from mcps.museo.errors import ApiRejected
from mcps.museo.models import ProductMaster
from museod.errors import InvalidArguments

MAX_CHOICES = 5  # more than a person reads
_LIMIT = 100  # one page; whoever means a product by words that more have must say more
_STATUSES = ("draft", "active", "archived")
_ID = re.compile(r"pm_[A-Za-z0-9_-]{1,120}")
# What says "all of them" in eight languages. Exact, so that a product called Everything Bagel can be meant.
_EVERYTHING = frozenset(
    (
        *("*", "**", "%", ".*", "all", "everything", "all products", "all of them", "every product"),
        *("the whole catalogue", "the whole catalog", "alles", "alle", "alle produkte", "alle artikel"),
        *("todo", "todos", "todas", "todos los productos", "tudo", "todos os produtos", "tout", "tous"),
        *("toutes", "tous les produits", "tutto", "tutti", "tutti i prodotti", "hepsi", "her şey"),
        *("tüm ürünler", "bütün ürünler", "tất cả", "tất cả sản phẩm", "mọi sản phẩm"),
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """The product that is meant; `sku` where it was named by the SKU of one of its variants."""

    master: ProductMaster
    sku: str | None = None


async def find(shop: Shop, named: str, locale: str) -> Found:
    """
    The one product that `named` means.

    Raises:
        InvalidArguments: it means all of them, or several: then they are told.
        Refusal: there is none.
    """
    asked = " ".join(named.split())
    if asked.casefold() in _EVERYTHING:
        raise InvalidArguments(
            "I change and archive products one by one only. Name one by its id, SKU or title.",
            data={"reason": "one_at_a_time"},
        )
    if _ID.fullmatch(asked):
        try:
            return Found(await shop.admin_get(asked))
        except ApiRejected as error:
            if error.code != "product_not_found":
                raise
            raise _unknown(asked) from None
    page = await shop.admin_list(query=asked[:200], statuses=_STATUSES, limit=_LIMIT)
    wanted = asked.casefold()
    for master in page.items:
        for variant in master.variants:
            if variant.sku.casefold() == wanted:
                return Found(master, variant.sku)
    # What is still sold comes before what was archived under the same name.
    living = [master for master in page.items if master.status != "archived"] or page.items
    exact = [master for master in living if wanted in {text.casefold() for text in master.title.values()}]
    several = exact or living
    if not several:
        raise _unknown(asked)
    if len(several) == 1 and not (page.page.next and not exact):
        return Found(several[0])
    raise _ambiguous(several, locale)


def _unknown(asked: str) -> Exception:
    return refusal(
        f'I found no product called "{asked[:100]}". List the products to find it.', "product_not_found", 404
    )


def _ambiguous(masters: list[ProductMaster], locale: str) -> InvalidArguments:
    choices = [
        {
            "id": master.id,
            "sku": master.variants[0].sku if master.variants else "",
            "title": title(master, locale),
            "status": master.status,
        }
        for master in masters[:MAX_CHOICES]
    ]
    lines = [f"{place}. {one['title']} ({one['sku']})" for place, one in enumerate(choices, start=1)]
    more = len(masters) - len(choices)
    lines += [f"and {more} more"] if more > 0 else []
    text = "Which one? Several products match; name one by its SKU or id:\n" + "\n".join(lines)
    return InvalidArguments(text, data={"reason": "ambiguous", "choices": choices})
