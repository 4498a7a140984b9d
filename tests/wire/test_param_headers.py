"""Arguments that come in headers too."""

from __future__ import annotations

from typing import Any

import pytest

from museod.transports.http1 import Headers
from museod.wire.http_rules import RuleBroken
from museod.wire.param_headers import ParamHeader, check_param_headers, param_headers
from museod.wire.schema import SchemaRefused


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


REGION = {"type": "string", "x-mcp-header": "Region"}


def test_annotated_properties_are_found_also_inside_of_objects() -> None:
    found = param_headers(schema(region=REGION, filter=schema(id={"type": "integer", "x-mcp-header": "Id"})))

    assert found == (
        ParamHeader("Mcp-Param-Region", ("region",)),
        ParamHeader("Mcp-Param-Id", ("filter", "id")),
    )


def test_a_property_may_be_called_like_the_annotation() -> None:
    assert param_headers(schema(**{"x-mcp-header": {"type": "string"}})) == ()


@pytest.mark.parametrize(
    "bad",
    [
        schema(a={"type": "string", "x-mcp-header": ""}),
        schema(a={"type": "string", "x-mcp-header": "two words"}),
        schema(a={"type": "string", "x-mcp-header": 5}),
        schema(a={"type": "number", "x-mcp-header": "A"}),
        schema(a={"x-mcp-header": "A"}),
        schema(a=REGION, b={"type": "string", "x-mcp-header": "region"}),
        schema(a={"type": "array", "items": REGION}),
        schema(a={"anyOf": [REGION]}),
        {"type": "object", "$defs": {"a": REGION}, "properties": {"a": {"$ref": "#/$defs/a"}}},
    ],
)
def test_an_annotation_where_it_may_not_be_spoils_the_tool(bad: dict[str, Any]) -> None:
    with pytest.raises(SchemaRefused):
        param_headers(bad)


@pytest.mark.parametrize(
    ("argument", "header"),
    [
        ("eu", "eu"),
        ("", ""),
        ("ü", "=?base64?w7w=?="),
        ("=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?="),
        (True, "true"),
        (False, "false"),
        (42, "42"),
        (42, "42.0"),
        (-7, "-7"),
        (42.0, "42"),
    ],
)
def test_the_same_in_header_and_argument_passes(argument: object, header: str) -> None:
    check_param_headers(
        Headers([("mcp-param-a", header)]), [ParamHeader("Mcp-Param-A", ("a",))], {"a": argument}
    )


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ({"a": "eu"}, []),
        ({"a": "eu"}, ["us"]),
        ({"a": "eu"}, ["eu", "eu"]),
        ({}, ["eu"]),
        ({"a": None}, ["eu"]),
        ({"a": True}, ["True"]),
        ({"a": True}, ["1"]),
        ({"a": 42}, ["4 2"]),
        ({"a": 42}, ["42.5"]),
        ({"a": 42}, ["0x2a"]),
        ({"a": "ü"}, ["\xfc"]),
        ({"a": "a"}, ["=?base64?YQ?="]),
        ({"a": ["x"]}, ["x"]),
    ],
)
def test_a_difference_is_a_header_mismatch(arguments: dict[str, Any], fields: list[str]) -> None:
    headers = Headers([("Mcp-Param-A", value) for value in fields])
    with pytest.raises(RuleBroken) as caught:
        check_param_headers(headers, [ParamHeader("Mcp-Param-A", ("a",))], arguments)

    assert caught.value.code == -32020


def test_neither_header_nor_argument_is_fine() -> None:
    check_param_headers(Headers([]), [ParamHeader("Mcp-Param-A", ("a", "b"))], {"a": 5})
