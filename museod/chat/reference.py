"""
What people mean by "the second one", "it" or "the 128 GB black one", judged by what was shown.

Pure: words in, a product, a variant or nothing out. Whatever is not certain is left to a question.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from museod.chat.conversation import Choice, Memory, ShownProduct, ShownVariant
from museod.chat.words import (
    COLOURS,
    CORRECTIONS,
    FILLERS,
    FIRM_YES,
    LAST,
    MORE,
    NO,
    NUMBERS,
    ORDINALS,
    VIETNAMESE_ORDINALS,
    YES,
    YES_COMPANY,
)

_WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)?")
_POSITION = re.compile(
    r"(?:#|\b(?:no|nr|num|number|numero|nummer|so|numara|option|opcion|opcao)[ .:]{1,2})(\d{1,2})\b"
)
_VIETNAMESE = re.compile(r"\bthu (nhat|hai|ba|tu|nam|\d{1,2})\b")
_NUMERAL_POSITION = re.compile(r"\s*(\d{1,2})[.)]?\s*")
_ORDINAL_NUMERAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|er|e|o|a|º|ª|\.(?=\s))")
_CORRECTION = re.compile(r"\s*([^\W\d_]+(?: [^\W\d_]+)?)\s*[,;.:!–—-]+\s*(\S.*)", re.DOTALL)
MAX_ANSWER_WORDS = 8  # an answer to a question is short; a sentence may have changed the subject


def fold(text: str) -> str:
    """`text` for comparison: compatibility forms unified, lower case, no accents, đ as d, ı as i."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return bare.replace("đ", "d").replace("ı", "i").replace("ß", "ss")


def words(text: str) -> list[str]:
    """The words and numbers of `text`, folded; "128GB" is two, and colours are in English."""
    written = _WORD.findall(unicodedata.normalize("NFC", text.casefold()))
    return [COLOURS.get(word) or _folded_word(word) for word in written]


def _folded_word(word: str) -> str:
    folded = fold(word)
    return COLOURS.get(folded, folded)


def is_yes(text: str) -> bool:
    """Whether `text` is a bare yes."""
    said = _WORD.findall(fold(text))
    return 0 < len(said) <= 3 and ("_".join(said) in YES or said[0] in YES)


def is_firm_yes(text: str) -> bool:
    """Whether `text` is a yes and nothing else: the one that a destructive or costly step needs."""
    said = _WORD.findall(fold(text))
    if "?" in text:
        return False
    if "_".join(said) in FIRM_YES:
        return True
    return (
        0 < len(said) <= MAX_ANSWER_WORDS
        and any(word in FIRM_YES for word in said)
        and all(word in FIRM_YES or word in YES_COMPANY for word in said)
    )


def is_no(text: str) -> bool:
    """Whether `text` is a no, or the wish to leave it, and nothing else."""
    said = _WORD.findall(fold(text))
    if "_".join(said) in NO:
        return True
    return 0 < len(said) <= 3 and said[0] in NO and all(word in NO or word in YES_COMPANY for word in said)


def corrected(text: str) -> str:
    """What follows "no," or "actually," in a correction, or nothing: "no, the blue one" → "the blue one"."""
    match = _CORRECTION.match(text)
    if match is None:
        return ""
    first = "_".join(_WORD.findall(fold(match[1])))
    return match[2].strip() if first in CORRECTIONS else ""


def number(text: str) -> int | None:
    """The one whole number that `text` names, in digits or words, or None."""
    said = _WORD.findall(fold(text))
    digits = {int(word) for word in said if word.isdigit()}
    if digits:
        return digits.pop() if len(digits) == 1 else None
    found = {NUMBERS[word] for word in said if word in NUMBERS}
    return found.pop() if len(found) == 1 else None


def is_pointing(name: str) -> bool:
    """Whether `name` only points at something: "it", "the second one"."""
    return all(word in FILLERS or _is_place_word(word) for word in words(name))


def wants_more(text: str) -> bool:
    """Whether `text` asks for the next page and nothing else."""
    return "_".join(_WORD.findall(fold(text))) in MORE


def position(text: str) -> int | None:
    """The place in a list that `text` names, from 1; -1 for the last one."""
    folded = fold(text)
    if bare := _NUMERAL_POSITION.fullmatch(folded):
        return int(bare[1])
    if marked := _POSITION.search(folded) or _ORDINAL_NUMERAL.search(folded):
        return int(marked[1])
    if tieng := _VIETNAMESE.search(folded):
        return VIETNAMESE_ORDINALS.get(tieng[1]) or int(tieng[1])
    for word in _WORD.findall(folded):
        if word in ORDINALS:
            return ORDINALS[word]
        if word in LAST:
            return -1
    return None


def variants_meant(said: Sequence[str], variants: Sequence[ShownVariant]) -> list[ShownVariant]:
    """
    The variants that fit what was said: on each axis that was mentioned at all, the best fitting values.

    Returns all of them when no axis was mentioned.
    """
    fitting = list(variants)
    for axis in _axes(variants):
        values = {variant.options[axis] for variant in variants if axis in variant.options}
        chosen = values_meant(said, values)
        if chosen:
            fitting = [variant for variant in fitting if variant.options.get(axis) in chosen]
    return fitting


def values_meant(said: Sequence[str], values: Iterable[str]) -> set[str]:
    """
    The option values that were mentioned best, none if none was.

    "128" means "128 GB", and "blue" means "Blue Titanium" where nothing else is blue.
    """
    scores = {value: _mentioned(said, words(value)) for value in values}
    best = max(scores.values(), default=0.0)
    return {value for value, score in scores.items() if score == best} if best > 0 else set()


def _mentioned(said: Sequence[str], value: Sequence[str]) -> float:
    """How much of an option value was said: 1 for all of it; a unit alone counts nothing."""
    numbers = [word for word in value if word[0].isdigit()]
    if numbers:
        return 1.0 if all(number in said for number in numbers) else 0.0
    return sum(word in said for word in value) / len(value) if value else 0.0


def _axes(variants: Sequence[ShownVariant]) -> list[str]:
    return list(dict.fromkeys(axis for variant in variants for axis in variant.options))


def option_words(variants: Sequence[ShownVariant]) -> set[str]:
    """Every word that names an option of these variants."""
    return {word for variant in variants for value in variant.options.values() for word in words(value)}


def without_quantity(said: Sequence[str], quantity: int | None) -> list[str]:
    """`said` without the one word that was the quantity, so that "2 of the 128" is not 2 TB."""
    left = list(said)
    if quantity is not None:
        for index, word in enumerate(left):
            if word == str(quantity) or NUMBERS.get(word) == quantity:
                del left[index]
                break
    return left


def chosen(text: str, choices: Sequence[Choice]) -> Choice | None:
    """
    The choice that `text` takes, if it takes one and says little else.

    A value counts before a place in the list: where the choices are 5, 8 and 10, "8" is the value.
    """
    said = words(text)
    if not said or len(said) > MAX_ANSWER_WORDS:
        return None
    labels = {choice.label for choice in choices}
    meant = values_meant(said, labels)
    if len(meant) != 1:
        exact = {label for label in labels if words(label) == said}
        meant = exact or meant
    if len(meant) == 1:
        label = meant.pop()
        rest = [word for word in said if word not in words(label) and word not in FILLERS]
        return next(choice for choice in choices if choice.label == label) if len(rest) <= 1 else None
    if not meant and (place := position(text)) is not None:
        rest = [word for word in said if word not in FILLERS and not _is_place_word(word)]
        index = len(choices) - 1 if place == -1 else place - 1
        return choices[index] if not rest and 0 <= index < len(choices) else None
    return None


def _is_place_word(word: str) -> bool:
    return word.isdigit() or word in ORDINALS or word in LAST or word in {"thu", "number", "nummer", "numero"}


@dataclass(frozen=True, slots=True)
class Meant:
    """
    What a message refers to.

    At most one of `product` (shown before) and `name` (not shown, to be looked up) is set. `variants` are
    those of `product` that fit what was said; `options` what was said of them, in the catalogue's words.
    """

    product: ShownProduct | None = None
    name: str = ""
    variants: Sequence[ShownVariant] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def sku(self) -> str:
        """The one variant that is meant, or nothing."""
        if self.product is not None and self.product.only_sku:
            return self.product.only_sku
        return self.variants[0].sku if len(self.variants) == 1 else ""

    @property
    def key(self) -> str:
        """What a tool gets as `product`, or nothing."""
        return self.product.product_id if self.product is not None else self.name


def resolve(
    memory: Memory,
    message: str,
    *,
    name: str = "",
    sku: str = "",
    options: Mapping[str, str] | None = None,
    quantity: int | None = None,
    place: int | None = None,
) -> Meant:
    """
    The product and variant that a message means.

    Args:
        memory: what was shown.
        message: the whole message; its words choose among the options of the product.
        name: the product as the message calls it, if it calls it anything.
        sku: the article number, if one was said.
        options: what was said of options, axis → value in whatever words.
        quantity: how many, so that this number is not taken for an option.
        place: the place in the last list, if the message was understood to name one; -1 is the last.
    """
    wanted = dict(options or {})
    said = without_quantity(words(" ".join([message, *wanted.values()])), quantity)
    if sku:
        return _by_sku(memory, sku, wanted)
    product = _named(memory, name) if name else None
    if product is None and not _is_reference(memory, name):
        return Meant(name=name, options=wanted)
    if product is None:
        by_place = _by_place(memory, position(name or message) if place is None else place)
        if isinstance(by_place, ShownVariant) and memory.focused is not None:
            return Meant(memory.focused, variants=[by_place], options=by_place.options)
        product = by_place if isinstance(by_place, ShownProduct) else None
        product = product or memory.focused or _only(memory.shown)
    if product is None:
        return Meant(options=wanted)
    fitting = variants_meant(said, product.variants)
    mentioned = len(fitting) < len(product.variants)
    if not mentioned and memory.sku and product.product_id == memory.focus:
        fitting = [variant for variant in product.variants if variant.sku == memory.sku] or fitting
    return Meant(product, variants=fitting, options=_agreed(fitting, product.variants, wanted))


def _by_sku(memory: Memory, sku: str, options: Mapping[str, str]) -> Meant:
    for product in memory.shown:
        for variant in product.variants:
            if variant.sku.casefold() == sku.casefold():
                return Meant(product, variants=[variant], options=variant.options)
        if product.sku.casefold() == sku.casefold():
            return Meant(product, options=options)
    return Meant(name=sku, options=options)


def _named(memory: Memory, name: str) -> ShownProduct | None:
    """The shown product that is called exactly `name`, apart from option words and fillers."""
    for product in memory.shown:
        if name.casefold() in (product.product_id.casefold(), product.slug.casefold()):
            return product
    for product in memory.shown:
        if is_called(name, product.title, option_words(product.variants)):
            return product
    return None


def is_called(name: str, title: str, options: Iterable[str] = ()) -> bool:
    """Whether `name` is `title`, apart from fillers and words of its options: "the black iPhone 15"."""
    said, called = words(name), words(title)
    if said == called:
        return True
    ignored = FILLERS.union(options)
    rest = [word for word in said if word in called or word not in ignored]
    return rest == called


def _is_reference(memory: Memory, name: str) -> bool:
    """Whether `name` names nothing new: it is empty, or only options of what was shown, "it", "the first"."""
    known = {word for product in memory.shown for word in option_words(product.variants)}
    return all(
        word in FILLERS or word in known or word in COLOURS.values() or _is_place_word(word)
        for word in words(name)
    )


def _by_place(memory: Memory, place: int | None) -> ShownProduct | ShownVariant | None:
    if place is None:
        return None
    listed: Sequence[ShownProduct | ShownVariant] = memory.shown
    if memory.listing == "variants":
        listed = memory.focused.variants if memory.focused is not None else []
    index = len(listed) - 1 if place == -1 else place - 1
    return listed[index] if 0 <= index < len(listed) else None


def _only(shown: Sequence[ShownProduct]) -> ShownProduct | None:
    return shown[0] if len(shown) == 1 else None


def _agreed(
    fitting: Sequence[ShownVariant], all_variants: Sequence[ShownVariant], said: Mapping[str, str]
) -> dict[str, str]:
    """The options on which all fitting variants agree and not all variants do; else what was said."""
    if not all_variants:
        return dict(said)
    agreed = {}
    for axis in _axes(all_variants):
        values = {variant.options.get(axis, "") for variant in fitting}
        if len(values) == 1 and len({variant.options.get(axis, "") for variant in all_variants}) > 1:
            agreed[axis] = values.pop()
    return agreed
