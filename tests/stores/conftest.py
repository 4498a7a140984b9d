"""
The engines under test. Every test that takes `stores`, `shared` or `backend` is a contract: it runs on each.

`stores`: one open set of stores. `shared`: an engine that can be opened again and again over the same data,
as by a second node or after a restart. `backend`: the bare engine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from museod.stores.backend import Backend
from museod.stores.base import Stores
from museod.stores.database import Database
from museod.stores.opening import IN_MEMORY
from museod.stores.sqlite import FILE_NAME, SqliteBackend
from tests.fakes.stores import Engine, FakeClock


@pytest.fixture
def clock(engine: Engine) -> FakeClock:
    return engine.clock


@pytest.fixture(params=["memory", "file"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return Engine(IN_MEMORY if request.param == "memory" else None, tmp_path)


@pytest.fixture(params=["file"])
def shared(tmp_path: Path) -> Engine:
    return Engine(None, tmp_path)


@pytest.fixture
async def stores(engine: Engine) -> AsyncIterator[Stores]:
    async with engine.open() as opened:
        yield opened


@pytest.fixture
async def backend(engine: Engine) -> AsyncIterator[Backend]:
    path = None if engine.url == IN_MEMORY else engine.state_dir / FILE_NAME
    opened = SqliteBackend(Database(path, now=engine.clock), path=path, now=engine.clock)
    yield opened
    await opened.aclose()
