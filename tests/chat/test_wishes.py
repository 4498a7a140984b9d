"""Two wishes in one message: where it is cut, and what stays one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.chat.situation import Analysis
from museod.chat.wishes import MAX_CUTS, are_two, cuts


@pytest.mark.parametrize(
    ("message", "first", "second"),
    [
        ("add the iPhone 15 and show my basket", "add the iPhone 15", "show my basket"),
        ("Remove the first one. Then pay", "Remove the first one", "Then pay"),
        ("añade el móvil y luego muestra mi cesta", "añade el móvil", "muestra mi cesta"),
        ("ajoute-le puis montre mon panier", "ajoute-le", "montre mon panier"),
        ("leg es in den Warenkorb und dann zahlen", "leg es in den Warenkorb", "zahlen"),
        ("sepete ekle sonra öde", "sepete ekle", "öde"),
        ("thêm vào giỏ rồi thanh toán", "thêm vào giỏ", "thanh toán"),
    ],
)
def test_the_likeliest_cut_comes_first(message: str, first: str, second: str) -> None:
    assert cuts(message)[0] == (first, second)


@pytest.mark.parametrize("message", ["show my basket", "", "x" * 401 + " and y", "import:\na,b and c\nd, e"])
def test_what_is_one_thing_or_pasted_is_not_cut(message: str) -> None:
    assert cuts(message) == []


@given(st.text(max_size=200))
def test_no_message_makes_many_cuts_or_empty_halves(message: str) -> None:
    found = cuts(message)
    assert len(found) <= MAX_CUTS
    assert all(first and second for first, second in found)


def meant(intent: str, confidence: float = 0.9, tool: str | None = None) -> Analysis:
    return Analysis(intent, confidence, {}, tool=tool)


def test_two_clear_intents_are_two_wishes() -> None:
    whole = meant("basket.add")
    assert are_two(whole, [meant("basket.add"), meant("basket.view")])
    assert not are_two(whole, [meant("basket.add"), meant("basket.add")])
    assert not are_two(whole, [meant("basket.add"), meant("product.search", 0.62)])
    assert not are_two(whole, [meant("greeting"), meant("basket.view")])
    assert not are_two(
        meant("product.info", tool="compare_products"), [meant("product.info"), meant("basket.add")]
    )
