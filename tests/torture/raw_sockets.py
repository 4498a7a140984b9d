"""TCP and WebSocket connections at the level of bytes, with deadlines: they send what they are told."""

from __future__ import annotations

import base64
import os
import socket
import time
from collections.abc import Sequence

CONNECT_SECONDS = 5.0


def handshake(
    port: int,
    path: str = "/mcp",
    *,
    subprotocols: Sequence[str] = ("mcp",),
    replace: dict[str, str | None] | None = None,
    extra: Sequence[str] = (),
    line: str | None = None,
) -> bytes:
    """An upgrade request; `replace` changes headers (None drops one), `extra` adds raw lines."""
    headers: dict[str, str | None] = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Protocol": ", ".join(subprotocols) or None,
    }
    headers |= replace or {}
    lines = [line or f"GET {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([*lines, *extra, "", ""]).encode("latin-1")


class Ended(Exception):
    """The server closed the TCP connection; `rest` is what it sent that is no whole frame."""

    def __init__(self, rest: bytes) -> None:
        super().__init__(f"connection ended, {len(rest)} bytes left: {rest[:80]!r}")
        self.rest = rest


class RawConnection:
    """A TCP connection with deadlines."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def send(self, data: bytes) -> None:
        self.socket.settimeout(CONNECT_SECONDS)
        self.socket.sendall(data)

    def read_more(self, seconds: float) -> bool:
        """
        Read once into the buffer; False when nothing came in time.

        Raises:
            Ended: the connection is over.
        """
        self.socket.settimeout(max(0.01, seconds))
        try:
            data = self.socket.recv(1 << 16)
        except TimeoutError:
            return False
        except OSError:
            raise Ended(self.buffer) from None
        if not data:
            raise Ended(self.buffer)
        self.buffer += data
        return True

    def read_head(self, seconds: float) -> bytes | None:
        """The bytes up to an empty line, without it."""
        end = time.monotonic() + seconds
        while b"\r\n\r\n" not in self.buffer:
            if not self.read_more(end - time.monotonic()) and time.monotonic() >= end:
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head

    def close(self) -> None:
        self.socket.close()


class RawWebSocket(RawConnection):
    """A connection whose upgrade was accepted."""

    def __init__(
        self, port: int, path: str = "/mcp", *, subprotocols: Sequence[str] = ("mcp",), glued: bytes = b""
    ) -> None:
        super().__init__(port)
        self.send(handshake(port, path, subprotocols=subprotocols) + glued)
        head = self.read_head(CONNECT_SECONDS)
        assert head is not None, "no answer to the upgrade"
        assert head.startswith(b"HTTP/1.1 101 "), f"not upgraded: {head[:200]!r}"
        self.head = head

    def receive(self, seconds: float) -> tuple[int, bytes] | None:
        """
        The next frame (servers may not fragment what they control, and ours never fragments), or None.

        Raises:
            Ended: the connection is over.
        """
        end = time.monotonic() + seconds
        while (found := self._whole_frame()) is None:
            if not self.read_more(end - time.monotonic()) and time.monotonic() >= end:
                return None
        return found

    def _whole_frame(self) -> tuple[int, bytes] | None:
        data = self.buffer
        if len(data) < 2:
            return None
        assert not data[1] & 0x80, "a server masks nothing"
        assert data[0] & 0x80, "a fragmented message"
        length, start = data[1] & 0x7F, 2
        if length >= 126:
            width = 2 if length == 126 else 8
            if len(data) < 2 + width:
                return None
            length, start = int.from_bytes(data[2 : 2 + width], "big"), 2 + width
        if len(data) < start + length:
            return None
        self.buffer = data[start + length :]
        return data[0] & 0x0F, data[start : start + length]
