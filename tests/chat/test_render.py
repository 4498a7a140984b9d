"""Each channel's limits hold for any reply, and nothing of it is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.chat.messages import CLIENT_TYPES, Suggestion
from museod.chat.render import instagram, render, whatsapp
from museod.chat.render.rendered import Rendered, parts_of, shorten
from museod.chat.reply import Neutral

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(" \n🙂é"), max_size=3000).map(
    lambda text: text.strip() or "x"
)
LABEL = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=90)
REPLIES = st.builds(
    Neutral,
    text=TEXT,
    suggestions=st.lists(st.builds(Suggestion, LABEL, LABEL), max_size=20),
    is_numbered=st.booleans(),
)


def squeezed(text: str) -> str:
    return "".join(text.split())


def parts(rendered: Rendered) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rendered.data["parts"]
    return found


@given(REPLIES)
def test_whatsapp_keeps_its_limits_and_loses_nothing(reply: Neutral) -> None:
    rendered = render(reply, "whatsapp")
    bodies = [part["body"] for part in parts(rendered)]
    assert rendered.message == bodies[0]
    assert all(0 < len(body) <= 1024 for body in bodies)
    for part in parts(rendered)[:-1]:
        assert set(part) == {"body"}
    last = parts(rendered)[-1]
    buttons, rows = last.get("buttons", []), last.get("rows", [])
    assert len(buttons) <= 3
    assert len(rows) <= 10
    assert all(len(one["title"]) <= 20 for one in buttons)
    assert all(len(one["title"]) <= 24 and len(one.get("description", "")) <= 72 for one in rows)
    _nothing_is_lost(reply, bodies, [one["title"] for one in [*buttons, *rows]])


@given(REPLIES)
def test_instagram_keeps_its_limits_and_loses_nothing(reply: Neutral) -> None:
    rendered = render(reply, "instagram")
    bodies = [part["body"] for part in parts(rendered)]
    assert rendered.message == bodies[0]
    assert all(0 < len(body.encode()) <= 1000 for body in bodies)
    quick = parts(rendered)[-1].get("quickReplies", [])
    assert len(quick) <= 13
    assert all(len(one["title"]) <= 20 for one in quick)
    _nothing_is_lost(reply, bodies, [one["title"] for one in quick])


def _nothing_is_lost(reply: Neutral, bodies: list[str], titles: list[str]) -> None:
    said = squeezed("".join(bodies))
    assert said.startswith(squeezed(reply.text))
    for one in reply.suggestions:
        assert one.label in titles or squeezed(one.label) in said


@given(REPLIES)
@pytest.mark.parametrize("client_type", [one for one in CLIENT_TYPES if one not in ("whatsapp", "instagram")])
def test_channels_without_limits_give_the_whole_text(client_type: str, reply: Neutral) -> None:
    rendered = render(reply, client_type)
    assert rendered.message.startswith(reply.text)
    offered = {one.label for one in rendered.suggestions}
    assert all(one.label in offered or one.label in rendered.message for one in reply.suggestions)


def test_a_terminal_is_told_what_to_type() -> None:
    reply = Neutral("There is more.", suggestions=[Suggestion("Show more", "Show more")])
    assert render(reply, "cli").message == "There is more.\n→ Show more"


def test_mobile_shows_one_row_of_chips_and_lists_the_rest() -> None:
    many = [Suggestion(f"Choice {number}", f"Choice {number}") for number in range(9)]
    rendered = render(Neutral("Which?", suggestions=many), "mobile")
    assert len(rendered.suggestions) == 8
    assert "9. Choice 8" in rendered.message


def test_few_short_suggestions_are_buttons_and_more_are_a_list() -> None:
    three = [Suggestion(label, label) for label in ("A", "B", "C")]
    assert "buttons" in parts(whatsapp.render(Neutral("x", suggestions=three)))[0]
    assert "rows" in parts(whatsapp.render(Neutral("x", suggestions=[*three, Suggestion("D", "D")])))[0]


def test_a_label_too_long_for_its_button_is_written_out_and_still_sends_its_message() -> None:
    long = "A very long name of a product, really"
    rendered = instagram.render(Neutral("Which?", suggestions=[Suggestion(long, long)]))
    assert rendered.message == f"Which?\n1. {long}"
    assert rendered.suggestions[0].message == long
    assert rendered.suggestions[0].label == "A very long name of…"


def test_a_written_suggestion_bears_its_place_among_all() -> None:
    many = [Suggestion(f"Choice {number}", "x") for number in range(1, 13)]
    assert render(Neutral("Which?", suggestions=many), "whatsapp").message.endswith("\n12. Choice 12")


def test_numbers_are_given_once_only() -> None:
    many = [Suggestion(f"Choice {number}", "x") for number in range(12)]
    numbered = Neutral("1. Phone", suggestions=many, is_numbered=True)
    assert "• Choice 11" in render(numbered, "whatsapp").message


def test_cards_are_the_same_everywhere() -> None:
    reply = Neutral("x", cards=[{"type": "basket", "lines": []}])
    assert all(render(reply, one).data["cards"] == list(reply.cards) for one in CLIENT_TYPES)


@given(TEXT, st.integers(1, 40))
def test_parts_are_the_text(text: str, limit: int) -> None:
    parts = parts_of(text, limit)
    assert all(0 < len(part) <= limit for part in parts)
    assert squeezed("".join(parts)) == squeezed(text)


def test_parts_end_where_lines_do() -> None:
    assert parts_of("first line\nsecond line", 15) == ["first line", "second line"]
    assert parts_of("one two three", 8) == ["one two", "three"]


def test_shortening_shows_that_something_is_missing() -> None:
    assert shorten("exactly", 7) == "exactly"
    assert shorten("a little more", 9) == "a little…"
