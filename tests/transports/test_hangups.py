"""Clients that hang up while a handler works, on real sockets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
import trio.testing

from museod.transports.hangups import IDLE_SWEEP_SECONDS
from museod.transports.http1 import (
    HangupWatch,
    HttpLimits,
    HttpRequest,
    HttpResponse,
    IdleConnections,
    serve_http,
)
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
    worker = Worker(cancel_on_hangup=True)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            watch = HangupWatch()
            nursery.start_soon(watch.run)

            async def serve() -> None:
                await serve_http(
                    server,
                    worker,
                    peer=("x", 1),
                    limits=HttpLimits(),
                    body_limit=lambda *_: 10,
                    idle=IdleConnections(),
                    hangups=watch,
                )

            nursery.start_soon(serve)
            await client.send_all(request_bytes())
            await worker.started.wait()
            await client.send_eof()
            worker.may_finish.set()
            assert bytes(await client.receive_some()).startswith(b"HTTP/1.1 200")
            nursery.cancel_scope.cancel()
    assert worker.outcome == "finished"


async def test_a_request_cannot_stop_the_one_behind_it(serving: Serving) -> None:
    stops: list[Callable[[], None]] = []

    async def handler(request: HttpRequest) -> HttpResponse:
        for stop in stops:
            stop()
        stops.append(request.stop)
        await trio.lowlevel.checkpoint()
        return HttpResponse(200)

    server = await serving(handler)
    answer = await server.talk(request_bytes(close=False) + request_bytes())
    assert answer.statuses == [200, 200]


async def test_a_stop_behind_the_answer_spares_the_connection(serving: Serving) -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        request.stop()
        return HttpResponse(200)

    server = await serving(handler)
    answer = await server.talk(request_bytes(close=False) + request_bytes())
    assert answer.statuses == [200, 200]


async def test_the_watch_lasts_while_there_is_nothing_to_watch(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with trio.move_on_after(1000):
        await HangupWatch().run()
    assert trio.current_time() >= 1000, "run ended by itself"


class Idler:
    """Waits until it is interrupted."""

    def __init__(self) -> None:
        self._interrupted = trio.Event()

    def interrupt(self) -> None:
        self._interrupted.set()

    async def wait(self, idle: IdleConnections) -> float:
        """How long it could, with five seconds for it."""
        began = trio.current_time()
        if idle.begin(self, 5):
            await self._interrupted.wait()
        return trio.current_time() - began


async def test_idle_connections_end_with_their_time_or_with_the_drain(
    autojump_clock: trio.testing.MockClock,
) -> None:
    idle = IdleConnections()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(idle.run)
        assert 5 <= await Idler().wait(idle) <= 5 + IDLE_SWEEP_SECONDS
        nursery.start_soon(_close_after, 1, idle)
        assert await Idler().wait(idle) == pytest.approx(1)
        assert await Idler().wait(idle) == 0
        nursery.cancel_scope.cancel()


async def test_a_connection_that_waits_no_more_is_not_interrupted(
    autojump_clock: trio.testing.MockClock,
) -> None:
    idle, idler = IdleConnections(), Idler()
    idle.begin(idler, 5)
    idle.end(idler)
    with trio.move_on_after(100):
        await idle.run()
    idle.close()
    assert not idler._interrupted.is_set()


async def _close_after(seconds: float, idle: IdleConnections) -> None:
    await trio.sleep(seconds)
    idle.close()
