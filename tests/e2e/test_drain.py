"""SIGTERM under load: what was accepted is finished, what is new is refused politely, the exit is clean."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
import trio

from tests.e2e.daemon import STOP_SECONDS, Daemon, echo_server, running_daemon, wait_in_flight, wait_until
from tests.e2e.mcp_session import CallFailed, McpSession, kind_of, open_session, text_of
from tests.torture.jsonrpc_cases import encoded, request
from tests.torture.peers import HttpPeer

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]

DRAIN_SECONDS = 10.0  # the default of MCP_DRAIN_SECONDS
CALL_MS = 1500


async def wait_exit(daemon: Daemon) -> int:
    with trio.fail_after(STOP_SECONDS):
        return await trio.to_thread.run_sync(daemon.process.wait, abandon_on_cancel=True)


async def test_accepted_calls_finish_and_the_exit_is_clean(directory: Path) -> None:
    # A blocking child answers one after the other: the last of these is answered long after the signal.
    with running_daemon(directory, {"echo": echo_server()}, MCP_LIMITS="off") as daemon:
        async with open_session(daemon.port) as session:
            each = {"ms": CALL_MS // 3}
            ids = [await session.start("tools/call", name="slow", arguments=each) for _ in range(3)]
            await wait_in_flight(daemon, "echo", len(ids))
            daemon.watch()
            begun = time.monotonic()
            daemon.process.send_signal(signal.SIGTERM)
            with trio.fail_after(DRAIN_SECONDS):
                for id in ids:
                    assert text_of(await session.answer(id)) == "slept"
        assert await wait_exit(daemon) == 0, daemon.last_words()
        assert time.monotonic() - begun < DRAIN_SECONDS, "it waited although nothing was in flight"
        await trio.to_thread.run_sync(daemon.expect_nothing_left)


async def test_fifty_calls_in_flight_are_all_answered(directory: Path) -> None:
    with running_daemon(directory, {"echo": echo_server()}, MCP_LIMITS="off") as daemon:
        async with open_session(daemon.port) as session:
            ids = [await session.start("tools/call", name="slow", arguments={"ms": 40}) for _ in range(50)]
            await wait_in_flight(daemon, "echo", 40)
            daemon.process.send_signal(signal.SIGTERM)
            with trio.fail_after(DRAIN_SECONDS):
                answers = [await session.answer(id) for id in ids]
        assert [text_of(answer) for answer in answers] == ["slept"] * 50
        assert await wait_exit(daemon) == 0, daemon.last_words()


async def test_what_comes_after_the_signal_is_refused_politely(directory: Path) -> None:
    """A new call on an open socket is answered that the daemon leaves; nothing is left without an answer."""
    with running_daemon(directory, {"echo": echo_server()}, MCP_LIMITS="off") as daemon:
        async with open_session(daemon.port) as session:
            running = await session.start("tools/call", name="slow", arguments={"ms": CALL_MS})
            await wait_in_flight(daemon, "echo", 1)
            daemon.process.send_signal(signal.SIGTERM)
            await wait_draining(daemon)
            outcome = await trio.to_thread.run_sync(late_call, daemon)
            with trio.fail_after(DRAIN_SECONDS):
                assert await kind_of_call(session) == "mcp_not_available"
                assert text_of(await session.answer(running)) == "slept"
        assert outcome in ("refused connection", "refused call"), outcome
        assert await wait_exit(daemon) == 0, daemon.last_words()


async def wait_draining(daemon: Daemon) -> None:
    """Until /ready says 503, or nobody accepts connections any more."""

    def is_draining() -> bool:
        try:
            return daemon.ask("/ready")[0] == 503
        except OSError:
            return True

    await wait_until(is_draining, DRAIN_SECONDS, "not draining")


async def kind_of_call(session: McpSession) -> str | None:
    """The kind of failure of one more call, be it a result or an error."""
    try:
        return kind_of(await session.call("echo", text="late"))
    except CallFailed as error:
        return error.kind


def late_call(daemon: Daemon) -> str:
    """What a client meets that connects after the signal."""
    data = encoded(request("tools/call", name="echo", arguments={"text": "late"}))
    try:
        status, answer = HttpPeer(daemon.port).post(data)
    except OSError:
        return "refused connection"
    if status == 503:
        return "refused call"
    result = json.loads(answer or b"{}").get("result", {})
    return "refused call" if kind_of(result) == "mcp_not_available" else f"{status}: {answer!r}"


async def test_a_call_longer_than_the_grace_is_cut_and_the_exit_still_clean(directory: Path) -> None:
    with running_daemon(directory, {"echo": echo_server()}, MCP_DRAIN_SECONDS="1") as daemon:
        async with open_session(daemon.port) as session:
            await session.start("tools/call", name="slow", arguments={"ms": 60_000})
            await wait_in_flight(daemon, "echo", 1)
            daemon.watch()
            daemon.process.send_signal(signal.SIGTERM)
            assert await wait_exit(daemon) == 0, daemon.last_words()
        await trio.to_thread.run_sync(daemon.expect_nothing_left)


async def test_an_idle_connection_does_not_delay_the_exit(directory: Path) -> None:
    with running_daemon(directory, {"echo": echo_server()}) as daemon:
        async with open_session(daemon.port) as session:
            assert text_of(await session.call("echo", text="hello")) == "hello"
            begun = time.monotonic()
            daemon.process.send_signal(signal.SIGTERM)
            assert await wait_exit(daemon) == 0, daemon.last_words()
        assert time.monotonic() - begun < DRAIN_SECONDS
