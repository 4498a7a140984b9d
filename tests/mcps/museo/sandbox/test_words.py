import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.museo.sandbox.words import allowed_distance, distance, fold, nearest, parts, stem, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Café CRÈME", ["cafe", "creme"]),
        ("Men's T-Shirt", ["mens", "t", "shirt"]),
        ("Güneş gözlüğü, ışık", ["gunes", "gozlugu", "isik"]),
        ("Điện thoại", ["dien", "thoai"]),
        ("snake_case iPhone15", ["snake", "case", "iphone15"]),
        ("Straße", ["strasse"]),
        ('"; DROP TABLE -- *', ["drop", "table"]),
        ("", []),
    ],
)
def test_words_are_what_a_hurried_thumb_types(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_folding_twice_changes_nothing_that_the_search_sees(text: str) -> None:
    assert words(fold(text)) == words(text)


@pytest.mark.parametrize(
    ("left", "right", "slips"),
    [("iphone", "iphone", 0), ("iphnoe", "iphone", 1), ("samsng", "samsung", 1), ("abcd", "badc", 2)],
)
def test_distance_counts_a_swap_as_one_slip(left: str, right: str, slips: int) -> None:
    assert distance(left, right, 2) == slips


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.integers(0, 3))
def test_distance_is_symmetric_and_stops_at_its_limit(left: str, right: str, limit: int) -> None:
    found = distance(left, right, limit)

    assert found == distance(right, left, limit) <= limit + 1
    assert (found == 0) == (left == right)


def test_short_words_and_model_numbers_are_never_corrected() -> None:
    assert [allowed_distance(word) for word in ("s10", "cat", "13", "x21", "shoe", "laptops")] == [
        0,
        0,
        0,
        0,
        1,
        2,
    ]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("nkie", "nike"),
        ("iphnoe", "iphone"),
        ("laptpo", "laptop"),
        ("toys", None),  # tops is another thing
        ("zzzzzz", None),
    ],
)
def test_nearest_finds_the_word_that_was_meant(typed: str, meant: str | None) -> None:
    vocabulary = {"nike": 3, "iphone": 9, "laptop": 5, "tops": 4, "laptops": 2}

    assert nearest(typed, vocabulary) == meant


@pytest.mark.parametrize(
    ("locale", "one", "many"),
    [
        ("en", "watch", "watches"),
        ("de", "schuh", "schuhe"),
        ("es", "reloj", "relojes"),
        ("fr", "chaussure", "chaussures"),
        ("it", "orologio", "orologi"),
        ("tr", "telefon", "telefonlar"),
    ],
)
def test_a_stem_begins_the_singular_and_the_plural(locale: str, one: str, many: str) -> None:
    assert one.startswith(stem(many, locale))
    assert many.startswith(stem(one, locale))


def test_parts_are_cut_where_letters_meet_digits() -> None:
    assert parts("iphone15") == ["iphone", "15"]
    assert parts("128gb") == ["128", "gb"]
    assert parts("phone") == ["phone"]
