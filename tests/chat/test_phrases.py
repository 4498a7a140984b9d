"""The texts: complete in every language, every variable used, money and plurals as people write them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

import museod.chat
from museod.chat.phrases import LANGUAGES, Phrases, language_of, phrases_for, read_source
from museod.chat.reference import is_yes, wants_more

CHAT = Path(museod.chat.__file__).parent


class _Variables(Visitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:  # noqa: N802 - Fluent's name
        self.names.add(node.id.name)


def variables_of(language: str) -> dict[str, set[str]]:
    resource = FluentParser().parse(read_source(language))
    found = {}
    for entry in resource.body:
        assert not isinstance(entry, ftl.Junk), f"{language}: {entry.content}"
        if isinstance(entry, ftl.Message):
            assert entry.id.name not in found, f"{language}: {entry.id.name} stands twice"
            visitor = _Variables()
            visitor.visit(entry)
            found[entry.id.name] = visitor.names
    return found


ENGLISH = variables_of("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_key_with_the_same_variables(language: str) -> None:
    assert variables_of(language) == ENGLISH


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_no_language_is_a_copy_of_english(language: str) -> None:
    english, other = Phrases("en", "en"), Phrases(language, language)
    same = [key for key, names in ENGLISH.items() if not names and english(key) == other(key)]
    assert len(same) <= 8, same  # "Total", "Status", "No"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_can_be_filled(language: str) -> None:
    phrases = Phrases(language, language)
    numbers = ("count", "available", "quantity", "seconds", "limit", "minimum", "maximum")
    for key, names in ENGLISH.items():
        for number in (0, 1, 2, 1000):
            values = {name: number if name in numbers else f"<{name}>" for name in names}
            text = phrases(key, **values)
            assert "{" not in text
            for name in names:
                assert name in numbers or name in ("rule",) or f"<{name}>" in text or number == 1, key


def test_every_key_that_the_code_uses_exists() -> None:
    used: set[str] = set()
    for path in CHAT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name | ast.Attribute)
                and (node.func.id if isinstance(node.func, ast.Name) else node.func.attr) == "phrases"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                used.add(str(node.args[0].value))
    assert len(used) > 40
    assert used <= set(ENGLISH)


def test_every_key_is_used_by_the_code() -> None:
    source = "\n".join(path.read_text("utf-8") for path in CHAT.rglob("*.py"))
    families = r"(topic|not-yet|axis|notice|status|order-status|progress|frame|rule|label|what-i-can)-"
    unused = [
        key for key in ENGLISH if not re.match(families, key) and not re.search(rf"[\"']{key}[\"']", source)
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("tag", "language"),
    [("en", "en"), ("de-AT", "de"), ("PT-br", "pt"), ("fr_CA", "fr"), ("zh-Hant-TW", "en"), ("x", "en")],
)
def test_a_tag_is_served_by_its_language_or_english(tag: str, language: str) -> None:
    assert language_of(tag) == phrases_for(tag).language == language


@pytest.mark.parametrize(
    ("tag", "amount", "currency", "text"),
    [
        ("en", 94900, "EUR", "€949.00"),
        ("en-US", 5, "USD", "$0.05"),
        ("de", 94900, "EUR", "949,00\xa0€"),
        ("de-CH", 120000, "CHF", "CHF\xa01’200.00"),
        ("en", 1799, "JPY", "¥1,799"),
        ("en", 1234, "KWD", "KWD1.234"),
        ("vi", 250000, "VND", "250.000\xa0₫"),
    ],
)
def test_money_has_its_currencys_digits_and_its_locales_form(
    tag: str, amount: int, currency: str, text: str
) -> None:
    assert phrases_for(tag).money({"amount": amount, "currency": currency}) == text


def test_plurals_follow_the_language() -> None:
    assert "one item" in phrases_for("en")("basket-lead", count=1)
    assert "2 items" in phrases_for("en")("basket-lead", count=2)
    assert "ein Artikel" in phrases_for("de")("basket-lead", count=1)
    assert "0 articles" not in phrases_for("fr")("basket-lead", count=0)  # French counts 0 as singular


def test_text_that_runs_right_to_left_is_isolated_and_other_text_is_not() -> None:
    phrases = phrases_for("en")
    assert phrases("product-gone", title="هاتف") == "\u2068هاتف\u2069 is no longer sold."
    assert phrases("product-gone", title="iPhone") == "iPhone is no longer sold."


def test_a_tag_cannot_make_us_load_anything_else() -> None:
    assert phrases_for("en-../../etc").money({"amount": 100, "currency": "EUR"}) == "€1.00"


def test_an_unknown_key_is_a_bug_and_raises() -> None:
    with pytest.raises(LookupError):
        phrases_for("en")("no-such-key")
    with pytest.raises(KeyError):
        phrases_for("en")("basket-lead")


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_suggestions_are_understood_in_every_language(language: str) -> None:
    phrases = Phrases(language, language)
    assert wants_more(phrases("show-more-message"))
    assert is_yes(phrases("yes"))
    assert not is_yes(phrases("no"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_topic_labels_fit_the_narrowest_button(language: str) -> None:
    phrases = Phrases(language, language)
    labels = [key for key in ENGLISH if key.startswith("topic-") and not key.endswith("-message")]
    assert [key for key in labels if len(phrases(key)) > 20] == []
