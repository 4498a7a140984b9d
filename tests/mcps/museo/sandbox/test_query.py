import pytest

from mcps.museo.sandbox.problems import ProblemError
from mcps.museo.sandbox.query import parse_query

ALLOWED = ("q", "limit", "inStock", "brand", "sort", "attr")


def test_parameters_are_decoded() -> None:
    query = parse_query("q=caf%C3%A9+noir&limit=5&inStock=true&brand=A,%20B,,&attr[color]=Black", ALLOWED)

    assert query.text("q") == "café noir"
    assert query.limit == 5
    assert query.boolean("inStock") is True
    assert query.texts("brand") == ["A", "B"]
    assert query.attributes == {"color": "Black"}


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ("colour=red", "no parameter"),
        ("q=a&q=b", "twice"),
        ("attr[color]=a&attr[color]=b", "twice"),
        ("attr[Color]=a", "no parameter"),
        ("attr=a", "no parameter"),
        ("q=%ff", "UTF-8"),
        ("&".join(f"attr[a{n}]=1" for n in range(70)), "64"),
    ],
)
def test_what_is_odd_is_refused_and_named(raw: str, complaint: str) -> None:
    with pytest.raises(ProblemError, match=complaint):
        parse_query(raw, ALLOWED)


@pytest.mark.parametrize("value", ["0", "101", "-1", "1.5", "x", "", "٣", "9" * 30])
def test_a_limit_is_a_whole_number_from_1_to_100(value: str) -> None:
    with pytest.raises(ProblemError, match="limit must be a whole number from 1 to 100"):
        _ = parse_query(f"limit={value}", ALLOWED).limit


def test_booleans_and_choices_have_one_spelling() -> None:
    query = parse_query("inStock=1&sort=up", ALLOWED)

    with pytest.raises(ProblemError, match="true or false"):
        query.boolean("inStock")
    with pytest.raises(ProblemError, match="one of down"):
        query.choice("sort", ("down",), "down")


def test_a_listing_is_the_same_on_every_page_of_it() -> None:
    first = parse_query("q=a&limit=5", ALLOWED)
    second = parse_query("q=a&limit=9", ALLOWED)

    assert first.listing("en") == second.listing("en")
    assert first.listing("en") != parse_query("q=b", ALLOWED).listing("en")
