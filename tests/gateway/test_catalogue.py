"""The merged table of tools."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import Raw

from museod.gateway.catalogue import Catalogue, ChildTools, build_catalogue
from museod.wire.tools import ListedTool


def listed(name: str, **members: Any) -> ListedTool:
    tool = {"name": name, "inputSchema": {"type": "object"}, **members}
    return ListedTool.decode(Raw(json.dumps(tool).encode()))


def child(name: str, *tools: ListedTool | str, prefix: str = "") -> ChildTools:
    return ChildTools(name, tuple(listed(one) if isinstance(one, str) else one for one in tools), prefix)


def built(*children: ChildTools) -> Catalogue:
    return build_catalogue(children, version=7)


def shown(catalogue: Catalogue) -> dict[str, tuple[str, str]]:
    return {name: (entry.child, entry.original) for name, entry in catalogue.entries.items()}


def test_tools_are_sorted_by_the_name_they_are_shown_under() -> None:
    catalogue = built(child("b", "z", "a"), child("a", "m"))
    assert list(catalogue.entries) == ["a", "m", "z"]
    assert catalogue.version == 7
    assert not catalogue.refusals


def test_a_prefix_changes_the_shown_name_and_no_other_byte() -> None:
    raw = Raw(b'{"name":"go","inputSchema":{ "type" : "object", "$defs":{} },"x":1.0}')
    catalogue = built(child("c", ListedTool.decode(raw), prefix="c."))
    entry = catalogue.entries["c.go"]
    assert entry.original == "go"
    assert b'{ "type" : "object", "$defs":{} }' in bytes(entry.listed)
    assert json.loads(bytes(entry.listed)) == {**json.loads(bytes(raw)), "name": "c.go"}
    assert built(child("c", ListedTool.decode(raw))).entries["go"].listed is raw


def test_on_a_clash_the_earlier_child_keeps_the_name_and_it_is_said() -> None:
    catalogue = built(child("one", "go"), child("two", "go"))
    assert shown(catalogue) == {"go": ("one", "go"), "two_go": ("two", "go")}
    [refusal] = catalogue.refusals
    assert (refusal.child, refusal.tool) == ("two", "go")
    assert "one" in refusal.reason
    assert "two_go" in refusal.reason
    assert json.loads(bytes(catalogue.entries["two_go"].listed))["name"] == "two_go"


def test_a_second_clash_leaves_the_tool_out() -> None:
    catalogue = built(child("one", "go", "two_go"), child("two", "go"))
    assert shown(catalogue) == {"go": ("one", "go"), "two_go": ("one", "two_go")}
    assert len(catalogue.refusals) == 2
    assert "prefix" in catalogue.refusals[1].reason


def test_a_child_that_lists_one_name_twice_does_not_replace_its_own() -> None:
    catalogue = built(child("one", listed("go", title="first"), listed("go", title="second")))
    assert json.loads(bytes(catalogue.entries["go"].listed))["title"] == "first"
    assert catalogue.refusals


@pytest.mark.parametrize("name", ["", "a b", "ü", "a\n", "x" * 65, "a:b", "<script>"])
def test_a_name_that_clients_cannot_take_is_refused(name: str) -> None:
    catalogue = built(child("one", name, "good"))
    assert list(catalogue.entries) == ["good"]
    [refusal] = catalogue.refusals
    assert len(refusal.tool) <= 100


@pytest.mark.parametrize(("name", "prefix", "fits"), [("x" * 60, "abcd", True), ("x" * 61, "abcd", False)])
def test_the_length_counts_with_the_prefix(name: str, prefix: str, fits: bool) -> None:
    assert bool(built(child("one", name, prefix=prefix)).entries) is fits


@pytest.mark.parametrize(
    "schema",
    [None, True, {"type": "string"}, {"type": "object", "properties": {"a": {"$ref": "http://x/y"}}}],
)
def test_a_tool_whose_schema_is_unusable_is_left_out(schema: Any) -> None:
    catalogue = built(child("one", listed("bad", inputSchema=schema), "good"))
    assert list(catalogue.entries) == ["good"]
    assert catalogue.refusals[0].reason


def test_what_is_not_there_is_not_found() -> None:
    catalogue = built(child("one", "go"))
    assert catalogue.find("go") is catalogue.entries["go"]
    assert catalogue.find("Go") is None
    assert Catalogue().find("go") is None
