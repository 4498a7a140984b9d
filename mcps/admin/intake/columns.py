"""
Which column of a file is which field of a product: guessed from the header in eight languages, and shown.

A field is one word (`sku`, `price`), or a word with a part: `title.de` (a language), `price.USD` (a
currency), `attributes.color`, `options.size` (a key of the product's own).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from mcps.admin.intake.amounts import currency_of
from mcps.admin.intake.table import Unreadable, shown
from mcps.admin.intake.vocabulary import VOCABULARY

IGNORED = "ignore"
LOCALES = ("en", "es", "fr", "de", "pt", "it", "tr", "vi")
_LOCALIZED = ("title", "description")
_PRICED = ("price", "compareAtPrice")
_KEYED = ("attributes", "options")
# One product may have several of these, so several columns may feed them.
_REPEATABLE = frozenset({"categories", "tags", "imageUrls"})
_KNOWN = {name: field for field, names in VOCABULARY.fields.items() for name in names} | {
    name: f"attributes.{key}" for key, names in VOCABULARY.attributes.items() for name in names
}
# Members of a product in the API's own form, as JSON files may have them.
NATIVE = ("variants", "attributes", "options", "optionAxes", "prices")
FIELDS = (*VOCABULARY.fields, *NATIVE)
_EXACT = {field.lower(): field for field in FIELDS}
_PART = re.compile(r"[a-z0-9_]{1,40}")
_AXIS = re.compile(r"[^.]{1,120}")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LETTERS = str.maketrans({"ß": "ss", "ı": "i", "đ": "d", "ø": "o", "ł": "l"})


def guess(columns: Sequence[str]) -> dict[str, str]:
    """Column → field, for the columns whose names tell; a field that is taken is not given twice."""
    mapping: dict[str, str] = {}
    taken: set[str] = set()
    for column in columns:
        field = _field_of(column)
        if field and (field not in taken or field in _REPEATABLE):
            mapping[column] = field
            taken.add(field)
    return mapping


def chosen(columns: Sequence[str], stated: Mapping[str, str]) -> dict[str, str]:
    """
    The guess, corrected by what the caller states: column → field, or `ignore`.

    Raises:
        Unreadable: it names a column that is not there, an unknown field, or one field twice.
    """
    for column, field in stated.items():
        if column not in columns:
            raise Unreadable(
                f"mapping names the column {shown(column)!r}, which the file does not have. Its columns are: "
                f"{', '.join(map(shown, columns))}.",
                "invalid_request",
            )
        if field not in ("", IGNORED) and not is_field(field):
            raise Unreadable(
                f"mapping gives {shown(column)!r} the field {shown(field)!r}, which is not known. Fields are "
                f"{', '.join(FIELDS)}, title.LANGUAGE, price.CURRENCY, attributes.KEY, options.AXIS and "
                f"{IGNORED}.",
                "invalid_request",
            )
    mapping = {column: field for column, field in stated.items() if field not in ("", IGNORED)}
    claimed = list(mapping.values())
    if double := [field for field in claimed if claimed.count(field) > 1 and field not in _REPEATABLE]:
        raise Unreadable(f"mapping gives {double[0]} to two columns. Leave one out.", "invalid_request")
    for column, field in guess([column for column in columns if column not in stated]).items():
        if field not in claimed or field in _REPEATABLE:
            mapping[column] = field
    return {column: mapping[column] for column in columns if column in mapping}


def is_field(field: str) -> bool:
    """Whether a mapping may name `field`."""
    name, dot, part = field.partition(".")
    if not dot:
        return name in FIELDS
    if name in _LOCALIZED:
        return _LOCALE.fullmatch(part) is not None
    if name in _PRICED:
        return currency_of(part) == part
    if name == "options":
        return _AXIS.fullmatch(part) is not None
    return name == "attributes" and _PART.fullmatch(part) is not None


def _field_of(column: str) -> str:
    if column.lower() in _EXACT:
        return _EXACT[column.lower()]
    if is_field(column):
        return column
    for name in _KEYED:
        found = re.fullmatch(rf"{name[:-1]}s?[ .:_-]+(.+)", column.strip(), re.IGNORECASE)
        if found:
            part = found[1].strip() if name == "options" else fold(found[1]).replace(" ", "_")
            return f"{name}.{part}" if is_field(f"{name}.{part}") else ""
    # "Preis (€)", "Price in USD": the sign is lost in folding, so it is looked for before.
    for word in re.split(r"[\s()\[\]/_:-]+", column):
        if currency := currency_of(word):
            rest = fold(column.replace(word, " ")).removesuffix(" in")
            if _KNOWN.get(rest) in _PRICED:
                return f"{_KNOWN[rest]}.{currency}"
    folded = fold(column)
    if folded in _KNOWN:
        return _KNOWN[folded]
    body, _, last = folded.rpartition(" ")
    if last in LOCALES and _KNOWN.get(body) in _LOCALIZED:
        return f"{_KNOWN[body]}.{last}"
    return ""


def fold(text: str) -> str:
    """Lower case, without accents and signs, one space between words."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return " ".join(re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c))))
