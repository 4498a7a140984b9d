import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.museo.sandbox.cursors import MAX_CURSOR_CHARS, Cursors
from mcps.museo.sandbox.problems import ProblemError


def _cursors() -> Cursors:
    return Cursors(b"k" * 32)


@given(st.lists(st.tuples(st.text(max_size=60), st.text("abc", max_size=20)), unique=True), st.integers(1, 7))
def test_pages_show_everything_once_and_in_order(keys: list[tuple[str, str]], limit: int) -> None:
    keyed = [(key, key) for key in sorted(keys)]
    seen: list[object] = []
    cursor = None
    while True:
        items, page = _cursors().page(keyed, limit=limit, cursor=cursor, listing="l")
        seen += items
        cursor = page.next
        if cursor is None:
            break
        assert len(cursor) <= MAX_CURSOR_CHARS

    assert seen == [key for key, _ in keyed]
    assert page.total == len(keyed)


def test_a_page_goes_on_where_it_was_when_items_have_gone_meanwhile() -> None:
    cursors = _cursors()
    _, page = cursors.page([((n,), n) for n in range(10)], limit=3, cursor=None, listing="l")

    items, _ = cursors.page([((n,), n) for n in (0, 1, 4, 5)], limit=3, cursor=page.next, listing="l")

    assert items == [4, 5]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "A" * 600, "ä", "=", "AAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(ProblemError, match="expired") as caught:
        _cursors().page([((1,), 1)], limit=1, cursor=cursor, listing="l")

    assert caught.value.code == "invalid_request"


def test_a_cursor_of_another_list_or_another_shop_is_refused() -> None:
    keyed = [((n,), n) for n in range(5)]
    _, page = _cursors().page(keyed, limit=1, cursor=None, listing="red")

    with pytest.raises(ProblemError, match="other filters"):
        _cursors().page(keyed, limit=1, cursor=page.next, listing="blue")
    with pytest.raises(ProblemError, match="expired"):
        Cursors(b"j" * 32).page(keyed, limit=1, cursor=page.next, listing="red")


def test_totals_are_exact_up_to_ten_thousand_only() -> None:
    keyed = [((n,), n) for n in range(10_001)]

    assert _cursors().page(keyed, limit=1, cursor=None, listing="l")[1].total is None
    assert _cursors().page(keyed[:-1], limit=1, cursor=None, listing="l")[1].total == 10_000
