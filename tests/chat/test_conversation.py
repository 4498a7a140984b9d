"""The memory of a conversation: what stays, what goes, and that old records do no harm."""

from __future__ import annotations

import msgspec
import pytest

from museod.chat.conversation import (
    MAX_SHOWN,
    Choice,
    Memory,
    OpenQuestion,
    Seen,
    ShownProduct,
    ShownVariant,
    open_question,
    read_memory,
    remember,
    write_memory,
)

ONE, TWO, THREE = (ShownProduct(f"p{number}", f"Product {number}") for number in (1, 2, 3))
QUESTION = OpenQuestion(
    "option", "basket.add", "add_to_basket", {"product": "p1"}, "size", [Choice("M", "M")]
)


def ids(memory: Memory) -> list[str]:
    return [product.product_id for product in memory.shown]


def test_a_list_replaces_the_one_before() -> None:
    memory = remember(Memory(shown=[ONE]), Seen([TWO, THREE], "products", focus=""), now=0)
    assert ids(memory) == ["p2", "p3"]


def test_an_opened_product_keeps_its_place_in_the_list() -> None:
    opened = msgspec.structs.replace(TWO, variants=[ShownVariant("s", {"size": "M"})])
    memory = remember(Memory(shown=[ONE, TWO, THREE]), Seen([opened], None, focus="p2"), now=0)
    assert ids(memory) == ["p1", "p2", "p3"]
    assert memory.focused == opened


def test_a_focus_that_is_no_longer_shown_is_forgotten() -> None:
    memory = remember(Memory(shown=[ONE], focus="p1", sku="s"), Seen([TWO], "products"), now=0)
    assert (memory.focus, memory.sku) == ("", "")


def test_the_memory_has_a_ceiling() -> None:
    many = [ShownProduct(f"p{number}", "x") for number in range(100)]
    memory = remember(Memory(), Seen(many, "products"), now=0)
    assert len(memory.shown) == MAX_SHOWN
    for product in many:
        memory = remember(memory, Seen([product]), now=0)
    assert len(memory.shown) == MAX_SHOWN


def test_a_question_waits_until_the_next_reply_or_half_an_hour() -> None:
    memory = remember(Memory(), Seen(pending=QUESTION), now=1000)
    assert open_question(memory, now=2800) is not None
    assert open_question(memory, now=2801) is None
    assert open_question(memory, now=999) is None  # a clock that went back
    assert remember(memory, Seen(), now=1001).pending is None
    assert remember(memory, Seen(keeps_pending=True), now=1001).pending == memory.pending


def test_what_is_written_can_be_read_again() -> None:
    product = msgspec.structs.replace(ONE, variants=[ShownVariant("s", {"size": "M"})])
    memory = Memory(
        shown=[product, TWO],
        listing="variants",
        focus="p1",
        sku="s",
        pending=msgspec.structs.replace(QUESTION, asked_at=5.0),
        conversation_id="c1",
    )
    stored = msgspec.json.decode(msgspec.json.encode(write_memory(memory)))
    assert set(stored) == {"shown", "slots", "pending"}
    assert read_memory(stored) == memory


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"shown": [{"id": 7}]},
        {"shown": "everything", "slots": {}},
        {"slots": {"listing": "bananas"}},
        {"pending": {"kind": "unheard of"}},
    ],
)
def test_what_cannot_be_read_is_forgotten(stored: dict[str, object]) -> None:
    assert read_memory(stored) == Memory()
