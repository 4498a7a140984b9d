"""Clients that hang up while a handler works, on real sockets."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from museod.transports.http1 import HangupWatch, HttpRequest, HttpResponse, IdleConnections
from tests.transports.serving import Serving, request_bytes

pytestmark = pytest.mark.real


class Worker:
    """A handler that works until it is told to finish."""

    def __init__(self, *, cancel_on_hangup: bool) -> None:
        self.cancel_on_hangup = cancel_on_hangup
        self.started = trio.Event()
        self.may_finish = trio.Event()
        self.outcome = ""
        self.ended = trio.Event()

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        self.started.set()
        request.cancel_on_hangup = self.cancel_on_hangup
        try:
            await self.may_finish.wait()
            self.outcome = "finished"
        except trio.Cancelled:
            self.outcome = "cancelled"
            raise
        finally:
            self.ended.set()
        return HttpResponse(200)


@pytest.mark.parametrize("half", [True, False], ids=["half", "whole"])
async def test_a_hang_up_cancels_a_handler_that_allows_it(serving: Serving, half: bool) -> None:
    worker = Worker(cancel_on_hangup=True)
    server = await serving(worker)
    with trio.fail_after(5):
        stream = await server.connect()
        await stream.send_all(request_bytes())
        await worker.started.wait()
        await (stream.send_eof() if half else stream.aclose())
        await worker.ended.wait()
        while server.open_connections:
            await trio.lowlevel.checkpoint()
        await stream.aclose()
    assert worker.outcome == "cancelled"


async def test_a_hang_up_leaves_other_handlers_alone(serving: Serving) -> None:
    careless, other, gone = (
        Worker(cancel_on_hangup=False),
        Worker(cancel_on_hangup=True),
        Worker(cancel_on_hangup=True),
    )
    workers = {"/careless": careless, "/other": other, "/gone": gone}

    async def handler(request: HttpRequest) -> HttpResponse:
        return await workers[request.path](request)

    server = await serving(handler)
    with trio.fail_after(5):
        streams = {}
        for path, worker in workers.items():
            streams[path] = await server.connect()
            await streams[path].send_all(request_bytes(f"POST {path} HTTP/1.1"))
            await worker.started.wait()
        await streams["/careless"].aclose()
        await streams["/gone"].aclose()
        await gone.ended.wait()
        assert not careless.ended.is_set()
        assert not other.ended.is_set()
        for worker in (careless, other):
            worker.may_finish.set()
        assert (await streams["/other"].receive_some()).startswith(b"HTTP/1.1 200")
        await careless.ended.wait()
        await streams["/other"].aclose()
    assert (careless.outcome, other.outcome) == ("finished", "finished")


async def test_a_stream_in_memory_is_simply_not_watched() -> None:
    client, server = trio.testing.memory_stream_pair()
    request = HttpRequest("GET", "/", "/", "", None, b"", "x", 1)  # type: ignore[arg-type]
    watch = HangupWatch()
    with trio.CancelScope() as scope:
        watch.forget(watch.watch(server, request, scope))
        await client.aclose()
        await trio.lowlevel.checkpoint()
    assert not scope.cancelled_caught


async def test_the_watch_lasts_while_there_is_nothing_to_watch(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with trio.move_on_after(1000):
        await HangupWatch().run()
    assert trio.current_time() >= 1000, "run ended by itself"


async def test_idle_connections_end_with_their_time_or_with_the_drain(
    autojump_clock: trio.testing.MockClock,
) -> None:
    idle = IdleConnections()

    async def wait() -> float:
        began = trio.current_time()
        with idle.waiting(5):
            await trio.Event().wait()
        return trio.current_time() - began

    assert await wait() == pytest.approx(5)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_close_after, 1, idle)
        assert await wait() == pytest.approx(1)
    assert await wait() == pytest.approx(0)


async def _close_after(seconds: float, idle: IdleConnections) -> None:
    await trio.sleep(seconds)
    idle.close()
