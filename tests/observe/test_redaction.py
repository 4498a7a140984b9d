"""Secrets and personal data never reach a line of the log, whatever shape they come in."""

from __future__ import annotations

import enum
import json
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.observe.redaction import (
    MAX_DEPTH,
    MAX_TEXT,
    MAX_TOTAL,
    is_card_number,
    key_kind,
    redact_fields,
    redact_text,
)

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

# (a text with a canary in it, the canary)
CANARIES = [
    (JWT, JWT[10:40]),
    (f"got {JWT}, refused", JWT[10:40]),
    ("Authorization: Bearer abc123def456", "abc123def456"),
    ("authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
    ("Bearer\tabc123def456", "abc123def456"),
    ("museo.chat, bearer.abc123def456", "abc123def456"),
    ("key sk-ant-api03-abcdefghijkl", "abcdefghijkl"),
    ("gsk_abcdefghijklmnop", "abcdefghijklmnop"),
    ("ghp_abcdefghijklmnopqrst", "abcdefghijklmnop"),
    ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    ("redis://:hunter22@cache:6379/0", "hunter22"),
    ("smtps://mail:hun@ter22@mail.example:465", "ter22"),
    ("GET /chat?token=abc123def&x=1", "abc123def"),
    ("MCP_API_SECRET=abc123def", "abc123def"),
    ('{"password": "hunter22"}', "hunter22"),
    ("Cookie: sid=abc123; theme=dark0", "dark0"),
    ("Set-Cookie: sid=abc123; Path=/", "abc123"),
    ("paid with 4111 1111 1111 1111 today", "1111 1111"),
    ("paid with 4111111111111111", "41111111"),
    ("card 5500-0000-0000-0004", "5500"),
    ("write to joe.doe+shop@mail.example.com", "joe.doe"),
    ("call +49 170 1234567", "1234567"),
    ("call +1 (555) 123-4567", "123-4567"),
    ("call 0170 1234567", "1234567"),
    ("call (555) 123-4567", "123-4567"),
    ("00491701234567", "1701234567"),
    ("call +49\u00a0170\u20111234567", "1234567"),
    ("whatsapp:491701234567", "491701234567"),
]

HARMLESS = [
    "child_restarted",
    "exit code 1",
    "2026-11-22 12:36:04",
    "2026-11-22T12:36:04.123Z",
    "127.0.0.1:3300",
    "10.0.0.0/8 is trusted",
    "550e8400-e29b-41d4-a716-446655440000",
    "0af7651916cd43dd8448eb211c80319c",
    "1700000000000000000",
    "0.123456789",
    "input_tokens=512",
    "a token was refused",
    "Basic understanding of it",
    "order 4711-0815",
    "http://localhost:8000/api/v1/products?limit=20",
]


@pytest.mark.parametrize(("text", "canary"), CANARIES)
def test_a_secret_in_a_text_is_masked(text: str, canary: str) -> None:
    assert canary in text

    assert canary not in redact_text(text)


@pytest.mark.parametrize(("text", "canary"), CANARIES)
def test_a_secret_is_masked_wherever_it_hides(text: str, canary: str) -> None:
    line = msgspec.json.encode(
        redact_fields({"plain": text, "list": [1, [text]], "map": {"inner": {text: text}}, "set": {text}})
    ).decode()

    assert canary not in line


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "key",
    [
        *("token", "access_token", "accessToken", "client_secret", "X-Api-Key", "apikey", "MCP_API_KEY"),
        *("password", "Authorization", "Set-Cookie", "cookie", "private_key", "jwt", "card_number", "iban"),
        *("MCP_ENCRYPTION_KEYS", "credentials", "otp"),
    ],
)
@pytest.mark.parametrize("value", ["short", 1234, ["a"], {"b": "c"}])
def test_a_field_with_a_secret_name_is_masked_whatever_it_holds(key: str, value: object) -> None:
    assert redact_fields({key: value}) == {key: "***"}


@pytest.mark.parametrize("key", ["keys", "key", "monkey", "tool", "cache", "method", "reason", "account"])
def test_a_field_with_an_ordinary_name_is_kept(key: str) -> None:
    assert redact_fields({key: "value"}) == {key: "value"}


def test_counts_of_tokens_are_kept_and_the_tokens_are_not() -> None:
    fields = redact_fields({"input_tokens": 512, "tokens": ["abc"], "is_token": None, "has_secret": True})

    assert fields == {"input_tokens": 512, "tokens": "***", "is_token": None, "has_secret": True}


def test_user_ids_become_pseudonyms() -> None:
    fields = redact_fields({"user": "alice", "sub": "alice", "via": ""}, lambda user: f"p-{len(user)}")

    assert fields == {"user": "p-5", "sub": "p-5", "via": "***"}
    assert redact_fields({"user_id": "alice"}) == {"user_id": "***"}


class Colour(enum.StrEnum):
    RED = "red"


class Leaky:
    def __repr__(self) -> str:
        return "hunter22"

    __str__ = __repr__


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_only_known_types_are_written_out() -> None:
    odd: dict[Any, Any] = {Leaky(): 1}
    fields = redact_fields(
        {
            "leaky": Leaky(),
            "bytes": b"hunter22",
            "enum": Colour.RED,
            "path": Path("/var/lib/museod"),
            "when": datetime(2026, 11, 22, tzinfo=UTC),
            "error": ValueError("token=abc123def"),
            "bad": Unspeakable(),
            "ordered": OrderedDict(a=1),
            "huge": 2**100,
        }
        | odd
    )

    assert "hunter22" not in json.dumps(fields)
    assert fields["leaky"] == "<Leaky>"
    assert fields["bytes"] == "<8 bytes>"
    assert fields["enum"] == "red"
    assert fields["path"] == "/var/lib/museod"
    assert fields["when"] == "2026-11-22T00:00:00+00:00"
    assert fields["error"] == "ValueError: token=***"
    assert "Unspeakable" in fields["bad"]
    assert fields["ordered"] == {"a": 1}
    assert fields["huge"] == "<number of 101 bits>"


def test_a_card_number_as_a_number_is_masked() -> None:
    assert redact_fields({"n": 4111111111111111, "t": 1700000000000000000}) == {
        "n": "[card]",
        "t": 1700000000000000000,
    }


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("4111111111111111", True),
        ("4111111111111112", False),
        ("378282246310005", True),
        ("30569309025904", True),
        ("1111111111111117", False),
        ("411111111111", False),
        ("", False),
    ],
)
def test_card_numbers_are_told_by_their_checksum(digits: str, expected: bool) -> None:
    assert is_card_number(digits) is expected


def test_depth_width_and_length_are_bounded() -> None:
    deep: Any = "end"
    for _ in range(MAX_DEPTH * 3):
        deep = [deep]
    wide = {f"k{n}": n for n in range(10_000)}
    long = "word " * 100_000

    fields = redact_fields({"deep": deep, "wide": wide, "long": long, "more": [long] * 100})

    assert "end" not in json.dumps(fields)
    assert len(fields["wide"]) < 100
    assert fields["long"].startswith("word word")
    assert fields["long"].endswith("(500000 characters)")
    assert len(fields["long"]) < MAX_TEXT + 40
    assert len(json.dumps(fields, ensure_ascii=False)) < 2 * MAX_TOTAL


def test_a_secret_at_the_cut_does_not_show_its_half() -> None:
    for shift in range(len(JWT)):
        text = "x " * MAX_TEXT
        text = text[: 2 * MAX_TEXT - shift] + JWT + " tail" * 10

        assert "eyJ" not in redact_text(text)


def test_what_terminals_obey_is_escaped() -> None:
    text = redact_text("a\x9b31mb\u202ec\u2028d\ud800e\x7f")

    assert text == "a\\u009b31mb\\u202ec\\u2028d\\ud800e\\u007f"
    text.encode()


def test_a_self_containing_list_ends() -> None:
    endless: list[object] = []
    endless.append(endless)

    assert "list of 1" in json.dumps(redact_fields({"endless": endless}))


_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(st.dictionaries(st.text(), _plain))
def test_any_fields_become_a_json_line(fields: dict[str, Any]) -> None:
    line = msgspec.json.encode(redact_fields(fields))

    assert b"\n" not in line
    json.loads(line)


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    once = redact_text(text)

    assert redact_text(once) == once


@given(st.text(alphabet="abc @.:=+-(0123456789)eyJ/\"'tokensk_bearer \n", max_size=200), st.text(max_size=20))
def test_a_token_is_found_in_any_surroundings(before: str, after: str) -> None:
    assert JWT[20:] not in redact_text(f"{before} {JWT} {after}")


def test_kinds_of_keys_are_remembered_within_a_ceiling() -> None:
    kinds = {key_kind(f"child_{n}_secret") for n in range(10_000)}

    assert kinds == {"secret"}
