"""Words as the search sees them: folded, cut, shortened to a stem, and compared. Pure."""

from __future__ import annotations

import re
import unicodedata

MAX_WORDS = 16  # of a query; no shopper types more that matter, and each costs a look-up
MAX_WORD_CHARS = 40

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile(r"(?<=\w)['’ʼ](?=s\b)")
_BOUNDARY = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
# Letters that Unicode does not decompose and keyboards leave out.
_LETTERS = str.maketrans({"ı": "i", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "ð": "d", "þ": "th"})
# Plural and case endings, longest first: what is cut is matched as a prefix, so a cut too many does no harm.
_ENDINGS: dict[str, tuple[str, ...]] = {
    "en": ("ies", "es", "s", "y"),
    "de": ("en", "er", "es", "n", "e", "s"),
    "es": ("es", "s", "o", "a"),
    "fr": ("es", "s", "x", "e"),
    "it": ("i", "e", "o", "a"),
    "pt": ("es", "s", "o", "a"),
    "tr": ("leri", "lari", "ler", "lar", "i", "u"),
    "vi": (),
}


def fold(text: str) -> str:
    """Lower case without accents: what a hurried thumb types."""
    if text.isascii():
        return text.lower()  # most text, and far cheaper
    # Decomposed twice: what decomposition yields may have case, and what folding yields may have accents.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return plain.translate(_LETTERS)


def words(text: str) -> list[str]:
    """The folded words of a text in their order; `men's` is one word, `t-shirt` are two."""
    return [word[:MAX_WORD_CHARS] for word in _WORD.findall(_APOSTROPHES.sub("", fold(text)))]


def parts(word: str) -> list[str]:
    """A word cut where letters meet digits: `iphone15` is `iphone 15`."""
    return _BOUNDARY.split(word)


def stem(word: str, locale: str) -> str:
    """The beginning of a word that its other forms share."""
    if len(word) < 4 or not word.isalpha():
        return word
    for ending in _ENDINGS.get(locale, ()):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def allowed_distance(word: str) -> int:
    """How many slips a word of this length may hold and still be taken for another."""
    if len(word) < 4 or not word.isalpha():
        return 0  # in short words and model numbers one letter is the whole difference
    return 1 if len(word) < 7 else 2


def distance(left: str, right: str, limit: int) -> int:
    """
    Damerau-Levenshtein distance (optimal string alignment), or `limit + 1` when it is more.

    A swap of neighbours is one slip: it is what typing produces most.
    """
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row, a in enumerate(left, 1):
        current = [row]
        for column, b in enumerate(right, 1):
            cost = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (a != b))
            if row > 1 and column > 1 and a == right[column - 2] and left[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, previous = previous, current
    return min(previous[-1], limit + 1)


def nearest(word: str, vocabulary: dict[str, int]) -> str | None:
    """The known word that was most likely meant: fewest slips, same first letter, then the most used."""
    limit = allowed_distance(word)
    if limit == 0:
        return None
    is_short = len(word) < 5
    best: tuple[int, bool, int, str] | None = None
    for candidate, uses in vocabulary.items():
        if len(candidate) < 3 or abs(len(candidate) - len(word)) > limit:
            continue
        if is_short and len(candidate) == len(word) and sorted(candidate) != sorted(word):
            continue  # one letter for another makes a different short word: toys are not tops
        slips = distance(word, candidate, limit)
        if slips > limit:
            continue
        rank = (slips, candidate[0] != word[0], -uses, candidate)
        if best is None or rank < best:
            best = rank
    return best[3] if best else None
