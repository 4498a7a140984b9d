"""Listening sockets: TCP on each host, the unix socket, those of systemd; and the loop that accepts."""

from __future__ import annotations

import errno
import os
import pwd
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import psutil
import trio

from museod.errors import MuseodError
from museod.observe.logs import get_logger

log = get_logger()

BACKLOG = 1024
# When the process has no descriptor left, waiting is the only thing that frees one.
OUT_OF_FILES_SECONDS = 0.1
# In place of the address of whoever connects to the unix socket.
UNIX = "unix"
_OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS}


class PortBusy(MuseodError):
    """Somebody listens there already; the text names who, where that can be found out."""


def open_tcp_listeners(
    hosts: Sequence[str], port: int, *, reuse_port: bool = False
) -> list[trio.SocketListener]:
    """
    Listen on `port` of every host; port 0 takes one free port for all of them.

    An address family that the machine does not have is skipped as long as one host could be bound.

    Raises:
        PortBusy: the port is taken.
        OSError: an address cannot be bound.
    """
    listeners: list[trio.SocketListener] = []
    missing: OSError | None = None
    try:
        for host in hosts:
            for family, address in _addresses(host):
                try:
                    listener = _listen(family, address, port, reuse_port)
                except OSError as error:
                    if error.errno == errno.EADDRINUSE:
                        raise PortBusy(_busy(port)) from None
                    if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                        raise
                    missing = error
                    continue
                listeners.append(listener)
                port = listener.socket.getsockname()[1]
        if not listeners:
            raise missing or OSError(f"no address for {', '.join(hosts)}")
    except BaseException:
        for listener in listeners:
            listener.socket.close()
        raise
    return listeners


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    if host == "localhost":
        # Both, whatever the resolver says: browsers try ::1 first.
        return [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _listen(family: int, address: str, port: int, reuse_port: bool) -> trio.SocketListener:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return adopt_listener(sock)


def _busy(port: int) -> str:
    return f"Port {port} is in use{holder_of(port)}; stop it, or choose another with --port."


def holder_of(port: int) -> str:
    """` by process 123 (name)`, or nothing where we may not see it."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if not connection.laddr or connection.status != psutil.CONN_LISTEN:
                continue
            if connection.laddr.port == port and connection.pid:
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    except psutil.Error:
        return ""
    return ""


def open_unix_listener(path: Path) -> trio.SocketListener:
    """
    Listen on a unix socket that owner and group may use (0660).

    Whoever holds the state directory's lock may take the place of a dead predecessor's socket.

    Raises:
        OSError: it cannot be made there.
    """
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117)
    try:
        sock.bind(str(path))
    except BaseException:
        sock.close()
        raise
    finally:
        os.umask(before)
    sock.listen(BACKLOG)
    return adopt_listener(sock)


def adopt_listener(sock: socket.socket) -> trio.SocketListener:
    """A socket that somebody else bound, such as systemd."""
    sock.setblocking(False)
    return trio.SocketListener(trio.socket.from_stdlib_socket(sock))


def peer_login(stream: trio.SocketStream) -> str:
    """The login of whoever is at the other end of a unix socket (SO_PEERCRED); its number if it has none."""
    credentials = stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


class Connections:
    """
    The open connections of all listeners, counted by address.

    Args:
        per_address: how many one address may have open; 0 is no limit.
        total: how many there may be in all, below what the process may open.
    """

    def __init__(self, *, per_address: int, total: int) -> None:
        self._per_address = per_address
        self._total = total
        self._open: Counter[str] = Counter()
        self._count = 0
        self._empty = trio.Event()

    def __len__(self) -> int:
        return self._count

    def admits(self, address: str) -> bool:
        """Whether one more connection of `address` may be served."""
        if self._count >= self._total:
            return False
        is_counted = self._per_address and address != UNIX
        return not is_counted or self._open[address] < self._per_address

    def add(self, address: str) -> None:
        """Count one more."""
        self._open[address] += 1
        self._count += 1

    def remove(self, address: str) -> None:
        """Count one less."""
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]
        self._count -= 1
        if not self._count:
            self._empty.set()
            self._empty = trio.Event()

    async def wait_empty(self) -> None:
        """Return when no connection is open."""
        while self._count:
            await self._empty.wait()


_TURNED_AWAY = (
    b'{"error":{"kind":"rate_limit_error","message":"Too many open connections; close some first."}}'
)
_TOO_MANY = (
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_TURNED_AWAY), _TURNED_AWAY)
)


async def accept(
    listener: trio.SocketListener,
    serve: Callable[[trio.SocketStream, tuple[str, int]], Awaitable[None]],
    nursery: trio.Nursery,
    connections: Connections,
) -> None:
    """Accept until cancelled; each connection is a task of `nursery` and closed when `serve` returns."""
    while True:
        try:
            stream = await listener.accept()
        except OSError as error:
            if error.errno not in _OUT_OF_FILES:
                raise
            log.warning("accept_failed", reason=os.strerror(error.errno or 0), open=len(connections))
            await trio.sleep(OUT_OF_FILES_SECONDS)
            continue
        peer = _peer_of(stream)
        if connections.admits(peer[0]):
            connections.add(peer[0])
            nursery.start_soon(_serve_one, stream, peer, serve, connections)
        else:
            _turn_away(stream)


async def _serve_one(
    stream: trio.SocketStream,
    peer: tuple[str, int],
    serve: Callable[[trio.SocketStream, tuple[str, int]], Awaitable[None]],
    connections: Connections,
) -> None:
    try:
        await serve(stream, peer)
    finally:
        connections.remove(peer[0])
        stream.socket.close()


def _turn_away(stream: trio.SocketStream) -> None:
    # At once and without a task: whoever opens too many gets one small write that fits any socket buffer.
    try:
        os.write(stream.socket.fileno(), _TOO_MANY)
    except OSError:
        pass
    finally:
        stream.socket.close()


def _peer_of(stream: trio.SocketStream) -> tuple[str, int]:
    try:
        name = stream.socket.getpeername()
    except OSError:
        return "", 0
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else (UNIX, 0)
