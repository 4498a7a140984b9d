"""The request cache as the configuration wires it: what is named there is given again, and counted."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from tests.e2e.daemon import Daemon, running_daemon
from tests.e2e.mcp_session import open_session
from tests.matrix.combinations import configuration

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]
SECONDS = 10.0
CACHE = 'cache = { test_structured = 60, test_simple_text = 60 }\ncache_shared = ["test_structured"]\n'


def counted(daemon: Daemon, outcome: str) -> float:
    line = f'museod_cache_total{{cache="request",outcome="{outcome}"}} '
    metrics: str = daemon.ask("/metrics")[1]
    return sum(float(row.removeprefix(line)) for row in metrics.splitlines() if row.startswith(line))


async def test_only_named_tools_are_kept_and_a_write_drops_the_callers_own(tmp_path: Path) -> None:
    config = configuration("2026-07-28", tmp_path.name) + CACHE
    with running_daemon(tmp_path, config=config, MCP_LIMITS="off") as daemon:
        with trio.fail_after(SECONDS):
            for _ in range(2):  # two callers: the second is given what the first was told
                async with open_session(daemon.port) as session:
                    result = await session.call("test_structured", n=21)
                    assert result["structuredContent"] == {"double": 42}
            assert (counted(daemon, "miss"), counted(daemon, "hit")) == (1, 1)
            async with open_session(daemon.port) as session:
                for _ in range(2):
                    await session.call("test_simple_text")
                assert (counted(daemon, "hit"), counted(daemon, "stored")) == (2, 2)
                await session.call("test_image_content")  # it does not say that it only reads
                assert counted(daemon, "dropped") == 1
                await session.call("test_simple_text")
            assert (counted(daemon, "miss"), counted(daemon, "hit")) == (3, 2)
        daemon.stop_cleanly()
