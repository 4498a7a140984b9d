"""Named messages in eight languages."""

from __future__ import annotations

import string
from typing import Any

import pytest

from mcps.notifications.segments import count_segments
from mcps.notifications.templates import LANGUAGES, TEMPLATES, _wording, fill, language_of
from museod.errors import InvalidArguments

VARIABLES: dict[str, Any] = {
    "name": "Jane",
    "order": 1001,
    "total": "€ 12.00",
    "link": "https://shop.example/o/1",
    "product": "A lamp",
    "items": "a lamp",
}


def needed(name: str) -> dict[str, Any]:
    return {variable: VARIABLES[variable] for variable in TEMPLATES[name].variables}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_language_says_all_of_every_template(language: str, name: str) -> None:
    wording = _wording(language)
    assert set(wording) == set(TEMPLATES)
    for text in (wording[name]["text"], wording[name]["short"]):
        assert set(string.Template(text).get_identifiers()) == set(TEMPLATES[name].variables)
    filled = fill(name, needed(name), language)
    assert filled.language == language
    assert "$" not in filled.text + filled.short
    assert count_segments(filled.short) <= 3


def test_no_two_languages_say_the_same() -> None:
    texts = {fill("order_shipped", needed("order_shipped"), language).text for language in LANGUAGES}
    assert len(texts) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("locale", "language"), [("de-AT", "de"), ("PT-br", "pt"), ("vi", "vi"), ("ja", "en"), ("", "en")]
)
def test_a_locale_is_served_in_a_language_that_we_have(locale: str, language: str) -> None:
    assert language_of(locale) == language


def test_parameters_come_in_the_templates_order_on_one_line() -> None:
    variables: dict[str, Any] = {"link": "https://x.example", "order": 7.0, "name": " Jane\n\tDoe "}
    assert fill("order_shipped", variables, "en").parameters == ("Jane Doe", "7", "https://x.example")


@pytest.mark.parametrize(
    ("name", "variables", "named"),
    [
        ("nope", {}, "order_shipped"),
        ("payment_link", {"name": "Jane", "order": "1"}, "link"),
        ("payment_link", {"name": "Jane", "order": "1", "link": "l", "extra": "e"}, "extra"),
        ("payment_link", {"name": " ", "order": "1", "link": "l"}, "name"),
        ("payment_link", {"name": "x" * 501, "order": "1", "link": "l"}, "name"),
    ],
)
def test_what_does_not_fit_is_named(name: str, variables: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidArguments, match=named):
        fill(name, variables, "en")


def test_a_variable_cannot_name_another() -> None:
    filled = fill("order_shipped", {"name": "$link ${order}", "order": "1", "link": "l"}, "en")
    assert "$link ${order}" in filled.text
