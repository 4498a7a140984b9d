"""Daemons that several tests share: each is started once, and must end with exit code 0 and leave nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.daemon import Daemon, Shop, all_ready, echo_server, running_daemon, running_shop


@pytest.fixture(scope="session")
def echo_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """The daemon in front of the echo child only; rates and counts are lifted, sizes and deadlines stay."""
    directory = tmp_path_factory.mktemp("echo-daemon")
    with running_daemon(directory, {"echo": echo_server()}, MCP_LIMITS="off") as daemon:
        yield daemon
        daemon.stop_cleanly()


@pytest.fixture(scope="session")
def sandbox_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The stand-in shop, shared: every test shops as a user of its own."""
    with running_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture(scope="session")
def shop_daemon(tmp_path_factory: pytest.TempPathFactory, sandbox_shop: Shop) -> Iterator[Daemon]:
    """The daemon with its own four children in front of the sandbox shop."""
    directory = tmp_path_factory.mktemp("shop-daemon")
    with running_daemon(directory, until=all_ready, MCP_MUSEO_API_URL=sandbox_shop.url) as daemon:
        yield daemon
        daemon.stop_cleanly()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where a test's own daemon keeps its state, log and configuration."""
    return tmp_path
