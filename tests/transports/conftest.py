from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest
import trio

from tests.transports.serving import Serving, start_server


@pytest.fixture
async def serving(nursery: trio.Nursery) -> AsyncIterator[Serving]:
    """Starts servers that end with the test."""
    yield partial(start_server, nursery)
    nursery.cancel_scope.cancel()
