"""Which line of a basket somebody means, by line id, SKU or title; pure."""

from __future__ import annotations

from collections.abc import Sequence

from mcps.kit.query.lexicon import Lexicon
from mcps.kit.query.terms import flatten
from mcps.museo.models import Basket, BasketLine


def meant(basket: Basket, said: str, lexicon: Lexicon) -> Sequence[BasketLine]:
    """
    The lines that `said` may mean: one when it is clear, several when it is not, none when there is none.

    The most exact reading wins: an id, a SKU, a whole title with its options, a whole title, and last the
    lines that have all the words that were said.
    """
    wanted = said.strip()
    name = flatten(wanted, lexicon)
    readings = (
        [line for line in basket.lines if wanted in (line.id, line.product_id)],
        [line for line in basket.lines if line.sku.casefold() == wanted.casefold()],
        [line for line in basket.lines if _words(name) == _line_words(line, lexicon)],
        [line for line in basket.lines if flatten(line.title, lexicon) == name],
        [line for line in basket.lines if _is_called(line, name, lexicon)],
    )
    return next((lines for lines in readings if lines), [])


def _is_called(line: BasketLine, name: str, lexicon: Lexicon) -> bool:
    words = {word for word in _words(name) if word not in lexicon.fillers}
    return bool(words) and words <= _line_words(line, lexicon)


def _line_words(line: BasketLine, lexicon: Lexicon) -> set[str]:
    found = _words(flatten(line.title, lexicon))
    for value in line.options.values():
        plain = flatten(value, lexicon)
        found |= _words(plain) | {plain.replace(" ", "")}  # "128gb" as well as "128 GB"
    return found


def _words(text: str) -> set[str]:
    return {word for word in (word.strip("?!.,;:()\"'") for word in text.split()) if word}
