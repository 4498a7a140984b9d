"""
Full-text search: SQLite FTS5 finds, we rank, and a query that finds nothing is repaired.

There is one index per locale, each row holding the folded words of a product in that language (titles and
English names in all of them). A row is found when it has every word of the query, as it is or as a prefix.
Other words for the same thing find it too (`synonyms.json`), after the word itself.
What finds nothing is tried again with slips of the thumb corrected, then without the words nobody knows;
the query that was answered in the end is told as the corrected one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from mcps.museo.sandbox import texts
from mcps.museo.sandbox.items import Item
from mcps.museo.sandbox.state import State
from mcps.museo.sandbox.words import MAX_WORDS, nearest, parts, stem, words

MAX_HITS = 2_000  # ranked per query; more than anybody pages through
MAX_SUGGESTIONS = 5
_COLUMNS = ("title", "brand", "alias", "shelf", "kind", "sku", "options", "description")
# What a word counts in each column, as a whole word and as the beginning of one.
# A word that stands for a whole shelf ("phone") beats one in the name of another ("phone accessories").
_WEIGHTS = ((8, 6), (6, 5), (6, 4), (5, 4), (4, 3), (3, 2), (3, 2), (1, 1))
_SPELLED = ("title", "brand", "alias", "shelf", "kind")  # corrections come from names, not from prose


@dataclass(frozen=True, slots=True)
class Found:
    """
    What a query found: (negative score, product id), best first.

    `corrected` is the query that was answered, if it is not the one that was asked.
    """

    hits: list[tuple[int, str]] = field(default_factory=list)
    corrected: str | None = None
    suggestions: list[str] = field(default_factory=list)


class Finder:
    """The search indexes in the state file."""

    def __init__(self, state: State) -> None:
        self._db = state.db
        self._vocabularies: dict[str, dict[str, int]] = {}
        self.is_filling = False
        columns = ", ".join(_COLUMNS)
        for locale in texts.locales():
            self._db.execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS search_{locale} USING fts5"
                f"({columns}, item UNINDEXED, tokenize = \"unicode61 remove_diacritics 0\", prefix = '3 4')"
            )
            self._db.execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS words_{locale} USING fts5vocab(search_{locale}, col)"
            )

    def index(self, number: int, item: Item) -> None:
        """Make a product findable in all languages, or no longer when it is not for sale."""
        if not self.is_filling:
            self._vocabularies.clear()
        marks = ", ".join("?" * (len(_COLUMNS) + 2))
        for locale in texts.locales():
            self._db.execute(f"DELETE FROM search_{locale} WHERE rowid = ?", (number,))  # noqa: S608 - ours
            if item.master.status == "active":
                row = [" ".join(words(text)) for text in _document(item, locale)]
                self._db.execute(
                    f"INSERT INTO search_{locale} (rowid, {', '.join(_COLUMNS)}, item) VALUES ({marks})",  # noqa: S608
                    (number, *row, item.master.id),
                )

    @contextmanager
    def filling(self) -> Iterator[None]:
        """
        While many products come in, spelling is corrected by the words of before.

        Counting all words takes tens of milliseconds, which no search shall pay once for each row.
        """
        self.is_filling = True
        try:
            yield
        finally:
            self.is_filling = False
            self._vocabularies.clear()

    def find(self, query: str, locale: str) -> Found:
        """The products that fit a query in a locale, best first."""
        wanted = self._wanted(query, locale)
        if not wanted:
            return Found(suggestions=_menu(locale))
        if hits := self._ranked(wanted, locale):
            return Found(hits)
        for attempt in self._repairs(wanted, locale):
            if hits := self._ranked(attempt, locale):
                return Found(hits, corrected=" ".join(attempt))
        known = [word for word in wanted if self._knows(word, locale)]
        return Found(suggestions=_near(wanted, known, locale))

    def _wanted(self, query: str, locale: str) -> list[str]:
        """The words that matter, cut and joined as the shop writes them."""
        vocabulary = self._vocabulary(locale)
        joined: list[str] = []
        for word in words(query)[: 4 * MAX_WORDS]:
            if joined and joined[-1] + word in vocabulary and {joined[-1], word} - vocabulary.keys():
                joined[-1] += word  # "i phone", "mac book"
            else:
                joined.append(word)
        wanted = [word for word in joined if word not in texts.stop_words(locale)] or joined
        cut = [part for word in wanted for part in ([word] if self._knows(word, locale) else parts(word))]
        return cut[:MAX_WORDS]

    def _repairs(self, wanted: Sequence[str], locale: str) -> Iterable[list[str]]:
        """Queries that may have been meant, likeliest first."""
        vocabulary = self._vocabulary(locale)
        is_known = {word: self._knows(word, locale) for word in wanted}
        meant = {word: word if is_known[word] else nearest(word, vocabulary) or word for word in wanted}
        repaired = [meant[word] for word in wanted]
        if repaired != list(wanted):
            yield repaired
        # A guess at a short word is no ground to drop another one.
        kept = [meant[w] for w in wanted if is_known[w] or (len(w) >= 6 and meant[w] != w)]
        if kept and len(kept) < len(wanted) <= 2 * len(kept):
            yield kept
        if len(kept) >= 3:  # all known, but never together: leave one out, numbers first
            order = sorted(range(len(kept)), key=lambda place: (not kept[place].isdigit(), -place))
            for place in order:
                yield kept[:place] + kept[place + 1 :]

    def _ranked(self, wanted: Sequence[str], locale: str) -> list[tuple[int, str]]:
        columns = ", ".join(_COLUMNS)
        rows = self._db.execute(
            f"SELECT item, {columns} FROM search_{locale} WHERE search_{locale} MATCH ?"  # noqa: S608 - ours
            f" ORDER BY rank LIMIT {MAX_HITS}",
            (" AND ".join(_term(word, locale) for word in wanted),),
        )
        stems = [stem(word, locale) for word in wanted]
        return sorted((-_score(row[1:], wanted, stems, locale), row[0]) for row in rows)

    def _knows(self, word: str, locale: str) -> bool:
        if word in self._vocabulary(locale):
            return True
        row = self._db.execute(
            f"SELECT 1 FROM search_{locale} WHERE search_{locale} MATCH ? LIMIT 1",  # noqa: S608 - ours
            (_term(word, locale),),
        )
        return row.fetchone() is not None

    def _vocabulary(self, locale: str) -> dict[str, int]:
        """How many products name each word, by word."""
        known = self._vocabularies.get(locale)
        if known is None:
            marks = ", ".join("?" * len(_SPELLED))
            rows = self._db.execute(
                f"SELECT term, sum(doc) FROM words_{locale} WHERE col IN ({marks}) GROUP BY term",  # noqa: S608
                _SPELLED,
            )
            known = self._vocabularies[locale] = dict(rows.fetchall())
        return known


def _document(item: Item, locale: str) -> tuple[str, ...]:
    """The texts of a product, in the order of the columns."""
    master = item.master
    shelves = [slug for category in master.categories for slug in texts.lineage(category)]
    default = texts.DEFAULT_LOCALE
    return (
        item.title(locale),
        master.brand or "",
        " ".join(texts.category_aliases(slug, locale) for slug in shelves),
        " ".join(texts.category_name(slug, spoken) for slug in shelves for spoken in {locale, default}),
        " ".join(kind for tag in master.tags for kind in {tag, texts.kind_name(tag, locale)}),
        " ".join(variant.sku for variant in master.variants),
        " ".join(value for axis in master.option_axes for value in item.choices(axis)),
        item.describe(locale) + (" " + item.describe(default) if locale != default else ""),
    )


def _term(word: str, locale: str) -> str:
    """
    A word or one of its synonyms as FTS5 has them: quoted, so that nothing in them is an operator.

    What is long enough is matched as a prefix.
    """
    terms = []
    for alternative in (word, *texts.synonyms(word, locale)):
        beginning = stem(alternative, locale)
        if len(beginning) >= 3 and beginning.isalpha():
            terms.append(f'"{beginning}" *')
        else:
            # The running numbers in SKUs would know every number.
            terms.append(f'(- sku : "{alternative}")')
    return f"({' OR '.join(terms)})"


def _score(columns: Sequence[str], wanted: Sequence[str], stems: Sequence[str], locale: str) -> int:
    """How well a row fits: where the words stand, and how much of the title they are."""
    fields = [column.split() for column in columns]
    score = 0
    for word, beginning in zip(wanted, stems, strict=True):
        own = _standing(fields, word, beginning)
        # Another word for it finds, but what was typed comes first, wherever it stands.
        others = (_standing(fields, w, stem(w, locale)) // 8 for w in texts.synonyms(word, locale))
        score += own or max((0, *others))
    title = [word for word in fields[0] if word not in texts.stop_words(locale)] or fields[0]
    extra = min(len(title) - len(wanted), 15)
    if title == list(wanted):
        return score + 100
    if title[: len(wanted)] == list(wanted):
        return score + 22 - extra
    if all(any(other.startswith(beginning) for other in title) for beginning in stems):
        return score + 20 - extra
    return score


def _standing(fields: Sequence[Sequence[str]], word: str, beginning: str) -> int:
    """What a word counts for where it stands in a row; 0 if it is nowhere."""
    counts = [
        whole if word in column else begun if any(w.startswith(beginning) for w in column) else 0
        for (whole, begun), column in zip(_WEIGHTS, fields, strict=True)
    ]
    return counts[0] + max(counts[1:])


def _near(wanted: Sequence[str], known: Sequence[str], locale: str) -> list[str]:
    """What to ask for instead: words that do find something, then shelves that sound alike, then the menu."""
    asked = {triple for word in wanted for triple in _triples(word)}
    alike: list[tuple[int, str]] = []
    for slug in texts.category_slugs():
        name = texts.category_name(slug, locale)
        shared = asked & {triple for word in words(name) for triple in _triples(word)}
        if len(shared) >= 2:  # one triple is chance
            alike.append((-len(shared), name))
    found = [*known, *(name for _, name in sorted(alike)), *_menu(locale)]
    return list(dict.fromkeys(found))[:MAX_SUGGESTIONS]


def _menu(locale: str) -> list[str]:
    tops = [slug for slug in texts.category_slugs() if texts.parent_of(slug) is None]
    return [texts.category_name(slug, locale) for slug in tops][:MAX_SUGGESTIONS]


def _triples(word: str) -> set[str]:
    return {first + second[1:] for first, second in pairwise(a + b for a, b in pairwise(word))}
