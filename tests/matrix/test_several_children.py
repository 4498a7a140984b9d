"""Three children behind one face: two with the same names, all with short pages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import trio

from tests.e2e.daemon import Daemon, all_ready, running_daemon
from tests.e2e.mcp_session import CallFailed, McpSession, open_session, text_of
from tests.matrix.combinations import FIXTURE

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]
SECONDS = 10.0
PAGE = "7"  # no divisor of the thirty tools, so that the last page is a short one
WATCHED = "test://watched-resource"


def fixture(name: str, *options: str) -> dict[str, Any]:
    return {
        "command": sys.executable,
        "args": ["-I", FIXTURE, "--name", name, "--page-size", PAGE, *options],
    }


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """
    alpha has no resources; beta has everything under the same names; gamma everything, its tools and prompts
    under names of its own.
    """
    servers = {
        "alpha": fixture("alpha", "--only", "tools,prompts,completions"),
        "beta": fixture("beta"),
        "gamma": fixture("gamma", "--prefix", "g_"),
    }
    directory = tmp_path_factory.mktemp("three-children")
    with running_daemon(directory, servers, until=all_ready, MCP_LIMITS="off") as started:
        yield started
        started.stop_cleanly()


async def names(session: McpSession, kind: str, member: str = "name") -> list[str]:
    """The whole list, all pages."""
    listed: list[str] = []
    params: dict[str, Any] = {}
    while True:
        page = await session.answer(await session.start(f"{kind}/list", **params))
        listed += [item[member] for item in page[kind]]
        if "nextCursor" not in page:
            return listed
        params = {"cursor": page["nextCursor"]}


async def completed(session: McpSession, **reference: str) -> list[str]:
    argument = {"name": "arg1", "value": "par"}
    id = await session.start("completion/complete", ref=reference, argument=argument)
    values: list[str] = (await session.answer(id))["completion"]["values"]
    return values


@pytest.mark.parametrize(
    ("kind", "example"), [("tools", "test_simple_text"), ("prompts", "test_simple_prompt")]
)
async def test_nothing_is_shadowed_and_the_order_stays(kind: str, example: str, daemon: Daemon) -> None:
    with trio.fail_after(SECONDS):
        async with open_session(daemon.port) as session:
            first, second = await names(session, kind), await names(session, kind)

    assert first == second
    assert first == sorted(first)
    assert len(first) == len(set(first))
    own = {name for name in first if not name.startswith(("beta_", "g_"))}
    assert {example, f"beta_{example}", f"g_{example}"} <= set(first)
    assert {f"{prefix}{name}" for prefix in ("", "beta_", "g_") for name in own} == set(first)


async def test_what_is_shown_under_another_name_is_told_to_the_operator(daemon: Daemon) -> None:
    _, ready = daemon.ask("/ready")
    told = str(ready)
    assert "beta_test_simple_text" in told, ready


@pytest.mark.parametrize(
    ("prefix", "child"), [("", "alpha"), ("beta_", "beta"), ("g_", "gamma")], ids=["alpha", "beta", "gamma"]
)
async def test_a_prompts_completion_comes_from_its_own_child(prefix: str, child: str, daemon: Daemon) -> None:
    with trio.fail_after(SECONDS):
        async with open_session(daemon.port) as session:
            name = f"{prefix}test_prompt_with_arguments"
            values = await completed(session, type="ref/prompt", name=name)
    assert values[-1] == f"par-{child}"


async def test_a_resource_comes_from_the_first_child_that_has_it(daemon: Daemon) -> None:
    with trio.fail_after(SECONDS):
        async with open_session(daemon.port) as session:
            uris = await names(session, "resources", "uri")
            read = await session.answer(await session.start("resources/read", uri=WATCHED))
            template = await session.answer(
                await session.start("resources/read", uri="test://template/9/data")
            )
            values = await completed(session, type="ref/resource", uri="test://template/{id}/data")

    assert sorted(uris) == sorted(set(uris))
    assert WATCHED in uris
    assert read["contents"][0]["text"] == "Watched by beta"
    assert '"id": "9"' in template["contents"][0]["text"]
    assert values[-1] == "par-beta"


@pytest.mark.parametrize("prefix", ["", "beta_", "g_"], ids=["alpha", "beta", "gamma"])
async def test_a_tool_and_a_prompt_run_in_their_own_child(prefix: str, daemon: Daemon) -> None:
    with trio.fail_after(SECONDS):
        async with open_session(daemon.port) as session:
            result = await session.call(f"{prefix}test_structured", n=21)
            assert result["structuredContent"] == {"double": 42}
            got = await session.answer(
                await session.start("prompts/get", name=f"{prefix}test_simple_prompt", arguments={})
            )
            assert got["messages"][0]["content"]["text"] == "This is a simple prompt for testing."
            # Only the child that is called changes its list, so its name is what appears or goes.
            before = set(await names(session, "tools"))
            assert not (await session.call(f"{prefix}test_trigger_tool_change")).get("isError")
            changed: set[str] = set()
            while not changed:
                await trio.sleep(0.05)
                changed = before ^ set(await names(session, "tools"))
    assert changed == {f"{prefix}added_tool"}


async def test_an_unknown_name_is_refused_and_not_guessed(daemon: Daemon) -> None:
    with trio.fail_after(SECONDS):
        async with open_session(daemon.port) as session:
            for name in ("alpha_test_simple_text", "gamma_test_simple_text", "beta_g_test_simple_text"):
                with pytest.raises(CallFailed) as caught:
                    await session.call(name)
                assert caught.value.code == -32602
            assert "simple text" in text_of(await session.call("test_simple_text"))
