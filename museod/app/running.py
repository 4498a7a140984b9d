"""`museod serve` and `museod stdio`: opening everything in order, and leaving it in reverse."""

from __future__ import annotations

import gc
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial

import trio

from museod import systemd
from museod.access.principal import Principal
from museod.app.daemon import DAY, Daemon
from museod.app.port import Port, address_of, open_listeners
from museod.app.shipping import shipped_logs
from museod.app.wiring import sealing_keys, specs_of
from museod.config import Config
from museod.errors import ChannelError
from museod.lifecycle import Lifecycle, watch_signals
from museod.observe import metrics
from museod.observe.logs import configure, get_logger
from museod.stores.opening import IN_MEMORY, open_sealer, open_stores
from museod.stores.statedir import lock_state_dir
from museod.supervisor.spec import ChildSpec
from museod.supervisor.supervisor import Supervisor, open_supervisor
from museod.transports.listening import open_unix_listener
from museod.transports.stdio import open_stdio_channel

log = get_logger()

# A host that pipes its requests in and closes its end still gets its answers.
FINISH_SECONDS = 5.0


async def serve(
    config: Config,
    *,
    load: Callable[[], Config],
    on_listening: Callable[[Sequence[str]], None] | None = None,
) -> None:
    """
    Run the daemon until it is told to stop.

    Args:
        load: reads the configuration anew, for a reload; raises `ConfigError`.
        on_listening: told the addresses once they answer and the children have had their first verdict.

    Raises:
        PortBusy, OSError: the port cannot be opened.
        StoreError: the state directory is held by somebody else, or unusable.
        ConfigError: something configured turned out unusable.
        ChildFailed: a significant child is given up.
    """
    async with AsyncExitStack() as stack:
        listeners = open_listeners(config)
        for listener in listeners:
            stack.push_async_callback(listener.aclose)
        stack.enter_context(lock_state_dir(config.state_dir))
        unix = open_unix_listener(config.socket_path)
        stack.push_async_callback(unix.aclose)
        stack.callback(config.socket_path.unlink, missing_ok=True)
        async with open_daemon(config, is_exclusive=True) as daemon:
            daemon.load = load
            await _run(daemon, listeners, unix, on_listening)


@asynccontextmanager
async def open_daemon(
    config: Config, *, is_exclusive: bool = False, is_stdio: bool = False
) -> AsyncIterator[Daemon]:
    """Logs and stores opened, and everything wired; nothing runs yet."""
    url = IN_MEMORY if is_stdio else (config.redis_url.reveal() if config.redis_url else None)
    sealer = await trio.to_thread.run_sync(open_sealer, url, config.state_dir, sealing_keys(config))
    writer = configure(
        config.log_level,
        pseudonym=sealer.pseudonym,
        on_drop=lambda count: metrics.log_dropped_total.inc(count),
    )
    with closing(writer):
        async with (
            shipped_logs(config),
            open_stores(
                url,
                config.state_dir,
                sealer=sealer,
                retention_seconds=config.retention_days * DAY,
                is_exclusive=is_exclusive,
            ) as stores,
        ):
            yield Daemon(config, sealer, stores, Lifecycle(), is_stdio=is_stdio)


@asynccontextmanager
async def running(
    daemon: Daemon, specs: Sequence[ChildSpec], root: trio.Nursery
) -> AsyncIterator[Supervisor]:
    """The children of a daemon, and the tasks that go with them, while the block runs."""
    root.start_soon(metrics.sample_loop_lag)
    if any("MCP_MUSEO_API_URL" in child.environment for child in daemon.config.children):
        url = daemon.config.museo_api_url
        root.start_soon(partial(daemon.dependencies.watch_http, "museo_api", url))
    if daemon.remote_keys is not None:
        note = partial(daemon.dependencies.note, "jwks")
        root.start_soon(partial(daemon.remote_keys.run, on_change=daemon.tokens.forget, note=note))
    async with open_supervisor(
        specs,
        daemon.children.attend,
        on_change=daemon.child_changed,
        instance_id=secrets.token_hex(16),
        has_guardian=os.environ.get("SYSTEMD_EXEC_PID") != str(os.getpid()),
        drain_seconds=daemon.config.drain_seconds,
    ) as supervisor:
        daemon.supervisor = supervisor
        root.start_soon(daemon.write_statuses)
        try:
            if daemon.remote_keys is not None:
                await daemon.remote_keys.wait_tried()  # who is ready knows whom to let in, if it can be known
            async with trio.open_nursery() as nursery:
                await nursery.start(daemon.parking.run)
                await nursery.start(daemon.leases.run)
                yield supervisor
                nursery.cancel_scope.cancel()
        finally:
            daemon.supervisor = None


async def _run(
    daemon: Daemon,
    listeners: Sequence[trio.SocketListener],
    unix: trio.SocketListener,
    on_listening: Callable[[Sequence[str]], None] | None,
) -> None:
    lifecycle, config = daemon.lifecycle, daemon.config
    async with trio.open_nursery() as root:
        await root.start(
            partial(
                watch_signals,
                lifecycle,
                cancel=root.cancel_scope.cancel,
                reload=daemon.reload,
            )
        )
        root.start_soon(systemd.feed_watchdog)
        async with trio.open_nursery() as nursery:
            port = Port(daemon, nursery)
            accepting = trio.CancelScope()
            nursery.start_soon(port.accept_all, listeners, unix, accepting)
            async with running(daemon, specs_of(config), root):
                if lifecycle.become_ready():
                    _settle_memory()
                    systemd.notify(READY=1, STATUS=daemon.summary)
                    if on_listening is not None:
                        on_listening([address_of(listener) for listener in listeners])
                await lifecycle.wait_draining()
                systemd.notify(STOPPING=1)
                accepting.cancel()
                daemon.draining.set()
                with trio.move_on_after(config.drain_seconds):
                    await port.drain()
                nursery.cancel_scope.cancel()
        lifecycle.become_stopped()
        root.cancel_scope.cancel()


async def serve_stdio(config: Config, caller: Principal) -> None:
    """
    Run the daemon with its MCP face on stdin and stdout, until the host closes them.

    Nothing else is opened: no port, no socket, no lock, so that several hosts can each have one.
    """
    async with open_daemon(config, is_stdio=True) as daemon, trio.open_nursery() as root:
        await root.start(partial(watch_signals, daemon.lifecycle, cancel=root.cancel_scope.cancel))
        async with (
            open_stdio_channel(sys.stdin.fileno(), sys.stdout.fileno()) as channel,
            running(daemon, specs_of(config), root),
        ):
            daemon.lifecycle.become_ready()
            _settle_memory()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_end_with, daemon, nursery.cancel_scope)
                try:
                    await daemon.serve_mcp(channel, caller, finish_seconds=FINISH_SECONDS)
                except ChannelError as error:
                    log.info("host_left", reason=str(error))
                nursery.cancel_scope.cancel()
        root.cancel_scope.cancel()


async def _end_with(daemon: Daemon, scope: trio.CancelScope) -> None:
    await daemon.lifecycle.wait_draining()
    daemon.draining.set()
    await trio.sleep(daemon.config.drain_seconds)
    scope.cancel()


def _settle_memory() -> None:
    # What start-up made lives as long as the daemon: never look at it again, and collect less often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
