"""
Chunked request bodies; no I/O.

They are read here and not by llhttp, which does not tell where a body ends: the bytes after it are the next
request's head, and that must be seen raw.
"""

from __future__ import annotations

import re

from museod.transports.http_head import BARE_LF, FIELD_LINE, FIELD_VALUE, Refused

# The longest chunk-size line: 16 hex digits and an extension nobody sends.
_MAX_CHUNK_LINE = 256
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;%b*)?" % FIELD_VALUE)
_TRAILERS = re.compile(rb"%b*+\r\n" % FIELD_LINE)


class ChunkedReader:
    """
    Decodes one chunked body; trailers are checked and dropped.

    Args:
        limit: the most bytes the decoded body may have.
        max_framing: by how many bytes sizes, extensions and trailers may outweigh the body. A body of
            one-byte chunks costs us far more than it costs its sender.
    """

    def __init__(self, limit: int, *, max_framing: int) -> None:
        self._limit = limit
        self._max_framing = max_framing
        self._buffer = bytearray()
        self._body = bytearray()
        self._missing = 0  # of the current chunk, its CR LF included
        self._framing = 0
        self._in_trailers = False
        self.is_complete = False

    @property
    def body(self) -> bytes:
        """What was decoded so far."""
        return bytes(self._body)

    def feed(self, data: bytes | bytearray) -> bytes:
        """
        Take what was read; return what follows the body once it `is_complete`, else nothing.

        Raises:
            Refused: 413 over the limit, 400 for malformed framing, 431 for too much of it.
        """
        self._buffer += data
        position = 0
        while not self.is_complete:
            if self._missing:
                taken = self._take_data(position)
            elif self._in_trailers:
                taken = self._take_trailers(position)
            else:
                taken = self._take_size(position)
            if not taken:
                break
            position += taken
        del self._buffer[:position]
        return bytes(self._buffer) if self.is_complete else b""

    def _take_size(self, position: int) -> int:
        end = self._buffer.find(b"\r\n", position, position + _MAX_CHUNK_LINE)
        if end < 0:
            pending = self._buffer[position : position + _MAX_CHUNK_LINE]
            if len(pending) == _MAX_CHUNK_LINE or b"\n" in pending:
                raise Refused(400, "A chunk size is malformed or its extension too long.")
            return 0
        match = _CHUNK_LINE.fullmatch(self._buffer, position, end)
        if match is None:
            raise Refused(400, "A chunk size is malformed: it is a hexadecimal number.")
        size = int(match[1], 16)
        if len(self._body) + size > self._limit:
            raise Refused(413, f"The body is over {self._limit} bytes; send less.")
        if size:
            self._missing = size + 2
        else:
            self._in_trailers = True
        self._count_framing(end + 2 - position + 2)
        return end + 2 - position

    def _take_data(self, position: int) -> int:
        available = len(self._buffer) - position
        data_missing = self._missing - 2
        if data_missing > 0:
            taken = min(available, data_missing)
            self._body += self._buffer[position : position + taken]
            self._missing -= taken
            return taken
        if available < 2:
            return 0
        if self._buffer[position : position + 2] != b"\r\n":
            raise Refused(400, "A chunk does not end where its size says.")
        self._missing = 0
        return 2

    def _take_trailers(self, position: int) -> int:
        if self._buffer.startswith(b"\r\n", position):
            self.is_complete = True
            return 2
        end = self._buffer.find(b"\r\n\r\n", position)
        if (len(self._buffer) if end < 0 else end) - position > self._max_framing:
            raise Refused(431, "The trailers are too long; send none.")
        if end < 0:
            if BARE_LF.search(self._buffer, position):
                raise Refused(400, "The trailers are malformed.")
            return 0
        if _TRAILERS.fullmatch(self._buffer, position, end + 4) is None:
            raise Refused(400, "The trailers are malformed.")
        self.is_complete = True
        return end + 4 - position

    def _count_framing(self, count: int) -> None:
        self._framing += count
        if self._framing > self._max_framing + len(self._body):
            raise Refused(400, "The chunks are too small; send larger ones.")
