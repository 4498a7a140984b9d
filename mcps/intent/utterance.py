"""A message made plain: what patterns are searched in, and what was taken out of it first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mcps.intent.grammar import Grammar
from mcps.kit.query.lexicon import Lexicon
from mcps.kit.query.terms import flatten

EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
PHONE = re.compile(r"(?<![\w+])\+[1-9](?:[ ()/-]?\d){6,14}(?!\d)")
# As the shop writes them (M-100042), and as people do (#100042, order no. 100042, AB123456).
ORDER_NUMBER = re.compile(
    r"(?<![\w-])(?:#\s?)?(M-\d{4,12})(?![\w-])"
    r"|#\s?(\d{4,12})\b"
    r"|\b(?:order|parcel|package)\s*(?:number|no\.?|nr\.?|id)?\s*[:#]?\s*((?:[A-Za-z]{1,3}-?)?\d{4,12})\b",
    re.IGNORECASE,
)
SKU = re.compile(r"(?<![\w-])(?=[A-Z0-9-]*\d)[A-Z][A-Z0-9]{1,15}(?:-[A-Z0-9]{1,15}){2,6}(?![\w-])")
LINK = re.compile(r"https?://\S{1,500}", re.IGNORECASE)

_MARKS = re.compile(r"[!?;:()\[\]{}\"“”„«»*_~|\\]+|(?<!\d)[.,](?!\d)|[.,](?!\d)|(?<![\w])'|'(?![\w])")
MAX_CHARS = 1000  # nobody says what they want after that; longer messages are judged by their beginning


@dataclass(frozen=True, slots=True)
class Utterance:
    """
    Args:
        original: as it came.
        text: lower case, contractions written out, punctuation gone, identifiers replaced by `§` words.
        core: `text` without greetings and courtesies; empty when there was nothing else.
        is_question: it ends with a question mark.
    """

    original: str
    text: str
    core: str
    is_question: bool
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    order_number: str
    sku: str

    @property
    def words(self) -> list[str]:
        """The words of the core."""
        return self.core.split()


def read(message: str, grammar: Grammar, lexicon: Lexicon) -> Utterance:
    """Make a message plain; slips and courtesies are judged in the grammar's own language only."""
    original = message.strip()[:MAX_CHARS]
    text, emails = _cut_out(EMAIL, "§email", original)
    text, _ = _cut_out(LINK, "§link", text)
    text, phones = _cut_out(PHONE, "§phone", text)
    text, numbers = _cut_out(ORDER_NUMBER, "order §number", text)
    text, skus = _cut_out(SKU, "§sku", text)
    text = flatten(_MARKS.sub(" ", flatten(text, lexicon)), lexicon)
    core = text
    if lexicon.language == grammar.language:
        text = " ".join(_corrected(word, grammar) for word in text.split())
        core = grammar.courtesy_after.sub("", grammar.courtesy_before.sub("", text)).strip()
    return Utterance(
        original=original,
        text=text,
        core=core,
        is_question=original.endswith("?"),
        emails=tuple(emails),
        phones=tuple(re.sub(r"[^\d+]", "", phone) for phone in phones),
        order_number=numbers[0].upper() if numbers else "",
        sku=skus[0] if skus else "",
    )


def _cut_out(pattern: re.Pattern[str], mark: str, text: str) -> tuple[str, list[str]]:
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        found.append(next((group for group in match.groups() if group), match[0]))
        return f" {mark} "

    return pattern.sub(take, text, count=5), found


def _corrected(word: str, grammar: Grammar) -> str:
    """`word`, or the deciding word that it misses by one slip; short words are left alone."""
    if len(word) < 6 or not word.isalpha() or word in grammar.known_words or word in grammar.typo_words:
        return word
    return next((right for right in sorted(grammar.typo_words) if _one_slip(word, right)), word)


def _one_slip(word: str, right: str) -> bool:
    """Whether one letter is missing, added, wrong, or two neighbours are swapped."""
    if abs(len(word) - len(right)) > 1 or word[0] != right[0]:
        return False
    start = 0
    while start < min(len(word), len(right)) and word[start] == right[start]:
        start += 1
    rest, due = word[start:], right[start:]
    if len(word) == len(right):
        return rest[1:] == due[1:] or (rest[:2] == due[:2][::-1] and rest[2:] == due[2:])
    return rest[1:] == due if len(word) > len(right) else rest == due[1:]
