"""Results and tools between revisions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import Raw

from museod.wire import downgrade
from museod.wire.eras import LEGACY_REVISIONS

INFO = Raw(b'{"name":"us","version":"1"}')
SERVER_INFO = "io.modelcontextprotocol/serverInfo"
TEXT = {"type": "text", "text": "t"}
LINK = {"type": "resource_link", "uri": "a:b", "name": "n"}
AUDIO = {"type": "audio", "data": "", "mimeType": "audio/wav"}


def raw(value: Any) -> Raw:
    return Raw(json.dumps(value).encode())


def test_a_legacy_childs_result_becomes_complete_and_ours() -> None:
    result = json.loads(downgrade.to_modern(raw({"content": [TEXT], "isError": False}), INFO))
    assert result == {
        "resultType": "complete",
        "content": [TEXT],
        "isError": False,
        "_meta": {SERVER_INFO: {"name": "us", "version": "1"}},
    }


def test_a_modern_childs_result_keeps_its_type_and_its_own_meta_but_not_its_name() -> None:
    result = {
        "resultType": "input_required",
        "requestState": "s",
        "_meta": {SERVER_INFO: {"name": "child"}, "a/b": [1.0]},
    }
    assert json.loads(downgrade.to_modern(raw(result), INFO)) == {
        **result,
        "_meta": {SERVER_INFO: {"name": "us", "version": "1"}, "a/b": [1.0]},
    }


def test_a_meta_that_is_no_object_is_replaced() -> None:
    assert json.loads(downgrade.to_modern(Raw(b'{"_meta":[1]}'), INFO))["_meta"] == {
        SERVER_INFO: {"name": "us", "version": "1"}
    }


def test_values_that_stay_keep_their_bytes() -> None:
    result = Raw(b'{"structuredContent":{"n": 1.0,  "big":12345678901234567890},"content":[ ]}')
    assert b'{"n": 1.0,  "big":12345678901234567890}' in downgrade.to_modern(result, INFO)
    assert downgrade.to_legacy(result, "2025-11-25") == bytes(result)


@pytest.mark.parametrize("revision", LEGACY_REVISIONS)
def test_legacy_readers_see_nothing_of_the_modern_envelope(revision: str) -> None:
    modern = {"resultType": "complete", "ttlMs": 1, "cacheScope": "public", "content": [TEXT]}
    own = {SERVER_INFO: {"name": "child"}}
    assert json.loads(downgrade.to_legacy(raw({**modern, "_meta": own}), revision)) == {"content": [TEXT]}
    kept = json.loads(downgrade.to_legacy(raw({**modern, "_meta": {**own, "a/b": 1}}), revision))
    assert kept == {"content": [TEXT], "_meta": {"a/b": 1}}


@pytest.mark.parametrize(
    ("structured", "revision", "stays"),
    [
        ({"a": 1}, "2025-11-25", True),
        ({"a": 1}, "2025-06-18", True),
        ({"a": 1}, "2025-03-26", False),
        ({"a": 1}, "2024-11-05", False),
        ([1], "2025-11-25", False),
        ("x", "2025-06-18", False),
        (None, "2025-11-25", False),
    ],
)
def test_structured_content_only_where_it_is_known_and_an_object(
    structured: Any, revision: str, stays: bool
) -> None:
    result = json.loads(downgrade.to_legacy(raw({"content": [], "structuredContent": structured}), revision))
    assert result == {"content": [], **({"structuredContent": structured} if stays else {})}


@pytest.mark.parametrize(
    ("block", "revision", "shown"),
    [
        (LINK, "2025-11-25", LINK),
        (LINK, "2025-06-18", LINK),
        (LINK, "2025-03-26", {"type": "text", "text": "n: a:b"}),
        ({**LINK, "title": "T"}, "2024-11-05", {"type": "text", "text": "T: a:b"}),
        (AUDIO, "2025-03-26", AUDIO),
        (AUDIO, "2024-11-05", {"type": "text", "text": "[audio, audio/wav]"}),
        (TEXT, "2024-11-05", TEXT),
        ("no block", "2024-11-05", "no block"),
    ],
)
def test_blocks_that_a_revision_does_not_know_become_text(block: Any, revision: str, shown: Any) -> None:
    assert json.loads(downgrade.to_legacy(raw({"content": [block]}), revision))["content"] == [shown]


def test_content_that_is_no_list_passes() -> None:
    assert downgrade.to_legacy(Raw(b'{"content":5}'), "2024-11-05") == b'{"content":5}'


@pytest.mark.parametrize(
    ("schema", "revision", "stays"),
    [
        ({"type": "object"}, "2025-11-25", True),
        ({"type": "object"}, "2025-06-18", True),
        ({"type": "object"}, "2025-03-26", False),
        ({"type": "array"}, "2025-11-25", False),
        ({}, "2025-11-25", False),
        (True, "2025-11-25", False),
        ([], "2025-11-25", False),
        (None, "2025-11-25", False),
    ],
)
def test_an_output_schema_only_where_it_is_known_and_of_an_object(
    schema: Any, revision: str, stays: bool
) -> None:
    tool = {"name": "t", "inputSchema": {"type": "object"}, "outputSchema": schema}
    shown = json.loads(bytes(downgrade.tool_for(raw(tool), revision)))
    assert ("outputSchema" in shown) is stays
    assert shown["name"] == "t"


def test_a_tool_without_output_schema_is_untouched() -> None:
    tool = Raw(b'{"name":"t",  "inputSchema":{}}')
    assert downgrade.tool_for(tool, "2024-11-05") is tool
