"""What "it", "the second one" and "the 128 GB black one" mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.chat.conversation import Choice, Memory, ShownProduct, ShownVariant
from museod.chat.reference import (
    chosen,
    is_called,
    is_yes,
    position,
    resolve,
    values_meant,
    wants_more,
    words,
)

VARIANTS = [
    ShownVariant(f"15-{storage}-{color.upper()}", {"storage": f"{storage} GB", "color": color})
    for storage in (128, 256)
    for color in ("Black", "Blue")
]
IPHONE = ShownProduct("p15", "iPhone 15", slug="iphone-15", variants=VARIANTS)
PLUS = ShownProduct("p15plus", "iPhone 15 Plus")
CASE = ShownProduct("case", "Silicone Case", sku="CASE-1")
LISTED = Memory(shown=[IPHONE, PLUS, CASE])
OPENED = Memory(shown=[IPHONE, PLUS, CASE], listing="variants", focus="p15")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("2", 2), ("2.", 2), ("#3", 3), ("no. 2 please", 2), ("the second one", 2), ("the 3rd", 3),
        ("el segundo", 2), ("la tercera", 3), ("le deuxième", 2), ("das zweite bitte", 2), ("o terceiro", 3),
        ("il secondo", 2), ("ikinci", 2), ("cái thứ hai", 2), ("cái thứ 3", 3), ("the last one", -1),
        ("der letzte", -1), ("iPhone 15", None), ("add two of them", None), ("", None),
    ],
)  # fmt: skip
def test_a_place_in_a_list_is_read_in_every_language(text: str, place: int | None) -> None:
    assert position(text) == place


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("128GB Black", ["128", "gb", "black"]),
        ("schwarz", ["black"]),
        ("màu đen", ["mau", "black"]),
        ("den", ["den"]),
        ("Größe", ["grosse"]),
        ("ÉTÉ 2,5", ["ete", "2,5"]),
    ],
)
def test_words_are_folded_and_colours_translated(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("128", {"128 GB"}),
        ("the 256 gb one", {"256 GB"}),
        ("gb", set()),
        ("512", set()),
        ("", set()),
    ],
)
def test_a_number_means_the_value_with_its_unit_and_a_unit_means_nothing(said: str, meant: set[str]) -> None:
    assert values_meant(words(said), ["128 GB", "256 GB"]) == meant


def test_the_value_that_was_named_in_full_counts_before_one_named_in_part() -> None:
    assert values_meant(["blue"], ["Blue", "Blue Titanium"]) == {"Blue"}
    assert values_meant(["blue"], ["Blue Titanium", "Natural Titanium"]) == {"Blue Titanium"}
    assert values_meant(["titanium"], ["Blue Titanium", "Natural Titanium"]) == {
        "Blue Titanium",
        "Natural Titanium",
    }


@pytest.mark.parametrize(
    ("memory", "message", "given", "key", "sku"),
    [
        (OPENED, "Add two of the 128 GB black one", {"quantity": 2}, "p15", "15-128-BLACK"),
        (OPENED, "Füge zwei schwarze mit 128 GB hinzu", {"quantity": 2}, "p15", "15-128-BLACK"),
        (OPENED, "add it", {}, "p15", ""),
        (OPENED, "the second one", {}, "p15", "15-128-BLUE"),
        (OPENED, "the last", {}, "p15", "15-256-BLUE"),
        (OPENED, "", {"place": 3}, "p15", "15-256-BLACK"),
        (LISTED, "the second one", {}, "p15plus", ""),
        (LISTED, "the third", {"name": "the third"}, "case", "CASE-1"),
        (LISTED, "the case", {"name": "silicone case"}, "case", "CASE-1"),
        (LISTED, "add it", {}, "", ""),
        (LISTED, "add the 9th", {}, "", ""),
        (LISTED, "the blue iPhone 15 with 256", {"name": "blue iPhone 15 with 256"}, "p15", "15-256-BLUE"),
        (LISTED, "iPhone 15 Plus", {"name": "iPhone 15 Plus"}, "p15plus", ""),
        (OPENED, "add iPhone 15 Pro", {"name": "iPhone 15 Pro"}, "iPhone 15 Pro", ""),
        (OPENED, "add a toaster", {"name": "toaster"}, "toaster", ""),
        (OPENED, "15-256-black", {"sku": "15-256-black"}, "p15", "15-256-BLACK"),
        (OPENED, "x", {"sku": "OTHER-1"}, "OTHER-1", ""),
        (OPENED, "x", {"options": {"storage": "256GB", "color": "azul"}}, "p15", "15-256-BLUE"),
        (Memory(), "add it", {}, "", ""),
        (Memory(shown=[CASE]), "add it", {}, "case", "CASE-1"),
    ],
)
def test_a_message_means(memory: Memory, message: str, given: dict[str, object], key: str, sku: str) -> None:
    meant = resolve(memory, message, **given)  # type: ignore[arg-type]
    assert (meant.key, meant.sku) == (key, sku)


def test_the_variant_that_was_meant_last_is_meant_again_until_another_is_named() -> None:
    memory = Memory(shown=[IPHONE], focus="p15", sku="15-256-BLUE", listing="variants")
    assert resolve(memory, "add it").sku == "15-256-BLUE"
    assert resolve(memory, "add a black 128").sku == "15-128-BLACK"


def test_options_are_told_in_the_catalogues_words() -> None:
    assert resolve(OPENED, "add a blue one").options == {"color": "Blue"}
    assert resolve(Memory(), "add a blue toaster", name="toaster", options={"color": "blue"}).options == {
        "color": "blue"
    }


CHOICES = [Choice("128 GB", "128 GB"), Choice("256 GB", "256 GB"), Choice("1 TB", "1 TB")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("256", "256 GB"), ("256GB please", "256 GB"), ("the second", "256 GB"), ("the last one", "1 TB"),
        ("1", "1 TB"),  # the value counts before the place
        ("2", "256 GB"), ("la segunda", "256 GB"), ("how much is a phone with 256 GB of storage now?", None),
        ("blue", None), ("", None), ("128 or 256", None), ("7", None),
    ],
)  # fmt: skip
def test_an_answer_takes_one_choice_or_none(text: str, value: str | None) -> None:
    choice = chosen(text, CHOICES)
    assert (choice.value if choice else None) == value


@pytest.mark.parametrize(
    ("text", "yes"),
    [("yes", True), ("Ja, gern", True), ("sí", True), ("no", False), ("yes I know all that", False)],
)
def test_a_bare_yes_is_one(text: str, yes: bool) -> None:
    assert is_yes(text) is yes


def test_more_is_a_wish_only_when_nothing_else_is_said() -> None:
    assert wants_more("show more")
    assert not wants_more("more storage")


@pytest.mark.parametrize(
    ("name", "title", "same"),
    [
        ("iphone 15", "iPhone 15", True),
        ("the iPhone 15", "iPhone 15", True),
        ("do you have iPhone 15", "iPhone 15", True),
        ("iPhone 15 Pro", "iPhone 15", False),
        ("15", "iPhone 15", False),
        ("", "iPhone 15", False),
    ],
)
def test_a_name_is_a_title_apart_from_fillers(name: str, title: str, same: bool) -> None:
    assert is_called(name, title) is same


@given(st.text(max_size=60), st.text(max_size=20))
def test_nothing_that_is_said_breaks_the_resolution(message: str, name: str) -> None:
    for memory in (Memory(), LISTED, OPENED):
        meant = resolve(memory, message, name=name)
        assert meant.product is None or not meant.name
    chosen(message, CHOICES)
    chosen(message, [])
