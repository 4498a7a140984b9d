"""
Answers to questions about a product, of nothing but what the catalogue says about it.

No model is asked: a question is matched with the facts that there are (attributes, options, price, stock,
brand, rating, and last a sentence of the description), and the fact itself is the answer. So nothing can be
answered that is not in the data, and what is not is said to be unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from msgspec import Struct

from mcps.kit.query.lexicon import Lexicon, lexicon_for, plain
from mcps.kit.query.terms import flatten, read_terms
from mcps.kit.tool import Reply
from mcps.museo.models import Product
from mcps.storefront import cards
from mcps.storefront.comparison import label
from mcps.storefront.messages import message
from mcps.storefront.phrases import ANSWERS, TOPICS
from mcps.storefront.products import Several, resolve, which
from mcps.storefront.shop import Shop

MAX_SEARCHED_CHARS = 200  # what the search takes
MAX_ANSWERS = 3  # a question about more things than these is a conversation
CERTAIN, LIKELY, NONE = 0.95, 0.6, 0.0  # a fact of the asked kind; a sentence that shares words; nothing
_MIN_WORD = 4  # shorter words are shared by sentences that have nothing to do with each other


class QuestionArguments(Struct):
    """What answer_question takes."""

    question: str
    product: str = ""
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the data says, and where it stands there."""

    text: str
    field: str
    confidence: float = CERTAIN


async def answer(shop: Shop, arguments: QuestionArguments, locale: str) -> Reply:
    """
    What the data says to a question, or that it says nothing, or the question which product is meant.

    Raises:
        Refusal: the product is not known, or no longer sold.
        ApiError: the shop does not answer.
    """
    phrases, lexicon = _phrases(locale), lexicon_for(locale)
    asked = topics(arguments.question, locale)
    if "payment" in asked:
        names = ", ".join(provider.name for provider in await shop.payment_providers())
        if names:
            text = phrases["payment"].format(names=names)
            source = {"kind": "policy", "id": "payment-providers"}
            return _reply(text, [source], CERTAIN)
    product = await _product(shop, arguments, locale, lexicon)
    if product is None:
        return _reply(phrases["which"], [], NONE, code="choice_needed")
    if isinstance(product, Several):
        candidates = [cards.card(one) for one in product.products]
        return _reply(which(product), [], NONE, code="choice_needed", candidates=candidates)
    facts = find_facts(product, arguments.question, locale)
    if not facts:
        return _reply(phrases["unknown"], [], NONE, code="not_in_data", productId=product.id)
    sources = [{"kind": "product", "id": product.id, "field": fact.field} for fact in facts]
    confidence = min(fact.confidence for fact in facts)
    return _reply(" ".join(fact.text for fact in facts), sources, confidence, productId=product.id)


def topics(question: str, locale: str) -> list[str]:
    """What a question is about, as far as it can be told from its words."""
    bare = plain(flatten(question, lexicon_for(locale)))
    return [topic for topic, pattern in _patterns(_language(locale)) if pattern.search(bare)]


def find_facts(product: Product, question: str, locale: str) -> list[Fact]:
    """What the data of `product` says to `question`, the most certain first."""
    phrases, lexicon = _phrases(locale), lexicon_for(locale)
    asked = topics(question, locale)
    rest = flatten(question, lexicon).replace(flatten(product.title, lexicon), " ")
    bare = plain(rest)
    found: list[Fact] = []
    named = read_terms(rest, lexicon).attributes
    for axis in product.option_axes:
        if axis in named:
            found.append(_option(product, axis, named[axis], phrases))
        elif axis in asked:
            values = ", ".join(_values(product, axis))
            text = phrases["choice"].format(title=product.title, values=values)
            found.append(Fact(text, f"variants.options.{axis}"))
    for fact in product.attributes:
        names = {fact.key.replace("_", " "), label(fact, locale), label(fact, "en")}
        if fact.key in asked or any(_says(bare, plain(name.lower())) for name in names):
            value = f"{fact.value} {fact.unit}" if fact.unit else str(fact.value)
            text = f"{product.title} – {label(fact, locale)}: {value}."
            found.append(Fact(text, f"attributes.{fact.key}"))
    if "price" in asked:
        low, high = product.price.min, product.price.max
        values_of = {"title": product.title, "price": cards.plain(low), "low": cards.plain(low)}
        key = "prices" if high.amount > low.amount else "price"
        found.append(Fact(phrases[key].format(**values_of, high=cards.plain(high)), "price"))
    if "stock" in asked and not any(fact.field.startswith("variants.") for fact in found):
        count = sum(variant.available for variant in product.variants)
        key = "stock" if product.in_stock and count else "sold_out"
        if count or not product.in_stock:  # neither holds for what is made to order
            found.append(Fact(phrases[key].format(title=product.title, count=count), "variants.available"))
    if "brand" in asked and product.brand:
        found.append(Fact(phrases["brand"].format(title=product.title, brand=product.brand), "brand"))
    if "rating" in asked and product.rating:
        shown = {"average": product.rating.average, "count": product.rating.count}
        found.append(Fact(phrases["rating"].format(title=product.title, **shown), "rating"))
    if not found and not asked:
        found = _sentence(product, rest, lexicon)
    return found[:MAX_ANSWERS]


async def _product(
    shop: Shop, arguments: QuestionArguments, locale: str, lexicon: Lexicon
) -> Product | Several | None:
    """The product that is named, or the one whose whole title stands in the question."""
    if arguments.product.strip():
        found = await resolve(shop, arguments.product, locale=locale)
        return found if isinstance(found, Several) else found.product
    text = flatten(arguments.question, lexicon)
    query = read_terms(arguments.question, lexicon).names[:MAX_SEARCHED_CHARS]
    if not query:
        return None
    hits = (await shop.search(query, locale=locale, limit=5)).items
    titled = [product for product in hits if _says(text, flatten(product.title, lexicon))]
    longest = max(titled, key=lambda product: len(product.title), default=None)
    return longest


def _option(product: Product, axis: str, wanted: str, phrases: dict[str, str]) -> Fact:
    values = _values(product, axis)
    key = _canonical(wanted)
    meant = [value for value in values if key == _canonical(value)]
    meant = meant or [value for value in values if _canonical(value).startswith(key) and axis == "color"]
    field = f"variants.options.{axis}"
    if not meant:
        text = phrases["no"].format(title=product.title, value=wanted, values=", ".join(values))
        return Fact(text, field)
    is_left = any(
        variant.available > 0 or variant.backorderable
        for variant in product.variants
        if variant.options.get(axis) in meant
    )
    text = phrases["yes" if is_left else "yes_sold_out"].format(title=product.title, value=", ".join(meant))
    return Fact(text, field)


def _canonical(value: str) -> str:
    bare = value.casefold().replace(" ", "").replace("grey", "gray")
    return re.sub(r"^(\d+)tb$", lambda match: f"{int(match[1]) * 1024}gb", bare)


def _values(product: Product, axis: str) -> Sequence[str]:
    return list(
        dict.fromkeys(variant.options[axis] for variant in product.variants if axis in variant.options)
    )


def _sentence(product: Product, question: str, lexicon: Lexicon) -> list[Fact]:
    """The sentence of the description that shares most words with the question."""
    title = _content(product.title, lexicon)
    wanted = _content(question, lexicon) - title
    best: tuple[int, str] = (0, "")
    for sentence in re.split(r"(?<=[.!?])\s+", product.description):
        shared = len(wanted & (_content(sentence, lexicon) - title))
        if shared > best[0]:
            best = (shared, sentence)
    return [Fact(best[1], "description", LIKELY)] if best[0] else []


def _content(text: str, lexicon: Lexicon) -> set[str]:
    words = {plain(word) for word in re.findall(r"\w+", flatten(text, lexicon)) if len(word) >= _MIN_WORD}
    return words - lexicon.fillers - lexicon.generic


def _says(text: str, words: str) -> bool:
    return bool(words) and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def _reply(
    text: str, sources: list[dict[str, str]], confidence: float, *, code: str = "", **more: Any
) -> Reply:
    structured: dict[str, Any] = {
        "answer": text,
        "grounded": bool(sources),
        "sources": sources,
        "confidence": confidence,
        **more,
    }
    if code:
        structured["messages"] = [message(code, text)]
    return Reply(structured, text)


def _language(locale: str) -> str:
    language = locale.split("-")[0].lower()
    return language if language in ANSWERS else "en"


def _phrases(locale: str) -> dict[str, str]:
    return dict(ANSWERS[_language(locale)])


@cache
def _patterns(language: str) -> list[tuple[str, re.Pattern[str]]]:
    """The topics of a language, and English ones with them: shop words are often said in English."""
    return [
        (topic, re.compile(rf"\b(?:{'|'.join(dict.fromkeys((said[language], said['en'])))})"))
        for topic, said in TOPICS.items()
    ]
