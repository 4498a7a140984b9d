"""Schemas of tools: jsonschema is the oracle for what both know."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from museod.wire.schema import MAX_FAULTS, MAX_SCHEMA_BYTES, ArgumentsSchema, SchemaRefused

NAMES = st.sampled_from(["a", "b", "ü"])
LEAVES = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("integer")}, optional={"minimum": st.integers(-3, 3), "maximum": st.integers(-3, 3)}
    ),
    st.fixed_dictionaries(
        {"type": st.just("string")}, optional={"minLength": st.integers(0, 3), "maxLength": st.integers(0, 3)}
    ),
    st.just({"type": "boolean"}),
    st.just({"type": ["number", "null"]}),
    st.fixed_dictionaries({"enum": st.lists(st.sampled_from([1, "1", None, True]), min_size=1)}),
    st.just({"type": "string", "pattern": "^[a-c]+$"}),
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner}, optional={"maxItems": st.integers(0, 2)}
        ),
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=2)},
            optional={"required": st.lists(NAMES, unique=True), "additionalProperties": st.booleans()},
        ),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=4,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-4, 4) | st.text("abü1", max_size=4) | st.floats(-2, 2, width=16),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(
    st.dictionaries(NAMES, SCHEMAS, max_size=2), st.lists(NAMES, unique=True), st.dictionaries(NAMES, VALUES)
)
def test_the_verdict_is_that_of_the_reference(
    properties: dict[str, Any], required: list[str], arguments: dict[str, Any]
) -> None:
    schema = {"type": "object", "properties": properties, "required": required}
    faults = ArgumentsSchema(json.dumps(schema).encode()).faults(arguments)
    is_valid = jsonschema.Draft202012Validator(schema).is_valid(arguments)
    assert (not faults) == is_valid
    assert all(isinstance(fault, str) and fault for fault in faults)


OBJECT = {
    "type": "object",
    "properties": {
        "n": {"type": "integer", "minimum": 1},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["n"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, '"n" is a required property'),
        ({"n": 0}, "n: "),
        ({"n": "1"}, "n: "),
        ({"n": 1, "tags": ["a", 2]}, "tags.1: "),
        ({"n": 1, "more": 1}, "more"),
        ([], "object"),
        (None, "object"),
    ],
)
def test_a_fault_names_its_field(arguments: Any, said: str) -> None:
    [fault] = ArgumentsSchema(json.dumps(OBJECT).encode()).faults(arguments)
    assert said in fault


def test_many_faults_are_told_up_to_a_handful_and_each_is_short() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    faults = ArgumentsSchema(json.dumps(schema).encode()).faults({str(n): "x" * 10_000 for n in range(50)})
    assert len(faults) == MAX_FAULTS
    assert all(len(fault) < 300 for fault in faults)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (b"{", "not valid JSON"),
        (b"true", "object"),
        (b"[]", "object"),
        (b'{"type":"array"}', "object"),
        (b'{"type":"object","properties":5}', "compile"),
        (b'{"type":"object","properties":{"a":{"type":"no such"}}}', "compile"),
        (b'{"type":"object","properties":{"a":{"$ref":"http://127.0.0.1:9/x"}}}', "compile"),
        (b'{"type":"object","properties":{"a":{"$ref":"file:///etc/passwd"}}}', "compile"),
        (b'{"type":"object","properties":{"a":{"$ref":"#/$defs/none"}}}', "compile"),
        (b'{"$schema":"http://example.com/mine","type":"object"}', "compile"),
        (b'{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}', "compile"),
        (b'{"type":"object","x":' + b"[" * 70 + b"]" * 70 + b"}", "deeper"),
        (b'{"type":"object","x":"' + b"x" * MAX_SCHEMA_BYTES + b'"}', "bytes"),
    ],
)
def test_a_schema_that_cannot_be_used_says_why(schema: bytes, reason: str) -> None:
    with pytest.raises(SchemaRefused, match=reason) as caught:
        ArgumentsSchema(schema)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"},
        {"type": "object", "$defs": {"n": {"type": "integer"}}, "properties": {"n": {"$ref": "#/$defs/n"}}},
        {"properties": {"n": {"type": "integer"}}},
        {"type": "object", "properties": {"n": {"type": "integer"}}, "if": {"required": ["n"]}, "then": {}},
    ],
)
def test_schemas_in_use_compile(schema: dict[str, Any]) -> None:
    assert not ArgumentsSchema(json.dumps(schema).encode()).faults({"n": 1})


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(?=(a+)+$)(a+)+$"])
def test_a_hostile_pattern_gets_a_verdict_in_bounded_time(pattern: str) -> None:
    # With a backtracking engine and no limit this never ends.
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": pattern}}}
    assert ArgumentsSchema(json.dumps(schema).encode()).faults({"a": "a" * 40 + "!"})
