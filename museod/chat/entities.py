"""Reading the entities of an analysis, whose shapes are a child's word: what does not fit is not there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_OPTION_ENTITIES = {"storage": "storage", "color": "color", "colour": "color", "size": "size"}


def filters_of(entities: Mapping[str, Any]) -> dict[str, Any]:
    """The filters of a search."""
    filters: dict[str, Any] = {}
    if category := text_of(entities, "category"):
        filters["category"] = category
    if brands := texts(entities.get("brand")):
        filters["brand"] = brands
    if options := options_of(entities):
        filters["attributes"] = options
    for name in ("priceMin", "priceMax"):
        if (amount := _minor_units(entities.get(name))) is not None:
            filters[name] = amount
    if isinstance(entities.get("inStock"), bool):
        filters["inStock"] = entities["inStock"]
    return filters


def options_of(entities: Mapping[str, Any]) -> dict[str, str]:
    """Options that were said, axis → value in whatever words."""
    options = entities.get("options")
    found = {
        axis: value
        for axis, value in (options.items() if isinstance(options, dict) else ())
        if isinstance(value, str) and value
    }
    for name, axis in _OPTION_ENTITIES.items():
        value = entities.get(name)
        if isinstance(value, str) and value:
            found.setdefault(axis, value)
    return found


def _minor_units(value: Any) -> int | None:
    return whole(value.get("amount") if isinstance(value, dict) else value)


def whole(value: Any) -> int | None:
    """`value` if it is a whole number from 0, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return int(value) if float(value).is_integer() else None


def currency_of(entities: Mapping[str, Any]) -> str:
    """The currency that was said, or nothing."""
    currency = text_of(entities, "currency")
    return currency if re.fullmatch("[A-Z]{3}", currency) else ""


def texts(value: Any) -> list[str]:
    """The texts in `value`, which may be one text."""
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [one for one in values if isinstance(one, str) and one]


def text_of(entities: Mapping[str, Any], *names: str) -> str:
    """The first of the named entities that is a text, or nothing."""
    for name in names:
        value = entities.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def place_of(ordinal: Any) -> int | None:
    """The place in a list that was said; -1 is the last."""
    return ordinal if isinstance(ordinal, int) and not isinstance(ordinal, bool) and ordinal != 0 else None
