import pytest

from mcps.museo.sandbox import texts


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA, en;q=0.8", "fr"),
        ("nl, de;q=0.5, es;q=0.9", "es"),
        ("de;q=0, pt", "pt"),
        ("TR-tr", "tr"),
        ("xx", "en"),
        ("*", "en"),
        ("de;q=banana, vi;q=0.1", "vi"),
        ("de;q=7", "en"),
        (",;,=;q", "en"),
    ],
)
def test_negotiation_takes_the_best_language_we_speak(header: str | None, locale: str) -> None:
    assert texts.negotiate(header) == locale


def test_every_category_has_a_name_and_a_sentence_in_every_language() -> None:
    for slug in texts.category_slugs():
        names = [texts.category_name(slug, locale) for locale in texts.locales()]
        assert all(names), slug
        assert texts.category_name(slug, "fr") != slug


def test_lineage_ends_at_the_top() -> None:
    assert texts.lineage("smartphones") == ["smartphones", "electronics"]
    assert texts.lineage("groceries") == ["groceries"]
    assert texts.lineage("no-such") == ["no-such"]


def test_a_description_says_nothing_but_the_facts_in_the_language_asked_for() -> None:
    text = texts.describe(
        "fr",
        title="Red Lipstick",
        brand="Chic",
        category="beauty",
        tags=["beauty", "lipstick"],
        attributes={"warranty": "3 year warranty", "connector": "USB-C"},
        options={"color": ["Red", "Pink"]},
    )

    assert text.startswith("Red Lipstick de Chic : rouge à lèvres.")
    assert "Au choix : Red, Pink." in text
    assert "Garantie 3 ans." in text
    assert text.endswith("Connecteur : USB-C.")


def test_an_unknown_category_and_locale_still_give_a_description() -> None:
    text = texts.describe("xx", title="T", brand="B", category="new", tags=[], attributes={}, options={})

    assert text == "T by B."
