"""Which variant somebody means: options as people write them against options as the catalogue does; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mcps.museo.models import Product, ProductVariant

_AXIS_NAMES = {"colour": "color", "memory": "storage", "capacity": "storage", "gb": "storage"}
_SPELLINGS = {"grey": "gray", "colour": "color"}
_SIZE = re.compile(r"^(\d+)(gb|tb)$")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The one variant that fits."""

    variant: ProductVariant


@dataclass(frozen=True, slots=True)
class Open:
    """An axis that is still to be chosen; `unknown` is what was asked for and does not exist."""

    axis: str
    values: Sequence[str]
    unknown: str = ""


def choose(product: Product, wanted: Mapping[str, str], said: str = "") -> Chosen | Open:
    """
    The variant of `product` with the wanted options, or the first axis that is still open.

    Args:
        said: how the product was called; words that are not of its title may name options ("iPhone 15 512").

    Options on axes that the product does not have are ignored: "red" of a nail polish that only comes in
    red is part of its name. Values of which nothing can be bought are not offered while others can.
    """
    wanted = _named_in(said, product) | {_axis(product, axis): value for axis, value in wanted.items()}
    fitting = list(product.variants)
    for axis in _axes(product):
        if axis not in wanted:
            continue
        values = _values(product.variants, axis)
        meant = [value for value in values if _means(wanted[axis], value)]
        meant = meant or [value for value in values if _hints_at(wanted[axis], value)]
        if not meant:
            return Open(axis, _sellable(product.variants, axis), unknown=wanted[axis])
        fitting = [variant for variant in fitting if variant.options.get(axis) in meant]
    for axis in _axes(product):
        if len(_values(fitting, axis)) > 1:
            return Open(axis, _sellable(fitting, axis))
    if not fitting:  # each option exists, but not together
        axis = next((axis for axis in reversed(_axes(product)) if axis in wanted), _axes(product)[-1])
        rest = {name: value for name, value in wanted.items() if name != axis}
        return Open(axis, _left(product, rest, axis), unknown=wanted.get(axis, ""))
    return Chosen(fitting[0])


def _named_in(said: str, product: Product) -> dict[str, str]:
    """The one value per axis that a word of `said` points at, the words of the title apart."""
    title = product.title.lower().split()
    words = [word for word in said.lower().split() if word not in title]
    named = {}
    for axis in _axes(product):
        values = _values(product.variants, axis)
        for word in words:
            meant = [value for value in values if _hints_at(word, value)]
            if len(meant) == 1:
                named[axis] = meant[0]
    return named


def _left(product: Product, wanted: Mapping[str, str], axis: str) -> list[str]:
    fitting = [
        variant
        for variant in product.variants
        if all(_means(value, variant.options.get(name, "")) for name, value in wanted.items())
    ]
    return _sellable(fitting or product.variants, axis)


def _axes(product: Product) -> list[str]:
    """The axes on which the variants differ or are described, in the product's own order."""
    named = dict.fromkeys(axis for variant in product.variants for axis in variant.options)
    return [axis for axis in dict.fromkeys([*product.option_axes, *named]) if axis in named]


def _axis(product: Product, name: str) -> str:
    """The product's own spelling of an axis."""
    plain = _AXIS_NAMES.get(name.lower(), name.lower())
    return next((axis for axis in _axes(product) if axis.lower() in (name.lower(), plain)), name)


def _values(variants: Sequence[ProductVariant], axis: str) -> list[str]:
    return list(dict.fromkeys(variant.options[axis] for variant in variants if axis in variant.options))


def _sellable(variants: Sequence[ProductVariant], axis: str) -> list[str]:
    sellable = [variant for variant in variants if variant.available > 0 or variant.backorderable]
    return _values(sellable or variants, axis)


def _means(said: str, value: str) -> bool:
    """Whether both are the same, apart from case, blanks, spelling and units: "1tb" is "1024 GB"."""
    return _canonical(said) == _canonical(value)


def _canonical(text: str) -> str:
    joined = "".join(text.lower().split()).replace("-", "")
    for odd, right in _SPELLINGS.items():
        joined = joined.replace(odd, right)
    size = _SIZE.match(joined)
    if size and size[2] == "tb":
        return f"{int(size[1]) * 1024}gb"
    return joined


def _hints_at(said: str, value: str) -> bool:
    """Whether `said` is a part of `value` that points at it: "128" of "128 GB", "blue" of "Blue Titanium"."""
    words = set(said.lower().split())
    return bool(words) and words <= set(value.lower().split()) - {"gb", "tb"}
