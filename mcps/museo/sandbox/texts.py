"""
The shop's words in its eight languages, and the descriptions made of them.

`texts.json` holds names, kinds, labels and sentence frames, each as a list in the order of its `locales`.
Descriptions are built from the facts of a product (brand, kind, category, options, terms) by these frames,
so that a French shopper reads French; titles are names and stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import msgspec

from mcps.museo.sandbox.words import words

DEFAULT_LOCALE = "en"


class _Shelf(msgspec.Struct):
    parent: str | None
    name: list[str]
    also: list[str] = []
    about: list[str] = []
    glyph: str = "box"


class _Texts(msgspec.Struct):
    locales: list[str]
    categories: dict[str, _Shelf]
    kinds: dict[str, list[str]]
    labels: dict[str, list[str]]
    values: dict[str, list[str]]
    frames: dict[str, list[str]]
    notices: dict[str, list[str]]
    stop_words: dict[str, str]


@cache
def _texts() -> _Texts:
    source = resources.files(__package__).joinpath("texts.json").read_bytes()
    return msgspec.json.decode(source, type=_Texts)


def locales() -> list[str]:
    """The languages of the shop, its default first."""
    return _texts().locales


def category_slugs() -> list[str]:
    """Every category, parents too, in the order of the shop's menu."""
    return list(_texts().categories)


def parent_of(category: str) -> str | None:
    """The category above, None at the top or for one we do not know."""
    shelf = _texts().categories.get(category)
    return shelf.parent if shelf else None


def lineage(category: str) -> list[str]:
    """The category and those above it."""
    found: list[str] = []
    current: str | None = category
    while current is not None and current not in found:
        found.append(current)
        current = parent_of(current)
    return found


def category_name(category: str, locale: str) -> str:
    """What the category is called; one we do not know is called by its slug."""
    shelf = _texts().categories.get(category)
    return shelf.name[_column(locale)] if shelf else category.replace("-", " ").capitalize()


def category_aliases(category: str, locale: str) -> str:
    """Other words that shoppers use for the category, in their language and in English."""
    shelf = _texts().categories.get(category)
    if shelf is None or not shelf.also:
        return ""
    return " ".join(shelf.also[column] for column in {0, _column(locale)})


def glyph_of(category: str) -> str:
    """The name of the drawing that stands for the category."""
    shelf = _texts().categories.get(category)
    return shelf.glyph if shelf else "box"


def kind_name(tag: str, locale: str) -> str:
    """A tag in the shopper's language; brand names and unknown ones stay as they are."""
    column = _column(locale)
    if column == 0 or tag not in _texts().kinds:
        return tag
    return _texts().kinds[tag][column - 1]  # English is the key itself


def label(key: str) -> dict[str, str]:
    """What an attribute is called, by locale."""
    names = _texts().labels.get(key)
    return dict(zip(locales(), names, strict=True)) if names else {}


def value(text: str, locale: str) -> str:
    """An attribute's value in the shopper's language, where we know how to say it."""
    said = _texts().values.get(text)
    return said[_column(locale)] if said else text


@cache
def stop_words(locale: str) -> frozenset[str]:
    """Words that say nothing about what is wanted; English ones everywhere."""
    texts = _texts().stop_words
    return frozenset(words(texts[DEFAULT_LOCALE] + " " + texts.get(locale, "")))


@cache
def _synonyms() -> dict[str, dict[str, tuple[str, ...]]]:
    """By locale and word: the other words that shoppers use for the same thing."""
    source = resources.files(__package__).joinpath("synonyms.json").read_bytes()
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for locale, groups in msgspec.json.decode(source, type=dict[str, list[str]]).items():
        known = found.setdefault(locale, {})
        for group in groups:
            members = words(group)
            for word in members:
                others = (other for other in members if other != word)
                known[word] = tuple(dict.fromkeys((*known.get(word, ()), *others)))
    return found


def synonyms(word: str, locale: str) -> tuple[str, ...]:
    """Other folded words for a folded word: in the locale, and in English as names are."""
    known = _synonyms()
    ours = known.get(locale, {}).get(word, ())
    return tuple(dict.fromkeys((*ours, *known[DEFAULT_LOCALE].get(word, ()))))


def describe(
    locale: str,
    *,
    title: str,
    brand: str,
    category: str,
    tags: Sequence[str],
    attributes: Mapping[str, str],
    options: Mapping[str, Sequence[str]],
) -> str:
    """Two to five short sentences about a product, of nothing but its facts."""
    column = _column(locale)
    texts = _texts()
    kinds = [kind_name(tag, locale) for tag in tags if tag in texts.kinds]
    head = texts.frames["head" if kinds else "plain"][column]
    sentences = [head.format(title=title, brand=brand, kind=kinds[-1] if kinds else "")]
    shelf = texts.categories.get(category)
    if shelf and shelf.about:
        sentences.append(shelf.about[column])
    if options:
        choices = "; ".join(", ".join(values) for values in options.values())
        sentences.append(texts.frames["choice"][column].format(options=choices))
    for key, text in attributes.items():
        if text in texts.values:
            sentences.append(value(text, locale) + ".")
        else:
            name = label(key).get(locale, key)
            sentences.append(texts.frames["fact"][column].format(label=name, value=text))
    return " ".join(sentences)


def notice(code: str, locale: str, **values: object) -> str:
    """What a shopper is told about a line of the basket."""
    return _texts().notices[code][_column(locale)].format(**values)


def negotiate(accept_language: str | None) -> str:
    """
    The shop's language that fits an Accept-Language header best (RFC 4647 lookup on the language alone).

    Whatever we do not speak, and whatever cannot be read, is the default.
    """
    best, best_quality = DEFAULT_LOCALE, 0.0
    for part in (accept_language or "").split(",")[:16]:  # browsers send about five
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().split("-")[0].lower()
        quality = _quality(parameters)
        if language in locales() and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameters: str) -> float:
    name, _, text = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0


def _column(locale: str) -> int:
    return locales().index(locale) if locale in locales() else 0
