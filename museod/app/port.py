"""The port of a daemon: its listeners, its connections, and their drain."""

from __future__ import annotations

import resource
import ssl
from collections.abc import Sequence
from functools import partial

import trio

from museod import systemd
from museod.access.principal import Role, principal
from museod.app.daemon import Daemon
from museod.config import Config
from museod.front.door import Listener, is_loopback
from museod.transports.hangups import HangupWatch, IdleConnections
from museod.transports.http1 import HttpLimits, serve_http
from museod.transports.listening import (
    Connections,
    accept,
    adopt_listener,
    open_tcp_listeners,
    peer_login,
)

# The four children, the stores, logs and the listeners need far less; a spawn in distress needs some.
RESERVED_FILES = 128


class Port:
    """All listeners of a daemon and their connections."""

    def __init__(self, daemon: Daemon, nursery: trio.Nursery) -> None:
        limits = daemon.config.limits
        self._nursery = nursery
        self._front = daemon.front()
        self._daemon = daemon
        self._tls = _tls_context(daemon.config)
        self._hangups = HangupWatch()
        self._idle = IdleConnections()
        self._connections = Connections(
            per_address=limits.connections_per_address, total=max(64, _file_limit() - RESERVED_FILES)
        )

    async def accept_all(
        self, listeners: Sequence[trio.SocketListener], unix: trio.SocketListener, accepting: trio.CancelScope
    ) -> None:
        """Accept on every listener until `accepting` is cancelled."""
        self._nursery.start_soon(self._hangups.run)
        self._nursery.start_soon(self._idle.run)
        with accepting:
            async with trio.open_nursery() as nursery:
                for listener in listeners:
                    bound = Listener(is_loopback=is_loopback(str(listener.socket.getsockname()[0])))
                    nursery.start_soon(
                        accept, listener, partial(self._serve, bound), self._nursery, self._connections
                    )
                nursery.start_soon(accept, unix, self._serve_unix, self._nursery, self._connections)
        for listener in (*listeners, unix):
            await listener.aclose()

    async def drain(self) -> None:
        """Return when every accepted connection has been served."""
        self._idle.close()
        await self._connections.wait_empty()

    async def _serve(self, listener: Listener, stream: trio.SocketStream, peer: tuple[str, int]) -> None:
        if self._tls is None:
            await self._serve_http(stream, listener, peer)
            return
        await self._serve_http(
            trio.SSLStream(stream, self._tls, server_side=True, https_compatible=True), listener, peer
        )

    async def _serve_unix(self, stream: trio.SocketStream, peer: tuple[str, int]) -> None:
        login = peer_login(stream)
        operator = principal(f"local:{login}", Role.OPERATOR, extra_scopes=frozenset({"privacy:admin"}))
        await self._serve_http(stream, Listener(is_loopback=True, operator=operator), peer)

    async def _serve_http(self, stream: trio.abc.Stream, listener: Listener, peer: tuple[str, int]) -> None:
        await serve_http(
            stream,
            lambda request: self._front.handle(request, listener),
            peer=peer,
            limits=HttpLimits(),
            body_limit=self._front.body_limit,
            is_tls=isinstance(stream, trio.SSLStream),
            hangups=self._hangups,
            idle=self._idle,
            draining=lambda: self._daemon.lifecycle.is_draining,
        )


def open_listeners(config: Config) -> list[trio.SocketListener]:
    passed = systemd.take_sockets()
    if passed:
        return [adopt_listener(sock) for _, sock in passed]
    return open_tcp_listeners(config.hosts, config.port, reuse_port=config.reuse_port)


def address_of(listener: trio.SocketListener) -> str:
    host, port = listener.socket.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _tls_context(config: Config) -> ssl.SSLContext | None:
    if config.tls_cert is None or config.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(config.tls_cert, config.tls_key)
    return context


def _file_limit() -> int:
    """How many files this process may open; raised to what the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 65_536) if hard != resource.RLIM_INFINITY else 65_536
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return soft
