"""Pages of lists and their items."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import Raw

from museod.wire.listings import Hints, Kind, decode_item, decode_page


def test_one_bad_item_does_not_spoil_the_page() -> None:
    page = decode_page(Kind.TOOLS, Raw(b'{"tools":[{"name":"a"},5],"more":1}'))

    assert [bytes(item) for item in page.items] == [b'{"name":"a"}', b"5"]
    assert page.next_cursor is None
    assert page.hints == Hints(0, is_public=False)


@pytest.mark.parametrize(
    ("kind", "raw", "key"),
    [
        (Kind.TOOLS, b'{"name":"t"}', "t"),
        (Kind.RESOURCES, b'{"uri":"test://a","name":"A"}', "test://a"),
        (Kind.TEMPLATES, b'{"uriTemplate":"test://{id}","name":"B"}', "test://{id}"),
        (Kind.PROMPTS, b'{"name":"p"}', "p"),
    ],
)
def test_an_item_is_known_by_its_key_and_keeps_its_bytes(kind: Kind, raw: bytes, key: str) -> None:
    item = decode_item(kind, Raw(raw))

    assert (item.key, bytes(item.raw)) == (key, raw)


@pytest.mark.parametrize("raw", [b"5", b"{}", b'{"name":5}', b"[]"])
def test_what_has_no_key_is_no_item(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_item(Kind.PROMPTS, Raw(raw))


@pytest.mark.parametrize("raw", [b"{}", b'{"tools":5}', b"[]", b'{"tools":[],"ttlMs":"x"}'])
def test_what_is_no_page_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_page(Kind.TOOLS, Raw(raw))


def test_hints_of_several_lists_hold_for_all_of_them() -> None:
    assert Hints(5, is_public=True).merged(Hints(3, is_public=False)) == Hints(3, is_public=False)
    assert Hints(5, is_public=True).merged(Hints(9, is_public=True)) == Hints(5, is_public=True)
    page = decode_page(Kind.PROMPTS, Raw(b'{"prompts":[],"ttlMs":99999999999,"cacheScope":"public"}'))
    assert page.hints == Hints(86_400_000, is_public=True)
