"""
What the model sees of a message: its words, pairs and triples of words, and pieces of words, as hashes.

Accents, case and figures are flattened, so that "¿Dónde está mi pedido?" and "donde esta mi pedido" look
alike; the accented letters themselves count once each, since they tell the language. Training and judging
share this module: a change here needs new weights (`scripts/train-intent`).
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from zlib import crc32

VERSION = 1  # stored with the weights; raise it with every change of what `features` returns
MAX_CHARS = 300  # nobody says what they want after that; it also bounds the work for hostile messages
MAX_WORDS = 60
MAX_WORD = 24  # longer words are judged by their beginning
_SIZES = (3, 4, 5)  # letters per piece: stems and endings in all our languages, at a few hundred per message

_MASKS = (
    (re.compile(r"[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"), " §email "),
    (re.compile(r"(?:https?://|www\.)\S{1,300}"), " §link "),
    (re.compile(r"[\w-]{1,60}\.(?:csv|tsv|xlsx?|jsonl?|xml|ods|zip)\b"), " §file "),
    (re.compile(r"(?<![\w+])\+\d(?:[ ()/-]?\d){6,14}"), " §phone "),
    (re.compile(r"(?<![\w-])(?:#\s?)?[a-z]{1,3}-?\d{4,12}(?![\w-])|#\s?\d{3,12}\b|\b\d{6,14}\b"), " §order "),
    (re.compile(r"(?<![\w-])(?=[a-z0-9-]*\d)[a-z][a-z0-9]{1,15}(?:-[a-z0-9]{1,15}){2,6}(?![\w-])"), " §sku "),
)
_DIGITS = re.compile(r"\d+")
_TOKEN = re.compile(r"§?[^\W_]+|[?!€$£%+=/#*]")
_LETTERS = str.maketrans({"đ": "d", "ı": "i", "ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "’": "'"})
_APOSTROPHE = re.compile(r"(?<=\w)['´`](?=\w)")


def fold(text: str) -> str:
    """`text` in lower case without accents; letters that only look like others become those."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    bare = "".join([char for char in decomposed if not unicodedata.combining(char)])
    return bare.translate(_LETTERS)


def tokens(text: str) -> list[str]:
    """The words of a folded text; identifiers as `§` words, figures as one `0` per digit."""
    for pattern, mark in _MASKS:
        text = pattern.sub(mark, text)
    text = _DIGITS.sub(lambda match: "0" * min(len(match[0]), 5), _APOSTROPHE.sub("", text))
    return [word[:MAX_WORD] for word in _TOKEN.findall(text)[:MAX_WORDS]]


def features(message: str, *, is_staff: bool = False) -> set[int]:
    """The hashes of what `message` is made of; for the administration's client its words count apart, too."""
    message = message[:MAX_CHARS]
    words = tokens(fold(message))
    found = {f"~{char}" for char in message.lower() if char > "\x7f"}
    found.add(f"#{_length(len(words))}")
    padded = ["^", *words, "$"]
    found.update(padded)
    found.update([f"{one} {two}" for one, two in pairwise(padded)])
    found.update(
        [f"{one} {two} {three}" for one, two, three in zip(padded, padded[1:], padded[2:], strict=False)]
    )
    for word in words:
        if len(word) > 2:
            framed = f"_{word}_"
            for size in _SIZES:
                found.update([framed[start : start + size] for start in range(len(framed) - size + 1)])
    if is_staff:
        found.update([f"@{word}" for word in padded])
        found.update([f"@{one} {two}" for one, two in pairwise(padded)])
    return {crc32(one.encode()) for one in found}


def _length(words: int) -> int:
    """Few words, some, many: courtesies are short and stories are long."""
    return words if words < 4 else 4 + min(words // 4, 4)
