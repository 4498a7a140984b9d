from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.errors import ConfigError
from museod.stores.sealing import MAX_SEALED_TEXT, CannotOpen, Sealer, format_key, parse_keys

OLD = ("old", b"o" * 32)
NEW = ("new", b"n" * 32)
SEALER = Sealer([NEW, OLD])


@given(st.binary(max_size=2000), st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_what_is_sealed_opens_for_its_place(data: bytes, context: str) -> None:
    assert SEALER.open(SEALER.seal(data, context), context) == data


def test_a_ciphertext_cannot_be_moved_to_another_user() -> None:
    sealed = SEALER.seal(b"data", "conversation:ada")
    with pytest.raises(CannotOpen):
        SEALER.open(sealed, "conversation:bob")


def test_every_changed_byte_is_noticed() -> None:
    sealed = SEALER.seal(b"data", "place")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(CannotOpen):
            SEALER.open(bytes(changed), "place")


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_politely(data: bytes) -> None:
    with pytest.raises(CannotOpen):
        SEALER.open(data, "place")


def test_the_same_data_never_seals_to_the_same_bytes() -> None:
    assert len({SEALER.seal(b"data", "place") for _ in range(100)}) == 100


def test_the_newest_key_seals_and_any_opens() -> None:
    under_old = Sealer([OLD]).seal(b"data", "place")
    under_new = SEALER.seal(b"data", "place")
    assert SEALER.open(under_old, "place") == b"data"
    assert Sealer([NEW]).open(under_new, "place") == b"data"
    with pytest.raises(CannotOpen, match=r"'old'.*MCP_ENCRYPTION_KEYS"):
        Sealer([NEW]).open(under_old, "place")


def test_another_key_of_the_same_name_does_not_open() -> None:
    with pytest.raises(CannotOpen, match="'new'"):
        Sealer([("new", b"x" * 32)]).open(SEALER.seal(b"data", "place"), "place")


def test_derived_keys_differ_by_purpose_and_key() -> None:
    derived = [SEALER.derive("a"), SEALER.derive("b"), Sealer([OLD]).derive("a")]
    assert len(set(derived)) == 3
    assert all(len(key) == 32 for key in derived)
    assert SEALER.derive_all("a") == [SEALER.derive("a"), Sealer([OLD]).derive("a")]


def test_pseudonyms_are_stable_and_need_the_key() -> None:
    assert SEALER.pseudonym("ada") == Sealer([NEW]).pseudonym("ada")
    assert SEALER.pseudonym("ada") != SEALER.pseudonym("bob")
    assert SEALER.pseudonym("ada") != Sealer([OLD]).pseudonym("ada")


def test_owner_tags_outlive_a_new_key() -> None:
    assert SEALER.owner_tag("ada") == Sealer([OLD]).owner_tag("ada")
    assert SEALER.owner_tag("ada") != SEALER.pseudonym("ada")


def test_a_sealed_text_opens_for_its_purpose_person_and_time() -> None:
    text = SEALER.seal_text("cursor", "page=2&q=größe", expires_at=100.0, context="ada")
    assert "page" not in text
    assert text.isascii()
    assert SEALER.open_text("cursor", text, now=99.9, context="ada") == "page=2&q=größe"
    with pytest.raises(CannotOpen, match="over"):
        SEALER.open_text("cursor", text, now=100.0, context="ada")
    with pytest.raises(CannotOpen):
        SEALER.open_text("state", text, now=0.0, context="ada")
    with pytest.raises(CannotOpen):
        SEALER.open_text("cursor", text, now=0.0, context="bob")


@pytest.mark.parametrize("text", ["", "é", "a", "=", "!!!!", "A" * (MAX_SEALED_TEXT + 1), "AAAA\n"])
def test_texts_of_other_people_are_refused(text: str) -> None:
    with pytest.raises(CannotOpen):
        SEALER.open_text("cursor", text, now=0.0)


def test_a_record_is_no_text_and_a_text_no_record() -> None:
    text = SEALER.seal_text("cursor", "x", expires_at=100.0, context="place")
    with pytest.raises(CannotOpen):
        SEALER.open_text("records", text, now=0.0, context="place")


def test_keys_read_back_as_they_are_written() -> None:
    text = ",".join(format_key(*key) for key in (NEW, OLD))
    assert parse_keys(text) == [NEW, OLD]
    assert parse_keys(f" {format_key(*NEW)} ,\n") == [NEW]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no key"),
        ("k1", "32"),
        ("k1:!!!", "id:base64"),
        ("k1:AAAA", "3 bytes"),
        (format_key("bad id", b"1" * 32), "id of key 1"),
        (format_key("k", b"1" * 32) + "," + format_key("k", b"2" * 32), "two keys"),
    ],
)
def test_unfit_keys_are_named_with_a_remedy(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        parse_keys(text)
    assert {fault.key for fault in caught.value.faults} == {"MCP_ENCRYPTION_KEYS"}
    assert "AAAA" not in str(caught.value)


def test_a_ring_without_keys_is_refused() -> None:
    with pytest.raises(ConfigError, match="no key"):
        Sealer([])
