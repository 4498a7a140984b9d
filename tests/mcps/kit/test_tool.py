"""Tools made of a definition and a function."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import Struct

from mcps.kit.context import Context
from mcps.kit.harness import open_harness
from mcps.kit.tool import Definition, Reply, read_definitions, tool
from museod.errors import InvalidArguments, LocalProtocolError
from museod.wire import codec


class Wanted(Struct):
    product: str = ""
    sku: str = ""
    quantity: int = 1


SCHEMA = {
    "type": "object",
    "properties": {
        "product": {"type": "string"},
        "sku": {"type": "string"},
        "quantity": {"type": "integer", "minimum": 1},
    },
    "additionalProperties": False,
    "anyOf": [{"required": ["sku"]}, {"required": ["product"]}],
}
DEFINITION = Definition(
    "want", b"{}", codec.encode(SCHEMA), codec.encode({"type": "object", "required": ["x"]})
)


@tool(DEFINITION)
async def want(arguments: Wanted, context: Context) -> Reply:
    return Reply({"quantity": arguments.quantity}, "text")


def test_arguments_become_the_functions_struct_with_its_defaults() -> None:
    assert want.read(b'{"sku":"a"}') == Wanted(sku="a", quantity=1)


def test_a_whole_number_with_a_decimal_point_is_an_integer_as_in_json_schema() -> None:
    assert want.read(b'{"sku":"a","quantity":2.0}') == Wanted(sku="a", quantity=2)


def test_a_choice_of_required_members_is_named() -> None:
    with pytest.raises(InvalidArguments, match="one of sku, product is needed"):
        want.read(b"{}")


def test_a_refusal_names_the_field_and_what_the_tool_takes() -> None:
    with pytest.raises(InvalidArguments, match=r"quantity: .*it takes: product, sku, quantity"):
        want.read(b'{"sku":"a","quantity":0}')


def test_a_function_and_a_schema_that_differ_are_refused_at_once() -> None:
    class Other(Struct):
        product: str = ""
        amount: int = 1

    globals()["Other"] = Other
    with pytest.raises(TypeError, match="amount"):

        @tool(DEFINITION)
        async def other(arguments: Other, context: Context) -> Reply:
            raise NotImplementedError


async def test_the_harness_refuses_an_answer_against_the_tools_own_schema() -> None:
    async with open_harness([want]) as harness:
        with pytest.raises(LocalProtocolError, match="its own schema"):
            await harness.call("want", {"sku": "a"})


@pytest.mark.parametrize("server", ["intent", "storefront", "admin", "notifications"])
def test_every_servers_definitions_are_complete(server: str) -> None:
    root = Path(__file__).parents[3] / "mcps" / server / "tools.json"
    definitions = read_definitions(root)
    assert definitions
    for name, definition in definitions.items():
        listing = codec.decode(definition.listing)
        assert listing["name"] == name
        assert len(listing["description"]) > 40
        assert listing["title"]
        assert listing["inputSchema"]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert listing["inputSchema"]["additionalProperties"] is False
        assert set(listing["annotations"]) == {
            "readOnlyHint",
            "destructiveHint",
            "idempotentHint",
            "openWorldHint",
        }
        assert definition.output_schema is not None
        assert b"\n" not in definition.listing
