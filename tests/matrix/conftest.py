"""One run of the client per combination; what it saw is shared by the tests of all features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.daemon import Daemon, running_daemon
from tests.matrix.combinations import (
    Combination,
    Observed,
    Transport,
    configuration,
    observe_daemon,
    observe_stdio,
)


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Combination], Observed]]:
    """What the client saw over a combination; the run is made when the first test asks for it."""
    known: dict[Combination, Observed | AssertionError] = {}
    daemons: dict[str, Daemon] = {}

    with ExitStack() as running:

        def daemon(child_era: str) -> Daemon:
            if child_era not in daemons:
                directory = tmp_path_factory.mktemp("matrix-daemon")
                config = configuration(child_era, directory.name)
                daemons[child_era] = running.enter_context(
                    running_daemon(directory, config=config, MCP_LIMITS="off")
                )
            return daemons[child_era]

        def observe(combination: Combination) -> Observed:
            if combination.transport in (Transport.HTTP, Transport.WEBSOCKET):
                return observe_daemon(combination, daemon(combination.child))
            return observe_stdio(combination, tmp_path_factory.mktemp("matrix-stdio"))

        def once(combination: Combination) -> Observed:
            if combination not in known:
                try:
                    known[combination] = observe(combination)
                except AssertionError as error:
                    known[combination] = error  # the same words for every feature, without running again
            found = known[combination]
            if isinstance(found, AssertionError):
                raise found
            return found

        yield once
        for started in daemons.values():
            started.stop_cleanly()
