"""How many SMS a text takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.notifications.segments import count_segments


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 1530, 10),
        ("a" * 1531, 11),
        ("€" * 80, 1),  # two places each
        ("€" * 81, 2),
        ("a" * 152 + "€" + "b" * 152, 3),  # the euro sign is not cut in two, and pushes one letter on
        ("ç" * 70, 1),  # not in the alphabet, so all of it is UCS-2
        ("ç" * 71, 2),
        ("ç" * 670, 10),
        ("ç" * 671, 11),
        ("😀" * 35, 1),
        ("😀" * 36, 2),  # 33 to a segment: a surrogate pair is not cut in two
        ("Grüße, Ümit: Ñ à £ ¿", 1),
    ],
)
def test_a_text_is_counted_as_networks_count_it(text: str, segments: int) -> None:
    assert count_segments(text) == segments


@given(st.text(max_size=400), st.text(max_size=10))
def test_a_longer_text_never_takes_fewer(text: str, more: str) -> None:
    assert count_segments(text + more) >= count_segments(text)
