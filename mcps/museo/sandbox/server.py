"""The sandbox as a running server: its port, its connections, and how it ends."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import trio

from mcps.museo.sandbox.app import DEFAULT_REQUESTS_PER_MINUTE, App
from mcps.museo.sandbox.calls import LARGE_BODY, MASTER_BODY, SMALL_BODY
from mcps.museo.sandbox.faults import FaultRule, Faults
from mcps.museo.sandbox.issuer import Account
from mcps.museo.sandbox.shop import open_shop
from mcps.museo.sandbox.state import IN_MEMORY, State
from museod.observe.logs import get_logger
from museod.transports.http1 import HttpLimits, IdleConnections, serve_http

log = get_logger()

LOOPBACK = ("127.0.0.1", "::1", "localhost")
MAX_CONNECTIONS = 512  # a client of ours keeps a few dozen; well below the usual 1,024 open files


class ServeError(Exception):
    """The sandbox cannot listen; the text names the remedy."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run a sandbox; port 0 takes a free one."""

    account: Account
    host: str = "127.0.0.1"
    port: int = 8000
    state: str = IN_MEMORY
    faults: Sequence[FaultRule] = ()
    requests_per_minute: int = DEFAULT_REQUESTS_PER_MINUTE


async def serve(options: Options, announce: Callable[[str], None]) -> None:
    """
    Serve until SIGTERM, SIGINT or cancellation, then close the state file.

    What was answered was committed before, so the end may come at once.

    Args:
        announce: told the base URL once connections are accepted.

    Raises:
        ServeError: the address is not loopback, or the port is taken.
        StateError: the state file cannot be used.
    """
    if options.host not in LOOPBACK:
        raise ServeError(
            f"{options.host} is not a loopback address: the sandbox has well-known credentials and is for "
            "this machine only; use --host 127.0.0.1."
        )
    listeners = await _listen(options)
    try:
        base_url = _base_url(options.host, listeners[0])
        state = State(options.state)
        try:
            app = App(
                open_shop(state, options.account, base_url),
                faults=Faults(options.faults),
                requests_per_minute=options.requests_per_minute,
            )
            async with trio.open_nursery() as nursery:
                await nursery.start(_watch_signals, nursery.cancel_scope)
                connections = _Connections(app)
                nursery.start_soon(connections.idle.run)
                nursery.start_soon(app.run)
                announce(base_url)
                await trio.serve_listeners(connections.serve, listeners)
        finally:
            state.close()
    finally:
        for listener in listeners:
            listener.socket.close()


async def _watch_signals(
    scope: trio.CancelScope, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for number in signals:
            log.info("sandbox_stopping", signal=signal.Signals(number).name)
            scope.cancel()
            return


class _Connections:
    """Serves each connection, up to a ceiling; one too many is closed at once."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._open = 0
        self._limits = HttpLimits()
        self.idle = IdleConnections()

    async def serve(self, stream: trio.SocketStream) -> None:
        if self._open >= MAX_CONNECTIONS:
            log.warning("sandbox_connection_refused", open=self._open)
            await stream.aclose()
            return
        self._open += 1
        try:
            await self._serve(stream)
        finally:
            self._open -= 1

    async def _serve(self, stream: trio.SocketStream) -> None:
        try:
            host, port, *_ = stream.socket.getpeername()
        except OSError:  # it went away before we looked
            await stream.aclose()
            return
        await serve_http(
            stream,
            self._app,
            peer=(host, port),
            limits=self._limits,
            body_limit=_body_ceiling,
            idle=self.idle,
        )


def _body_ceiling(_method: str, path: str) -> int:
    """
    What the connection reads before it refuses; twice what `app` allows.

    A body that is a little too large is thus refused by `app`, with a problem document.
    """
    if path.startswith("/api/v1/admin/products/imports"):
        return 2 * LARGE_BODY
    return 2 * (MASTER_BODY if path.startswith("/api/v1/admin/") else SMALL_BODY)


async def _listen(options: Options) -> list[trio.SocketListener]:
    try:
        return await trio.open_tcp_listeners(options.port, host=options.host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"port {options.port} is in use; stop the program that holds it or choose another --port."
        else:
            text = (
                f"cannot listen on {options.host}:{options.port} ({error.strerror}); choose another --port."
            )
        raise ServeError(text) from None


def _base_url(host: str, listener: trio.SocketListener) -> str:
    port = listener.socket.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
