"""
Every feature of MCP over every transport, for clients and children of both eras.

The client is the official one; over `direct` it talks to the fixture without the daemon, which shows that
what is expected here is what the protocol's own implementation does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.matrix.combinations import COMBINATIONS, Combination, Observed, Transport

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.timeout(480),  # the first test of a combination makes its whole run
]
Observe = Callable[[Combination], Observed]
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
WATCHED = "test://watched-resource"
PROMPTS = [
    "test_input_required_result_prompt",
    "test_prompt_with_arguments",
    "test_prompt_with_embedded_resource",
    "test_prompt_with_image",
    "test_simple_prompt",
]
RESOURCES = ["test://static-text", "test://static-binary", WATCHED]
COMPLETED = ["paris", "park", "party", "par-museod-fixture"]


def block(kind: str, **members: Any) -> dict[str, Any]:
    return {"type": kind, "_meta": None, **members}


def result(*blocks: dict[str, Any], structured: Any = None, failed: bool = False) -> dict[str, Any]:
    return {"content": list(blocks), "structured": structured, "isError": failed}


def said(text: str) -> dict[str, Any]:
    return result(block("text", text=text))


IMAGE = block("image", data=PNG, mimeType="image/png")
MIXED_RESOURCE = {
    "uri": "test://mixed-content-resource",
    "mimeType": "application/json",
    "text": '{"test":"data","value":123}',
}
# What the client must see, whatever lies between.
SEEN: dict[str, Any] = {
    "tool_text": said("This is a simple text response for testing."),
    "tool_image": result(IMAGE),
    "tool_mixed": result(
        block("text", text="Multiple content types test:"), IMAGE, block("resource", resource=MIXED_RESOURCE)
    ),
    "tool_structured": result(block("text", text='{"double": 42}'), structured={"double": 42}),
    "tool_error": result(
        block("text", text="This tool intentionally returns an error for testing"), failed=True
    ),
    "tool_unknown": -32602,
    "progress": [[0, 100, "step 0"], [50, 100, "step 50"], [100, 100, "step 100"]],
    "resource_templates": ["test://template/{id}/data"],
    "resource_text": [
        {
            "uri": "test://static-text",
            "mimeType": "text/plain",
            "text": "This is the content of the static text resource.",
        }
    ],
    "resource_binary": [{"uri": "test://static-binary", "mimeType": "image/png", "blob": PNG}],
    "resource_of_template": [
        {
            "uri": "test://template/7/data",
            "mimeType": "application/json",
            "text": '{"id": "7", "templateTest": true, "data": "Data for ID: 7"}',
        }
    ],
    "resource_updates": ["ResourceUpdated", WATCHED],
    "prompt_with_arguments": [["text"], ["Prompt with arguments: arg1='one', arg2='two'"]],
    "prompt_with_resource": [["resource", "text"], ["Please process the embedded resource above."]],
    "prompt_with_image": [["image", "text"], ["Please analyze the image above."]],
    "completion": COMPLETED,
    "completion_of_template": COMPLETED,
    "logging": [
        ["info", "Tool execution started"],
        ["info", "Tool processing data"],
        ["info", "Tool execution completed"],
    ],
    "tools_changed": [True, ["added_tool"]],
    "prompts_changed": [True, ["added_prompt"]],
    "resources_changed": [True, ["test://added-resource"]],
    "elicitation": said(
        'User response: action=accept, content={"email": "ada@example.org", "username": "ada"}'
    ),
    "sampling": said("LLM response: you asked: What is it?"),
    "roots": said("roots: file:///home/ada"),
    "several_rounds": said("Ada likes teal"),
    "prompt_that_asks": [["text"], ["Context: shop"]],
}

every_combination = pytest.mark.parametrize(
    "combination", COMBINATIONS, ids=[combination.name for combination in COMBINATIONS]
)


@every_combination
@pytest.mark.parametrize("feature", list(SEEN))
def test_the_client_sees_what_the_child_offers(
    feature: str, combination: Combination, observed: Observe
) -> None:
    assert observed(combination).seen(feature) == SEEN[feature]


@every_combination
def test_lists_are_complete(combination: Combination, observed: Observe) -> None:
    seen = observed(combination)
    tools = seen.seen("tools_list")
    assert tools == sorted(tools)
    assert {"json_schema_2020_12_tool", "slow", "test_simple_text", "test_x_mcp_header"} <= set(tools)
    assert len(tools) >= 30


@every_combination
@pytest.mark.parametrize(("feature", "wanted"), [("prompts_list", PROMPTS), ("resources_list", RESOURCES)])
def test_lists_beside_tools_are_complete(
    feature: str, wanted: list[str], combination: Combination, observed: Observe
) -> None:
    listed = observed(combination).seen(feature)
    # What comes and goes in the tests of changes may have been left there by an earlier client.
    assert set(listed) - {"added_prompt", "test://added-resource"} == set(wanted)
    assert len(listed) == len(set(listed))


@every_combination
def test_audio_is_what_its_revision_calls_it(combination: Combination, observed: Observe) -> None:
    (audio,) = observed(combination).seen("tool_audio")["content"]
    assert (audio["type"], audio["mimeType"]) == ("audio", "audio/wav")


@every_combination
def test_a_missing_resource_has_the_code_of_the_clients_era(
    combination: Combination, observed: Observe
) -> None:
    wanted = -32002 if combination.is_legacy_client else -32602
    assert observed(combination).seen("resource_missing") == wanted


@every_combination
def test_a_cancelled_call_ends_in_the_child_and_the_connection_goes_on(
    combination: Combination, observed: Observe
) -> None:
    seen = observed(combination)
    assert seen.seen("cancellation") == ["CancelledError", False]
    assert seen.was_child_told


def test_every_transport_is_tried_with_both_eras_on_both_sides() -> None:
    behind = {(each.transport, each.client, each.child) for each in COMBINATIONS}
    assert len(behind) == 2 + 3 * 4
    assert {transport for transport, _, _ in behind} == set(Transport)
