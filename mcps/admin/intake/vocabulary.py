"""The words that `vocabulary.json` holds: what columns, states and currencies are called in files."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct


class Vocabulary(Struct, frozen=True):
    """
    `fields` and `attributes`: what a header may be called, folded (no accents, no case). `statuses` likewise
    for cells. `signs`: what stands for a currency beside its code. `currencies`: ISO 4217, the codes in use.
    """

    fields: dict[str, list[str]]
    attributes: dict[str, list[str]]
    statuses: dict[str, list[str]]
    signs: dict[str, str]
    currencies: frozenset[str]


VOCABULARY = msgspec.json.decode(Path(__file__).with_name("vocabulary.json").read_bytes(), type=Vocabulary)
