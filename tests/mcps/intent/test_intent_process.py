"""`python -m mcps.intent` as a real process."""

from __future__ import annotations

import pytest

from mcps.intent.tools import TOOLS
from mcps.kit.harness import open_harness
from museod.wire import codec
from tests.fakes.mcp_child import open_child

pytestmark = pytest.mark.real


async def test_it_serves_the_modern_era_and_ends_with_its_input() -> None:
    async with open_child("mcps.intent") as child:
        discovered = (await child.request("server/discover"))["result"]
        assert discovered["supportedVersions"] == ["2026-07-28"]
        listed = (await child.request("tools/list"))["result"]["tools"]
        assert [entry["name"] for entry in listed] == [
            "analyze_intent",
            "validate_mapping",
            "get_suggestions",
        ]
        result = await child.call("analyze_intent", {"message": "add two lamps to my basket"})
        assert result["structuredContent"]["intent"] == "basket.add"
        assert result["structuredContent"]["entities"]["quantity"] == 2
        assert await child.finish() == 0


async def test_it_serves_a_legacy_host_and_answers_malformed_lines() -> None:
    async with open_child("mcps.intent") as child:
        await child.write(b"not json")
        assert (await child.read())["error"]["code"] == -32700
        params = {
            "protocolVersion": "2024-11-05",
            "capabilities": {},
            "clientInfo": {"name": "h", "version": "1"},
        }
        await child.write(codec.encode_request(1, "initialize", codec.encode(params)))
        assert (await child.read())["result"]["serverInfo"]["name"] == "museo-intent"
        await child.write(
            codec.encode_request(
                2, "tools/call", b'{"name":"get_suggestions","arguments":{"clientType":"cli"}}'
            )
        )
        assert "You could say" in (await child.read())["result"]["content"][0]["text"]


async def test_what_is_piped_in_is_answered_before_the_end() -> None:
    async with open_child("mcps.intent") as child:
        assert child.process.stdin is not None
        for number in range(5):
            await child.write(codec.encode_request(number, "ping", b"{}"))
        await child.process.stdin.aclose()
        assert {(await child.read())["id"] for _ in range(5)} == set(range(5))
        assert await child.process.wait() == 0


async def test_the_tools_answer_within_their_own_schemas() -> None:
    async with open_harness(TOOLS) as harness:
        for message in ("hello", "delete the lamp from the shop", "compare a phone and a tablet", "§§ ???"):
            result = await harness.call("analyze_intent", {"message": message, "clientType": "whatsapp"})
            assert not result.is_error
        mapped = await harness.call("validate_mapping", {"intent": "basket.add", "clientType": "cli"})
        assert mapped.structured_content["missing"] == ["product"]
        suggested = await harness.call(
            "get_suggestions", {"clientType": "mobile", "lastIntent": "basket.view"}
        )
        assert len(suggested.structured_content["suggestions"]) == 3
        refused = await harness.call("analyze_intent", {"message": "x" * 4001})
        assert refused.is_error
        assert "message" in refused.text
        unknown = await harness.call("validate_mapping", {"intent": "fly", "clientType": "cli"})
        assert unknown.structured_content["kind"] == "invalid_params"


async def test_the_callers_client_type_counts_when_the_arguments_name_none() -> None:
    async with open_harness(TOOLS) as harness:
        said = {"message": "archive the lamp"}
        staff = await harness.call("analyze_intent", said, caller={"sub": "a", "clientType": "web-admin"})
        shopper = await harness.call("analyze_intent", said, caller={"sub": "a", "clientType": "mobile"})
    assert staff.structured_content["intent"] == "admin.product.delete"
    assert shopper.structured_content["reason"] == "not_allowed_for_client"
