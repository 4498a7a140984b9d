from __future__ import annotations

import functools
import inspect
import secrets
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from museod.observe.logs import teed

# The longest ladder of these tests takes a second; the rest is for a machine with much else to do.
REAL_SECONDS = 20


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put a deadline around each test with real processes: waiting for what never comes fails."""
    for item in items:
        is_here = isinstance(item, pytest.Function) and item.path.parent == Path(__file__).parent
        if is_here and item.get_closest_marker("real") and inspect.iscoroutinefunction(item.obj):
            item.obj = _bounded(item.obj)


def _bounded(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @functools.wraps(test)
    async def run(**fixtures: Any) -> None:
        with trio.fail_after(REAL_SECONDS):
            await test(**fixtures)

    return run


@pytest.fixture
def instance_id() -> str:
    """An id as each run of the daemon draws one."""
    return secrets.token_hex(8)


@pytest.fixture
def logged() -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """What was logged under an event name: the metadata of each line, with its `mcp`."""
    entries: list[dict[str, Any]] = []

    def keep(line: bytes) -> None:
        entries.append(msgspec.json.decode(line))

    with teed(keep):
        yield lambda event: [
            {"mcp": entry.get("mcp"), **entry["metadata"]} for entry in entries if entry["message"] == event
        ]
