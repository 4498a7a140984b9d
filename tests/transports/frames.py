"""WebSocket bytes by hand, good and bad, and a reader for what a server sends back."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x11\x22\x33\x44"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455, section 1.3
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    size: int | None = None,
) -> bytes:
    """One client frame; `size` announces another length than that of `payload`."""
    length = len(payload) if size is None else size
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if masked else 0
    if length < 126:
        head += bytes([bit | length])
    elif length < 1 << 16:
        head += bytes([bit | 126]) + struct.pack("!H", length)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", length)
    if not masked:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[n % 4] for n, byte in enumerate(payload))


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


def handshake(*, without: str = "", **changed: str) -> bytes:
    """An opening handshake, with headers changed or left out."""
    headers = {
        "Host": "x",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
    }
    headers.update({name.replace("_", "-"): value for name, value in changed.items()})
    lines = [f"{name}: {value}" for name, value in headers.items() if name != without]
    return "\r\n".join(["GET / HTTP/1.1", *lines, "", ""]).encode("latin-1")


@dataclass
class Heard:
    """What the server sent behind its handshake."""

    texts: list[bytes] = field(default_factory=list)
    pongs: list[bytes] = field(default_factory=list)
    pings: int = 0
    close_code: int | None = None  # None: no close frame; 1005: one without a code


def read(data: bytes) -> Heard:
    """All frames that the server sent; there must be whole ones only."""
    heard = Heard()
    while data:
        opcode, length = data[0] & 15, data[1]
        assert data[0] & 0xF0 == 0x80, "the server never fragments and sets no reserved bit"
        start = 2
        if length == 126:
            length, start = struct.unpack("!H", data[2:4])[0], 4
        elif length == 127:
            length, start = struct.unpack("!Q", data[2:10])[0], 10
        payload, data = data[start : start + length], data[start + length :]
        assert len(payload) == length
        assert heard.close_code is None, "nothing follows a close frame"
        if opcode == TEXT:
            heard.texts.append(payload)
        elif opcode == PONG:
            heard.pongs.append(payload)
        elif opcode == PING:
            heard.pings += 1
        else:
            assert opcode == CLOSE
            heard.close_code = struct.unpack("!H", payload[:2])[0] if payload else 1005
    return heard
